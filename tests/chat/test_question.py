import pytest

from sottovoce.chat.question import (
    is_about_reply,
    is_follow_up,
    is_small_talk,
    language_of,
    searched_for,
)


@pytest.mark.parametrize(
    "text",
    [
        "Hello!",
        "Hi there, how are you?",
        "Thanks a lot 🙂",
        "Danke schön!",
        "Grüß Gott",
        "Merci beaucoup !",
        "Grazie mille",
        "¡Muchas gracias!",
        "Obrigado, tchau",
        "नमस्ते",
        "धन्यवाद!",
        "ขอบคุณครับ",
        "谢谢！",
    ],
)
def test_small_talk_needs_no_document(text: str) -> None:
    assert is_small_talk(text)


@pytest.mark.parametrize(
    "text", ["Hello, what is the notice period?", "Great Britain", "Wer dankt wem?", "2021?", ""]
)
def test_a_question_is_no_small_talk(text: str) -> None:
    assert not is_small_talk(text)


@pytest.mark.parametrize(
    "text",
    [
        "Shorter, please.",
        "Can you translate that into German?",
        "as a table",
        "Kürzer bitte!",
        "Übersetze das ins Englische",
        "Plus court, s'il vous plaît",
        "Riassumi in una frase",
        "En resumen",
        "Em português",
        "हिंदी में",
        "สรุปอีกครั้ง",
    ],
)
def test_a_wish_about_the_last_reply_looks_nothing_up(text: str) -> None:
    assert is_about_reply(text)


@pytest.mark.parametrize(
    "text", ["Summarize the report", "translate clause 7", "Explain in detail how it ends"]
)
def test_a_wish_about_a_document_does(text: str) -> None:
    assert not is_about_reply(text)


@pytest.mark.parametrize(
    "text", ["And in 2021?", "Who founded it?", "Why?", "Und was ist mit Basel?", "¿Y en 2021?"]
)
def test_what_points_back_is_searched_for_together_with_what_it_points_to(text: str) -> None:
    earlier = ["What was the net revenue of Acme in 2020?"]

    assert is_follow_up(text)
    assert searched_for(text, earlier) == f"{earlier[0]}\n{text}"


def test_a_whole_question_is_searched_for_by_itself() -> None:
    text = "Who is the chief executive of Globex?"

    assert searched_for(text, ["What was the net revenue of Acme?"]) == text


def test_a_chain_of_questions_keeps_its_beginning_and_leaves_out_small_talk() -> None:
    earlier = ["What was the revenue of Acme in 2020?", "And in Germany?", "Thanks!"]

    assert searched_for("And in 2021?", earlier) == "\n".join([*earlier[:2], "And in 2021?"])


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Where is the office?", "english"),
        ("Wann wurde die Firma gegründet?", "german"),
        ("Où se trouve le siège de la société ?", "french"),
        ("Quando è stata fondata la società?", "italian"),
        ("¿Cuándo se fundó la empresa?", "spanish"),
        ("Quando é que a empresa não foi fundada?", "portuguese"),
        ("कंपनी कब बनी?", "hindi"),
        ("บริษัทก่อตั้งเมื่อไร", "thai"),
        ("公司在哪里？", "english"),
    ],
)
def test_the_language_of_a_question_is_told(text: str, language: str) -> None:
    assert language_of(text) == language

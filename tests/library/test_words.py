from concurrent.futures import ThreadPoolExecutor

import pytest
import snowballstemmer

from sottovoce.library.words import segmented, terms


def is_found(question: str, text: str) -> bool:
    """Whether a word of the question is among those the text is found by."""
    kept = set(segmented(text).split())
    return any(kept.intersection(forms) for forms in terms(question))


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Which bridges were closed?", "The old bridge was closing on Tuesday."),
        ("bridges", "The old bridge was closing on Tuesday."),
        ("Welche Häuser sind verkauft?", "Das Haus in der Straße ist alt, und der Garten auch."),
        ("Quelle décision a été prise ?", "Le comité prendra ses décisions dans la semaine."),
        ("quelle decision", "Le comité prendra ses décisions dans la semaine."),
        ("Dove sono le università?", "L'università di Bologna è la più antica."),
        ("¿Cuántos puentes hay?", "El puente viejo se cerró el martes y no se abre."),
        ("Quais pontes existem?", "A ponte velha foi fechada para os carros."),
        ("Какие мосты закрыты?", "Старый мост закрыт для машин."),
        ("Ποιες γέφυρες είναι κλειστές;", "Η γέφυρα είναι παλιά."),
        ("कितनी किताबें हैं?", "यह किताब पुरानी है।"),
        ("पैंथर्स डिफ़ेंस", "पैंथर्स डिफेंस ने लीग में अंक दिए"),
        ("रक्षा ३०८", "रक्षा ने 308 अंक दिए"),
        ("大学在哪里", "这所大学成立于北京"),
        ("東京の大学", "彼は大学で働いています"),
        ("대학교는 어디에", "그는 대학교에서 일한다"),
        ("มหาวิทยาลัยอยู่ที่ไหน", "เขาทำงานในมหาวิทยาลัยแห่งนี้"),
        ("Köprü nerede?", "Köprüler çok eski ve bir tanesi kapalı."),
        ("Ηow many in ＡＢＣ?", "the ABC of the thing"),
        ("7.731.004 Kronen", "He received 7,731,004 kronor of the state."),
    ],
)
def test_other_forms_of_a_word_find_it(question: str, text: str) -> None:
    assert is_found(question, text)


def test_words_that_say_nothing_are_not_looked_for() -> None:
    assert terms("Who is the president of it?") == [("presid",)]
    assert terms("Wer ist der Präsident von ihr?") == [("prasident",)]


def test_words_that_say_nothing_are_looked_for_if_there_are_no_others() -> None:
    assert terms("Who is it?") == [("who",), ("is",), ("it",)]


def test_a_word_asked_for_twice_counts_once() -> None:
    assert len(terms("bridge bridges Bridge")) == 1


def test_a_question_without_words_has_no_terms() -> None:
    assert terms("?! …") == []


def test_dates_and_versions_are_found_by_their_parts() -> None:
    assert {"12", "2020", "3"} <= set(segmented("On 12.11.2020 version 3.5 came out").split())


def test_threads_do_not_disturb_each_other() -> None:
    endings = ("ations", "ingly", "iveness", "ousness", "ically", "fulness", "ements", "izers")
    words = [
        f"{a}{b}{c}{end}" for a in "bdgmt" for b in "aeiou" for c in "cnlrt" for end in endings
    ]
    stemmer = snowballstemmer.stemmer("english")
    expected = [f"the was {stemmer.stemWord(word)}" for word in words]
    with ThreadPoolExecutor(4) as threads:
        told = [list(threads.map(lambda word: segmented(f"the was {word}"), words)) for _ in "12"]
    assert told == [expected, expected]

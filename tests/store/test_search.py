import pytest
from hypothesis import given
from hypothesis import strategies as st

from sottovoce.domain.conversation import State
from sottovoce.store.store import Store, open_store


def said(store: Store, *texts: str) -> list[int]:
    chat = store.new_conversation()
    return [store.say(chat.id, text, None).id for text in texts]


def found(store: Store, text: str) -> list[int | None]:
    return [hit.message for hit in store.search(text)]


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("The quick brown fox", "QUICK"),
        ("The quick brown fox", "fox  the"),
        ("The quick brown fox", "row"),
        ("Die Straße ist naß", "strasse"),
        ("Müller geht", "muller"),
        ("Muller geht", "müller"),
        ("cafe\u0301", "café"),
        ("Tiếng Việt", "tieng viet"),
        ("我住在北京。", "北京"),
        ("我住在北京。", "住在北"),
        ("東京タワー", "タワー"),
        ("สวัสดีครับ", "สวัส"),
        ("नमस्ते दुनिया", "दुनिया"),
        ("مرحبا بالعالم", "عالم"),
        ("한국어 문장", "국"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ('say "hi" AND *go*', '"hi" AND *go*'),
        ("snake_case(x) -> y", "case(x)"),
        ("100 % sure", "%"),
        ("a null\0byte", "byte"),
    ],
)
def test_words_are_found_in_any_language(store: Store, text: str, query: str) -> None:
    (message,) = said(store, text)
    said(store, "Nothing of the sort, on purpose")
    assert message in found(store, query)


@pytest.mark.parametrize("query", ["", "  ", "qqqq", "brown zebra", "\0", "xf"])
def test_what_is_not_there_is_not_found(store: Store, query: str) -> None:
    said(store, "The quick brown fox")
    assert found(store, query) == []


def test_titles_come_first_then_the_newest_messages(store: Store) -> None:
    old, new = said(store, "a song of rain", "rain again")
    titled = store.new_conversation("Rainy days")
    store.say(titled.id, "hello", None)
    assert found(store, "rain") == [None, new, old]
    assert [hit.message for hit in store.search("rain", limit=2)] == [None, new]


def test_an_excerpt_shows_the_match_in_one_line(store: Store) -> None:
    said(store, "before\n" * 30 + "the Straße\nitself" + "\nafter" * 60)
    (hit,) = store.search("STRASSE")
    assert hit.excerpt[hit.start : hit.start + hit.length] == "Straße"
    assert "\n" not in hit.excerpt
    assert hit.excerpt.startswith("…")
    assert hit.excerpt.endswith("…")
    assert len(hit.excerpt) < 200


def test_a_reply_is_found_when_it_is_finished(store: Store) -> None:
    chat = store.new_conversation()
    question = store.say(chat.id, "Why?", None)
    reply = store.begin_reply(chat.id, question.id, "a model")
    store.journal(reply.id, "cathedral")
    assert found(store, "cathedral") == []
    store.finish_reply(reply.id, State.COMPLETE, text="cathedrals")
    assert found(store, "cathedral") == [reply.id]


def test_hidden_branches_are_searched_too(store: Store) -> None:
    first, _ = said(store, "the first wording", "the second")
    assert found(store, "first") == [first]


WORDS = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=6)


@given(st.lists(WORDS, min_size=1, max_size=8), st.data())
def test_any_stretch_of_a_text_finds_it(words: list[str], data: st.DataObject) -> None:
    text = " ".join(words)
    start = data.draw(st.integers(0, len(text) - 1))
    stretch = text[start : data.draw(st.integers(start + 1, len(text)))]
    with open_store(None, b"") as store:
        (message,) = said(store, text)
        hits = store.search(stretch)
    if stretch.strip():
        (hit,) = hits
        assert hit.message == message
        assert 0 <= hit.start <= hit.start + hit.length <= len(hit.excerpt)

"""What a chat keeps of the documents it is answered from."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

from sottovoce.domain.conversation import State
from sottovoce.domain.document import (
    Citation,
    Format,
    Passage,
    Scope,
    Sources,
    Span,
    Statement,
    Support,
)
from sottovoce.store.store import Store, open_store

ODD = Path("/files/\udcff odd.pdf")
"""Such names exist: bytes that are no text."""
SCOPE = Scope(
    collections=(1, 4),
    documents=(7,),
    folder=ODD.parent,
    formats=(Format.PDF,),
    since=datetime(2026, 1, 2, tzinfo=UTC),
)
SOURCES = Sources(
    passages=(Passage(3, 7, ODD, "Odd", Span(2, 10, 30), "What the model read.", ("One", "Two")),),
    whole=(8,),
    citations=(Citation(1, 7, ODD, "Odd", Span(2, 10, 14), "What"),),
    statements=(Statement(0, 12, Support.SUPPORTED, (1,)),),
    query="what is odd",
)


def test_the_scope_of_a_chat_is_kept(store: Store) -> None:
    chat = store.new_conversation()

    store.keep_scope(chat.id, SCOPE)

    assert chat.scope.is_empty
    assert store.conversation(chat.id).scope == SCOPE


def test_a_reply_keeps_where_its_sources_stand_and_what_it_cites(store: Store) -> None:
    chat = store.new_conversation()
    asked = store.say(chat.id, "What is odd?", None)
    begun = store.begin_reply(chat.id, asked.id, "a model", SOURCES)

    told = store.finish_reply(begun.id, State.COMPLETE, text="It is odd. ", sources=SOURCES)

    assert told == store.messages(chat.id)[-1]
    assert told.sources is not None
    assert told.sources.citations == SOURCES.citations
    assert told.sources.statements == SOURCES.statements
    assert [passage.span for passage in told.sources.passages] == [Span(2, 10, 30)]
    assert [passage.text for passage in told.sources.passages] == [""]


def test_a_reply_that_nobody_finished_still_has_its_sources(path: Path, key: bytes) -> None:
    with open_store(path, key) as store:
        chat = store.new_conversation()
        asked = store.say(chat.id, "What is odd?", None)
        begun = store.begin_reply(chat.id, asked.id, "a model", SOURCES)
        store.finish_reply(begun.id, State.INTERRUPTED, text="It")
        sources = store.message(begun.id).sources

    assert sources is not None
    assert (sources.whole, sources.query) == (SOURCES.whole, SOURCES.query)


def test_chats_from_before_there_were_documents_go_on(path: Path, key: bytes) -> None:
    shutil.copy(Path(__file__).parent / "databases" / "0001.db", path)
    with open_store(path, key) as store:
        (chat,) = store.conversations()
        (message,) = store.messages(chat.id)
        assert chat.scope.is_empty
        assert message.sources is None

        store.keep_scope(chat.id, SCOPE)
        begun = store.begin_reply(chat.id, message.id, "a model", SOURCES)
        store.finish_reply(begun.id, State.COMPLETE, text="From the sun.", sources=SOURCES)

    with open_store(path, key) as store:
        assert store.conversation(chat.id).scope == SCOPE
        assert store.messages(chat.id)[-1].text == "From the sun."

"""Answering one message, from the user's words to the saved reply."""

import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field

from sottovoce.chat.context import select
from sottovoce.chat.news import Begun, News, Packed, Ready, Said, Saved
from sottovoce.chat.title import title_of
from sottovoce.domain.conversation import Message, Role, State
from sottovoce.domain.document import Scope
from sottovoce.domain.model import Model
from sottovoce.domain.reply import Finish, Finished, Piece
from sottovoce.domain.settings import Settings
from sottovoce.domain.stop import Stop
from sottovoce.engine.engine import Engine, Prompt
from sottovoce.library.library import Library
from sottovoce.store.store import Store

# A reply is journalled this often while it grows: half of the 0.5 s that a crash may cost.
_JOURNAL_SECONDS = 0.25
# Room kept for a reply of no set length, unless that is more than a quarter of the context window.
_REPLY_TOKENS = 1024


@dataclass(frozen=True, slots=True)
class Answering:
    """What it takes to answer."""

    store: Store
    engine: Engine
    model: Model
    settings: Settings
    library: Library | None = None
    scope: Scope = field(default_factory=Scope)
    """The documents to answer from; empty to answer without."""


def ask(
    parts: Answering, conversation: int, text: str, parent: int | None, stop: Stop
) -> Generator[News]:
    """Save the user's words as a message after `parent`, then answer them.

    The words are on disk before anything else happens. Raises the Problems of Engine.load, adapt
    and reply, after keeping what was written; Cancelled if stopped before the reply began.
    """
    said = parts.store.say(conversation, text, parent)
    if not parts.store.conversation(conversation).title:
        parts.store.rename(conversation, title_of(text))
    yield Said(said)
    yield from reply_to(parts, said.id, stop)


def reply_to(parts: Answering, message: int, stop: Stop) -> Generator[News]:
    """Answer a message of the user's that is saved already, as a new variant if it has a reply."""
    question = parts.store.message(message)
    yield from _write(
        parts,
        history=_until(parts.store, question),
        begin=lambda: parts.store.begin_reply(question.conversation, message, parts.model.name),
        stop=stop,
    )


def regenerate(parts: Answering, reply: int, stop: Stop) -> Generator[News]:
    """Answer the same question again; the old reply stays as a variant."""
    parent = parts.store.message(reply).parent
    assert parent is not None, "A reply follows a message."
    yield from reply_to(parts, parent, stop)


def continue_reply(parts: Answering, reply: int, stop: Stop) -> Generator[News]:
    """Go on with a reply that was stopped, interrupted or ran out of length."""
    yield from _write(
        parts,
        history=_until(parts.store, parts.store.message(reply)),
        begin=lambda: parts.store.continue_reply(reply),
        stop=stop,
    )


def _until(store: Store, last: Message) -> list[Message]:
    """The branch of the conversation that ends with `last`."""
    while True:  # Another process that goes on with this chat may show its own branch meanwhile.
        branch = store.messages(last.conversation)
        for place, message in enumerate(branch, start=1):
            if message.id == last.id:
                return branch[:place]
        store.show_branch(last.id)


def _write(
    parts: Answering, *, history: Sequence[Message], begin: Callable[[], Message], stop: Stop
) -> Generator[News]:
    options = parts.settings.load_of(parts.model.path)
    yield from parts.engine.load(parts.model, options, stop)
    loaded = parts.engine.loaded
    assert loaded is not None, "A load that returns has loaded."
    yield Ready(loaded)
    parts.engine.adapt(parts.settings.adapters_of(parts.model.path), stop)

    sampling = parts.settings.sampling
    room = min(sampling.max_tokens or _REPLY_TOKENS, loaded.context_limit // 4)
    selection = select(
        parts.settings.system_prompt,
        # An empty reply is one that was stopped before its first word; models expect none.
        [m.turn for m in history if m.text or m.role is Role.USER],
        budget=loaded.context_limit - room,
        count=lambda texts: parts.engine.count(texts, stop),
    )
    yield Packed(
        sent=len(selection.turns) - bool(parts.settings.system_prompt),
        left_out=selection.left_out,
        tokens=selection.tokens,
        context=loaded.context_limit,
    )
    stop.check()
    prompt = Prompt(selection.turns, sampling)
    yield from _stream(parts, prompt, begin(), stop)


def _stream(parts: Answering, prompt: Prompt, reply: Message, stop: Stop) -> Generator[News]:
    """Write `reply`, keep it as it grows, and keep it whatever happens."""
    text, unkept, kept_at = reply.text, "", time.monotonic()
    finished: Finished | None = None
    try:
        yield Begun(reply)
        for news in parts.engine.reply(prompt, stop):
            match news:
                case Piece(piece):
                    text += piece
                    unkept += piece
                    if time.monotonic() - kept_at >= _JOURNAL_SECONDS:
                        parts.store.journal(reply.id, unkept)
                        unkept, kept_at = "", time.monotonic()
                    yield news
                case Finished():
                    finished = news
                case _:
                    yield news
    finally:
        saved = parts.store.finish_reply(
            reply.id,
            _state(finished),
            text=text,
            finish=finished.finish if finished else None,
            usage=finished.usage if finished else None,
            timings=finished.timings if finished else None,
        )
    yield Saved(saved)


def _state(finished: Finished | None) -> State:
    if finished is None:
        return State.INTERRUPTED
    return State.STOPPED if finished.finish is Finish.STOPPED else State.COMPLETE

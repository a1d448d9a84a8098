"""Answering one message, from the user's words to the saved reply."""

import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field, replace

from sottovoce.chat import prompts
from sottovoce.chat.consult import Window, consult
from sottovoce.chat.material import Material
from sottovoce.chat.news import Begun, Consulted, News, Packed, Ready, Said, Saved
from sottovoce.chat.question import language_of
from sottovoce.chat.title import title_of
from sottovoce.domain.conversation import Message, Role, State, Turn
from sottovoce.domain.document import Scope, Sources
from sottovoce.domain.model import Model
from sottovoce.domain.reply import Finish, Finished, Piece
from sottovoce.domain.settings import Settings
from sottovoce.domain.stop import Stop
from sottovoce.engine.engine import Engine, Prompt
from sottovoce.library.cite import cite
from sottovoce.library.library import Library
from sottovoce.store.store import Store

# A reply is journalled this often while it grows: half of the 0.5 s that a crash may cost.
_JOURNAL_SECONDS = 0.25


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
    and reply, and of Library.search, after keeping what was written; Missing if none of the
    documents can be searched yet; Cancelled if stopped before the reply began.
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
        begin=lambda sources: parts.store.begin_reply(
            question.conversation, message, parts.model.name, sources
        ),
        stop=stop,
    )


def regenerate(parts: Answering, reply: int, stop: Stop) -> Generator[News]:
    """Answer the same question again; the old reply stays as a variant."""
    parent = parts.store.message(reply).parent
    assert parent is not None, "A reply follows a message."
    yield from reply_to(parts, parent, stop)


def continue_reply(parts: Answering, reply: int, stop: Stop) -> Generator[News]:
    """Go on with a reply that was stopped, interrupted or ran out of length.

    It goes on from the same passages, as far as their documents are still there.
    """
    yield from _write(
        parts,
        history=_until(parts.store, parts.store.message(reply)),
        begin=lambda _: parts.store.continue_reply(reply),
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
    parts: Answering,
    *,
    history: Sequence[Message],
    begin: Callable[[Sources | None], Message],
    stop: Stop,
) -> Generator[News]:
    options = parts.settings.load_of(parts.model.path)
    adapters = parts.settings.adapters_of(parts.model.path)
    yield from parts.engine.load(parts.model, options, stop, adapters)
    loaded = parts.engine.loaded
    assert loaded is not None, "A load that returns has loaded."
    yield Ready(loaded)
    parts.engine.adapt(adapters, stop)

    window = Window(parts.engine, parts.model, parts.settings, loaded, stop)
    material: Material | None = None
    if parts.library is not None and not parts.scope.is_empty:
        material = yield from consult(parts.library, parts.scope, history, window)
        if material.passages:
            yield Consulted(material.sources)
        elif material.is_searched:
            yield from _say_not_found(parts, begin(material.sources), _question(history))
            return

    selection = window.select(_turns(history, material), material)
    yield Packed(
        sent=sum(turn.role is not Role.SYSTEM for turn in selection.turns),
        left_out=selection.left_out,
        tokens=selection.tokens,
        context=loaded.context_limit,
    )
    stop.check()
    sampling = parts.settings.sampling
    if material is None or not material.passages:
        yield from _stream(parts, Prompt(selection.turns, sampling), begin(None), stop)
        return
    prompt = Prompt(selection.turns, replace(sampling, stop=(*sampling.stop, *prompts.NOT_FOUND)))
    basis = _Basis(material, _question(history))
    yield from _stream(parts, prompt, begin(material.sources), stop, basis)


@dataclass(frozen=True, slots=True)
class _Basis:
    """What a reply is held against once it is written."""

    material: Material
    question: str

    def check(self, reply: str) -> Sources:
        """What the documents bear out of it."""
        sources = self.material.sources
        checked = cite(reply, self.material.passages, sources.query or self.question)
        return replace(
            sources,
            citations=checked.citations,
            statements=checked.statements,
            is_not_found=checked.is_not_found,
        )


def _turns(history: Sequence[Message], material: Material | None) -> list[Turn]:
    """What was said, and before the last question the passages that were found for it."""
    turns = [message.turn for message in history]
    if material is not None:
        last = max(at for at, turn in enumerate(turns) if turn.role is Role.USER)
        text = prompts.question_text(turns[last].text, material.sources.passages)
        turns[last] = Turn(Role.USER, text)
    # An empty reply is one that was stopped before its first word; models expect none.
    return [turn for turn in turns if turn.text or turn.role is Role.USER]


def _question(history: Sequence[Message]) -> str:
    return next(message.text for message in reversed(history) if message.role is Role.USER)


def _say_not_found(parts: Answering, reply: Message, question: str) -> Generator[News]:
    """Write a reply without a model, which would have to invent it."""
    sentence = prompts.not_in_documents(language_of(question))
    assert reply.sources is not None, "It began with what was searched for."
    try:
        yield Begun(reply)
        yield Piece(sentence)
    finally:
        saved = parts.store.finish_reply(
            reply.id,
            State.COMPLETE,
            text=sentence,
            finish=Finish.END,
            sources=replace(reply.sources, is_not_found=True),
        )
    yield Saved(saved)


def _stream(
    parts: Answering, prompt: Prompt, reply: Message, stop: Stop, basis: _Basis | None = None
) -> Generator[News]:
    """Write `reply`, keep it as it grows, and keep it whatever happens."""
    text, unkept, kept_at = reply.text, "", time.monotonic()
    finished: Finished | None = None
    sources: Sources | None = None
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
                case Finished(Finish.STOP_STRING) if basis and not text.strip():
                    # The model has written that it is not there.
                    text = prompts.not_in_documents(language_of(basis.question))
                    finished = replace(news, finish=Finish.END)
                    yield Piece(text)
                case Finished():
                    finished = news
                case _:
                    yield news
        sources = basis.check(text) if basis else None
    finally:
        saved = parts.store.finish_reply(
            reply.id,
            _state(finished),
            text=text,
            finish=finished.finish if finished else None,
            usage=finished.usage if finished else None,
            timings=finished.timings if finished else None,
            sources=sources,
        )
    yield Saved(saved)


def _state(finished: Finished | None) -> State:
    if finished is None:
        return State.INTERRUPTED
    return State.STOPPED if finished.finish is Finish.STOPPED else State.COMPLETE

"""`ask`: a question on the command line, its answer on standard output."""

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, replace

from sottovoce.chat import quoting
from sottovoce.chat.answer import Answering
from sottovoce.chat.answer import ask as answer
from sottovoce.chat.news import Consulted, News, Packed, Ready, Saved, Searching
from sottovoce.cli.session import (
    Parts,
    opened,
    opened_or_temporary,
    opened_with_library,
    temporary_with_library,
)
from sottovoce.cli.signals import stop_on_signals
from sottovoce.cli.terminal import Progress, in_line, tell, write, write_json
from sottovoce.domain.conversation import Conversation, Message, State
from sottovoce.domain.document import DocumentState, Scope, Sources
from sottovoce.domain.model import Model
from sottovoce.domain.problems import Cancelled, Missing, NoRoom, Unsupported
from sottovoce.domain.reply import Loading, Piece, Reading
from sottovoce.domain.settings import Attachment, Settings
from sottovoce.domain.stop import Stop
from sottovoce.library.library import Library
from sottovoce.library.news import Working
from sottovoce.models.adapters import AdapterShelf
from sottovoce.models.shelf import shelf_in
from sottovoce.store.store import Store

_LONGEST = 32_000_000
"""Characters of a question; no context window holds as many, and some input never ends."""


def run(arguments: argparse.Namespace, parts: Parts) -> None:
    """Answer, streaming. Raises the Problems of answering, and Cancelled when stopped."""
    question = _standard_input() if arguments.question == "-" else arguments.question
    if not question.strip():
        raise Missing("There is no question. Write one after ask.")
    with _opened(arguments, parts) as (store, conversation, library):
        shelf = shelf_in(parts.profile)
        kept = store.settings()
        if kept.models:  # From before there was a shelf.
            shelf.adopt(kept.models)
            kept = replace(kept, models=())
            store.keep_settings(kept)
        settings = _settings(kept, arguments)
        model = shelf.find(arguments.model or settings.model or "starter")
        if arguments.adapter:
            settings = _with_adapters(settings, model, arguments.adapter, parts)
        with stop_on_signals() as stop:
            scope = conversation.scope
            if library is not None and (arguments.collection or arguments.document):
                scope = _scope(arguments, library, conversation, stop)
                store.keep_scope(conversation.id, scope)
            answering = Answering(store, parts.engine, model, settings, library, scope)
            # Closed before the store is, so that a reply is kept also when it cannot be written.
            with closing(
                answer(answering, conversation.id, question, conversation.leaf, stop)
            ) as all_news:
                reply = _write_answer(all_news, model.name, as_json=arguments.json)
    if reply.state is State.STOPPED:
        raise Cancelled


@contextmanager
def _opened(
    arguments: argparse.Namespace, parts: Parts
) -> Iterator[tuple[Store, Conversation, Library | None]]:
    """The chat to go on with or to begin, and the documents if it asks any."""
    if arguments.temporary and arguments.document:
        if arguments.collection:
            raise Unsupported(
                "A temporary chat can ask files or collections, not both. Leave out one of them."
            )
        with temporary_with_library(parts) as (store, library):
            yield store, store.new_conversation(), library
    elif arguments.collection or arguments.document:
        with opened_with_library(parts, temporary=arguments.temporary) as (store, library):
            yield store, _conversation(store, arguments.chat), library
    elif arguments.chat is None:
        with opened_or_temporary(parts, temporary=arguments.temporary) as store:
            yield store, store.new_conversation(), None
    else:
        with opened(parts) as (store, documents):
            conversation = store.conversation(arguments.chat)
            if conversation.scope.is_empty:
                yield store, conversation, None
                return
            with documents() as library:
                yield store, conversation, library


def _conversation(store: Store, chat: int | None) -> Conversation:
    return store.new_conversation() if chat is None else store.conversation(chat)


def _scope(
    arguments: argparse.Namespace, library: Library, conversation: Conversation, stop: Stop
) -> Scope:
    """The documents that were named, once they are read. Raises Missing, and what adding raises."""
    collections = [library.collection(name).id for name in arguments.collection or ()]
    if arguments.document:
        own = library.attached(conversation.id).id
        added = library.add(own, arguments.document, watch=False)
        _read(library, [document.id for document in added], stop)
        collections.append(own)
    return Scope(collections=tuple(collections))


def _read(library: Library, wanted: Sequence[int], stop: Stop) -> None:
    """Return once these documents are searchable, and say which are not. Raises Missing if none."""
    settled = {DocumentState.READY, DocumentState.FAILED}
    with Progress() as progress:
        for news in library.work(stop):
            if isinstance(news, Working) and news.path is not None:
                progress.show(f"Reading {news.path.name}… {news.page} pages")
            if all(library.document(number).state in settled for number in wanted):
                break
    documents = [library.document(number) for number in wanted]
    for document in documents:
        if document.trouble:
            tell(in_line(f"{document.path.name}: {document.trouble}"))
    if not any(document.passages for document in documents):
        raise Missing("There is nothing to answer from in these documents. Choose others.")


def _standard_input() -> str:
    try:
        question = sys.stdin.read(_LONGEST + 1)
    except UnicodeDecodeError as error:
        raise Unsupported("Standard input is not text in UTF-8. Convert it first.") from error
    if len(question) > _LONGEST:
        raise NoRoom("The question is longer than any model can read. Shorten it.")
    return question


def _settings(kept: Settings, arguments: argparse.Namespace) -> Settings:
    """The user's settings with what was typed in their place."""
    sampling = {
        "max_tokens": arguments.max_tokens,
        "temperature": arguments.temperature,
        "top_p": arguments.top_p,
        "top_k": arguments.top_k,
        "min_p": arguments.min_p,
        "repeat_penalty": arguments.repeat_penalty,
        "seed": arguments.seed,
        "stop": arguments.stop and tuple(arguments.stop),
    }
    load = {
        "context": arguments.context,
        "gpu_layers": arguments.gpu_layers,
        "threads": arguments.threads,
    }
    own_loads = kept.own_loads
    if arguments.context is not None:  # What is typed goes before what is kept for a model.
        own_loads = tuple(replace(own, context=None) for own in own_loads)
    return replace(
        kept,
        own_loads=own_loads,
        system_prompt=kept.system_prompt if arguments.system is None else arguments.system,
        sampling=replace(kept.sampling, **{k: v for k, v in sampling.items() if v is not None}),
        load=replace(kept.load, **{k: v for k, v in load.items() if v is not None}),
    )


def _with_adapters(
    settings: Settings, model: Model, wanted: Sequence[tuple[str, float]], parts: Parts
) -> Settings:
    """Settings in which the model answers with these adapters, and with no others."""
    shelf = AdapterShelf(parts.profile.adapters)
    adapters = tuple(
        Attachment(str(model.path), str(shelf.path_of(name)), scale) for name, scale in wanted
    )
    return replace(settings, adapters=adapters)


def _write_answer(all_news: Iterable[News], model: str, *, as_json: bool) -> Message:
    reply: Message | None = None
    is_writing = False
    with Progress() as progress:
        for news in all_news:
            match news:
                case Loading(fraction):
                    progress.show(f"Loading {model}… {fraction:.0%}")
                case Ready(loaded) if loaded.note:
                    progress.clear()
                    tell(loaded.note)
                case Packed(left_out=left_out) if left_out:
                    progress.clear()
                    tell(f"{left_out} earlier messages do not fit the context window: left out.")
                case Searching():
                    progress.show("Searching your documents…")
                case Consulted(sources) if as_json:
                    write_json({"type": "sources", "sources": quoting.values(sources)["sources"]})
                case Reading(done, total) if not is_writing:
                    progress.show(f"Reading the prompt… {done / total:.0%}")
                case Piece(text) if as_json:
                    write_json({"type": "piece", "text": text})
                case Piece(text):
                    progress.clear()
                    write(text)
                    is_writing = True
                case Saved(message):
                    reply = message
                case _:
                    pass
    assert reply is not None, "Answering ends with the saved reply, or raises."
    if as_json:
        write_json(_result(reply, model))
        return reply
    if not reply.text.endswith("\n"):
        write("\n")
    if reply.sources and sys.stdout.isatty():
        _write_sources(reply.text, reply.sources)
    return reply


def _write_sources(text: str, sources: Sources) -> None:
    """Below the answer, what it rests on, for the person at the screen."""
    all_lines = [*quoting.lines(sources.citations), *quoting.doubts(text, sources)]
    if all_lines:
        write("\n" + "".join(f"{line}\n" for line in all_lines))


def _result(reply: Message, model: str) -> dict[str, object]:
    """The last line of `ask --json`."""
    return {
        "type": "answer",
        "text": reply.text,
        **quoting.values(reply.sources or Sources()),
        "finish": reply.finish,
        "usage": asdict(reply.usage) if reply.usage else None,
        "timings": asdict(reply.timings) if reply.timings else None,
        "model": model,
        "chat": reply.conversation,
    }

"""`ask`: a question on the command line, its answer on standard output."""

import argparse
import sys
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import asdict, replace

from sottovoce.chat.answer import Answering
from sottovoce.chat.answer import ask as answer
from sottovoce.chat.news import News, Packed, Ready, Saved
from sottovoce.cli.session import Parts, opened, opened_or_temporary
from sottovoce.cli.signals import stop_on_signals
from sottovoce.cli.terminal import Progress, tell, write, write_json
from sottovoce.domain.conversation import Conversation, Message, State
from sottovoce.domain.model import Model
from sottovoce.domain.problems import Cancelled, Missing, NoRoom, Unsupported
from sottovoce.domain.reply import Loading, Piece, Reading
from sottovoce.domain.settings import Attachment, Settings
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
    place = (
        opened_or_temporary(parts, temporary=arguments.temporary)
        if arguments.chat is None
        else opened(parts)
    )
    with place as store:
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
        answering = Answering(store, parts.engine, model, settings)
        conversation = _conversation(store, arguments.chat)
        # Closed before the store is, so that a reply is kept also when it cannot be written out.
        with (
            stop_on_signals() as stop,
            closing(
                answer(answering, conversation.id, question, conversation.leaf, stop)
            ) as all_news,
        ):
            reply = _write_answer(all_news, model.name, as_json=arguments.json)
    if reply.state is State.STOPPED:
        raise Cancelled


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
    elif not reply.text.endswith("\n"):
        write("\n")
    return reply


def _conversation(store: Store, chat: int | None) -> Conversation:
    return store.new_conversation() if chat is None else store.conversation(chat)


def _result(reply: Message, model: str) -> dict[str, object]:
    """The last line of `ask --json`."""
    return {
        "type": "answer",
        "text": reply.text,
        "citations": [],
        "finish": reply.finish,
        "usage": asdict(reply.usage) if reply.usage else None,
        "timings": asdict(reply.timings) if reply.timings else None,
        "model": model,
        "chat": reply.conversation,
    }

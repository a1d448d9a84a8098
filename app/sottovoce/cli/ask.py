"""`ask`: a question on the command line, its answer on standard output."""

import argparse
import sys
from dataclasses import asdict, replace

from sottovoce.chat.answer import Answering
from sottovoce.chat.answer import ask as answer
from sottovoce.chat.news import Packed, Saved
from sottovoce.cli.session import Parts, opened_or_temporary
from sottovoce.cli.terminal import tell, tell_progress, write, write_json
from sottovoce.domain.conversation import Message, State
from sottovoce.domain.problems import Cancelled, Missing
from sottovoce.domain.reply import Loading, Piece, Reading
from sottovoce.domain.settings import Settings
from sottovoce.domain.stop import Stop
from sottovoce.models.shelf import find_model
from sottovoce.store.store import Store


def run(arguments: argparse.Namespace, parts: Parts, stop: Stop) -> None:
    """Answer, streaming. Raises the Problems of answering, and Cancelled when stopped."""
    question = sys.stdin.read() if arguments.question == "-" else arguments.question
    if not question.strip():
        raise Missing("There is no question. Write one after ask.")
    with opened_or_temporary(parts, temporary=arguments.temporary) as store:
        settings = _settings(store.settings(), arguments)
        model = find_model(arguments.model or settings.model or "starter", settings.models)
        answering = Answering(store, parts.engine, model, settings)
        reply = _write_answer(answering, question, arguments, stop)
    if reply.state is State.STOPPED:
        raise Cancelled


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
    return replace(
        kept,
        system_prompt=kept.system_prompt if arguments.system is None else arguments.system,
        sampling=replace(kept.sampling, **{k: v for k, v in sampling.items() if v is not None}),
        load=replace(kept.load, **{k: v for k, v in load.items() if v is not None}),
    )


def _write_answer(
    parts: Answering, question: str, arguments: argparse.Namespace, stop: Stop
) -> Message:
    conversation, parent = _place(parts.store, arguments.chat)
    reply: Message | None = None
    for news in answer(parts, conversation, question, parent, stop):
        match news:
            case Loading(fraction):
                tell_progress(f"Loading {parts.model.name}… {fraction:.0%}")
            case Packed(left_out=left_out) if left_out:
                tell_progress("")
                tell(
                    f"{left_out} earlier messages do not fit the context window and were left out."
                )
            case Reading(done, total):
                tell_progress(f"Reading the prompt… {done / total:.0%}")
            case Piece(text) if arguments.json:
                write_json({"type": "piece", "text": text})
            case Piece(text):
                tell_progress("")
                write(text)
            case Saved(message):
                tell_progress("")
                reply = message
            case _:
                pass
    assert reply is not None, "Answering ends with the saved reply, or raises."
    if arguments.json:
        write_json(_result(reply, parts.model.name))
    elif not reply.text.endswith("\n"):
        write("\n")
    return reply


def _place(store: Store, chat: int | None) -> tuple[int, int | None]:
    """The conversation to go on with, and the message after which the question stands."""
    conversation = store.new_conversation() if chat is None else store.conversation(chat)
    return conversation.id, conversation.leaf


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

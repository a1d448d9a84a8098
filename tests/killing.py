"""Kills the application or its engine while it chats, and looks for what is lost."""

import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psutil

from program import Program
from sottovoce.chat.answer import Answering, ask
from sottovoce.chat.news import Begun, News, Saved
from sottovoce.domain.conversation import State
from sottovoce.domain.model import Sampling
from sottovoce.domain.problems import Interrupted
from sottovoce.domain.reply import Piece
from sottovoce.domain.settings import Settings
from sottovoce.domain.stop import Stop
from sottovoce.engine.process import ProcessEngine
from sottovoce.models.shelf import starter
from sottovoce.store.store import Store, open_store
from sottovoce.system.paths import profile
from sottovoce.system.vault import Vault

DRIVEN_WINDOW = Path(__file__).parent / "driven_window.py"
# Words of a reply may be lost if they came this close to the end.
MAY_BE_LOST_SECONDS = 0.5


@dataclass
class Losses:
    """What was on screen and not on disk after the kills."""

    rounds: int = 0
    said: int = 0
    grown: int = 0
    messages: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    orphans: int = 0
    """Engine processes that outlived their window by more than 5 s."""


def kill_while_chatting(program: Program, rounds: int, dice: random.Random) -> Losses:
    """Let the window chat and kill it, so many times, on one profile."""
    losses = Losses()
    _prepare(program)
    for number in range(rounds):
        # Every other kill meets a reply that has grown, however slow this machine is.
        least = MAY_BE_LOST_SECONDS + 0.1
        # Every fourth comes soon: later ones may meet the next reply, before it is old enough.
        event, soonest = ("said", 0.0) if number % 2 else ("grew", least)
        latest = 4.0 if number % 4 else least + 0.2
        shown, killed_at, orphans = _chat_until_killed(
            program, event, dice.uniform(soonest, latest)
        )
        losses.orphans += orphans
        with _opened(program) as store:
            store.recover()
            _compare(shown, killed_at, store, losses)
        losses.rounds += 1
    return losses


def _prepare(program: Program) -> None:
    """A profile whose replies are short, so that kills also meet the moments between them."""
    assert program.passphrase is not None
    folder = profile(program.folder)
    key = Vault(folder.vault).create(secrets=None, passphrase=program.passphrase)
    with open_store(folder.database, key) as store:
        store.keep_settings(Settings(sampling=Sampling(max_tokens=150)))


def _opened(program: Program) -> Store:
    assert program.passphrase is not None
    folder = profile(program.folder)
    return open_store(folder.database, Vault(folder.vault).open_with_passphrase(program.passphrase))


def _chat_until_killed(
    program: Program, event: str, seconds: float
) -> tuple[list[dict[str, Any]], float, int]:
    """What the window told, when it was killed (so long after that event), and its orphans."""
    killed_at, children = 0.0, list[psutil.Process]()
    process = subprocess.Popen(
        [sys.executable, str(DRIVEN_WINDOW), str(program.folder)],
        env=program.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
    )

    def kill() -> None:
        nonlocal killed_at, children
        children = psutil.Process(process.pid).children(recursive=True)
        killed_at = time.monotonic()
        process.kill()

    killer = threading.Timer(seconds, kill)
    shown: list[dict[str, Any]] = []
    with process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.endswith("\n"):  # The last may be cut.
                shown.append(json.loads(line))
            if event in shown[-1] and not killer.is_alive() and not killed_at:
                killer.start()
    assert shown, "The window ended before it showed anything."
    killer.join()
    return shown, killed_at, len(psutil.wait_procs(children, timeout=30)[1])


def _compare(shown: list[dict[str, Any]], killed_at: float, store: Store, losses: Losses) -> None:
    branch = [m for c in store.conversations() for m in store.messages(c.id)]
    texts = {message.id: message for message in branch}
    last_said, grown = 0, ""
    for told in shown:
        if "said" in told:
            losses.said += 1
            last_said, grown = told["said"], ""
            if told["said"] not in texts or texts[told["said"]].text != told["text"]:
                losses.messages.append(told["text"])
        elif "grew" in told and told["at"] <= killed_at - MAY_BE_LOST_SECONDS:
            grown += told["grew"]
        elif "ended" in told and texts[told["ended"]].state is not State.COMPLETE:
            losses.messages.append(f"reply {told['ended']}")
    replies = [message for message in branch if message.parent == last_said]
    losses.grown += len(grown)
    if grown and not any(reply.text.startswith(grown) for reply in replies):
        losses.words.append(grown)


@dataclass
class EngineLosses:
    """What a killed engine cost beyond the reply it was writing."""

    texts: int = 0
    """Replies of which less is kept than was told."""
    failures: int = 0
    """Questions after a kill that were not answered."""
    orphans: int = 0


def kill_engine_while_writing(rounds: int, dice: random.Random) -> EngineLosses:
    """Kill the engine in mid-answer, and ask again each time."""
    losses = EngineLosses()
    model = starter()
    assert model is not None
    with open_store(None, b"") as store, closing(ProcessEngine()) as engine:
        long = Answering(store, engine, model, Settings(sampling=Sampling(max_tokens=400, seed=1)))
        short = replace(long, settings=Settings(sampling=Sampling(max_tokens=4)))
        for _ in range(rounds):
            chat = store.new_conversation().id
            news = ask(long, chat, "Write a long story about the sea.", None, Stop())
            reply, text = _killed_after(dice.randint(1, 25), news)
            kept = store.message(reply)
            losses.texts += kept.text != text or kept.state is not State.INTERRUPTED
            losses.orphans += len(psutil.Process().children(recursive=True))
            *_, last = ask(short, chat, "Are you there?", reply, Stop())
            losses.failures += not isinstance(last, Saved)
    return losses


def _killed_after(pieces: int, news: Iterator[News]) -> tuple[int, str]:
    """Kill the engine after so many pieces; the reply's id, and all the text that came."""
    reply, text, seen = 0, "", 0
    try:
        for item in news:
            match item:
                case Begun(message):
                    reply = message.id
                case Piece(piece):
                    text += piece
                    seen += 1
                    if seen == pieces:
                        for process in psutil.Process().children(recursive=True):
                            process.kill()
    except Interrupted:
        return reply, text
    raise AssertionError("The answer ended as if nothing had happened.")

"""Kills the application while it chats, and compares what was on screen with what is on disk."""

import json
import random
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from program import Program
from sottovoce.domain.conversation import State
from sottovoce.domain.model import Sampling
from sottovoce.domain.settings import Settings
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
    for _ in range(rounds):
        shown, killed_at, orphans = _chat_until_killed(program, dice.uniform(0.0, 4.0))
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


def _chat_until_killed(program: Program, seconds: float) -> tuple[list[dict[str, Any]], float, int]:
    """What the window told, when it was killed (so long after the first words), and its orphans."""
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
            if not shown:
                killer.start()
            if line.endswith("\n"):  # The last may be cut.
                shown.append(json.loads(line))
    assert shown, "The window ended before it showed anything."
    killer.join()
    return shown, killed_at, len(psutil.wait_procs(children, timeout=5)[1])


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

"""Kills a program that changes its keys, and looks whether everything can still be read."""

import random
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sottovoce.domain.problems import Refused
from sottovoce.system.exchange import finish_replacing
from sottovoce.system.paths import Profile, profile
from sottovoce.system.slots import Cost
from sottovoce.system.vault import Vault
from store.remembering import documents, remembering, said

CHEAP = Cost(memory=8 * 1024, passes=1, lanes=1)
PASSPHRASES = ("one heavy door", "two heavy doors")
TEXTS = tuple(f"Question number {number}? {'All voices at once. ' * 60}" for number in range(300))

_DYING = """
import os, signal, sys
left = int(sys.argv[2])
def step(event, arguments):
    # Whatever a file system is told to do.
    global left
    if event in {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir"}:
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
"""
CHANGING_KEYS = f"""{_DYING}
from pathlib import Path
from sottovoce.domain.stop import Stop
from sottovoce.store.rekey import change_key
from sottovoce.system.paths import profile
from sottovoce.system.vault import Vault
where, passphrase = profile(Path(sys.argv[1])), sys.argv[3]
sys.addaudithook(step)
while True:
    key = Vault(where.vault).open_with_passphrase(passphrase)
    print("begins", flush=True)
    for _ in change_key(where, key, Stop(), passphrase=passphrase, secrets=None):
        pass
    print("changed", -left, flush=True)
"""
CHANGING_PASSPHRASES = f"""{_DYING}
from itertools import cycle
from pathlib import Path
from sottovoce.system.paths import profile
from sottovoce.system.slots import Cost
from sottovoce.system.vault import Vault
vault = Vault(profile(Path(sys.argv[1])).vault, Cost(memory=8 * 1024, passes=1, lanes=1))
key = vault.open_with_passphrase(sys.argv[3])
sys.addaudithook(step)
for passphrase in cycle(sys.argv[4:]):
    print("begins", flush=True)
    vault.add_passphrase(key, passphrase)
    print("changed", -left, flush=True)
"""


@dataclass
class Toll:
    """What many kills have cost."""

    kills: int = 0
    changes: int = 0
    """That were finished, or carried out at the next start."""
    locked_out: int = 0
    """Times that no passphrase gave the key any more."""
    lost: int = 0
    """Times that something could not be read any more."""


def kill_while_changing(program: str, folder: Path, kills: int, dice: random.Random) -> Toll:
    """Let a program change keys or passphrases and kill it, so many times, on one profile.

    Every other time it dies at a moment, else at one of the steps it takes in the file system:
    those that matter most are close together.
    """
    where, key = remembering(folder, *TEXTS)
    Vault(where.vault, CHEAP).add_passphrase(key, PASSPHRASES[0])
    kept = documents(where, key)
    longest, steps = _measured(program, where)
    toll = Toll()
    for number in range(kills):
        passphrase, before = _opened(where) or ("", b"")
        if number % 2:
            _kill(program, where, passphrase, seconds=dice.uniform(0, 1.2 * longest))
        else:
            _kill(program, where, passphrase, steps=dice.randint(1, steps))
        toll.kills += 1
        finish_replacing(where)
        opened = _opened(where)
        if opened is None:
            toll.locked_out += 1
            return toll
        toll.changes += opened != (passphrase, before)
        toll.lost += said(where, opened[1]) != list(TEXTS) or documents(where, opened[1]) != kept
    return toll


def _opened(where: Profile) -> tuple[str, bytes] | None:
    """The passphrase that is right, and the key it gives."""
    for passphrase in PASSPHRASES:
        vault = Vault(profile(where.folder).vault)
        (where.vault / "tries.json").unlink(missing_ok=True)
        with suppress(Refused):
            return passphrase, vault.open_with_passphrase(passphrase)
    return None


def _measured(program: str, where: Profile) -> tuple[float, int]:
    """How many seconds one change takes, and how many steps in the file system."""
    with _started(program, where, PASSPHRASES[0], steps=0) as changing:
        assert changing.stdout is not None
        assert changing.stdout.readline() == "begins\n"
        began = time.perf_counter()
        word, steps = changing.stdout.readline().split()
        seconds = time.perf_counter() - began
        assert word == "changed"
        changing.kill()
    finish_replacing(where)
    return seconds, int(steps)


def _kill(
    program: str, where: Profile, passphrase: str, *, seconds: float = 60.0, steps: int = 0
) -> None:
    with _started(program, where, passphrase, steps=steps) as changing:
        assert changing.stdout is not None
        changing.stdout.readline()  # It begins, unless it dies at one of the first steps.
        with suppress(subprocess.TimeoutExpired):
            changing.wait(seconds)
        changing.kill()


def _started(
    program: str, where: Profile, passphrase: str, *, steps: int
) -> "subprocess.Popen[str]":
    """The program, to die after so many steps; 0 for never."""
    following = sorted(PASSPHRASES, key=lambda each: each == passphrase)
    arguments = [str(where.folder), str(steps), passphrase, *following]
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE, text=True
    )

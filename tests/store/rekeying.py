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

CHANGING_KEYS = """
import sys
from pathlib import Path
from sottovoce.domain.stop import Stop
from sottovoce.store.rekey import change_key
from sottovoce.system.paths import profile
from sottovoce.system.vault import Vault
where, passphrase = profile(Path(sys.argv[1])), sys.argv[2]
while True:
    key = Vault(where.vault).open_with_passphrase(passphrase)
    print("begins", flush=True)
    for _ in change_key(where, key, Stop(), passphrase=passphrase, secrets=None):
        pass
    print("changed", flush=True)
"""
CHANGING_PASSPHRASES = """
import sys
from itertools import cycle
from pathlib import Path
from sottovoce.system.paths import profile
from sottovoce.system.slots import Cost
from sottovoce.system.vault import Vault
vault = Vault(profile(Path(sys.argv[1])).vault, Cost(memory=8 * 1024, passes=1, lanes=1))
key = vault.open_with_passphrase(sys.argv[2])
for passphrase in cycle(sys.argv[3:]):
    print("begins", flush=True)
    vault.add_passphrase(key, passphrase)
    print("changed", flush=True)
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
    """Let a program change keys or passphrases and kill it, so many times, on one profile."""
    where, key = remembering(folder, *TEXTS)
    Vault(where.vault, CHEAP).add_passphrase(key, PASSPHRASES[0])
    kept = documents(where, key)
    longest = _seconds(program, where)
    toll = Toll()
    for _ in range(kills):
        passphrase, before = _opened(where) or ("", b"")
        _kill(program, where, passphrase, dice.uniform(0, 1.2 * longest))
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


def _seconds(program: str, where: Profile) -> float:
    """How long one change takes."""
    with _started(program, where, PASSPHRASES[0]) as changing:
        assert changing.stdout is not None
        while changing.stdout.readline() != "begins\n":
            assert changing.poll() is None
        began = time.perf_counter()
        assert changing.stdout.readline() == "changed\n"
        seconds = time.perf_counter() - began
        changing.kill()
    finish_replacing(where)
    return seconds


def _kill(program: str, where: Profile, passphrase: str, seconds: float) -> None:
    with _started(program, where, passphrase) as changing:
        assert changing.stdout is not None
        assert changing.stdout.readline() == "begins\n"
        with suppress(subprocess.TimeoutExpired):
            changing.wait(seconds)
        changing.kill()


def _started(program: str, where: Profile, passphrase: str) -> "subprocess.Popen[str]":
    following = sorted(PASSPHRASES, key=lambda each: each == passphrase)
    arguments = [str(where.folder), passphrase, *following]
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE, text=True
    )

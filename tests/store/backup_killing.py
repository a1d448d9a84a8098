"""Killing a program that backs up, restores or migrates, and counting what is lost by it."""

import os
import random
import shutil
import subprocess
import sys
import threading
from pathlib import Path

from sottovoce.domain.problems import Problem
from sottovoce.domain.stop import Stop
from sottovoce.store.backup import Backup, create, opened
from sottovoce.store.database import open_database
from sottovoce.store.document_store import documents_key
from sottovoce.system.exchange import finish_replacing, kept
from sottovoce.system.paths import Profile
from store.backing_up import KINDS, later_scripts
from store.remembering import documents, remembering, said, say

_PROGRAM = Path(__file__).with_name("backing_up.py")
_TEXTS = [
    f"Message {number}. {'Counterpoint lets several voices speak at once. ' * 40}"
    for number in range(300)
]
_LATER = "Only the newer memory knows this."
_LONGEST = 0.4
"""Seconds after which it is killed at the latest."""


def losses(doing: str, rounds: int, folder: Path) -> int:
    """Return in how many of so many kills anything was lost, or could not be read."""
    template = folder / "template"
    here, key = remembering(template / "here", *_TEXTS)
    for _ in create(here, key, template / "mine.backup", Stop()):
        pass
    say(here, key, _LATER)
    chance = random.Random(9)
    lost = 0
    for number in range(rounds):
        place = folder / str(number)
        shutil.copytree(template, place)
        _run_until_killed(doing, place / "here", chance.uniform(0.0, _LONGEST))
        try:
            lost += not _CHECKS[doing](Profile(place / "here"), key)
        except Problem:
            lost += 1
        shutil.rmtree(place)
    return lost


def _run_until_killed(doing: str, folder: Path, after: float) -> None:
    program = [sys.executable, str(_PROGRAM), doing, str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(_PROGRAM.parents[1])}
    with subprocess.Popen(program, env=environment, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "begins\n", "it failed before it was killed"
        killer = threading.Timer(after, running.kill)
        killer.start()
        running.stdout.read()
        killer.join()


def _after_backup(here: Profile, key: bytes) -> bool:
    """Everything is here, and every backup that has appeared can be restored."""
    for path in here.folder.parent.glob("*.backup"):
        with opened(here, path) as backup:
            *_, contents = backup.restore(key, Stop())
        if not isinstance(contents, Backup) or contents.documents != 1:
            return False
        if contents.messages not in {len(_TEXTS), len(_TEXTS) + 1}:
            return False
    return _is_newer(here, key)


def _after_restore(here: Profile, key: bytes) -> bool:
    """One of the two memories is in use, whole; and the newer one is there or kept, whole."""
    finish_replacing(here)
    if said(here, key) == _TEXTS and documents(here, key) == ["contract.pdf"]:
        return any(_is_newer(Profile(each.folder), key) for each in kept(here))
    return _is_newer(here, key)


def _after_migration(here: Profile, key: bytes) -> bool:
    """The next start goes on from where it was, and nothing is missing."""
    for what, own_key in (("chats", key), ("documents", documents_key(key))):
        file, table, _ = KINDS[what]
        path = here.folder / file
        database = open_database(path, own_key, later_scripts(what), what=what)
        counts = database.check(Stop())
        database.close()
        if counts[table] != (len(_TEXTS) + 1 if what == "chats" else 1) or "later19" not in counts:
            return False
        if path.with_name(f"{file}.before-migration").exists():
            return False
    return True


def _is_newer(here: Profile, key: bytes) -> bool:
    return said(here, key) == [*_TEXTS, _LATER] and documents(here, key) == ["contract.pdf"]


_CHECKS = {"back_up": _after_backup, "restore": _after_restore, "migrate": _after_migration}

"""What the ledger keeps of connections that were made or refused."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from models.downloading import largest_file
from sottovoce.domain.problems import NoRoom, Refused
from sottovoce.system.network.ledger import Ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "network.jsonl")


def test_nothing_is_there_before_anything_happened(ledger: Ledger) -> None:
    assert ledger.entries() == []


def test_a_connection_is_there_with_its_bytes(ledger: Ledger) -> None:
    name = ledger.allow("Download a model", "hub.example", 443)
    ledger.count(name, received=10, sent=2)
    ledger.count(name, received=1_000, sent=20)
    [entry] = ledger.entries()
    assert entry.is_allowed
    assert (entry.purpose, entry.host, entry.port) == ("Download a model", "hub.example", 443)
    assert (entry.received, entry.sent) == (1_000, 20)
    assert entry.moment.tzinfo is not None


def test_a_refusal_is_there_and_is_none_of_the_allowed(ledger: Ledger) -> None:
    ledger.refuse("Search for models", "hub.example")
    [entry] = ledger.entries()
    assert not entry.is_allowed
    assert entry.received is None


def test_counts_find_their_connection_among_others(ledger: Ledger) -> None:
    names = [ledger.allow("Test", f"host{number}.example", 443) for number in range(3)]
    for size, name in enumerate(reversed(names), start=1):
        ledger.count(name, received=size, sent=0)
    assert [entry.received for entry in ledger.entries()] == [3, 2, 1]


def test_lines_that_make_no_sense_are_left_out(ledger: Ledger, tmp_path: Path) -> None:
    ledger.refuse("First")
    with (tmp_path / "network.jsonl").open("ab") as file:
        file.write(b'{"type": "other"}\n\xff\xfe\n{"half a li\n[]\n')
    ledger.refuse("Second")
    assert [entry.purpose for entry in ledger.entries()] == ["First", "Second"]


def test_a_full_disk_spoils_no_other_line(ledger: Ledger, tmp_path: Path) -> None:
    ledger.allow("First", "one.example", 443)
    with largest_file((tmp_path / "network.jsonl").stat().st_size + 20), pytest.raises(NoRoom):
        ledger.allow("Second", "two.example", 443)
    ledger.allow("Third", "three.example", 443)
    assert [entry.purpose for entry in ledger.entries()] == ["First", "Third"]


def test_times_that_cannot_be_told_are_left_out(ledger: Ledger, tmp_path: Path) -> None:
    line = '{"type":"connection","time":"%s","verdict":"refused","purpose":"x"}\n'
    times = ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-01-01T00:00:00Z")
    (tmp_path / "network.jsonl").write_text("".join(line % time for time in times))
    [entry] = ledger.entries()
    assert entry.moment.year == 2026


def test_two_processes_that_find_it_full_lose_nothing(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.refuse("First")
    path = tmp_path / "network.jsonl"
    path.write_bytes(path.read_bytes() + b"\n" * 1_000_000)
    fstat = os.fstat

    def another_is_quicker(descriptor: int) -> os.stat_result:
        monkeypatch.setattr(os, "fstat", fstat)
        Ledger(path).refuse("Third")
        Ledger(path).refuse("Fourth")
        return fstat(descriptor)

    monkeypatch.setattr(os, "fstat", another_is_quicker)
    ledger.refuse("Second")
    purposes = [entry.purpose for entry in ledger.entries()]
    assert purposes == ["First", "Second", "Third", "Fourth"]


def test_who_holds_it_adds_to_it_while_others_begin_it_anew_or_clear_it(
    ledger: Ledger, tmp_path: Path
) -> None:
    held = Ledger(tmp_path / "network.jsonl")
    held.hold()
    name = held.allow("Held", "hub.example", 443)
    ledger.refuse("x" * 1_000_000)
    ledger.refuse("After")
    held.count(name, received=7, sent=1)
    held.allow("Held", "cdn.example", 443)
    assert [entry.host for entry in ledger.entries() if entry.is_allowed] == [
        "hub.example",
        "cdn.example",
    ]
    assert ledger.entries()[0].received == 7
    ledger.clear()
    assert ledger.entries() == []
    held.allow("Held", "third.example", 443)
    assert [entry.host for entry in ledger.entries()] == ["third.example"]
    ledger.refuse("x" * 1_000_000)
    with pytest.raises(Refused):
        held.allow("Held", "unseen.example", 443)


def test_the_ledger_does_not_grow_for_ever(ledger: Ledger, tmp_path: Path) -> None:
    for number in range(4):
        ledger.refuse("x" * 900_000, f"host{number}")
        ledger.refuse("y" * 200_000, f"host{number}")
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) < 2_500_000
    assert ledger.entries()[-1].host == "host3"


@pytest.mark.skipif(os.name != "posix", reason="Windows has other rights")
def test_the_ledger_is_for_its_owner_alone(ledger: Ledger, tmp_path: Path) -> None:
    ledger.refuse("Test")
    assert stat.S_IMODE((tmp_path / "network.jsonl").stat().st_mode) == 0o600


def test_what_cannot_be_written_down_is_not_allowed(tmp_path: Path) -> None:
    (tmp_path / "network.jsonl").mkdir()
    ledger = Ledger(tmp_path / "network.jsonl")
    with pytest.raises(Refused):
        ledger.allow("Test", "hub.example", 443)
    ledger.refuse("Test")  # It stays refused, with or without a note.


WRITES = """
import sys
from pathlib import Path
from sottovoce.system.network.ledger import Ledger
ledger = Ledger(Path(sys.argv[1]))
for number in range(200):
    ledger.refuse(sys.argv[2] * 50, f"host{number}")
"""


def test_processes_do_not_mix_their_lines(ledger: Ledger, tmp_path: Path) -> None:
    path = str(tmp_path / "network.jsonl")
    writers = [subprocess.Popen([sys.executable, "-c", WRITES, path, who]) for who in "abc"]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    entries = ledger.entries()
    assert len(entries) == 600
    assert {entry.purpose for entry in entries} == {who * 50 for who in "abc"}

"""The audit log: nothing in it can be changed unseen, and nobody's words are in it."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sottovoce.domain.policy import Policy
from sottovoce.domain.problems import Refused
from sottovoce.system.audit import Audit, Event, read_log, verify_log
from sottovoce.system.paths import Profile

KEY, OTHER_KEY = bytes(48), bytes([1] * 48)


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    return Profile(tmp_path, Policy(audit=True))


@pytest.fixture
def audit(profile: Profile) -> Audit:
    """A log of four lines, sealed after the third."""
    made = Audit(profile)
    made.note_start("window", "aa")
    made.note(Event.UNLOCKED, by="passphrase")
    made.note(Event.DOCUMENTS_ADDED, count=7)
    made.seal(KEY)
    made.note(Event.CHAT_REMOVED, count=1)
    return made


def lines(profile: Profile) -> list[bytes]:
    return profile.audit.read_bytes().splitlines(keepends=True)


def test_what_was_done_is_noted_in_order(audit: Audit, profile: Profile) -> None:
    entries = read_log(profile.audit)
    assert [entry.number for entry in entries] == [1, 2, 3, 4]
    assert [entry.event for entry in entries][1:] == [
        "unlocked",
        "documents added",
        "chat removed",
    ]
    assert entries[2].facts == {"count": 7}
    assert audit.verify(KEY).troubles == ()
    assert audit.verify(KEY).sealed == 3
    assert audit.verify(None).sealed is None


def test_without_a_policy_nothing_is_written(tmp_path: Path) -> None:
    audit = Audit(Profile(tmp_path))
    audit.note(Event.UNLOCKED)
    audit.note_start("window", "aa")
    audit.seal(KEY)
    assert list(tmp_path.iterdir()) == []


def test_only_its_owner_may_read_it(audit: Audit, profile: Profile) -> None:
    assert profile.audit.stat().st_mode & 0o077 == 0 or sys.platform == "win32"


@pytest.mark.parametrize(
    "forge",
    [
        lambda lines: [lines[0].replace(b"window", b"Window"), *lines[1:]],
        lambda lines: [lines[0], *lines[2:]],
        lambda lines: lines[1:],
        lambda lines: [lines[1], lines[0], *lines[2:]],
        lambda lines: [lines[0], lines[0], *lines[1:]],
        lambda lines: [lines[0], b"{}\n", *lines[1:]],
        lambda lines: [*lines[:2], b"\n", *lines[2:]],
        lambda lines: [*lines[:3], b"no line"],
    ],
)
def test_a_line_that_was_changed_put_in_or_taken_out_is_found(
    audit: Audit, profile: Profile, forge: Callable[[list[bytes]], list[bytes]]
) -> None:
    profile.audit.write_bytes(b"".join(forge(lines(profile))))
    assert verify_log(profile.audit).troubles


@pytest.mark.parametrize("left", [0, 1, 2])
def test_what_is_cut_off_before_the_seal_is_found(
    audit: Audit, profile: Profile, left: int
) -> None:
    profile.audit.write_bytes(b"".join(lines(profile)[:left]))
    assert audit.verify(None).troubles == ()
    [trouble] = audit.verify(KEY).troubles
    assert "had 3 lines when it was sealed last" in trouble


def test_what_is_cut_off_after_the_seal_is_not(audit: Audit, profile: Profile) -> None:
    profile.audit.write_bytes(b"".join(lines(profile)[:3]))
    assert audit.verify(KEY).troubles == ()


def test_sealing_it_again_does_not_hide_that_it_was_cut(audit: Audit, profile: Profile) -> None:
    profile.audit.write_bytes(lines(profile)[0])
    audit.seal(KEY)
    audit.note(Event.UNLOCKED, by="keyring")
    audit.seal(KEY)
    [trouble] = audit.verify(KEY).troubles
    assert trouble == "Line 2 says that lines were cut off before it: there had been 3."


def test_a_log_that_was_made_anew_after_the_cut_is_found(audit: Audit, profile: Profile) -> None:
    profile.audit.unlink()
    for _ in range(6):
        audit.note(Event.UNLOCKED, by="keyring")
    assert "cut off or changed" in audit.verify(KEY).troubles[0]


@pytest.mark.parametrize("content", [None, b"", b"{}"])
def test_a_seal_that_is_gone_is_missed(
    audit: Audit, profile: Profile, content: bytes | None
) -> None:
    seal = profile.folder / "audit.seal.json"
    seal.unlink() if content is None else seal.write_bytes(content)
    assert audit.verify(KEY).troubles == (
        "The seal of the log is gone: its end may have been cut off.",
    )


def test_a_seal_cannot_be_made_without_the_key(audit: Audit, profile: Profile) -> None:
    seal = profile.folder / "audit.seal.json"
    profile.audit.write_bytes(lines(profile)[0])
    seal.unlink()
    Audit(Profile(profile.folder, Policy(audit=True))).seal(OTHER_KEY)
    assert "another key" in audit.verify(KEY).troubles[0]
    audit.seal(KEY)
    [trouble] = audit.verify(KEY).troubles
    assert "Line 2 says that the seal was gone or another one" in trouble


def test_a_seal_that_was_removed_is_still_missed_once_there_is_another(
    audit: Audit, profile: Profile
) -> None:
    audit.note(Event.UNLOCKED, by="passphrase")
    (profile.folder / "audit.seal.json").unlink()
    audit.seal(KEY)
    [trouble] = audit.verify(KEY).troubles
    assert "Line 6 says that the seal was gone" in trouble


def test_another_key_of_the_chats_is_no_trouble(audit: Audit, profile: Profile) -> None:
    audit.note(Event.KEY_CHANGED)
    audit.seal(OTHER_KEY)
    audit.close()
    assert audit.verify(OTHER_KEY).troubles == ()
    assert audit.verify(OTHER_KEY).sealed == 6


def test_a_line_that_a_crash_cut_short_is_told_and_the_log_goes_on(
    audit: Audit, profile: Profile
) -> None:
    profile.audit.write_bytes(profile.audit.read_bytes()[:-20])
    audit.note(Event.LOCKED)
    [trouble] = audit.verify(KEY).troubles
    assert "Line 4 cannot be read" in trouble
    assert read_log(profile.audit)[-1].number == 5


def test_a_line_takes_no_reading_of_all_before_it(
    audit: Audit, profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("sottovoce.system.audit._lines", lambda _: pytest.fail("It read all."))
        audit.note(Event.MODEL_LOADED, sha256="a" * 20_000)
        audit.note(Event.LOCKED)
    assert [entry.number for entry in read_log(profile.audit)] == [1, 2, 3, 4, 5, 6]
    assert audit.verify(KEY).troubles == ()


def test_a_number_that_was_changed_is_found_though_lines_follow(
    audit: Audit, profile: Profile
) -> None:
    *before, last = lines(profile)
    profile.audit.write_bytes(b"".join([*before, last.replace(b'"number":4', b'"number":9')]))
    audit.note(Event.LOCKED)
    assert "Line 4 does not follow" in audit.verify(KEY).troubles[0]


def test_another_policy_is_noted(audit: Audit, profile: Profile) -> None:
    audit.note_start("ask", "aa")
    audit.note_start("ask", "bb")
    assert [entry.event for entry in read_log(profile.audit)[4:]] == [
        "started",
        "policy changed",
        "started",
    ]


WRITER = """
import sys
from pathlib import Path
from sottovoce.domain.policy import Policy
from sottovoce.system.audit import Audit, Event
from sottovoce.system.paths import Profile
audit = Audit(Profile(Path(sys.argv[1]), Policy(audit=True)))
for _ in range(50):
    audit.note(Event.UNLOCKED, by=sys.argv[2])
"""


def test_several_processes_write_one_chain(profile: Profile) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(profile.folder), name])
        for name in ("one", "two", "three")
    ]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    assert verify_log(profile.audit).troubles == ()
    assert len(read_log(profile.audit)) == 150


def test_what_cannot_be_noted_is_refused(audit: Audit, profile: Profile) -> None:
    profile.audit.unlink()
    profile.audit.mkdir()
    with pytest.raises(Refused):
        audit.note(Event.CHAT_EXPORTED, form="json")


def test_each_line_is_json_for_other_programs(audit: Audit, profile: Profile) -> None:
    first = json.loads(lines(profile)[0])
    assert set(first) == {"number", "time", "event", "facts", "before"}
    assert first["facts"] == {"what": "window", "policy": "aa"}

import os
import shutil
import signal
import sys
from pathlib import Path

import pytest

from sottovoce.domain.problems import Interrupted, Refused, Unsupported
from sottovoce.system import renewal
from sottovoce.system.application import Application, check_alone, check_replaceable
from sottovoce.system.renewal import preparing, starting, try_out, waiting
from system.renewing import (
    NEW,
    OLD,
    installed,
    killed_processes,
    prepare,
    start,
    write_application,
)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has its own installer.")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An application of the old version, in a folder of its own."""
    folder = tmp_path / "place" / "sottovoce"
    write_application(folder, OLD)
    return folder


def nothing() -> None:
    """What does not begin anew, as only a bug would have it."""


def left_beside(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.parent.iterdir() if path != folder)


def test_an_update_takes_its_place_at_the_next_start_and_leaves_nothing(folder: Path) -> None:
    prepare(folder)
    assert installed(folder).version == OLD
    assert waiting(installed(folder)) == NEW

    assert start(folder) == (NEW, f"Sottovoce was updated from {OLD} to {NEW}.")
    assert left_beside(folder) == []
    assert start(folder) == (NEW, "")


def test_the_old_version_is_kept_until_the_new_one_worked(folder: Path) -> None:
    prepare(folder)
    start(folder, succeeds=False)
    assert (folder.parent / ".sottovoce.update/application/_internal/version").read_text() == OLD
    start(folder)
    assert left_beside(folder) == []


def test_what_never_works_gives_way_to_the_old_version(folder: Path) -> None:
    prepare(folder)
    for _ in range(3):
        version, _ = start(folder, succeeds=False)
        assert version == NEW
    version, note = start(folder)
    assert version == OLD
    assert NEW in note
    assert left_beside(folder) == []
    assert start(folder) == (OLD, "")


def test_nothing_is_replaced_while_somebody_uses_it(folder: Path) -> None:
    with starting(installed(folder), nothing):
        prepare(folder)
        assert start(folder) == (OLD, "")
        assert installed(folder).version == OLD
    assert start(folder)[0] == NEW


def test_what_a_portable_application_keeps_goes_with_it_both_ways(folder: Path) -> None:
    (folder / "portable").touch()
    (folder / "data").mkdir()
    (folder / "data" / "sottovoce.db").write_text("every word", encoding="utf-8")
    prepare(folder)
    for _ in range(4):
        start(folder, succeeds=False)
        assert (folder / "portable").exists()
        assert (folder / "data" / "sottovoce.db").read_text(encoding="utf-8") == "every word"
    assert installed(folder).version == OLD


@pytest.mark.parametrize("worked", ["start", "fail"])
def test_whoever_is_killed_when_leaves_one_whole_application(
    folder: Path, tmp_path: Path, worked: str
) -> None:
    (folder / "data").mkdir()
    (folder / "data" / "sottovoce.db").write_text("every word", encoding="utf-8")
    before = tmp_path / "before"
    shutil.copytree(folder.parent, before)
    kills = 0
    with killed_processes() as run:
        for actions in (["prepare"], ["prepare", worked], ["prepare", *4 * ["fail"]]):
            for step in range(1, 1000):
                *first, last = actions
                assert [run(action, folder, 0) for action in first] == [0] * len(first)
                is_killed = run(last, folder, step) == -signal.SIGKILL
                kills += is_killed
                # Whoever starts now finds a whole one.
                assert (folder / "sottovoce").exists()
                assert installed(folder).version in {OLD, NEW}
                version, _ = start(folder)
                assert installed(folder).version == version
                words = (folder / "data" / "sottovoce.db").read_text(encoding="utf-8")
                assert words == "every word"
                start(folder)
                assert left_beside(folder) == []
                shutil.rmtree(folder.parent)
                shutil.copytree(before, folder.parent)
                if not is_killed:
                    break
    assert kills > 60


def test_who_begins_while_folders_change_places_begins_anew(folder: Path) -> None:
    stale = installed(folder)
    prepare(folder)
    start(folder, succeeds=False)
    begun: list[str] = []
    with starting(stale, lambda: begun.append("anew")):
        pass
    assert begun == ["anew"]


def test_nobody_begins_anew_for_ever(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(folder)
    start(folder, succeeds=False)
    (folder / "_internal" / "version").write_text("7.0.0", encoding="utf-8")
    monkeypatch.setenv("SOTTOVOCE_BEGUN_AGAIN", "1")
    assert start(folder) == ("7.0.0", "")
    assert left_beside(folder) == []


def test_an_update_is_void_once_the_application_was_replaced_by_other_means(folder: Path) -> None:
    prepare(folder)
    shutil.rmtree(folder)
    write_application(folder, "2.0.0")
    assert start(folder) == ("2.0.0", "")
    assert left_beside(folder) == []


def test_a_stage_that_others_may_write_is_not_looked_at(folder: Path) -> None:
    prepare(folder)
    (folder.parent / ".sottovoce.update").chmod(0o777)
    assert start(folder) == (OLD, "")
    with pytest.raises(Refused, match="Move it away"):
        prepare(folder)


def test_a_link_in_the_place_of_the_stage_is_not_followed(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir(mode=0o700)
    (folder.parent / ".sottovoce.update").symlink_to(other)
    with pytest.raises(Refused):
        prepare(folder)
    assert start(folder) == (OLD, "")
    assert list(other.iterdir()) == []


def test_a_newer_update_takes_the_place_of_one_that_waits(folder: Path) -> None:
    prepare(folder)
    prepare(folder, "1.2.0")
    assert start(folder)[0] == "1.2.0"


def test_no_update_is_prepared_while_the_last_is_being_tried(folder: Path) -> None:
    prepare(folder)
    start(folder, succeeds=False)
    with pytest.raises(Interrupted):
        prepare(folder, "1.2.0")
    assert start(folder)[0] == NEW


def test_only_one_prepares_an_update(folder: Path) -> None:
    with preparing(installed(folder)), pytest.raises(Interrupted):
        prepare(folder)


def test_where_folders_cannot_change_places_nothing_is_prepared(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unable(one: Path, other: Path) -> None:
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(renewal, "_exchange", unable)
    with pytest.raises(Refused, match="change places"):
        prepare(folder)
    assert left_beside(folder) == []


def test_what_does_not_start_is_not_taken(tmp_path: Path) -> None:
    write_application(tmp_path / "good", NEW)
    write_application(tmp_path / "bad", NEW, starts=False)
    try_out(installed(tmp_path / "good"))
    with pytest.raises(Unsupported, match="nothing was changed"):
        try_out(installed(tmp_path / "bad"))
    (tmp_path / "bad" / "sottovoce").write_bytes(b"\x7fELF for another processor")
    with pytest.raises(Unsupported):
        try_out(installed(tmp_path / "bad"))


def test_the_systems_applications_are_left_to_the_system(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_replaceable(installed(folder))
    with pytest.raises(Refused, match="all users"):
        check_replaceable(Application(Path("/opt/sottovoce"), Path("sottovoce"), OLD))
    link = folder.with_name("link")
    link.symlink_to(folder)
    with pytest.raises(Refused, match="not yours"):
        check_replaceable(Application(link, Path("sottovoce"), OLD))
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(Refused, match="not yours"):
        check_replaceable(installed(folder))


def test_a_folder_with_other_things_in_it_is_not_replaced(folder: Path) -> None:
    check_alone(installed(folder), frozenset({"README.md"}))
    (folder / "README.md").touch()
    check_alone(installed(folder), frozenset({"README.md"}))
    (folder / "Thesis.odt").touch()
    with pytest.raises(Refused, match=r"Thesis\.odt"):
        check_alone(installed(folder), frozenset({"README.md"}))

import os
import shutil
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sottovoce.domain.problems import Cancelled, Interrupted, Refused, Unsupported
from sottovoce.domain.stop import Stop
from sottovoce.system import renewal
from sottovoce.system.application import Application, check_alone, check_replaceable
from sottovoce.system.paths import Profile
from sottovoce.system.renewal import check_exchange, preparing, starting, try_out
from system.renewing import (
    NEW,
    OLD,
    installed,
    killed_processes,
    prepare,
    start,
    waiting,
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


def test_starts_that_ended_for_other_reasons_are_no_sign_of_failure(folder: Path) -> None:
    prepare(folder)
    for _ in range(10):
        assert start(folder, decided=False)[0] == NEW
    assert left_beside(folder) != []
    for _ in range(3):
        assert start(folder, succeeds=False)[0] == NEW
    assert start(folder)[0] == OLD


def test_what_the_profile_was_is_kept_until_the_new_version_worked(
    folder: Path, tmp_path: Path
) -> None:
    profile = Profile(tmp_path / "profile")
    profile.folder.mkdir()
    start(folder, profile=profile)
    assert not profile.trial.exists()
    prepare(folder)
    start(folder, profile=profile, succeeds=False)
    assert profile.trial.exists()
    copy = profile.folder / "sottovoce.db.before-migration"
    copy.touch()
    start(folder, profile=profile)
    assert not profile.trial.exists()
    assert not copy.exists()


def test_what_somebody_put_into_the_folder_meanwhile_is_never_lost(folder: Path) -> None:
    prepare(folder)
    (folder / "Thesis.odt").write_text("years", encoding="utf-8")
    start(folder, succeeds=False)
    (folder / "Letter.odt").write_text("love", encoding="utf-8")
    for _ in range(3):
        start(folder, succeeds=False)
        assert (folder / "Thesis.odt").read_text(encoding="utf-8") == "years"
        assert (folder / "Letter.odt").read_text(encoding="utf-8") == "love"
    assert installed(folder).version == OLD


def test_an_application_that_was_write_protected_is_removed_all_the_same(folder: Path) -> None:
    prepare(folder)
    (folder / "_internal").chmod(0o555)
    start(folder)
    assert left_beside(folder) == []


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


def test_who_began_as_the_old_version_begins_anew_where_the_new_one_is_in_use(
    folder: Path,
) -> None:
    stale = installed(folder)
    prepare(folder)
    start(folder, succeeds=False)
    begun: list[str] = []
    with (
        starting(installed(folder), nothing),
        starting(stale, lambda: begun.append("anew")),
    ):
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


def test_a_disk_that_lets_no_folders_change_places_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unable(one: Path, other: Path) -> None:
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(renewal, "_exchange", unable)
    with pytest.raises(Refused, match="in one step"):
        check_exchange(installed(folder))
    assert left_beside(folder) == []
    monkeypatch.undo()
    check_exchange(installed(folder))
    assert left_beside(folder) == []
    monkeypatch.setattr(os.path, "ismount", lambda _: True)
    with pytest.raises(Refused, match="in one step"):
        check_exchange(installed(folder))


def test_what_does_not_start_is_not_taken(tmp_path: Path) -> None:
    write_application(tmp_path / "good", NEW)
    write_application(tmp_path / "bad", NEW, starts=False)
    try_out(installed(tmp_path / "good"), Stop())
    with pytest.raises(Unsupported, match="nothing was changed"):
        try_out(installed(tmp_path / "bad"), Stop())
    (tmp_path / "bad" / "sottovoce").write_bytes(b"\x7fELF for another processor")
    with pytest.raises(Unsupported):
        try_out(installed(tmp_path / "bad"), Stop())


def test_what_hangs_while_it_is_tried_can_be_stopped(tmp_path: Path) -> None:
    write_application(tmp_path / "app", NEW)
    started = tmp_path / "started"
    (tmp_path / "app" / "sottovoce").write_text(f"#!/bin/sh\n: > {started}\nexec sleep 600\n")
    stop = Stop()

    def stop_soon() -> None:
        while not started.exists():
            time.sleep(0.01)
        stop.set()

    with ThreadPoolExecutor() as threads:
        threads.submit(stop_soon)
        with pytest.raises(Cancelled):
            try_out(installed(tmp_path / "app"), stop)


def test_the_systems_applications_are_left_to_the_system(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_replaceable(installed(folder))
    with pytest.raises(Refused, match="all users"):
        check_replaceable(Application(Path("/opt/sottovoce"), Path("sottovoce"), OLD))
    folder.chmod(0o555)
    if os.geteuid():  # Root may change all.
        with pytest.raises(Refused, match="not yours"):
            check_replaceable(installed(folder))
    folder.chmod(0o755)
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

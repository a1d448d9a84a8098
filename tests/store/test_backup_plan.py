from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sottovoce.domain.policy import Policy
from sottovoce.domain.problems import Missing
from sottovoce.domain.settings import BackupPlan
from sottovoce.domain.stop import Stop
from sottovoce.store.backup import opened
from sottovoce.store.backup_plan import back_up_if_due
from sottovoce.system.paths import Profile
from sottovoce.system.vault import Vault
from store.remembering import remembering


@pytest.fixture
def here(tmp_path: Path) -> tuple[Profile, bytes]:
    return remembering(tmp_path / "here", "one")


@pytest.fixture
def plan(tmp_path: Path) -> BackupPlan:
    (tmp_path / "backups").mkdir()
    return BackupPlan(str(tmp_path / "backups"), days=7, keep=2)


def made(plan: BackupPlan) -> list[str]:
    return sorted(path.name for path in Path(plan.folder).iterdir())


def back_up(here: tuple[Profile, bytes], plan: BackupPlan) -> bool:
    """Whether one was made."""
    before = made(plan)
    list(back_up_if_due(*here, plan, Stop()))
    return made(plan) != before


def aged(here: tuple[Profile, bytes], plan: BackupPlan, days: int) -> Path:
    moment = datetime.now(UTC) - timedelta(days=days)
    name = f"Sottovoce automatic {Vault(here[0].vault).id[:8]} {moment:%Y-%m-%d %H-%M-%S}.backup"
    path = Path(plan.folder) / name
    path.touch()
    return path


def test_the_first_is_made_at_once_and_the_next_when_it_is_due(
    here: tuple[Profile, bytes], plan: BackupPlan
) -> None:
    assert back_up(here, plan)
    assert not back_up(here, plan)
    (first,) = Path(plan.folder).iterdir()
    with opened(here[0], first) as backup:
        assert backup.fits(here[1])
    first.unlink()
    aged(here, plan, 6)
    assert not back_up(here, plan)


def test_an_old_one_makes_the_next_due(here: tuple[Profile, bytes], plan: BackupPlan) -> None:
    aged(here, plan, 8)
    assert back_up(here, plan)


def test_one_that_a_wrong_clock_dated_years_ahead_does_not_hold_up_the_next(
    here: tuple[Profile, bytes], plan: BackupPlan
) -> None:
    aged(here, plan, -1000)
    assert back_up(here, plan)
    assert not back_up(here, plan)


def test_the_oldest_go_but_no_others(here: tuple[Profile, bytes], plan: BackupPlan) -> None:
    oldest, older, old = (aged(here, plan, days) for days in (90, 60, 30))
    folder = Path(plan.folder)
    others = ["Sottovoce automatic 01234567 2020-01-01 00-00-00.backup", "Mine.backup", "letter"]
    for name in others:
        (folder / name).touch()
    assert back_up(here, plan)
    assert (oldest.exists(), older.exists(), old.exists()) == (False, False, True)
    assert set(others) < set(made(plan))
    assert len(made(plan)) == len(others) + 2


def test_what_a_kill_has_left_goes_with_the_next(
    here: tuple[Profile, bytes], plan: BackupPlan
) -> None:
    left = aged(here, plan, 30)
    left.rename(left.with_name(f"{left.name}.part"))
    assert back_up(here, plan)
    assert [name for name in made(plan) if name.endswith(".part")] == []


def test_none_is_made_that_nobody_wants_or_may_make(
    here: tuple[Profile, bytes], plan: BackupPlan
) -> None:
    assert not back_up(here, replace(plan, days=0))
    locked = Profile(here[0].folder, Policy(export=False))
    assert not back_up((locked, here[1]), plan)


def test_a_folder_that_is_gone_is_told(here: tuple[Profile, bytes], plan: BackupPlan) -> None:
    Path(plan.folder).rmdir()
    with pytest.raises(Missing, match="folder"):
        list(back_up_if_due(*here, plan, Stop()))

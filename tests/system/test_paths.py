import os
import stat
from pathlib import Path

import pytest

from sottovoce.domain.problems import Damaged, Refused
from sottovoce.system.paths import profile, resource


def test_everything_is_kept_in_the_folder_that_was_asked_for(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    kept = profile(folder)
    assert folder.is_dir()
    places = (
        kept.database,
        kept.vault,
        kept.logs,
        kept.models,
        kept.adapters,
        kept.network,
        kept.ledger,
        kept.speed,
        kept.appearance,
        kept.lock,
    )
    assert {place.parent for place in places} == {folder}
    assert kept.downloads.parent == kept.models
    assert len(set(places)) == len(places)


@pytest.mark.skipif(os.name != "posix", reason="Windows has other rights")
def test_the_folder_is_private(tmp_path: Path) -> None:
    assert stat.S_IMODE(profile(tmp_path / "new").folder.stat().st_mode) == 0o700


@pytest.mark.skipif(os.name != "posix", reason="other systems have other places")
def test_without_a_wish_it_is_the_users_data_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert tmp_path in profile(None).folder.parents


def test_a_place_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Refused):
        profile(tmp_path / "file" / "folder")


def test_a_resource_that_is_missing_asks_to_install_again() -> None:
    with pytest.raises(Damaged):
        resource("icons/of-nothing.svg")


def test_resources_are_found_in_a_checkout() -> None:
    assert resource("").is_dir()

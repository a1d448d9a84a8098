import os
import stat
import sys
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


@pytest.fixture
def application(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an installed program; a portable one, once a file says so."""
    folder = tmp_path / "stick" / "Sottovoce"
    folder.mkdir(parents=True)
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(folder / "sottovoce"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return folder


def test_a_portable_program_keeps_everything_beside_itself(application: Path) -> None:
    assert not profile(None).is_portable
    (application / "portable").touch()
    here = profile(None)
    assert here.folder == application / "data"
    assert here.is_portable
    assert here.models.is_relative_to(application)


def test_a_portable_mac_application_keeps_everything_beside_itself(
    application: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = application / "Sottovoce.app"
    monkeypatch.setattr(sys, "executable", str(bundle / "Contents" / "MacOS" / "sottovoce"))
    (application / "portable").touch()
    assert profile(None).folder == application / "data"


def test_a_wish_wins_over_a_portable_place(application: Path, tmp_path: Path) -> None:
    (application / "portable").touch()
    here = profile(tmp_path / "wished")
    assert (here.folder, here.is_portable) == (tmp_path / "wished", False)


def test_a_portable_place_that_cannot_be_written_is_told(
    application: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (application / "portable").touch()
    (application / "data").touch()
    with pytest.raises(Refused, match="portable"):
        profile(None)
    (application / "data").unlink()
    profile(None)
    monkeypatch.setattr(os, "access", lambda *_: False)  # Root may write anywhere but on such.
    with pytest.raises(Refused, match="portable"):
        profile(None)


def test_in_a_checkout_nothing_is_portable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "portable").touch()
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    assert not profile(None).is_portable

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QFileDialog, QPushButton
from pytestqt.qtbot import QtBot

from models.bundling import KEY, cargoes, make
from sottovoce.cli.arguments import parse
from sottovoce.models.bundle.minisign import new_key
from sottovoce.models.bundle.reading import read
from sottovoce.models.bundle.signers import Signers
from sottovoce.models.names import BUNDLE_SUFFIX
from sottovoce.models.shelf import Origin, Shelf
from sottovoce.system.paths import Profile
from sottovoce.ui.models.bundle_dialog import BundleDialog
from sottovoce.ui.models.licence_dialog import LicenceDialog
from sottovoce.ui.models.page import ModelsPage
from sottovoce.ui.shell import Shell
from ui.hub_window import none_shown, shown
from ui.models_page import opened, press


@pytest.fixture
def page(qtbot: QtBot, shell: Shell) -> ModelsPage:
    return opened(qtbot, shell)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return make(tmp_path / f"carry{BUNDLE_SUFFIX}", cargoes(tmp_path / "from"))


@pytest.fixture
def trusted(profile: Profile) -> Signers:
    signers = Signers(profile)
    signers.trust(KEY.public)
    return signers


def begun(qtbot: QtBot, shell: Shell, page: ModelsPage, bundle: Path) -> BundleDialog:
    """The dialog, once it shows what is carried."""
    page.add([bundle])
    dialog = shown(shell, BundleDialog)
    qtbot.waitUntil(lambda: dialog.heading == "Field office")
    return dialog


def own(profile: Profile) -> list[Path]:
    items = Shelf(profile.models).items()
    return [item.path for item in items if item.origin is Origin.OWN]


def is_unpacking(profile: Profile) -> bool:
    """Whether a part lies anywhere. Unlike `rglob`, this bears folders that go meanwhile."""
    return any(name.endswith(".part") for _, _, names in os.walk(profile.models) for name in names)


def test_a_bundle_of_a_trusted_signer_is_installed_with_one_click(
    qtbot: QtBot, shell: Shell, page: ModelsPage, bundle: Path, trusted: Signers, profile: Profile
) -> None:
    dialog = begun(qtbot, shell, page, bundle)
    assert dialog.fingerprint.parent() is None
    press(qtbot, dialog.install)
    qtbot.waitUntil(lambda: none_shown(shell))
    assert [path.name for path in own(profile)] == ["talk.gguf"]
    qtbot.waitUntil(lambda: page.installed.rows.index_of(own(profile)[0]).isValid())
    assert page.toast.isVisible()


def test_an_unknown_signer_has_to_be_named_by_a_fingerprint(
    qtbot: QtBot, shell: Shell, page: ModelsPage, bundle: Path, profile: Profile
) -> None:
    dialog = begun(qtbot, shell, page, bundle)
    assert not dialog.install.isEnabled()
    qtbot.keyClicks(dialog.fingerprint, new_key().public.fingerprint)
    assert "not this signer" in dialog.mismatch
    assert not dialog.install.isEnabled()
    dialog.fingerprint.clear()
    qtbot.keyClicks(dialog.fingerprint, KEY.public.fingerprint.lower().replace("-", " "))
    press(qtbot, dialog.install)
    qtbot.waitUntil(lambda: none_shown(shell))
    assert own(profile)
    assert Signers(profile).find(KEY.public)


def test_a_licence_is_shown_before(
    qtbot: QtBot,
    shell: Shell,
    page: ModelsPage,
    trusted: Signers,
    profile: Profile,
    tmp_path: Path,
) -> None:
    [model, *_] = cargoes(tmp_path / "from")
    bundle = make(tmp_path / f"llama{BUNDLE_SUFFIX}", [replace(model, licence="llama3.1")])
    dialog = begun(qtbot, shell, page, bundle)
    press(qtbot, dialog.install)
    terms = shown(shell, LicenceDialog)
    assert not own(profile)
    terms.agree.click()
    press(qtbot, terms.go_on)
    qtbot.waitUntil(lambda: none_shown(shell))
    [item] = [item for item in Shelf(profile.models).items() if item.origin is Origin.OWN]
    assert item.record is not None
    assert item.record.acceptance is not None


def test_the_application_goes_to_a_folder_of_the_persons_choice(
    qtbot: QtBot,
    shell: Shell,
    page: ModelsPage,
    bundle: Path,
    trusted: Signers,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path / "handed"
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))
    dialog = begun(qtbot, shell, page, bundle)
    [choose] = [b for b in dialog.findChildren(QPushButton) if b.text() == "Choose a folder…"]
    press(qtbot, choose)
    press(qtbot, dialog.install)
    qtbot.waitUntil(lambda: none_shown(shell))
    assert sorted(path.name for path in folder.iterdir()) == ["Sottovoce.AppImage", "policy.toml"]


def test_what_is_no_bundle_is_told(
    qtbot: QtBot, shell: Shell, page: ModelsPage, tmp_path: Path
) -> None:
    (tmp_path / f"no{BUNDLE_SUFFIX}").write_bytes(b"x" * 3_000)
    page.add([tmp_path / f"no{BUNDLE_SUFFIX}"])
    dialog = shown(shell, BundleDialog)
    qtbot.waitUntil(lambda: "no bundle" in dialog.trouble)
    assert dialog.leave.text() == "Close"
    assert dialog.height() < 250, "It has no room for what it does not show."
    assert not dialog.install.isVisible()
    assert not dialog.install.isEnabled()


def test_a_changed_part_is_told_and_can_be_tried_again(
    qtbot: QtBot,
    shell: Shell,
    page: ModelsPage,
    trusted: Signers,
    profile: Profile,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = make(tmp_path / "carry", cargoes(tmp_path / "from"), split=40_000)
    part, kept = folder / "00002.part", tmp_path / "kept"
    shutil.copy(part, kept)
    part.write_bytes(bytes(part.stat().st_size))
    name = str(folder / "manifest.json")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (name, ""))
    page.installed.add_bundle.trigger()
    dialog = shown(shell, BundleDialog)
    qtbot.waitUntil(dialog.install.isEnabled)
    press(qtbot, dialog.install)
    qtbot.waitUntil(lambda: "not what was signed" in dialog.trouble)
    assert not own(profile)
    shutil.copy(kept, part)
    qtbot.waitUntil(dialog.install.isEnabled)
    press(qtbot, dialog.install)
    qtbot.waitUntil(lambda: none_shown(shell))
    assert own(profile)


def test_closing_the_dialog_stops_and_leaves_nothing(
    qtbot: QtBot,
    shell: Shell,
    page: ModelsPage,
    trusted: Signers,
    profile: Profile,
    bundle: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    has_begun, may_go_on = Event(), Event()

    def held(*arguments: Any) -> Iterator[memoryview]:
        for piece in read(*arguments):
            has_begun.set()
            assert may_go_on.wait(60)
            yield piece

    monkeypatch.setattr("sottovoce.models.bundle.install.read", held)
    dialog = begun(qtbot, shell, page, bundle)
    press(qtbot, dialog.install)
    qtbot.waitUntil(has_begun.is_set)
    assert is_unpacking(profile)
    press(qtbot, dialog.leave)
    may_go_on.set()
    qtbot.waitUntil(lambda: not is_unpacking(profile))
    assert not own(profile)


@pytest.mark.parametrize("place", ["chat", "models"])
def test_a_bundle_can_be_dropped(
    place: str, qtbot: QtBot, shell: Shell, bundle: Path, trusted: Signers
) -> None:
    if place == "models":
        opened(qtbot, shell)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(bundle))])
    shell.dropEvent(
        QDropEvent(
            QPointF(1, 1),
            Qt.DropAction.CopyAction,
            data,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
    )
    dialog = shown(shell, BundleDialog)
    qtbot.waitUntil(dialog.install.isEnabled)


def test_a_file_that_was_double_clicked_is_opened(
    qtbot: QtBot, shell: Shell, bundle: Path, trusted: Signers
) -> None:
    assert parse([str(bundle)]).open_model == bundle
    shell.start(model=bundle)
    dialog = shown(shell, BundleDialog)
    qtbot.waitUntil(dialog.install.isEnabled)
    qtbot.waitUntil(lambda: shell.model.model is not None)

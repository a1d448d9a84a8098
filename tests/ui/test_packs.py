from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog, QLabel, QToolButton
from pytestqt.qtbot import QtBot

from fakes import ScriptedEngine
from models.bundling import KEY
from models.packing import pack, put
from sottovoce.domain.policy import Policy
from sottovoce.models.bundle.signers import Signers
from sottovoce.models.packs import Packs
from sottovoce.system.paths import Profile
from sottovoce.ui.models.bundle_dialog import BundleDialog
from sottovoce.ui.packs.dialog import PackDialog
from sottovoce.ui.packs.view_model import PacksViewModel
from sottovoce.ui.settings.dialog import SettingsDialog
from sottovoce.ui.settings.packs_card import PacksCard
from sottovoce.ui.shell import Shell
from sottovoce.ui.tasks import Tasks
from sottovoce.ui.theme.scheme import Look
from ui.hub_window import shown
from ui.models_page import confirm, press

Open = Callable[..., PackDialog]


@pytest.fixture
def packs(shell: Shell, profile: Profile, engine: ScriptedEngine, tasks: Tasks) -> PacksViewModel:
    """Packs of a Sottovoce whose publisher has a key; the engine loads both libraries."""
    engine.available_devices = replace(engine.available_devices, packs=2)
    model = PacksViewModel(profile, engine, tasks, lambda: KEY.public)
    model.setParent(shell)
    return model


@pytest.fixture
def show(shell: Shell, packs: PacksViewModel, look: Look) -> Open:
    """The dialog on a file."""

    def show(path: Path) -> PackDialog:
        dialog = PackDialog(packs.opened(path), packs, look, shell)
        dialog.show()
        return dialog

    return show


@pytest.fixture
def card(qtbot: QtBot, packs: PacksViewModel, look: Look) -> PacksCard:
    card = PacksCard(packs, look)
    qtbot.addWidget(card)
    card.show()
    qtbot.waitUntil(lambda: packs.packs is not None)
    return card


def words(card: PacksCard) -> str:
    """All that can be read on it."""
    return " ".join(each.text() for each in card.findChildren(QLabel) if each.isVisible())


def test_without_packs_it_says_what_one_is(card: PacksCard) -> None:
    assert "comes from where you got Sottovoce" in card.says.text()
    assert card.install.isEnabled()
    assert not card.reload.isVisible()


def test_a_pack_is_shown_installed_and_removed(
    qtbot: QtBot, shell: Shell, show: Open, card: PacksCard, packs: PacksViewModel, tmp_path: Path
) -> None:
    dialog = show(pack(tmp_path))
    qtbot.waitUntil(lambda: dialog.heading == "Vulkan")
    press(qtbot, dialog.go_on)
    qtbot.waitUntil(lambda: dialog.heading == "Vulkan is installed")
    assert not dialog.go_on.isVisible()
    dialog.leave.click()
    qtbot.waitUntil(lambda: "The engine uses it." in words(card))
    assert KEY.public.fingerprint.replace("-", " ") in words(card)

    [remove] = card.findChildren(QToolButton)
    assert remove.toolTip() == "Remove Vulkan"
    remove.click()
    assert "without it" in confirm(qtbot, card, "Remove")
    qtbot.waitUntil(lambda: packs.packs == ())
    assert card.says.isVisible()


def test_the_model_in_memory_can_be_loaded_again(
    qtbot: QtBot, shell: Shell, show: Open, card: PacksCard, packs: PacksViewModel, tmp_path: Path
) -> None:
    packs.reload_asked.connect(shell.model.reload)
    shell.model.changed.connect(packs.note_load)
    shell.model.load()
    qtbot.waitUntil(lambda: shell.model.loaded is not None)
    dialog = show(pack(tmp_path))
    qtbot.waitUntil(lambda: dialog.heading == "Vulkan")
    press(qtbot, dialog.go_on)
    qtbot.waitUntil(lambda: dialog.go_on.text() == "Load the model again")
    qtbot.waitUntil(card.reload.isVisible)
    before = shell.model.loaded
    press(qtbot, dialog.go_on)
    qtbot.waitUntil(lambda: shell.model.loaded not in {None, before} or not packs.needs_reload)
    qtbot.waitUntil(lambda: "The engine uses it." in words(card))
    assert not card.reload.isVisible()


def test_why_a_pack_is_not_used_is_told(
    qtbot: QtBot,
    card: PacksCard,
    packs: PacksViewModel,
    profile: Profile,
    engine: ScriptedEngine,
    tmp_path: Path,
) -> None:
    engine.available_devices = replace(engine.available_devices, packs=0)
    installed = put(Packs(profile, KEY.public), pack(tmp_path))
    packs.refresh()
    qtbot.waitUntil(lambda: "driver is missing" in words(card))
    installed.libraries[0].path.write_bytes(b"changed")
    packs.refresh()
    qtbot.waitUntil(lambda: "was changed since it was signed" in words(card))


@pytest.mark.parametrize(
    ("facts", "says"),
    [({"version": "0.3.35"}, "another Sottovoce"), ({"platform": "windows-arm64"}, "is for")],
)
def test_a_pack_that_does_not_fit_is_refused_in_a_sentence(
    qtbot: QtBot, show: Open, tmp_path: Path, facts: dict[str, str], says: str
) -> None:
    dialog = show(pack(tmp_path, **facts))  # type: ignore[arg-type]  # Each is a text.
    qtbot.waitUntil(lambda: says in dialog.trouble)
    assert dialog.heading == "This pack cannot be installed"
    assert not dialog.go_on.isVisible()


def test_a_damaged_pack_leaves_nothing(
    qtbot: QtBot, show: Open, profile: Profile, tmp_path: Path
) -> None:
    bundle = pack(tmp_path)
    content = bytearray(bundle.read_bytes())
    content[-3_000] ^= 1
    bundle.write_bytes(content)
    dialog = show(bundle)
    qtbot.waitUntil(lambda: dialog.go_on.isVisible() or bool(dialog.trouble))
    if not dialog.trouble:
        press(qtbot, dialog.go_on)
        qtbot.waitUntil(lambda: bool(dialog.trouble))
    assert not list(profile.packs.glob("*-*"))


def test_an_unknown_signer_is_asked_for_by_fingerprint(
    qtbot: QtBot, shell: Shell, profile: Profile, tmp_path: Path
) -> None:
    """Opened as a bundle, as by a double click, it comes to the same dialog."""
    shell.open_file(pack(tmp_path))
    qtbot.waitUntil(lambda: bool(shell.findChildren(PackDialog)))
    dialog = shown(shell, PackDialog)
    qtbot.waitUntil(dialog.fingerprint.isVisible)
    assert not [each for each in shell.findChildren(BundleDialog) if each.isVisible()]
    assert not dialog.go_on.isEnabled()
    qtbot.keyClicks(dialog.fingerprint, KEY.public.fingerprint)
    press(qtbot, dialog.go_on)
    qtbot.waitUntil(lambda: dialog.heading == "Vulkan")
    assert Signers(profile).find(KEY.public)


def test_administrators_lock_it_and_it_says_so(
    qtbot: QtBot, profile: Profile, engine: ScriptedEngine, tasks: Tasks, look: Look
) -> None:
    closed = replace(profile, policy=Policy(updates=False))
    model = PacksViewModel(closed, engine, tasks, lambda: KEY.public)
    card = PacksCard(model, look)
    qtbot.addWidget(card)
    card.show()
    assert not card.install.isEnabled()
    assert "administrator" in words(card)
    qtbot.waitUntil(lambda: model.packs == ())


def test_settings_ask_for_a_file(
    qtbot: QtBot, shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = pack(tmp_path)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    shell.actions_by_id["settings"].trigger()
    [settings] = shell.findChildren(SettingsDialog)
    settings.show_packs()
    press(qtbot, settings.packs.install)
    dialog = shown(shell, PackDialog)
    qtbot.waitUntil(dialog.fingerprint.isVisible)

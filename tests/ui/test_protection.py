"""What opens the chats is changed in the settings."""

from collections.abc import Callable
from typing import TypeVar

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QWidget
from pytestqt.qtbot import QtBot

from fakes import MemorySecrets
from sottovoce.domain.policy import Policy
from sottovoce.system.paths import Profile
from sottovoce.system.recovery import new_recovery_key
from sottovoce.system.slots import Cost, Protection
from sottovoce.system.vault import Vault
from sottovoce.ui.settings.confirm_dialog import ConfirmDialog
from sottovoce.ui.settings.passphrase_dialog import PassphraseDialog
from sottovoce.ui.settings.protection_card import ProtectionCard
from sottovoce.ui.settings.protection_view_model import ProtectionViewModel
from sottovoce.ui.settings.recovery_dialog import RecoveryDialog
from sottovoce.ui.tasks import Tasks
from sottovoce.ui.theme.scheme import Look

Kind = TypeVar("Kind", bound=QWidget)

PASSPHRASE, OTHER = "seven quiet words", "eight other words"
Shown = Callable[[Profile, MemorySecrets | None], ProtectionCard]


@pytest.fixture
def vault(profile: Profile) -> Vault:
    return Vault(profile.vault, Cost(memory=8 * 1024, passes=1, lanes=1))


@pytest.fixture
def begun_anew() -> list[str]:
    return []


@pytest.fixture
def shown(qtbot: QtBot, tasks: Tasks, look: Look, begun_anew: list[str]) -> Shown:
    def show(profile: Profile, secrets: MemorySecrets | None) -> ProtectionCard:
        model = ProtectionViewModel(
            profile, tasks, lambda: secrets, lambda: begun_anew.append("begun")
        )
        card = ProtectionCard(model, look)
        qtbot.addWidget(card)
        card.show()
        qtbot.waitUntil(lambda: model.protections is not None)
        return card

    return show


def dialog(card: QWidget, kind: type[Kind]) -> Kind:
    (found,) = (each for each in card.findChildren(kind) if each.isVisible())
    return found


def test_a_passphrase_is_changed_by_who_knows_the_one_before(
    qtbot: QtBot, profile: Profile, vault: Vault, shown: Shown
) -> None:
    key = vault.create(secrets=None, passphrase=PASSPHRASE)
    card = shown(profile, None)
    card.set_buttons[Protection.PASSPHRASE].click()
    asked = dialog(card, PassphraseDialog)
    asked.new.first.setText(OTHER)
    asked.new.second.setText(OTHER)
    asked.now.setText("not this one")
    asked.keep.click()
    qtbot.waitUntil(lambda: asked.trouble.text() == "The passphrase is not right.")
    asked.now.setText(PASSPHRASE)
    qtbot.keyClick(asked.new.second, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "opens your chats from now on" in card.said.text())
    assert vault.open_with_passphrase(OTHER) == key


def test_a_keyring_alone_is_cautioned_about_until_there_is_a_recovery_key(
    qtbot: QtBot, profile: Profile, vault: Vault, shown: Shown
) -> None:
    drawer = MemorySecrets()
    key = vault.create(secrets=drawer, passphrase=None)
    card = shown(profile, drawer)
    assert card.caution.isVisible()
    card.set_buttons[Protection.RECOVERY].click()
    asked = dialog(card, RecoveryDialog)
    assert not asked.use.isEnabled()
    asked.copy_button.click()
    assert QApplication.clipboard().text() == asked.text
    asked.is_kept.click()
    asked.use.click()
    qtbot.waitUntil(lambda: not card.caution.isVisible())
    assert vault.open_with_recovery_key(asked.text) == key


def test_what_is_wrong_is_said_beside_the_recovery_key_and_cuts_none_of_it(
    qtbot: QtBot, profile: Profile, vault: Vault, shown: Shown
) -> None:
    vault.create(secrets=None, passphrase=PASSPHRASE)
    card = shown(profile, None)
    card.set_buttons[Protection.RECOVERY].click()
    asked = dialog(card, RecoveryDialog)
    asked.copy_button.click()
    asked.is_kept.click()
    asked.proof.setText("not this one")
    asked.use.click()
    qtbot.waitUntil(asked.trouble.isVisible)
    assert not card.trouble.isVisible(), "It would be said twice."
    parts = [part for part in asked.findChildren(QLabel) if part.isVisible()]
    qtbot.waitUntil(
        lambda: all(part.height() >= part.heightForWidth(part.width()) for part in parts)
    )


def test_a_recovery_key_that_was_not_confirmed_opens_nothing(
    qtbot: QtBot, profile: Profile, vault: Vault, shown: Shown
) -> None:
    drawer = MemorySecrets()
    vault.create(secrets=drawer, passphrase=None)
    card = shown(profile, drawer)
    card.set_buttons[Protection.RECOVERY].click()
    asked = dialog(card, RecoveryDialog)
    asked.reject()
    assert vault.protections == {Protection.KEYRING}


def test_a_recovery_key_is_saved_after_a_warning(
    qtbot: QtBot,
    profile: Profile,
    vault: Vault,
    shown: Shown,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawer = MemorySecrets()
    vault.create(secrets=drawer, passphrase=None)
    card = shown(profile, drawer)
    card.set_buttons[Protection.RECOVERY].click()
    asked = dialog(card, RecoveryDialog)
    path = profile.folder / "stick.txt"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    asked.save_button.click()
    assert not path.exists()
    warned = dialog(asked, ConfirmDialog)
    warned.go_on.click()
    assert path.read_text(encoding="utf-8").startswith(asked.text)


def test_the_keyring_is_added_and_removed_by_who_knows_the_passphrase(
    qtbot: QtBot, profile: Profile, vault: Vault, shown: Shown
) -> None:
    drawer = MemorySecrets()
    key = vault.create(secrets=None, passphrase=PASSPHRASE)
    card = shown(profile, drawer)
    card.set_buttons[Protection.KEYRING].click()
    asked = dialog(card, ConfirmDialog)
    assert not asked.go_on.isEnabled()
    asked.field.setText(PASSPHRASE)
    asked.go_on.click()
    qtbot.waitUntil(lambda: Protection.KEYRING in vault.protections)
    assert vault.open_with_keyring(drawer) == key

    qtbot.waitUntil(card.remove_buttons[Protection.KEYRING].isVisible)
    card.remove_buttons[Protection.KEYRING].click()
    again = dialog(card, ConfirmDialog)
    again.go_on.click()
    qtbot.waitUntil(lambda: vault.protections == {Protection.PASSPHRASE})
    qtbot.waitUntil(lambda: drawer.kept == {})


def test_the_last_that_opens_the_chats_stays_and_why_is_told(
    qtbot: QtBot, profile: Profile, vault: Vault, shown: Shown
) -> None:
    drawer = MemorySecrets()
    key = vault.create(secrets=None, passphrase=PASSPHRASE)
    card = shown(profile, drawer)
    removal = card.remove_buttons[Protection.PASSPHRASE]
    assert not removal.isEnabled()
    assert removal.toolTip() == "Nothing else would open your chats"
    vault.add_keyring(key, drawer)
    again = shown(profile, drawer).remove_buttons[Protection.PASSPHRASE]
    assert "keyrings get lost" in again.toolTip()


def test_a_keyring_that_does_not_answer_is_told_and_is_no_wrong_passphrase(
    qtbot: QtBot, profile: Profile, vault: Vault, shown: Shown
) -> None:
    key = vault.create(secrets=MemorySecrets(), passphrase=PASSPHRASE)
    vault.add_recovery_key(key, new_recovery_key())
    card = shown(profile, None)
    card.remove_buttons[Protection.RECOVERY].click()
    dialog(card, ConfirmDialog).go_on.click()
    qtbot.waitUntil(card.trouble.isVisible)
    assert card.trouble.text() == "There is no keyring that answers. Unlock it and try again."
    assert not list(profile.vault.glob("tries.json"))
    assert Protection.RECOVERY in vault.protections


def test_an_administrator_who_wants_a_passphrase_keeps_it(
    qtbot: QtBot, profile: Profile, vault: Vault, shown: Shown
) -> None:
    drawer = MemorySecrets()
    vault.create(secrets=drawer, passphrase=PASSPHRASE)
    card = shown(Profile(profile.folder, Policy(needs_passphrase=True)), drawer)
    removal = card.remove_buttons[Protection.PASSPHRASE]
    assert not removal.isEnabled()
    assert "administrator" in removal.toolTip()


def test_a_change_of_key_is_wished_for_and_the_window_begins_anew(
    qtbot: QtBot, profile: Profile, vault: Vault, shown: Shown, begun_anew: list[str]
) -> None:
    vault.create(secrets=None, passphrase=PASSPHRASE)
    card = shown(profile, None)
    card.change_key.click()
    asked = dialog(card, ConfirmDialog)
    asked.go_on.click()
    assert begun_anew == ["begun"]
    assert profile.key_wish.exists()


def test_forgetting_takes_a_word(
    qtbot: QtBot, profile: Profile, vault: Vault, shown: Shown, begun_anew: list[str]
) -> None:
    vault.create(secrets=None, passphrase=PASSPHRASE)
    card = shown(profile, None)
    card.forget.click()
    asked = dialog(card, ConfirmDialog)
    asked.field.setText("yes")
    assert not asked.go_on.isEnabled()
    asked.field.setText("Forget")
    asked.go_on.click()
    assert begun_anew == ["begun"]
    assert not vault.exists
    assert profile.forgotten.exists()

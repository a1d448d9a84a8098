"""Backups in the settings, with real files."""

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog, QLineEdit, QMessageBox
from pytestqt.qtbot import QtBot

from sottovoce.domain.policy import Policy
from sottovoce.domain.settings import BackupPlan, Settings
from sottovoce.domain.stop import Stop
from sottovoce.store.backup import create
from sottovoce.store.store import Store
from sottovoce.system.exchange import finish_replacing, kept
from sottovoce.system.paths import Profile, profile
from sottovoce.system.vault import Vault
from sottovoce.ui.backup.restoring import Restoring
from sottovoce.ui.backup.view_model import BackupViewModel
from sottovoce.ui.settings.backup_card import BackupCard
from sottovoce.ui.settings.view_model import SettingsViewModel
from sottovoce.ui.tasks import Tasks
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.unlock.pages import UnlockPages
from sottovoce.ui.unlock.view_model import UnlockViewModel
from store.remembering import PASSPHRASE, remembering, said, say


@pytest.fixture
def here(tmp_path: Path) -> tuple[Profile, bytes]:
    return remembering(tmp_path / "here", "one", "two")


@pytest.fixture
def settings(store: Store, tasks: Tasks) -> SettingsViewModel:
    return SettingsViewModel(store, tasks, Settings())


@pytest.fixture
def backups(here: tuple[Profile, bytes], tasks: Tasks) -> BackupViewModel:
    return BackupViewModel(*here, tasks)


@pytest.fixture
def card(
    qtbot: QtBot, backups: BackupViewModel, settings: SettingsViewModel, look: Look
) -> BackupCard:
    card = BackupCard(backups, settings, look)
    qtbot.addWidget(card)
    card.show()
    return card


@pytest.fixture
def file(here: tuple[Profile, bytes], tmp_path: Path) -> Path:
    path = tmp_path / "mine.backup"
    list(create(*here, path, Stop()))
    return path


def done(qtbot: QtBot, backups: BackupViewModel) -> None:
    qtbot.waitUntil(lambda: not backups.doing)


def test_a_backup_is_made_and_what_is_in_it_is_said(
    qtbot: QtBot, card: BackupCard, backups: BackupViewModel, tmp_path: Path
) -> None:
    backups.create(tmp_path / "mine.backup")
    assert card.bar.isVisible()
    assert not card.back_up.isEnabled()
    done(qtbot, backups)
    assert "1 chat, 2 messages, 1 document" in card.says.text()
    assert (tmp_path / "mine.backup").exists()
    assert not card.bar.isVisible()


def test_a_backup_that_is_stopped_leaves_nothing(
    qtbot: QtBot, card: BackupCard, backups: BackupViewModel, tmp_path: Path
) -> None:
    backups.create(tmp_path / "mine.backup")
    card.stop.click()
    done(qtbot, backups)
    assert [path.name for path in tmp_path.iterdir()] == ["here"]
    assert card.trouble.isHidden()


def test_what_goes_wrong_is_said_and_forgotten_when_it_goes_right(
    qtbot: QtBot, card: BackupCard, backups: BackupViewModel, file: Path, tmp_path: Path
) -> None:
    backups.create(file)
    done(qtbot, backups)
    assert "already" in card.trouble.text()
    assert card.trouble.isVisible()
    backups.create(tmp_path / "another.backup")
    done(qtbot, backups)
    assert card.trouble.isHidden()
    assert "1 chat" in card.says.text()
    assert card.says.isVisible()
    backups.create(file)
    done(qtbot, backups)
    assert not card.says.isVisible(), "It was true of the one before."


def test_a_backup_of_these_chats_is_restored_without_a_passphrase(
    qtbot: QtBot,
    card: BackupCard,
    backups: BackupViewModel,
    here: tuple[Profile, bytes],
    file: Path,
) -> None:
    say(*here, "later")
    with qtbot.waitSignal(backups.found):
        backups.find(file)
    done(qtbot, backups)
    assert not card.dialog.secret.isVisible()
    assert card.dialog.focusWidget() is card.dialog.restore
    with qtbot.waitSignal(backups.restored):
        card.dialog.restore.click()
    assert said(*here) == ["one", "two", "later"], "it is replaced when the window begins anew"
    finish_replacing(here[0])
    assert said(*here) == ["one", "two"]


def test_a_backup_of_other_chats_asks_for_its_passphrase(
    qtbot: QtBot, look: Look, tasks: Tasks, settings: SettingsViewModel, file: Path, tmp_path: Path
) -> None:
    there = remembering(tmp_path / "there", "other")[0]
    backups = BackupViewModel(there, b"", tasks)
    card = BackupCard(backups, settings, look)
    qtbot.addWidget(card)
    card.show()
    assert not card.back_up.isEnabled()
    with qtbot.waitSignal(backups.found):
        backups.find(file)
    done(qtbot, backups)
    dialog = card.dialog
    assert dialog.secret.isVisible()
    assert dialog.focusWidget() is dialog.secret
    assert dialog.secret.echoMode() is QLineEdit.EchoMode.Password
    assert not dialog.restore.isEnabled()
    dialog.secret.setText("wrong")
    with qtbot.waitSignal(backups.failed):
        dialog.restore.click()
    done(qtbot, backups)
    assert "not right" in dialog.trouble.text()
    dialog.secret.setText(PASSPHRASE)
    with qtbot.waitSignal(backups.restored):
        dialog.restore.click()


def test_what_was_here_before_can_be_brought_back_or_removed(
    qtbot: QtBot,
    card: BackupCard,
    backups: BackupViewModel,
    here: tuple[Profile, bytes],
    file: Path,
) -> None:
    assert not card.bring_back.isVisible()
    say(*here, "later")
    with qtbot.waitSignal(backups.found):
        backups.find(file)
    done(qtbot, backups)
    with qtbot.waitSignal(backups.restored):
        card.dialog.restore.click()
    finish_replacing(here[0])
    backups.look()
    qtbot.waitUntil(card.bring_back.isVisible)
    with qtbot.waitSignal(backups.restored):
        card.bring_back.click()
    finish_replacing(here[0])
    assert said(*here) == ["one", "two", "later"]
    done(qtbot, backups)
    card.discard.click()
    (box,) = card.findChildren(QMessageBox)
    remove = next(each for each in box.buttons() if each.text() == "Remove")
    remove.click()
    qtbot.waitUntil(lambda: not card.bring_back.isVisible())
    assert kept(here[0]) == []


def test_automatic_backups_are_chosen(
    qtbot: QtBot, card: BackupCard, settings: SettingsViewModel, tmp_path: Path
) -> None:
    assert card.days.currentText() == "Never"
    card.take_folder(tmp_path)
    assert card.days.currentText() == "Every week"
    card.days.setCurrentIndex(card.days.findText("Every day"))
    card.keep.setCurrentIndex(card.keep.findText("10"))
    assert settings.settings.backups == BackupPlan(str(tmp_path), days=1, keep=10)
    card.days.setCurrentIndex(card.days.findText("Never"))
    assert not settings.settings.backups.is_wanted
    assert not card.keep.isVisibleTo(card)


def test_administrators_can_forbid_backups_but_not_restoring(
    qtbot: QtBot, look: Look, tasks: Tasks, settings: SettingsViewModel, here: tuple[Profile, bytes]
) -> None:
    locked = replace(here[0], policy=Policy(export=False))
    card = BackupCard(BackupViewModel(locked, here[1], tasks), settings, look)
    qtbot.addWidget(card)
    assert not any(each.isEnabled() for each in (card.back_up, card.days, card.keep, card.choose))
    assert card.restore.isEnabled()
    assert "administrator" in card.back_up.toolTip()


def test_a_first_start_can_begin_with_a_backup(
    qtbot: QtBot,
    look: Look,
    tasks: Tasks,
    file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    there = profile(tmp_path / "there")
    unlock = UnlockViewModel(there, tasks, secrets=lambda: None, passphrase=None)
    pages = UnlockPages(unlock, look, 0)
    qtbot.addWidget(pages)
    pages.show()
    told: list[str] = []
    begun_anew: list[bool] = []
    restoring = Restoring(
        there, tasks, pages, failed=told.append, restored=lambda: begun_anew.append(True)
    )
    unlock.restore_asked.connect(restoring.ask_which)
    unlock.start()
    qtbot.waitUntil(pages.choose.isVisible)

    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(tmp_path / "no file"), ""))
    pages.choose.restore.click()
    qtbot.waitUntil(lambda: bool(told))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(file), ""))
    qtbot.waitUntil(lambda: not restoring.backups.doing)
    pages.choose.restore.click()
    qtbot.waitUntil(lambda: restoring.dialog is not None and not restoring.backups.doing)
    assert restoring.dialog is not None
    restoring.dialog.secret.setText(PASSPHRASE)
    restoring.dialog.restore.click()
    qtbot.waitUntil(lambda: bool(begun_anew))

    finish_replacing(there)
    key = Vault(there.vault).open_with_passphrase(PASSPHRASE)
    assert said(there, key) == ["one", "two"]

"""What administrators decided is in force in the window, and seen to be."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QLabel,
    QMessageBox,
    QPushButton,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from fakes import MemorySecrets, ScriptedEngine
from sottovoce.chat.export import Format
from sottovoce.domain.policy import NO_RULES, Policy
from sottovoce.launch import launch
from sottovoce.models.remote import Remote
from sottovoce.store import moments
from sottovoce.store.store import Store
from sottovoce.system.audit import Event, read_log
from sottovoce.system.network.switch import PUBLIC_HUB, NetworkSettings, write_switch
from sottovoce.system.paths import Profile
from sottovoce.system.slots import Protection
from sottovoce.system.vault import Vault
from sottovoce.ui.application import Session, WindowParts
from sottovoce.ui.network.panel import NetworkPanel
from sottovoce.ui.network.switch_dialog import SwitchDialog, Wish, when_on
from sottovoce.ui.settings.dialog import SettingsDialog
from sottovoce.ui.shell import Shell
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.unlock.view_model import Step
from sottovoce.ui.widgets.locked import SET_BY_ADMINISTRATOR
from ui.hub_window import shown


@pytest.fixture
def policy(request: pytest.FixtureRequest) -> Policy:
    found: Policy = getattr(request, "param", NO_RULES)
    return found


@pytest.fixture
def profile(tmp_path: Path, policy: Policy) -> Profile:
    write_switch(tmp_path / "network.json", NetworkSettings(on=True, hosts=("mine.example",)))
    return Profile(tmp_path, policy)


def under(policy: Policy) -> pytest.MarkDecorator:
    """The window is opened under this policy."""
    return pytest.mark.parametrize("policy", [policy], indirect=True)


def words(of: QWidget) -> str:
    return " ".join(part.text() for part in of.findChildren(QLabel) if part.isVisible())


@under(Policy(network=False))
def test_a_network_that_is_kept_off_cannot_be_switched_on(
    qtbot: QtBot, shell: Shell, look: Look
) -> None:
    shell.network.look()
    assert shell.status.chip.text() == "● Offline"
    shell.status.chip.click()
    panel = shown(shell, NetworkPanel)
    assert not panel.switch.isEnabled()
    assert SET_BY_ADMINISTRATOR in words(panel)
    panel.close()
    when_on(shell.network, Wish.DOWNLOAD, shell, look=look, then=pytest.fail)
    dialog = shown(shell, SwitchDialog)
    assert "administrator keeps the network switched off" in words(dialog)
    assert not dialog.turn_on.isVisible()
    dialog.reject()
    with qtbot.waitSignal(shell.network.failed):
        shell.network.turn_on()
    assert not shell.network.is_on


@under(Policy(network=False, hosts=("hub.example",)))
def test_locked_network_settings_are_shown_locked(qtbot: QtBot, shell: Shell) -> None:
    shell.actions_by_id["network"].trigger()
    tab = shown(shell, SettingsDialog).network
    assert not tab.switch.isEnabled()
    assert not tab.host.isVisible()
    assert "hub.example" in words(tab)
    assert words(tab).count(SET_BY_ADMINISTRATOR) == 2


@under(Policy(hosts=("huggingface.co", "*.hf.co")))
def test_where_hosts_are_limited_the_hub_is_shown_locked(qtbot: QtBot, shell: Shell) -> None:
    shell.actions_by_id["network"].trigger()
    tab = shown(shell, SettingsDialog).network
    assert tab.endpoint.text() == PUBLIC_HUB
    assert not tab.endpoint.isEnabled()
    assert not tab.back.isVisible()
    assert tab.endpoint.toolTip() == SET_BY_ADMINISTRATOR
    assert words(tab).count(SET_BY_ADMINISTRATOR) == 2


@under(Policy(hosts=("hub.example",)))
def test_a_hub_is_chosen_among_the_hosts_that_are_allowed(qtbot: QtBot, shell: Shell) -> None:
    shell.actions_by_id["network"].trigger()
    tab = shown(shell, SettingsDialog).network
    assert tab.endpoint.isEnabled()
    tab.endpoint.setText("https://hub.example")
    tab.endpoint.editingFinished.emit()
    qtbot.waitUntil(lambda: not tab.endpoint.isEnabled())


@under(Policy(hosts=("hub.example",)))
def test_only_allowed_hosts_are_named(qtbot: QtBot, shell: Shell) -> None:
    qtbot.waitUntil(lambda: shell.network.is_on)
    shell.status.chip.click()
    panel = shown(shell, NetworkPanel)
    assert "connect to hub.example, as your administrator allows" in panel.words
    assert "mine.example" not in panel.words
    assert panel.switch.isEnabled()
    with qtbot.waitSignal(shell.network.mistaken):
        shell.network.allow("other.example")


@under(Policy(export=False))
def test_what_may_not_leave_cannot_be_exported(
    qtbot: QtBot, shell: Shell, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: pytest.fail("It was asked."))
    shell.chat.send("A question.")
    qtbot.waitUntil(lambda: not shell.chat.is_busy)
    exports = [action for name, action in shell.actions_by_id.items() if name.startswith("export")]
    assert exports
    assert not any(action.isEnabled() for action in exports)
    [share] = [
        button
        for button in shell.findChildren(QToolButton)
        if button.accessibleName() == "Export this chat"
    ]
    assert not share.isEnabled()
    assert share.toolTip() == SET_BY_ADMINISTRATOR
    shell._export(Format.JSON)
    assert SET_BY_ADMINISTRATOR in words(shell.toast)


@under(Policy(retention=30))
def test_chats_that_are_too_old_are_gone_at_the_start(
    qtbot: QtBot, shell: Shell, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.chat.send("A question.")
    qtbot.waitUntil(lambda: not shell.chat.is_busy and len(shell.chats.chats) == 1)
    later = moments.now() + 31 * 24 * 3600 * 1_000_000
    monkeypatch.setattr(moments, "now", lambda: later)
    shell._expiry_timer.timeout.emit()
    qtbot.waitUntil(lambda: shell.chats.chats == ())
    assert shell.chat.conversation is None


def test_the_line_of_the_administrators_is_on_every_page(
    qtbot: QtBot, profile: Profile, look: Look, qapp: QApplication
) -> None:
    parts = WindowParts(
        Profile(profile.folder, Policy(banner="<b>Internal</b>", temporary=False)),
        ScriptedEngine(),
        lambda: None,
        Remote(profile),
    )
    session = Session(parts, look)
    qtbot.addWidget(session.window)
    session.start()
    qtbot.waitUntil(lambda: session.unlock.step is Step.CHOOSE_PASSPHRASE)
    assert "<b>Internal</b>" in words(session.window)
    assert not any(
        b.isVisible() for b in session.window.findChildren(QPushButton) if "without" in b.text()
    )
    session.unlock.go_on_without_saving()
    qtbot.waitUntil(lambda: session.unlock.step is Step.STUCK)
    assert "administrator does not allow" in session.unlock.sentence
    session.unlock.create("seven quiet words behind a heavy door")
    qtbot.waitUntil(lambda: session.shell is not None)
    assert "<b>Internal</b>" in words(session.window)
    session.close()


def session_of(profile: Profile, secrets: MemorySecrets, look: Look, qtbot: QtBot) -> Session:
    session = Session(
        WindowParts(profile, ScriptedEngine(), lambda: secrets, Remote(profile)), look
    )
    qtbot.addWidget(session.window)
    session.start()
    return session


def test_a_keyring_is_not_enough_where_a_passphrase_is_wanted(
    qtbot: QtBot, profile: Profile, look: Look
) -> None:
    secrets, strict = MemorySecrets(), Profile(profile.folder, Policy(needs_passphrase=True))
    free = session_of(profile, secrets, look, qtbot)
    qtbot.waitUntil(lambda: free.shell is not None)
    free.close()
    session = session_of(strict, secrets, look, qtbot)
    qtbot.waitUntil(lambda: session.unlock.step is Step.CHOOSE_ANEW)
    assert "Your administrator wants a passphrase" in words(session.window)
    assert not session.unlock.has_keyring
    session.unlock.choose_anew("seven quiet words behind a heavy door")
    qtbot.waitUntil(lambda: session.shell is not None)
    session.close()
    assert Vault(strict.vault).protections == {Protection.KEYRING, Protection.PASSPHRASE}


def test_new_chats_are_not_left_to_the_keyring_where_a_passphrase_is_wanted(
    qtbot: QtBot, profile: Profile, look: Look
) -> None:
    secrets, strict = MemorySecrets(), Profile(profile.folder, Policy(needs_passphrase=True))
    session = session_of(strict, secrets, look, qtbot)
    qtbot.waitUntil(lambda: session.unlock.step is Step.CHOOSE_PASSPHRASE)
    assert "Your administrator wants a passphrase" in words(session.window)
    session.unlock.create("seven quiet words behind a heavy door")
    qtbot.waitUntil(lambda: session.shell is not None)
    session.close()
    assert Vault(strict.vault).protections == {Protection.PASSPHRASE}
    assert secrets.kept == {}


def test_what_is_done_in_the_window_is_noted(qtbot: QtBot, profile: Profile, look: Look) -> None:
    watched = Profile(profile.folder, Policy(audit=True))
    keys: list[bytes] = []
    parts = WindowParts(
        watched, ScriptedEngine(), lambda: None, Remote(watched), unlocked=keys.append
    )
    session = Session(parts, look)
    qtbot.addWidget(session.window)
    session.start()
    qtbot.waitUntil(lambda: session.unlock.step is Step.CHOOSE_PASSPHRASE)
    session.unlock.create("seven quiet words behind a heavy door")
    qtbot.waitUntil(lambda: session.shell is not None and bool(keys))
    assert session.shell is not None
    session.shell.network.turn_off()
    qtbot.waitUntil(lambda: len(read_log(watched.audit)) == 2)
    session.close()
    assert [entry.event for entry in read_log(watched.audit)] == [
        Event.PROTECTION_CHANGED,
        Event.NETWORK_SWITCHED,
    ]


def test_a_broken_policy_is_told_to_who_opens_the_window(
    tmp_path: Path, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(QMessageBox, "exec", lambda box: told.append(box.text()))
    policy = tmp_path / "policy.toml"
    policy.write_text("netwrok = false")
    assert launch(["--data-dir", str(tmp_path / "profile"), "--policy", str(policy)]) == 1
    assert len(told) == 1
    assert "netwrok in line 1: there is no such rule" in told[0]
    assert not (tmp_path / "profile").exists()


@under(Policy(audit=True))
def test_a_chat_that_is_deleted_in_the_window_is_noted(
    qtbot: QtBot, shell: Shell, profile: Profile
) -> None:
    shell.chat.send("A question.")
    qtbot.waitUntil(lambda: not shell.chat.is_busy and len(shell.chats.chats) == 1)
    shell.actions_by_id["delete"].trigger()
    qtbot.waitUntil(lambda: profile.audit.exists())
    assert [entry.event for entry in read_log(profile.audit)] == [Event.CHAT_REMOVED]
    assert b"question" not in profile.audit.read_bytes()


@under(Policy(updates=False))
def test_nobody_but_administrators_installs_updates(shell: Shell) -> None:
    assert not shell.actions_by_id["update"].isEnabled()

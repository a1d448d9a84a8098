"""What administrators decided is in force in the window, and seen to be."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from sottovoce.domain.policy import NO_RULES, Policy
from sottovoce.system.network.switch import NetworkSettings, write_switch
from sottovoce.system.paths import Profile
from sottovoce.ui.network.panel import NetworkPanel
from sottovoce.ui.network.switch_dialog import SwitchDialog, Wish, when_on
from sottovoce.ui.settings.dialog import SettingsDialog
from sottovoce.ui.shell import Shell
from sottovoce.ui.theme.scheme import Look
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

import csv
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QLabel, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from sottovoce.system.network.ledger import Entry, Ledger
from sottovoce.system.network.switch import NetworkSettings, read_switch, write_switch
from sottovoce.system.paths import Profile
from sottovoce.ui.network.ledger_csv import as_csv
from sottovoce.ui.network.ledger_dialog import LedgerDialog
from sottovoce.ui.network.panel import NetworkPanel
from sottovoce.ui.network.token_dialog import TokenDialog
from sottovoce.ui.settings.dialog import SettingsDialog
from sottovoce.ui.settings.network_tab import NetworkTab
from sottovoce.ui.shell import Shell
from sottovoce.ui.tasks import Tasks
from sottovoce.ui.theme.scheme import Look
from ui.hub_window import HubWindow, hub_window, shown

HUB = "https://huggingface.co"


@pytest.fixture
def window(qtbot: QtBot, profile: Profile, tasks: Tasks) -> HubWindow:
    Ledger(profile.ledger).refuse("Unexpected: socket.connect", "example.org", 443)
    Ledger(profile.ledger).count(
        Ledger(profile.ledger).allow("Search for models", "huggingface.co", 443),
        received=12_345,
        sent=678,
    )
    return hub_window(qtbot, profile, tasks, endpoint=HUB, is_on=False)


@pytest.fixture
def tab(qtbot: QtBot, window: HubWindow, look: Look) -> NetworkTab:
    tab = NetworkTab(window.network, window.token, look)
    qtbot.addWidget(tab)
    tab.show()
    return tab


@pytest.fixture
def ledger(qtbot: QtBot, shell: Shell, profile: Profile) -> LedgerDialog:
    Ledger(profile.ledger).refuse("Unexpected: socket.connect", "example.org", 443)
    Ledger(profile.ledger).allow("Download a model", "cdn.hf.co", 8443)
    shell.actions_by_id["ledger"].trigger()
    dialog = shown(shell, LedgerDialog)
    qtbot.waitUntil(lambda: len(dialog.rows.entries) == 2)
    return dialog


def words(of: NetworkTab | TokenDialog) -> str:
    return " ".join(part.text() for part in of.findChildren(QLabel) if part.isVisible())


def test_the_chip_opens_a_panel_whose_switch_is_kept(
    qtbot: QtBot, shell: Shell, profile: Profile
) -> None:
    assert shell.status.chip.text() == "● Offline"
    assert "Nothing leaves this computer" in shell.status.words
    shell.status.chip.click()
    panel = shown(shell, NetworkPanel)
    assert "Nothing may connect" in panel.words
    qtbot.keyClick(panel.switch, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: shell.network.is_on)
    assert read_switch(profile.network).on
    assert "huggingface.co and its file hosts" in panel.words
    for said in panel.findChildren(QLabel):
        assert said.height() >= said.heightForWidth(said.width()), "It would be cut."
    assert panel.geometry().bottom() < shell.status.chip.mapToGlobal(QPoint(0, 0)).y()
    assert shell.status.chip.text() == "● Network on"
    assert "Your chats stay on this computer" in shell.status.words
    shell.network.begin_use("Downloading")
    assert shell.status.chip.text() == "● Downloading… huggingface.co"
    shell.network.end_use("Downloading")
    panel.switch.click()
    qtbot.waitUntil(lambda: not read_switch(profile.network).on)


def test_the_panel_leads_to_ledger_and_settings(qtbot: QtBot, shell: Shell) -> None:
    for says, opens in (("Ledger…", LedgerDialog), ("Network settings…", SettingsDialog)):
        shell.status.chip.click()
        panel = shown(shell, NetworkPanel)
        next(b for b in panel.findChildren(QPushButton) if b.text() == says).click()
        dialog = shown(shell, opens)
        assert not shell.findChildren(NetworkPanel)
        dialog.reject()


def test_a_switch_turned_by_a_command_is_noticed(
    qtbot: QtBot, window: HubWindow, profile: Profile
) -> None:
    write_switch(profile.network, NetworkSettings(on=True, hosts=("files.example.org",)))
    with qtbot.waitSignal(window.network.changed):
        window.network.look()
    assert window.network.is_on
    assert window.network.settings.hosts == ("files.example.org",)


def test_refused_attempts_are_counted(qtbot: QtBot, window: HubWindow, profile: Profile) -> None:
    assert window.network.refused == 1
    Ledger(profile.ledger).refuse("Download a model", "huggingface.co")
    with qtbot.waitSignal(window.network.changed):
        window.network.look()
    assert window.network.refused == 2


def test_the_ledger_shows_the_latest_first_and_only_refused_ones_on_demand(
    qtbot: QtBot, ledger: LedgerDialog
) -> None:
    assert [entry.host for entry in ledger.rows.entries] == ["cdn.hf.co", "example.org"]
    ledger.only_refused.click()
    assert [entry.host for entry in ledger.rows.entries] == ["example.org"]
    ledger.copy.click()
    assert QGuiApplication.clipboard().text().split("\t")[1:] == [
        "Unexpected: socket.connect",
        "example.org",
        "",
        "",
        "Refused",
    ]


def test_the_ledger_is_exported_for_a_spreadsheet(
    qtbot: QtBot, ledger: LedgerDialog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ledger.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    ledger.export.click()
    qtbot.waitUntil(path.exists)
    rows = list(csv.reader(path.read_text("utf-8-sig").splitlines()))
    assert [row[1:5] for row in rows] == [
        ["Verdict", "Purpose", "Host", "Port"],
        ["Allowed", "Download a model", "cdn.hf.co", "8443"],
        ["Refused", "Unexpected: socket.connect", "example.org", "443"],
    ]


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r"])
def test_no_host_becomes_a_formula(begin: str) -> None:
    entry = Entry(datetime.now(UTC), False, f"{begin}1+1", f"{begin}cmd", 1)
    (_, row) = csv.reader(StringIO(as_csv([entry]), newline=""))
    assert row[2].startswith("'")
    assert row[3].startswith("'")


def test_the_ledger_is_cleared_only_after_a_question(
    qtbot: QtBot, ledger: LedgerDialog, profile: Profile
) -> None:
    ledger.clear.click()
    shown(ledger, QMessageBox).defaultButton().click()
    assert len(Ledger(profile.ledger).entries()) == 2
    ledger.clear.click()
    box = shown(ledger, QMessageBox)
    next(b for b in box.findChildren(QPushButton) if b.text() == "Clear").click()
    qtbot.waitUntil(lambda: not ledger.rows.entries)
    assert Ledger(profile.ledger).entries() == []
    assert not ledger.table.isVisible()


def test_a_mirror_is_used_or_refused_with_a_sentence(
    qtbot: QtBot, tab: NetworkTab, profile: Profile
) -> None:
    tab.endpoint.setText("http://mirror.example.org")
    qtbot.keyClick(tab.endpoint, Qt.Key.Key_Return)
    assert "needs https" in words(tab)
    assert tab.endpoint.text() == "http://mirror.example.org"
    tab.endpoint.setText("https://mirror.example.org/")
    qtbot.keyClick(tab.endpoint, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: tab.endpoint.text() == "https://mirror.example.org")
    assert read_switch(profile.network).endpoint == "https://mirror.example.org"
    assert "needs https" not in words(tab)


def test_other_hosts_are_allowed_and_forbidden(
    qtbot: QtBot, tab: NetworkTab, profile: Profile
) -> None:
    tab.host.setText("not a host")
    qtbot.keyClick(tab.host, Qt.Key.Key_Return)
    assert "no name of a host" in words(tab)
    tab.host.setText("Files.Example.org")
    qtbot.keyClick(tab.host, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: read_switch(profile.network).hosts == ("files.example.org",))
    qtbot.waitUntil(lambda: "files.example.org" in words(tab))
    assert tab.host.text() == ""


def test_changes_in_the_same_moment_do_not_undo_each_other(
    qtbot: QtBot, window: HubWindow, profile: Profile
) -> None:
    window.network.turn_on()
    qtbot.waitUntil(lambda: window.network.is_on)
    window.network.turn_off()
    window.network.allow("one.example.org")
    window.network.allow("other.example.org")
    window.network.forbid("one.example.org")
    qtbot.waitUntil(lambda: window.network.settings.hosts == ("other.example.org",))
    assert not window.network.is_on
    assert not read_switch(profile.network).on


def test_a_token_is_kept_forgotten_and_never_shown(
    qtbot: QtBot, tab: NetworkTab, window: HubWindow
) -> None:
    qtbot.waitUntil(lambda: window.token.is_there is False)
    assert not tab.forget_token.isVisible()
    tab.enter_token.click()
    dialog = shown(tab, TokenDialog)
    assert "make a token that may only read" in words(dialog)
    dialog.field.setText("hf_abcdefgh")
    dialog.keep.click()
    qtbot.waitUntil(tab.forget_token.isVisible)
    assert list(window.secrets.kept.values()) == [b"hf_abcdefgh"]
    assert "hf_abcdefgh" not in words(tab)
    tab.forget_token.click()
    qtbot.waitUntil(lambda: not window.secrets.kept)
    qtbot.waitUntil(lambda: not tab.forget_token.isVisible())


def test_a_switch_that_cannot_be_kept_is_told_and_stays(
    qtbot: QtBot, window: HubWindow, profile: Profile
) -> None:
    profile.network.unlink()
    profile.network.mkdir()
    with qtbot.waitSignal(window.network.failed) as told:
        window.network.turn_on()
    assert "Allow it to" in told.args[0].sentence
    assert not window.network.is_on

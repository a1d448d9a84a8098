from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from hub_server import Fault, HubServer
from models.downloading import REPOSITORY, SHARDS, SINGLE, gguf, shards
from sottovoce.domain.text import time_left
from sottovoce.models.download import ChosenFile
from sottovoce.system.network.ledger import Ledger
from sottovoce.system.network.switch import NetworkSettings, read_switch, write_switch
from sottovoce.system.paths import Profile
from sottovoce.ui.models.downloads_row import figures
from sottovoce.ui.models.downloads_tab import DownloadsTab
from sottovoce.ui.models.downloads_view_model import Row, Step
from sottovoce.ui.network.switch_dialog import SwitchDialog
from sottovoce.ui.network.token_dialog import TokenDialog
from sottovoce.ui.shell import Shell
from sottovoce.ui.tasks import Tasks
from sottovoce.ui.theme.scheme import Look
from ui.hub_window import CHOICE, HubWindow, hub_window, none_shown, shown

CONTENT = gguf(3_000_000, seed=1)
FILES = f"{REPOSITORY}/{SINGLE}?"
HALF = 1_500_000


@pytest.fixture
def hub() -> Iterator[HubServer]:
    gated = "meta/secret-GGUF"
    files = {SINGLE: CONTENT}
    with HubServer(
        {REPOSITORY: {**files, **shards(400_000)}, gated: files},
        gated=[gated],
        token="hf_goodtoken",
    ) as server:
        yield server


@pytest.fixture
def window(qtbot: QtBot, profile: Profile, tasks: Tasks, hub: HubServer) -> Iterator[HubWindow]:
    yield hub_window(qtbot, profile, tasks, endpoint=hub.url, is_on=True)
    tasks.close()


@pytest.fixture
def tab(qtbot: QtBot, window: HubWindow, look: Look) -> DownloadsTab:
    tab = DownloadsTab(window.downloads, window.network, window.token, look)
    qtbot.addWidget(tab)
    tab.resize(700, 500)
    tab.show()
    return tab


def stall_half_way(hub: HubServer) -> None:
    """Let downloads come half way, and no further until the hub is mended."""
    hub.fault(Fault(FILES, times=99, stall=HALF))


def wait_for_bytes(qtbot: QtBot, profile: Profile) -> None:
    """Until a good part of what the hub sends lies on the disk."""
    folder = profile.models / "downloads"

    def is_there() -> bool:
        return any(part.stat().st_size > HALF // 2 for part in folder.rglob("*.part"))

    qtbot.waitUntil(is_there)


def wait_for(qtbot: QtBot, window: HubWindow, step: Step) -> Row:
    qtbot.waitUntil(lambda: bool(window.downloads.rows))
    qtbot.waitUntil(lambda: window.row().step is step)
    return window.row()


def test_a_download_is_fetched_checked_and_can_be_used(
    qtbot: QtBot, tab: DownloadsTab, window: HubWindow
) -> None:
    with qtbot.waitSignal(window.downloads.installed):
        window.downloads.add(CHOICE)
    row = wait_for(qtbot, window, Step.DONE)
    assert row.path is not None
    assert row.path.read_bytes() == CONTENT
    (card,) = tab.cards()
    assert card.words == "On this computer · 3 MB"
    with qtbot.waitSignal(tab.use_asked) as asked:
        card.use.click()
    assert asked.args == [row.path]
    qtbot.waitUntil(lambda: row.path in [item.path for item in window.shelf.all_items])
    tab.clear.click()
    assert tab.cards() == []
    assert row.path.exists()


def test_a_sharded_model_is_one_download(
    qtbot: QtBot, tab: DownloadsTab, window: HubWindow
) -> None:
    choice = replace(CHOICE, files=tuple(ChosenFile(name) for name in SHARDS))
    window.downloads.add(choice)
    row = wait_for(qtbot, window, Step.DONE)
    assert row.path is not None
    assert len(list(row.path.parent.glob("*.gguf"))) == 3


def test_a_pause_keeps_what_was_fetched_and_resuming_goes_on(
    qtbot: QtBot, tab: DownloadsTab, window: HubWindow, hub: HubServer, profile: Profile
) -> None:
    stall_half_way(hub)
    window.downloads.add(CHOICE)
    wait_for(qtbot, window, Step.RUNNING)
    wait_for_bytes(qtbot, profile)
    (card,) = tab.cards()
    assert card.pause.isVisible()
    assert not card.resume.isVisible()
    card.pause.click()
    row = wait_for(qtbot, window, Step.PAUSED)
    assert row.done > HALF // 2
    assert "Paused" in card.words
    hub.mend()
    card.resume.click()
    wait_for(qtbot, window, Step.DONE)
    assert hub.bytes_sent_twice(REPOSITORY, SINGLE) < 1_000_000


def test_what_was_under_way_rests_after_a_new_start_and_nothing_connects_by_itself(
    qtbot: QtBot,
    window: HubWindow,
    hub: HubServer,
    profile: Profile,
    tasks: Tasks,
    look: Look,
) -> None:
    stall_half_way(hub)
    window.downloads.add(CHOICE)
    wait_for(qtbot, window, Step.RUNNING)
    wait_for_bytes(qtbot, profile)
    tasks.close()  # As the window does when it closes.

    begun_anew = Tasks()
    try:
        later = hub_window(qtbot, profile, begun_anew, endpoint=hub.url, is_on=True)
        tab = DownloadsTab(later.downloads, later.network, later.token, look)
        qtbot.addWidget(tab)
        before = len(hub.asked)
        later.downloads.refresh()
        row = wait_for(qtbot, later, Step.INTERRUPTED)
        assert row.done > HALF // 2
        (card,) = tab.cards()
        assert "Interrupted" in card.words
        later.network.look()
        later.downloads.refresh()
        qtbot.waitUntil(lambda: not card.resume.isHidden())
        assert len(hub.asked) == before
        hub.mend()
        card.resume.click()
        wait_for(qtbot, later, Step.DONE)
    finally:
        begun_anew.close()


def test_a_model_that_arrives_changed_is_refused_by_name_and_can_be_tried_again(
    qtbot: QtBot, tab: DownloadsTab, window: HubWindow, hub: HubServer
) -> None:
    hub.fault(Fault(FILES, flip=1_000_000))
    window.downloads.add(CHOICE)
    row = wait_for(qtbot, window, Step.FAILED)
    (card,) = tab.cards()
    assert SINGLE in card.words
    assert card.words == row.trouble
    assert card.resume.text() == "Try again"
    assert not card.mend.isVisible()
    card.resume.click()
    wait_for(qtbot, window, Step.DONE)


def test_a_gated_model_asks_for_a_token_and_goes_on_with_it(
    qtbot: QtBot, tab: DownloadsTab, window: HubWindow, hub: HubServer
) -> None:
    window.downloads.add(replace(CHOICE, repository="meta/secret-GGUF"))
    wait_for(qtbot, window, Step.FAILED)
    (card,) = tab.cards()
    assert card.mend.text() == "Enter a token…"
    card.mend.click()
    dialog = shown(tab, TokenDialog)
    assert not dialog.keep.isEnabled()
    dialog.field.setText("hf_goodtoken")
    assert dialog.field.displayText() == "●" * 12
    dialog.keep.click()
    wait_for(qtbot, window, Step.DONE)
    assert len(window.secrets.kept) == 1
    assert all(asked.token is None for asked in hub.asked if asked.server == "files")


def test_switching_the_network_off_lets_a_download_rest(
    qtbot: QtBot, tab: DownloadsTab, window: HubWindow, hub: HubServer
) -> None:
    stall_half_way(hub)
    window.downloads.add(CHOICE)
    wait_for(qtbot, window, Step.RUNNING)
    assert window.network.use == "Downloading"
    window.network.turn_off()
    wait_for(qtbot, window, Step.INTERRUPTED)
    qtbot.waitUntil(lambda: window.network.use == "")


def test_resuming_while_offline_asks_before_it_connects(
    qtbot: QtBot, tab: DownloadsTab, window: HubWindow, hub: HubServer, profile: Profile
) -> None:
    with qtbot.waitSignal(window.network.changed):
        window.network.turn_off()
    window.downloads.add(CHOICE)
    wait_for(qtbot, window, Step.INTERRUPTED)
    (card,) = tab.cards()
    card.resume.click()
    dialog = shown(tab, SwitchDialog)
    assert hub.asked == []
    dialog.turn_on.click()
    wait_for(qtbot, window, Step.DONE)
    # Switched on for this alone, it is off again.
    qtbot.waitUntil(lambda: not read_switch(profile.network).on)
    assert [e.purpose for e in Ledger(profile.ledger).entries() if e.is_allowed]


def test_a_download_can_come_earlier_and_be_cancelled(
    qtbot: QtBot, tab: DownloadsTab, window: HubWindow, hub: HubServer
) -> None:
    stall_half_way(hub)
    for name in (SHARDS[0], SINGLE):
        files = tuple(ChosenFile(each) for each in (SHARDS if name in SHARDS else (name,)))
        window.downloads.add(replace(CHOICE, name=name, files=files))
    qtbot.waitUntil(lambda: len(tab.cards()) == 2)
    for row in window.downloads.rows:
        window.downloads.pause(row.id)
    qtbot.waitUntil(lambda: {row.step for row in window.downloads.rows} == {Step.PAUSED})
    first, second = window.downloads.rows
    assert tab.cards()[0].up.isHidden()
    tab.cards()[1].up.click()
    qtbot.waitUntil(lambda: [row.id for row in window.downloads.rows] == [second.id, first.id])
    tab.cards()[0].cancel.click()
    qtbot.waitUntil(lambda: [row.id for row in window.downloads.rows] == [first.id])
    assert none_shown(tab)


def test_a_download_goes_on_while_its_page_is_closed_and_is_told_when_it_is_done(
    qtbot: QtBot, shell: Shell, hub: HubServer, profile: Profile
) -> None:
    write_switch(profile.network, NetworkSettings(on=True, endpoint=hub.url))
    with qtbot.waitSignal(shell.network.changed):
        shell.network.look()
    stall_half_way(hub)
    shell.actions_by_id["models"].trigger()
    shell.downloads.add(CHOICE)
    qtbot.waitUntil(lambda: shell.status.chip.text() == "● Downloading… 127.0.0.1")
    page = shell.models
    assert page is not None
    qtbot.keyClick(page, Qt.Key.Key_Escape)
    assert shell.page.isVisible()
    hub.mend()
    qtbot.waitUntil(shell.toast.isVisible)
    assert shell.toast.accessibleName() == "Small is downloaded and checked"
    qtbot.waitUntil(lambda: shell.status.chip.text() == "● Network on")
    names = [path.name for path in profile.models.glob("*.gguf")]
    assert names == [SINGLE]


def test_more_than_a_gigabyte_is_not_thrown_away_without_a_question(
    qtbot: QtBot, tab: DownloadsTab, window: HubWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    cancelled: list[str] = []
    row = Row("a", CHOICE, Step.PAUSED, 2_000_000_000, 5_000_000_000)
    monkeypatch.setattr(type(window.downloads), "rows", (row,))
    monkeypatch.setattr(window.downloads, "cancel", cancelled.append)
    window.downloads.listed.emit()
    (card,) = tab.cards()
    card.cancel.click()
    box = shown(tab, QMessageBox)
    assert "2.0 GB" in box.text()
    box.defaultButton().click()
    assert cancelled == []
    card.cancel.click()
    delete = next(
        b for b in shown(tab, QMessageBox).findChildren(QPushButton) if b.text() == "Delete them"
    )
    delete.click()
    assert cancelled == ["a"]


def test_long_names_take_more_lines_and_no_more_width(
    qtbot: QtBot, tab: DownloadsTab, window: HubWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    choice = replace(CHOICE, name="a_long_name_" * 30, files=(ChosenFile("a_long_file_" * 30),))
    row = Row("a", choice, Step.FAILED, trouble="No.")
    monkeypatch.setattr(type(window.downloads), "rows", (row,))
    window.downloads.listed.emit()
    (card,) = tab.cards()
    qtbot.waitUntil(card.resume.isVisible)
    assert card.width() < tab.width()
    corner = card.resume.mapTo(tab, card.resume.rect().bottomRight())
    assert tab.rect().contains(corner)


def test_an_empty_list_leads_to_the_catalogue(qtbot: QtBot, tab: DownloadsTab) -> None:
    choose = next(b for b in tab.findChildren(QPushButton) if "catalogue" in b.text())
    assert choose.isVisible()
    with qtbot.waitSignal(tab.catalogue_asked):
        choose.click()


def test_figures_are_told_in_words() -> None:
    row = Row("a", CHOICE, Step.RUNNING, 1_800_000_000, 4_900_000_000, 23e6, 135.0)
    assert figures(row) == "1.8 GB of 4.9 GB · 23 MB/s · about 2 minutes left"
    assert figures(replace(row, speed=0.0, seconds_left=None)) == "1.8 GB of 4.9 GB"
    assert figures(replace(row, step=Step.FAILED, trouble="No.")) == "No."
    assert figures(replace(row, step=Step.INTERRUPTED, done=0)) == "Not begun yet"
    assert [time_left(s) for s in (5, 60, 3600 * 5, 86400 * 3)] == [
        "less than a minute left",
        "about 1 minute left",
        "about 5 hours left",
        "about 3 days left",
    ]


def test_a_full_disk_is_foreseen(
    qtbot: QtBot, tab: DownloadsTab, window: HubWindow, hub: HubServer
) -> None:
    huge = ChosenFile(SINGLE, 10**16, "a" * 64)
    with qtbot.waitSignal(window.network.changed):
        window.network.turn_on(until_rest=True)
    with qtbot.waitSignal(window.downloads.failed) as told:
        window.downloads.add(replace(CHOICE, files=(huge,), revision="a" * 40))
    assert "Free some space" in told.args[0].sentence
    assert tab.banner.sentence == told.args[0].sentence
    qtbot.waitUntil(lambda: not window.network.is_on)  # It was switched on for this alone.
    assert hub.asked == []

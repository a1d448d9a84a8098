"""About Sottovoce: which version, whose work, under which licence."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from sottovoce import __version__
from sottovoce.models.attributions import attributions, model_notices
from sottovoce.models.catalogue import catalogue
from sottovoce.models.records import Record
from sottovoce.models.shelf import Item, Origin
from sottovoce.system.notices import Notice, Notices
from sottovoce.ui.about.dialog import AboutDialog, facts
from sottovoce.ui.about.notices_tab import NoticesTab
from sottovoce.ui.link_dialog import LinkDialog
from sottovoce.ui.shell import Shell
from sottovoce.ui.theme.scheme import Look
from ui.hub_window import shown

INTER = Notice("Inter", "4", "OFL-1.1", "https://rsms.me/inter/", ("fonts/Inter-OFL.txt",))
LUCIDE = Notice("Lucide", "", "ISC", "", ("icons/LICENSE",), "the window")
GONE = Notice("Zlib", "1", "Zlib", "", ("notices/not-there.txt",))


@pytest.fixture
def tab(qtbot: QtBot, look: Look) -> NoticesTab:
    tab = NoticesTab(Notices((INTER, LUCIDE, GONE), are_all=True), look)
    qtbot.addWidget(tab)
    tab.show()
    return tab


def test_it_opens_from_the_commands_and_says_the_version(shell: Shell) -> None:
    shell.actions_by_id["about"].trigger()
    dialog = shown(shell, AboutDialog)
    assert f"Sottovoce {__version__}" in dialog.facts.text()
    assert dialog.attributions.isHidden()
    dialog.close()
    shell.actions_by_id["licences"].trigger()
    assert shown(shell, AboutDialog).licences.isVisible()


def test_the_facts_say_nothing_of_the_person() -> None:
    assert str(Path.home()) not in facts()


def test_the_first_licence_is_shown_at_once(tab: NoticesTab) -> None:
    assert tab.name.text() == "Inter 4"
    assert tab.about.text() == "OFL-1.1"
    assert "SIL OPEN FONT LICENSE" in tab.text.toPlainText()


def test_searching_narrows_the_list_and_keeps_what_was_chosen(
    qtbot: QtBot, tab: NoticesTab
) -> None:
    qtbot.keyClick(tab.search, Qt.Key.Key_Down)
    assert tab.chosen == LUCIDE
    assert tab.about.text() == "ISC · in the window"
    assert tab.home_button.isHidden()
    qtbot.keyClicks(tab.search, "window")
    assert tab.rows.notices == (LUCIDE,)
    assert tab.chosen == LUCIDE
    qtbot.keyClicks(tab.search, "xyz")
    assert tab.none.isVisible()
    assert tab.text.toPlainText() == ""
    qtbot.keyClick(tab.search, Qt.Key.Key_Escape)
    assert len(tab.rows.notices) == 3


def test_a_licence_can_be_copied(qtbot: QtBot, tab: NoticesTab) -> None:
    tab.copy_button.click()
    copied = QGuiApplication.clipboard().text()
    assert copied.startswith("Inter 4")
    assert "SIL OPEN FONT LICENSE" in copied


def test_a_website_is_shown_before_it_is_opened(qtbot: QtBot, tab: NoticesTab) -> None:
    tab.home_button.click()
    dialog = tab.findChild(LinkDialog)
    assert dialog is not None
    assert dialog.shown.toPlainText() == INTER.home


def test_a_text_that_is_gone_is_told(tab: NoticesTab) -> None:
    tab.list.setCurrentIndex(tab.rows.index(2))
    assert "Install it again" in tab.text.toPlainText()


def test_what_licences_of_models_ask_for_is_shown(tmp_path: Path) -> None:
    def item(licence: str) -> Item:
        record = Record(files=(), added=datetime.now(UTC), licence=licence)
        return Item("A model", Origin.OWN, (tmp_path / "a.gguf",), 1, record=record)

    known = catalogue()
    assert attributions([item("llama3.1"), item("llama3.3")], known) == ("Built with Llama",)
    assert attributions([item("apache-2.0"), item("")], known) == ()
    assert model_notices([item("llama3.1"), item("llama3.1"), item("mit")], known) == (
        "Llama 3.1 is licensed under the Llama 3.1 Community License, "
        "Copyright © Meta Platforms, Inc. All Rights Reserved.",
    )
    for licence in known.licences:  # The notice is word by word what the licence asks for.
        assert licence.notice in licence.full_text

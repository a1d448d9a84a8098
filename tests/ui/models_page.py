"""How a test uses the page of models: as a person would."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from sottovoce.models.shelf import Item
from sottovoce.ui.models.installed import InstalledTab
from sottovoce.ui.models.page import ModelsPage
from sottovoce.ui.shell import Shell


def opened(qtbot: QtBot, shell: Shell) -> ModelsPage:
    """The page, once its list is read and the first model was looked into."""
    shell.actions_by_id["models"].trigger()
    page = shell.models
    assert page is not None
    qtbot.waitUntil(lambda: page.installed.rows.rowCount() > 0)
    qtbot.waitUntil(lambda: "Architecture" in page.installed.details.facts.facts)
    return page


def listed(tab: InstalledTab) -> list[Item]:
    """What the list shows."""
    return [tab.rows.item(tab.rows.index(row)) for row in range(tab.rows.rowCount())]


def choose(qtbot: QtBot, tab: InstalledTab, path: Path) -> None:
    """Click on a model of the list."""
    qtbot.waitUntil(lambda: tab.rows.index_of(path).isValid())
    place = tab.list.visualRect(tab.rows.index_of(path)).center()
    qtbot.mouseClick(tab.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.waitUntil(lambda: tab.details.is_of(path))


def press(qtbot: QtBot, button: QAbstractButton) -> None:
    qtbot.waitUntil(button.isVisible)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def confirm(qtbot: QtBot, shell: QWidget, says: str) -> str:
    """Press the button of the question that is asked, and return the question."""
    boxes: list[QMessageBox] = []

    def is_there() -> bool:
        boxes[:] = [box for box in shell.findChildren(QMessageBox) if box.isVisible()]
        return bool(boxes)

    qtbot.waitUntil(is_there)
    [box] = boxes
    [button] = [each for each in box.buttons() if each.text() == says]
    question = f"{box.text()} {box.informativeText()}"
    button.click()
    return question

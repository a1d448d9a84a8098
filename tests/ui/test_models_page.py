from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from sottovoce.ui.models.page import ModelsPage
from sottovoce.ui.shell import Shell


def opened(qtbot: QtBot, shell: Shell) -> ModelsPage:
    shell.actions_by_id["models"].trigger()
    page = shell.models
    assert page is not None
    qtbot.waitUntil(page.isVisible)
    return page


def test_the_page_of_models_takes_the_place_of_the_chat_until_escape(
    qtbot: QtBot, shell: Shell
) -> None:
    page = opened(qtbot, shell)
    assert shell.page.isHidden()
    qtbot.keyClick(page, Qt.Key.Key_Escape)
    assert shell.page.isVisible()
    assert page.isHidden()


def test_a_chat_that_is_chosen_comes_back_in_front(qtbot: QtBot, shell: Shell) -> None:
    opened(qtbot, shell)
    shell.actions_by_id["new_chat"].trigger()
    assert shell.page.isVisible()

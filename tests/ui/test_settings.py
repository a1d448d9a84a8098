import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QComboBox, QDoubleSpinBox, QTabWidget, QToolButton
from pytestqt.qtbot import QtBot

from fakes import ScriptedEngine
from sottovoce.domain.conversation import Role
from sottovoce.domain.model import Sampling
from sottovoce.domain.settings import Scheme, Settings
from sottovoce.store.store import Store
from sottovoce.ui.settings.dialog import SettingsDialog
from sottovoce.ui.settings.fields import ACCELERATION, LOAD, SAMPLING
from sottovoce.ui.shell import Shell
from sottovoce.ui.theme.scheme import Look
from ui.talking import ask


@pytest.fixture
def dialog(shell: Shell) -> SettingsDialog:
    shell.actions_by_id["settings"].trigger()
    (found,) = shell.findChildren(SettingsDialog)
    return found


def number(dialog: SettingsDialog, name: str) -> QDoubleSpinBox:
    return next(
        field for field in dialog.findChildren(QDoubleSpinBox) if field.accessibleName() == name
    )


def test_every_number_can_be_set_and_put_back(
    qtbot: QtBot, shell: Shell, dialog: SettingsDialog
) -> None:
    for each in (*SAMPLING, *LOAD):
        field = number(dialog, each.text)
        default = each.read(Settings())
        assert field.toolTip()
        field.setValue(each.highest)
        assert each.read(shell.settings.settings) == each.highest
        back = next(
            button
            for button in dialog.findChildren(QToolButton)
            if button.accessibleName() == f"{each.text}: back to default"
        )
        back.click()
        assert each.read(shell.settings.settings) == default


def test_every_choice_can_be_made_and_put_back(
    qtbot: QtBot, shell: Shell, dialog: SettingsDialog
) -> None:
    for each in ACCELERATION:
        field = next(f for f in dialog.findChildren(QComboBox) if f.accessibleName() == each.text)
        assert field.toolTip()
        assert field.currentText() == "Automatic"
        for index, (_, value) in enumerate(each.options):
            field.setCurrentIndex(index)
            assert getattr(shell.settings.settings.load, each.name) == value
        back = next(
            button
            for button in dialog.findChildren(QToolButton)
            if button.accessibleName() == f"{each.text}: back to default"
        )
        back.click()
        assert getattr(shell.settings.settings.load, each.name) is None


def test_settings_are_kept_and_used_for_the_next_reply(
    qtbot: QtBot, shell: Shell, dialog: SettingsDialog, engine: ScriptedEngine, store: Store
) -> None:
    number(dialog, "Temperature").setValue(0)
    number(dialog, "Context window").setValue(2048)
    dialog.system_prompt.setPlainText("Answer in rhymes.")
    dialog.stop_strings.setPlainText("END\n###")
    dialog.accept()
    ask(qtbot, shell, "Hello")

    prompt = engine.prompts[-1]
    assert prompt.sampling == Sampling(temperature=0, stop=("END", "###"))
    assert (prompt.turns[0].role, prompt.turns[0].text) == (Role.SYSTEM, "Answer in rhymes.")
    assert engine.loads[-1][1].context == 2048
    qtbot.waitUntil(lambda: store.settings() == shell.settings.settings)


def test_the_colours_change_at_once(qtbot: QtBot, dialog: SettingsDialog, look: Look) -> None:
    dialog.scheme.setCurrentIndex(2)
    assert look.scheme is Scheme.DARK
    assert look.tokens.is_dark


def test_a_wheel_in_passing_changes_nothing(qtbot: QtBot, dialog: SettingsDialog) -> None:
    field = number(dialog, "Temperature")
    before = field.value()
    turn = QWheelEvent(
        QPointF(5, 5),
        QPointF(5, 5),
        QPoint(0, 0),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(field, turn)
    assert field.value() == before


def test_a_number_is_typed_over_the_word_that_stands_for_none(
    qtbot: QtBot, shell: Shell, dialog: SettingsDialog
) -> None:
    field = number(dialog, "Longest reply")
    with qtbot.waitActive(dialog):
        dialog.activateWindow()
    tabs = dialog.findChild(QTabWidget)
    assert tabs is not None
    tabs.setCurrentIndex(1)
    qtbot.mouseClick(field.lineEdit(), Qt.MouseButton.LeftButton, pos=QPoint(12, 8))
    qtbot.waitUntil(lambda: field.lineEdit().selectedText() == "No limit")
    qtbot.keyClicks(field.lineEdit(), "300")
    assert shell.settings.settings.sampling.max_tokens == 300

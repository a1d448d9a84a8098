"""What the window says about what keeps models and documents locked in."""

from dataclasses import replace

from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from fakes import ScriptedEngine
from sottovoce.domain.model import LoadOptions
from sottovoce.domain.stop import Stop
from sottovoce.models.shelf import starter
from sottovoce.system.sandbox import Confinement, possible
from sottovoce.ui.settings.dialog import SettingsDialog
from sottovoce.ui.settings.sandbox_card import SandboxCard
from sottovoce.ui.shell import Shell
from sottovoce.ui.theme.scheme import Look
from ui.hub_window import shown

FULL = Confinement(files=True, changes=True, network=True, programs=True, memory=False)
WINDOWS = replace(FULL, files=False, network=False)


def test_the_window_warns_quietly_where_something_gets_out(qtbot: QtBot, shell: Shell) -> None:
    shell.status.show_confinement(FULL)
    assert "Weak sandbox" not in shell.status.words
    shell.status.show_confinement(WINDOWS)
    assert "Weak sandbox" in shell.status.words
    shell.status.weak_sandbox.click()
    assert shown(shell, SettingsDialog).privacy.isVisible()


def test_the_window_asks_the_engine_at_work(
    qtbot: QtBot, shell: Shell, engine: ScriptedEngine
) -> None:
    assert shell.model.confinement == possible()
    model = starter()
    assert model is not None
    engine.confinement = WINDOWS
    list(engine.load(model, LoadOptions(), Stop()))
    shell.model.changed.emit()
    assert shell.model.confinement == WINDOWS
    assert "Weak sandbox" in shell.status.words


def test_the_card_names_what_is_refused_and_what_is_not(qtbot: QtBot, look: Look) -> None:
    def says(confinement: Confinement) -> list[str]:
        card = SandboxCard(confinement, look)
        qtbot.addWidget(card)
        return [part.text() for part in card.findChildren(QLabel)]

    full, windows = says(FULL), says(WINDOWS)
    assert "Refused: using the network" in full
    if possible().is_full:
        assert not any("Not refused" in line for line in full)
        assert full.count("Refused: changing files") == 3
        assert full.count("Refused: using the network") == 2
    assert {"Refused: changing files", "Not refused: using the network"} <= {*windows}
    assert any("trust" in line for line in windows)

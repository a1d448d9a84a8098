from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from pytestqt.qtbot import QtBot

from fakes import ScriptedEngine
from sottovoce.domain.model import Model
from sottovoce.domain.problems import NoRoom
from sottovoce.models.shelf import starter
from sottovoce.store.store import Store
from sottovoce.ui.models import view_model
from sottovoce.ui.models.view_model import ModelState
from sottovoce.ui.shell import Shell
from ui.talking import ask, texts


@pytest.fixture
def model_file(tmp_path: Path) -> Path:
    """A real model file under another name."""
    found = starter()
    assert found is not None
    path = tmp_path / "another.gguf"
    path.symlink_to(found.path)
    return path


def menu_texts(shell: Shell) -> list[str]:
    menu = shell.pill.menu()
    menu.aboutToShow.emit()
    return [action.text() for action in menu.actions() if action.text()]


def test_the_starter_is_named_plainly(qtbot: QtBot, shell: Shell) -> None:
    assert "SmolLM2 135M (starter)" in shell.pill.text()
    assert "not Llama 3.1" in shell.pill.toolTip()


def test_the_menu_names_a_few_of_many_models_and_the_one_that_answers(
    qtbot: QtBot, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = shell.model.model
    assert answers is not None
    others = [replace(answers, name=f"Model {n}", path=Path(f"/{n}.gguf")) for n in range(200)]
    monkeypatch.setattr(type(shell.shelf), "chat_models", (*others, answers))
    texts = menu_texts(shell)
    assert sum(text.startswith("Model ") for text in texts) == 11
    assert texts[-1] == "All 201 models…"
    ticked = [action for action in shell.pill.menu().actions() if action.isChecked()]
    assert [action.text() for action in ticked] == [answers.name]


def test_a_model_with_a_long_name_leaves_room_for_the_rest(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = shell.model.model
    assert model is not None
    monkeypatch.setattr(type(shell.model), "model", replace(model, name="a & b " * 40))
    shell.model.changed.emit()
    assert shell.pill.sizeHint().width() < 480
    assert "a && b" in shell.pill.text()


def test_what_the_starter_is_is_said_once(qtbot: QtBot, shell: Shell, store: Store) -> None:
    assert "starter" in shell.notice.sentence
    assert shell.notice.isVisible()
    shell.notice.dismiss()
    qtbot.waitUntil(lambda: store.settings().has_met_starter)
    shell.model.find()
    qtbot.waitUntil(lambda: shell.model.model is not None)
    assert shell.notice.isHidden()


def test_the_first_question_loads_the_model_and_the_pill_says_so(
    qtbot: QtBot, shell: Shell
) -> None:
    assert "not loaded yet" in shell.pill.accessibleName()
    ask(qtbot, shell, "Hello")
    assert shell.model.state is ModelState.LOADED
    assert shell.pill.accessibleName().endswith("loaded")
    facts = menu_texts(shell)
    assert "Context window: 4,096 of up to 4,096 tokens" in facts
    assert "Unload" in facts


def test_a_model_is_loaded_and_unloaded_when_asked(qtbot: QtBot, shell: Shell) -> None:
    shell.actions_by_id["load"].trigger()
    qtbot.waitUntil(lambda: shell.model.state is ModelState.LOADED)
    shell.actions_by_id["unload"].trigger()
    qtbot.waitUntil(lambda: shell.model.state is ModelState.RESTING)


def test_a_load_that_fails_is_told_with_what_helps(
    qtbot: QtBot, shell: Shell, engine: ScriptedEngine
) -> None:
    engine.load_problem = NoRoom("Too little memory. Choose a smaller model.")
    shell.actions_by_id["load"].trigger()
    qtbot.waitUntil(lambda: shell.notice.sentence.startswith("Too little"))
    assert shell.notice.button.text() == "Open settings"
    assert shell.model.state is ModelState.RESTING


def test_a_dropped_model_file_answers_from_then_on(
    qtbot: QtBot, shell: Shell, model_file: Path, engine: ScriptedEngine, store: Store
) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(model_file))])
    drop = QDropEvent(
        QPointF(5, 5),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    shell.dropEvent(drop)
    qtbot.waitUntil(lambda: shell.model.state is ModelState.LOADED)
    assert engine.loads[-1][0].path == model_file
    qtbot.waitUntil(lambda: store.settings().model == str(model_file))
    qtbot.waitUntil(lambda: model_file in [model.path for model in shell.shelf.chat_models])
    assert shell.model.model is not None
    listed = f"{shell.model.model.name}  {shell.model.model.quantisation}"
    assert listed in menu_texts(shell)
    assert texts(shell) == []


def test_a_file_that_is_no_model_is_refused_and_the_old_one_stays(
    qtbot: QtBot, shell: Shell, tmp_path: Path
) -> None:
    path = tmp_path / "letter.gguf"
    path.write_text("Dear reader,")
    before = shell.model.model
    with qtbot.waitSignal(shell.model.failed):
        shell.model.choose(path)
    assert shell.model.model == before
    assert shell.notice.button.text() == "Choose a model…"


def test_a_download_that_was_cut_off_is_told_before_it_is_loaded(
    qtbot: QtBot, shell: Shell, tmp_path: Path, model_file: Path, engine: ScriptedEngine
) -> None:
    path = tmp_path / "half.gguf"
    path.write_bytes(model_file.read_bytes()[:-5_000_000])
    with qtbot.waitSignal(shell.model.failed):
        shell.model.choose(path)
    assert shell.notice.isVisible()
    assert shell.model.model is not None
    assert shell.model.model.is_starter
    assert not engine.loads


def test_a_model_file_is_found_again_from_any_folder(
    qtbot: QtBot, shell: Shell, model_file: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(model_file.parent)
    shell.model.choose(Path(model_file.name))
    qtbot.waitUntil(lambda: store.settings().model == str(model_file))


def test_models_chosen_before_there_was_a_shelf_are_linked_once(
    qtbot: QtBot, shell: Shell, model_file: Path, store: Store
) -> None:
    shell.settings.change(
        replace(shell.settings.settings, models=(str(model_file),), model=str(model_file))
    )
    shell.model.find()
    qtbot.waitUntil(lambda: model_file in [item.path for item in shell.shelf.all_items])
    assert shell.model.model is not None
    assert shell.model.model.path == model_file
    qtbot.waitUntil(lambda: store.settings().models == ())


def test_what_had_to_be_made_smaller_is_told(
    qtbot: QtBot, shell: Shell, engine: ScriptedEngine
) -> None:
    engine.note = "The context window was made smaller: memory is short."
    ask(qtbot, shell, "Hello")
    assert shell.notice.sentence == engine.note


def test_an_export_is_written_where_it_was_asked_for(
    qtbot: QtBot, shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(qtbot, shell, "Hello")
    path = tmp_path / "chat.md"
    monkeypatch.setattr(
        "sottovoce.ui.shell.QFileDialog.getSaveFileName", lambda *_: (str(path), "")
    )
    shell.actions_by_id["export_markdown"].trigger()
    qtbot.waitUntil(path.exists)
    assert "Hello" in path.read_text()
    assert "Yes." in path.read_text()


def test_a_model_that_is_chosen_while_another_is_looked_for_answers(
    qtbot: QtBot, shell: Shell, model_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, may_answer = Event(), Event()

    def slowly() -> Model | None:
        looks.set()
        may_answer.wait(60)
        return starter()

    monkeypatch.setattr(view_model, "starter", slowly)
    shell.model.find()
    assert looks.wait(60)
    shell.model.choose(model_file)
    qtbot.waitUntil(lambda: shell.model.state is ModelState.LOADED)
    with qtbot.waitSignal(shell.model.shelf_changed):
        may_answer.set()
    assert shell.model.model is not None
    assert shell.model.model.path == model_file

import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QAbstractButton, QAbstractSlider, QTabBar, QWidget
from pytestqt.qtbot import QtBot

from engine.lora import write_adapter
from fakes import ScriptedEngine
from sottovoce.domain.footprint import KvType
from sottovoce.domain.hardware import Machine
from sottovoce.domain.model import Adapter
from sottovoce.models.gguf import read_shape
from sottovoce.models.records import file_record, new_record, record_place, write_record
from sottovoce.models.shelf import Origin
from sottovoce.models.speed import read_rates
from sottovoce.store.store import Store
from sottovoce.system.paths import Profile
from sottovoce.ui.models.catalogue_tab import CatalogueTab
from sottovoce.ui.models.fit_card import FitCard
from sottovoce.ui.models.fit_view_model import FitViewModel
from sottovoce.ui.models.found_dialog import FoundDialog
from sottovoce.ui.models.installed import InstalledTab
from sottovoce.ui.models.machine_view_model import MachineViewModel
from sottovoce.ui.models.page import ModelsPage, Tab
from sottovoce.ui.models.view_model import ModelState
from sottovoce.ui.shell import Shell
from sottovoce.ui.tasks import Tasks
from sottovoce.ui.theme.scheme import Look
from tiny_llama import small_llama, tiny_llama
from ui.models_page import choose, confirm, listed, opened, press
from ui.talking import ask


@pytest.fixture
def own(profile: Profile) -> Path:
    """A model in Sottovoce's own folder."""
    profile.models.mkdir()
    return Path(shutil.copy(tiny_llama(), profile.models / "tiny.gguf"))


@pytest.fixture
def of_llama(own: Path) -> Path:
    """The own model was downloaded, under the licence of Llama 3.1."""
    record = new_record([file_record(own, name=own.name)])
    write_record(record_place(own), replace(record, licence="llama3.1"))
    return own


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A model in a folder of the person's."""
    folder = tmp_path / "downloads"
    folder.mkdir()
    return Path(shutil.copy(small_llama(), folder / "mine.gguf"))


@pytest.fixture
def page(qtbot: QtBot, own: Path, shell: Shell) -> ModelsPage:
    return opened(qtbot, shell)


@pytest.fixture
def tab(page: ModelsPage) -> InstalledTab:
    return page.installed


def drop(shell: Shell, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    shell.dropEvent(
        QDropEvent(
            QPointF(5, 5),
            Qt.DropAction.CopyAction,
            data,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
    )


def test_the_page_of_models_takes_the_place_of_the_chat_until_escape(
    qtbot: QtBot, shell: Shell, page: ModelsPage
) -> None:
    assert shell.page.isHidden()
    qtbot.keyClick(page.installed.list, Qt.Key.Key_Escape)
    assert shell.page.isVisible()
    assert page.isHidden()


def test_a_chat_that_is_chosen_comes_back_in_front(
    qtbot: QtBot, shell: Shell, page: ModelsPage
) -> None:
    shell.actions_by_id["new_chat"].trigger()
    assert shell.page.isVisible()


def test_everything_can_be_reached_and_is_named(page: ModelsPage) -> None:
    controls = [
        each
        for each in page.installed.findChildren(QAbstractButton)
        if each.isVisible() and each.focusPolicy() != Qt.FocusPolicy.NoFocus
    ]
    assert len(controls) > 6
    assert [each for each in controls if not (each.accessibleName() or each.text())] == []
    sliders = page.installed.findChildren(QAbstractSlider)
    named = [each for each in sliders if each.focusPolicy() & Qt.FocusPolicy.TabFocus]
    assert named
    assert all(each.accessibleName() for each in named)
    rows = page.installed.rows
    said = rows.data(rows.index(0), Qt.ItemDataRole.AccessibleTextRole)
    assert said == "SmolLM2 135M (starter), in use. Q4_1 · 98 MB"


def test_tab_goes_through_the_catalogue_before_it_leaves_it(
    qtbot: QtBot, shell: Shell, page: ModelsPage
) -> None:
    page.show_tab(Tab.CATALOGUE)
    tab = page.tabs.currentWidget()
    assert isinstance(tab, CatalogueTab)
    qtbot.waitUntil(lambda: bool(tab.cards()))
    before: set[QWidget] = set()
    reached: QWidget | None = tab.search
    while reached and reached not in before and not isinstance(reached, QTabBar):
        before.add(reached)
        reached = reached.nextInFocusChain()
    assert tab.cards()[0].table.fold in before
    back = [each for each in before if each.accessibleName() == "Back to the chat"]
    assert back == []


def test_looking_for_something_begins_in_the_filter(
    qtbot: QtBot, shell: Shell, page: ModelsPage
) -> None:
    shell.actions_by_id["find"].trigger()
    qtbot.waitUntil(page.installed.filter.hasFocus)
    assert page.isVisible()


def test_a_filter_leaves_what_it_names(qtbot: QtBot, tab: InstalledTab) -> None:
    assert len(listed(tab)) == 2
    tab.filter.setText("tiny llama")
    assert [item.path.name for item in listed(tab)] == ["tiny.gguf"]
    tab.filter.setText("zzz")
    assert listed(tab) == []
    assert tab.list.isHidden()


def test_the_details_say_what_a_file_is(qtbot: QtBot, tab: InstalledTab, own: Path) -> None:
    choose(qtbot, tab, own)
    qtbot.waitUntil(lambda: tab.details.facts.facts.get("Trained context") == "131,072 tokens")
    assert tab.details.badges == ["Q4_0", "10 MB", "Chat model", "In Sottovoce’s folder"]
    assert tab.details.facts.facts["Tokenizer"] == "BPE, 128,256 tokens"
    template = tab.details.facts.template
    assert not template.isVisible()
    press(qtbot, tab.details.facts.unfold)
    assert template.isVisible()
    assert "<|start_header_id|>" in template.toPlainText()
    assert template.isReadOnly()


def test_what_a_licence_asks_for_is_shown(qtbot: QtBot, of_llama: Path, page: ModelsPage) -> None:
    tab = page.installed
    choose(qtbot, tab, of_llama)
    qtbot.waitUntil(lambda: "Built with Llama" in tab.details.badges)


def test_a_chosen_model_answers_from_then_on(
    qtbot: QtBot, shell: Shell, tab: InstalledTab, own: Path, engine: ScriptedEngine, store: Store
) -> None:
    choose(qtbot, tab, own)
    press(qtbot, tab.details.use)
    qtbot.waitUntil(lambda: shell.model.state is ModelState.LOADED)
    assert engine.loads[-1][0].path == own
    assert tab.details.use.text() == "In use"
    assert not tab.details.use.isEnabled()
    qtbot.waitUntil(lambda: store.settings().model == str(own))


def test_the_memory_moves_with_the_window_and_can_be_kept(
    qtbot: QtBot, shell: Shell, tab: InstalledTab, engine: ScriptedEngine
) -> None:
    fit = tab.details.fit
    qtbot.waitUntil(lambda: fit.isVisible() and len(fit.memories) == 1)
    before = fit.memories[0].needed
    assert "growing up to 8,192" in fit.context.accessibleDescription()
    fit.context.setValue(fit.context.maximum())
    assert fit.context.accessibleDescription() == "8,192 tokens"
    assert fit.memories[0].needed > before
    wide = fit.memories[0].cache
    fit.kv_type.setCurrentIndex(2)
    assert fit.memories[0].cache < wide
    fit.context.setValue(3)
    press(qtbot, fit.keep)
    assert fit.keep.isHidden()

    shell.model.load()
    qtbot.waitUntil(lambda: shell.model.state is ModelState.LOADED)
    options = engine.loads[-1][1]
    assert (options.context, options.kv_type) == (2048, "q8_0")
    press(qtbot, fit.reset)
    assert shell.settings.settings.own_loads == ()
    assert fit.context.value() == 0


def test_what_is_tried_out_stays_while_other_settings_change(
    qtbot: QtBot, shell: Shell, tab: InstalledTab
) -> None:
    fit = tab.details.fit
    qtbot.waitUntil(fit.isVisible)
    fit.context.setValue(3)
    fit.kv_type.setCurrentIndex(2)
    shell.settings.change(replace(shell.settings.settings, has_met_starter=True))
    assert (fit.context.value(), fit.kv_type.currentIndex()) == (3, 2)


def test_this_computer_is_measured_and_speeds_are_told(
    qtbot: QtBot, profile: Profile, tab: InstalledTab, engine: ScriptedEngine
) -> None:
    fit = tab.details.fit
    qtbot.waitUntil(fit.isVisible)
    assert "Measuring takes a few seconds" in fit.speed
    press(qtbot, fit.measure)
    qtbot.waitUntil(lambda: "tokens a second" in fit.speed)
    assert read_rates(profile.speed) == engine.rates
    assert fit.measure.text() == "Measure again"


def test_a_kv_cache_that_cannot_be_made_smaller_says_so(
    qtbot: QtBot, shell: Shell, tasks: Tasks, engine: ScriptedEngine, look: Look, own: Path
) -> None:
    machine = MachineViewModel(engine, tasks, own.parent / "speed.json")
    fit = FitViewModel(machine, shell.settings)
    card = FitCard(fit, machine, look)
    qtbot.addWidget(card)
    # Types of 8 and 4 bits come in blocks of 32 numbers.
    fit.show(own, replace(read_shape(own), key_length=40, value_length=40))
    qtbot.waitUntil(lambda: fit.fit is not None)
    assert card.refusal.isHidden()
    card.kv_type.setCurrentIndex(2)
    assert fit.kv_type is KvType.Q8_0
    assert not card.refusal.isHidden()
    fit.show(own, replace(read_shape(own), key_length=64, value_length=64))
    card.kv_type.setCurrentIndex(2)
    assert card.refusal.isHidden()


def test_memory_of_the_model_that_gives_way_counts_as_free(
    qtbot: QtBot, shell: Shell, tasks: Tasks, engine: ScriptedEngine, tmp_path: Path
) -> None:
    full = Machine("a processor", (), cores=4, memory=8_000_000_000, available=1_000_000_000)
    machine = MachineViewModel(engine, tasks, tmp_path / "speed.json", lambda: full)
    machine.refresh()
    qtbot.waitUntil(lambda: machine.machine == full)
    shell.model.load()
    qtbot.waitUntil(lambda: shell.model.state is ModelState.LOADED)
    machine.refresh()
    qtbot.waitUntil(lambda: machine.machine != full)
    assert machine.machine is not None
    assert machine.machine.available > full.available


def test_the_first_fingerprint_is_taken_and_a_change_is_noticed(
    qtbot: QtBot, tab: InstalledTab, own: Path
) -> None:
    choose(qtbot, tab, own)
    details = tab.details
    press(qtbot, details.verify)
    qtbot.waitUntil(lambda: details.outcome.text().startswith("First fingerprint taken"))
    press(qtbot, details.verify)
    qtbot.waitUntil(lambda: details.outcome.text().startswith("Unchanged since"))
    with own.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        last = file.read(1)
        file.seek(-1, os.SEEK_END)
        file.write(bytes([last[0] ^ 1]))
    press(qtbot, details.verify)
    qtbot.waitUntil(lambda: details.outcome.text().startswith("Changed since"))
    assert "tiny.gguf" in details.outcome.text()


def test_a_model_whose_end_is_missing_cannot_be_put_to_use(
    qtbot: QtBot, tab: InstalledTab, own: Path
) -> None:
    os.truncate(own, own.stat().st_size - 1000)
    choose(qtbot, tab, own)
    qtbot.waitUntil(tab.details.banner.isVisible)
    assert "end of the model file is missing" in tab.details.banner.sentence
    assert not tab.details.use.isEnabled()


@pytest.mark.skipif(sys.platform != "linux", reason="Others are asked in another way.")
def test_without_a_file_manager_that_selects_files_their_folder_is_opened(
    qtbot: QtBot, tab: InstalledTab, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[QUrl] = []
    monkeypatch.setattr("sottovoce.ui.file_manager.QDesktopServices.openUrl", seen.append)
    choose(qtbot, tab, own)
    press(qtbot, tab.details.show_folder)
    qtbot.waitUntil(lambda: seen == [QUrl.fromLocalFile(str(own.parent))])


def test_own_files_are_deleted_only_after_a_question_that_names_their_size(
    qtbot: QtBot, shell: Shell, tab: InstalledTab, own: Path
) -> None:
    choose(qtbot, tab, own)
    press(qtbot, tab.details.remove)
    assert "10 MB" in confirm(qtbot, shell, "Cancel")
    assert own.exists()
    qtbot.keyClick(tab.list, Qt.Key.Key_Delete)
    confirm(qtbot, shell, "Delete")
    qtbot.waitUntil(lambda: len(listed(tab)) == 1)
    assert not own.exists()


def test_a_link_is_removed_at_once_and_brought_back(
    qtbot: QtBot, page: ModelsPage, tab: InstalledTab, elsewhere: Path
) -> None:
    tab.add_paths([elsewhere])
    choose(qtbot, tab, elsewhere)
    item = next(item for item in listed(tab) if item.path == elsewhere)
    press(qtbot, tab.details.remove)
    qtbot.waitUntil(lambda: elsewhere not in [item.path for item in listed(tab)])
    assert elsewhere.exists()
    press(qtbot, page.toast.button)
    qtbot.waitUntil(lambda: item in listed(tab))


def test_the_model_in_use_gives_way_to_the_starter_when_it_is_removed(
    qtbot: QtBot, shell: Shell, tab: InstalledTab, own: Path, engine: ScriptedEngine
) -> None:
    choose(qtbot, tab, own)
    press(qtbot, tab.details.use)
    qtbot.waitUntil(lambda: shell.model.state is ModelState.LOADED)
    press(qtbot, tab.details.remove)
    confirm(qtbot, shell, "Delete")
    qtbot.waitUntil(lambda: shell.model.model is not None and shell.model.model.is_starter)
    qtbot.waitUntil(lambda: len(listed(tab)) == 1)
    assert engine.loaded is None


def test_a_linked_file_that_is_gone_says_so_and_can_be_removed(
    qtbot: QtBot, shell: Shell, tab: InstalledTab, elsewhere: Path
) -> None:
    tab.add_paths([elsewhere])
    choose(qtbot, tab, elsewhere)
    elsewhere.unlink()
    shell.shelf.refresh()
    qtbot.waitUntil(tab.details.banner.isVisible)
    assert tab.details.use.isHidden()
    press(qtbot, tab.details.banner.button)
    qtbot.waitUntil(lambda: elsewhere not in [item.path for item in listed(tab)])


def test_a_list_read_before_a_model_was_put_back_does_not_choose_another(
    qtbot: QtBot, shell: Shell, tab: InstalledTab, elsewhere: Path
) -> None:
    tab.add_paths([elsewhere])
    choose(qtbot, tab, elsewhere)
    item = shell.shelf.chosen
    assert item is not None
    shell.shelf.remove(item)
    qtbot.waitUntil(lambda: elsewhere not in [item.path for item in listed(tab)])
    shell.shelf.refresh()
    shell.shelf.put_back(item)
    qtbot.waitUntil(lambda: elsewhere in [item.path for item in listed(tab)])
    assert tab.details.is_of(elsewhere)


def test_a_folder_is_searched_for_models_and_what_fails_is_told(
    qtbot: QtBot, tab: InstalledTab, elsewhere: Path
) -> None:
    (elsewhere.parent / "deep").mkdir()
    letter = elsewhere.parent / "deep" / "letter.gguf"
    letter.write_text("Dear reader,")
    tab.add_paths([elsewhere.parent])
    qtbot.waitUntil(lambda: elsewhere in [item.path for item in listed(tab)])
    qtbot.waitUntil(tab.banner.isVisible)
    assert tab.banner.sentence.startswith("letter.gguf: ")
    added = next(item for item in listed(tab) if item.path == elsewhere)
    assert added.origin is Origin.LINKED
    assert tab.details.is_of(elsewhere)


def test_of_many_files_that_fail_a_few_are_named(
    qtbot: QtBot, tab: InstalledTab, tmp_path: Path
) -> None:
    letters = [tmp_path / f"letter {number}.gguf" for number in range(7)]
    for letter in letters:
        letter.write_text("Dear reader,")
    tab.add_paths(letters)
    qtbot.waitUntil(tab.banner.isVisible)
    lines = tab.banner.sentence.splitlines()
    assert len(lines) == 6
    assert lines[-1] == "2 more could not be added."


def test_a_folder_without_models_is_told(qtbot: QtBot, tab: InstalledTab, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    tab.add_paths([tmp_path / "empty"])
    qtbot.waitUntil(tab.banner.isVisible)
    assert "no GGUF file" in tab.banner.sentence


def test_what_is_listed_already_is_not_added_again(
    qtbot: QtBot, page: ModelsPage, tab: InstalledTab, own: Path
) -> None:
    tab.add_paths([own])
    qtbot.waitUntil(page.toast.isVisible)
    assert page.toast.accessibleName() == "Tiny random Llama 3.1, for tests is listed already"
    assert tab.details.is_of(own)


def test_a_copy_is_sottovoces_own(
    qtbot: QtBot, tab: InstalledTab, elsewhere: Path, profile: Profile
) -> None:
    tab.copies.setChecked(True)
    tab.add_paths([elsewhere])
    copy = profile.models / "mine.gguf"
    qtbot.waitUntil(lambda: copy in [item.path for item in listed(tab)])
    assert copy.read_bytes() == elsewhere.read_bytes()


def test_what_other_programs_left_is_found_and_linked(
    qtbot: QtBot,
    shell: Shell,
    tab: InstalledTab,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home = tmp_path / "home"
    theirs = home / ".lmstudio" / "models" / "someone" / "some-GGUF" / "theirs.gguf"
    theirs.parent.mkdir(parents=True)
    shutil.copy(small_llama(), theirs)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME", "HF_HOME", "OLLAMA_MODELS", "LLAMA_CACHE"):
        monkeypatch.delenv(name, raising=False)
    tab.add_found.trigger()
    [dialog] = shell.findChildren(FoundDialog)
    qtbot.waitUntil(lambda: len(dialog.boxes) == 1)
    assert not dialog.add.isEnabled()
    dialog.boxes[0].click()
    press(qtbot, dialog.add)
    qtbot.waitUntil(lambda: theirs in [item.path for item in listed(tab)])


def test_what_is_dropped_on_the_page_is_added(
    qtbot: QtBot, shell: Shell, page: ModelsPage, elsewhere: Path, engine: ScriptedEngine
) -> None:
    drop(shell, elsewhere)
    qtbot.waitUntil(lambda: elsewhere in [item.path for item in listed(page.installed)])
    assert engine.loads == []


def test_a_folder_dropped_on_a_chat_opens_the_page(
    qtbot: QtBot, shell: Shell, elsewhere: Path
) -> None:
    drop(shell, elsewhere.parent)
    page = shell.models
    assert page is not None
    qtbot.waitUntil(lambda: elsewhere in [item.path for item in listed(page.installed)])
    assert page.isVisible()


def test_an_adapter_changes_the_next_reply_without_a_load(
    qtbot: QtBot, shell: Shell, tab: InstalledTab, tmp_path: Path, engine: ScriptedEngine
) -> None:
    ask(qtbot, shell, "Hello")
    shell.actions_by_id["models"].trigger()
    path = write_adapter(tmp_path / "pirate.gguf")
    write_adapter(tmp_path / "other.gguf", architecture="gemma")
    tab.add_paths([path, tmp_path / "other.gguf"])
    card = tab.details.adapters
    qtbot.waitUntil(lambda: len(card.rows) == 1)
    [row] = card.rows
    row.switch.click()
    row.scale.setValue(row.scale.maximum())
    ask(qtbot, shell, "Hello again")
    strong = engine.adapters
    assert strong == (Adapter(path, 2.0),)
    assert len(engine.loads) == 1

    shell.actions_by_id["models"].trigger()
    row.switch.click()
    ask(qtbot, shell, "And now?")
    assert not engine.adapters


def test_where_it_is_narrow_list_and_details_take_turns(
    qtbot: QtBot, shell: Shell, tab: InstalledTab, own: Path
) -> None:
    shell.resize(640, 500)
    qtbot.waitUntil(lambda: not tab.details.isVisible())
    choose(qtbot, tab, own)
    assert tab.details.isVisible()
    assert not tab.list.isVisible()
    press(qtbot, tab.back)
    assert tab.list.isVisible()
    assert tab.minimumSizeHint().width() < 380  # The window can be made narrower still.


def test_nothing_of_the_details_is_cut_off_in_a_small_window(
    qtbot: QtBot, shell: Shell, tab: InstalledTab
) -> None:
    shell.resize(900, 600)
    details = tab.details
    qtbot.waitUntil(details.fit.isVisible)
    qtbot.waitUntil(lambda: details.content.minimumSizeHint().width() <= details.viewport().width())

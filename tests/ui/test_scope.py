from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from pytestqt.qtbot import QtBot

from fakes import ScriptedEngine
from sottovoce.domain.document import Collection, DocumentState, Scope
from sottovoce.domain.problems import Missing, Refused
from sottovoce.library.news import Settled, Working
from sottovoce.store.store import Store
from sottovoce.ui.shell import Shell
from ui.library_script import ScriptedLibrary, document
from ui.talking import ask, field, say, texts


@pytest.fixture
def lease(library: ScriptedLibrary) -> Collection:
    """A collection of two documents."""
    collection = library.new_collection("Lease")
    library.put(
        document(1, "/docs/contract.pdf", collection=collection.id),
        document(2, "/docs/rules.txt", collection=collection.id),
    )
    return library.collection("Lease")


def chips(shell: Shell) -> list[str]:
    """What the composer says that the chat asks."""
    return [chip._name.text().strip() for chip in shell.page.composer.scope_bar.chips]


def crosses(shell: Shell) -> list[str]:
    return [chip._cross.accessibleName() for chip in shell.page.composer.scope_bar.chips]


def choose(qtbot: QtBot, shell: Shell, name: str) -> None:
    """Tick a collection in the menu of the book."""
    menu = shell.page.composer.scope_button.menu()
    menu.popup(shell.mapToGlobal(shell.rect().center()))
    qtbot.waitUntil(lambda: any(name in action.text() for action in menu.actions()))
    next(action for action in menu.actions() if name in action.text()).trigger()
    menu.close()


def test_a_chosen_collection_stands_over_the_words_and_is_asked(
    qtbot: QtBot, shell: Shell, library: ScriptedLibrary, lease: Collection, store: Store
) -> None:
    assert shell.page.composer.scope_bar.isHidden()
    choose(qtbot, shell, "Lease")
    qtbot.waitUntil(lambda: chips(shell) == ["Lease · 2 documents"])
    say(qtbot, shell, "How high is the deposit?")
    qtbot.waitUntil(lambda: bool(library.queries))
    assert [query.scope for query in library.queries] == [Scope(collections=(lease.id,))]
    qtbot.waitUntil(lambda: [c.scope for c in store.conversations()] == [shell.scope.scope])


def test_each_chat_keeps_what_it_asks(qtbot: QtBot, shell: Shell, lease: Collection) -> None:
    choose(qtbot, shell, "Lease")
    say(qtbot, shell, "How high is the deposit?")
    qtbot.waitUntil(lambda: bool(texts(shell)) and not shell.chat.is_busy)
    assert shell.chat.conversation is not None
    asked = shell.chat.conversation.id
    shell.chat.start_new()
    assert not chips(shell)
    shell.chat.open(asked)
    qtbot.waitUntil(lambda: chips(shell) == ["Lease · 2 documents"])


def test_a_chat_opened_in_a_new_window_asks_what_it_asked(
    qtbot: QtBot, shell: Shell, lease: Collection, store: Store
) -> None:
    conversation = store.new_conversation().id
    store.say(conversation, "Hello", None)
    store.keep_scope(conversation, Scope(collections=(lease.id,)))
    shell.chat.open(conversation)
    qtbot.waitUntil(lambda: chips(shell) == ["Lease · 2 documents"])


def test_a_cross_ends_the_asking(
    qtbot: QtBot, shell: Shell, library: ScriptedLibrary, lease: Collection
) -> None:
    choose(qtbot, shell, "Lease")
    qtbot.waitUntil(lambda: crosses(shell) == ["Remove Lease from this chat"])
    qtbot.mouseClick(shell.page.composer.scope_bar.chips[0]._cross, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not chips(shell))
    ask(qtbot, shell, "How high is the deposit?")
    assert not library.queries


def test_a_collection_that_is_gone_is_asked_no_more(
    qtbot: QtBot, shell: Shell, library: ScriptedLibrary, lease: Collection
) -> None:
    choose(qtbot, shell, "Lease")
    qtbot.waitUntil(lambda: bool(chips(shell)))
    library.remove_collection(lease.id)
    shell.scope.refresh()
    qtbot.waitUntil(lambda: not chips(shell))
    assert shell.scope.scope.is_empty


def test_attached_files_are_for_this_chat_alone(
    qtbot: QtBot, shell: Shell, library: ScriptedLibrary
) -> None:
    field(shell).setPlainText("What is")
    shell.chat.attach([Path("/docs/contract.pdf"), Path("/docs/rules.txt")])
    qtbot.waitUntil(lambda: chips(shell) == ["contract.pdf · waiting", "rules.txt · waiting"])
    assert field(shell).toPlainText() == "What is", "What was typed stays."
    (collection,) = library.collections()
    assert shell.chat.conversation is not None
    assert collection.conversation == shell.chat.conversation.id
    assert shell.scope.scope == Scope(collections=(collection.id,))
    shell.chat.start_new()
    assert not chips(shell)


def test_files_dropped_on_a_chat_are_attached(qtbot: QtBot, shell: Shell, tmp_path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "contract.pdf"))])
    shell.dropEvent(
        QDropEvent(
            QPointF(500, 300),
            Qt.DropAction.CopyAction,
            data,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
    )
    qtbot.waitUntil(lambda: chips(shell) == ["contract.pdf · waiting"])


def test_pasted_files_are_attached_and_words_stay_words(
    qtbot: QtBot, shell: Shell, tmp_path: Path
) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "contract.pdf"))])
    field(shell).insertFromMimeData(data)
    qtbot.waitUntil(lambda: chips(shell) == ["contract.pdf · waiting"])
    assert field(shell).toPlainText() == ""


def test_chips_say_how_far_the_reading_is(
    qtbot: QtBot, shell: Shell, library: ScriptedLibrary
) -> None:
    shell.chat.attach([Path("/docs/contract.pdf")])
    qtbot.waitUntil(lambda: chips(shell) == ["contract.pdf · waiting"])
    (known,) = library.documents_kept.values()
    library.tell(Working(known.path, 3, 12, 0, 1, 0, 0))
    qtbot.waitUntil(lambda: chips(shell) == ["contract.pdf · reading page 3 of 12"])
    read = replace(known, state=DocumentState.WORDS, pages=12)
    library.put(read)
    library.tell(Settled(read))
    qtbot.waitUntil(lambda: chips(shell) == ["contract.pdf · 12 pages"])


def test_a_file_that_cannot_be_read_says_why(
    qtbot: QtBot, shell: Shell, library: ScriptedLibrary
) -> None:
    shell.chat.attach([Path("/docs/contract.pdf")])
    qtbot.waitUntil(lambda: bool(chips(shell)))
    (known,) = library.documents_kept.values()
    failed = replace(known, state=DocumentState.FAILED, trouble="It is protected by a password.")
    library.put(failed)
    library.tell(Settled(failed))
    qtbot.waitUntil(lambda: chips(shell) == ["contract.pdf · not read"])
    (chip,) = shell.page.composer.scope_bar.chips
    assert "It is protected by a password." in chip._name.toolTip()


def test_removing_what_is_attached_forgets_it(
    qtbot: QtBot, shell: Shell, library: ScriptedLibrary
) -> None:
    shell.chat.attach([Path("/docs/contract.pdf")])
    qtbot.waitUntil(lambda: bool(chips(shell)))
    qtbot.mouseClick(shell.page.composer.scope_bar.chips[0]._cross, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not library.documents_kept)
    assert not chips(shell)


def test_many_attached_files_are_counted(qtbot: QtBot, shell: Shell) -> None:
    shell.chat.attach([Path(f"/docs/{i}.pdf") for i in range(30)])
    qtbot.waitUntil(lambda: len(shell.scope.asked) == 30)
    assert len(chips(shell)) == 5
    flow = shell.page.composer.scope_bar._flow
    last = flow.itemAt(flow.count() - 1)
    assert last is not None
    more = last.widget()
    assert more is not None
    assert more.property("text") == "25 more"


def test_an_answer_waits_until_what_was_attached_is_read(
    qtbot: QtBot, shell: Shell, library: ScriptedLibrary, engine: ScriptedEngine
) -> None:
    shell.chat.attach([Path("/docs/contract.pdf")])
    qtbot.waitUntil(lambda: bool(chips(shell)))
    say(qtbot, shell, "How high is the deposit?")
    qtbot.waitUntil(lambda: shell.chat.notice == "Waiting for contract.pdf to be read…")
    assert texts(shell) == ["How high is the deposit?"], "The words are kept before."
    assert not shell.replies.any_busy, "The reading need not give way to a reply that waits for it."
    assert not library.queries
    (known,) = library.documents_kept.values()
    library.put(replace(known, state=DocumentState.WORDS))
    qtbot.waitUntil(lambda: not shell.chat.is_busy)
    assert len(library.queries) == 1


def test_an_answer_that_waits_can_be_stopped(
    qtbot: QtBot, shell: Shell, library: ScriptedLibrary
) -> None:
    shell.chat.attach([Path("/docs/contract.pdf")])
    qtbot.waitUntil(lambda: bool(chips(shell)))
    say(qtbot, shell, "How high is the deposit?")
    qtbot.waitUntil(lambda: shell.chat.notice.startswith("Waiting"))
    shell.chat.stop()
    qtbot.waitUntil(lambda: not shell.chat.is_busy)
    assert not shell.chat.notice
    assert texts(shell) == ["How high is the deposit?"]


def test_a_document_that_is_gone_is_not_blamed_on_the_model(
    qtbot: QtBot, shell: Shell, engine: ScriptedEngine
) -> None:
    engine.reply_problem = Missing("This document is not here any more.")
    say(qtbot, shell, "How high is the deposit?")
    qtbot.waitUntil(lambda: not shell.page.banner.isHidden())
    assert shell.page.banner.sentence == "This document is not here any more."
    assert shell.page.banner.button.text() == "Try again"


def test_what_stands_in_the_way_of_the_library_is_told(
    qtbot: QtBot, shell: Shell, library: ScriptedLibrary
) -> None:
    library.problem = Refused("The documents cannot be opened now. Try again.")
    shell.scope.list_collections()
    qtbot.waitUntil(lambda: not shell.page.banner.isHidden())
    assert shell.page.banner.sentence == "The documents cannot be opened now. Try again."


def test_what_was_attached_to_a_chat_without_a_word_is_forgotten_with_it(
    qtbot: QtBot, shell: Shell, library: ScriptedLibrary
) -> None:
    shell.chat.attach([Path("/docs/contract.pdf")])
    qtbot.waitUntil(lambda: bool(chips(shell)))
    shell.chat.start_new()
    qtbot.waitUntil(lambda: not library.collections())


def test_what_was_attached_to_a_chat_with_a_draft_waits_with_it(
    qtbot: QtBot, shell: Shell, library: ScriptedLibrary
) -> None:
    shell.chat.attach([Path("/docs/contract.pdf")])
    qtbot.waitUntil(lambda: bool(chips(shell)))
    assert shell.chat.conversation is not None
    begun = shell.chat.conversation.id
    field(shell).setPlainText("What is")
    shell.chat.start_new()
    shell.chat.open(begun)
    qtbot.waitUntil(lambda: chips(shell) == ["contract.pdf · waiting"])


def test_a_question_waits_for_what_is_being_attached(
    qtbot: QtBot, shell: Shell, library: ScriptedLibrary, engine: ScriptedEngine
) -> None:
    shell.chat.attach([Path("/docs/contract.pdf")])
    say(qtbot, shell, "How high is the deposit?")
    assert texts(shell) == []
    qtbot.waitUntil(lambda: shell.chat.notice == "Waiting for contract.pdf to be read…")
    assert texts(shell) == ["How high is the deposit?"]
    assert field(shell).toPlainText() == ""
    assert len(library.collections()) == 1


def test_words_that_are_changed_while_files_are_being_attached_are_not_sent(
    qtbot: QtBot, shell: Shell, engine: ScriptedEngine
) -> None:
    shell.chat.attach([Path("/docs/contract.pdf")])
    say(qtbot, shell, "How high")
    field(shell).setPlainText("How high is")
    qtbot.waitUntil(lambda: chips(shell) == ["contract.pdf · waiting"])
    assert field(shell).toPlainText() == "How high is"
    assert not shell.chat.is_busy


def test_files_that_come_right_after_the_first_words_are_attached_to_their_chat(
    qtbot: QtBot, shell: Shell, store: Store
) -> None:
    say(qtbot, shell, "Hello")
    shell.chat.attach([Path("/docs/contract.pdf")])
    qtbot.waitUntil(lambda: chips(shell) == ["contract.pdf · waiting"])
    qtbot.waitUntil(lambda: not shell.chat.is_busy)
    assert texts(shell) == ["Hello", "Yes."]
    assert len(store.conversations()) == 1


def test_what_is_removed_does_not_come_back_with_an_older_answer(
    qtbot: QtBot, shell: Shell, library: ScriptedLibrary
) -> None:
    shell.chat.attach([Path("/docs/contract.pdf")])
    qtbot.waitUntil(lambda: bool(shell.scope.asked) and not shell.scope.is_adding)
    seen: list[list[str]] = []
    shell.scope.refresh()
    shell.scope.remove(shell.scope.asked[0])
    shell.scope.changed.connect(lambda: seen.append(chips(shell)))
    qtbot.waitUntil(lambda: not library.documents_kept and bool(seen))
    assert not any(seen)

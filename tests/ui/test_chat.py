from threading import Event

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from fakes import ScriptedEngine
from sottovoce.chat.news import Said
from sottovoce.domain.conversation import Role, State
from sottovoce.domain.problems import Interrupted, Missing, NoRoom, Unsupported
from sottovoce.domain.settings import Settings
from sottovoce.store.store import Store
from sottovoce.ui.chat.transcript.controls import Action
from sottovoce.ui.chat.transcript.copying import for_clipboard
from sottovoce.ui.shell import Shell
from sottovoce.ui.tasks import Tasks
from ui.talking import ask, field, say, shown, texts, titles


def test_a_message_is_answered_shown_and_kept(
    qtbot: QtBot, shell: Shell, engine: ScriptedEngine, store: Store
) -> None:
    engine.replies = ["It is a **shield**."]

    ask(qtbot, shell, "What is that?")

    assert shown(shell) == [
        (Role.USER, "What is that?"),
        (Role.ASSISTANT, "It is a **shield**."),
    ]
    (kept,) = store.conversations()
    assert [m.text for m in store.messages(kept.id)] == texts(shell)
    assert field(shell).toPlainText() == ""
    qtbot.waitUntil(lambda: titles(shell) == ["What is that?"])


def test_words_appear_while_the_reply_is_written(
    qtbot: QtBot, shell: Shell, engine: ScriptedEngine
) -> None:
    engine.replies = ["one two three"]
    with engine.held():
        say(qtbot, shell, "Count.")
        qtbot.waitUntil(lambda: shell.chat.growing is not None and bool(shell.chat.growing.text))
        assert shell.chat.growing is not None
        assert shell.chat.growing.text == "one two "
        assert shell.chat.growing.state is State.WRITING
    qtbot.waitUntil(lambda: texts(shell)[-1] == "one two three")


def test_escape_stops_the_reply_and_keeps_what_was_written(
    qtbot: QtBot, shell: Shell, engine: ScriptedEngine
) -> None:
    engine.replies = ["one two three"]
    with engine.held():
        say(qtbot, shell, "Count.")
        qtbot.waitUntil(lambda: shell.chat.growing is not None and bool(shell.chat.growing.text))
        qtbot.keyClick(field(shell), Qt.Key.Key_Escape)
        qtbot.waitUntil(lambda: not shell.chat.is_busy)

    assert shell.chat.messages[-1].text == "one two "
    assert shell.chat.messages[-1].state is State.STOPPED
    assert shell.chat.trouble is None


def test_the_send_button_becomes_stop_while_a_reply_is_written(
    qtbot: QtBot, shell: Shell, engine: ScriptedEngine
) -> None:
    engine.replies = ["one two three"]
    button = shell.page.composer.findChild(QPushButton, "send")
    assert isinstance(button, QPushButton)
    assert not button.isEnabled()
    with engine.held():
        say(qtbot, shell, "Count.")
        qtbot.waitUntil(lambda: button.accessibleName() == "Stop")
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: button.accessibleName() == "Send")


def test_a_second_message_waits_until_the_first_is_answered(
    qtbot: QtBot, shell: Shell, engine: ScriptedEngine
) -> None:
    engine.replies = ["one two three"]
    with engine.held():
        say(qtbot, shell, "First")
        qtbot.waitUntil(lambda: shell.chat.growing is not None)
        say(qtbot, shell, "Second")
        assert field(shell).toPlainText() == "Second"
    qtbot.waitUntil(lambda: not shell.chat.is_busy)
    assert "Second" not in texts(shell)


def test_answering_again_adds_a_variant_and_both_can_be_shown(
    qtbot: QtBot, shell: Shell, engine: ScriptedEngine
) -> None:
    engine.replies = ["First answer", "Other answer"]
    ask(qtbot, shell, "Why?")
    first = shell.chat.messages[-1].id

    shell.page.transcript.regenerate_asked.emit(first)
    qtbot.waitUntil(lambda: texts(shell) == ["Why?", "Other answer"] and not shell.chat.is_busy)
    assert len(shell.chat.messages[-1].variants) == 2

    shell.page.transcript.variant_asked.emit(first)
    qtbot.waitUntil(lambda: texts(shell) == ["Why?", "First answer"])


def test_an_edited_message_begins_a_branch_and_the_old_one_stays(
    qtbot: QtBot, shell: Shell, engine: ScriptedEngine, store: Store
) -> None:
    engine.replies = ["A one", "A two", "B one"]
    ask(qtbot, shell, "First")
    ask(qtbot, shell, "Second")
    edited = shell.chat.messages[2]

    shell.page.transcript.edit_asked.emit(edited.id)
    assert field(shell).toPlainText() == "Second"
    say(qtbot, shell, "Second, but better")
    qtbot.waitUntil(lambda: texts(shell)[-1] == "B one" and not shell.chat.is_busy)

    assert texts(shell) == ["First", "A one", "Second, but better", "B one"]
    assert shell.chat.messages[2].parent == edited.parent
    assert store.message(edited.id).text == "Second"
    assert shell.chat.editing is None


def test_a_draft_put_aside_for_an_edit_is_there_afterwards(
    qtbot: QtBot, shell: Shell, engine: ScriptedEngine
) -> None:
    ask(qtbot, shell, "First")
    field(shell).setPlainText("half a thought")
    shell.page.transcript.edit_asked.emit(shell.chat.messages[0].id)
    say(qtbot, shell, "First, but better")
    qtbot.waitUntil(lambda: texts(shell) == ["First, but better", "Yes."])

    assert field(shell).toPlainText() == "half a thought"


def test_the_chat_asked_for_last_is_shown(
    qtbot: QtBot, shell: Shell, engine: ScriptedEngine
) -> None:
    ask(qtbot, shell, "First")
    assert shell.chat.conversation is not None
    shell.chat.open(shell.chat.conversation.id)
    shell.chat.start_new()
    with qtbot.assertNotEmitted(shell.chat.opened, wait=200):
        pass
    assert texts(shell) == []


def test_cancelling_an_edit_brings_the_draft_back(
    qtbot: QtBot, shell: Shell, engine: ScriptedEngine
) -> None:
    ask(qtbot, shell, "First")
    field(shell).setPlainText("half a thought")

    shell.page.transcript.edit_asked.emit(shell.chat.messages[0].id)
    qtbot.keyClick(field(shell), Qt.Key.Key_Escape)

    assert field(shell).toPlainText() == "half a thought"
    assert texts(shell) == ["First", "Yes."]


def test_an_interrupted_reply_is_kept_and_goes_on_when_asked(
    qtbot: QtBot, shell: Shell, engine: ScriptedEngine
) -> None:
    engine.replies = ["one two three", "and four"]
    engine.reply_problem = Interrupted("The engine ended. Try again.")
    say(qtbot, shell, "Count.")
    qtbot.waitUntil(lambda: shell.chat.messages[-1:] != () and shell.page.banner.isVisible())
    qtbot.waitUntil(lambda: shell.chat.messages[-1].state is State.INTERRUPTED)

    assert shell.chat.messages[-1].text == "one two "
    assert shell.page.banner.sentence == "The engine ended. Try again."
    assert shell.page.banner.button.isHidden()
    [go_on] = [c for c in shell.page.transcript.controls() if c.action is Action.CONTINUE]
    where = go_on.rect.center().toPoint()
    qtbot.mouseClick(shell.page.transcript.viewport(), Qt.MouseButton.LeftButton, pos=where)

    qtbot.waitUntil(lambda: texts(shell)[-1] == "one two and four" and not shell.chat.is_busy)
    assert shell.page.banner.isHidden()
    assert len(shell.chat.messages) == 2


@pytest.mark.parametrize(
    ("problem", "says"),
    [
        (Missing("The file is gone. Choose another."), "Choose a model…"),
        (Unsupported("This model cannot be used. Choose another."), "Choose a model…"),
        (NoRoom("Too little memory. Choose a smaller context window."), "Open settings"),
        (Interrupted("The engine ended. Try again."), "Try again"),
    ],
)
def test_a_problem_is_told_in_its_words_with_what_helps(
    qtbot: QtBot, shell: Shell, engine: ScriptedEngine, problem: Exception, says: str
) -> None:
    engine.load_problem = problem
    say(qtbot, shell, "Hello")
    qtbot.waitUntil(lambda: shell.page.banner.isVisible())

    assert shell.page.banner.sentence == str(problem)
    assert shell.page.banner.button.text() == says
    assert texts(shell) == ["Hello"]


def test_trying_again_answers_the_question_that_failed(
    qtbot: QtBot, shell: Shell, engine: ScriptedEngine
) -> None:
    engine.load_problem = Interrupted("The engine ended. Try again.")
    say(qtbot, shell, "Hello")
    qtbot.waitUntil(lambda: shell.page.banner.isVisible())

    qtbot.mouseClick(shell.page.banner.button, Qt.MouseButton.LeftButton)

    qtbot.waitUntil(lambda: texts(shell) == ["Hello", "Yes."] and not shell.chat.is_busy)
    assert shell.page.banner.isHidden()


def test_a_reply_that_broke_off_before_its_first_word_is_tried_again(
    qtbot: QtBot, shell: Shell, engine: ScriptedEngine
) -> None:
    engine.replies = ["Never", "Yes."]
    engine.reply_problem = Interrupted("The engine ended. Try again.")
    say(qtbot, shell, "Hello")
    qtbot.waitUntil(lambda: shell.page.banner.isVisible() and not shell.chat.is_busy)
    assert not any(c.action is Action.CONTINUE for c in shell.page.transcript.controls())

    qtbot.mouseClick(shell.page.banner.button, Qt.MouseButton.LeftButton)

    qtbot.waitUntil(lambda: texts(shell) == ["Hello", "Yes."] and not shell.chat.is_busy)


def test_escape_stops_a_reply_also_while_the_transcript_has_the_focus(
    qtbot: QtBot, shell: Shell, engine: ScriptedEngine
) -> None:
    engine.replies = ["one two three"]
    with engine.held():
        say(qtbot, shell, "Count.")
        qtbot.waitUntil(lambda: shell.chat.growing is not None)
        qtbot.mouseClick(shell.page.transcript.viewport(), Qt.MouseButton.LeftButton)
        qtbot.keyClick(shell.page.transcript, Qt.Key.Key_Escape)
        qtbot.waitUntil(lambda: not shell.chat.is_busy)
    assert shell.chat.messages[-1].state is State.STOPPED


def test_an_edit_under_way_waits_while_another_chat_is_looked_at(
    qtbot: QtBot, shell: Shell
) -> None:
    ask(qtbot, shell, "First")
    first = shown_chat(shell)
    shell.page.transcript.edit_asked.emit(shell.chat.messages[0].id)
    field(shell).setPlainText("Better words")

    shell.actions_by_id["new_chat"].trigger()
    assert field(shell).toPlainText() == ""
    shell.chat.open(first)

    qtbot.waitUntil(lambda: shell.chat.editing is not None)
    assert field(shell).toPlainText() == "Better words"
    qtbot.keyClick(field(shell), Qt.Key.Key_Escape)
    assert field(shell).toPlainText() == ""


def shown_chat(shell: Shell) -> int:
    assert shell.chat.conversation is not None
    return shell.chat.conversation.id


def seen_first(shell: Shell) -> tuple[int, int]:
    """The message and the block at the upper edge."""
    anchor = shell.page.transcript.anchor
    assert anchor is not None
    return anchor.place, anchor.block


def test_each_chat_is_shown_where_it_was_left(
    qtbot: QtBot, shell: Shell, engine: ScriptedEngine
) -> None:
    engine.replies = ["\n\n".join(f"Paragraph {i}" for i in range(80))]
    ask(qtbot, shell, "Go on and on")
    first = shown_chat(shell)
    shell.page.transcript.viewport().repaint()
    shell.page.transcript.verticalScrollBar().setValue(500)
    before = seen_first(shell)
    shell.actions_by_id["new_chat"].trigger()
    ask(qtbot, shell, "Hello")
    second = shown_chat(shell)

    shell.chat.open(first)
    qtbot.waitUntil(lambda: shown_chat(shell) == first)
    assert seen_first(shell) == before
    shell.chat.open(second)
    qtbot.waitUntil(lambda: shown_chat(shell) == second)
    assert shell.page.transcript.at_end


def test_looking_at_another_version_does_not_move_the_reader(
    qtbot: QtBot, shell: Shell, engine: ScriptedEngine
) -> None:
    first, second = ("\n\n".join(f"{word} {i}" for i in range(80)) for word in ("One", "Two"))
    engine.replies = [first, second]
    ask(qtbot, shell, "Hello")
    shell.actions_by_id["regenerate"].trigger()
    qtbot.waitUntil(lambda: texts(shell) == ["Hello", second] and not shell.chat.is_busy)
    shell.page.transcript.viewport().repaint()
    shell.page.transcript.verticalScrollBar().setValue(500)
    before = seen_first(shell)

    shell.chat.show_variant(shell.chat.messages[1].variants[0])

    qtbot.waitUntil(lambda: texts(shell) == ["Hello", first])
    assert seen_first(shell) == before


def test_a_reply_goes_on_while_another_chat_is_looked_at(
    qtbot: QtBot, shell: Shell, engine: ScriptedEngine
) -> None:
    engine.replies = ["one two three"]
    with engine.held():
        say(qtbot, shell, "Count.")
        qtbot.waitUntil(lambda: shell.chat.growing is not None and bool(shell.chat.growing.text))
        assert shell.chat.conversation is not None
        counting = shell.chat.conversation.id

        shell.chat.start_new()
        assert texts(shell) == []
        is_busy_here = shell.chat.is_busy
        assert not is_busy_here

        with qtbot.waitSignal(shell.chat.opened):
            shell.chat.open(counting)
        assert texts(shell) == ["Count.", "one two "]
        assert shell.chat.is_busy
        shell.chat.start_new()
    qtbot.waitUntil(lambda: not shell.replies.any_under_way)
    with qtbot.waitSignal(shell.chat.opened):
        shell.chat.open(counting)
    assert texts(shell) == ["Count.", "one two three"]


def test_a_draft_comes_back_with_its_chat_and_is_kept(
    qtbot: QtBot, shell: Shell, store: Store
) -> None:
    ask(qtbot, shell, "First")
    assert shell.chat.conversation is not None
    first = shell.chat.conversation.id
    field(shell).setPlainText("not yet sent")

    shell.chat.start_new()
    assert field(shell).toPlainText() == ""
    qtbot.waitUntil(lambda: store.draft(first) == "not yet sent")
    shell.chat.open(first)
    qtbot.waitUntil(lambda: field(shell).toPlainText() == "not yet sent")


def test_a_draft_of_a_chat_not_begun_is_kept_too(qtbot: QtBot, shell: Shell, store: Store) -> None:
    field(shell).setPlainText("a first thought")
    qtbot.waitUntil(lambda: store.draft(None) == "a first thought")


def test_what_does_not_fit_the_context_window_is_said(
    qtbot: QtBot, shell: Shell, engine: ScriptedEngine
) -> None:
    engine.context = 300
    engine.replies = ["word " * 90 + "end", "word " * 90 + "end", "short"]
    for text in ("First", "Second", "Third"):
        ask(qtbot, shell, text)

    assert shell.chat.context is not None
    assert shell.chat.context.left_out > 0
    assert shell.page.left_out.isVisible()
    assert "not shown to the model" in shell.page.left_out.sentence


def test_shift_enter_breaks_the_line(qtbot: QtBot, shell: Shell) -> None:
    qtbot.keyClicks(field(shell), "a")
    qtbot.keyClick(field(shell), Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClicks(field(shell), "b")

    assert field(shell).toPlainText() == "a\nb"
    assert not shell.chat.is_busy


def test_enter_confirms_what_an_input_method_composes(qtbot: QtBot, shell: Shell) -> None:
    field(shell).setFocus()
    QApplication.sendEvent(field(shell), QInputMethodEvent("に", []))
    qtbot.keyClick(field(shell), Qt.Key.Key_Return)
    assert not shell.chat.is_busy
    assert shell.chat.messages == ()


def test_the_field_grows_with_its_lines_up_to_eight(qtbot: QtBot, shell: Shell) -> None:
    heights = []
    for lines in (1, 3, 8, 30):
        field(shell).setPlainText("\n".join(["line"] * lines))
        heights.append(field(shell).height())
    assert heights[0] < heights[1] < heights[2] == heights[3]


def test_pasting_takes_the_text_alone_however_long(qtbot: QtBot, shell: Shell) -> None:
    data = for_clipboard("word " * 200_000, [])
    data.setHtml("<b>bold</b>")
    QApplication.clipboard().setMimeData(data)
    field(shell).paste()
    assert len(field(shell).toPlainText()) == 1_000_000


def test_a_new_chat_without_a_model_says_what_to_do_and_keeps_the_words(
    qtbot: QtBot, shell: Shell
) -> None:
    missing = Settings(model="/nowhere/model.gguf")
    shell.settings.change(missing)
    shell.model.find()
    qtbot.waitUntil(lambda: shell.model.model is None)

    say(qtbot, shell, "Hello")

    assert shell.page.banner.isVisible()
    assert shell.page.banner.button.text() == "Choose a model…"
    assert field(shell).toPlainText() == "Hello"


def test_what_is_typed_while_another_chat_is_being_opened_is_kept(
    qtbot: QtBot, shell: Shell, tasks: Tasks, store: Store
) -> None:
    ask(qtbot, shell, "First")
    assert shell.chat.conversation is not None
    first, other = shell.chat.conversation.id, store.new_conversation().id
    may_answer = Event()
    tasks.ask(lambda: may_answer.wait(60))
    shell.chat.open(other)
    field(shell).setPlainText("half a thought")
    may_answer.set()
    qtbot.waitUntil(lambda: texts(shell) == [])
    qtbot.waitUntil(lambda: store.draft(first) == "half a thought")
    assert field(shell).toPlainText() == ""


def test_words_that_come_while_their_chat_is_being_opened_are_shown(
    qtbot: QtBot, shell: Shell, tasks: Tasks, store: Store
) -> None:
    ask(qtbot, shell, "First")
    assert shell.chat.conversation is not None
    first = shell.chat.conversation.id
    shell.chat.start_new()
    is_read = Event()
    shell.chat.open(first)
    tasks.ask(is_read.set)
    assert is_read.wait(60)
    last = store.messages(first)[-1]
    shell.replies.told.emit(first, Said(store.say(first, "Second", last.id)))
    qtbot.waitUntil(lambda: texts(shell) == ["First", "Yes.", "Second"])


def test_a_version_that_is_asked_for_does_not_hide_what_is_said_in_the_same_moment(
    qtbot: QtBot, shell: Shell, engine: ScriptedEngine, tasks: Tasks
) -> None:
    engine.replies = ["One.", "Two.", "Three."]
    ask(qtbot, shell, "First")
    one = shell.chat.messages[-1].id
    shell.chat.regenerate(one)
    qtbot.waitUntil(lambda: texts(shell) == ["First", "Two."] and not shell.chat.is_busy)
    is_read = Event()
    shell.chat.show_variant(one)
    tasks.ask(is_read.set)
    assert is_read.wait(60)
    say(qtbot, shell, "Second")
    qtbot.waitUntil(lambda: texts(shell) == ["First", "Two.", "Second", "Three."])


@pytest.mark.parametrize("action", ["new_chat", "new_temporary"])
def test_what_is_typed_right_after_a_chat_was_left_is_in_the_next(
    qtbot: QtBot, shell: Shell, action: str
) -> None:
    say(qtbot, shell, "The first words")
    shell.actions_by_id[action].trigger()
    qtbot.keyClick(field(shell), Qt.Key.Key_End)
    qtbot.keyClicks(field(shell), " and the next")
    qtbot.waitUntil(lambda: [c.title for c in shell.chats.chats] == ["The first words"])
    assert texts(shell) == []
    assert field(shell).toPlainText() == " and the next"
    assert shell.chat.is_temporary is (action == "new_temporary")


def test_what_is_typed_before_the_words_are_kept_stays(qtbot: QtBot, shell: Shell) -> None:
    say(qtbot, shell, "The first words")
    qtbot.keyClick(field(shell), Qt.Key.Key_End)
    qtbot.keyClicks(field(shell), " and the next")
    qtbot.waitUntil(lambda: texts(shell) == ["The first words", "Yes."])
    assert field(shell).toPlainText() == " and the next"

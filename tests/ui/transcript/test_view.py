import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QAccessible, QClipboard, QImage, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractButton, QApplication
from pytestqt.qtbot import QtBot

from sottovoce.domain.conversation import Message, State
from sottovoce.domain.reply import Finish, Timings, Usage
from sottovoce.ui.chat.transcript.controls import Action, Control
from sottovoce.ui.chat.transcript.view import Transcript
from sottovoce.ui.theme.tokens import DARK, LIGHT

Make = Callable[..., Message]
LEFT = Qt.MouseButton.LeftButton


def _controls(transcript: Transcript, action: Action) -> list[Control]:
    """What can be clicked in sight."""
    transcript.viewport().repaint()
    return [each for each in transcript.controls() if each.action is action]


def _click(qtbot: QtBot, transcript: Transcript, control: Control) -> None:
    qtbot.mouseClick(transcript.viewport(), LEFT, pos=control.rect.center().toPoint())


def _drag(qtbot: QtBot, transcript: Transcript, start: QPoint, end: QPoint) -> None:
    viewport = transcript.viewport()
    qtbot.mousePress(viewport, LEFT, pos=start)
    here = QPointF(end)
    none = Qt.KeyboardModifier.NoModifier
    move = QMouseEvent(QEvent.Type.MouseMove, here, here, Qt.MouseButton.NoButton, LEFT, none)
    QApplication.sendEvent(viewport, move)
    qtbot.mouseRelease(viewport, LEFT, pos=end)


def _picture(transcript: Transcript) -> QImage:
    return transcript.grab().toImage()


def _where(transcript: Transcript, place: int, text: str) -> QPoint:
    """The middle of a text in a message, on screen."""
    transcript.viewport().repaint()
    page = transcript._column.page(place)
    for block in range(len(page.blocks)):
        at = page.shape(block).text.find(text)
        if at >= 0:
            [rect, *_] = page.shape(block).rects(at, at + len(text))
            inside = rect.center() + page.origin(block)
            top = transcript._column.top(place) - transcript._edge
            return (inside + QPointF(transcript._left, top)).toPoint()
    raise AssertionError(text)


# Where the reader is.


def test_a_chat_opens_at_its_end(transcript: Transcript, long_chat: list[Message]) -> None:
    transcript.show_messages(long_chat)
    transcript.viewport().repaint()
    bar = transcript.verticalScrollBar()
    assert bar.value() == bar.maximum() > 0
    assert transcript.at_end


def test_a_growing_reply_stays_in_sight(
    transcript: Transcript, long_chat: list[Message], replied: Make
) -> None:
    transcript.show_messages(long_chat)
    transcript.begin_reply(replied(500, "", state=State.WRITING))
    for _ in range(60):
        transcript.grow("Some words. Some more.\n\n")
        transcript.viewport().repaint()
    bar = transcript.verticalScrollBar()
    assert bar.value() == bar.maximum()


def test_a_reader_elsewhere_is_left_alone(
    transcript: Transcript, long_chat: list[Message], replied: Make
) -> None:
    transcript.show_messages(long_chat)
    transcript.scroll_to_message(200)
    before = _where(transcript, 200, "Question")
    transcript.begin_reply(replied(500, "", state=State.WRITING))
    for _ in range(60):
        transcript.grow("Some words. Some more.\n\n")
        transcript.viewport().repaint()
    assert not transcript.at_end
    assert _where(transcript, 200, "Question") == before


def test_scrolling_up_through_unseen_messages_never_jumps(
    qtbot: QtBot, transcript: Transcript, long_chat: list[Message]
) -> None:
    transcript.show_messages(long_chat)
    transcript.viewport().repaint()
    bar = transcript.verticalScrollBar()
    for _ in range(120):
        tops = [transcript.message_rect(place).top() for place in range(len(long_chat))]
        place, top = next((place, top) for place, top in enumerate(tops) if 0 < top < 600)
        bar.setValue(bar.value() - 60)
        transcript.viewport().repaint()
        assert transcript.message_rect(place).top() == top + 60


def test_what_is_read_stays_when_the_width_changes(
    transcript: Transcript, long_chat: list[Message]
) -> None:
    transcript.show_messages(long_chat)
    transcript.scroll_to_message(200)
    for width in (500, 420, 640, 1200):
        transcript.resize(width, 700)
        transcript.viewport().repaint()
        assert abs(_where(transcript, 199, "200:").y()) < 90


def test_a_message_is_shown_from_its_beginning(
    transcript: Transcript, long_chat: list[Message]
) -> None:
    transcript.show_messages(long_chat)
    for wanted in (3, 399, 120):
        transcript.scroll_to_message(wanted)
        transcript.viewport().repaint()
        rect = transcript.message_rect(wanted - 1)
        assert not rect.isEmpty()
        assert rect.top() < 60 or transcript.at_end
    transcript.scroll_to_message(12_345)  # Not there: nothing happens.


def test_a_button_leads_back_to_the_newest(
    qtbot: QtBot, transcript: Transcript, long_chat: list[Message]
) -> None:
    transcript.show_messages(long_chat)
    [jump] = transcript.findChildren(QAbstractButton, "jump")
    assert jump.isHidden()
    transcript.scroll_to_message(10)
    assert jump.isVisible()
    qtbot.mouseClick(jump, LEFT)
    transcript.viewport().repaint()
    assert transcript.at_end
    assert jump.isHidden()


def test_there_is_no_handle_where_there_is_nothing_to_scroll(
    transcript: Transcript, replied: Make, long_chat: list[Message]
) -> None:
    transcript.show_messages([replied(1, "Short")])
    assert not transcript.verticalScrollBar().isEnabled()
    transcript.show_messages(long_chat)
    assert transcript.verticalScrollBar().isEnabled()


def test_keys_scroll(qtbot: QtBot, transcript: Transcript, long_chat: list[Message]) -> None:
    transcript.show_messages(long_chat)
    bar = transcript.verticalScrollBar()
    qtbot.keyClick(transcript, Qt.Key.Key_Home)
    assert bar.value() == 0
    values = []
    for key in (Qt.Key.Key_Down, Qt.Key.Key_PageDown, Qt.Key.Key_Space):
        qtbot.keyClick(transcript, key)
        values.append(bar.value())
    assert 0 < values[0] < values[1] < values[2]
    qtbot.keyClick(transcript, Qt.Key.Key_End)
    assert transcript.at_end


# Selecting and copying.


def test_a_selection_goes_across_messages(
    qtbot: QtBot, transcript: Transcript, asked: Make, replied: Make, clipboard: QClipboard
) -> None:
    transcript.show_messages(
        [asked(1, "First line\nsecond line"), replied(2, "An **answer** here")]
    )
    start = _where(transcript, 0, "second")
    end = _where(transcript, 1, "here")
    _drag(qtbot, transcript, start - QPoint(30, 0), end + QPoint(60, 0))
    assert transcript.selected_text() == "second line\n\nAn answer here"
    qtbot.keyClick(transcript, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert clipboard.text() == "second line\n\nAn answer here"
    assert "<strong>answer</strong>" in clipboard.mimeData().html()


def test_two_clicks_select_a_word_and_three_a_paragraph(
    qtbot: QtBot, transcript: Transcript, replied: Make
) -> None:
    transcript.show_messages([replied(1, "One two-three four.\n\nNext")])
    point = _where(transcript, 0, "four")
    viewport = transcript.viewport()
    qtbot.mouseClick(viewport, LEFT, pos=point)
    qtbot.mouseDClick(viewport, LEFT, pos=point)
    assert transcript.selected_text() == "four"
    qtbot.mouseClick(viewport, LEFT, pos=point)
    assert transcript.selected_text() == "One two-three four."


def test_shift_and_click_extend_the_selection(
    qtbot: QtBot, transcript: Transcript, replied: Make
) -> None:
    transcript.show_messages([replied(1, "One two three")])
    viewport = transcript.viewport()
    qtbot.mouseClick(viewport, LEFT, pos=_where(transcript, 0, "One") - QPoint(30, 0))
    end = _where(transcript, 0, "three") + QPoint(60, 0)
    qtbot.mouseClick(viewport, LEFT, Qt.KeyboardModifier.ShiftModifier, pos=end)
    assert transcript.selected_text() == "One two three"


def test_all_is_selected_as_it_reads(
    qtbot: QtBot, transcript: Transcript, asked: Make, replied: Make
) -> None:
    transcript.show_messages(
        [
            asked(1, "a **b**\n\nc"),
            replied(
                2, "# T\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```\nx\n\ty\n```"
            ),
        ]
    )
    qtbot.keyClick(transcript, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert transcript.selected_text() == "a **b**\n\nc\n\nT\n\none\ntwo\n\na\tb\n1\t2\n\nx\n\ty"
    qtbot.keyClick(transcript, Qt.Key.Key_Escape)
    assert transcript.selected_text() == ""


def test_emoji_do_not_shift_the_selection(
    qtbot: QtBot, transcript: Transcript, replied: Make
) -> None:
    transcript.show_messages([replied(1, "😀😀 word 😀 end")])
    qtbot.mouseDClick(transcript.viewport(), LEFT, pos=_where(transcript, 0, "word"))
    qtbot.mouseDClick(transcript.viewport(), LEFT, pos=_where(transcript, 0, "word"))
    assert transcript.selected_text() in ("word", "😀😀 word 😀 end")


def test_the_code_button_copies_exactly_the_code(
    qtbot: QtBot, transcript: Transcript, replied: Make, clipboard: QClipboard
) -> None:
    code = 'if a != b:\n\tprint("<&>")\n\n    # \u202e hidden\n'
    transcript.show_messages([replied(1, f"Look:\n\n```python\n{code}\n```\n")])
    [button] = _controls(transcript, Action.COPY_CODE)
    before = _picture(transcript)
    _click(qtbot, transcript, button)
    assert clipboard.text() == code
    assert _picture(transcript) != before, "It says that it has copied"


def test_a_message_is_copied_as_it_was_written(
    qtbot: QtBot, transcript: Transcript, replied: Make, clipboard: QClipboard
) -> None:
    transcript.show_messages([replied(1, "**Bold** and `code`")])
    [button] = _controls(transcript, Action.COPY)
    _click(qtbot, transcript, button)
    assert clipboard.text() == "**Bold** and `code`"
    assert "<code>code</code>" in clipboard.mimeData().html()


def test_copying_nothing_leaves_the_clipboard_alone(
    transcript: Transcript, replied: Make, clipboard: QClipboard
) -> None:
    clipboard.setText("mine")
    transcript.show_messages([replied(1, "text")])
    transcript.copy()
    assert clipboard.text() == "mine"


# Buttons and links.


def test_buttons_say_which_message_they_mean(
    qtbot: QtBot, transcript: Transcript, asked: Make, replied: Make
) -> None:
    transcript.show_messages([asked(7, "Why?"), replied(9, "Because.", state=State.STOPPED)])
    for action, signal, wanted in (
        (Action.EDIT, transcript.edit_asked, 7),
        (Action.REGENERATE, transcript.regenerate_asked, 9),
        (Action.CONTINUE, transcript.continue_asked, 9),
    ):
        [button] = _controls(transcript, action)
        with qtbot.waitSignal(signal) as caught:
            _click(qtbot, transcript, button)
        assert caught.args == [wanted]


def test_arrows_lead_to_the_versions_beside(
    qtbot: QtBot, transcript: Transcript, replied: Make
) -> None:
    transcript.show_messages([replied(5, "Second", variants=(3, 5, 8))])
    for arrow, wanted in zip(_controls(transcript, Action.VARIANT), (3, 8), strict=True):
        with qtbot.waitSignal(transcript.variant_asked) as caught:
            _click(qtbot, transcript, arrow)
        assert caught.args == [wanted]


def test_there_is_no_version_before_the_first(
    qtbot: QtBot, transcript: Transcript, replied: Make
) -> None:
    transcript.show_messages([replied(3, "First", variants=(3, 5))])
    before, _ = _controls(transcript, Action.VARIANT)
    with qtbot.assertNotEmitted(transcript.variant_asked):
        _click(qtbot, transcript, before)


@pytest.mark.parametrize(
    ("values", "can_continue"),
    [
        ({"state": State.INTERRUPTED}, True),
        ({"state": State.INTERRUPTED, "text": ""}, False),
        ({"finish": Finish.LENGTH}, True),
        ({"finish": Finish.CONTEXT_FULL}, True),
        ({"finish": Finish.END}, False),
        ({"state": State.WRITING}, False),
    ],
)
def test_only_a_reply_that_was_cut_short_can_go_on(
    transcript: Transcript, replied: Make, values: dict[str, Any], can_continue: bool
) -> None:
    transcript.show_messages([replace(replied(1, "Half a"), **values)])
    assert bool(_controls(transcript, Action.CONTINUE)) is can_continue


def test_a_link_asks_and_is_never_opened(
    qtbot: QtBot, transcript: Transcript, replied: Make
) -> None:
    transcript.show_messages([replied(1, "See [the bank](https://evil.example/?a=<b>) now")])
    [link] = _controls(transcript, Action.LINK)
    assert link.name == "https://evil.example/?a=%3Cb%3E"
    with qtbot.waitSignal(transcript.link_asked) as caught:
        _click(qtbot, transcript, link)
    assert caught.args == ["https://evil.example/?a=%3Cb%3E"]


def test_tab_reaches_every_button(
    qtbot: QtBot, transcript: Transcript, asked: Make, replied: Make
) -> None:
    transcript.show_messages(
        [asked(1, "Why?"), replied(2, "[Because](https://a.org)\n\n```\nx\n```")]
    )
    transcript.activateWindow()
    transcript.setFocus()
    reached: list[tuple[str, object]] = []
    transcript.edit_asked.connect(lambda at: reached.append(("edit", at)))
    transcript.link_asked.connect(lambda to: reached.append(("link", to)))
    transcript.regenerate_asked.connect(lambda at: reached.append(("again", at)))
    for _ in range(6):
        transcript.focusNextPrevChild(True)
        qtbot.keyClick(transcript, Qt.Key.Key_Return)
    assert reached == [("edit", 1), ("link", "https://a.org"), ("again", 2)]


# What is drawn.


def test_a_reply_under_way_looks_like_the_finished_one(
    transcript: Transcript, replied: Make
) -> None:
    text = "# T\n\nWords **bold**.\n\n- a\n- b\n\n```py\nx = 1\n```\n\n| a |\n|---|\n| 1 |\n\nEnd"
    done = replied(2, text, finish=Finish.END)
    transcript.show_messages([done])
    wanted = _picture(transcript)
    transcript.show_messages([])
    transcript.begin_reply(replied(2, "", state=State.WRITING))
    for i in range(0, len(text), 3):
        transcript.grow(text[i : i + 3])
        transcript.viewport().repaint()
    transcript.finish(done)
    assert _picture(transcript) == wanted


def test_an_interrupted_reply_can_be_continued_in_place(
    transcript: Transcript, asked: Make, replied: Make
) -> None:
    transcript.show_messages([asked(1, "Go"), replied(2, "One", state=State.INTERRUPTED)])
    transcript.begin_reply(replied(2, "One", state=State.WRITING))
    transcript.grow(" two")
    transcript.finish(replied(2, "One two"))
    transcript.select_all()
    assert transcript.selected_text() == "Go\n\nOne two"


def test_a_finished_reply_shows_what_was_saved(transcript: Transcript, replied: Make) -> None:
    transcript.begin_reply(replied(2, "", state=State.WRITING))
    transcript.grow("Some words STOP")
    transcript.finish(replied(2, "Some words"))
    transcript.viewport().repaint()
    transcript.select_all()
    assert transcript.selected_text() == "Some words"


def test_statistics_and_notice_are_drawn(transcript: Transcript, replied: Make) -> None:
    transcript.show_messages([replied(1, "Hi")])
    plain = _picture(transcript)
    transcript.set_notice("Loading the model…")
    noticed = _picture(transcript)
    assert noticed != plain
    transcript.set_notice("")
    assert _picture(transcript) == plain
    usage, timings = Usage(9, 0, 312, 4096), Timings(0, 0.1, 90, 42.7)
    transcript.replace(replied(1, "Hi", usage=usage, timings=timings))
    assert _picture(transcript) != plain


def test_the_look_can_change_while_it_is_shown(
    transcript: Transcript, long_chat: list[Message]
) -> None:
    transcript.show_messages(long_chat)
    light = _picture(transcript)
    transcript.set_tokens(DARK)
    assert _picture(transcript).pixelColor(3, 3).name() == DARK.background
    transcript.set_tokens(LIGHT)
    assert _picture(transcript) == light


def test_right_to_left_text_stands_at_the_right(transcript: Transcript, replied: Make) -> None:
    transcript.show_messages([replied(1, "hello\n\nשלום")])
    assert _where(transcript, 0, "hello").x() < 450 < _where(transcript, 0, "שלום").x()


def test_the_bar_of_a_quote_stands_where_its_words_begin(
    transcript: Transcript, replied: Make
) -> None:
    for text, offset in (("> a quote", 1), ("> \u0627\u0642\u062a\u0628\u0627\u0633", -2)):
        transcript.show_messages([replied(1, text)])
        picture = transcript.viewport().grab().toImage()
        rect = transcript.message_rect(0)
        x = rect.left() + offset if offset > 0 else rect.right() + offset
        colours = {picture.pixelColor(x, y).name() for y in range(rect.top(), rect.bottom())}
        assert LIGHT.line in colours


def test_the_users_words_are_in_a_bubble_at_the_right(transcript: Transcript, asked: Make) -> None:
    transcript.show_messages([asked(1, "hello\n  **there**")])
    assert _where(transcript, 0, "**there**").x() > 600
    picture = _picture(transcript)
    assert (
        picture.pixelColor(_where(transcript, 0, "hello") + QPoint(0, -14)).name() == LIGHT.bubble
    )


def test_wide_code_can_be_scrolled_sideways(
    qtbot: QtBot, transcript: Transcript, replied: Make
) -> None:
    transcript.show_messages([replied(1, "```\n" + "x" * 300 + "END\n```")])
    before = _where(transcript, 0, "END").x()
    assert before > 900
    point = QPointF(400, _where(transcript, 0, "xxx").y())
    wheel = QWheelEvent(
        point,
        transcript.viewport().mapToGlobal(point),
        QPoint(-4_000, 0),
        QPoint(),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(transcript.viewport(), wheel)
    assert _where(transcript, 0, "END").x() < 830


# Find.


def test_words_are_found_across_markup_and_around_the_end(
    transcript: Transcript, long_chat: list[Message], replied: Make
) -> None:
    long_chat[9] = replied(10, "The **needle** in a `haystack`")
    long_chat[300] = replied(301, "Another NEEDLE in a row")
    transcript.show_messages(long_chat)
    transcript.scroll_to_message(50)
    assert transcript.find("needle in a", True)
    assert transcript.selected_text() == "NEEDLE in a"
    assert not transcript.message_rect(300).isEmpty()
    assert transcript.find("needle in a", True)
    assert transcript.selected_text() == "needle in a"
    assert not transcript.message_rect(9).isEmpty()
    assert transcript.find("needle in a", False)
    assert transcript.selected_text() == "NEEDLE in a"
    assert not transcript.find("no such words", True)


def test_an_empty_search_finds_nothing(transcript: Transcript, long_chat: list[Message]) -> None:
    transcript.show_messages(long_chat)
    assert not transcript.find("", True)
    transcript.show_messages([])
    assert not transcript.find("a", True)


# What must never go wrong.


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n\n",
        "```",
        "> ",
        "- ",
        "|a|\n|-|",
        "| |\n|-|\n| |",
        "[](https://a.org)",
        "\x00\x1b[31m\u202e\ud800",
        "x" * 100_000,
        "a\n" * 20_000,
        "```\n" + "y" * 50_000 + "\n```",
        "| a |\n|---|\n" + "| " + "long " * 400 + "|\n",
        ">" * 200 + " deep",
    ],
    ids=lambda text: ascii(text[:12]),
)
def test_any_text_can_be_shown(
    qtbot: QtBot, transcript: Transcript, asked: Make, replied: Make, text: str
) -> None:
    transcript.show_messages([asked(1, text), replied(2, text)])
    for y in range(0, 700, 50):
        qtbot.mouseMove(transcript.viewport(), QPoint(450, y))
        qtbot.mouseClick(transcript.viewport(), LEFT, pos=QPoint(450, y))
    transcript.scroll_to_message(1)
    transcript.select_all()
    transcript.copy()
    transcript.resize(300, 200)
    assert not _picture(transcript).isNull()


def test_nothing_is_loaded_from_anywhere(
    transcript: Transcript, asked: Make, replied: Make
) -> None:
    opened: list[object] = []

    def listen(event: str, values: tuple[object, ...]) -> None:
        if event in ("open", "socket.connect", "socket.getaddrinfo"):
            opened.append(event if event.startswith("socket") else values[0])

    sys.addaudithook(listen)
    text = '<img src="file:///etc/passwd"> ![x](file:///etc/passwd) ![y](//host/z.png)'
    transcript.show_messages([asked(1, text), replied(2, text)])
    transcript.viewport().repaint()
    transcript.select_all()
    assert "/etc/passwd" in transcript.selected_text()
    assert not {"/etc/passwd", "socket.connect", "socket.getaddrinfo"} & {str(o) for o in opened}


def test_an_empty_transcript_takes_every_gesture(qtbot: QtBot, transcript: Transcript) -> None:
    transcript.show_messages([])
    qtbot.mouseClick(transcript.viewport(), LEFT, pos=QPoint(100, 100))
    qtbot.mouseMove(transcript.viewport(), QPoint(120, 120))
    for key in (Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_Space, Qt.Key.Key_Return):
        qtbot.keyClick(transcript, key)
    transcript.select_all()
    transcript.grow("nobody asked")
    assert transcript.selected_text() == ""


def test_no_reference_to_none_is_lost(transcript: Transcript, long_chat: list[Message]) -> None:
    """PySide6 6.12.0 loses one in many calls on Python 3.11, until the interpreter aborts."""
    transcript.show_messages(long_chat)
    transcript.viewport().repaint()
    bar = transcript.verticalScrollBar()
    before = sys.getrefcount(None)
    for i in range(200):  # Each draws more than fifty things.
        bar.setValue(i * 97 % bar.maximum())
        transcript.viewport().repaint()
    assert sys.getrefcount(None) > before - 100


def test_a_screen_reader_finds_the_messages(
    transcript: Transcript, asked: Make, replied: Make
) -> None:
    transcript.show_messages([asked(1, "Why?"), replied(2, "Because.")])
    transcript.viewport().repaint()
    interface = QAccessible.queryAccessibleInterface(transcript)
    assert interface.role() == QAccessible.Role.List
    assert interface.childCount() == 2
    names = [interface.child(i).text(QAccessible.Text.Name) for i in range(2)]
    assert names == ["You: Why?", "Starter: Because."]
    assert interface.child(1).role() == QAccessible.Role.ListItem
    assert not interface.child(1).rect().isEmpty()
    assert interface.indexOfChild(interface.child(1)) == 1
    transcript.show_messages([])
    assert interface.childCount() == 0


def test_what_is_selected_in_code_lies_on_its_line(transcript: Transcript, replied: Make) -> None:
    transcript.show_messages([replied(1, "```\n\n█████\n\n```")])
    middle = _where(transcript, 0, "█████")
    assert _picture(transcript).pixelColor(middle).name() == LIGHT.text


def test_code_has_about_as_much_room_above_as_below(transcript: Transcript, replied: Make) -> None:
    transcript.show_messages([replied(1, "```python\nimport this\n```")])
    [button] = _controls(transcript, Action.COPY_CODE)
    picture = transcript.viewport().grab().toImage()
    left, top = transcript.message_rect(0).left() + 14, int(button.rect.bottom()) + 8
    background = picture.pixel(left - 8, top)
    block = next(y for y in range(top, 700) if picture.pixel(left - 8, y) != background)
    inked = [
        y
        for y in range(top, block)
        if any(picture.pixel(x, y) != background for x in range(left, left + 40))
    ]
    above, below = inked[0] - top, block - inked[-1] - 1
    assert 8 <= above <= 14
    assert 8 <= below <= 20

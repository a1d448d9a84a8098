from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QClipboard
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from sottovoce.domain.conversation import Message, State
from sottovoce.domain.document import Citation, Passage, Sources, Span, Statement, Support
from sottovoce.ui.chat.transcript.controls import Action, Control
from sottovoce.ui.chat.transcript.view import Transcript

Make = Callable[..., Message]
LEFT = Qt.MouseButton.LeftButton
TEXT = "The deposit is three rents. Dogs may vote. He wrote “no cats”."
LEASE, RULES = Path("/docs/Lease.pdf"), Path("/docs/House rules.txt")
PASSAGES = (
    Passage(1, 1, LEASE, "", Span(3, 0, 40), "", pages=9),
    Passage(2, 1, LEASE, "", Span(7, 0, 40), "", pages=9),
    Passage(3, 2, RULES, "The Rules", Span(1, 0, 40), ""),
)
CITATION = Citation(1, 1, LEASE, "", Span(7, 4, 20), "a deposit of three rents", pages=9)


@pytest.fixture
def sources() -> Sources:
    """Of a reply of which a third is borne out."""
    ends = [TEXT.index(". ") + 1, TEXT.index(" He"), TEXT.index("“"), len(TEXT) - 1]
    return Sources(
        PASSAGES,
        citations=(CITATION,),
        statements=(
            Statement(0, ends[0], Support.SUPPORTED, (1,)),
            Statement(ends[0] + 1, ends[1], Support.UNSUPPORTED),
            Statement(ends[2], ends[3], Support.MISQUOTED),
        ),
        query="deposit of the lease",
    )


def _named(transcript: Transcript, action: Action) -> list[Control]:
    transcript.viewport().repaint()
    return [each for each in transcript.controls() if each.action is action]


def _said(transcript: Transcript) -> list[str]:
    """The words of the strip."""
    page = transcript._column.page(0)
    assert page.strip is not None
    return [each.text for each in page.strip.chips]


def _click(qtbot: QtBot, transcript: Transcript, control: Control) -> None:
    qtbot.mouseClick(transcript.viewport(), LEFT, pos=control.rect.center().toPoint())


def test_documents_stand_above_the_words_with_their_pages(
    transcript: Transcript, replied: Make, sources: Sources
) -> None:
    transcript.show_messages([replied(1, TEXT, sources=Sources(PASSAGES))])
    names = [each.name for each in _named(transcript, Action.SOURCE)]
    assert names == ["Open Lease, p. 3, 7", "Open The Rules", "List what was read"]
    transcript.replace(replied(1, TEXT, sources=sources))
    names = [each.name for each in _named(transcript, Action.SOURCE)]
    assert names[0] == "Open Lease, p. 7", "What is cited counts more than what was read."
    assert names[-1] == "Searched for: deposit of the lease. List what was read"


def test_what_is_read_whole_is_named_as_soon_as_its_name_is_known(
    transcript: Transcript, replied: Make
) -> None:
    transcript.begin_reply(replied(1, "", state=State.WRITING))
    transcript.tell_sources(Sources(whole=(4, 5)))
    assert _said(transcript) == ["2 documents read whole"]
    transcript.name_documents({4: "Lease"})
    assert _said(transcript) == ["Lease and 1 more read whole"]
    transcript.show_messages([replied(1, TEXT, sources=Sources(PASSAGES[:1], whole=(4,)))])
    assert _said(transcript)[-1] == "Lease read whole · 1 passage read"


def test_sources_come_before_the_first_word_and_stay(
    transcript: Transcript, replied: Make, sources: Sources
) -> None:
    transcript.begin_reply(replied(1, "", state=State.WRITING))
    transcript.tell_sources(Sources(PASSAGES))
    assert len(_named(transcript, Action.SOURCE)) == 3
    for word in TEXT.split(" "):
        transcript.grow(f"{word} ")
        transcript.viewport().repaint()
    assert not _named(transcript, Action.CITATION)
    transcript.finish(replied(1, TEXT, sources=sources))
    assert len(_named(transcript, Action.CITATION)) == 1


def test_a_finished_reply_looks_as_it_does_when_it_is_opened_again(
    transcript: Transcript, replied: Make, sources: Sources
) -> None:
    finished = replied(1, TEXT, sources=sources)
    transcript.begin_reply(replied(1, "", state=State.WRITING, sources=Sources(PASSAGES)))
    transcript.grow(TEXT)
    transcript.viewport().repaint()
    transcript.finish(finished)
    grown = transcript.grab().toImage()
    transcript.show_messages([finished])
    assert transcript.grab().toImage() == grown


def test_a_mark_leads_to_the_sentence(
    qtbot: QtBot, transcript: Transcript, replied: Make, sources: Sources
) -> None:
    transcript.show_messages([replied(1, TEXT, sources=sources)])
    [mark] = _named(transcript, Action.CITATION)
    assert mark.name == "Source 1: Lease, page 7. “a deposit of three rents”"
    with qtbot.waitSignal(transcript.source_asked) as asked:
        _click(qtbot, transcript, mark)
    assert asked.args == [sources, CITATION]


def test_keys_reach_the_marks(
    qtbot: QtBot, transcript: Transcript, replied: Make, sources: Sources
) -> None:
    transcript.show_messages([replied(1, TEXT, sources=sources)])
    transcript.setFocus()
    for _ in range(4):  # Three chips, then the mark.
        qtbot.keyClick(transcript, Qt.Key.Key_Tab)
    with qtbot.waitSignal(transcript.source_asked) as asked:
        qtbot.keyClick(transcript, Qt.Key.Key_Return)
    assert asked.args == [sources, CITATION]


def test_all_that_was_read_is_listed(
    qtbot: QtBot, transcript: Transcript, replied: Make, sources: Sources
) -> None:
    transcript.show_messages([replied(1, TEXT, sources=sources)])
    _click(qtbot, transcript, _named(transcript, Action.SOURCE)[-1])
    [menu] = transcript.findChildren(QMenu)
    assert [action.text() for action in menu.actions() if action.text()] == [
        "Searched for “deposit of the lease”",
        "Lease · page 3",
        "Lease · page 7",
        "The Rules",
    ]
    with qtbot.waitSignal(transcript.source_asked) as asked:
        menu.actions()[-1].trigger()
    assert asked.args == [sources, PASSAGES[2]]
    menu.close()


def test_a_screen_reader_hears_sources_and_doubts(
    transcript: Transcript, replied: Make, sources: Sources
) -> None:
    transcript.show_messages([replied(1, TEXT, sources=sources)])
    item = QAccessible.queryAccessibleInterface(transcript).child(0)
    assert item.text(QAccessible.Text.Description).splitlines() == [
        "[1] Lease, page 7: “a deposit of three rents”",
        "Your documents do not say: “Dogs may vote.”",
        "These words are in none of your documents: ““no cats””",
    ]


def test_what_the_documents_do_not_say_is_said_above(transcript: Transcript, replied: Make) -> None:
    sources = Sources(PASSAGES, is_not_found=True)
    transcript.show_messages([replied(1, "They do not say.", sources=sources)])
    item = QAccessible.queryAccessibleInterface(transcript).child(0)
    assert item.text(QAccessible.Text.Description) == "Not in your documents."
    [strip] = [transcript._column.page(0).strip]
    assert strip is not None
    assert [chip.text for chip in strip.chips if chip.is_warning] == ["Not in your documents"]


def test_a_search_without_a_find_is_told(transcript: Transcript, replied: Make) -> None:
    transcript.show_messages([replied(1, "I don't know.", sources=Sources())])
    strip = transcript._column.page(0).strip
    assert strip is not None
    assert [chip.text for chip in strip.chips] == ["Nothing found in your documents"]
    assert not _named(transcript, Action.SOURCE)


def test_the_strip_stays_inside_the_column(
    transcript: Transcript, replied: Make, sources: Sources
) -> None:
    many = tuple(
        Passage(i, i, Path(f"/{'long name ' * 9}{i}.pdf"), "", Span(1, 0, 9), "") for i in range(9)
    )
    transcript.show_messages([replied(1, TEXT, sources=Sources(many))])
    for width in (300, 420, 900):
        transcript.resize(width, 600)
        chips = _named(transcript, Action.SOURCE)
        assert chips[-1].rect.right() <= transcript.viewport().width() - 24
        assert chips[-1].name == "List what was read"


def test_a_reply_is_copied_with_its_sources(
    qtbot: QtBot, transcript: Transcript, clipboard: QClipboard, replied: Make, sources: Sources
) -> None:
    transcript.show_messages([replied(1, TEXT, sources=sources)])
    [copy] = _named(transcript, Action.COPY_WITH_SOURCES)
    _click(qtbot, transcript, copy)
    assert clipboard.text() == (
        "The deposit is three rents. [1] Dogs may vote. He wrote “no cats”.\n\n"
        "[1] Lease, page 7: “a deposit of three rents”"
    )
    html = clipboard.mimeData().html()
    assert "<sup>[1]</sup>" in html
    assert "a deposit of three rents" in html


def test_what_is_selected_reads_well_with_its_marks(
    transcript: Transcript, replied: Make, sources: Sources
) -> None:
    transcript.show_messages([replied(1, TEXT, sources=sources)])
    transcript.select_all()
    assert transcript.selected_text().startswith("The deposit is three rents. [1] Dogs")

"""The text of a page, with what is marked in it."""

import re
from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QTextCursor, QTextOption
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit

from sottovoce.domain.document import Format, Page
from sottovoce.domain.hidden import revealed
from sottovoce.ui.chat.transcript.characters import Counting
from sottovoce.ui.theme.fonts import body_font, code_font
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.theme.tokens import BODY_PIXELS, CODE_PIXELS
from sottovoce.ui.viewer.view_model import Marked
from sottovoce.ui.widgets.parts import follow

_UNBROKEN = (Format.CODE, Format.CSV)
_LONGEST_WORD = re.compile(r"\S{2000}")


class TextView(QPlainTextEdit):
    """Can be selected and copied, not written."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setObjectName("text_view")
        self.setReadOnly(True)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.document().setDocumentMargin(20)
        self._look = look
        self._counting = Counting("")
        self._marks: tuple[Marked, ...] = ()
        self._page: Page | None = None
        follow(self, look, self._draw)

    def show_page(self, page: Page, format_: Format | None, marks: Sequence[Marked]) -> None:
        """Show a page with its marks, the current one in sight if it was not shown before."""
        if page is not self._page:
            self._page = page
            self._counting = Counting(revealed(page.text))
            is_unbroken = format_ in _UNBROKEN
            self.setFont(code_font(CODE_PIXELS) if is_unbroken else body_font(BODY_PIXELS))
            self.setWordWrapMode(QTextOption.WrapMode.NoWrap if is_unbroken else _wrapped(page))
            self.setPlainText(revealed(page.text))
        elif self._marks == tuple(marks):
            return
        self._marks = tuple(marks)
        self._draw()
        self._bring_current()

    def _draw(self) -> None:
        tokens = self._look.tokens
        selections = []
        for mark in self._marks:
            selection = QTextEdit.ExtraSelection()
            selection.cursor = self._cursor(mark)
            colour = tokens.selection if mark.is_found else tokens.warning_soft
            if mark.is_current and mark.is_found:
                colour = tokens.accent
                selection.format.setForeground(QColor(tokens.on_accent))
            elif mark.is_current:
                selection.format.setUnderlineStyle(selection.format.UnderlineStyle.SingleUnderline)
                selection.format.setUnderlineColor(QColor(tokens.warning))
            selection.format.setBackground(QColor(colour))
            selections.append(selection)
        self.setExtraSelections(selections)

    def _cursor(self, mark: Marked) -> QTextCursor:
        cursor = QTextCursor(self.document())
        most = self.document().characterCount() - 1
        cursor.setPosition(min(most, self._counting.to_qt(mark.span.start)))
        end = min(most, self._counting.to_qt(mark.span.end))
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        return cursor

    def _bring_current(self) -> None:
        current = [mark for mark in self._marks if mark.is_current]
        cursor = QTextCursor(self.document())
        if current:
            cursor = self._cursor(current[-1])
            cursor.setPosition(cursor.selectionStart())
        self.setTextCursor(cursor)
        if current:
            self.centerCursor()


def _wrapped(page: Page) -> QTextOption.WrapMode:
    # At each line Qt would look through all of such a word for a better place: seconds for 200 kB.
    if _LONGEST_WORD.search(page.text):
        return QTextOption.WrapMode.WrapAnywhere
    return QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere

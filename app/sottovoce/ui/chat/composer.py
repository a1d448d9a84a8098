"""Where a person writes."""

from itertools import pairwise
from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QSize, Qt, Signal
from PySide6.QtGui import QColor, QInputMethodEvent, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QGraphicsDropShadowEffect,
    QHBoxLayout,
    QPlainTextEdit,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from sottovoce.ui.chat.scope_bar import ScopeBar
from sottovoce.ui.chat.scope_menu import ScopeMenu
from sottovoce.ui.chat.scope_view_model import ScopeViewModel
from sottovoce.ui.theme.icons import icon
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.theme.tokens import COLUMN_PIXELS
from sottovoce.ui.widgets.parts import button, icon_button, label

_MOST_LINES = 8
_SEND_PIXELS = 34
_WIDE = 560


class Composer(QFrame):
    """A card that grows with its words, and the button that sends them or stops the reply."""

    sent = Signal(str)
    stop_asked = Signal()
    cancel_editing_asked = Signal()
    text_changed = Signal(str)
    attach_asked = Signal()
    files_pasted = Signal(object)
    """A list of paths."""
    documents_asked = Signal()
    """The page of all documents is wanted."""

    def __init__(self, scope: ScopeViewModel, look: Look) -> None:
        super().__init__()
        self.setObjectName("composer")
        self.setMaximumWidth(COLUMN_PIXELS + 30)
        self._look = look
        self._is_busy = False
        self.scope_bar = ScopeBar(scope, look)

        self._field = _Field()
        self._field.setAccessibleName("Message")
        self._field.textChanged.connect(self._note_text)
        self._field.entered.connect(self._send)
        self._field.escaped.connect(self._escape)
        self._field.files_pasted.connect(self.files_pasted)
        self._button = QPushButton()
        self._button.setObjectName("send")
        self._button.setFixedSize(_SEND_PIXELS, _SEND_PIXELS)
        self._button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._button.setIconSize(QSize(20, 20))
        self._button.clicked.connect(self._send_or_stop)

        self._editing = QFrame()
        self._editing.setObjectName("editing")
        bar = QHBoxLayout(self._editing)
        bar.setContentsMargins(12, 4, 6, 4)
        bar.addWidget(label("Editing an earlier message", "muted"))
        bar.addStretch()
        bar.addWidget(button("Cancel", self.cancel_editing_asked.emit, "quiet"))
        self._editing.hide()

        attach = icon_button(
            look, "paperclip", "Attach files to this chat (Ctrl+Shift+A)", self.attach_asked.emit
        )
        self.scope_button = icon_button(
            look, "book-open", "Choose the documents this chat is answered from", lambda: None
        )
        menu = ScopeMenu(scope, look, self.scope_button)
        menu.documents_asked.connect(self.documents_asked)
        self.scope_bar.documents_asked.connect(self.documents_asked)
        self.scope_button.setMenu(menu)
        self.scope_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        row = QHBoxLayout()
        row.setSpacing(2)
        row.addWidget(attach)
        row.addWidget(self.scope_button)
        row.addStretch()
        row.addWidget(self._button)
        words = QVBoxLayout()
        words.setContentsMargins(8, 0, 8, 0)
        words.setSpacing(8)
        words.addWidget(self._editing)
        words.addWidget(self.scope_bar)
        words.addWidget(self._field)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 12, 10, 8)
        column.setSpacing(4)
        column.addLayout(words)
        column.addLayout(row)
        for first, then in pairwise((self._field, attach, self.scope_button, self._button)):
            QWidget.setTabOrder(first, then)

        self._shadow = QGraphicsDropShadowEffect(self)
        self._shadow.setBlurRadius(24)
        self._shadow.setOffset(0, 4)
        self.setGraphicsEffect(self._shadow)
        self.setFocusProxy(self._field)
        look.changed.connect(self._draw)
        self._draw()

    @property
    def text(self) -> str:
        return self._field.toPlainText()

    def set_text(self, text: str) -> None:
        """Hold `text`, with the cursor at its end."""
        if text == self.text:
            return
        self._field.setPlainText(text)
        self._field.moveCursor(self._field.textCursor().MoveOperation.End)

    def set_busy(self, is_busy: bool) -> None:
        """Turn the button into Stop while a reply is under way."""
        self._is_busy = is_busy
        self._draw()

    def set_editing(self, is_editing: bool) -> None:
        self._editing.setVisible(is_editing)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        keys = " — Enter to send, Shift+Enter for a new line"
        self._field.setPlaceholderText(f"Write a message{keys if self.width() > _WIDE else ''}")

    def _note_text(self) -> None:
        self._draw_button()
        self.text_changed.emit(self.text)

    def _send_or_stop(self) -> None:
        if self._is_busy:
            self.stop_asked.emit()
        else:
            self._send()

    def _send(self) -> None:
        if not self._is_busy and self.text.strip():
            self.sent.emit(self.text)

    def _escape(self) -> None:
        if self._is_busy:
            self.stop_asked.emit()
        elif self._editing.isVisible():
            self.cancel_editing_asked.emit()

    def _draw(self) -> None:
        tokens = self._look.tokens
        self._shadow.setColor(QColor(0, 0, 0, 90 if tokens.is_dark else 28))
        name = "stop" if self._is_busy else "arrow-up"
        says = "Stop (Esc)" if self._is_busy else "Send (Enter)"
        self._button.setIcon(icon(name, tokens.on_accent, 14 if self._is_busy else 20))
        self._button.setToolTip(says)
        self._button.setAccessibleName(says.split(" (")[0])
        self._draw_button()

    def _draw_button(self) -> None:
        self._button.setEnabled(self._is_busy or bool(self.text.strip()))


class _Field(QPlainTextEdit):
    """Plain text, one to eight lines high. Enter sends unless an input method is composing."""

    entered = Signal()
    escaped = Signal()
    files_pasted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._is_composing = False
        self.setTabChangesFocus(True)
        self.document().setDocumentMargin(6)
        self.document().documentLayout().documentSizeChanged.connect(lambda _: self._fit())
        self._fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.escaped.emit()
            return
        is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if is_enter and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            if not self._is_composing:
                self.entered.emit()
            return
        super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Leave Ctrl+Z to the window where there is nothing of the field's own to undo."""
        is_undo = (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.matches(QKeySequence.StandardKey.Undo)
        )
        if is_undo and not self.document().isUndoAvailable():
            event.ignore()
            return False
        return super().event(event)

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        self._is_composing = bool(event.preeditString())
        super().inputMethodEvent(event)

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        """Leave files that are dragged to the window."""
        return bool(source.text()) and not source.hasUrls()

    def insertFromMimeData(self, source: QMimeData) -> None:
        if files := [Path(url.toLocalFile()) for url in source.urls() if url.isLocalFile()]:
            self.files_pasted.emit(files)
        else:
            self.insertPlainText(source.text())

    def _fit(self) -> None:
        """Be as high as the words need. A plain document measures its height in lines."""
        lines = max(1, round(self.document().size().height()))
        is_cut = lines > _MOST_LINES
        self.setVerticalScrollBarPolicy(
            Qt.ScrollBarPolicy.ScrollBarAsNeeded
            if is_cut
            else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        )
        margins = 2 * round(self.document().documentMargin())
        height = min(lines, _MOST_LINES) * self.fontMetrics().lineSpacing() + margins
        self.setFixedHeight(height + 2 * self.frameWidth())

"""Where a person writes."""

from PySide6.QtCore import QMimeData, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QInputMethodEvent, QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QGraphicsDropShadowEffect,
    QHBoxLayout,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
)

from sottovoce.ui.theme.icons import icon
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.theme.tokens import COLUMN_PIXELS
from sottovoce.ui.widgets.parts import button, label, set_kind

_MOST_LINES = 8
_SEND_PIXELS = 34


class Composer(QFrame):
    """A card that grows with its words, and the button that sends them or stops the reply."""

    sent = Signal(str)
    stop_asked = Signal()
    cancel_editing_asked = Signal()
    text_changed = Signal(str)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setObjectName("composer")
        self.setMaximumWidth(COLUMN_PIXELS + 30)
        self._look = look
        self._is_busy = False

        self._field = _Field()
        self._field.setPlaceholderText("Write a message — Enter sends, Shift+Enter breaks the line")
        self._field.setAccessibleName("Message")
        self._field.textChanged.connect(self._note_text)
        self._field.entered.connect(self._send)
        self._field.escaped.connect(self._escape)
        self._field.focus_changed.connect(
            lambda has_it: set_kind(self, "focused", "true" if has_it else "false")
        )
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

        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._field, 1)
        row.addWidget(self._button, 0, Qt.AlignmentFlag.AlignBottom)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 12, 10, 10)
        column.setSpacing(8)
        column.addWidget(self._editing)
        column.addLayout(row)

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
        name = "square" if self._is_busy else "arrow-up"
        says = "Stop (Esc)" if self._is_busy else "Send (Enter)"
        self._button.setIcon(icon(name, tokens.on_accent, 16 if self._is_busy else 20))
        self._button.setToolTip(says)
        self._button.setAccessibleName(says.split(" (")[0])
        self._draw_button()

    def _draw_button(self) -> None:
        self._button.setEnabled(self._is_busy or bool(self.text.strip()))


class _Field(QPlainTextEdit):
    """Plain text, one to eight lines high. Enter sends unless an input method is composing."""

    entered = Signal()
    escaped = Signal()
    focus_changed = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self._is_composing = False
        self.setTabChangesFocus(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
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

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        self._is_composing = bool(event.preeditString())
        super().inputMethodEvent(event)

    def insertFromMimeData(self, source: QMimeData) -> None:
        self.insertPlainText(source.text())

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.focus_changed.emit(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.focus_changed.emit(False)

    def _fit(self) -> None:
        """Be as high as the words need. A plain document measures its height in lines."""
        lines = min(max(1, round(self.document().size().height())), _MOST_LINES)
        margins = 2 * round(self.document().documentMargin())
        self.setFixedHeight(lines * self.fontMetrics().lineSpacing() + margins)

"""The document beside the chat."""

from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication, QIntValidator, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from sottovoce.domain.document import Document
from sottovoce.ui.chat.find_bar import FindBar
from sottovoce.ui.file_manager import show_in_folder
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.tip import tip
from sottovoce.ui.viewer.page_view import PageView
from sottovoce.ui.viewer.text_view import TextView
from sottovoce.ui.viewer.view_model import ViewerViewModel
from sottovoce.ui.widgets.banner import Banner
from sottovoce.ui.widgets.parts import icon_button, label, picture

NARROWEST = 360
"""Pixels."""
_WIDE = 470


class ViewerPane(QFrame):
    """Shows what the view-model says and passes on gestures. Escape closes it."""

    closed = Signal()
    copied = Signal()
    asked = Signal(object)
    """The Document that the chat is to be answered from."""

    def __init__(self, viewer: ViewerViewModel, look: Look) -> None:
        super().__init__()
        self.setObjectName("viewer")
        self.setMinimumWidth(NARROWEST)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Document")
        self._viewer = viewer
        self._look = look
        self.page_view = PageView(look)
        self.text_view = TextView(look)
        self.banner = Banner(look)
        self.find_bar = FindBar(look, "Find in this document")
        self._name = _Name()
        self._stack = QStackedWidget()
        self._empty = QWidget()
        for view in (self._empty, self.page_view, self.text_view):
            self._stack.addWidget(view)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._head())
        column.addWidget(self._tools())
        for part in (self.find_bar, self.banner):
            row = QHBoxLayout()
            row.setContentsMargins(12, 0, 12, 6)
            row.addWidget(part)
            column.addLayout(row)
        column.addWidget(self._stack, 1)
        self._connect()
        self._show()

    def focus_page(self) -> None:
        """Let keys go to the page."""
        view: QWidget = self.text_view if self._viewer.is_text else self.page_view
        if self._stack.currentWidget() is self._empty:
            view = self  # Escape closes it all the same.
        view.setFocus(Qt.FocusReason.OtherFocusReason)

    def copy(self) -> None:
        """Copy what is selected; else what is cited; else the page."""
        cursor = self.text_view.textCursor()
        if self._viewer.is_text and cursor.hasSelection():
            self.text_view.copy()
        else:
            QGuiApplication.clipboard().setText(self._viewer.cited_text)
        self.copied.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        elif event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.matches(QKeySequence.StandardKey.ZoomIn):
            self.page_view.step_zoom(1)
        elif event.matches(QKeySequence.StandardKey.ZoomOut):
            self.page_view.step_zoom(-1)
        else:
            super().keyPressEvent(event)

    def _head(self) -> QHBoxLayout:
        look = self._look
        row = QHBoxLayout()
        row.setContentsMargins(16, 10, 10, 4)
        row.setSpacing(2)
        row.addWidget(picture(look, "file-text", 16))
        row.addSpacing(6)
        row.addWidget(self._name, 1)
        self._find = icon_button(look, "search", "Find in this document", self.find_bar.open_bar)
        self._text = icon_button(look, "text", "Show its text", self._toggle_text)
        self._text.setCheckable(True)
        self._copy = icon_button(look, "copy", "Copy what is cited (Ctrl+C)", self.copy)
        self._ask = icon_button(
            look, "message-square", "Answer this chat from this document", self._ask_document
        )
        self._folder = icon_button(look, "folder-open", "Show in its folder", self._show_in_folder)
        for tool in (
            self._find,
            self._text,
            self._copy,
            self._ask,
            self._folder,
            icon_button(look, "x", "Close (Esc)", self.closed.emit),
        ):
            row.addWidget(tool)
        return row

    def _tools(self) -> QWidget:
        look, viewer = self._look, self._viewer
        self._number = QLineEdit()
        self._number.setObjectName("page_number")
        self._number.setAccessibleName("Page")
        self._number.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._number.setFixedWidth(52)
        self._number.setValidator(QIntValidator(1, 10_000_000, self))
        self._number.returnPressed.connect(self._go_to_number)
        self._number.installEventFilter(self)
        self._pages = label("", "muted")
        self._before = icon_button(
            look, "chevron-left", "Previous page", lambda: viewer.show_page(viewer.number - 1)
        )
        self._after = icon_button(
            look, "chevron-right", "Next page", lambda: viewer.show_page(viewer.number + 1)
        )
        self._place = label("", "muted")
        self._place_before = icon_button(
            look, "chevron-up", "Previous source", lambda: viewer.step_place(-1)
        )
        self._place_after = icon_button(
            look, "chevron-down", "Next source", lambda: viewer.step_place(1)
        )
        self._smaller = icon_button(
            look, "zoom-out", "Smaller (Ctrl+-)", lambda: self.page_view.step_zoom(-1)
        )
        self._larger = icon_button(
            look, "zoom-in", "Larger (Ctrl++)", lambda: self.page_view.step_zoom(1)
        )
        self._size = label("100 %", "muted")
        row = QHBoxLayout()
        row.setContentsMargins(10, 0, 10, 6)
        row.setSpacing(2)
        self._turning = (self._before, self._number, self._pages, self._after)
        for part in self._turning:
            row.addWidget(part)
        row.addStretch(1)
        for part in (self._place_before, self._place, self._place_after):
            row.addWidget(part)
        row.addStretch(1)
        for part in (self._smaller, self._size, self._larger):
            row.addWidget(part)
        tools = QWidget()
        tools.setLayout(row)
        return tools

    def _connect(self) -> None:
        viewer, page = self._viewer, self.page_view
        viewer.changed.connect(self._show)
        viewer.drawn.connect(self._show_drawn)
        viewer.found.connect(self.find_bar.show_result)
        page.width_wanted.connect(viewer.set_width)
        page.page_asked.connect(lambda step: viewer.show_page(viewer.number + step))
        page.zoom_changed.connect(lambda zoom: self._size.setText(f"{zoom:.0%}".replace("%", " %")))
        self.find_bar.wanted.connect(lambda text, forward: viewer.find(text, forward=forward))
        self.find_bar.closed.connect(self._end_finding)

    def _show(self) -> None:
        viewer, document = self._viewer, self._viewer.document
        pages = document.pages if document else 0
        self._name.show_name(document)
        self._number.setText(str(viewer.number))
        self._pages.setText(f" of {pages:,} ")
        for part in self._turning:
            part.setVisible(pages > 1)
        self._before.setEnabled(viewer.number > 1)
        self._after.setEnabled(viewer.number < pages)
        _, count = viewer.place
        for part in (self._place_before, self._place, self._place_after):
            part.setVisible(count > 1)
        can_be_drawn = viewer.can_be_drawn
        self._text.setVisible(can_be_drawn)
        self._text.setChecked(viewer.is_text)
        for part in (self._smaller, self._larger):
            part.setVisible(not viewer.is_text)
        self._fit()
        for tool in (self._find, self._copy, self._ask, self._folder):
            tool.setEnabled(document is not None)
        if viewer.notice:
            self.banner.tell(viewer.notice, kind="warning")
        else:
            self.banner.hide()
        self._show_page()

    def _fit(self) -> None:
        """Say the same in fewer words where there is little room."""
        is_wide = self.width() >= _WIDE
        at, count = self._viewer.place
        self._place.setText(f"Source {at} of {count}" if is_wide else f"{at} / {count}")
        self._place.setToolTip(f"Source {at} of {count}")
        self._size.setVisible(is_wide and not self._viewer.is_text)
        self._folder.setVisible(is_wide)

    def _show_page(self) -> None:
        viewer, page, document = self._viewer, self._viewer.page, self._viewer.document
        focused = QApplication.focusWidget()
        had_focus = focused is not None and (focused is self or self._stack.isAncestorOf(focused))
        if page is None or document is None:
            self._stack.setCurrentWidget(self._empty)
            self.page_view.clear()
            if had_focus:
                self.focus_page()
            return
        where = page.label or f"Page {page.number} of {document.pages}"
        for view in (self.page_view, self.text_view):
            view.setAccessibleName(f"{document.name}. {where}")
            view.setAccessibleDescription(viewer.cited_text)
        if viewer.is_text:
            self.text_view.show_page(page, document.format, viewer.marks)
            self._stack.setCurrentWidget(self.text_view)
        else:
            self._stack.setCurrentWidget(self.page_view)
            if viewer.rendering is None:
                self.page_view.clear()
        if had_focus:
            self.focus_page()

    def _show_drawn(self) -> None:
        if self._viewer.rendering is not None:
            self.page_view.show_rendering(self._viewer.rendering, self._viewer.marks)

    def _toggle_text(self) -> None:
        self._viewer.show_as_text(self._text.isChecked())

    def _go_to_number(self) -> None:
        self._viewer.show_page(int(self._number.text()))
        self._number.setText(str(self._viewer.number))
        self.focus_page()

    def _end_finding(self) -> None:
        self._viewer.end_finding()
        self.focus_page()

    def _ask_document(self) -> None:
        if self._viewer.document is not None:
            self.asked.emit(self._viewer.document)

    def _show_in_folder(self) -> None:
        if self._viewer.document is not None:
            show_in_folder(self._viewer.document.path)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take back a number that was typed and not wanted."""
        if watched is self._number and event.type() == QEvent.Type.FocusOut:
            self._number.setText(str(self._viewer.number))
        return super().eventFilter(watched, event)


class _Name(QLabel):
    """The document's name, as much of it as there is room for."""

    def __init__(self) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("kind", "heading")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._whole = ""

    def show_name(self, document: Document | None) -> None:
        self._whole = document.name if document else ""
        path = document.path if document else Path()
        self.setToolTip("" if document is None else tip(str(path)))
        self.setAccessibleName(self._whole)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        metrics = self.fontMetrics()
        self.setText(metrics.elidedText(self._whole, Qt.TextElideMode.ElideMiddle, self.width()))

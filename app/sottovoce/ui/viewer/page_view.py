"""A page as it looks, with what is marked on it."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame

from sottovoce.library.rendering import Rendering
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.viewer.view_model import Marked

_MARGIN = 16
_LEAST, _MOST, _STEP = 0.5, 4.0, 1.25
"""Of the width of the pane: the smallest and largest page, and from one size to the next."""
_WAIT = 120
"""Milliseconds a new size is waited for before the page is drawn in it."""
# Pages are white in any look: what is laid over them multiplies with it, so the words stay black.
_CURRENT, _OTHER, _FOUND = QColor("#ffd94d"), QColor("#fff1b8"), QColor("#bfe3ff")
_EDGE = QColor("#c98f00")


class PageView(QAbstractScrollArea):
    """As wide as the pane, or larger; drawn anew in each size."""

    width_wanted = Signal(int)
    """In pixels of the screen."""
    page_asked = Signal(int)
    """1 for the next page, -1 for the one before."""
    zoom_changed = Signal(float)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setObjectName("page_view")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._look = look
        self._zoom = 1.0
        self._image: QImage | None = None
        self._ratio = 1.3
        """Height of the page by its width."""
        self._boxes: list[tuple[Marked, list[QRectF]]] = []
        self._drawn: Rendering | None = None
        self._brought: tuple[Marked, ...] | None = None
        self._wait = QTimer(self, singleShot=True, interval=_WAIT)
        self._wait.timeout.connect(self._want)
        look.changed.connect(self.viewport().update)
        self.verticalScrollBar().setSingleStep(40)
        self.horizontalScrollBar().setSingleStep(40)

    @property
    def zoom(self) -> float:
        return self._zoom

    @property
    def current(self) -> list[QRectF]:
        """The lines that the reader came for, where they are inside the viewport."""
        page = self._page
        current = [rects for mark, rects in self._boxes if mark.is_current and rects]
        return [_placed(rect, page) for rect in current[-1]] if current else []

    def show_rendering(self, rendering: Rendering, marks: Sequence[Marked]) -> None:
        """Show a page with its marks, the current one in sight if it was not shown before."""
        if rendering is not self._drawn:
            self._drawn = rendering
            # The image keeps no copy of the bytes: they live as long as the rendering does.
            self._image = QImage(
                rendering.image,
                rendering.width,
                rendering.height,
                3 * rendering.width,
                QImage.Format.Format_RGB888,
            )
            self._ratio = rendering.height / max(1, rendering.width)
        self._boxes = [
            (mark, [QRectF(b.left, b.top, b.right - b.left, b.bottom - b.top) for b in boxes])
            for mark, boxes in zip(marks, rendering.boxes, strict=False)
        ]
        self._fit_bars()
        if self._brought != tuple(marks):
            self._brought = tuple(marks)
            self._bring_current()
        self.viewport().update()

    def clear(self) -> None:
        """Show an empty page until there is another."""
        self._image = self._drawn = self._brought = None
        self._boxes = []
        self.viewport().update()

    def set_zoom(self, zoom: float) -> None:
        """Show the page so many times as wide as the pane."""
        zoom = min(_MOST, max(_LEAST, zoom))
        if zoom == self._zoom:
            return
        kept = self._middle()
        self._zoom = zoom
        self._fit_bars()
        self._bring_to_middle(kept)
        self._wait.start()
        self.zoom_changed.emit(zoom)
        self.viewport().update()

    def step_zoom(self, step: int) -> None:
        """One size larger or smaller."""
        self.set_zoom(round(self._zoom * _STEP**step, 3))

    @property
    def _page(self) -> QRectF:
        """Where the page is inside the viewport."""
        room = self.viewport().width()
        width = max(80.0, (room - 2 * _MARGIN) * self._zoom)
        left = max(float(_MARGIN), (room - width) / 2) - self.horizontalScrollBar().value()
        top = _MARGIN - self.verticalScrollBar().value()
        return QRectF(left, top, width, width * self._ratio)

    def _middle(self) -> QPointF:
        """The point to be in the middle when the size changes, in parts of the page.

        It is what the reader came for, if that is in sight; else what was in the middle before.
        """
        page, view = self._page, QRectF(self.viewport().rect())
        middle = view.center()
        for rect in self.current:
            if view.contains(rect.center()):
                middle = rect.center()
                break
        return QPointF(
            (middle.x() - page.left()) / page.width(), (middle.y() - page.top()) / page.height()
        )

    def _bring_to_middle(self, point: QPointF) -> None:
        page, view = self._page, QRectF(self.viewport().rect())
        across, down = self.horizontalScrollBar(), self.verticalScrollBar()
        x = page.left() + across.value() + point.x() * page.width()
        y = page.top() + down.value() + point.y() * page.height()
        across.setValue(round(x - view.width() / 2))
        down.setValue(round(y - view.height() / 2))

    def _fit_bars(self) -> None:
        page, view = self._page, self.viewport().size()
        across, down = self.horizontalScrollBar(), self.verticalScrollBar()
        across.setPageStep(view.width())
        across.setRange(0, max(0, round(page.width() + 2 * _MARGIN - view.width())))
        down.setPageStep(view.height())
        down.setRange(0, max(0, round(page.height() + 2 * _MARGIN - view.height())))

    def _bring_current(self) -> None:
        """Have what the reader came for in sight; else the top of the page."""
        current = self.current
        if not current:
            self.verticalScrollBar().setValue(0)
            return
        page = self._page
        top, left = current[0].top() - page.top(), current[0].left() - page.left()
        self.verticalScrollBar().setValue(round(top - self.viewport().height() / 3))
        if page.width() > self.viewport().width():
            self.horizontalScrollBar().setValue(round(left - 40))

    def _want(self) -> None:
        self.width_wanted.emit(round(self._page.width() * self.devicePixelRatioF()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_bars()
        self._wait.start()

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens, page = self._look.tokens, self._page
        painter = QPainter(self.viewport())
        try:
            painter.fillRect(self.viewport().rect(), QColor(tokens.sidebar))
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.fillRect(page, QColor("#ffffff"))
            if self._image is not None:
                painter.drawImage(page, self._image)
                self._paint_marks(painter, page)
            painter.setPen(QPen(QColor(tokens.line), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(page.adjusted(-0.5, -0.5, 0.5, 0.5))
        finally:
            painter.end()

    def _paint_marks(self, painter: QPainter, page: QRectF) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for mark, rects in self._boxes:
            colour = _FOUND if mark.is_found else _OTHER
            if mark.is_current:
                colour = _CURRENT if not mark.is_found else _FOUND.darker(115)
            painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Multiply)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            placed = [_placed(rect, page) for rect in rects]
            for rect in placed:
                painter.drawRoundedRect(rect.adjusted(-2, -1, 2, 1), 2, 2)
            painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
            if mark.is_current and not mark.is_found and placed:
                # A bar in the margin leads the eye to it.
                x = max(page.left() + 4, min(rect.left() for rect in placed) - 10)
                painter.setPen(QPen(_EDGE, 3))
                painter.drawLine(QPointF(x, placed[0].top()), QPointF(x, placed[-1].bottom()))

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            if event.angleDelta().y():
                self.step_zoom(1 if event.angleDelta().y() > 0 else -1)
            event.accept()
            return
        super().wheelEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        bar = self.verticalScrollBar()
        match event.key():
            case Qt.Key.Key_PageDown | Qt.Key.Key_Space if bar.value() == bar.maximum():
                self.page_asked.emit(1)
            case Qt.Key.Key_PageUp if bar.value() == 0:
                self.page_asked.emit(-1)
            case Qt.Key.Key_Space:
                bar.setValue(bar.value() + bar.pageStep() - 40)
            case Qt.Key.Key_Home:
                bar.setValue(0)
            case Qt.Key.Key_End:
                bar.setValue(bar.maximum())
            case _:
                super().keyPressEvent(event)

    def sizeHint(self) -> QSize:
        return QSize(460, 600)


def _placed(box: QRectF, page: QRectF) -> QRectF:
    """A box that counts in parts of the page, where it is on screen."""
    return QRectF(
        page.left() + box.left() * page.width(),
        page.top() + box.top() * page.height(),
        box.width() * page.width(),
        box.height() * page.height(),
    )

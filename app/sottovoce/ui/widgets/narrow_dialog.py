"""A dialog whose words always have room."""

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget


class NarrowDialog(QDialog):
    """One column of a fixed width, at any time as high as what stands in it.

    Qt makes a dialog fit once, when it is shown. A sentence that appears later would be given the
    room of the others, which are then cut.
    """

    def __init__(self, title: str, width: int, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.setFixedWidth(width)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(22, 20, 22, 18)
        self.column.setSpacing(12)

    def event(self, event: QEvent) -> bool:
        """Fit anew whenever something comes, goes, or says something else."""
        is_handled = super().event(event)
        if event.type() in {QEvent.Type.LayoutRequest, QEvent.Type.Show}:
            self.setFixedHeight(self.column.totalHeightForWidth(self.width()))
        return is_handled

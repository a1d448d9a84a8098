"""The downloads on screen: those under way, those that rest, and those that are done."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMessageBox,
    QVBoxLayout,
    QWidget,
)

from sottovoce.domain.text import size_in_words
from sottovoce.ui.file_manager import show_in_folder
from sottovoce.ui.models.downloads_row import DownloadGestures, DownloadRow
from sottovoce.ui.models.downloads_view_model import DownloadsViewModel, Remedy, Row, Step
from sottovoce.ui.network.switch_dialog import Wish, when_on
from sottovoce.ui.network.token_dialog import TokenDialog
from sottovoce.ui.network.token_view_model import TokenViewModel
from sottovoce.ui.network.view_model import NetworkViewModel
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.trouble import Trouble
from sottovoce.ui.widgets.banner import Banner
from sottovoce.ui.widgets.parts import button, label, picture, scrolled_column

_WORTH_ASKING = 1e9
"""Bytes that are not thrown away without a question."""


class DownloadsTab(QWidget):
    """A card for each download, the queue first."""

    catalogue_asked = Signal()
    use_asked = Signal(object)
    """The path of a model that was downloaded: it is to answer."""

    def __init__(
        self,
        downloads: DownloadsViewModel,
        network: NetworkViewModel,
        token: TokenViewModel,
        look: Look,
    ) -> None:
        super().__init__()
        self._downloads = downloads
        self._network = network
        self._token = token
        self._look = look
        self._cards: dict[str, DownloadRow] = {}
        self._gestures = DownloadGestures(self)
        self.banner = Banner(look)
        self.clear = button("Clear the list of what is done", downloads.clear_finished, "quiet")
        self._empty = self._nothing_yet()
        self._list = QVBoxLayout()
        self._list.setSpacing(10)
        self._lay_out()
        self._connect()
        self._show()

    def cards(self) -> list[DownloadRow]:
        """Those on screen, from the top."""
        return [self._cards[row.id] for row in self._downloads.rows]

    def _lay_out(self) -> None:
        page, column = scrolled_column()
        column.addWidget(self.banner)
        column.addWidget(self._empty)
        column.addLayout(self._list)
        foot = QHBoxLayout()
        foot.addStretch()
        foot.addWidget(self.clear)
        column.addLayout(foot)
        column.addStretch()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(page)

    def _nothing_yet(self) -> QWidget:
        empty = QWidget()
        column = QVBoxLayout(empty)
        column.setContentsMargins(0, 60, 0, 60)
        column.setSpacing(12)
        says = label("Nothing is being downloaded.", "body")
        open_catalogue = button("Choose a model in the catalogue", self.catalogue_asked.emit)
        for each in (picture(self._look, "download", 32, "muted"), says, open_catalogue):
            column.addWidget(each, 0, Qt.AlignmentFlag.AlignHCenter)
        return empty

    def _connect(self) -> None:
        downloads, gestures = self._downloads, self._gestures
        downloads.listed.connect(self._show)
        downloads.progressed.connect(self._show_progress)
        downloads.failed.connect(self._tell)
        gestures.resumed.connect(self._resume)
        gestures.paused.connect(downloads.pause)
        gestures.cancelled.connect(self._ask_to_cancel)
        gestures.raised.connect(downloads.move_up)
        gestures.mended.connect(self._mend)
        gestures.use_asked.connect(self._use)
        gestures.folder_asked.connect(self._show_folder)

    def showEvent(self, event: QShowEvent) -> None:
        """See what other windows and commands did to the queue meanwhile."""
        super().showEvent(event)
        self._downloads.refresh()

    def _show(self) -> None:
        rows = self._downloads.rows
        gone = self._cards.keys() - {row.id for row in rows}
        for id_ in gone:
            card = self._cards.pop(id_)
            self._list.removeWidget(card)
            card.hide()
            card.deleteLater()
        for place, row in enumerate(rows):
            if row.id not in self._cards:
                self._cards[row.id] = DownloadRow(row, self._gestures, self._look)
            card = self._cards[row.id]
            if self._list.indexOf(card) != place:
                self._list.insertWidget(place, card)
            card.show_row(row, may_rise=place > 0)
        self._empty.setVisible(not rows)
        self.clear.setVisible(any(row.step is Step.DONE for row in rows))

    def _show_progress(self) -> None:
        running = self._downloads.running
        if running and (card := self._cards.get(running.id)):
            card.show_row(running, may_rise=self._list.indexOf(card) > 0)

    def _tell(self, told: Trouble) -> None:
        self.banner.tell(told.sentence, kind="warning")

    def _row(self, id_: str) -> Row:
        return next(row for row in self._downloads.rows if row.id == id_)

    def _resume(self, id_: str) -> None:
        when_on(
            self._network,
            Wish.DOWNLOAD,
            self,
            look=self._look,
            then=lambda: self._downloads.resume(id_),
        )

    def _mend(self, id_: str) -> None:
        row = self._row(id_)
        match row.remedy:
            case Remedy.IDENTIFY:
                TokenDialog(
                    self._token,
                    self,
                    repository=row.choice.repository,
                    then=lambda: self._resume(id_),
                ).open()
            case Remedy.NETWORK:
                self._network.settings_asked.emit()

    def _ask_to_cancel(self, id_: str) -> None:
        row = self._row(id_)
        if row.done < _WORTH_ASKING:
            self._downloads.cancel(id_)
            return
        box = QMessageBox(self)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setWindowTitle("Cancel the download?")
        box.setText(
            f"{size_in_words(row.done)} of {row.choice.name} are here already and would be "
            "deleted. Paused, they are kept."
        )
        cancel = box.addButton("Delete them", QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(box.addButton("Keep them", QMessageBox.ButtonRole.RejectRole))
        cancel.clicked.connect(lambda: self._downloads.cancel(id_))
        box.open()

    def _use(self, id_: str) -> None:
        self.use_asked.emit(self._row(id_).path)

    def _show_folder(self, id_: str) -> None:
        path = self._row(id_).path
        assert isinstance(path, Path), "Only what is done has this button."
        show_in_folder(path)

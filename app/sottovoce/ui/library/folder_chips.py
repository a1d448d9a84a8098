"""The folders of a collection: a chip each, with what can be done with it."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QMenu, QPushButton, QWidget

from sottovoce.domain.document import Folder
from sottovoce.ui.file_manager import show_in_folder
from sottovoce.ui.library.collections_view_model import CollectionsViewModel
from sottovoce.ui.library.words import short_path
from sottovoce.ui.theme.icons import icon
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.tip import tip
from sottovoce.ui.widgets.flow import Flow
from sottovoce.ui.widgets.parts import button, follow, rounded, shortened

_LONGEST = 44
"""Characters of a path."""


class FolderChips(QWidget):
    """Hidden where there is none."""

    def __init__(self, collections: CollectionsViewModel, look: Look) -> None:
        super().__init__()
        self._collections = collections
        self._look = look
        self._flow = Flow(self, spacing=8)
        self._shown: tuple[Folder, ...] = ()
        self.chips: list[QPushButton] = []
        """One for each folder."""
        collections.contents_read.connect(lambda _: self.show_folders(collections.folders))
        collections.chosen_changed.connect(lambda: self.show_folders(collections.folders))
        follow(self, look, self._draw)
        self.hide()

    def show_folders(self, folders: Sequence[Folder]) -> None:
        """Show these."""
        self.setVisible(bool(folders))
        if self._shown == tuple(folders):
            return
        self._shown = tuple(folders)
        self._flow.clear()
        self.chips = [self._chip(folder) for folder in folders]
        for chip in self.chips:
            self._flow.addWidget(chip)
        self._draw()
        self.updateGeometry()

    def _chip(self, folder: Folder) -> QPushButton:
        path = short_path(folder.path, Path.home())
        chip = button(f" {shortened(path, _LONGEST)}", lambda: None, "chip")
        chip.setIconSize(QSize(15, 15))
        chip.setToolTip(tip(folder.trouble or f"{folder.path}\n{_says(folder)}"))
        chip.setAccessibleName(f"Folder {path}. {folder.trouble or _says(folder)}")
        menu = rounded(QMenu(chip))
        menu.addAction("Show in file manager", lambda: show_in_folder(folder.path))
        followed = menu.addAction("Follow this folder")
        followed.setCheckable(True)
        followed.setChecked(folder.is_watched)
        followed.triggered.connect(
            lambda is_watched: self._collections.watch_folder(folder, is_watched=is_watched)
        )
        menu.addSeparator()
        menu.addAction("Remove with its documents", lambda: self._collections.remove_folder(folder))
        chip.setMenu(menu)
        return chip

    def _draw(self) -> None:
        tokens = self._look.tokens
        for folder, chip in zip(self._shown, self.chips, strict=True):
            if folder.trouble:
                chip.setIcon(icon("triangle-alert", tokens.warning, 15))
            else:
                name = "folder-sync" if folder.is_watched else "folder"
                chip.setIcon(icon(name, tokens.muted, 15))


def _says(folder: Folder) -> str:
    if folder.is_watched:
        return "Followed: new and changed files are read by themselves."
    return "Not followed: it is read as it was when it was added."

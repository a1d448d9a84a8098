"""Before a bundle is installed: what it carries, who signed it, and what has to be agreed to."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from sottovoce.domain.text import size_in_words, time_left
from sottovoce.domain.transfer import Transferred
from sottovoce.models.bundle.install import is_handed
from sottovoce.models.bundle.manifest import Item, Kind, Manifest
from sottovoce.models.catalogue import Licence
from sottovoce.models.records import Acceptance
from sottovoce.ui.models.bundle_view_model import BundleViewModel, Offer
from sottovoce.ui.models.licence_dialog import LicenceDialog
from sottovoce.ui.theme.fonts import code_font
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.trouble import Trouble
from sottovoce.ui.widgets.parts import (
    breakable,
    button,
    card,
    label,
    picture,
    set_kind,
    shortened,
)

_KINDS = {
    Kind.MODEL: "Model",
    Kind.ADAPTER: "Adapter",
    Kind.LICENCE: "Licence",
    Kind.APPLICATION: "Application",
    Kind.POLICY: "Policy",
    Kind.PACK: "Pack for GPUs",
}
_TRUSTED = ("shield-check", "good", "Signed by somebody you trust")
_UNKNOWN = ("triangle-alert", "warning", "You do not know this signer yet")
_WHOLE_FINGERPRINT = 32
"""Letters and digits of a fingerprint: less is still being typed."""
_LONGEST_PATH = 48
"""Letters of the folder's path that are shown."""


class BundleDialog(QDialog):
    """Closes when the bundle is installed; closing it before stops that."""

    def __init__(self, bundle: BundleViewModel, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Install from a bundle")
        self.resize(580, 640)
        self._bundle = bundle
        self._look = look
        self._shown: Offer | None = None
        self._hand_to: Path | None = None
        self._acceptances: dict[str, Acceptance] = {}
        self._heading = label("Opening the bundle…", "heading", wraps=True)
        self._about = label("", "muted", wraps=True)
        self._sign = picture(look, "triangle-alert", 28, "warning")
        self._sign.hide()
        self._contents = QVBoxLayout()
        self._contents.setSpacing(12)
        self._contents.addStretch()
        self.fingerprint = QLineEdit()
        self.fingerprint.setAccessibleName("Fingerprint of the signer")
        self.fingerprint.setPlaceholderText("The fingerprint that the signer told you")
        self.fingerprint.textChanged.connect(self._show)
        self._match = label("", "warning")
        self._trouble = label("", "danger", wraps=True)
        self._progress = QProgressBar()
        self._progress.setTextVisible(False)
        self._progress.setAccessibleName("Installing the bundle")
        self._progress_says = label("", "muted")
        self.install = button("Install", self._install, "accent")
        self.install.setDefault(True)
        self.leave = button("Cancel", self.reject)
        self._lay_out()
        bundle.changed.connect(self._show)
        bundle.failed.connect(self._tell)
        bundle.installed.connect(self.accept)
        bundle.update_found.connect(self.reject)
        bundle.pack_found.connect(self.reject)
        self.rejected.connect(bundle.give_up)
        self._show()

    @property
    def heading(self) -> str:
        """What is being installed, or that nothing can be."""
        return self._heading.text()

    @property
    def mismatch(self) -> str:
        """That another fingerprint was typed than the signer's."""
        return self._match.text()

    @property
    def trouble(self) -> str:
        """A sentence; empty where nothing is wrong."""
        return self._trouble.text()

    def _lay_out(self) -> None:
        inside = QWidget()
        inside.setObjectName("scrolled")
        inside.setLayout(self._contents)
        self._contents.setContentsMargins(0, 0, 6, 0)
        self._scrolled = QScrollArea()
        self._scrolled.setWidgetResizable(True)
        self._scrolled.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scrolled.setWidget(inside)
        foot = QHBoxLayout()
        foot.addWidget(self._progress_says, 1)
        foot.addWidget(self.leave)
        foot.addWidget(self.install)
        self._words = QVBoxLayout()
        self._words.setSpacing(10)
        for each in (self._heading, self._about, self._trouble):
            self._words.addWidget(each)
        head = QHBoxLayout()
        head.setSpacing(16)
        head.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        head.addLayout(self._words, 1)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(22, 20, 22, 18)
        self._column.setSpacing(10)
        self._column.addLayout(head)
        self._column.addWidget(self._scrolled, 1)
        self._column.addWidget(self._progress)
        self._column.addLayout(foot)

    def _show(self) -> None:
        """What can be done now, and how far it is."""
        offer, is_busy = self._bundle.offer, self._bundle.is_installing
        if offer is not None and self._shown is None:
            self._shown = offer
            self._fill(offer)
        typed = self.fingerprint.text().strip()
        may_install = self._bundle.may_install(typed)
        is_wrong = len(typed) >= _WHOLE_FINGERPRINT and not may_install and not is_busy
        self._match.setText("It is not this signer’s fingerprint." if is_wrong else "")
        self._match.setVisible(is_wrong)
        self.install.setEnabled(may_install)
        self.fingerprint.setEnabled(not is_busy)
        self._trouble.setVisible(bool(self._trouble.text()) and not is_busy)
        self._progress.setVisible(is_busy)
        self._show_progress(self._bundle.transferred if is_busy else None)

    def _show_progress(self, now: Transferred | None) -> None:
        done, total = (now.done // 1000, now.total // 1000) if now else (0, 0)
        self._progress.setRange(0, total)
        self._progress.setValue(done)
        says = f"{size_in_words(now.done)} of {size_in_words(now.total)}" if now else ""
        if now and now.seconds_left is not None:
            says = f"{says}, {time_left(now.seconds_left)}"
        self._progress_says.setText(says)

    def _fill(self, offer: Offer) -> None:
        manifest = offer.bundle.manifest
        self._heading.setText(manifest.name)
        self._about.setText(_about(manifest))
        for place, made in enumerate((self._signer(offer), self._items(manifest))):
            self._contents.insertWidget(place, made)
        if any(map(is_handed, manifest.items)):
            self._contents.insertWidget(2, self._handing())
        if not offer.is_trusted:
            self.fingerprint.setFocus(Qt.FocusReason.OtherFocusReason)

    def _signer(self, offer: Offer) -> QWidget:
        made, column = card()
        head = QHBoxLayout()
        head.setSpacing(10)
        icon, colour, says = _TRUSTED if offer.is_trusted else _UNKNOWN
        head.addWidget(picture(self._look, icon, 20, colour))
        head.addWidget(label(says, "heading"), 1)
        column.addLayout(head)
        fingerprint = label(offer.bundle.signer.fingerprint.replace("-", " "))
        fingerprint.setFont(code_font(14))
        fingerprint.setAccessibleName("Fingerprint of the signer")
        fingerprint.setWordWrap(True)
        fingerprint.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column.addWidget(fingerprint)
        if not offer.is_trusted:
            column.addWidget(
                label(
                    "Ask the signer for their fingerprint by another way than this bundle came: by "
                    "telephone or on paper. Type what they tell you.",
                    "muted",
                    wraps=True,
                )
            )
            column.addWidget(self.fingerprint)
            column.addWidget(self._match)
        return made

    def _items(self, manifest: Manifest) -> QWidget:
        made, column = card("What it carries")
        rows = QGridLayout()
        rows.setHorizontalSpacing(14)
        rows.setVerticalSpacing(8)
        rows.setColumnStretch(1, 1)
        for row, item in enumerate(manifest.items):
            cells = (
                label(_KINDS[item.kind], "muted"),
                label(breakable(item.name), wraps=True),
                label(_facts(item), "muted"),
            )
            for place, cell in enumerate(cells):
                rows.addWidget(cell, row, place, Qt.AlignmentFlag.AlignTop)
        column.addLayout(rows)
        return made

    def _handing(self) -> QWidget:
        made, column = card("For you to install")
        column.addWidget(
            label(
                "Sottovoce does not install the application or a policy by itself. It can put them "
                "in a folder, checked, for you or your administrator.",
                "muted",
                wraps=True,
            )
        )
        row = QHBoxLayout()
        self.folder = button("Choose a folder…", lambda: self._choose_folder(says))
        says: QLabel = label("Left out", "muted")
        row.addWidget(self.folder)
        row.addWidget(says, 1)
        column.addLayout(row)
        return made

    def _choose_folder(self, says: QLabel) -> None:
        name = QFileDialog.getExistingDirectory(
            self, "Folder for the application and policy", str(Path.home())
        )
        if name:
            self._hand_to = Path(name)
            says.setText(shortened(name, _LONGEST_PATH))

    def _install(self) -> None:
        """Ask for what has to be agreed to, one licence after the other, and begin."""
        offer = self._bundle.offer
        if offer is None:
            return
        for licence in offer.licences:
            if licence.id not in self._acceptances:
                self._ask_for(licence, offer.bundle.manifest.items)
                return
        self._trouble.clear()
        self._bundle.install(self.fingerprint.text(), self._acceptances, self._hand_to)

    def _ask_for(self, licence: Licence, items: Sequence[Item]) -> None:
        names = ", ".join(item.name for item in items if item.licence == licence.id)

        def accept() -> None:
            self._acceptances[licence.id] = Acceptance(licence.name, datetime.now(UTC))
            self._install()

        LicenceDialog(licence, names, self, look=self._look, accepted=accept).open()

    def _tell(self, told: Trouble) -> None:
        self._trouble.setText(told.sentence)
        self._show()
        if self._shown is None:
            self._refuse()

    def _refuse(self) -> None:
        """Show why nothing can be installed, and no room for what could have been."""
        self._heading.setText("This bundle cannot be installed")
        self._about.setText("Nothing of it was used, and nothing was changed.")
        self._words.addWidget(self._about)  # After the reason.
        set_kind(self._trouble, "kind", "")
        self._sign.show()
        for each in (self._scrolled, self.install):
            each.hide()
        self.leave.setText("Close")
        self.leave.setDefault(True)
        self.setFixedHeight(self._column.totalHeightForWidth(self.width()))


def _about(manifest: Manifest) -> str:
    made = f"{manifest.created.astimezone():%Y-%m-%d}"
    return f"{size_in_words(manifest.size)} · made on {made}"


def _facts(item: Item) -> str:
    size = size_in_words(item.size)
    has_terms = item.licence and item.kind is not Kind.LICENCE
    return f"{item.licence} · {size}" if has_terms else size

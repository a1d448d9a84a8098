"""The terms of a model, before it is downloaded."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from sottovoce.models.catalogue import Licence
from sottovoce.ui.link_dialog import LinkDialog
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.widgets.check import Check
from sottovoce.ui.widgets.parts import button, label


class LicenceDialog(QDialog):
    """Our summary, the whole text below it, and a box to tick."""

    def __init__(
        self,
        licence: Licence,
        model: str,
        parent: QWidget,
        *,
        look: Look,
        accepted: Callable[[], object],
    ) -> None:
        """`accepted` is called when the person agrees to have `model` under this licence."""
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Licence")
        self.resize(560, 520)
        self.go_on = button("Accept and go on", self.accept, "accent")
        self.go_on.setEnabled(False)
        self.go_on.setDefault(True)
        self.agree = Check(f"I have read the {licence.name} and agree to it", look)
        self.agree.toggled.connect(self.go_on.setEnabled)
        self.accepted.connect(lambda: accepted())
        paragraphs = [*_paragraphs(licence.text), licence.full_text.strip()]
        terms = label("\n\n".join(filter(None, paragraphs)), wraps=True)
        terms.setObjectName("terms")
        terms.setAlignment(Qt.AlignmentFlag.AlignTop)
        terms.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        terms.setAccessibleName("The licence in short, and in full")
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(terms)
        row = QHBoxLayout()
        row.addWidget(button("At its source…", lambda: LinkDialog(licence.link, self).open()))
        row.addStretch()
        row.addWidget(button("Cancel", self.reject))
        row.addWidget(self.go_on)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 20, 22, 18)
        column.setSpacing(12)
        column.addWidget(label(f"{model}: {licence.name}", "heading", wraps=True))
        column.addWidget(scroll, 1)
        if licence.attribution:
            column.addWidget(label(licence.attribution, "muted"))
        column.addWidget(self.agree)
        column.addLayout(row)


def _paragraphs(text: str) -> list[str]:
    """Paragraphs without the line ends of the file, and list items with a dot."""
    made: list[str] = []
    for line in text.splitlines():
        stripped = line.strip()
        is_item = stripped.startswith("- ")
        if not stripped:
            made.append("")
        elif is_item:
            made.append(f"•  {stripped[2:]}")
        elif made and made[-1]:
            made[-1] += f" {stripped}"
        else:
            made.append(stripped)
    return [paragraph for paragraph in made if paragraph]

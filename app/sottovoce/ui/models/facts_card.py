"""What the model's file is, by what it says itself; its chat template, with warnings first."""

from PySide6.QtCore import QLocale, Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QPlainTextEdit, QVBoxLayout

from sottovoce.domain.text import size_in_words
from sottovoce.models.inspection import ChatTemplate, Inspection
from sottovoce.ui.theme.fonts import code_font
from sottovoce.ui.theme.icons import icon
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.theme.tokens import SMALL_PIXELS
from sottovoce.ui.widgets.parts import button, card, follow, label

_TEMPLATE_HEIGHT = 280
_FEW = 8
"""Languages that are named; of more, only how many they are."""


class FactsCard(QFrame):
    """A table of names and values; what the file does not say is left out."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(18)
        self._grid.setVerticalSpacing(7)
        self._grid.setColumnStretch(1, 1)
        self._grid.setColumnMinimumWidth(0, 104)
        self._warnings = label("", "caution", wraps=True)
        self.unfold = button("", self._toggle, "quiet")
        self.template = QPlainTextEdit()
        self.template.setObjectName("template")
        self.template.setReadOnly(True)
        self.template.setTabChangesFocus(True)
        self.template.setAccessibleName("Chat template")
        self.template.setFont(code_font(SMALL_PIXELS))
        self.template.setFixedHeight(_TEMPLATE_HEIGHT)
        self.template.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        frame, column = card("What the file is")
        column.addLayout(self._grid)
        column.addWidget(self._warnings)
        column.addWidget(self.unfold, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.template)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(frame)
        follow(self.unfold, look, self._draw_unfold)
        self.show_inspection(None)

    @property
    def facts(self) -> dict[str, str]:
        """What is shown."""
        return dict(self._facts)

    def show_inspection(self, inspection: Inspection | None) -> None:
        """Show what was found in the file; hide while nothing was."""
        self.setVisible(inspection is not None)
        self._facts = _facts(inspection) if inspection else []
        while (item := self._grid.takeAt(0)) is not None:
            if (part := item.widget()) is not None:
                part.hide()
                part.deleteLater()
        for row, (name, value) in enumerate(self._facts):
            shown = label(value, wraps=True)
            shown.setMinimumWidth(1)  # A long word is rather cut than the page made wider.
            shown.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._grid.addWidget(label(name, "muted"), row, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(shown, row, 1)
        self._show_template(inspection.template if inspection else None)

    def _show_template(self, template: ChatTemplate | None) -> None:
        self.template.hide()
        self.template.setPlainText(template.text if template else "")
        findings = template.findings if template else ()
        self._warnings.setVisible(bool(findings))
        lines = (f"{each.sentence} {each.excerpt}".strip() for each in findings)
        self._warnings.setText("\n".join(("The chat template does more than formatting.", *lines)))
        self.unfold.setVisible(template is not None)
        self._draw_unfold()

    def _toggle(self) -> None:
        self.template.setVisible(self.template.isHidden())
        self._draw_unfold()

    def _draw_unfold(self) -> None:
        is_open = not self.template.isHidden()
        self.unfold.setText("Hide the chat template" if is_open else "Show the chat template")
        arrow = "chevron-down" if is_open else "chevron-right"
        self.unfold.setIcon(icon(arrow, self._look.tokens.muted))


def _facts(inspection: Inspection) -> list[tuple[str, str]]:
    source, shape, tokenizer = inspection.source, inspection.shape, inspection.tokenizer
    facts = [
        ("Architecture", inspection.architecture),
        ("Parameters", _parameters(inspection)),
        ("Weights", _mix(inspection)),
        ("Trained context", f"{shape.trained:,} tokens" if shape else ""),
        ("Tokenizer", f"{tokenizer.kind}, {tokenizer.vocabulary:,} tokens" if tokenizer else ""),
        ("Languages", _languages(source.languages)),
        ("Licence", " · ".join(filter(None, (source.licence, source.licence_link)))),
        ("Author", " · ".join(dict.fromkeys(filter(None, (source.author, source.organisation))))),
        ("Made from", source.base),
        ("Source", source.address),
        ("About", source.description),
        ("Parts", f"{inspection.parts} files" if inspection.parts > 1 else ""),
    ]
    return [(name, value) for name, value in facts if value]


def _parameters(inspection: Inspection) -> str:
    count, shape = inspection.parameters, inspection.shape
    if not count:
        return ""
    said = f"{count / 1e9:.1f} billion" if count >= 1e9 else f"{count / 1e6:.0f} million"
    if shape:
        said += f" in {shape.layers} layer{'' if shape.layers == 1 else 's'}"
        if shape.experts:
            said += f", {shape.experts_used} of {shape.experts} experts for each token"
    return said


def _mix(inspection: Inspection) -> str:
    """The types of the tensors, those with the most bytes first."""
    if inspection.shape is None:
        return ""
    return ", ".join(f"{name} {size_in_words(size)}" for name, size in inspection.shape.types)


def _languages(codes: tuple[str, ...]) -> str:
    if len(codes) > _FEW:
        return f"{len(codes)}, among them {_languages(codes[:_FEW])}"
    known = ((code, QLocale(code).language()) for code in codes)
    return ", ".join(
        code if language is QLocale.Language.C else QLocale.languageToString(language)
        for code, language in known
    )

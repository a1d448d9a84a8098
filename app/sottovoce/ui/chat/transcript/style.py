"""What a transcript looks like in one set of tokens: fonts, colours and measures, made once."""

from PySide6.QtGui import QColor, QFont, QFontMetricsF, QTextCharFormat

from sottovoce.domain.document import Support
from sottovoce.ui.chat.transcript.highlight import DARK_INKS, LIGHT_INKS, Ink
from sottovoce.ui.chat.transcript.markdown import Span
from sottovoce.ui.theme.fonts import body_font, code_font
from sottovoce.ui.theme.tokens import BODY_PIXELS, CODE_PIXELS, Tokens

LINE = 23
"""Pixels from one line of body type to the next: about 1.5 times its size."""
CODE_LINE = 19
SMALL_PIXELS = 12
_CITATION_PIXELS = 10
_HEADING_PIXELS = {1: 22, 2: 19, 3: 17, 4: 15, 5: 15, 6: 15}
_HEADING_LINE = {1: 30, 2: 27, 3: 25, 4: 23, 5: 23, 6: 23}


class Style:
    """Fonts, colours and measures."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self.text = QColor(tokens.text)
        self.muted = QColor(tokens.muted)
        self.line = QColor(tokens.line)
        self.hover = QColor(tokens.hover)
        self.surface = QColor(tokens.surface)
        self.background = QColor(tokens.background)
        self.accent = QColor(tokens.accent)
        self.on_accent = QColor(tokens.on_accent)
        self.selection = QColor(tokens.selection)
        self.match = QColor(tokens.warning_soft)
        self.bubble = QColor(tokens.bubble)
        self.code = QColor(tokens.code)
        self.code_header = QColor(tokens.code_header)
        self.inline_code = QColor(tokens.inline_code)
        self.warning = QColor(tokens.warning)
        self.warning_soft = QColor(tokens.warning_soft)
        self.body = body_font(BODY_PIXELS)
        self.code_type = code_font(CODE_PIXELS)
        self.small = body_font(SMALL_PIXELS)
        self.label = body_font(SMALL_PIXELS, QFont.Weight.DemiBold)
        self.citation = body_font(_CITATION_PIXELS, QFont.Weight.DemiBold)
        self.letter_width = QFontMetricsF(self.body).averageCharWidth()
        """Of body type, on average: good for estimates."""
        self.code_letter_width = QFontMetricsF(self.code_type).horizontalAdvance("0")
        self._formats: dict[tuple[object, ...], QTextCharFormat] = {}
        self._headings = {
            level: body_font(pixels, QFont.Weight.DemiBold)
            for level, pixels in _HEADING_PIXELS.items()
        }
        self._inks = {
            ink: _ink_format(ink, colour)
            for ink, colour in (DARK_INKS if tokens.is_dark else LIGHT_INKS).items()
        }

    def font(self, level: int) -> QFont:
        """Of a heading of this level; of running words for 0."""
        return self._headings[level] if level else self.body

    def line_height(self, level: int) -> int:
        return _HEADING_LINE[level] if level else LINE

    def ink(self, ink: Ink) -> QTextCharFormat:
        return self._inks[ink]

    def format(self, span: Span, level: int = 0) -> QTextCharFormat:
        """How a span's words differ from those around them."""
        key = (*span[1:5], bool(span.link), bool(span.citation), span.doubt, level)
        if key not in self._formats:
            self._formats[key] = self._made(span, level)
        return self._formats[key]

    def _made(self, span: Span, level: int) -> QTextCharFormat:
        font = QFont(self.code_type if span.code else self.font(level))
        if span.code and level:
            font.setPixelSize(_HEADING_PIXELS[level] - 1)
        if span.bold:
            font.setWeight(QFont.Weight.Bold if level else QFont.Weight.DemiBold)
        font.setItalic(span.italic)
        font.setStrikeOut(span.struck)
        made = QTextCharFormat()
        made.setFont(font)
        if span.link:
            made.setForeground(self.accent)
        if span.citation:
            # It only keeps the room: the mark is drawn with its plate.
            made.setFont(self.citation)
            made.setForeground(QColor(0, 0, 0, 0))
        if span.doubt is Support.UNSUPPORTED:
            made.setUnderlineStyle(QTextCharFormat.UnderlineStyle.DotLine)
            made.setUnderlineColor(self.muted)
        elif span.doubt is Support.MISQUOTED:
            made.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
            made.setUnderlineColor(self.warning)
            made.setBackground(self.warning_soft)
        return made


def _ink_format(ink: Ink, colour: str) -> QTextCharFormat:
    made = QTextCharFormat()
    made.setForeground(QColor(colour))
    if ink is Ink.COMMENT:
        made.setFontItalic(True)
    if ink is Ink.KEYWORD:
        made.setFontWeight(QFont.Weight.Bold)
    return made

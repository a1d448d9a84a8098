"""Where sentences begin and end, in any language."""

import re
from collections.abc import Iterator


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


Stretch = tuple[int, int]
"""Start and end of a part of a text, in characters."""

_LONG = 300
"""Characters after which lines are taken for rows of a table, rather than for one long sentence."""
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]{4}")
"""Scripts that end a sentence with a space."""
_END = re.compile(
    r"""(?P<full>[。！？]+[」』”’）]*)         # Chinese and Japanese leave no space behind it.
    | (?P<dot>(?<![\[(])[.!?…؟۔]+|[।॥]+)["”’»«“)\]*_]*(?=\s|$)
    | (?P<gap>\n\s*\n|\n(?=\s*(?:[-*•‣▪–·|]|\d{1,3}[.)])\s))""",
    re.VERBOSE,
)
_LAST_WORD = re.compile(r"([^\W\d_]+|\d+)$")
_ABBREVIATIONS = _words(
    """abb abs al apr aug bzw ca cf co corp dec dept dez dr eg esp est etc ev evtl exp feb gen
    gov hon hr ie inc incl inkl jan jr jul jun ltd mio mr mrd mrs ms mt nov okt op prof rev
    sept sig sr sra srta st str tel tsd vgl vs zb"""
)
"""In lower case. None of them ends a sentence as often as it stands within one."""
_BEFORE_NUMBERS = _words("art fig figs no nr num núm p pag pp pt sec vol")
"""The same, if a number follows."""


def sentences(text: str) -> list[Stretch]:
    """The sentences of `text` in order, without the space around them."""
    ends = [match.end() for match in _END.finditer(text) if _is_end(text, match)]
    found: list[Stretch] = []
    for start, end in zip([0, *ends], [*ends, len(text)], strict=True):
        found += _parts(text, start, end)
    return [each for stretch in found for each in _trimmed(text, *stretch)]


def _is_end(text: str, match: re.Match[str]) -> bool:
    if match["dot"] != ".":
        return True
    before = _LAST_WORD.search(text, max(0, match.start() - 20), match.start())
    if before is None:
        return True
    word, after = before[1], text[match.end() : match.end() + 3].lstrip()
    if after and after[0].islower():
        return False
    if word.isdigit():  # German writes "3. Oktober"; no year has two digits without a sign.
        return len(word) > 2 or not after
    if after[:1].isdigit() and word.casefold() in _BEFORE_NUMBERS:
        return False
    return word.casefold() not in _ABBREVIATIONS and not (len(word) == 1 and word.isupper())


def _parts(text: str, start: int, end: int) -> Iterator[Stretch]:
    """A sentence, or its lines where there are so many that it is none."""
    if end - start <= _LONG:
        yield start, end
        return
    stretch = text[start:end]
    # A line that goes on with a sentence mostly begins with a small letter, or puts in a remark.
    cuts = r"\s" if _UNSPACED.search(stretch) else r"\n(?=\s*(?:[^\sa-zß-ÿ(]|\(\w{1,3}\)))"
    for match in re.finditer(cuts, stretch):
        yield start, (start := end - len(stretch) + match.end())
    yield start, end


def _trimmed(text: str, start: int, end: int) -> Iterator[Stretch]:
    inner = text[start:end]
    if words := inner.strip():
        start += len(inner) - len(inner.lstrip())
        yield start, start + len(words)

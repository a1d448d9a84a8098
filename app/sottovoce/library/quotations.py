"""What stands between quotation marks, and where it stands literally in a text."""

import re
import unicodedata
from dataclasses import dataclass

from sottovoce.library.sentences import Stretch

_SHORTEST_WORDS = 3
_SHORTEST_SIGNS = 6
"""Of writing without spaces. What is shorter may be a mere expression, and no quotation."""
_QUOTED = re.compile(
    r"“([^“”]+)”|„([^„“”]+)[“”]|»([^«»]+)«|«([^«»]+)»|「([^「」]+)」|『([^『』]+)』|‘([^‘’]+)’(?!\w)"
    r"|(?<!\w)\"([^\"]+)\""
)
_LEFT_OUT = re.compile(r"\s*[\[(]?(?:\.\s?){2,}\.?[\])]?\s*|\s*[\[(]?…[\])]?\s*")
_MARKUP = re.compile(r"\*+|`+|(?<!\w)_+|_+(?!\w)")
_EDGES = " \t\n.,;:!?'\"“”‘’„«»‚‹›()[]"
_FOLDS = {
    **dict.fromkeys("“”„‟«»″＂", '"'),
    **dict.fromkeys("‘’‚‛‹›′`´", "'"),
    **dict.fromkeys("–—−―", "-"),
    **dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff", ""),
}
_HYPHENS = "-\u2010\u2011"


@dataclass(frozen=True, slots=True)
class Folded:
    """A text without the differences that typesetting makes, and where each sign came from."""

    text: str
    places: tuple[int, ...]
    """In the text as it was, one for each sign; and the end."""

    def find(self, quotation: str, start: int = 0) -> Stretch | None:
        """Where a folded quotation stands, from `start` of the text as it was."""
        at = self.text.find(quotation)
        while at >= 0 and (self.places[at] < start or not self._is_whole(at, len(quotation))):
            at = self.text.find(quotation, at + 1)
        if at < 0:
            return None
        return self.places[at], self.places[at + len(quotation) - 1] + 1

    def _is_whole(self, at: int, length: int) -> bool:
        """Whether it neither begins nor ends within a word, where words have spaces."""
        before, after = self.text[at - 1 : at], self.text[at + length : at + length + 1]
        first, last = self.text[at], self.text[at + length - 1]
        return not (_joins(before, first) or _joins(last, after))


def folded(text: str) -> Folded:
    """Fold typographic variants, capitals, line breaks and hyphens between letters."""
    signs: list[str] = []
    places: list[int] = []
    for place, sign in enumerate(text):
        for plain in _plain(sign):
            if plain.isspace():
                if not signs or signs[-1] == " " or _is_hyphen_at(text, place):
                    continue
                plain = " "
            elif plain in _HYPHENS and _stands_in_word(text, place):
                continue
            signs.append(plain)
            places.append(place)
    return Folded("".join(signs), (*places, len(text)))


def quotations(sentence: str) -> list[Stretch]:
    """What of a sentence is a quotation, without its marks."""
    found = []
    for match in _QUOTED.finditer(sentence):
        start, end = match.span(match.lastindex or 0)
        words = sentence[start:end].split()
        is_spaced = len(words) > 1 or (words and words[0].isascii())
        if len(words) >= _SHORTEST_WORDS or (not is_spaced and end - start >= _SHORTEST_SIGNS):
            found.append((start, end))
    return found


def pieces(quotation: str) -> list[str]:
    """A quotation folded: more than one piece if it says that something was left out."""
    bare = _MARKUP.sub("", quotation)
    folds = (folded(part.strip(_EDGES)).text.strip() for part in _LEFT_OUT.split(bare))
    return [fold for fold in folds if fold]


def _plain(sign: str) -> str:
    if sign in _FOLDS:
        return _FOLDS[sign]
    return sign.casefold() if sign.isascii() else unicodedata.normalize("NFKC", sign).casefold()


def _stands_in_word(text: str, place: int) -> bool:
    """Whether the hyphen there joins two parts of a word, maybe over the end of a line."""
    after = text[place + 1 : place + 6].lstrip() if text[place + 1 : place + 2] == "\n" else ""
    following = after[:1] or text[place + 1 : place + 2]
    return text[max(0, place - 1) : place].isalpha() and following.isalpha()


def _is_hyphen_at(text: str, place: int) -> bool:
    """Whether the space there comes behind a hyphen at the end of a line."""
    before = text[max(0, place - 4) : place].rstrip()
    return (
        before[-1:] in {*_HYPHENS, "\u00ad"}
        and text[place] in "\n "
        and "\n" in text[place - (place > 0) : place + 1]
        and text[place + 1 : place + 4].lstrip()[:1].isalpha()
    )


def _joins(one: str, other: str) -> bool:
    return one.isalnum() and other.isalnum() and one < "\u0e00" and other < "\u0e00"

"""What of a sentence must stand in a document, so that the document bears it out."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import Enum, auto
from functools import lru_cache

from sottovoce.library import wording
from sottovoce.library.languages import FUNCTION_WORDS

_SYLLABIC = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Two signs of these scripts are about a word."""
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
"""Three signs of these say about as much."""
_MARKS = "".join(
    chr(code) for code in range(0x300, 0xFE30) if unicodedata.category(chr(code))[0] == "M"
)
_LETTER = rf"[^\W\d_{_SYLLABIC}{_UNSPACED}][{_MARKS}\u00ad\u200c\u200d]*"
_TOKEN = re.compile(
    rf"""(?P<pairs>[{_SYLLABIC}]+) | (?P<threes>[{_UNSPACED}]+)
    | (?P<date>(?<![\d.,/-])
        (?:\d{{4}}-\d{{1,2}}-\d{{1,2}} | \d{{1,2}}(?P<between>[./-])\d{{1,2}}(?P=between)\d{{2,4}})
        (?![\d/-]))
    | (?P<time>(?<![\d:])[0-2]?\d:[0-5]\d(?![\d:]))(?:[ ]?(?P<afternoon>[pP])\.?[mM]\b)?
    | (?P<number>\d+(?:[.,'’\u00a0\u202f]\d+|[ ]\d{{3}}(?![\d.,]*\d))*)
    | (?P<initials>(?:[^\W\d_]\.){{2,}})
    | (?P<word>(?:[nN]on-(?=\w))?{_LETTER}(?:{_LETTER}|\d|(?<=[nN])['’](?=[tT]\b)|[&](?=\w))*)
    | (?P<sign>[%٪$€£¥₹฿<>≤≥])""",
    re.VERBOSE,
)
_UNIT = re.compile(rf"[\s-]{{0,2}}((?:{_LETTER}){{1,20}}|[%٪])")
_NO_DENIAL = re.compile(r"no\.?\s?\d")
"""No. 5 is something."""
_OLD = re.compile(r"\s+(?:old|alt)\b")
_GROUPS = re.compile(r"\d{1,3}(?:[.,'’\s]\d{3})+")
_HYPHENATED = re.compile(r"(?<=[^\W\d_])[-\u2010\u00ad]\n(?=[^\W\d_])")
_FUNCTION_WORDS = frozenset[str]().union(*FUNCTION_WORDS.values())
_CAPITALS = 2
"""A word with so many capital letters is a name wherever it stands."""


class Kind(Enum):
    """How strictly a document must bear something out."""

    WORD = auto()
    """It may be put in other words."""
    NAME = auto()
    """It must be called the same."""
    NUMBER = auto()
    """It must be the same, and stand close by."""
    COMMON = auto()
    """It says nothing by itself."""


@dataclass(frozen=True, slots=True)
class Term:
    """One thing said."""

    kind: Kind
    keys: tuple[str, ...]
    """What it says: more than one thing if it can be read in more than one way."""
    start: int
    end: int
    elsewhere: tuple[str, ...] = ()
    """What a document may say instead: 5.2 in a table of millions."""


def terms(text: str) -> list[Term]:
    """All that is said in a text, word for word."""
    # One sign for another, so that places stay the same; a broken word becomes whole.
    plain = _HYPHENATED.sub("\u00ad\u00ad", text)
    found: list[Term] = []
    for match in _TOKEN.finditer(plain):
        found += _terms(plain, match, found[-1] if found else None)
    return found


def is_negation(term: Term) -> bool:
    """Whether it says no."""
    key = term.keys[0]
    if key in wording.NEGATIONS or key.endswith("n't"):
        return True
    return term.kind is Kind.WORD and wording.NEGATIVE_SIGNS.search(key) is not None


def is_year(term: Term) -> bool:
    """Whether it may be one of our time."""
    return all(key.isdigit() and 1800 <= int(key) <= 2100 for key in term.keys)


def contradict(one: Sequence[Term], other: Sequence[Term]) -> bool:
    """Whether what is said here is the contrary of what is said there."""
    sides, others = _sides(one), _sides(other)
    return any(
        (pair, not side) in others and (pair, side) not in others and (pair, not side) not in sides
        for pair, side in sides
    )


def are_alike(one: str, other: str, *, strictly: bool = False) -> bool:
    """Whether two words are forms of one: they begin alike, and mostly so."""
    if one == other:
        return True
    if strictly and not (one + other).isalpha():
        return False  # Other digits make it another thing.
    longer = max(len(one), len(other))
    needed = max(4, longer * (0.8 if strictly else 0.6))
    if min(len(one), len(other)) < needed:
        return False
    shared = next(
        (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )
    if shared < needed:
        return False
    return one > "\u0250" or _end_alike(one[shared:], other[shared:])


def are_synonyms(one: str, other: str) -> bool:
    """Whether two words mostly mean the same."""
    group = _SYNONYMS.get(one)
    return group is not None and _SYNONYMS.get(other) == group


def _end_alike(one: str, other: str) -> bool:
    """Whether these are endings of one word: "-es" and "-ing", but not "-rol" and "-ract"."""
    return any(
        (one in inflections or other in inflections)
        and (one in inflections or one in derivations)
        and (other in inflections or other in derivations)
        for inflections, derivations in wording.ENDINGS
    )


def _terms(text: str, match: re.Match[str], before: Term | None) -> Iterator[Term]:
    start, end = match.span()
    match match.lastgroup:
        case "pairs":
            yield from _pieces(match[0], start, 2)
        case "threes":
            yield from _pieces(match[0], start, 3)
        case "date":
            yield from _date(match[0], start, end)
        case "time" | "afternoon":
            number = int(match["time"].replace(":", ""))
            numbers = (number, number + 1200) if match["afternoon"] else (number,)
            yield Term(Kind.NUMBER, tuple(map(str, numbers)), start, end)
        case "number":
            yield _number(text, match)
        case "sign":
            if match[0] in wording.COMPARED:
                yield Term(Kind.COMMON, (wording.COMPARED[match[0]],), start, end)
            elif match[0] in wording.CURRENCIES:
                yield Term(Kind.NAME, (f"currency {wording.CURRENCIES[match[0]]}",), start, end)
        case "initials":
            letters = match[0].replace(".", "")
            kind = Kind.NAME if letters.isupper() else Kind.COMMON
            yield Term(kind, (letters.casefold(),), start, end)
        case _:
            yield _word(text, match, before)


def _pieces(run: str, start: int, size: int) -> Iterator[Term]:
    for word, month in _MONTHS_UNSPACED:
        if word in run:
            at = start + run.index(word)
            yield Term(Kind.NUMBER, (f"month {month}",), at, at + len(word))
            break
    for at in range(max(1, len(run) - size + 1)):
        yield Term(Kind.WORD, (run[at : at + size],), start + at, start + at + size)


def _date(text: str, start: int, end: int) -> Iterator[Term]:
    """Its parts, whichever of them is the month."""
    for part in re.split(r"\D", text):
        number = str(int(part))
        keys = (number, f"month {number}") if int(part) <= 12 else (number,)
        yield Term(Kind.NUMBER, keys, start, end)


def _number(text: str, match: re.Match[str]) -> Term:
    """A number as it may have been meant: 1.234 may be more than a thousand, or than one."""
    raw = "".join(str(unicodedata.digit(c)) if c.isdigit() else c for c in match[0])
    values = []
    if _GROUPS.fullmatch(raw):
        values.append(re.sub(r"\D", "", raw))
    parts = re.split(r"\D", raw)
    values.append(f"{''.join(parts[:-1])}.{parts[-1]}" if len(parts) > 1 else raw)
    unit = _UNIT.match(text, match.end())
    name = folded(unit[1]) if unit else ""
    numbers = [Decimal(value) for value in dict.fromkeys(values)]
    bare = tuple(_written(number) for number in numbers)
    start, end = match.span()
    if name in wording.PERCENT:
        return Term(Kind.NUMBER, tuple(f"{each} percent" for each in bare), start, end, bare)
    if power := wording.SCALES.get(name):
        scaled = tuple(_written(number.scaleb(power)) for number in numbers)
        return Term(Kind.NUMBER, scaled, start, end, bare)
    return Term(Kind.NUMBER, bare, start, end)


def _written(number: Decimal) -> str:
    try:
        return f"{number.normalize():f}"
    except InvalidOperation:  # More digits than anybody reads.
        return str(number)


def _sides(terms: Sequence[Term]) -> set[tuple[int, bool]]:
    """Which pairs of opposites are spoken of, and which side of them is taken."""
    return {side for term in terms for side in _sides_of(term.keys[0])}


@lru_cache(maxsize=1 << 14)
def _sides_of(key: str) -> tuple[tuple[int, bool], ...]:
    return tuple(
        (pair, is_first)
        for pair, sides in enumerate(_OPPOSITES)
        for words, beginnings, is_first in sides
        if key in words or key.startswith(beginnings)
    )


def _word(text: str, match: re.Match[str], before: Term | None) -> Term:
    start, end = match.span()
    shown, word = match[0].replace("\u00ad", ""), folded(match[0])
    if word in wording.MONTHS and (word not in wording.WORDS_TOO or shown[0].isupper()):
        return Term(Kind.NUMBER, (f"month {wording.MONTHS[word]}",), start, end)
    if (
        word in wording.ONE
        and (unit := _UNIT.match(text, end))
        and folded(unit[1]) in wording.UNITS
    ):
        return Term(Kind.NUMBER, ("1",), start, end)
    if word in wording.NUMBERS:
        return Term(Kind.NUMBER, (str(wording.NUMBERS[word]),), start, end)
    follows_number = before is not None and before.kind is Kind.NUMBER
    if word in wording.CURRENCIES and (follows_number or shown.isupper() or len(word) > 3):
        return Term(Kind.NAME, (f"currency {wording.CURRENCIES[word]}",), start, end)
    if follows_number and (word in wording.SCALES or word in wording.PERCENT):
        return Term(Kind.COMMON, (word,), start, end)  # The number before says it.
    if word in wording.UNITS and (follows_number or len(word) > 2):
        kind = Kind.NAME if follows_number else Kind.WORD
        if word in wording.YEARS and _OLD.match(text, end):
            kind = Kind.COMMON
        return Term(kind, (f"unit {wording.UNITS[word]}",), start, end)
    capitals = sum(letter.isupper() for letter in shown)
    has_digits = any(letter.isdigit() for letter in shown)
    if word in wording.EVERY:
        return Term(Kind.WORD, (word, f"unit {wording.EVERY[word]}"), start, end)
    if has_digits or (capitals >= _CAPITALS and len(shown) > 1):
        is_plural = shown[-1] == "s" and shown[:-1].isupper()
        return Term(Kind.NAME, (word[:-1] if is_plural else word,), start, end)
    if _NO_DENIAL.match(f"{word}{text[end : end + 3]}"):
        return Term(Kind.COMMON, (f"{word}…",), start, end)
    is_common = word in _FUNCTION_WORDS or word in _SAYING or word in wording.NEGATIONS
    if is_common or len(word) == 1:
        return Term(Kind.COMMON, (word,), start, end)
    is_name = capitals > 0 and not _begins_sentence(text, start)
    return Term(Kind.NAME if is_name else Kind.WORD, (word,), start, end)


def _begins_sentence(text: str, start: int) -> bool:
    """Whether a capital letter there says nothing."""
    before = text[max(0, start - 6) : start].rstrip(" *_\"'“„«(\t")
    return not before or before[-1] in ".!?:;\n•-–|>#।"


@lru_cache(maxsize=1 << 16)
def folded(word: str) -> str:
    """A word without what some write and others leave out: capitals, accents, ligatures."""
    plain = unicodedata.normalize("NFKC", word).casefold().replace("\u00ad", "").replace("’", "'")
    if not plain.isascii() and plain[0] < "\u0590":
        # Umlauts and accents of Latin, Greek and Cyrillic letters; Hindi's marks are vowels.
        return plain if plain in _FUNCTION_WORDS or plain in _WORDED else _bare(plain)
    return plain


def _bare(word: str) -> str:
    letters = unicodedata.normalize("NFKD", word)
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


_WORDED = frozenset(
    {*wording.MONTHS, *wording.NUMBERS, *wording.SCALES, *wording.CURRENCIES, *wording.NEGATIONS}
)
"""Words that are looked up as they are written."""
_SAYING = frozenset(map(folded, wording.SAYING))
_SYNONYMS = {
    folded(word): group for group, words in enumerate(wording.SYNONYMS) for word in words.split()
}
_MONTHS_UNSPACED = tuple(
    (word, month)
    for word, month in sorted(wording.MONTHS.items(), key=lambda each: -len(each[0]))
    if re.match(rf"[{_SYLLABIC}{_UNSPACED}]", word)
)
_OPPOSITES = tuple(
    tuple(
        (
            frozenset(folded(word) for word in side.split() if word[-1] != "*"),
            tuple(folded(word[:-1]) for word in side.split() if word[-1] == "*"),
            is_first,
        )
        for side, is_first in zip(pair, (True, False), strict=True)
    )
    for pair in wording.OPPOSITES
)

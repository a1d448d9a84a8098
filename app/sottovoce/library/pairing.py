"""Which number of a sentence is said of what: whose it is must not be swapped."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sottovoce.library import wording
from sottovoce.library.claims import Kind, Term, is_year

_FARTHEST = 12
"""Steps from a word to its number. A word is one; what parts a sentence costs more."""
_CLEARLY = 2
"""Steps by which the next number must be farther away."""
_COSTS = {",": 2, ";": 6, ":": 0, "(": 1, ")": 8, "\t": 1, "\n": 1, "|": 1}
_COST_OF_AND = 1
_PARTING = re.compile(r"[,;()|\t\n]")


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence, word for word."""

    text: str
    terms: Sequence[Term]


def differ(
    said: Said,
    there: Sequence[Said],
    forms: Callable[[Term], frozenset[str]],
    weight: Callable[[Term], float],
) -> bool:
    """Whether a number is said of something else here than there.

    So it is if more of the words around it stand there with another number of this sentence, or
    with another one of the same unit; or if it is an amount of other money.
    """
    numbers = {key for term in said.terms if term.kind is Kind.NUMBER for key in term.keys}
    known = [pair for each in there for pair in _pairs(each)]
    balance: defaultdict[int, float] = defaultdict(float)
    for pair in _pairs(said):
        if sum(term.keys == pair.word.keys for term in said.terms) > 1:
            continue
        wanted = forms(pair.word)
        others = [each for each in known if not wanted.isdisjoint(each.word.keys)]
        is_same = any(not pair.numbers.isdisjoint(each.numbers) for each in others)
        is_another = any(
            pair.numbers.isdisjoint(each.numbers)
            and (not numbers.isdisjoint(each.numbers) or pair.unit == each.unit != "")
            for each in others
        )
        is_money = pair.steps == 1 and pair.word.keys[0].startswith("currency ")
        if is_money and others and not is_same:
            return True
        balance[pair.at] += weight(pair.word) * (is_same - is_another)
    return any(each < 0 for each in balance.values())


@dataclass(frozen=True, slots=True)
class _Pair:
    """A word, and the number that it stands near."""

    word: Term
    at: int
    """Where the number stands."""
    numbers: frozenset[str]
    """It, and those it is listed with: the parts of a date; 60, 90 and 120."""
    unit: str
    """What it is a number of; empty if that is not said."""
    steps: int


def _pairs(said: Said) -> Iterator[_Pair]:
    lists = list(_lists(said.terms))
    for at, term in enumerate(said.terms):
        if term.kind in (Kind.NUMBER, Kind.COMMON):
            continue
        near = sorted(
            (min(_steps(said, at, first), _steps(said, at, last)), first, last)
            for first, last in lists
        )
        if not near or near[0][0] > _FARTHEST:
            continue
        steps, first, last = near[0]
        if len(near) > 1 and near[1][0] < steps + min(steps, _CLEARLY):
            continue
        keys = (
            key
            for each in said.terms[first : last + 1]
            if each.kind is Kind.NUMBER
            for key in (*each.keys, *each.elsewhere)
        )
        following = said.terms[last + 1].keys[0] if last + 1 < len(said.terms) else ""
        unit = following if following.startswith("unit ") else ""
        yield _Pair(term, first, frozenset(keys), unit, steps)


def _lists(terms: Sequence[Term]) -> Iterator[tuple[int, int]]:
    """The first and the last of numbers with nothing but "and" between them.

    Years are none: what they are said of stands anywhere.
    """
    first = last = -1
    for at, term in enumerate(terms):
        if term.kind is Kind.NUMBER and not is_year(term):
            first, last = (first if first >= 0 else at), at
        elif first >= 0 and term.keys[0] not in wording.PARTING:
            yield first, last
            first = -1
    if first >= 0:
        yield first, last


def _steps(said: Said, one: int, other: int) -> int:
    first, last = min(one, other), max(one, other)
    if last - first > _FARTHEST:
        return last - first
    between = said.text[said.terms[first].end : said.terms[last].start]
    parting = sum(_COSTS[sign] for sign in _PARTING.findall(between))
    ands = sum(term.keys[0] in wording.PARTING for term in said.terms[first + 1 : last])
    return last - first + parting + _COST_OF_AND * ands

"""Which statements of a reply the documents bear out, and where they do, letter by letter.

Nothing that the model says about its sources is trusted: a statement is tied to the sentences in
which its words and all of its numbers stand, or to none. What it says beside must stand nearby.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from heapq import nlargest
from itertools import pairwise

from sottovoce.domain.document import Citation, Passage, Span, Statement, Support
from sottovoce.library import quotations, wording
from sottovoce.library.claims import (
    Kind,
    Term,
    are_alike,
    are_synonyms,
    contradict,
    is_negation,
    is_year,
    terms,
)
from sottovoce.library.pairing import Said, differ
from sottovoce.library.sentences import Stretch, sentences

_NEEDED = 0.7
"""How much of what a statement says must stand there, by the weight of its words."""
_NEEDED_WITHOUT_CAPITALS = 0.8
"""The same in scripts that don't tell a name from a word."""
_LONGEST = 3
"""Sentences of a passage that bear out one statement together."""
_COST_OF_SENTENCE = 0.08
_LIKELY = 40
"""Sentences that are looked at closely for one statement."""
_FEW = 3
"""Things said in so few words are a statement only together with the question."""
_NEEDED_OF_QUESTION = 0.4
_NEAR = 3
"""Words between what says no and what it is said of."""
_MOSTLY = 0.7
"""Of what is said; where so much of it comes behind what says no, the whole is denied."""
_FENCE = re.compile(r"^[ ]{0,3}(```|~~~).*?(?:^[ ]{0,3}\1|\Z)", re.MULTILINE | re.DOTALL)
_BLOCK = re.compile(r"^[ \t]*(?:[-*+•–>]\s|[#|]|\d{1,3}[.)]\s|$)|(?<=\|\n)", re.MULTILINE)
"""Where something begins that does not go on with the line above."""
_MARKER = re.compile(r"\s*(?:(?:[-*+•–>]|\d{1,3}[.)])\s+)*")
_MARK = re.compile(r"\[\d{1,3}(?:\s*[,;]\s*\d{1,3})*\]")
"""The number of a source, as models give it."""
_HEADING = re.compile(r"[ \t]*#{1,6}\s.*\n?|[|\s:-]+\n")


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found out about a reply."""

    citations: tuple[Citation, ...] = ()
    statements: tuple[Statement, ...] = ()
    is_not_found: bool = False
    """Whether all it says is that the documents do not say."""


def cite(reply: str, passages: Sequence[Passage], question: str = "") -> Checked:
    """What the passages bear out of a reply to a question, sentence by sentence.

    A quotation must stand there literally. What is only said to be missing is no statement.
    """
    evidence = _Evidence(passages)
    asked = [term for term in terms(question) if term.kind is not Kind.COMMON]
    citations: dict[tuple[int, Span], Citation] = {}
    statements: list[Statement] = []
    says_not_found = False
    for start, end in _statements(reply):
        sentence = _MARK.sub(lambda mark: " " * len(mark[0]), reply[start:end])
        support, places = _check(sentence, evidence, asked)
        if support is not Support.SUPPORTED and wording.NOT_FOUND.search(sentence):
            says_not_found = True
            continue
        if support is None:
            continue
        numbers = [_number(citations, passages[index], *stretch) for index, stretch in places]
        statements.append(Statement(start, end, support, tuple(dict.fromkeys(numbers))))
    is_borne_out = any(each.support is Support.SUPPORTED for each in statements)
    return Checked(
        tuple(citations.values()), tuple(statements), says_not_found and not is_borne_out
    )


_Place = tuple[int, Stretch]
"""Which passage, and which part of its text."""


@dataclass(frozen=True, slots=True)
class _Sentence:
    """A sentence of a passage."""

    number: int
    """Among those of all passages."""
    passage: int
    place: Stretch
    terms: tuple[Term, ...]
    keys: frozenset[str]
    is_row: bool
    """Whether it is part of a table rather than of prose."""

    @property
    def numbers(self) -> list[Term]:
        return [term for term in self.terms if term.kind is Kind.NUMBER]


class _Evidence:
    """Passages, ready to be asked where something stands in them."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self.passages = passages
        self.sentences: list[_Sentence] = []
        for index in range(len(passages)):
            self.sentences += self._read(index, len(self.sentences))
        self._holding: dict[str, list[int]] = defaultdict(list)
        for number, sentence in enumerate(self.sentences):
            for key in sentence.keys:
                self._holding[key].append(number)
        self._alike: dict[str, list[str]] = defaultdict(list)
        for key in self._holding:
            self._alike[key[:4]].append(key)
        self._around: dict[int, frozenset[str]] = {}
        self._folded: dict[int, quotations.Folded] = {}

    def _read(self, index: int, first: int) -> Iterator[_Sentence]:
        text = self.passages[index].text
        for number, (start, end) in enumerate(sentences(text), first):
            sentence = text[start:end]
            said = tuple(terms(sentence))
            yield _Sentence(
                number,
                index,
                (start, end),
                said,
                frozenset(key for term in said for key in (*term.keys, *_columns(sentence, term))),
                is_row=text[end - 1] not in ".!?…。！？।",
            )

    def forms(self, term: Term) -> tuple[str, ...]:
        """What stands in the passages that says the same."""
        if term.kind is Kind.NUMBER:
            return tuple(key for key in (*term.keys, *term.elsewhere) if key in self._holding)
        key, strictly = term.keys[0], term.kind is Kind.NAME
        alike = (
            other for other in self._alike[key[:4]] if are_alike(key, other, strictly=strictly)
        )
        if term.kind is not Kind.WORD:
            return tuple(alike)
        return (*alike, *(other for other in self._holding if are_synonyms(key, other)))

    def weight(self, forms: Sequence[str]) -> float:
        """How much it says that one of these stands somewhere: more, the rarer they are."""
        holding = {number for form in forms for number in self._holding.get(form, ())}
        return math.log(1 + (len(self.sentences) + 1) / (max(len(holding), 1) + 0.5))

    def holding(self, forms: Iterable[str]) -> Iterator[int]:
        """The sentences in which any of these stands."""
        return iter({number for form in forms for number in self._holding.get(form, ())})

    def before(self, sentence: _Sentence) -> Iterator[_Sentence]:
        """The sentences that stand before this one in its passage."""
        for each in reversed(self.sentences[: sentence.number]):
            if each.passage != sentence.passage:
                return
            yield each

    def above(self, index: int) -> frozenset[str]:
        """What is said by the title and the headings of a passage."""
        if index not in self._around:
            passage = self.passages[index]
            names = (passage.title, passage.path.stem, passage.label, *passage.headings)
            self._around[index] = frozenset(
                key for name in names for term in terms(name) for key in term.keys
            )
        return self._around[index]

    def find(self, quotation: Sequence[str]) -> _Place | None:
        """Where the pieces of a quotation stand one after the other."""
        for index, passage in enumerate(self.passages):
            if index not in self._folded:
                self._folded[index] = quotations.folded(passage.text)
            start, at = -1, 0
            for piece in quotation:
                found = self._folded[index].find(piece, at)
                if found is None:
                    break
                start, at = (found[0] if start < 0 else start), found[1]
            else:
                return index, (start, at)
        return None


def _columns(sentence: str, term: Term) -> Iterator[str]:
    """What a number with spaces says if it is the numbers of several columns."""
    parts = sentence[term.start : term.end].split(" ")
    if term.kind is Kind.NUMBER and len(parts) > 1:
        for part in parts:
            yield from (key for each in terms(part) for key in each.keys)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Something a statement says, and how it stands in the passages."""

    term: Term
    forms: frozenset[str]
    weight: float


def _check(
    sentence: str, evidence: _Evidence, asked: Sequence[Term]
) -> tuple[Support | None, list[_Place]]:
    """Whether a sentence is borne out, and where; None if it states nothing."""
    quoted = quotations.quotations(sentence)
    places = [evidence.find(quotations.pieces(sentence[start:end])) for start, end in quoted]
    if None in places:
        return Support.MISQUOTED, []
    found = [place for place in places if place is not None]
    said = terms(sentence)
    telling = [term for term in said if term.kind is not Kind.COMMON]
    beside = [term for term in said if not any(start <= term.start < end for start, end in quoted)]
    if found and _only_leads_up(beside):
        return Support.SUPPORTED, found
    if not telling:
        return None, []
    place = _best(Said(sentence, said), telling, evidence, asked)
    return (Support.UNSUPPORTED, []) if place is None else (Support.SUPPORTED, [*found, place])


def _only_leads_up(beside: Sequence[Term]) -> bool:
    """Whether what stands beside a quotation states nothing more: "It goes on to say that"."""
    words = [term for term in beside if term.kind is not Kind.COMMON]
    return (
        len(words) <= _FEW
        and all(term.kind is Kind.WORD for term in words)
        and not any(map(is_negation, beside))
    )


def _best(
    said: Said, telling: Sequence[Term], evidence: _Evidence, asked: Sequence[Term]
) -> _Place | None:
    """The fewest sentences that bear a statement out best; None if none do."""
    wanted = [_wanted(term, evidence) for term in telling]
    questioned = [_wanted(term, evidence) for term in asked]
    is_short = len(wanted) < _FEW
    if is_short and not questioned:
        return None

    scores: dict[int, float] = defaultdict(float)
    for each in (*wanted, *questioned):
        for number in evidence.holding(each.forms):
            scores[number] += each.weight
    judge = partial(_judged, said=said, wanted=wanted, questioned=questioned, evidence=evidence)
    best: tuple[float, _Place] | None = None
    tried = set()
    for number in nlargest(_LIKELY, scores, key=lambda number: (scores[number], -number)):
        for window in _windows(number, evidence.sentences):
            if window in tried:
                continue
            tried.add(window)
            score = judge(evidence.sentences[window[0] : window[1]])
            if score is not None and (best is None or score > best[0]):
                first, last = (evidence.sentences[at] for at in (window[0], window[1] - 1))
                best = score, (first.passage, (first.place[0], last.place[1]))
    return None if best is None else best[1]


def _wanted(term: Term, evidence: _Evidence) -> _Wanted:
    forms = evidence.forms(term)
    return _Wanted(term, frozenset(forms), evidence.weight(forms))


def _windows(number: int, all_sentences: Sequence[_Sentence]) -> Iterator[tuple[int, int]]:
    """The stretches of one passage around a sentence, the shortest first."""
    for length in range(1, _LONGEST + 1):
        for start in range(max(0, number - length + 1), number + 1):
            end = start + length
            if (
                end <= len(all_sentences)
                and all_sentences[start].passage == all_sentences[end - 1].passage
            ):
                yield start, end


def _judged(
    window: Sequence[_Sentence],
    *,
    said: Said,
    wanted: Sequence[_Wanted],
    questioned: Sequence[_Wanted],
    evidence: _Evidence,
) -> float | None:
    """How well some sentences bear a statement out; None if they don't."""
    keys = frozenset[str]().union(*(sentence.keys for sentence in window))
    index = window[0].passage
    above = evidence.above(index)
    # A word of the question may come back in the answer. A name or number must be in the passage.
    asked = {each.term.keys[0] for each in questioned}
    held = [bool(keys & each.forms) for each in wanted]
    for each, is_held in zip(wanted, held, strict=True):
        known = above | asked if each.term.kind is Kind.WORD else above
        if not is_held and not _stands_nearby(each, window, known, evidence):
            return None
    has_number = any(each.term.kind is Kind.NUMBER and keys & each.forms for each in wanted)
    if has_number and all(sentence.is_row for sentence in window):
        # What the numbers of a column are stands above them.
        rows = (each.keys for each in evidence.before(window[0]) if each.is_row)
        keys |= frozenset[str]().union(*rows)
        held = [bool(keys & each.forms) for each in wanted]
    total = sum(each.weight for each in wanted)
    covered = sum(
        each.weight
        for each, is_held in zip(wanted, held, strict=True)
        if is_held or each.term.kind is not Kind.WORD
    )
    coverage = covered / total
    has_capitals = all(each.term.keys[0][:1] < "\u0590" for each in wanted)
    if coverage < (_NEEDED if has_capitals else _NEEDED_WITHOUT_CAPITALS):
        return None
    answered = sum(each.weight for each in questioned if keys & each.forms or above & each.forms)
    share = answered / sum(each.weight for each in questioned) if questioned else 0.0
    if len(wanted) < _FEW and share < _NEEDED_OF_QUESTION:
        return None
    there = [term for sentence in window for term in sentence.terms]
    heading = [term for each in evidence.passages[index].headings[-1:] for term in terms(each)]
    if (
        contradict(said.terms, [*heading, *there])
        or _differ_in_denial(said.terms, window, wanted, evidence)
        or _repeats(said.terms, there)
        or _mixes_rows(said.terms, window)
        or _differ_in_numbers(said, window, wanted, evidence)
    ):
        return None
    return coverage + 0.2 * share - _COST_OF_SENTENCE * len(window)


def _stands_nearby(
    wanted: _Wanted, window: Sequence[_Sentence], above: frozenset[str], evidence: _Evidence
) -> bool:
    """Whether what these sentences do not say themselves may be said around them."""
    keys = {*wanted.forms, *wanted.term.keys}
    if wanted.term.kind is not Kind.NUMBER:
        alike = any(are_alike(wanted.term.keys[0], key) for key in above)
        return alike or _stands_in(window[0].passage, keys, evidence)
    if keys & above:
        return True
    if not is_year(wanted.term) or not all(sentence.is_row for sentence in window):
        return False
    return any(
        not keys.isdisjoint(sentence.keys) and all(map(is_year, sentence.numbers))
        for sentence in evidence.before(window[0])
    )


def _stands_in(index: int, keys: set[str], evidence: _Evidence) -> bool:
    return any(
        evidence.sentences[number].passage == index for number in evidence.holding(sorted(keys))
    )


def _differ_in_numbers(
    said: Said, window: Sequence[_Sentence], wanted: Sequence[_Wanted], evidence: _Evidence
) -> bool:
    known = {each.term.keys: each for each in wanted}
    text = evidence.passages[window[0].passage].text
    return differ(
        said,
        [Said(text[slice(*sentence.place)], sentence.terms) for sentence in window],
        lambda term: known[term.keys].forms if term.keys in known else frozenset(),
        lambda term: known[term.keys].weight,
    )


def _mixes_rows(said: Sequence[Term], window: Sequence[_Sentence]) -> bool:
    """Whether the numbers are of several rows of a table, though none has all of them."""
    if len(window) < 2 or not all(sentence.is_row for sentence in window):
        return False
    keys = frozenset[str]().union(*(sentence.keys for sentence in window))
    numbers = [
        {*term.keys, *term.elsewhere}
        for term in said
        if term.kind is Kind.NUMBER and not keys.isdisjoint((*term.keys, *term.elsewhere))
    ]
    return not any(
        all(not sentence.keys.isdisjoint(number) for number in numbers) for sentence in window
    )


def _repeats(said: Sequence[Term], there: Sequence[Term]) -> bool:
    """Whether a number or unit is said more often than it stands there: one is another's."""
    counts = Counter(key for term in there for key in term.keys)
    numbers = Counter(
        term.keys for term in said if term.kind is Kind.NUMBER or term.keys[0].startswith("unit ")
    )
    return any(
        count > 1 and 0 < max(counts[key] for key in keys) < count
        for keys, count in numbers.items()
    )


def _differ_in_denial(
    said: Sequence[Term],
    window: Sequence[_Sentence],
    wanted: Sequence[_Wanted],
    evidence: _Evidence,
) -> bool:
    """Whether one side says of something that it is not so, and the other does not."""
    forms = {each.term.keys[0]: each.forms for each in wanted}
    there = [(sentence.terms, at) for sentence in window for at in _denials(sentence.terms)]
    closest = max(window, key=lambda each: sum(bool(each.keys & some) for some in forms.values()))
    only, only_there = _only(said), _only(closest.terms)
    if only and only_there and only.isdisjoint(only_there):
        return True
    denials = _denials(said)
    if not denials:
        reporting = (term for term in said if term.keys[0] in wording.REPORTING)
        every = frozenset[str]().union(*forms.values(), *map(evidence.forms, reporting))
        return any(
            every & _near(sentence, at, before=1) or _is_mostly_within(forms, sentence[at:])
            for sentence, at in there
        )
    if not _denials(closest.terms):
        return True
    around = [_near(sentence, at, before=_NEAR) for sentence, at in there]
    for at in denials:
        denied = [forms[key] for key in _near(said, at, before=_NEAR) if key in forms]
        enough = min(2, len(denied))
        if not any(sum(bool(near & each) for each in denied) >= enough for near in around):
            return True
    return False


def _denials(terms: Sequence[Term]) -> list[int]:
    """Where something says no, unless it is "not only"."""
    return [
        at
        for at, term in enumerate(terms)
        if is_negation(term) and not (terms[at + 1 :] and terms[at + 1].keys[0] in wording.ONLY)
    ]


def _only(terms: Sequence[Term]) -> set[bool]:
    """Of each "only", whether it says "not only"."""
    return {
        at > 0 and is_negation(terms[at - 1])
        for at, term in enumerate(terms)
        if term.keys[0] in wording.ONLY
    }


def _is_mostly_within(forms: Mapping[str, frozenset[str]], terms: Sequence[Term]) -> bool:
    """Whether most of what is said here is what is denied there."""
    keys = {key for term in terms for key in term.keys}
    within = sum(not each.isdisjoint(keys) for each in forms.values())
    return within > _MOSTLY * len(forms)


def _near(terms: Sequence[Term], at: int, *, before: int) -> frozenset[str]:
    """What is said around a word."""
    around = terms[max(0, at - before) : at + _NEAR + 1]
    return frozenset(key for term in around for key in term.keys)


def _statements(reply: str) -> Iterator[Stretch]:
    """The sentences of a reply that may state something: no headings, code, or questions."""
    edges = [0, *(edge for match in _FENCE.finditer(reply) for edge in match.span()), len(reply)]
    for begin, end in list(pairwise(edges))[::2]:
        cuts = [begin, *(match.start() for match in _BLOCK.finditer(reply, begin, end)), end]
        for cut, stop in pairwise(cuts):
            start = cut
            for skipped in (_HEADING, _MARKER):
                if match := skipped.match(reply, start, stop):
                    start = match.end()
            for first, last in sentences(reply[start:stop]):
                if reply[start + last - 1] not in "?？:：؟":
                    yield start + first, start + last


def _number(
    citations: dict[tuple[int, Span], Citation], passage: Passage, start: int, end: int
) -> int:
    """The number of the citation of this place, made if it is the first."""
    span = Span(passage.span.page, passage.span.start + start, passage.span.start + end)
    place = (passage.document, span)
    if place not in citations:
        citations[place] = Citation(
            number=len(citations) + 1,
            document=passage.document,
            path=passage.path,
            title=passage.title,
            span=span,
            quote=passage.text[start:end],
            label=passage.label,
            pages=passage.pages,
        )
    return citations[place].number

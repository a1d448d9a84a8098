"""Whether every citation stands in its document letter by letter, and no invention gets one."""

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.figure import Figure
from fakes import MODEL, ScriptedEngine
from library.ingesting import library as opened_library
from sottovoce.chat.answer import Answering, ask
from sottovoce.chat.news import Consulted, Saved
from sottovoce.domain.conversation import Message
from sottovoce.domain.document import Scope, Support
from sottovoce.domain.model import Sampling
from sottovoce.domain.settings import Settings
from sottovoce.domain.stop import Stop
from sottovoce.engine.engine import Engine
from sottovoce.engine.process import ProcessEngine
from sottovoce.library.claims import Kind, terms
from sottovoce.library.library import Library
from sottovoce.library.sentences import sentences
from sottovoce.models.shelf import starter
from sottovoce.store.store import Store, open_store

_SETS = ("qed", "xquad-en", "xquad-de", "xquad-hi")
_PASSAGES = 50
"""Of each set, each in a file."""
_FAITHFUL, _INVENTED = 80, 80
"""Scripted replies: sentences of a document as they are, and with something made up."""
_GENERATED = 40
_SHORT = Settings(sampling=Sampling(temperature=0, max_tokens=64))


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question, and the passage that answers it."""

    question: str
    text: str


@dataclass(frozen=True, slots=True)
class _Invented:
    """A reply that says what its documents don't."""

    kind: str
    asked: _Asked
    reply: str


def figures(data: Path) -> Iterator[Figure]:
    """Ask questions of real texts, and hold what is cited against what stands there."""
    dice = random.Random(4)
    with TemporaryDirectory() as folder, closing(opened_library()) as library:
        asked = {name: list(_asked(data / name, dice)) for name in _SETS}
        collection = _filled(library, Path(folder), asked)
        everything = [each for questions in asked.values() for each in questions]
        with open_store(None, b"") as store:
            run = _Run(store, library, Scope((collection,)))
            faithful = [
                (sentence, run.ask(ScriptedEngine(sentence), each.question))
                for each, sentence in _sentences(everything, _FAITHFUL, dice)
            ]
            invented = [
                (each, run.ask(ScriptedEngine(each.reply), each.asked.question))
                for each in _inventions(everything, _INVENTED, dice)
            ]
            with closing(ProcessEngine()) as engine:
                generated = [
                    run.ask(engine, each.question)
                    for each in dice.sample(asked["qed"] + asked["xquad-en"], _GENERATED)
                ]
    replies = [message for _, message in (*faithful, *invented)] + generated
    cited = sum(len(each.sources.citations) for each in replies if each.sources)
    yield Figure(
        f"citations that are not literally there, of {cited}",
        value=run.wrong,
        unit="",
        bar=0,
        note=f"{len(replies)} answers",
    )
    passed = Counter(
        f"{each.kind} ({each.reply})"
        for each, message in invented
        if _is_supported(message) and each.reply not in run.shown[message.id]
    )
    yield Figure(
        f"inventions that pass, of {len(invented)}",
        value=passed.total(),
        unit="",
        bar=0,
        note=", ".join(f"{kind}: {number}" for kind, number in passed.items()),
    )
    found = [message for sentence, message in faithful if sentence in run.shown[message.id]]
    yield Figure(
        "true sentences that are cited",
        value=sum(map(_is_supported, found)) / len(found),
        unit="ratio",
        bar=0.95,
        less_is_better=False,
        note=f"of {len(found)} whose passage was found",
    )
    yield Figure(
        "answers of the starter model with a citation",
        value=sum(map(_is_supported, generated)) / len(generated),
        unit="ratio",
        bar=0,
        less_is_better=False,
        note="it is small, and says much that is not there",
    )


class _Run:
    """Answers questions, and counts the citations that are not literally there."""

    def __init__(self, store: Store, library: Library, scope: Scope) -> None:
        self._store = store
        self._library = library
        self._scope = scope
        self.wrong = 0
        self.shown: dict[int, str] = {}
        """All text that the model was shown for a reply."""

    def ask(self, engine: Engine, question: str) -> Message:
        model = (starter() or MODEL) if isinstance(engine, ProcessEngine) else MODEL
        parts = Answering(self._store, engine, model, _SHORT, self._library, self._scope)
        chat = self._store.new_conversation().id
        *news, last = ask(parts, chat, question, None, Stop())
        assert isinstance(last, Saved)
        self.shown[last.message.id] = "\n".join(
            passage.text
            for each in news
            if isinstance(each, Consulted)
            for passage in each.sources.passages
        )
        sources = last.message.sources
        for each in sources.citations if sources else ():
            text = self._library.page(each.document, each.span.page).text
            self.wrong += text[each.span.start : each.span.end] != each.quote or not each.quote
        return last.message


def _is_supported(message: Message) -> bool:
    statements = message.sources.statements if message.sources else ()
    return any(each.support is Support.SUPPORTED for each in statements)


def _asked(folder: Path, dice: random.Random) -> Iterator[_Asked]:
    """One question for each of some passages."""
    texts = {each["id"]: each["text"] for each in _lines(folder / "passages.jsonl")}
    questions = {each["passage"]: each["question"] for each in _lines(folder / "questions.jsonl")}
    for passage in dice.sample(sorted(questions), _PASSAGES):
        yield _Asked(questions[passage], texts[passage])


def _lines(file: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def _filled(library: Library, folder: Path, asked: dict[str, list[_Asked]]) -> int:
    """A collection with a file for every passage."""
    for name, questions in asked.items():
        for number, each in enumerate(questions):
            (folder / f"{name} {number}.txt").write_text(each.text, encoding="utf-8")
    collection = library.new_collection("Texts").id
    library.add(collection, [folder], watch=False)
    for _ in library.work(Stop()):
        pass
    return collection


def _sentences(
    asked: Sequence[_Asked], count: int, dice: random.Random
) -> Iterator[tuple[_Asked, str]]:
    """A sentence each of some passages, long enough to say something."""
    for each in dice.sample(asked, count):
        places = [(a, b) for a, b in sentences(each.text) if len(terms(each.text[a:b])) >= 8]
        if places:
            start, end = dice.choice(places)
            yield each, each.text[start:end]


def _inventions(asked: Sequence[_Asked], count: int, dice: random.Random) -> Iterator[_Invented]:
    """Sentences of passages in which something is made up, each kind in its turn."""
    made = 0
    while made < count:
        each, sentence = next(_sentences(asked, 1, dice), (None, ""))
        other = dice.choice(asked)
        kind, invent = _KINDS[made % len(_KINDS)]
        if each is None or other is each:
            continue
        reply = invent(sentence, each.text, other.text, dice)
        if reply is not None and reply != sentence:
            made += 1
            yield _Invented(kind, each, reply)


def _other_number(sentence: str, text: str, other: str, dice: random.Random) -> str | None:
    numbers = re.findall(r"\d+", sentence)
    if not numbers:
        return None
    new = str(int(dice.choice(numbers)) + dice.randint(1, 9))
    stands_there = any(new in term.keys for term in terms(text))
    return None if stands_there else re.sub(r"\d+", new, sentence, count=1)


def _other_name(sentence: str, text: str, other: str, dice: random.Random) -> str | None:
    return _swapped(Kind.NAME, sentence, text, other, dice)


def _other_word(sentence: str, text: str, other: str, dice: random.Random) -> str | None:
    return _swapped(Kind.WORD, sentence, text, other, dice)


def _swapped(kind: Kind, sentence: str, text: str, other: str, dice: random.Random) -> str | None:
    """The sentence with one word in it from another text."""
    olds = [term for term in terms(sentence) if term.kind is kind and term.end - term.start > 3]
    news = [other[t.start : t.end] for t in terms(other) if t.kind is kind]
    news = [word for word in news if len(word) > 3 and word[:4].casefold() not in text.casefold()]
    if not olds or not news:
        return None
    old = dice.choice(olds)
    return sentence[: old.start] + dice.choice(news) + sentence[old.end :]


def _denied(sentence: str, text: str, other: str, dice: random.Random) -> str | None:
    verbs = r"\b(is|are|was|were|has|had|ist|sind|war|waren|wurde|wurden)\b"
    if re.search(r"\b(not|nicht|no|kein|never)", sentence) or not re.search(verbs, sentence):
        return None
    said = re.search(verbs, sentence)
    assert said is not None
    no = "not" if said[0] in {"is", "are", "was", "were", "has", "had"} else "nicht"
    return f"{sentence[: said.end()]} {no}{sentence[said.end() :]}"


def _from_elsewhere(sentence: str, text: str, other: str, dice: random.Random) -> str | None:
    start, end = dice.choice(sentences(other))
    return other[start:end] if len(terms(other[start:end])) >= 8 else None


def _false_quotation(sentence: str, text: str, other: str, dice: random.Random) -> str | None:
    false = _swapped(Kind.WORD, sentence, text, other, dice)
    return false and f"“{false.replace('“', '').replace('”', '').replace(chr(34), '')}”"


_KINDS: Sequence[tuple[str, Callable[[str, str, str, random.Random], str | None]]] = (
    ("number", _other_number),
    ("name", _other_name),
    ("word", _other_word),
    ("denial", _denied),
    ("from elsewhere", _from_elsewhere),
    ("quotation", _false_quotation),
)

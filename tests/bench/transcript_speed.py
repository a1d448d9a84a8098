"""How fast the transcript opens, scrolls and grows. Needs a display; an offscreen one does."""

import gc
import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psutil
from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QApplication

from bench.figure import Figure
from sottovoce.domain.conversation import Message, Role, State
from sottovoce.domain.document import Citation, Passage, Sources, Span, Statement, Support
from sottovoce.ui.chat.transcript.view import Transcript
from sottovoce.ui.theme.fonts import load_fonts
from sottovoce.ui.theme.tokens import LIGHT

_MESSAGES = 10_000
_REDRAW = 0.033
_TOKENS_PER_SECOND = 150
_SENTENCE = "The quick brown fox jumps over the lazy dog, and **nobody** asks `why` it does. "
_CODE = "```python\ndef answer(question: str) -> int:\n    # What was it?\n    return 42\n```\n"
_TABLE = "| Name | Value |\n|---|---|\n" + "| some name | and a value |\n" * 4
_LIST = "- first of all\n- second, with **stress**\n  - and below\n"


def figures() -> Iterator[Figure]:
    """Open ten thousand messages, scroll through them, and let replies grow."""
    application = QCoreApplication.instance() or QApplication([])
    load_fonts()
    # The first window loads fonts and styles, which is the application's start and not a chat's.
    _shown(_corpus(20)).close()
    messages = _corpus(_MESSAGES)
    gc.collect()

    before = psutil.Process().memory_info().rss
    transcript = Transcript(LIGHT)
    transcript.resize(1000, 800)
    transcript.show()
    application.processEvents()
    began = time.perf_counter()
    transcript.show_messages(messages)
    transcript.viewport().repaint()
    yield Figure("open 10,000 messages", time.perf_counter() - began, "s", 0.15)

    yield Figure("scroll, frame p99", _p99(_scroll_frames(transcript)), "ms", 12)
    grown = (psutil.Process().memory_info().rss - before) / 2**20
    yield Figure("memory of 10,000 messages", grown, "MB", 20)
    for name, reply in _replies().items():
        spent = _p99(_redraws(transcript, reply))
        yield Figure(f"redraw while {name} grows, p99", spent, "ms", 16, note="CPU of the thread")
    transcript.close()


def _corpus(count: int) -> list[Message]:
    bodies = [
        _SENTENCE * 5,
        f"{_SENTENCE * 2}\n\n{_CODE}\n{_SENTENCE}",
        f"## Result\n\n{_TABLE}\n{_SENTENCE}",
        f"{_SENTENCE}\n\n{_LIST}\n{_SENTENCE * 3}",
    ]
    return [
        _message(i, _SENTENCE * (i % 3 + 1) if i % 2 else f"{i}. {bodies[i // 2 % 4]}")
        for i in range(count)
    ]


def _message(at: int, text: str, state: State = State.COMPLETE) -> Message:
    role = Role.USER if at % 2 else Role.ASSISTANT
    created = datetime(2026, 1, 1, tzinfo=UTC)
    # Every other reply was written from documents.
    sources = _sources(text) if at % 4 == 0 and state is State.COMPLETE else None
    return Message(
        at + 1, 1, at or None, role, text, state, created, model="Llama 3.1 8B", sources=sources
    )


def _sources(text: str) -> Sources:
    """Two thirds of the sentences are borne out, each by one of four citations."""
    path = Path("/documents/Report.pdf")
    sentences = list(re.finditer(r"[A-Z][^.]*\.", text))
    return Sources(
        passages=tuple(Passage(i, i, path, "", Span(i, 0, 9), "", pages=40) for i in range(8)),
        citations=tuple(Citation(i, i, path, "", Span(i, 0, 9), "Quote") for i in range(1, 5)),
        statements=tuple(
            Statement(*sentence.span(), Support.SUPPORTED, (i % 4 + 1,))
            if i % 3
            else Statement(*sentence.span(), Support.UNSUPPORTED)
            for i, sentence in enumerate(sentences)
        ),
    )


def _replies() -> dict[str, str]:
    """Replies of about 4,000 tokens."""
    item = "- an item of the list with **some** words in it\n"
    return {
        "a mixed reply": f"{_SENTENCE * 3}\n\n{_CODE * 2}\n{_LIST * 2}\n{_TABLE}\n" * 24,
        "one paragraph": _SENTENCE * 200,
        "one block of code": "```python\n" + "    value = compute(first, second)\n" * 470,
        "one table": "| Name | Value | Remark |\n|---|---|---|\n"
        + "| a name here | a **value** | what was noted of it |\n" * 320,
        "one list": item * 340,
    }


def _shown(messages: list[Message]) -> Transcript:
    transcript = Transcript(LIGHT)
    transcript.resize(1000, 800)
    transcript.show_messages(messages)
    transcript.show()
    transcript.viewport().repaint()
    return transcript


def _scroll_frames(transcript: Transcript) -> Iterator[float]:
    """Milliseconds of each frame: up through what was never seen, down again, then in leaps."""
    bar = transcript.verticalScrollBar()
    ways: list[Callable[[int], int]] = [
        lambda i: bar.value() - 90,
        lambda i: bar.value() + 90,
        lambda i: (i * 7919 * 131) % max(1, bar.maximum()),
    ]
    for way in ways:
        for i in range(300):
            began = time.thread_time()
            bar.setValue(way(i))
            transcript.viewport().repaint()
            yield (time.thread_time() - began) * 1000


def _redraws(transcript: Transcript, reply: str) -> Iterator[float]:
    """Milliseconds of processor time for each redraw of a growing reply."""
    letters = round(4 * _TOKENS_PER_SECOND * _REDRAW)
    at = len(transcript.messages)
    at += at % 2
    message = _message(at, "", State.WRITING)
    transcript.begin_reply(message)
    transcript.scroll_to_end()
    for start in range(0, len(reply), letters):
        began = time.thread_time()
        transcript.grow(reply[start : start + letters])
        transcript.viewport().repaint()
        yield (time.thread_time() - began) * 1000
    transcript.finish(_message(at, reply))


def _p99(values: Iterator[float]) -> float:
    ordered = sorted(values)
    return ordered[int(len(ordered) * 0.99)]

"""What a program and its library process say to each other.

A question is a method of Library by its name. What goes in and comes out is written as the
annotations of that method say, so that they are the whole description of these messages.
"""

import inspect
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias, get_type_hints

import msgspec

from sottovoce.domain import problems
from sottovoce.domain.problems import Problem
from sottovoce.domain.stop import Stop as Wish
from sottovoce.library.library import Library
from sottovoce.library.news import News, Settled, Working
from sottovoce.system.child import Message
from sottovoce.system.paths import Profile
from sottovoce.system.sandbox import Confinement

_NEWS = {kind.__name__: kind for kind in (Working, Settled)}


# What the library process is told.


class Open(Message, frozen=True):
    """The first order: open the documents of this profile, or some in memory without a key."""

    profile: msgspec.Raw
    """With the policy that it is used under."""
    key: bytes | None


class Question(msgspec.Struct, frozen=True):
    """A method of Library, and what it is called with."""

    method: str
    given: dict[str, msgspec.Raw]
    """By the names of its parameters. A Stop stays where it is."""


class Ask(Message, frozen=True):
    """A question. Its number tells the answers apart: several may be at work at once."""

    number: int
    question: Question


class Stop(Message, frozen=True):
    """Give up the question of this number."""

    number: int


Order: TypeAlias = Open | Ask | Stop


# What it tells.


class Opened(Message, frozen=True):
    """Questions may follow."""

    confinement: Confinement


class Told(Message, frozen=True):
    """News on the way to an answer."""

    number: int
    kind: str
    news: msgspec.Raw


class Returned(Message, frozen=True):
    """The answer; that of a question with news is None."""

    number: int
    value: msgspec.Raw


class Failed(Message, frozen=True):
    """A Problem, by the name of its class. If it could not even open, the number is 0."""

    number: int
    problem: str
    sentence: str

    @property
    def as_problem(self) -> Problem:
        kind: type[Problem] = getattr(problems, self.problem)
        return kind(self.sentence)


class Cancelled(Message, frozen=True):
    """The question was given up."""

    number: int


Reply: TypeAlias = Opened | Told | Returned | Failed | Cancelled


# What goes in and what comes out.


def question(method: Callable[..., Any], *values: object, **named: object) -> Question:
    """A call of this method of Library."""
    bound = inspect.signature(method).bind(None, *values, **named)
    bound.apply_defaults()
    given = {name: written(bound.arguments[name]) for name in _types(method.__name__)}
    return Question(method.__name__, given)


def answer(library: Library, question: Question, stop: Wish) -> object:
    """Call the method that is asked for, with a Stop of our own if it takes one."""
    types = _types(question.method)
    given = {name: _read(question.given[name], kind) for name, kind in types.items()}
    if _takes_stop(question.method):
        given["stop"] = stop
    return getattr(library, question.method)(**given)


def written(value: object) -> msgspec.Raw:
    """What goes in or comes out."""
    return msgspec.Raw(msgspec.msgpack.encode(value, enc_hook=os.fsencode))


def read_profile(opening: Open) -> Profile:
    """The profile whose documents are to be opened."""
    profile: Profile = _read(opening.profile, Profile)
    return profile


def read_value(method: Callable[..., Any], value: msgspec.Raw) -> Any:
    """What a method returned, as its annotation says."""
    return _read(value, get_type_hints(method)["return"])


def written_news(number: int, news: News) -> Told:
    """News about the question of this number."""
    return Told(number, type(news).__name__, written(news))


def read_news(told: Told) -> News:
    """The news in a message."""
    news: News = _read(told.news, _NEWS[told.kind])
    return news


@cache
def _types(method: str) -> dict[str, Any]:
    """What a method is called with, but for the Stop."""
    hints = get_type_hints(getattr(Library, method))
    return {name: kind for name, kind in hints.items() if name not in {"return", "stop"}}


@cache
def _takes_stop(method: str) -> bool:
    return "stop" in get_type_hints(getattr(Library, method))


def _read(value: msgspec.Raw, kind: Any) -> Any:
    return msgspec.msgpack.decode(value, type=kind, dec_hook=_path)


def _path(kind: type, data: bytes) -> Path:
    return Path(os.fsdecode(data))

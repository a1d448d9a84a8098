"""Tells which parts of a piece of code are keywords, strings, comments and so on."""

from enum import Enum
from functools import cache
from typing import NamedTuple

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import Token
from pygments.util import ClassNotFound

LONGEST_HIGHLIGHTED = 60_000
"""Characters. Pygments reads about 300,000 in a second, and the screen waits for it."""


class Ink(Enum):
    """What a piece of code is, as its colour tells."""

    KEYWORD = "keyword"
    STRING = "string"
    COMMENT = "comment"
    NUMBER = "number"
    NAME = "name"
    """A function or class where it is made."""
    BUILTIN = "builtin"
    OPERATOR = "operator"
    ADDED = "added"
    REMOVED = "removed"


class Inked(NamedTuple):
    """A part of a text, in characters."""

    start: int
    end: int
    ink: Ink


LIGHT_INKS = {
    Ink.KEYWORD: "#b3202d",
    Ink.STRING: "#0a4a8f",
    Ink.COMMENT: "#5c636d",
    Ink.NUMBER: "#0550ae",
    Ink.NAME: "#6f3fc4",
    Ink.BUILTIN: "#8a4600",
    Ink.OPERATOR: "#57606a",
    Ink.ADDED: "#116329",
    Ink.REMOVED: "#a40e26",
}
DARK_INKS = {
    Ink.KEYWORD: "#ff7b72",
    Ink.STRING: "#a5d6ff",
    Ink.COMMENT: "#8b949e",
    Ink.NUMBER: "#79c0ff",
    Ink.NAME: "#d2a8ff",
    Ink.BUILTIN: "#ffb77a",
    Ink.OPERATOR: "#adb5bf",
    Ink.ADDED: "#7ee787",
    Ink.REMOVED: "#ffa198",
}

_INKS = {
    Token.Keyword: Ink.KEYWORD,
    Token.Keyword.Type: Ink.BUILTIN,
    Token.Keyword.Constant: Ink.NUMBER,
    Token.Operator.Word: Ink.KEYWORD,
    Token.Literal.String: Ink.STRING,
    Token.Literal.Number: Ink.NUMBER,
    Token.Comment: Ink.COMMENT,
    Token.Name.Function: Ink.NAME,
    Token.Name.Class: Ink.NAME,
    Token.Name.Decorator: Ink.NAME,
    Token.Name.Tag: Ink.KEYWORD,
    Token.Name.Attribute: Ink.NAME,
    Token.Name.Builtin: Ink.BUILTIN,
    Token.Name.Exception: Ink.BUILTIN,
    Token.Operator: Ink.OPERATOR,
    Token.Generic.Heading: Ink.NAME,
    Token.Generic.Subheading: Ink.NAME,
    Token.Generic.Inserted: Ink.ADDED,
    Token.Generic.Deleted: Ink.REMOVED,
}


def highlight(text: str, language: str) -> list[Inked]:
    """The parts of the code that have a colour, in order; none where the language is unknown."""
    lexer = _lexer(language.lower())
    if lexer is None or len(text) > LONGEST_HIGHLIGHTED:
        return []
    inked = []
    for start, token, value in lexer.get_tokens_unprocessed(text):
        ink = _ink(token)
        if ink is not None and not value.isspace():
            inked.append(Inked(start, start + len(value), ink))
    return inked


@cache
def _lexer(language: str) -> Lexer | None:
    try:
        return get_lexer_by_name(language)
    except ClassNotFound:
        return None


@cache
def _ink(token: object) -> Ink | None:
    while token is not Token:
        if token in _INKS:
            return _INKS[token]
        token = getattr(token, "parent", Token)
    return None

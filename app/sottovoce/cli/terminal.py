"""Writing for people and for programs."""

import json
import sys
import unicodedata

# Text direction overrides and isolates: they can make a line read as what it does not say.
_DIRECTION = {*"\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"}


def tell(sentence: str) -> None:
    """Write one line for the person, apart from the output that programs read."""
    sys.stderr.write(sentence + "\n")
    sys.stderr.flush()


def tell_progress(sentence: str) -> None:
    """Show `sentence` in the place of the one before, if a person is looking; empty removes it."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{sentence}")
        sys.stderr.flush()


def write(text: str) -> None:
    """Write a reply or a message. On a screen, control characters become visible."""
    sys.stdout.write(visible(text) if sys.stdout.isatty() else text)
    sys.stdout.flush()


def write_json(value: object, *, indent: int | None = None) -> None:
    """Write one JSON document and end the line."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=indent) + "\n")
    sys.stdout.flush()


def visible(text: str) -> str:
    """The text with control characters spelled out, so that no reply can move the cursor."""
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if character in "\n\t":
        return character
    if character in _DIRECTION or unicodedata.category(character) == "Cc":
        return f"<U+{ord(character):04X}>"
    return character

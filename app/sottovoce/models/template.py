"""What a chat template does beyond putting the turns of a conversation into a frame."""

from dataclasses import dataclass

LONGEST_TEMPLATE = 100_000
"""Characters. The longest of well-known models has some 30,000."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a template does beyond formatting."""

    sentence: str
    """What it does, for the user."""
    excerpt: str
    """The place in the template, cleaned and shortened."""


@dataclass(frozen=True, slots=True)
class ChatTemplate:
    """The template that a model file brings along."""

    text: str
    findings: tuple[Finding, ...]


def read_template(text: str, length: int) -> ChatTemplate:
    """The template with what it does beyond formatting. It is parsed, never run.

    `length`: characters it has in all, where `text` is only its beginning.
    """
    return ChatTemplate(text, ())

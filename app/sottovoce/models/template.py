"""What a chat template does beyond putting the turns of a conversation into a frame."""

from sottovoce.models.inspection import ChatTemplate

LONGEST_TEMPLATE = 100_000
"""Characters. The longest of well-known models has some 30,000."""


def examine_template(text: str, length: int) -> ChatTemplate:
    """The template with what it does beyond formatting. It is parsed, never run.

    `length`: characters it has in all, where `text` is only its beginning.
    """
    return ChatTemplate(text, ())

"""What a reply is told to lack, in a line under it."""

from sottovoce.domain.conversation import Message
from sottovoce.domain.document import Support

DOUBTS = {
    Support.UNSUPPORTED: "Nothing that was read bears this out.",
    Support.MISQUOTED: "This quotation stands nowhere in what was read.",
}
"""What is said about a single statement."""


def verdict(message: Message) -> tuple[str, bool]:
    """How far the documents fail to bear a reply out, and whether that is to be seen clearly.

    Empty if they bear out all of it, or were not asked.
    """
    if message.sources is None or message.sources.is_not_found:
        return "", False
    supports = [statement.support for statement in message.sources.statements]
    doubtful = supports.count(Support.UNSUPPORTED)
    misquoted = supports.count(Support.MISQUOTED)
    said = []
    if misquoted == 1:
        said.append("A quotation in this reply stands nowhere in what was read.")
    elif misquoted:
        said.append(f"{misquoted} quotations in this reply stand nowhere in what was read.")
    if doubtful == len(supports) and doubtful:
        said.append("What was read does not bear this reply out.")
    elif doubtful:
        said.append("What is underlined is not borne out by what was read.")
    return " ".join(said), bool(misquoted)

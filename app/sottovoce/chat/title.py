"""A name for a chat, from its first words."""

_LONGEST = 60


def title_of(text: str) -> str:
    """The first words of `text` on one line, at most 60 characters, cut between words."""
    words = " ".join(text.split())
    if len(words) <= _LONGEST:
        return words
    cut = words[: _LONGEST - 1]
    whole = cut.rsplit(" ", 1)[0]
    # Chinese, Japanese and Thai have no spaces to cut at.
    return (whole if len(whole) > _LONGEST // 2 else cut) + "…"

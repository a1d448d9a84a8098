"""Tooltips with names in them that others chose."""

from html import escape

from sottovoce.domain.hidden import revealed


def tip(text: str) -> str:
    """A tooltip that is only ever text: Qt would read markup in it, and open the files it names."""
    return f'<span style="white-space: pre-wrap">{escape(revealed(text))}</span>' if text else ""

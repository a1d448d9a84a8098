"""The colours and sizes everything on screen is drawn with."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tokens:
    """One look. Colours are #rrggbb."""

    is_dark: bool
    background: str
    sidebar: str
    surface: str
    """Fields, menus, the composer."""
    text: str
    muted: str
    """Less important text: readable (4.5:1 on background), but quiet."""
    line: str
    """Hairlines and borders."""
    hover: str
    chosen: str
    """The chosen row of a list."""
    accent: str
    on_accent: str
    selection: str
    """Behind selected text."""
    bubble: str
    """Behind the user's words."""
    code: str
    code_header: str
    inline_code: str
    good: str
    good_soft: str
    """Behind text in `good`."""
    warning: str
    warning_soft: str
    danger: str


LIGHT = Tokens(
    is_dark=False,
    background="#ffffff",
    sidebar="#f6f6f7",
    surface="#ffffff",
    text="#1b1c1f",
    muted="#666b73",
    line="#e3e5e9",
    hover="#ebedf0",
    chosen="#e2e6ec",
    accent="#2f6bf2",
    on_accent="#ffffff",
    selection="#cfe0ff",
    bubble="#f1f2f5",
    code="#f6f7f9",
    code_header="#eceef2",
    inline_code="#eef0f3",
    good="#137a3f",
    good_soft="#e6f5ec",
    warning="#8a5a00",
    warning_soft="#fdf3dc",
    danger="#c42b2b",
)

DARK = Tokens(
    is_dark=True,
    background="#18191d",
    sidebar="#131417",
    surface="#1f2025",
    text="#e8e9eb",
    muted="#9aa0a9",
    line="#2c2e34",
    hover="#23252a",
    chosen="#2a2d35",
    accent="#6b9bff",
    on_accent="#0d1420",
    selection="#2d4a80",
    bubble="#26282e",
    code="#101114",
    code_header="#202227",
    inline_code="#2a2c32",
    good="#4cc98a",
    good_soft="#14301f",
    warning="#e8b64c",
    warning_soft="#332811",
    danger="#ff7b72",
)

BODY_PIXELS = 15
SMALL_PIXELS = 13
CODE_PIXELS = 13
COLUMN_PIXELS = 760
"""Widest text column: about 72 characters of body type, as a book page has."""

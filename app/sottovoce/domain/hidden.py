"""Characters that cannot be seen, or make a line read otherwise than it is written."""

import re

_CONTROLS = "\x00-\x08\x0b-\x1f\x7f-\x9f"
_DIRECTIONS = "\u202a-\u202e\u2066-\u2069"
"""They can make a line read otherwise than a machine does: https://trojansource.codes"""
_UNSEEN = "\u115f\u1160\u180e\u2061-\u2064\u206a-\u206f\u3164\uffa0\ufff9-\ufffb"
_TAGS = "\U000e0000-\U000e00ff"
"""They spell whole sentences: https://www.unicode.org/reports/tr51/"""
_HALVES = "\ud800-\udfff"
_WIDTHLESS = "\xad\u200b-\u200f\u2060\ufeff"
"""Each has its use in some script; several in a row only carry what is not to be seen."""
_VARIANTS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
"""One chooses the shape of the character before it; more are as good as an alphabet."""
_IDEOGRAPHS = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"

_HIDDEN = re.compile(
    # The flags of England, Scotland and Wales are spelled in tags, and seen.
    "(?P<flag>\U0001f3f4[\U000e0020-\U000e007e]{1,8}\U000e007f)"
    f"|[{_CONTROLS}{_DIRECTIONS}{_UNSEEN}{_TAGS}{_HALVES}]"
    f"|[{_WIDTHLESS}]{{2,}}"
    f"|(?<=[{_VARIANTS}])[{_VARIANTS}]+"
    f"|(?<![{_IDEOGRAPHS}])[\U000e0100-\U000e01ef]"
)


def revealed(text: str) -> str:
    """`text`, character for character, with signs in place of what is hidden or misleads."""
    return _HIDDEN.sub(_signs, text)


def spelled_out(text: str) -> str:
    """`text` with the numbers of such characters, such as <U+202E>, in their place."""
    return _HIDDEN.sub(_numbers, text)


def _signs(found: re.Match[str]) -> str:
    return found[0] if found["flag"] else "".join(map(_sign, found[0]))


def _sign(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)  # Control Pictures, of Unicode.
    return "\N{SYMBOL FOR DELETE}" if code == 0x7F else "\N{REPLACEMENT CHARACTER}"


def _numbers(found: re.Match[str]) -> str:
    return found[0] if found["flag"] else "".join(f"<U+{ord(each):04X}>" for each in found[0])

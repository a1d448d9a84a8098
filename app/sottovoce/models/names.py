"""Names of files that any machine can keep."""

import re
import unicodedata

BUNDLE_SUFFIX = ".sottovoce-bundle"
"""Of a bundle that is one file."""

# What all file systems take as a name; some know devices by such names, too.
_PLAIN = re.compile(
    r"(?!(con|prn|aux|nul|(com|lpt)[\d¹²³]) *(\.|$))\w([\w .,+()@=-]*[\w)+@=-])?", re.IGNORECASE
)
_LONGEST = 200
"""Bytes: file systems take 255, and the names of a part and of a record are longer."""


def is_plain(name: str) -> bool:
    """Whether it is a name and no path, on this machine and on any other."""
    return _PLAIN.fullmatch(name) is not None and len(name.encode()) <= _LONGEST


def plain(name: str) -> str:
    """The name with signs that stand for nothing in place of what is not plain."""
    letters = (letter if is_plain(f"a{letter}a") else "-" for letter in name)
    made = re.sub(r"-{2,}", "-", "".join(letters)).strip(" .-,")
    while made and len(made.encode()) > _LONGEST:
        made = made[1:]  # Its end says what kind of file it is.
    return made if is_plain(made) else "file"


def same_place(name: str) -> str:
    """What two names have in common that some file systems take for one."""
    return unicodedata.normalize("NFKC", name).casefold()

"""Whose work comes with Sottovoce, and under which licence.

A build gathers it (packaging/notices.py). In a checkout, where packages are installed and not
shipped, it is what lies in the resources.
"""

from dataclasses import dataclass

import msgspec
from msgspec.structs import replace

from sottovoce.domain.problems import Damaged, Missing
from sottovoce.system.paths import resource

_FOLDER = "notices"
_LISTED = f"{_FOLDER}/notices.json"


class Notice(msgspec.Struct, frozen=True):
    """A component, by the name that people know it by."""

    name: str
    version: str
    """Empty where it is not known."""
    licence: str
    """As SPDX writes it, such as "MIT OR Apache-2.0"."""
    home: str
    """An address; empty where there is none."""
    files: tuple[str, ...]
    """The resources that hold the texts of the licence."""
    part_of: str = ""
    """What it is inside of; empty where it has files of its own."""

    @property
    def titled(self) -> str:
        """Its name with its version."""
        return f"{self.name} {self.version}".rstrip()


@dataclass(frozen=True, slots=True)
class Notices:
    """All components that came along."""

    notices: tuple[Notice, ...]
    are_all: bool
    """Whether a build gathered them; else they are of the resources alone."""

    def find(self, wanted: str) -> Notice:
        """The component a person means by its name, or by the beginning of it. Raises Missing.

        Of several of one name, the version tells which: "zip 9.2".
        """
        start = wanted.casefold()
        for fits in (
            [notice for notice in self.notices if start in _names(notice)],
            [notice for notice in self.notices if _names(notice)[1].startswith(start)],
        ):
            if len(fits) == 1:
                return fits[0]
            if fits:
                several = len({notice.name for notice in fits}) == 1
                listed = sorted({n.titled if several else n.name for n in fits}, key=str.casefold)
                raise Missing(
                    f"That could be several components. Choose one of: {', '.join(listed)}."
                )
        raise Missing("No component is called that. See: sottovoce notices")

    def containing(self, text: str) -> tuple[Notice, ...]:
        """Those with all of these words in their name, their licence, or what they are part of."""
        words = text.casefold().split()
        return tuple(n for n in self.notices if all(word in _words(n) for word in words))


def read_notices() -> Notices:
    """What came with Sottovoce. Raises Damaged."""
    try:
        place = resource(_LISTED)
    except Damaged:
        return Notices(_CARRIED, are_all=False)
    try:
        read = msgspec.json.decode(place.read_bytes(), type=tuple[Notice, ...])
    except (OSError, msgspec.DecodeError) as error:
        raise Damaged("A part of Sottovoce is damaged. Install it again.") from error
    found = tuple(replace(n, files=tuple(f"{_FOLDER}/{file}" for file in n.files)) for n in read)
    return Notices(found, are_all=True)


def text_of(notice: Notice) -> str:
    """The whole licence of a component, all its texts one below the other. Raises Damaged."""
    try:
        texts = [resource(file).read_text("utf-8").strip() for file in notice.files]
    except OSError as error:
        raise Damaged("A part of Sottovoce is damaged. Install it again.") from error
    return f"\n\n{'—' * 40}\n\n".join(texts) + "\n"


def _names(notice: Notice) -> tuple[str, str]:
    """What people may call it, without and with its version."""
    return notice.name.casefold(), notice.titled.casefold()


def _words(notice: Notice) -> str:
    return f"{notice.name} {notice.licence} {notice.part_of}".casefold()


_CARRIED = (
    Notice("Inter", "", "OFL-1.1", "https://rsms.me/inter/", ("fonts/Inter-OFL.txt",)),
    Notice(
        "JetBrains Mono",
        "",
        "OFL-1.1",
        "https://www.jetbrains.com/lp/mono/",
        ("fonts/JetBrainsMono-OFL.txt",),
    ),
    Notice("Lucide", "", "ISC", "https://lucide.dev", ("icons/LICENSE",)),
    Notice(
        "multilingual-e5-small",
        "",
        "MIT",
        "https://huggingface.co/intfloat/multilingual-e5-small",
        ("embedding/LICENSE.txt",),
    ),
    Notice(
        "Tesseract's data for reading scans (tessdata_fast)",
        "",
        "Apache-2.0",
        "https://github.com/tesseract-ocr/tessdata_fast",
        ("ocr/LICENSE", "ocr/NOTICE"),
    ),
)

"""What a native file of Linux asks for, as objdump of the GNU binutils tells it."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

MAGIC = b"\x7fELF"


@dataclass(frozen=True, slots=True)
class Elf:
    """A shared library or a program."""

    name: str | None
    """By which other files ask for it."""
    needed: frozenset[str]
    """The names of the libraries it is loaded with."""
    versions: frozenset[tuple[str, str]]
    """What it asks of them: pairs of a library and a version, such as GLIBC_2.34."""
    is_aligned: bool
    """Whether the system will map its parts into memory."""


def is_elf(file: Path) -> bool:
    """Whether this is a native file, and no link to one."""
    if file.is_symlink() or not file.is_file():
        return False
    with file.open("rb") as content:
        return content.read(len(MAGIC)) == MAGIC


def read_elf(file: Path) -> Elf:
    """Return what there is to know of a file. Raises CalledProcessError if it is damaged."""
    told = subprocess.run(
        ["objdump", "--private-headers", file],
        env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=True,
    ).stdout
    name = re.search(r"^ +SONAME +(\S+)$", told, re.MULTILINE)
    return Elf(
        name=name[1] if name else None,
        needed=frozenset(re.findall(r"^ +NEEDED +(\S+)$", told, re.MULTILINE)),
        versions=frozenset(_versions(told)),
        is_aligned=all(
            (int(offset, 16) - int(address, 16)) % 2 ** int(power) == 0
            for offset, address, power in re.findall(
                r"^ +LOAD off +(\S+) vaddr (\S+) paddr \S+ align 2\*\*(\d+)$", told, re.MULTILINE
            )
        ),
    )


def _versions(told: str) -> list[tuple[str, str]]:
    _, _, references = told.partition("Version References:")
    parts = re.split(r"^ +required from (\S+):$", references, flags=re.MULTILINE)[1:]
    return [
        (library, version)
        for library, lines in zip(parts[::2], parts[1::2], strict=True)
        for version in re.findall(r"^ +0x\w+ 0x\w+ \d+ (\S+)$", lines, re.MULTILINE)
    ]

"""What Word's and PowerPoint's files have in common: packed parts that refer to one another."""

import posixpath
from dataclasses import dataclass

from sottovoce.library.formats.archive import Archive
from sottovoce.library.formats.compose import sane_title
from sottovoce.library.formats.markup import Element, name, tree


@dataclass(frozen=True, slots=True)
class Relation:
    """That one part of the file refers to another."""

    id: str
    kind: str
    """The last word of its type: "slide", "styles"."""
    part: str


def relations(archive: Archive, part: str) -> list[Relation]:
    """To what the part refers within the file; of the file itself if `part` is empty."""
    folder, file = posixpath.split(part)
    described = posixpath.join(folder, "_rels", f"{file}.rels")
    if described not in archive.names:
        return []
    found = []
    for each in tree(archive.read(described)).iter("{*}Relationship"):
        if each.get("TargetMode") != "External":
            kind = each.get("Type", "").rpartition("/")[2]
            target = posixpath.normpath(posixpath.join("/", folder, each.get("Target", "")))
            found.append(Relation(each.get("Id", ""), kind, target.lstrip("/")))
    return found


def main_part(archive: Archive, usual: str) -> str:
    """The part that the document begins with."""
    named = (each.part for each in relations(archive, "") if each.kind == "officeDocument")
    return next((part for part in named if part in archive.names), usual)


def is_fallback(element: Element) -> bool:
    """Whether this repeats, for older programs, what stands beside it."""
    return any(name(above) == "Fallback" for above in element.iterancestors())


def title(archive: Archive) -> str:
    """What the document calls itself."""
    if "docProps/core.xml" not in archive.names:
        return ""
    found = tree(archive.read("docProps/core.xml")).find(".//{*}title")
    return "" if found is None else sane_title(found.text)

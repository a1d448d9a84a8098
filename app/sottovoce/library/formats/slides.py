"""Reads PowerPoint's files (pptx): each slide a page, with its tables, diagrams and notes."""

from collections.abc import Iterator

from sottovoce.domain.document import Format
from sottovoce.domain.problems import Damaged
from sottovoce.library.formats import office
from sottovoce.library.formats.archive import Archive
from sottovoce.library.formats.compose import Part, compose, heading, item, paragraph, row
from sottovoce.library.formats.markup import Element, attribute, name, number, tree
from sottovoce.library.formats.news import About, News, Partly
from sottovoce.library.formats.source import Source
from sottovoce.library.formats.troubles import DAMAGED

_TITLES = {"title", "ctrTitle"}
_REPEATED = {"sldNum", "dt", "ftr", "hdr", "sldImg"}
"""Places that are the same on all slides."""


def read(source: Source) -> Iterator[News]:
    """Slides in the order they are shown."""
    archive = Archive(source)
    main = office.main_part(archive, "ppt/presentation.xml")
    slides = _slides(archive, main)
    yield About(Format.SLIDES, office.title(archive), len(slides))
    following = 1
    for place, slide in enumerate(slides, start=1):
        try:
            parts = list(_parts(archive, slide))
        except Damaged:
            yield Partly(f"Slide {place} is damaged.")
            parts = []
        for page in compose(parts, following):
            yield page
            following = page.number + 1


def _slides(archive: Archive, main: str) -> list[str]:
    there = {each.id: each.part for each in office.relations(archive, main)}
    listed = tree(archive.read(main)).iter("{*}sldId")
    # Not "id", which it has as well.
    ids = (value for each in listed for key, value in each.attrib.items() if key.endswith("}id"))
    if slides := [there[id_] for id_ in ids if there.get(id_, "") in archive.names]:
        return slides
    if any(part.startswith("ppt/slides/") for part in there.values()):
        raise Damaged(DAMAGED)
    return []


def _parts(archive: Archive, slide: str) -> Iterator[Part]:
    yield from _shapes(tree(archive.read(slide)), in_notes=False)
    for each in office.relations(archive, slide):
        if each.part not in archive.names:
            continue
        if each.kind == "diagramData":
            for text in tree(archive.read(each.part)).iter("{*}p"):
                yield item(_words(text))
        elif each.kind == "notesSlide":
            yield from _shapes(tree(archive.read(each.part)), in_notes=True)


def _shapes(root: Element, *, in_notes: bool) -> Iterator[Part]:
    """What is written in shapes: the title first, wherever it lies, then the others as they lie."""
    shapes = [
        each for each in root.iter("{*}sp", "{*}graphicFrame") if not office.is_fallback(each)
    ]
    for shape in sorted(shapes, key=lambda shape: _place(shape) not in _TITLES):
        place = _place(shape)
        if place in _REPEATED:
            continue
        if name(shape) == "graphicFrame":
            for line in shape.iter("{*}tr"):
                yield row(" ".join(map(_words, cell.iter("{*}p"))) for cell in line.iter("{*}tc"))
        elif place in _TITLES and not in_notes:
            yield heading(" ".join(map(_words, shape.iter("{*}p"))), 1)
        else:
            # In the body of a slide, lines are items unless they say otherwise.
            is_list = place in {"body", "obj", ""} and not in_notes
            for line in shape.iter("{*}p"):
                yield _line(line, is_list=is_list)


def _line(line: Element, *, is_list: bool) -> Part:
    settings = line.find("{*}pPr")
    if settings is not None:
        if settings.find("{*}buNone") is not None:
            is_list = False
        elif settings.find("{*}buChar") is not None or settings.find("{*}buAutoNum") is not None:
            is_list = True
    if not is_list:
        return paragraph(_words(line))
    return item(_words(line), depth=0 if settings is None else number(settings, "lvl"))


def _words(line: Element) -> str:
    texts = ("\n" if name(each) == "br" else each.text or "" for each in line.iter("{*}t", "{*}br"))
    return "".join(texts)


def _place(shape: Element) -> str | None:
    """Which of the layout's places the shape takes; None if it stands for itself."""
    found = shape.find("{*}nvSpPr/{*}nvPr/{*}ph")
    return None if found is None else attribute(found, "type")

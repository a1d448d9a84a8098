"""Pages of PDF files: words read from scans, places of what is cited, and speed."""

import ctypes
import difflib
import json
import random
import re
import tempfile
import textwrap
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pypdfium2
import pypdfium2.raw

from bench.figure import Figure
from library.made_pdf import paragraph, save, save_scanned, scanned
from sottovoce.domain.document import Page, Span
from sottovoce.domain.problems import Problem
from sottovoce.library.boxes import Box
from sottovoce.library.formats import pdf
from sottovoce.library.formats.pdfium import opened
from sottovoce.library.rendering import PageRenderer

SCANNED = 24
"""Pages that are printed, scanned and read again."""
TILT = 2.0
"""Degrees by which they are laid askew, at most, to either side."""
CITED = 180
"""Characters of a cited stretch."""
LEAST = 400
"""Characters of a page that is measured: fewer are a cover."""
SEED = 4
GRID = 1 << 20
"""Pixels of a device on which places are compared."""


def figures(data: Path) -> Iterator[Figure]:
    """Errors of reading scans, hits of highlights, and pages in a second."""
    files = [path for path in sorted((data / "pdf").rglob("*.pdf")) if _is_whole(path)]
    yield _errors_of_texts(data)
    yield _errors_of_pages(files)
    yield _highlights(files)
    yield _speed(files)


def _is_whole(path: Path) -> bool:
    """Whether it can be read without a password."""
    try:
        opened(path).close()
    except Problem:
        return False
    return True


def _errors_of_texts(data: Path) -> Figure:
    """Paragraphs printed by ourselves: words lost, added or changed, in their order."""
    wrong = total = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, count in (("xquad-en", 10), ("xquad-de", 10)):
            for text in _texts(data / name, count):
                lines = textwrap.wrap(text, 84)
                path = save(Path(folder) / "text.pdf", paragraph(*lines, y=780, size=11))
                wanted, found = _words(text), _words(_scanned(path, TILT / 2).text)
                wrong, total = wrong + _changes(wanted, found), total + len(wanted)
    return Figure("wrong words, scanned texts", wrong / total, "ratio", 0.05, note=f"of {total}")


def _errors_of_pages(files: list[Path]) -> Figure:
    """Pages as they come: words that were not read, wherever on the page they stand."""
    chance = random.Random(SEED)
    pages = [(path, page) for path in files for page in _printed(path)]
    missing = total = 0
    worst = (0.0, "")
    with tempfile.TemporaryDirectory() as folder:
        for path, page in chance.sample(pages, min(SCANNED, len(pages))):
            single = Path(folder) / "page.pdf"
            with pypdfium2.PdfDocument(path) as file, pypdfium2.PdfDocument.new() as new:
                new.import_pages(file, [page.number - 1])
                new.save(single)
            wanted = Counter(_words(page.text))
            lost = wanted - Counter(_words(_scanned(single, chance.uniform(-TILT, TILT)).text))
            missing, total = missing + lost.total(), total + wanted.total()
            worst = max(worst, (lost.total() / wanted.total(), f"{path.stem} {page.number}"))
    note = f"of {total}; worst {worst[0]:.0%}, {worst[1]}"
    return Figure("words not read, scanned pages", missing / total, "ratio", 0.05, note=note)


def _highlights(files: list[Path]) -> Figure:
    """Pages on which a random stretch is marked where it stands: all of it, and little else."""
    chance = random.Random(SEED)
    good = count = 0
    missed: Counter[str] = Counter()
    for path in files:
        with closing(PageRenderer(path)) as renderer:
            for page in _printed(path):
                start = chance.randrange(len(page.text) - CITED)
                cited = page.text[start : start + CITED]
                span = Span(page.number, start, start + CITED)
                (boxes,) = renderer.page(page.number, 200, [span], page).boxes
                count += 1
                if _holds(path, page.number, boxes, cited):
                    good += 1
                else:
                    missed[path.stem] += 1
    note = f"of {count} pages" + (f"; missed {dict(missed)}" if missed else "")
    return Figure("pages whose marks hold the cited text", good / count, "ratio", 0.99, False, note)


def _speed(files: list[Path]) -> Figure:
    """Reading printed pages, against pdfium alone."""
    printed = [path for path in files if all(not page.boxes for page in _pages(path))]
    begun = time.process_time()
    pages = sum(1 for path in printed for _ in _pages(path))
    ours = time.process_time() - begun
    begun = time.process_time()
    for path in printed:
        with pypdfium2.PdfDocument(path) as file:
            for page in file:
                page.get_textpage().get_text_bounded()
    bare = time.process_time() - begun
    note = f"{pages / ours:.0f} in a second of one core; pdfium alone {pages / bare:.0f}"
    return Figure("printed pages read", pages / ours, "/s", 50, False, note)


def _pages(path: Path) -> Iterator[Page]:
    return (news for news in pdf.read(path) if isinstance(news, Page))


def _printed(path: Path) -> Iterator[Page]:
    """The pages that have letters, and enough of them."""
    return (page for page in _pages(path) if not page.boxes and len(page.text) >= LEAST)


def _texts(folder: Path, count: int) -> list[str]:
    with (folder / "passages.jsonl").open(encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    printable = [text for text in texts if text.encode("cp1252", "ignore").decode("cp1252") == text]
    return random.Random(SEED).sample(printable, count)


def _scanned(path: Path, tilt: float) -> Page:
    """The first page of a file, printed, scanned and read."""
    scan = save_scanned(path.with_name("scan.pdf"), scanned(path, tilt=tilt))
    return next(_pages(scan))


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.replace("-\n", "").casefold())


def _changes(wanted: list[str], found: list[str]) -> int:
    """Words lost, added or changed on the way from one list to the other."""
    steps = difflib.SequenceMatcher(None, wanted, found, autojunk=False).get_opcodes()
    return sum(max(i2 - i1, j2 - j1) for kind, i1, i2, j1, j2 in steps if kind != "equal")


def _holds(path: Path, number: int, boxes: tuple[Box, ...], cited: str) -> bool:
    """Whether pdfium finds the letters of what is cited within the boxes, and few other words."""
    with pypdfium2.PdfDocument(path) as file:
        page = file[number - 1]
        letters = page.get_textpage()
        inside = " ".join(letters.get_text_bounded(*_on_page(page, box)) for box in boxes)
    wanted, found = Counter(re.findall(r"\w", cited)), Counter(re.findall(r"\w", inside))
    strange = [word for word in inside.split() if word not in cited]
    is_all = (wanted & found).total() >= 0.98 * wanted.total()
    return is_all and len(strange) <= 0.1 * len(cited.split())


def _on_page(page: pypdfium2.PdfPage, box: Box) -> tuple[float, float, float, float]:
    """The box in the coordinates of the page: left, bottom, right, top."""
    x, y = ctypes.c_double(), ctypes.c_double()
    corners = []
    for across, down in ((box.left, box.top), (box.right, box.bottom)):
        place = (round(across * GRID), round(down * GRID))
        pypdfium2.raw.FPDF_DeviceToPage(page, 0, 0, GRID, GRID, 0, *place, x, y)
        corners.append((x.value, y.value))
    (x1, y1), (x2, y2) = corners
    return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)

"""Pictures of paper: what is read of them, whatever way they lie."""

import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from library.made_pdf import Written, paragraph, save, scanned
from sottovoce.domain.document import BlockKind, Format, Page
from sottovoce.domain.problems import Damaged, Unsupported
from sottovoce.library.boxes import unpacked
from sottovoce.library.formats.image import read
from sottovoce.library.formats.news import About

ENGLISH = (
    "The keeper of the lighthouse trimmed the lamp at dusk and wrote",
    "the weather into his book. A schooner passed at nine, far out,",
    "and nobody else came by that week. The oil lasted until Friday.",
)
GERMAN = (
    "Der Wärter des Leuchtturms putzte die Lampe und schrieb das",
    "Wetter in sein Buch. Über den Klippen kreisten Möwen, größer",
    "als Hühner, und das Öl reichte für die übrigen fünf Nächte.",
)
FRENCH = (
    "Le gardien du phare a nettoyé la lampe à la tombée de la nuit",
    "et noté le temps dans son carnet. Une goélette est passée à",
    "neuf heures, très loin, et personne d'autre n'est venu.",
)


def page_of(picture: Path) -> Page:
    about, page = read(picture)
    assert about == About(Format.IMAGE, "", 1)
    assert isinstance(page, Page)
    return page


def photographed(folder: Path, *lines: str, tilt: float = 0, turn: int = 0) -> Path:
    """A picture of the lines, as a scanner sees it."""
    save(folder / "paper.pdf", paragraph(*lines, size=12))
    (image,) = scanned(folder / "paper.pdf", tilt=tilt, turn=turn, dots=150)
    image.save(folder / "scan.png")
    return folder / "scan.png"


def errors(text: str, lines: tuple[str, ...]) -> int:
    """How many words are missing or wrong."""
    wanted, found = (Counter(re.findall(r"\w+", words)) for words in (" ".join(lines), text))
    return (wanted - found).total()


@pytest.mark.parametrize("tilt", [-4, 1.3])
def test_a_page_laid_askew_is_read(tmp_path: Path, tilt: float) -> None:
    page = page_of(photographed(tmp_path, *ENGLISH, tilt=tilt))
    assert page.text.lower().split("\n") == [line.lower() for line in ENGLISH]


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_page_laid_the_wrong_way_is_read(tmp_path: Path, turn: int) -> None:
    page = page_of(photographed(tmp_path, *ENGLISH, turn=turn))
    assert page.text.split("\n") == list(ENGLISH)


@pytest.mark.parametrize("lines", [GERMAN, FRENCH])
def test_the_language_is_found_out(tmp_path: Path, lines: tuple[str, ...]) -> None:
    assert errors(page_of(photographed(tmp_path, *lines)).text, lines) <= 1


def test_each_word_has_its_box(tmp_path: Path) -> None:
    page = page_of(photographed(tmp_path, *ENGLISH, tilt=2))
    words = list(unpacked(page.boxes))
    assert [page.text[word.start : word.end] for word in words] == page.text.split()
    for before, word in pairwise(words):
        assert 0 < word.box.left < word.box.right < 1
        if "\n" in page.text[before.end : word.start]:
            assert word.box.top > before.box.top
        else:
            assert word.box.left > before.box.left


def test_boxes_are_those_of_the_picture_as_it_lies(tmp_path: Path) -> None:
    upright = next(unpacked(page_of(photographed(tmp_path, *ENGLISH)).boxes)).box
    lying = next(unpacked(page_of(photographed(tmp_path, *ENGLISH, turn=180)).boxes)).box
    assert lying.right == pytest.approx(1 - upright.left, abs=0.01)
    assert lying.bottom == pytest.approx(1 - upright.top, abs=0.01)


def test_large_lines_of_a_scan_are_headings(tmp_path: Path) -> None:
    written = [Written("The log of the keeper", 72, 760, 24), *paragraph(*ENGLISH, size=12)]
    save(tmp_path / "paper.pdf", written)
    (image,) = scanned(tmp_path / "paper.pdf")
    image.save(tmp_path / "scan.png")
    page = page_of(tmp_path / "scan.png")
    assert [block.kind for block in page.blocks] == [BlockKind.HEADING, BlockKind.PARAGRAPH]


@pytest.mark.parametrize("suffix", [".jpg", ".webp", ".gif"])
def test_pictures_of_all_kinds_are_read(tmp_path: Path, suffix: str) -> None:
    picture = tmp_path / f"scan{suffix}"
    Image.open(photographed(tmp_path, *ENGLISH)).convert("RGB").save(picture)
    assert errors(page_of(picture).text, ENGLISH) <= 1


def test_each_page_of_a_fax_is_one(tmp_path: Path) -> None:
    save(tmp_path / "paper.pdf", paragraph(*ENGLISH, size=12), [], paragraph(*ENGLISH, size=12))
    first, *others = scanned(tmp_path / "paper.pdf")
    first.save(tmp_path / "fax.tif", save_all=True, append_images=others)
    about, *pages = read(tmp_path / "fax.tif")
    assert about == About(Format.IMAGE, "", 3)
    assert [bool(page.text) for page in pages if isinstance(page, Page)] == [True, False, True]


def test_letters_on_nothing_stand_on_white(tmp_path: Path) -> None:
    scan = Image.open(photographed(tmp_path, *ENGLISH)).convert("L")
    ink = Image.new("RGBA", scan.size, "black")
    ink.putalpha(scan.point([255 - shade for shade in range(256)]))
    ink.save(tmp_path / "ink.png")
    assert errors(page_of(tmp_path / "ink.png").text, ENGLISH) <= 1


def test_a_picture_of_no_paper_has_no_text(tmp_path: Path) -> None:
    hills = Image.linear_gradient("L").resize((900, 700))
    ImageDraw.Draw(hills).ellipse((300, 200, 600, 500), fill=250)
    hills.save(tmp_path / "hills.png")
    assert page_of(tmp_path / "hills.png").text == ""


def test_a_picture_cut_short_is_damaged(tmp_path: Path) -> None:
    picture = photographed(tmp_path, *ENGLISH)
    picture.write_bytes(picture.read_bytes()[:20_000])
    with pytest.raises(Damaged):
        list(read(picture))


def test_a_picture_that_unfolds_without_end_is_refused(tmp_path: Path) -> None:
    Image.new("1", (9_000, 9_000)).save(tmp_path / "bomb.png")
    with pytest.raises(Unsupported, match="too large"):
        list(read(tmp_path / "bomb.png"))

"""Pages as pictures, and the places of words on them."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pikepdf
import psutil
import pypdfium2
import pytest
from PIL import Image

from library.made_pdf import WIDTH, Written, made, paragraph, save, save_scanned, scanned
from sottovoce.domain.document import Page, Span
from sottovoce.domain.problems import Damaged, Missing, Refused, Unsupported
from sottovoce.library.boxes import Box
from sottovoce.library.formats import image, pdf
from sottovoce.library.page_wire import Shown
from sottovoce.library.rendering import PageRenderer, Patience, Rendering

LAMP = (
    "The keeper of the lighthouse trimmed the lamp at dusk and wrote",
    "the weather into his book. A schooner passed at nine, far out.",
)
CITED = "at dusk and wrote\nthe weather"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return save(tmp_path / "log.pdf", paragraph(*LAMP, size=12), paragraph("The end."))


@pytest.fixture
def renderer(path: Path) -> Iterator[PageRenderer]:
    with closing(PageRenderer(path)) as renderer:
        yield renderer


def first_page(path: Path) -> Page:
    return next(news for news in pdf.read(path) if isinstance(news, Page))


def span_of(page: Page, words: str) -> Span:
    start = page.text.index(words)
    return Span(page.number, start, start + len(words))


def shown(path: Path, page: Page, words: str = CITED, width: int = 800) -> Rendering:
    with closing(PageRenderer(path)) as renderer:
        return renderer.page(page.number, width, [span_of(page, words)], page)


def ink(rendering: Rendering, box: Box) -> int:
    """How dark the darkest point within the box is, of 255."""
    picture = Image.frombytes("RGB", (rendering.width, rendering.height), rendering.image)
    sides = (
        round(box.left * picture.width),
        round(box.top * picture.height),
        round(box.right * picture.width),
        round(box.bottom * picture.height),
    )
    return 255 - min(picture.crop(sides).convert("L").tobytes())


def test_a_page_is_drawn_as_wide_as_wished(renderer: PageRenderer) -> None:
    rendering = renderer.page(1, 800)
    assert (rendering.width, rendering.height) == (800, 1132)
    assert len(rendering.image) == 800 * 1132 * 3
    assert set(rendering.image) > {255}


def test_a_span_has_a_box_for_each_of_its_lines(path: Path) -> None:
    rendering = shown(path, first_page(path))
    ((upper, lower),) = rendering.boxes
    assert upper.left > 0.4
    assert lower.left == pytest.approx(72 / WIDTH, abs=0.01)
    assert lower.top > upper.top
    assert all(ink(rendering, box) > 200 for box in (upper, lower))


def test_the_boxes_hold_the_words_and_no_others(path: Path) -> None:
    page = first_page(path)
    ((box,),) = shown(path, page, "A schooner passed").boxes
    with pypdfium2.PdfDocument(path) as file:
        drawn = file[0]
        width, height = drawn.get_size()
        words = drawn.get_textpage().get_text_bounded(
            box.left * width, (1 - box.bottom) * height, box.right * width, (1 - box.top) * height
        )
    assert words.strip() == "A schooner passed"


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_boxes_turn_with_the_page(tmp_path: Path, turn: int) -> None:
    file = made(paragraph(*LAMP, size=12))
    file.pages[0].rotate(turn, relative=False)
    file.pages[0].CropBox = [40, 500, 560, 800]
    path = tmp_path / "turned.pdf"
    file.save(path)
    page = first_page(path)
    rendering = shown(path, page, "lighthouse")
    (boxes,) = rendering.boxes
    assert boxes
    assert all(ink(rendering, box) > 100 for box in boxes)


def test_cells_of_a_table_have_their_boxes(tmp_path: Path) -> None:
    cells = [Written(f"Cell {x} {y}", x, y) for y in (700, 684) for x in (72, 200, 330)]
    path = save(tmp_path / "table.pdf", cells)
    page = first_page(path)
    assert "\t" in page.text
    ((box,),) = shown(path, page, "Cell 330 684").boxes
    assert box.left == pytest.approx(330 / WIDTH, abs=0.01)


def test_words_of_a_scan_have_their_boxes(path: Path, tmp_path: Path) -> None:
    scan = save_scanned(tmp_path / "scan.pdf", scanned(path, tilt=1.5))
    page = first_page(scan)
    rendering = shown(scan, page)
    ((upper, lower),) = rendering.boxes
    ((plain_upper, plain_lower),) = shown(path, first_page(path)).boxes
    for box, plain in ((upper, plain_upper), (lower, plain_lower)):
        assert box.left == pytest.approx(plain.left, abs=0.03)
        assert box.top == pytest.approx(plain.top, abs=0.03)


def test_pictures_are_shown_like_pages(path: Path, tmp_path: Path) -> None:
    picture = tmp_path / "scan.png"
    scanned(path)[0].save(picture)
    page = next(news for news in image.read(picture) if isinstance(news, Page))
    rendering = shown(picture, page, width=600)
    assert rendering.width == 600
    assert len(rendering.boxes[0]) == 2


def test_nothing_is_marked_where_the_file_says_something_else_now(path: Path) -> None:
    page = first_page(path)
    save(path, paragraph("It was a quiet night, and nothing passed the rock until the morning."))
    assert shown(path, page).boxes == ((),)


def test_a_file_that_took_the_place_of_another_is_shown(path: Path, tmp_path: Path) -> None:
    with closing(PageRenderer(path)) as renderer:
        before = renderer.page(1, 200)
        save(tmp_path / "new.pdf", paragraph("Another night.")).replace(path)
        after = renderer.page(1, 200)
    assert after.image != before.image


def test_one_process_draws_all_pages_until_it_is_closed(renderer: PageRenderer) -> None:
    before = set(psutil.Process().children())
    renderer.page(1, 100)
    (child,) = set(psutil.Process().children()) - before
    renderer.page(2, 100)
    assert child.is_running()
    renderer.close()
    assert not child.is_running()


def test_another_process_takes_over_from_one_that_died(renderer: PageRenderer) -> None:
    before = set(psutil.Process().children())
    drawn = renderer.page(1, 100)
    (child,) = set(psutil.Process().children()) - before
    child.kill()
    child.wait()
    assert renderer.page(1, 100) == drawn


def test_a_page_that_takes_too_long_is_given_up(path: Path) -> None:
    renderer = PageRenderer(path, Patience(page=0))
    with closing(renderer), pytest.raises(Unsupported, match="too long"):
        renderer.page(1, 100)


def test_what_cannot_be_drawn_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "file.pdf"
    with closing(PageRenderer(path)) as renderer:
        with pytest.raises(Missing):
            renderer.page(1, 100)
        path.write_bytes(b"%PDF-1.7 and then nothing")
        with pytest.raises(Damaged):
            renderer.page(1, 100)
        made([]).save(path, encryption=pikepdf.Encryption(owner="o", user="secret"))
        with pytest.raises(Refused):
            renderer.page(1, 100)
        save(path, paragraph(*LAMP))
        with pytest.raises(Missing, match="no such page"):
            renderer.page(7, 100)


def test_an_enormous_page_is_drawn_smaller(tmp_path: Path) -> None:
    file = made(paragraph(*LAMP))
    file.pages[0].MediaBox = [0, 0, 14_400, 14_400]
    path = tmp_path / "poster.pdf"
    file.save(path)
    with closing(PageRenderer(path)) as renderer:
        rendering = renderer.page(1, 1_000_000)
    assert rendering.width * rendering.height <= 16_100_000


def test_a_picture_of_another_size_than_it_says_is_not_shown(
    renderer: PageRenderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    lie = Shown(100_000, 100_000, bytes(300), ())
    monkeypatch.setattr("sottovoce.library.rendering._heard", lambda child, seconds: lie)
    with pytest.raises(Damaged):
        renderer.page(1, 100)

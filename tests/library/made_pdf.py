"""PDF files for the tests, written line by line, and scanned."""

import io
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pikepdf
import pypdfium2
from PIL import Image, ImageFilter

WIDTH, HEIGHT = 595, 842
"""Of a page, in points: A4."""
_FONTS = {"/Plain": "/Helvetica", "/Bold": "/Helvetica-Bold", "/Fixed": "/Courier"}


@dataclass(frozen=True, slots=True)
class Written:
    """Words on a page. Their place is counted in points from the lower left corner."""

    words: str
    x: float
    y: float
    size: float = 11
    font: str = "Plain"


def paragraph(*lines: str, x: float = 72, y: float = 700, size: float = 11) -> list[Written]:
    """Lines below one another, the first one at `y`."""
    return [Written(words, x, y - 1.3 * size * index, size) for index, words in enumerate(lines)]


def made(*pages: Iterable[Written]) -> pikepdf.Pdf:
    """A file with these pages, to be changed and saved."""
    file = pikepdf.new()
    fonts = pikepdf.Dictionary()
    for name, font in _FONTS.items():
        fonts[name] = pikepdf.Dictionary(
            Type=pikepdf.Name.Font,
            Subtype=pikepdf.Name.Type1,
            BaseFont=pikepdf.Name(font),
            Encoding=pikepdf.Name.WinAnsiEncoding,
        )
    for written in pages:
        page = file.add_blank_page(page_size=(WIDTH, HEIGHT))
        page.Resources = pikepdf.Dictionary(Font=fonts)
        page.Contents = file.make_stream(b"\n".join(map(_shown, written)))
    return file


def save(path: Path, *pages: Iterable[Written]) -> Path:
    """Write a file with these pages."""
    made(*pages).save(path)
    return path


def scanned(path: Path, tilt: float = 0, turn: int = 0, dots: int = 200) -> list[Image.Image]:
    """The pages of a PDF file as a scanner sees them: laid askew, blurred and with noise."""
    grain = random.Random(3)
    images = []
    with pypdfium2.PdfDocument(path) as file:
        for page in file:
            sharp = page.render(scale=dots / 72, grayscale=True).to_pil()
            askew = sharp.rotate(tilt, Image.Resampling.BICUBIC, fillcolor=255)
            soft = askew.filter(ImageFilter.GaussianBlur(0.6))
            noise = Image.frombytes("L", soft.size, grain.randbytes(soft.width * soft.height))
            images.append(Image.blend(soft, noise, 0.08).rotate(turn, expand=True))
    return images


def save_scanned(path: Path, images: Sequence[Image.Image], dots: int = 200) -> Path:
    """Write a PDF file with nothing in it but pictures."""
    images[0].save(path, "PDF", resolution=dots, save_all=True, append_images=images[1:])
    return path


def saved(file: pikepdf.Pdf) -> bytes:
    """The bytes of a file."""
    buffer = io.BytesIO()
    file.save(buffer)
    return buffer.getvalue()


def _shown(written: Written) -> bytes:
    words = written.words.encode("cp1252")
    for special in (b"\\", b"(", b")"):
        words = words.replace(special, b"\\" + special)
    place = f"1 0 0 1 {written.x} {written.y} Tm".encode()
    font = f"/{written.font} {written.size} Tf".encode()
    return b"BT %s %s (%s) Tj ET" % (font, place, words)

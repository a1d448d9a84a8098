"""Reads pictures of paper: photographs and scans that are no PDF."""

import io
import math
import struct
import warnings
from collections.abc import Iterator
from contextlib import closing

from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from sottovoce.domain.document import Format
from sottovoce.domain.problems import Damaged, Unsupported
from sottovoce.library.formats.news import About, News, Partly
from sottovoce.library.formats.ocr import Ocr
from sottovoce.library.formats.picture import Picture
from sottovoce.library.formats.source import Source
from sottovoce.library.formats.troubles import DAMAGED

_KINDS = ("BMP", "GIF", "JPEG", "JPEG2000", "PNG", "PPM", "TIFF", "WEBP")
_MOST_PIXELS = 80_000_000
"""Of a picture: what a camera or a scanner makes, not more."""
_MOST_SHOWN = 16_000_000
_MOST_PAGES = 1_000
_SIDE = 2_400
"""Pixels of the shorter side, about those of a sheet at 290 dots per inch: more are not needed."""
_LEAST_SIDE = 1_400
"""To which small pictures are blown up: small letters are read badly."""
_FEWEST_DOTS, _MOST_DOTS = 150, 400
"""Per inch, that are believed."""
_SHEET_INCHES = 8.27
"""The shorter side of a sheet of paper."""
_LARGEST_STEP = 3
"""How many times larger a small picture is made before it is read."""
_TOO_LARGE = "This picture is too large to be read. Save it with fewer points."
_BROKEN = (
    UnidentifiedImageError,
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    struct.error,
    IndexError,
    OverflowError,
)
"""What Pillow raises of files that are not what they should be."""
_CUT_SHORT = Partly("Only the first pages of this picture were read: it has too many.")


def read(source: Source) -> Iterator[News]:
    """The pages of a picture: one, or those of a fax. Without text if nothing is written there.

    Raises Damaged, Unsupported and OSError.
    """
    with _held(source) as image:
        count = _pages(image)
        yield About(Format.IMAGE, "", min(count, _MOST_PAGES))
        with closing(Ocr()) as ocr:
            for number in range(1, min(count, _MOST_PAGES) + 1):
                yield ocr.read(number, *_grey(_frame(image, number)))
        if count > _MOST_PAGES:
            yield _CUT_SHORT


def shown(source: Source, number: int, width: int) -> Picture:
    """The page of that number in colour, so many pixels wide, or fewer if it is very long.

    Raises Damaged, Unsupported and OSError.
    """
    with _held(source) as image:
        page = _flat(_frame(image, number), "RGB")
    scale = min(width / page.width, math.sqrt(_MOST_SHOWN / (page.width * page.height)))
    size = (max(round(page.width * scale), 1), max(round(page.height * scale), 1))
    return Picture(*size, page.resize(size, Image.Resampling.LANCZOS).tobytes())


def _held(source: Source) -> ImageFile.ImageFile:
    """The file, open. Raises Unsupported if it is too large, Damaged, and OSError."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # Our limit is lower.
        try:
            held = io.BytesIO(source) if isinstance(source, bytes) else source
            image = Image.open(held, formats=_KINDS)
        except Image.DecompressionBombError as error:
            raise Unsupported(_TOO_LARGE) from error
        except (UnidentifiedImageError, SyntaxError, ValueError, struct.error) as error:
            raise Damaged(DAMAGED) from error
    return image


def _pages(image: ImageFile.ImageFile) -> int:
    """How many there are. What moves is one picture, not many pages. Raises Damaged."""
    if image.format != "TIFF":
        return 1
    try:
        return int(getattr(image, "n_frames", 1))
    except _BROKEN as error:
        raise Damaged(DAMAGED) from error


def _frame(image: ImageFile.ImageFile, number: int) -> Image.Image:
    """The page of that number, its points read. Raises Unsupported if it is too large, Damaged."""
    try:
        image.seek(number - 1)
        if image.width * image.height > _MOST_PIXELS:
            raise Unsupported(_TOO_LARGE)
        return ImageOps.exif_transpose(image)
    except _BROKEN as error:
        raise Damaged(DAMAGED) from error


def _grey(image: Image.Image) -> tuple[Picture, int]:
    """What is to be read, and its dots per inch if it shows a sheet of paper."""
    grey = _flat(image, "L")
    side = min(grey.size)
    step = min(max(_LEAST_SIDE / side, 1), _LARGEST_STEP) if side < _SIDE else _SIDE / side
    size = (max(round(grey.width * step), 1), max(round(grey.height * step), 1))
    if size != grey.size:
        grey = grey.resize(size, Image.Resampling.LANCZOS)
    dots = min(max(round(min(size) / _SHEET_INCHES), _FEWEST_DOTS), _MOST_DOTS)
    return Picture(grey.width, grey.height, grey.tobytes()), dots


def _flat(image: Image.Image, mode: str) -> Image.Image:
    """The picture on white, where it is transparent."""
    if image.mode in ("I", "I;16", "F"):  # Shades finer than a screen shows.
        return ImageOps.autocontrast(image.convert("F").convert("L")).convert(mode)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        paper = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(paper, image).convert(mode)
    return image.convert(mode)

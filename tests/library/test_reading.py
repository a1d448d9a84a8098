"""Documents as their own process reads them, and what becomes of those that nobody could read."""

import os
import sys
from pathlib import Path

import pytest

from sottovoce.domain.document import Format, Page
from sottovoce.domain.problems import Cancelled, Missing, Refused, Unsupported
from sottovoce.domain.stop import Stop
from sottovoce.library.formats.news import About, Partly
from sottovoce.library.reading import Patience, read


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "letter.txt"


def test_a_document_is_told_before_its_pages(file: Path) -> None:
    file.write_text("Dear all,\n\nthe meeting is on Friday.", "utf-8")
    about, page = read(file, Stop())
    assert about == About(Format.TEXT, "", None)
    assert isinstance(page, Page)
    assert (page.number, page.text) == (1, "Dear all,\n\nthe meeting is on Friday.")
    assert [page.text[block.start : block.end] for block in page.blocks] == [
        "Dear all,",
        "the meeting is on Friday.",
    ]


def test_a_file_without_text_is_no_failure(file: Path) -> None:
    file.write_bytes(b" \n ")
    assert [news.sentence for news in read(file, Stop()) if isinstance(news, Partly)] == [
        "There is no text in it."
    ]


def test_a_file_that_is_gone_is_missing(file: Path) -> None:
    with pytest.raises(Missing):
        list(read(file, Stop()))


def test_only_files_are_read(tmp_path: Path) -> None:
    with pytest.raises(Unsupported):
        list(read(tmp_path, Stop()))


@pytest.mark.skipif(sys.platform == "win32", reason="there are no devices among the files")
def test_what_never_ends_is_not_begun() -> None:
    with pytest.raises(Unsupported):
        list(read(Path("/dev/zero"), Stop()))


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may read all")
def test_a_file_that_may_not_be_read_is_refused(file: Path) -> None:
    file.write_text("secret")
    file.chmod(0)
    with pytest.raises(Refused):
        list(read(file, Stop()))


def test_reading_can_be_stopped_between_pages(file: Path) -> None:
    file.write_text("All work and no play.\n" * 50_000)
    stop = Stop()
    news = read(file, stop)
    assert isinstance(next(news), About)
    assert isinstance(next(news), Page)
    stop.set()
    with pytest.raises(Cancelled):
        list(news)


def test_a_file_that_takes_too_long_is_given_up(file: Path) -> None:
    file.write_text("All work and no play.")
    with pytest.raises(Unsupported):
        list(read(file, Stop(), Patience(silence=0)))


def test_time_counts_only_while_a_page_is_wanted(file: Path) -> None:
    file.write_text("All work and no play.\n" * 20_000)
    news = read(file, Stop(), Patience(document=30, megabyte=0))
    assert len([next(news), *news]) == 6


def test_very_long_texts_are_cut_into_pages_between_their_lines(file: Path) -> None:
    file.write_text("All work and no play.\n" * 20_000)
    pages = [news for news in read(file, Stop()) if isinstance(news, Page)]
    assert [page.number for page in pages] == [1, 2, 3, 4, 5]
    assert all(page.text.endswith("play.\n") for page in pages)
    assert "".join(page.text for page in pages) == file.read_text()


def test_what_goes_beyond_all_measure_is_left_out(file: Path) -> None:
    file.write_text("All work and no play.\n" * 1_000_000)
    *pages, last = read(file, Stop())
    assert len(pages) == 201
    assert isinstance(last, Partly)
    assert last.sentence.startswith("It is too long: what follows after page 200 was left out.")

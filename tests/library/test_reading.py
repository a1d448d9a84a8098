"""Documents as their own process reads them, and what becomes of those that nobody could read."""

import os
import sys
from multiprocessing import Pipe
from pathlib import Path

import pytest

from library.made_documents import line, pptx, shape, xlsx
from sottovoce.domain.document import Format, Page
from sottovoce.domain.problems import Cancelled, Missing, Refused, Unsupported
from sottovoce.domain.stop import Stop
from sottovoce.library.formats.news import About, Partly
from sottovoce.library.parser_wire import FORKS, Read, Told
from sottovoce.library.reading import PARSER_PROCESS, Patience, read
from sottovoce.system import sandbox
from sottovoce.system.child import Channel, Child, Locked


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


def test_the_process_is_locked_in_before_it_reads(file: Path) -> None:
    file.write_text("Dear all,")
    child = Child[Told](PARSER_PROCESS, Told, hands_over=FORKS)
    child.channel.tell(Read(os.fsencode(file), 10))
    document = child.channel
    if sys.platform != "win32":
        hearing, telling = Pipe(duplex=False)
        document = Channel[Told](hearing, telling, Told)
        child.channel.hand_over(telling)
    locked = document.hear()
    child.end()
    document.close()
    assert isinstance(locked, Locked)
    assert locked.confinement == sandbox.possible()


@pytest.mark.skipif(sys.platform != "linux", reason="memory is not limited in the same way")
def test_a_file_that_takes_too_much_memory_is_given_up(tmp_path: Path) -> None:
    file = tmp_path / "table.xlsx"
    far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    file.write_bytes(xlsx({"Costs": line(1, 1) + far}))
    with pytest.raises(Unsupported):
        list(read(file, Stop()))


def test_what_breaks_off_is_read_so_far(tmp_path: Path) -> None:
    file = tmp_path / "box.mbox"
    letter = b"From a Thu Jan  1 00:00:00 2026\nSubject: one\n\nhi\n\n"
    nested = b"Content-Type: message/rfc822\n\n" * 3_000
    file.write_bytes(letter + letter + b"From a Thu Jan  1 00:00:00 2026\n" + nested)
    _, one, two, partly = read(file, Stop())
    assert isinstance(one, Page)
    assert isinstance(two, Page)
    assert isinstance(partly, Partly)
    assert partly.sentence.startswith("It could be read up to page 2 only.")


def test_half_characters_arrive_as_one_sign(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_bytes(b"<p>a&#xD800;b" + "\ud800".encode("utf-8", "surrogatepass"))
    (page,) = (news for news in read(file, Stop()) if isinstance(news, Page))
    assert page.text.startswith("a")
    assert page.text.encode("utf-8")


def test_pages_without_text_keep_their_place(tmp_path: Path) -> None:
    file = tmp_path / "talk.pptx"
    file.write_bytes(pptx("", shape("title", "Two")))
    _, one, two = read(file, Stop())
    assert isinstance(one, Page)
    assert isinstance(two, Page)
    assert (one.text, two.text) == ("", "Two")

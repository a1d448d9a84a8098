"""Documents as their own process reads them, and what becomes of those that nobody could read."""

import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from multiprocessing import Pipe
from pathlib import Path

import psutil
import pytest

from library.made_documents import line, pptx, shape, xlsx
from sottovoce.domain.document import Format, Page
from sottovoce.domain.problems import (
    Cancelled,
    Damaged,
    Interrupted,
    Missing,
    Problem,
    Refused,
    Unsupported,
)
from sottovoce.domain.stop import Stop
from sottovoce.library.formats.news import About, News, Partly
from sottovoce.library.parser_wire import FORKS, Read, ReadTexts, Told
from sottovoce.library.reading import PARSER_PROCESS, Patience, Reader, read
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
    child.channel.tell(Read(os.fsencode(file), 10, 10, 10))
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


@pytest.mark.skipif(sys.platform == "win32", reason="time is not limited in the same way")
def test_a_file_that_keeps_the_processor_busy_is_given_up(
    tmp_path: Path,
) -> None:
    file = tmp_path / "deep.html"
    file.write_bytes(b"<div>" * 200_000)
    with pytest.raises(Unsupported):
        list(read(file, Stop(), Patience(page=0.5)))


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


def test_one_reader_reads_many_documents(tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.txt" for number in range(5)]
    for file in files:
        file.write_text(f"This is {file.name}.")
    with closing(Reader()) as reader:
        texts = [page_of(reader.read(file, Stop())).text for file in files]
    assert texts == [f"This is {file.name}." for file in files]


@pytest.mark.skipif(not FORKS, reason="each document starts a process of its own")
def test_documents_that_cannot_be_read_cost_no_other(tmp_path: Path) -> None:
    file = tmp_path / "letter.html"
    file.write_text("<p>Dear all,")
    hostile = file.with_name("table.xlsx")
    far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    hostile.write_bytes(xlsx({"Costs": line(1, 1) + far}))
    damaged = file.with_name("damaged.docx")
    damaged.write_bytes(b"PK\x03\x04 and nothing else")
    with closing(Reader()) as reader:
        assert page_of(reader.read(file, Stop())).text == "Dear all,"
        forking = children()
        for bad in (hostile, damaged):
            with pytest.raises(Problem):
                list(reader.read(bad, Stop()))
            assert page_of(reader.read(file, Stop())).text == "Dear all,"
        assert children() == forking
    assert children() == set()


def test_small_texts_share_a_process_that_sees_no_file(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a.txt", "b.md", "c.csv", "d.py")]
    for file in files:
        file.write_text(f"This is {file.name}.")
    with closing(Reader()) as reader:
        told = [list(reader.read(file, Stop())) for file in files]
        assert len(children()) == 1
    assert children() == set()
    assert [page_of(iter(each)).text for each in told] == [f"This is {f.name}." for f in files]
    formats = [each[0].format for each in told if isinstance(each[0], About)]
    assert formats == [Format.TEXT, Format.MARKDOWN, Format.CSV, Format.CODE]


def test_the_process_for_texts_is_locked_in_before_it_reads() -> None:
    child = Child[Told](PARSER_PROCESS, Told)
    child.channel.tell(ReadTexts(10))
    locked = child.channel.hear()
    child.end()
    assert isinstance(locked, Locked)
    assert locked.confinement == sandbox.possible()


@pytest.mark.parametrize(
    ("written", "format_"),
    [
        (b"{\\rtf1 Dear all,\\par}", Format.RTF),
        (b"<!doctype html><p>Dear all,", Format.HTML),
        (b"From: a@b.c\nDate: today\n\nDear all,", Format.EMAIL),
    ],
)
def test_what_only_seems_to_be_a_text_is_read_as_what_it_is(
    file: Path, written: bytes, format_: Format
) -> None:
    file.write_bytes(written)
    about, page = read(file, Stop())
    assert isinstance(about, About)
    assert about.format is format_
    assert isinstance(page, Page)
    assert "Dear all," in page.text


def test_a_text_that_takes_too_long_costs_no_other(file: Path) -> None:
    file.write_text("Dear all,")
    with closing(Reader()) as reader:
        assert page_of(reader.read(file, Stop())).text == "Dear all,"
        with pytest.raises(Unsupported):
            list(reader.read(file, Stop(), Patience(silence=0)))
        assert page_of(reader.read(file, Stop())).text == "Dear all,"


def test_a_text_whose_process_ended_is_read_by_another(file: Path) -> None:
    file.write_text("Dear all,")
    with closing(Reader()) as reader:
        assert page_of(reader.read(file, Stop())).text == "Dear all,"
        [reading] = children()
        reading.kill()
        assert page_of(reader.read(file, Stop())).text == "Dear all,"
        assert reading not in children()


def test_a_reader_goes_on_after_one_document_was_left(file: Path) -> None:
    file.write_text("All work and no play.\n" * 50_000)
    with closing(Reader()) as reader:
        left = reader.read(file, Stop())
        next(left)
        assert children()
        left.close()
        assert children() == set()
        stop = Stop()
        stopped = reader.read(file, stop)
        next(stopped)
        stop.set()
        with pytest.raises(Cancelled):
            list(stopped)
        assert children() == set()
        assert len(list(reader.read(file, Stop()))) == 13


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it ends with its pipe alone")
def test_who_reads_ends_with_the_process_that_forked_it(file: Path) -> None:
    file.write_bytes(b"<html>" + b"<div>" * 200_000)
    with closing(Reader()) as reader:
        news = reader.read(file, Stop())
        with ThreadPoolExecutor(1) as thread:
            told = thread.submit(list, news)
            [forking] = until(lambda: [each for each in children() if each.children()])
            [reading] = forking.children()
            forking.kill()
            with pytest.raises((Damaged, Interrupted)):  # The latter before it was locked in.
                told.result(60)
        assert psutil.wait_procs([reading], 30)[1] == []


def page_of(news: Iterator[News]) -> Page:
    [page] = (each for each in news if isinstance(each, Page))
    return page


def children() -> set[psutil.Process]:
    return set(psutil.Process().children())


def until(look: Callable[[], list[psutil.Process]]) -> list[psutil.Process]:
    """What `look` finds, as soon as it finds something."""
    while not (found := look()):
        pass
    return found

"""PDF files: what is read of them, and what becomes of those that are not whole."""

from pathlib import Path

import pikepdf
import pytest

from library.made_pdf import Written, made, paragraph, save, save_scanned, saved, scanned
from sottovoce.domain.document import BlockKind, Format, Page
from sottovoce.domain.problems import Damaged, Missing, Refused
from sottovoce.library.formats.news import About, Partly
from sottovoce.library.formats.pdf import read
from sottovoce.library.formats.source import Source

LAMP = (
    "The keeper of the lighthouse trimmed the lamp at dusk and wrote",
    "the weather into his book. A schooner passed at nine, far out.",
    "Nobody else came by that week, and the oil lasted until Friday.",
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.pdf"


def pages(source: Source) -> list[Page]:
    return [news for news in read(source) if isinstance(news, Page)]


def parts(page: Page) -> list[tuple[str, int, str]]:
    return [(block.kind, block.level, page.text[block.start : block.end]) for block in page.blocks]


def title(source: Source) -> str:
    about = next(read(source))
    assert isinstance(about, About)
    return about.title


def test_a_document_is_told_before_its_pages(path: Path) -> None:
    save(path, paragraph(*LAMP), [], paragraph("The end."))
    about, *rest = read(path)
    assert about == About(Format.PDF, "", 3)
    assert [page.number for page in rest if isinstance(page, Page)] == [1, 2, 3]


def test_lines_end_as_on_the_page(path: Path) -> None:
    save(path, paragraph(*LAMP))
    (page,) = pages(path)
    assert page.text.split("\n") == list(LAMP)


def test_bytes_are_read_like_files(path: Path) -> None:
    assert pages(saved(made(paragraph(*LAMP)))) == pages(save(path, paragraph(*LAMP)))


def test_lines_of_a_paragraph_are_one_block(path: Path) -> None:
    save(path, [*paragraph(*LAMP), *paragraph(*LAMP, y=600)])
    (page,) = pages(path)
    text = "\n".join(LAMP)
    assert parts(page) == [(BlockKind.PARAGRAPH, 0, text), (BlockKind.PARAGRAPH, 0, text)]


def test_lines_far_apart_are_one_block_where_all_are(path: Path) -> None:
    double = [Written(line, 72, 760 - 26 * n, 12) for n, line in enumerate(LAMP * 4)]
    save(path, double)
    (page,) = pages(path)
    assert len(page.blocks) == 1


def test_larger_lines_are_headings_by_their_size(path: Path) -> None:
    save(
        path,
        [
            Written("The log", 72, 780, 24),
            Written("Of the first week", 72, 740, 16),
            *paragraph(*LAMP),
            Written("Of the second week", 72, 640, 16),
            *paragraph(*LAMP, y=600),
        ],
    )
    (page,) = pages(path)
    headings = [(level, text) for kind, level, text in parts(page) if kind is BlockKind.HEADING]
    assert headings == [(1, "The log"), (2, "Of the first week"), (2, "Of the second week")]


def test_bold_lines_on_their_own_are_headings(path: Path) -> None:
    heading = Written("2.1 Lamps", 72, 730, 11, "Bold")
    save(path, [heading, *paragraph(*LAMP), *paragraph(*LAMP, y=600)])
    (page,) = pages(path)
    assert parts(page)[0] == (BlockKind.HEADING, 2, "2.1 Lamps")


def test_a_long_text_in_large_letters_is_no_heading(path: Path) -> None:
    notes = paragraph(
        *(f"{number}. A rock that is on no map." for number in range(30)), y=500, size=8
    )
    save(path, [*paragraph(*LAMP, *LAMP, size=13), *notes])
    (page,) = pages(path)
    assert BlockKind.HEADING not in {block.kind for block in page.blocks}


def test_what_stands_on_every_page_is_no_heading(path: Path) -> None:
    save(
        path,
        *([Written(f"Annual log, page {n}", 72, 800, 16), *paragraph(*LAMP)] for n in range(1, 6)),
    )
    kinds = {block.kind for page in pages(path) for block in page.blocks}
    assert kinds == {BlockKind.PARAGRAPH}


def test_the_table_of_contents_tells_the_headings(path: Path) -> None:
    file = made([Written("Of lamps", 72, 730), *paragraph(*LAMP)])
    with file.open_outline() as outline:
        part = pikepdf.OutlineItem("Part one", 0)
        part.children.append(pikepdf.OutlineItem("Of lamps", 0))
        outline.root.append(part)
    (page,) = pages(saved(file))
    assert parts(page)[0] == (BlockKind.HEADING, 2, "Of lamps")


def test_items_of_a_list_are_told_apart(path: Path) -> None:
    save(path, paragraph("Bring:", "• oil for the lamp", "• bread", "1. a book", "2) rope"))
    (page,) = pages(path)
    assert [text for kind, _, text in parts(page) if kind is BlockKind.LIST] == [
        "• oil for the lamp",
        "• bread",
        "1. a book",
        "2) rope",
    ]


def test_cells_of_a_table_stay_in_their_rows(path: Path) -> None:
    rows = [("Week", "Oil", "Ships"), ("1", "4 litres", "12"), ("2", "5 litres", "7")]
    save(
        path,
        [
            Written(cell, x, 700 - 16 * index)
            for index, row in enumerate(rows)
            for cell, x in zip(row, (72, 180, 300), strict=True)
        ],
    )
    (page,) = pages(path)
    assert parts(page) == [(BlockKind.TABLE, 0, "\t".join(row)) for row in rows]


def test_what_is_printed_twice_to_look_bold_is_read_once(path: Path) -> None:
    save(path, [*paragraph(*LAMP), *paragraph(*LAMP, x=72.3)])
    (page,) = pages(path)
    assert page.text.rstrip("\n") == "\n".join(LAMP)


def test_columns_are_read_one_after_the_other(path: Path) -> None:
    left = paragraph("In the left column", "the story begins and", x=72)
    right = paragraph("goes on in the right", "one, to its end.", x=320)
    save(path, [*left, *right])
    (page,) = pages(path)
    assert parts(page) == [
        (
            BlockKind.PARAGRAPH,
            0,
            "In the left column\nthe story begins and\ngoes on in the right\none, to its end.",
        )
    ]


def test_a_word_parted_at_the_end_of_a_line_keeps_its_hyphen(path: Path) -> None:
    save(path, paragraph("The light-", "house stands on a rock."))
    (page,) = pages(path)
    assert page.text == "The light-\nhouse stands on a rock."


def test_programs_are_code(path: Path) -> None:
    program = [
        Written(line, 72, 500 - 14 * index, 10, "Fixed")
        for index, line in enumerate(("while True:", "    trim(lamp)"))
    ]
    save(path, [*paragraph(*LAMP, *LAMP), *program])
    (page,) = pages(path)
    kind, _, text = parts(page)[-1]
    assert kind is BlockKind.CODE
    assert [line.strip() for line in text.split("\n")] == ["while True:", "trim(lamp)"]


def test_what_was_typed_into_a_form_is_read(path: Path) -> None:
    file = made(paragraph("Name of the keeper:"))
    look = file.make_stream(b"BT /Plain 11 Tf 2 4 Td (Ada Lovelace) Tj ET")
    look.Type, look.Subtype, look.BBox = pikepdf.Name.XObject, pikepdf.Name.Form, [0, 0, 200, 16]
    look.Resources = file.pages[0].Resources
    field = file.make_indirect(
        pikepdf.Dictionary(
            Type=pikepdf.Name.Annot,
            Subtype=pikepdf.Name.Widget,
            FT=pikepdf.Name.Tx,
            T="keeper",
            V="Ada Lovelace",
            F=4,
            Rect=[200, 696, 400, 712],
            AP=pikepdf.Dictionary(N=look),
        )
    )
    file.pages[0].Annots = pikepdf.Array([field])
    file.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array([field]))
    (page,) = pages(saved(file))
    assert "Ada Lovelace" in page.text


def test_a_title_counts_if_the_document_bears_it(path: Path) -> None:
    file = made([Written("Log of the Northern Light", 72, 780, 20), *paragraph(*LAMP)])
    file.docinfo["/Title"] = "Log of the Northern Light"
    assert title(saved(file)) == "Log of the Northern Light"
    file.docinfo["/Title"] = "Microsoft Word - brochure_template_v3.doc"
    assert title(saved(file)) == ""


def test_a_password_is_asked_for(path: Path) -> None:
    made(paragraph(*LAMP)).save(path, encryption=pikepdf.Encryption(owner="o", user="secret"))
    with pytest.raises(Refused, match="password"):
        list(read(path))


def test_a_file_that_anyone_may_open_needs_no_password(path: Path) -> None:
    made(paragraph(*LAMP)).save(path, encryption=pikepdf.Encryption(owner="owner", user=""))
    (page,) = pages(path)
    assert page.text.startswith(LAMP[0])


def test_a_missing_file_is_missing(path: Path) -> None:
    with pytest.raises(Missing):
        list(read(path))


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7", b"hello " * 100, b"\x89PNG\r\n" + b"x" * 99])
def test_what_is_no_pdf_is_damaged(content: bytes) -> None:
    with pytest.raises(Damaged):
        list(read(content))


def test_a_file_without_its_list_of_objects_is_mended() -> None:
    whole = saved(made(paragraph(*LAMP)))
    (page,) = pages(whole.replace(b"startxref", b"startxxxx"))
    assert page.text.startswith(LAMP[0])


def test_what_is_left_of_a_file_cut_short_is_read() -> None:
    file = made(*(paragraph(*LAMP) for _ in range(4)))
    whole = saved(file)
    cut = whole[: whole.rindex(b"endobj")]
    assert any(LAMP[0] in page.text for page in pages(cut))


def test_a_page_that_is_lost_leaves_the_others() -> None:
    whole = saved(made(paragraph(*LAMP), paragraph("Second."), paragraph("Third.")))
    hurt = whole.replace(b"[ 3 0 R 4 0 R 5 0 R ]", b"[ 3 0 R 0 0 R 5 0 R ]")
    *_, second, third, partly = read(hurt)
    assert isinstance(second, Page)
    assert isinstance(third, Page)
    assert (second.number, second.text) == (2, "")
    assert (third.number, third.text) == (3, "Third.")
    assert isinstance(partly, Partly)


def test_attached_files_are_not_passed_over_in_silence() -> None:
    file = made(paragraph(*LAMP))
    file.attachments["oil.txt"] = b"4 litres"
    *_, partly = read(saved(file))
    assert isinstance(partly, Partly)
    assert "attached" in partly.sentence


def test_a_scanned_page_is_read_by_its_look(path: Path, tmp_path: Path) -> None:
    save(path, paragraph(*LAMP, size=12))
    scan = save_scanned(tmp_path / "scan.pdf", scanned(path, tilt=1.2))
    (page,) = pages(scan)
    assert page.text.split("\n") == list(LAMP)
    assert page.boxes


def test_what_is_stamped_on_a_scan_does_not_stand_for_it(path: Path, tmp_path: Path) -> None:
    save(path, paragraph(*LAMP, size=12))
    scan = save_scanned(tmp_path / "scan.pdf", scanned(path))
    with pikepdf.open(scan) as file:
        stamp = made([Written("COPY 000417", 400, 20)])
        file.pages[0].add_overlay(stamp.pages[0])
        stamped = saved(file)
    (page,) = pages(stamped)
    assert LAMP[0] in page.text

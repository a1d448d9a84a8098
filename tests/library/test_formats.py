"""What is read of files of each kind."""

import base64
from pathlib import Path

import pytest

from library.made_documents import (
    docx,
    epub,
    line,
    opendocument,
    packed,
    pptx,
    shape,
    words,
    xlsx,
)
from sottovoce.domain.document import BlockKind, Format, Page
from sottovoce.domain.problems import Damaged, Problem, Refused, Unsupported
from sottovoce.library.formats.choose import read
from sottovoce.library.formats.news import About, Partly

SAMPLES = Path(__file__).parents[1] / "data" / "documents"
TEXT, HEADING, ITEM, ROW, CODE = (
    BlockKind.PARAGRAPH,
    BlockKind.HEADING,
    BlockKind.LIST,
    BlockKind.TABLE,
    BlockKind.CODE,
)


def about(data: bytes | Path, name: str) -> About:
    told = next(iter(read(data, name)))
    assert isinstance(told, About)
    return told


def pages(data: bytes | Path, name: str) -> list[Page]:
    found = [news for news in read(data, name) if isinstance(news, Page)]
    assert [page.number for page in found] == list(range(1, len(found) + 1))
    return found


def blocks(data: bytes | Path, name: str) -> list[tuple[BlockKind, str]]:
    return [
        (block.kind, page.text[block.start : block.end])
        for page in pages(data, name)
        for block in page.blocks
    ]


def troubles(data: bytes, name: str) -> list[str]:
    return [news.sentence for news in read(data, name) if isinstance(news, Partly)]


# Word


def test_headings_of_word_are_told_by_what_their_styles_are_based_on() -> None:
    styles = (
        '<w:style w:styleId="H1"><w:pPr><w:outlineLvl w:val="1"/></w:pPr></w:style>'
        '<w:style w:styleId="Mine"><w:basedOn w:val="H1"/></w:style>'
    )
    body = words("Costs", '<w:pStyle w:val="Mine"/>') + words("They rise.")
    (page,) = pages(docx(body, {"styles": styles}), "a.docx")
    assert page.text == "Costs\n\nThey rise."
    assert [(block.kind, block.level) for block in page.blocks] == [(HEADING, 2), (TEXT, 0)]


def test_headings_of_word_are_told_by_the_names_of_their_styles() -> None:
    styles = '<w:style w:styleId="berschrift2"><w:name w:val="heading 2"/></w:style>'
    body = words("Costs", '<w:pStyle w:val="berschrift2"/>') + words(
        "Year", '<w:pStyle w:val="Title"/>'
    )
    (page,) = pages(docx(body, {"styles": styles}), "a.docx")
    assert [(block.kind, block.level) for block in page.blocks] == [(HEADING, 2), (HEADING, 1)]


def test_lists_of_word_are_numbered_as_word_numbers_them() -> None:
    numbering = (
        '<w:abstractNum w:abstractNumId="0">'
        '<w:lvl w:ilvl="0"><w:start w:val="3"/><w:numFmt w:val="decimal"/>'
        '<w:lvlText w:val="%1."/></w:lvl>'
        '<w:lvl w:ilvl="1"><w:numFmt w:val="lowerRoman"/><w:lvlText w:val="%1.%2)"/></w:lvl>'
        '</w:abstractNum><w:num w:numId="7"><w:abstractNumId w:val="0"/></w:num>'
    )

    def entry(text: str, level: int) -> str:
        return words(text, f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="7"/></w:numPr>')

    body = "".join(
        entry(text, level) for text, level in [("a", 0), ("b", 1), ("c", 1), ("d", 0), ("e", 1)]
    )
    assert blocks(docx(body, {"numbering": numbering}), "a.docx") == [
        (ITEM, "3. a"),
        (ITEM, "  3.i) b"),
        (ITEM, "  3.ii) c"),
        (ITEM, "4. d"),
        (ITEM, "  4.i) e"),
    ]


def test_a_number_too_long_to_be_one_counts_as_none() -> None:
    settings = f'<w:numPr><w:ilvl w:val="{"9" * 5000}"/></w:numPr>'
    assert blocks(docx(words("a", settings)), "a.docx") == [(TEXT, "a")]


def test_tables_of_word_are_rows() -> None:
    cells = "".join(f"<w:tc>{words(text)}</w:tc>" for text in ("Rent", "900 €"))
    assert blocks(docx(f"<w:tbl><w:tr>{cells}</w:tr></w:tbl>"), "a.docx") == [(ROW, "Rent | 900 €")]


def test_what_was_deleted_is_not_read_and_what_was_inserted_is() -> None:
    body = (
        "<w:p><w:r><w:t>We </w:t></w:r><w:del><w:r><w:delText>never</w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t>always</w:t></w:r></w:ins><w:r><w:t> agree.</w:t></w:r></w:p>"
    )
    assert blocks(docx(body), "a.docx") == [(TEXT, "We always agree.")]


def test_footnotes_come_at_the_end() -> None:
    body = '<w:p><w:r><w:t>So it is said.</w:t><w:footnoteReference w:id="2"/></w:r></w:p>'
    notes = f'<w:footnote w:id="2">{words("By whom?")}</w:footnote>'
    assert blocks(docx(body, {"footnotes": notes}), "a.docx") == [
        (TEXT, "So it is said.[1]"),
        (TEXT, "[1] By whom?"),
    ]


def test_pages_of_word_begin_where_word_last_began_them() -> None:
    body = (
        words("one")
        + "<w:p><w:r><w:t>two, and </w:t><w:lastRenderedPageBreak/><w:t>on</w:t></w:r></w:p>"
        + "<w:p><w:r><w:lastRenderedPageBreak/><w:t>three</w:t></w:r></w:p>"
    )
    assert [page.text for page in pages(docx(body), "a.docx")] == [
        "one\n\ntwo, and on",
        "",
        "three",
    ]


def test_the_title_is_what_a_person_gave() -> None:
    assert about(docx("", title="Lease of the house"), "a.docx").title == "Lease of the house"
    assert about(docx("", title="Microsoft Word - x.doc"), "a.docx").title == ""
    assert about(docx("", title="Document1"), "a.docx").title == ""


# Slides


def test_a_slide_is_a_page_and_its_title_comes_first() -> None:
    data = pptx(
        shape("body", "cheap", "fast") + shape("title", "Why?") + shape("sldNum", "1"),
        "",
        shape("", "The end"),
        notes=shape("body", "Smile."),
    )
    assert about(data, "a.pptx") == About(Format.SLIDES, "", 3)
    assert [page.text for page in pages(data, "a.pptx")] == [
        "Why?\n\n• cheap\n• fast\n\nSmile.",
        "",
        "The end",
    ]


def test_a_damaged_slide_costs_itself_alone() -> None:
    data = pptx(shape("", "one"), "\0", shape("", "three"))
    assert [page.text for page in pages(data, "a.pptx")][::2] == ["one", "three"]


# Sheets


def test_a_sheet_is_a_page_called_by_its_name() -> None:
    data = xlsx({"Costs": line(1, "what", "", "price") + line(2, "rent", "", 900.5), "Empty": ""})
    assert about(data, "a.xlsx") == About(Format.SHEET, "", 2)
    costs, empty = pages(data, "a.xlsx")
    assert (costs.label, costs.text) == ("Costs", "what | price\nrent | 900.5")
    assert (empty.label, empty.text) == ("Empty", "")


def test_whole_numbers_have_no_point() -> None:
    assert blocks(xlsx({"A": line(1, 2024.0, 0.1)}), "a.xlsx") == [(ROW, "2024 | 0.1")]


def test_sheets_of_libreoffice_are_read() -> None:
    cell = '<table:table-cell office:value-type="string"><text:p>rent</text:p></table:table-cell>'
    table = (
        f'<table:table table:name="Costs"><table:table-row>{cell}</table:table-row></table:table>'
    )
    (page,) = pages(opendocument("spreadsheet", table), "a.ods")
    assert (page.label, page.text) == ("Costs", "rent")


# LibreOffice


def test_a_text_of_libreoffice_keeps_its_structure() -> None:
    styles = '<text:list-style style:name="N"><text:list-level-style-number/></text:list-style>'
    body = (
        '<text:h text:outline-level="2">Costs</text:h>'
        "<text:p>They<text:s text:c='2'/>rise.<text:note><text:note-citation>1"
        "</text:note-citation><text:note-body><text:p>Fast.</text:p></text:note-body>"
        "</text:note></text:p>"
        '<text:list text:style-name="N"><text:list-item><text:p>rent</text:p></text:list-item>'
        "<text:list-item><text:p>heat</text:p><text:list><text:list-item><text:p>gas</text:p>"
        "</text:list-item></text:list></text:list-item></text:list>"
        "<table:table><table:table-row><table:table-cell><text:p>a</text:p></table:table-cell>"
        "<table:table-cell><text:p>b</text:p></table:table-cell></table:table-row></table:table>"
    )
    data = opendocument("text", body, styles, title="Year")
    assert about(data, "a.odt").title == "Year"
    assert blocks(data, "a.odt") == [
        (HEADING, "Costs"),
        (TEXT, "They  rise.[1]"),
        (ITEM, "1. rent"),
        (ITEM, "2. heat"),
        (ITEM, "  1. gas"),
        (ROW, "a | b"),
        (TEXT, "[1] Fast."),
    ]


def test_slides_of_libreoffice_are_pages() -> None:
    frame = "<draw:frame{}><draw:text-box><text:p>{}</text:p></draw:text-box></draw:frame>"
    first = frame.format(' presentation:class="title"', "Why?")
    body = f"<draw:page>{first}</draw:page><draw:page>{frame.format('', 'So.')}</draw:page>"
    data = opendocument("presentation", body)
    assert blocks(data, "a.odp") == [(HEADING, "Why?"), (TEXT, "So.")]
    assert len(pages(data, "a.odp")) == 2


# Books, the web


def test_chapters_are_pages_called_by_their_headings() -> None:
    data = epub({"a.xhtml": "<h1>Dawn</h1><p>It rose.</p>", "b%20c.xhtml": "<p>x</p>"}, "Sun")
    assert about(data, "a.epub") == About(Format.EPUB, "Sun", 2)
    assert [(page.label, page.text) for page in pages(data, "a.epub")] == [
        ("Dawn", "Dawn\n\nIt rose."),
        ("", "x"),
    ]


def test_a_page_of_the_web_is_read_as_it_is_shown() -> None:
    html = """<html><head><title> My  page </title><style>p {}</style></head><body>
        <h2>One
        heading</h2><script>alert(1)</script><p>Some <b>bold</b> words<br>in two lines.</p>
        <ol start=4><li>four<li>five<ul><li>deep</ul></ol>
        <table><tr><th>a<th>b<tr><td><p>1</p><td>2</table>
        <pre>if x:\n    y</pre><div hidden>no</div><p style="display: none">no</p></body></html>"""
    data = html.encode()
    assert about(data, "a.html") == About(Format.HTML, "My page", None)
    assert blocks(data, "a.html") == [
        (HEADING, "One heading"),
        (TEXT, "Some bold words\nin two lines."),
        (ITEM, "4. four"),
        (ITEM, "5. five"),
        (ITEM, "  • deep"),
        (ROW, "a | b"),
        (ROW, "1 | 2"),
        (CODE, "if x:\n    y"),
    ]


def test_tables_that_frame_text_are_no_tables() -> None:
    cell = "<td><h1>Hi</h1><p>Dear all</p><div>at noon?</div></td>"
    html = f"<table><tr><td><table><tr>{cell}</tr></table></table>".encode()
    assert blocks(html, "a.html") == [(HEADING, "Hi"), (TEXT, "Dear all"), (TEXT, "at noon?")]


def test_a_page_of_the_web_says_how_it_is_encoded() -> None:
    html = '<meta charset="windows-1251"><p>Привет'.encode("cp1251")
    assert blocks(html, "a.html") == [(TEXT, "Привет")]


def test_any_depth_is_walked() -> None:
    html = b"<div>" * 5_000 + b"deep"
    assert blocks(html, "a.html") == [(TEXT, "deep")]


# Text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Grüße", "utf-8"),
        ("Grüße", "utf-8-sig"),
        ("Grüße", "cp1252"),
        ("Grüße", "utf-16"),
        ("Grüße, und alles Gute", "utf-16-le"),
        ("Grüße, und alles Gute", "utf-16-be"),
        ("Grüße", "utf-32"),
        ("Все счастливые семьи похожи друг на друга. " * 5, "cp1251"),
        ("Все счастливые семьи похожи друг на друга. " * 5, "koi8-r"),
        ("吾輩は猫である。名前はまだ無い。どこで生れたか" * 5, "shift_jis"),
        ("我是猫。没有名字。不知道在哪里出生的。" * 5, "gb18030"),
    ],
)
def test_text_is_read_in_any_encoding(text: str, encoding: str) -> None:
    (page,) = pages(text.encode(encoding), "a.txt")
    assert page.text == text


def test_line_ends_are_of_one_kind_and_nothing_unseen_is_kept() -> None:
    (page,) = pages(b"one\r\ntwo\rthree\0\x1b\xc2\xad", "a.txt")
    assert page.text == "one\ntwo\nthree"


def test_markdown_stays_as_it_is_and_its_parts_are_told() -> None:
    text = (
        '---\ntitle: "Plan"\n---\n# Costs #\nThey rise\nfast.\n\nTerms\n-----\n- rent\n  is due\n'
        "- heat\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```python\nx = 1\n\ny = 2\n```\nEnd."
    )
    data = text.encode()
    assert about(data, "a.md") == About(Format.MARKDOWN, "Plan", None)
    assert pages(data, "a.md")[0].text == text
    assert blocks(data, "a.md") == [
        (HEADING, "Costs"),
        (TEXT, "They rise\nfast."),
        (HEADING, "Terms"),
        (ITEM, "- rent\n  is due"),
        (ITEM, "- heat"),
        (ROW, "| a | b |"),
        (ROW, "| 1 | 2 |"),
        (CODE, "x = 1\n\ny = 2"),
        (TEXT, "End."),
    ]


@pytest.mark.parametrize(
    "text", ["# x" + " " * 90_000 + "y", "# " + "x ##" * 20_000 + "y", "* x" + " " * 90_000 + "y"]
)
@pytest.mark.parametrize("name", ["a.md", "a.org", "a.py"])
def test_lines_without_end_take_no_time_without_end(text: str, name: str) -> None:
    assert blocks((text + "\n" * 50_000 + " z").encode(), name)


def test_stars_make_headings_in_org() -> None:
    assert blocks(b"* Costs\n** Rent\nHigh.", "a.org") == [
        (HEADING, "Costs"),
        (HEADING, "Rent"),
        (TEXT, "High."),
    ]


def test_code_is_cut_where_it_is_not_indented() -> None:
    text = "import os\n\n\ndef one():\n    a = 1\n\n    return a\n\n\ndef two():\n    pass\n"
    data = text.encode()
    assert about(data, "a.py").format is Format.CODE
    assert blocks(data, "a.py") == [
        (CODE, "import os"),
        (CODE, "def one():\n    a = 1\n\n    return a"),
        (CODE, "def two():\n    pass"),
    ]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_tables_are_divided_by_whatever_divides_them(separator: str) -> None:
    data = f'what{separator}price\n"rent, {separator}\nheat"{separator}900\n'.encode()
    assert blocks(data, "a.csv") == [
        (ROW, "what | price"),
        (ROW, " ".join(f"rent, {separator} heat".split()) + " | 900"),
    ]


# RTF


def test_rtf_keeps_its_structure_and_its_letters() -> None:
    data = rb"""{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}{\f1\fcharset204 Times;}}
{\stylesheet{\s1\outlinelevel0 heading 1;}}{\info{\title Gr\'fc\'dfe}}
{\header Page 1}\pard\s1 Costs\par\pard They {\b rise}\u8230?\par
{\listtext 1.\tab}rent\par {\f1\'cf\'f0\'e8}\par \u-10179?\u-8704?\par
\trowd\intbl a\cell b\cell\row\pard{\*\unknown never}{\footnote why}\bin3 }}}end.\par}"""
    assert about(data, "a.rtf") == About(Format.RTF, "Grüße", None)
    assert blocks(data, "a.rtf") == [
        (HEADING, "Costs"),
        (TEXT, "They rise…"),
        (ITEM, "1. rent"),
        (TEXT, "При"),
        (TEXT, "😀"),
        (ROW, "a | b"),
        (TEXT, "[1]end."),
        (TEXT, "[1] why"),
    ]


# Messages


def message(*parts: str, subject: str = "Lunch") -> bytes:
    border = "\n--x\n"
    head = f"From: Ann <ann@example.com>\nTo: bob@example.com\nSubject: {subject}\n"
    kind = 'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="x"\n'
    return (head + kind + border + border.join(parts) + "\n--x--\n").encode()


def attachment(data: bytes, name: str) -> str:
    return (
        "Content-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n"
        f'Content-Disposition: attachment; filename="{name}"\n\n{base64.encodebytes(data).decode()}'
    )


def test_a_message_comes_with_what_is_attached() -> None:
    data = message(
        "Content-Type: text/plain; charset=utf-8\n\nAt noon?\n\nAnn",
        attachment(pptx(shape("title", "Menu"), shape("title", "Prices")), "menu.pptx"),
        attachment(docx(words("Soup")), "soup.docx"),
        subject="=?utf-8?q?Caf=C3=A9?=",
    )
    assert about(data, "a.eml") == About(Format.EMAIL, "Café", None)
    assert [(page.label, page.text) for page in pages(data, "a.eml")] == [
        ("", "Café\n\nFrom: Ann <ann@example.com>\nTo: bob@example.com\n\nAt noon?\n\nAnn"),
        ("menu.pptx: page 1", "Menu"),
        ("menu.pptx: page 2", "Prices"),
        ("soup.docx", "Soup"),
    ]


def test_what_is_attached_and_cannot_be_read_is_told() -> None:
    (trouble,) = troubles(message("\nHi", attachment(b"\0\1\2", "tune.mp3")), "a.eml")
    assert trouble.startswith("The attachment “tune.mp3” was left out.")


def test_messages_within_messages_are_read_to_some_depth() -> None:
    data = message("\nthe innermost", subject="0")
    for depth in range(1, 7):
        data = message("\nHi", attachment(data, "a.eml"), subject=str(depth))
    assert len(pages(data, "a.eml")) == 4
    (trouble,) = troubles(data, "a.eml")
    assert trouble.endswith("It lies too deep within other messages.")


def test_a_message_in_html_is_read_as_it_is_shown() -> None:
    data = message("Content-Type: text/html\n\n<p>At <b>noon</b>?</p><ul><li>soup</ul>")
    assert blocks(data, "a.eml")[2:] == [(TEXT, "At noon?"), (ITEM, "• soup")]


def test_a_message_may_be_saved_as_wide_text() -> None:
    data = b"Subject: Lunch\n\nAt noon?".decode().encode("utf-16")
    assert blocks(data, "a.eml") == [(HEADING, "Lunch"), (TEXT, "At noon?")]


def test_a_mailbox_has_a_page_for_each_message() -> None:
    data = b"".join(
        b"From ann Thu Jan  1 00:00:00 2026\nSubject: %d\nFrom: ann\n\n>From here on: %d\n\n"
        % (n, n)
        for n in (1, 2)
    )
    assert [(page.label, page.text.split("\n\n")[-1]) for page in pages(data, "a.mbox")] == [
        ("1", "From here on: 1"),
        ("2", "From here on: 2"),
    ]


def test_a_message_of_outlook_is_read() -> None:
    data = SAMPLES / "message.msg"
    assert about(data, "message.msg") == About(Format.EMAIL, "Test Email", None)
    text = pages(data, "message.msg")[0].text
    assert text.startswith('Test Email\n\nFrom: "Matthew Robinson" <mrobinson@unstructured.io>')
    assert "This is a test email to use for unit tests." in text


# What a file is, whatever it is called


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (docx(words("x")), Format.WORD),
        (pptx(shape("", "x")), Format.SLIDES),
        (xlsx({"A": line(1, "x")}), Format.SHEET),
        (opendocument("text", "<text:p>x</text:p>"), Format.OPENDOCUMENT),
        (opendocument("presentation", "<draw:page/>"), Format.SLIDES),
        (opendocument("spreadsheet", '<table:table table:name="A"/>'), Format.SHEET),
        (epub({"a": "x"}), Format.EPUB),
        (b"{\\rtf1 x}", Format.RTF),
        (b"<!DOCTYPE html><p>x", Format.HTML),
        (b"Received: from a\nFrom: b\nSubject: c\n\nx", Format.EMAIL),
        (b"From a Thu Jan  1 00:00:00 2026\nSubject: c\n\nx", Format.EMAIL),
        (b"From: me it was no message.\n", Format.TEXT),
    ],
)
def test_content_decides_before_the_name(data: bytes, expected: Format) -> None:
    assert about(data, "wrong.txt").format is expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.md", Format.MARKDOWN),
        ("a.rst", Format.MARKDOWN),
        ("a.csv", Format.CSV),
        ("a.tsv", Format.CSV),
        ("a.htm", Format.HTML),
        ("a.py", Format.CODE),
        ("A.JSON", Format.CODE),
        ("Makefile", Format.CODE),
        ("a.eml", Format.EMAIL),
        ("a.unheard-of", Format.TEXT),
        ("noname", Format.TEXT),
    ],
)
def test_the_name_decides_what_a_text_is(name: str, expected: Format) -> None:
    assert about(b"one, two\n", name).format is expected


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (SAMPLES / "old.doc", Unsupported),
        (SAMPLES / "locked.xlsx", Refused),
        (packed({"a.txt": "x"}), Unsupported),
        (packed({"Index/Document.iwa": b"x"}), Unsupported),
        (b"\x7fELF\2\1\1" + bytes(500), Unsupported),
        (docx(words("x"))[:-40], Damaged),
        (b"PK\3\4" + bytes(100), Damaged),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000), Damaged),
        (xlsx({"A": line(1, "x")}).replace(b"PK\1\2", b"PK\1\3"), Damaged),
        (
            packed(
                {
                    "mimetype": "application/vnd.oasis.opendocument.text",
                    "META-INF/manifest.xml": "<m><encryption-data/></m>",
                }
            ),
            Refused,
        ),
        (
            packed(
                {
                    "mimetype": "application/epub+zip",
                    "META-INF/encryption.xml": '<e><EncryptionMethod Algorithm="adept"/></e>',
                }
            ),
            Refused,
        ),
    ],
)
def test_what_cannot_be_read_is_told(data: bytes | Path, problem: type[Problem]) -> None:
    with pytest.raises(problem):
        list(read(data, "a"))


def test_a_text_that_breaks_off_is_read_so_far() -> None:
    body = words("here") + "<w:p></w:wrong>"
    news = read(docx(body), "a.docx")
    assert isinstance(next(news), About)
    page = next(news)
    assert isinstance(page, Page)
    assert page.text == "here"
    with pytest.raises(Damaged):
        next(news)


# What wants to do harm


def test_what_is_packed_too_tightly_is_left_alone() -> None:
    with pytest.raises(Unsupported):
        list(read(docx(words("A" * 40_000_000)), "a.docx"))


@pytest.mark.parametrize(
    "entity", ['"' + "ha" * 1_000 + '"', f'SYSTEM "{(SAMPLES / "LICENSE").as_uri()}"']
)
def test_entities_unfold_nothing_and_fetch_nothing(entity: str) -> None:
    text = words("before &c; after").replace("<w:p>", "<w:p xmlns:w='urn:w'>")
    declared = f'<!DOCTYPE l [<!ENTITY c {entity}>]><l xmlns:w="urn:w"><w:body>{text}</w:body></l>'
    data = packed({"word/document.xml": declared})
    assert not any("ha" in page.text or "Apache" in page.text for page in pages(data, "a.docx"))


def test_books_name_nothing_outside_themselves() -> None:
    data = epub({"../../../../../../../../etc/hosts": "inside"})
    assert "localhost" not in "".join(page.text for page in pages(data, "a.epub"))


def test_styles_that_are_based_on_themselves_do_no_harm() -> None:
    styles = '<w:style w:styleId="A"><w:basedOn w:val="A"/></w:style>'
    body = words("x", '<w:pStyle w:val="A"/>')
    assert blocks(docx(body, {"styles": styles}), "a.docx") == [(TEXT, "x")]


def test_rtf_may_say_what_makes_no_sense() -> None:
    data = b"{\\rtf1\\ansicpg99999\\u99999999?\\u-5?\\uc-9\\bin-9\\'zz\\f\\s x}}}}}y"
    assert [kind for kind, _ in blocks(data, "a.rtf")] == [TEXT]

"""Makes documents as no honest program would write them: broken, locked, bombs and traps."""

import io
import os
import random
import struct
import sys
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from library.made_documents import (
    OPEN,
    SLIDE,
    WORD,
    docx,
    epub,
    line,
    opendocument,
    packed,
    pptx,
    related,
    shape,
    words,
    xlsx,
)

SAMPLES = Path(__file__).parent / "data" / "documents"
COUNT = 300

_LAUGHS = (
    '<!DOCTYPE l [<!ENTITY a "' + "ha" * 5_000 + '"><!ENTITY b "' + "&a;" * 1_000 + '">'
    '<!ENTITY c "' + "&b;" * 1_000 + '">]>'
)
_FETCHED = '<!DOCTYPE l [<!ENTITY c SYSTEM "file:///etc/passwd">]>'


def write(folder: Path) -> None:
    """Fill a folder with them; the same each time. It takes some memory."""
    made = [*_traps(), *_bombs(), *_contradictions(), *_pdfs()]
    dice = random.Random(7)
    good = _good()
    for number in range(COUNT - len(made)):
        name, data = good[number % len(good)]
        made.append((name, _fuzzed(data, dice)))
    for number, (name, data) in enumerate(made):
        (folder / f"{number:03}{name}").write_bytes(data)
    _write_odd_names(folder)
    _write_what_is_no_file(folder)


def written(folder: Path) -> list[Path]:
    """What write() put there, and names under which there is nothing."""
    nothing = [folder / "nowhere.pdf", folder / f"{'a' * 300}.txt", Path(f"{folder}/a\0b.txt")]
    return sorted(folder.iterdir()) + nothing


def _good() -> list[tuple[str, bytes]]:
    """Documents that are as they should be."""
    table = "<w:tbl><w:tr><w:tc><w:p/></w:tc><w:tc><w:p/></w:tc></w:tr></w:tbl>"
    text = "".join(words(f"Paragraph {number} of a letter.") for number in range(40))
    mail = (
        b"From: a@example.com\nSubject: =?utf-8?q?Caf=C3=A9?=\nMIME-Version: 1.0\n"
        b'Content-Type: multipart/mixed; boundary="x"\n\n--x\nContent-Type: text/html\n\n'
        b"<p>Hello<table><tr><td>1<td>2</table>\n--x\nContent-Transfer-Encoding: base64\n"
        b"Content-Type: application/pdf\nContent-Disposition: attachment; filename=a.pdf\n\n"
        b"JVBERi0xLjcK\n--x--\n"
    )
    return [
        (".docx", docx(text + table, {"styles": '<w:style w:styleId="A"/>'}, "Letter")),
        (".xlsx", xlsx({"A": "".join(line(n, "x", n, 0.5) for n in range(1, 60))})),
        (".pptx", pptx(*[shape("title", "One") + shape("body", "a", "b")] * 5)),
        (".odt", opendocument("text", "<text:h>One</text:h><text:p>two</text:p>" * 30)),
        (".ods", opendocument("spreadsheet", '<table:table table:name="A"/>')),
        (".epub", epub({"a.xhtml": "<h1>One</h1><p>two</p>" * 20, "b.xhtml": "<p>c"})),
        (".rtf", b"{\\rtf1\\ansi{\\fonttbl{\\f0 A;}}\\pard One\\par " + b"two\\par " * 50 + b"}"),
        (".html", b"<html><head><title>a</title><body>" + b"<p>b<ul><li>c</ul>" * 40),
        (".eml", mail),
        (".msg", (SAMPLES / "message.msg").read_bytes()),
        (".doc", (SAMPLES / "old.doc").read_bytes()),
        (".xls", (SAMPLES / "locked.xlsx").read_bytes()),
        (".pdf", _page(b"BT /F 12 Tf 20 100 Td (Hello world, this is a page.) Tj ET")),
        (".png", _png(60, 40)),
        (".csv", b"a;b;c\n" + b'1;"two\nlines";3\n' * 60),
        (".md", b"# One\n\ntwo\n\n- three\n\n```\nfour\n```\n" * 20),
        (".txt", "Grüße aus Köln, \U0001f600.\n".encode() * 60),
    ]


def _fuzzed(data: bytes, dice: random.Random) -> bytes:
    """The same with some bytes lost, changed, doubled or put in front."""
    size = len(data)
    place = dice.randrange(size)
    match dice.randrange(6):
        case 0:
            return data[: dice.randrange(1, size)]
        case 1:
            return data[:place] + bytes(min(3_000, size - place)) + data[place + 3_000 :]
        case 2:
            return data[:place] + data[place // 2 :]
        case 3:
            return dice.randbytes(dice.randrange(1, 900)) + data
        case _:
            changed = bytearray(data)
            for _ in range(max(4, size // dice.choice((50, 500, 5_000)))):
                changed[dice.randrange(size)] = dice.choice((0, 0xFF, dice.randrange(256)))
            return bytes(changed)


# Files that want to be more than they are


def _bombs() -> Iterator[tuple[str, bytes]]:
    yield "-bomb.docx", _docx_of([b"<w:p><w:r><w:t>", *[b"A" * 10**7] * 60, b"</w:t></w:r></w:p>"])
    yield "-paragraphs.docx", _docx_of([b"<w:p/>" * 10**6] * 20)
    yield "-deep.docx", docx("<w:p>" * 200_000 + "</w:p>" * 200_000)
    yield "-tables.docx", docx("<w:tbl><w:tr><w:tc>" * 80 + "</w:tc></w:tr></w:tbl>" * 80)
    yield "-many-parts.docx", packed({f"word/{number}": "" for number in range(120_000)})
    yield "-bomb.epub", epub({"a.xhtml": "<p>" + "A" * 10**8})
    yield "-spine.epub", epub({f"{number}": "" for number in range(30_000)})
    yield "-bomb.odt", opendocument("text", "<text:p>" + "A" * 10**8 + "</text:p>")
    yield "-spaces.odt", opendocument("text", '<text:p><text:s text:c="99999999999"/></text:p>')
    yield "-deep.odt", opendocument("text", "<text:list><text:list-item>" * 100_000)
    yield "-rows.ods", _repeated_rows()
    yield (
        "-corner.xlsx",
        xlsx({"A": '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>' + line(1, 1)}),
    )
    yield "-wide.xlsx", xlsx({"A": "".join(line(n, n) for n in range(1, 300_000))})
    yield "-slides.pptx", pptx(*[""] * 25_000)
    yield "-deep.html", b"<div>" * 200_000
    yield "-inline.html", b"<b>" * 500_000 + b"x"
    yield "-line.html", b"x" * 30_000_000
    yield "-cells.html", b"<table>" + b"<tr><td>1<td>2" * 300_000
    yield "-attributes.html", b"<p " + b"".join(b"a%d=1 " % n for n in range(200_000)) + b">x"
    yield "-line.txt", b"x" * 70_000_000
    yield "-quotes.csv", b'"' + b"a,b\n" * 5_000_000
    yield "-columns.csv", b"," * 20_000_000
    yield "-braces.rtf", b"{\\rtf1" + b"{" * 2_000_000
    yield "-words.rtf", b"{\\rtf1" + b"\\b " * 3_000_000
    yield "-picture.rtf", b"{\\rtf1{\\pict " + b"0123456789abcdef" * 2_000_000 + b"}end}"
    yield "-fences.md", b"```\n" * 1_000_000
    yield "-quotes.md", b"> " * 5_000_000
    yield "-stars.org", b"*" * 5_000_000
    yield "-messages.mbox", b"From a Thu Jan  1 00:00:00 2026\nSubject: b\n\n" * 100_000
    yield "-header.eml", b"Subject: " + b"=?utf-8?q?a?= " * 500_000 + b"\n\nx"
    yield "-attached.eml", _many_attached()
    yield "-nested.eml", _nested_message()
    yield "-parts.eml", _nested_parts()
    yield "-large.png", _png(60_000, 60_000)
    yield "-huge.png", _png(2**31 - 1, 2**31 - 1)


def _docx_of(pieces: list[bytes]) -> bytes:
    file = io.BytesIO()
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("word/document.xml", "w", force_zip64=True) as part,
    ):
        part.write(f"<w:document {WORD}><w:body>".encode())
        for piece in pieces:
            part.write(piece)
        part.write(b"</w:body></w:document>")
    return file.getvalue()


def _repeated_rows() -> bytes:
    cell = (
        '<table:table-cell table:number-columns-repeated="16384" office:value-type="string">'
        "<text:p>x</text:p></table:table-cell>"
    )
    lines = f'<table:table-row table:number-rows-repeated="1048576">{cell}</table:table-row>'
    return opendocument("spreadsheet", f'<table:table table:name="A">{lines}</table:table>')


def _many_attached() -> bytes:
    part = b"--x\nContent-Disposition: attachment; filename=a.txt\n\nhi\n"
    return b'Subject: a\nContent-Type: multipart/mixed; boundary="x"\n\n' + part * 20_000 + b"--x--"


def _nested_message() -> bytes:
    return b"Content-Type: message/rfc822\n\n" * 3_000 + b"Subject: x\n\nhi"


def _nested_parts() -> bytes:
    borders = range(2_000)
    opened = (b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in borders)
    return b"".join(opened) + b"\nhi"


def _png(width: int, height: int) -> bytes:
    """A picture that is nothing, or claims to be larger than it is."""
    rows = zlib.compress(b"\0" * min(10**7, (width // 8 + 1) * height))

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


# Files that want something else than to be read


def _traps() -> Iterator[tuple[str, bytes]]:
    for name, declared in (("laughs", _LAUGHS), ("fetched", _FETCHED)):
        word = f"{declared}<w:document {WORD}><w:body>{words('&c;')}</w:body></w:document>"
        yield f"-{name}.docx", packed({"word/document.xml": word})
        slide = f"{declared}<p:sld {SLIDE}>{shape('', '&c;')}</p:sld>"
        yield f"-{name}.pptx", _with_slide(slide)
        text = (
            f"{declared}<office:document-content {OPEN}><office:body><office:text>"
            "<text:p>&c;</text:p></office:text></office:body></office:document-content>"
        )
        yield (
            f"-{name}.odt",
            packed({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": text}),
        )
        yield f"-{name}.epub", epub({"a.xhtml": f"{declared}<p>&c;"})
        yield f"-{name}.html", f"{declared}<html><p>&c;".encode()
        yield f"-{name}.xml", f"{declared}<l>&c;</l>".encode()
    yield "-climb.epub", epub({"../../../../etc/passwd": "x", "/etc/shadow": "y"})
    yield (
        "-outside.docx",
        packed(
            {
                "_rels/.rels": related(("officeDocument", "../../../../etc/passwd")),
                "word/document.xml": f"<w:document {WORD}>{words('x')}</w:document>",
            }
        ),
    )
    yield (
        "-loads.html",
        (
            b'<meta http-equiv=refresh content="0; url=http://example.com"><iframe src=file:///etc/>'
            b"</iframe><link rel=stylesheet href=//example.com/a.css><p>x<img src=http://example.com>"
        ),
    )
    yield "-zip.zip", packed({"a.zip": packed({"b.zip": packed({"c.docx": b"x"})})})
    yield "-program.pdf", b"MZ" + bytes(3_000)
    yield "-script.docx", b"#!/bin/sh\nrm -rf /\n"


def _with_slide(slide: str) -> bytes:
    return packed(
        {
            "ppt/presentation.xml": f'<p:presentation {SLIDE}><p:sldIdLst><p:sldId id="1" '
            'r:id="r1"/></p:sldIdLst></p:presentation>',
            "ppt/_rels/presentation.xml.rels": related(("slide", "slides/slide1.xml")),
            "ppt/slides/slide1.xml": slide,
        }
    )


# Files that contradict themselves


def _contradictions() -> Iterator[tuple[str, bytes]]:
    styles = '<w:style w:styleId="A"><w:basedOn w:val="A"/></w:style>'
    yield "-based-on-itself.docx", docx(words("x", '<w:pStyle w:val="A"/>'), {"styles": styles})
    lists = (
        '<w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:start w:val="99999999999"/>'
        '<w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%9%1"/></w:lvl></w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
    )
    yield (
        "-numbers.docx",
        docx(words("x", '<w:numPr><w:numId w:val="1"/></w:numPr>'), {"numbering": lists}),
    )
    yield "-without-text.docx", packed({"word/styles.xml": ""})
    yield "-no-xml.docx", packed({"word/document.xml": b"\xff\xfe\0\0" * 99})
    yield "-locked.docx", _marked_as_locked(docx(words("x")))
    yield "-checksum.docx", _with_wrong_checksums(docx(words("x" * 999)))
    yield "-twice.docx", _with_a_part_twice()
    yield "-no-slides.pptx", pptx()
    yield "-no-sheets.xlsx", xlsx({})
    yield "-text.xlsx", xlsx({"A": '<row r="1"><c r="A1" t="s"><v>99999999</v></c></row>'})
    yield "-place.xlsx", xlsx({"A": '<row r="0"><c r="ZZZZZZZZ0"><v>1</v></c></row>'})
    yield "-no-package.epub", packed({"mimetype": "application/epub+zip"})
    yield "-code.rtf", b"{\\rtf1\\ansicpg99999\\u99999999999?\\u-5?\\uc-9\\bin-9\\'zz\\f\\s x}"
    yield "-closed.rtf", b"{\\rtf1 a}}}}}}}b"
    yield "-bin.rtf", b"{\\rtf1 a\\bin2147483647 x}"
    yield "-charset.eml", b"Content-Type: text/plain; charset=rot13\nSubject: =?nope?q?a?=\n\nx"
    yield "-base64.eml", b"Content-Transfer-Encoding: base64\nSubject: a\n\n====A"
    yield (
        "-halves.html",
        b'<meta charset="utf-16">' + "\ud800x\udfff".encode("utf-8", "surrogatepass"),
    )
    yield "-nothing.docx", b""
    yield "-nothing.pdf", b""
    yield "-mixed.txt", b"\xff\xfea\0\0\0\xd8\0\xd8b" + bytes(range(256))


def _marked_as_locked(data: bytes) -> bytes:
    changed = bytearray(data)
    for sign, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = -1
        while (at := data.find(sign, at + 1)) >= 0:
            changed[at + place] |= 1
    return bytes(changed)


def _with_wrong_checksums(data: bytes) -> bytes:
    changed = bytearray(data)
    at = -1
    while (at := data.find(b"PK\1\2", at + 1)) >= 0:
        changed[at + 16 : at + 20] = b"\1\2\3\4"
    return bytes(changed)


def _with_a_part_twice() -> bytes:
    first = docx(words("one"))
    return first.replace(b"word/styles.xml", b"word/document.x") + docx(words("two"))


# PDF


def _pdf(objects: list[bytes]) -> bytes:
    data = bytearray(b"%PDF-1.7\n")
    places = []
    for number, content in enumerate(objects, start=1):
        places.append(len(data))
        data += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    table = len(data)
    data += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    data += b"".join(b"%010d 00000 n \n" % place for place in places)
    data += b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, table)
    return bytes(data)


def _page(
    stream: bytes, filters: bytes = b"", box: bytes = b"0 0 200 200", more: bytes = b""
) -> bytes:
    named = b"/Filter%b" % filters if filters else b""
    return _pdf(
        [
            b"<</Type/Catalog/Pages 2 0 R%b>>" % more,
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[%b]/Resources<</Font<</F 5 0 R>>>>"
            b"/Contents 4 0 R>>" % box,
            b"<</Length %d%b>>stream\n%b\nendstream" % (len(stream), named, stream),
            b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        ]
    )


def _pdfs() -> Iterator[tuple[str, bytes]]:
    text = b"BT /F 12 Tf 20 100 Td (Hello) Tj ET "
    tree = b"<</Type/Catalog/Pages 2 0 R>>"
    yield "-bomb.pdf", _page(zlib.compress(text * 10**7), b"/FlateDecode")
    yield (
        "-twice.pdf",
        _page(zlib.compress(zlib.compress(text * 10**7)), b"[/FlateDecode/FlateDecode]"),
    )
    yield "-cycle.pdf", _pdf([tree, b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 2>>"])
    yield "-pages.pdf", _pdf(
        [tree, b"<</Type/Pages/Kids[%b]/Count 300000>>" % (b"3 0 R " * 300_000),
         b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"]
    )  # fmt: skip
    yield "-claims.pdf", _pdf([tree, b"<</Type/Pages/Kids[]/Count 2147483647>>"])
    yield (
        "-arrays.pdf",
        _pdf([b"<</Type/Catalog/Pages 2 0 R/X " + b"[" * 100_000 + b"]" * 100_000 + b">>"]),
    )
    yield "-objects.pdf", _pdf([tree, b"<</Type/Pages/Kids[]/Count 0>>", *[b"null"] * 10**6])
    yield "-large.pdf", _page(text, box=b"0 0 9e9 9e9")
    yield "-none.pdf", _page(text, box=b"0 0 0 0")
    yield "-opens.pdf", _page(text, more=b"/OpenAction<</S/Launch/F(/bin/sh)>>")
    yield "-script.pdf", _page(text, more=b"/OpenAction<</S/JavaScript/JS(while(1);)>>")
    yield (
        "-locked.pdf",
        _page(text).replace(
            b"trailer<<",
            b"trailer<</ID[<00><00>]/Encrypt<</Filter/Standard/V 2/R 3/Length 128/P -4"
            b"/O<%b>/U<%b>>>" % (b"00" * 32, b"11" * 32),
        ),
    )
    yield "-own-lock.pdf", _page(text).replace(b"trailer<<", b"trailer<</Encrypt<</Filter/Mine>>")
    yield "-random.pdf", b"%PDF-1.7\n" + random.Random(5).randbytes(100_000)
    yield "-head.pdf", b"%PDF-1.7"
    yield (
        "-table.pdf",
        _page(text).replace(b"startxref", b"startxxxx").replace(b"xref\n0", b"xrex\n0"),
    )


# Names that look like something else, and what is no file


def _write_odd_names(folder: Path) -> None:
    for name in ("new\nline.txt", "report\u202efdp.txt", "%2e%2e%2fx.txt", "-rf .txt", "~.txt"):
        (folder / name).write_text("x")
    if sys.platform == "linux":
        Path(os.fsdecode(os.fsencode(folder) + b"/\xff\xfe.txt")).write_text("x")


def _write_what_is_no_file(folder: Path) -> None:
    (folder / "folder.docx").mkdir()
    circle = folder / "circle.txt"
    circle.symlink_to(circle)
    (folder / "zeros.txt").symlink_to("/dev/zero")
    if sys.platform != "win32":
        os.mkfifo(folder / "pipe.txt")
    with (folder / "vast.txt").open("wb") as file:
        file.truncate(100 * 2**30)

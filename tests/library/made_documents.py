"""Small documents of each kind, made by hand as the programs of offices make them."""

import io
import zipfile
from collections.abc import Mapping

WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
SLIDE = (
    'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
    ' xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
    ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)
SHEET = (
    'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)
OPEN = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in ("office", "text", "table", "style")
) + (
    ' xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"'
    ' xmlns:presentation="urn:oasis:names:tc:opendocument:xmlns:presentation:1.0"'
)
_RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"


def packed(parts: Mapping[str, str | bytes]) -> bytes:
    """A zip file of these parts."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def related(*relations: tuple[str, str]) -> str:
    """The list of parts that a part refers to, by kind and place: r1, r2 and so on."""
    entries = "".join(
        f'<Relationship Id="r{number}" Type="{_RELATED}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(relations, start=1)
    )
    return f'<Relationships xmlns="{_RELATIONS}">{entries}</Relationships>'


def docx(body: str, parts: Mapping[str, str] | None = None, title: str = "") -> bytes:
    """A text of Word with this body. `parts` are those beside it: styles, numbering, footnotes."""
    others = parts or {}
    return packed(
        {
            "[Content_Types].xml": "<Types/>",
            "_rels/.rels": related(("officeDocument", "word/document.xml")),
            "docProps/core.xml": f"<core><title>{title}</title></core>",
            "word/document.xml": f"<w:document {WORD}><w:body>{body}</w:body></w:document>",
            "word/_rels/document.xml.rels": related(*((kind, f"{kind}.xml") for kind in others)),
            **{
                f"word/{kind}.xml": f"<w:{kind} {WORD}>{xml}</w:{kind}>"
                for kind, xml in others.items()
            },
        }
    )


def words(text: str, settings: str = "") -> str:
    """A paragraph of Word."""
    return f"<w:p><w:pPr>{settings}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


def pptx(*slides: str, notes: str = "") -> bytes:
    """A presentation with these shapes on its slides; the notes belong to the first."""
    numbers = range(1, len(slides) + 1)
    ids = "".join(f'<p:sldId id="{255 + number}" r:id="r{number}"/>' for number in numbers)
    parts = {
        "_rels/.rels": related(("officeDocument", "ppt/presentation.xml")),
        "ppt/presentation.xml": f"<p:presentation {SLIDE}><p:sldIdLst>{ids}</p:sldIdLst>"
        "</p:presentation>",
        "ppt/_rels/presentation.xml.rels": related(
            *(("slide", f"slides/slide{number}.xml") for number in numbers)
        ),
    }
    for number, shapes in zip(numbers, slides, strict=True):
        parts[f"ppt/slides/slide{number}.xml"] = f"<p:sld {SLIDE}>{shapes}</p:sld>"
    if notes:
        parts["ppt/slides/_rels/slide1.xml.rels"] = related(("notesSlide", "../notes/notes1.xml"))
        parts["ppt/notes/notes1.xml"] = f"<p:notes {SLIDE}>{notes}</p:notes>"
    return packed(parts)


def shape(place: str, *lines: str) -> str:
    """A shape of a slide in that place of its layout; none if `place` is empty."""
    placed = f'<p:ph type="{place}"/>' if place else ""
    texts = "".join(f"<a:p><a:r><a:t>{line}</a:t></a:r></a:p>" for line in lines)
    return (
        f"<p:sp><p:nvSpPr><p:nvPr>{placed}</p:nvPr></p:nvSpPr><p:txBody>{texts}</p:txBody></p:sp>"
    )


def xlsx(sheets: Mapping[str, str]) -> bytes:
    """A workbook of sheets, each given as its rows."""
    named = enumerate(sheets, start=1)
    listed = "".join(f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"/>' for n, name in named)
    return packed(
        {
            "[Content_Types].xml": "<Types/>",
            "_rels/.rels": related(("officeDocument", "xl/workbook.xml")),
            "xl/workbook.xml": f"<workbook {SHEET}><sheets>{listed}</sheets></workbook>",
            "xl/_rels/workbook.xml.rels": related(
                *(("worksheet", f"worksheets/sheet{n}.xml") for n in range(1, len(sheets) + 1))
            ),
            **{
                f"xl/worksheets/sheet{n}.xml": f"<worksheet {SHEET}><sheetData>{rows}</sheetData>"
                "</worksheet>"
                for n, rows in enumerate(sheets.values(), start=1)
            },
        }
    )


def line(number: int, *cells: str | float) -> str:
    """A row of a sheet."""
    written = "".join(
        f'<c r="{chr(65 + column)}{number}"><v>{cell}</v></c>'
        if isinstance(cell, (int, float))
        else f'<c r="{chr(65 + column)}{number}" t="inlineStr"><is><t>{cell}</t></is></c>'
        for column, cell in enumerate(cells)
        if cell != ""
    )
    return f'<row r="{number}">{written}</row>'


def opendocument(kind: str, body: str, styles: str = "", title: str = "") -> bytes:
    """A file of LibreOffice; `kind` is text, presentation or spreadsheet."""
    return packed(
        {
            "mimetype": f"application/vnd.oasis.opendocument.{kind}",
            "META-INF/manifest.xml": "<manifest/>",
            "meta.xml": f"<meta><title>{title}</title></meta>",
            "content.xml": f"<office:document-content {OPEN}>"
            f"<office:automatic-styles>{styles}</office:automatic-styles>"
            f"<office:body><office:{kind}>{body}</office:{kind}></office:body>"
            "</office:document-content>",
        }
    )


def epub(chapters: Mapping[str, str], title: str = "") -> bytes:
    """A book of these chapters."""
    items = "".join(
        f'<item id="{number}" href="{name}" media-type="application/xhtml+xml"/>'
        for number, name in enumerate(chapters)
    )
    order = "".join(f'<itemref idref="{number}"/>' for number in range(len(chapters)))
    return packed(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": "<container><rootfiles>"
            '<rootfile full-path="book/content.opf"/></rootfiles></container>',
            "book/content.opf": f"<package><metadata><title>{title}</title></metadata>"
            f"<manifest>{items}</manifest><spine>{order}</spine></package>",
            **{
                f"book/{name.replace('%20', ' ')}": f"<html><body>{html}</body></html>"
                for name, html in chapters.items()
            },
        }
    )

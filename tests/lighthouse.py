"""A PDF file of two pages, small enough to be read here."""

_PAGES = (
    ("The lighthouse at Skerryvore was finished in 1844.", "Its tower is 48 metres high."),
    ("In the harbour, bread is baked at four in the morning.",),
)


def _made() -> bytes:
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"", _font()]
    pages = []
    for lines in _PAGES:
        words = " T* ".join(f"({line}) Tj" for line in lines)
        drawn = f"BT /F 12 Tf 16 TL 72 700 Td {words} ET".encode()
        objects.append(b"<< /Length %d >> stream\n%s\nendstream" % (len(drawn), drawn))
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R "
            b"/Resources << /Font << /F 3 0 R >> >> >>" % len(objects)
        )
        pages.append(b"%d 0 R" % len(objects))
    objects[1] = b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(pages), b" ".join(pages))
    data, places = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    end = b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    return data + head + table + end % (len(objects) + 1, len(data))


def _font() -> bytes:
    return b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"


LIGHTHOUSE = _made()

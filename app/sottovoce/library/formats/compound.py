"""Tells apart the files of older Office programs, which are all packed in the same way."""

import olefile

from sottovoce.domain.problems import Damaged, Refused, Unsupported
from sottovoce.library.formats.source import Source, opened
from sottovoce.library.formats.troubles import DAMAGED, LOCKED, UNKNOWN

MAGIC = olefile.MAGIC

_OLD_WORD = "This is a file of an old Word. Open it there or in LibreOffice, and save it as .docx."
_OLD_SLIDES = (
    "This is a file of an old PowerPoint. Open it there or in LibreOffice, and save it as .pptx."
)


def is_message(source: Source) -> bool:
    """Whether it is a message of Outlook; otherwise it is a sheet of an old Excel.

    Raises Unsupported or Refused if it is neither, and Damaged.
    """
    try:
        with opened(source) as bytes_, olefile.OleFileIO(bytes_) as file:
            names = {path[0].lower() for path in file.listdir(streams=True, storages=True)}
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise Damaged(DAMAGED) from error
    if "encryptedpackage" in names:
        raise Refused(LOCKED)
    if "worddocument" in names:
        raise Unsupported(_OLD_WORD)
    if "powerpoint document" in names:
        raise Unsupported(_OLD_SLIDES)
    if names & {"workbook", "book"}:
        return False
    if any(name.startswith(("__properties", "__substg")) for name in names):
        return True
    raise Unsupported(UNKNOWN)

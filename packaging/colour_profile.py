"""Take Ghostscript's colour profile out of a build.

pdf_oxide holds the sRGB profile of Ghostscript, for PDF/A files that it writes. Ghostscript is
under the AGPL, and so are its profiles. We write no PDF: where it was, there are zeros.
"""

import subprocess
import sys
from pathlib import Path

MARK = b"Copyright Artifex Software"
"""What stands in it, and in Ghostscript's other profiles."""
_SIGNATURE = b"acsp"
_BEFORE_SIGNATURE = 36
"""Bytes of a profile's header before its signature; the first four are its size."""


def remove_profiles(folder: Path) -> None:
    """Overwrite each such profile in the libraries of pdf_oxide. Raises ValueError if it cannot."""
    for library in sorted(folder.rglob("pdf_oxide/*")):
        if not library.is_file() or library.is_symlink():
            continue
        content = bytearray(library.read_bytes())
        if MARK not in content:
            continue
        while (mark := content.find(MARK)) >= 0:
            begin = content.rfind(_SIGNATURE, 0, mark) - _BEFORE_SIGNATURE
            size = int.from_bytes(content[begin : begin + 4], "big")
            if begin < 0 or not begin < mark < begin + size <= len(content):
                raise ValueError(f"{library}: no colour profile is around its copyright.")
            content[begin : begin + size] = bytes(size)
        library.write_bytes(content)
        if sys.platform == "darwin":  # What is signed, if by nobody, runs only as it was signed.
            subprocess.run(["codesign", "--force", "--sign", "-", library], check=True)

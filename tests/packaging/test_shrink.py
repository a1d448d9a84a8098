import ctypes
import json
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

PACKAGING = Path(__file__).parents[2] / "packaging"
SOURCE = """
#include <string.h>
static char room[100000];
static __thread int own = 7;
const char *told = "all is well";
int counted(void) { memset(room, own, sizeof room); return room[99999]; }
"""
ORDERS = """
import json, sys
from PySide6.QtCore import QCollator, QLocale
words = sys.argv[1].split()
def ordered(language):
    collator = QCollator(QLocale(language))
    return sorted(words, key=collator.sortKey)
print(json.dumps([ordered(language) for language in ("de", "es", "ja", "sv", "zh")]))
"""
WORDS = "zebra Äpfel apfel ñandú nube öl ort å 日本 中国 あ ア Zürich"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it is done to files of Linux")


@pytest.fixture
def shrink(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(PACKAGING))
    return import_module("shrink")


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """One with names for debuggers, and with room between its parts."""
    made = tmp_path / "libtold.so"
    options = ["-shared", "-fPIC", "-g", "-Wl,-z,max-page-size=0x200000", "-x", "c", "-", "-o"]
    subprocess.run(["cc", *options, made], input=SOURCE.encode(), check=True)
    return made


def test_a_library_does_the_same_with_a_fraction_of_its_size(
    shrink: ModuleType, library: Path
) -> None:
    before = library.stat().st_size
    shrink.shrink(library.parent)
    assert library.stat().st_size < before / 4
    loaded = ctypes.CDLL(str(library))
    assert loaded.counted() == 7
    assert ctypes.c_char_p.in_dll(loaded, "told").value == b"all is well"


def test_those_who_examine_it_still_understand_it(shrink: ModuleType, library: Path) -> None:
    shrink.shrink(library.parent)
    command = ["readelf", "--wide", "--all", str(library)]
    told = subprocess.run(command, capture_output=True, encoding="utf-8", check=True)
    assert told.stderr == ""
    assert "counted" in told.stdout
    assert ".debug_info" not in told.stdout


def test_what_was_shrunk_stays_as_it_is(shrink: ModuleType, library: Path) -> None:
    shrink.shrink(library.parent)
    once = library.read_bytes()
    shrink.shrink(library.parent)
    assert library.read_bytes() == once


def test_letters_are_ordered_as_before(shrink: ModuleType, tmp_path: Path) -> None:
    pyside = Path(import_module("PySide6").__file__ or "").parent
    for name in ("libicudata.so.73", "libicuuc.so.73", "libicui18n.so.73"):
        shutil.copy(pyside / "Qt" / "lib" / name, tmp_path)
    shrink.shrink(tmp_path)
    assert (tmp_path / "libicudata.so.73").stat().st_size < 5_000_000

    def ordered(**variables: str) -> list[list[str]]:
        command = [sys.executable, "-c", ORDERS, WORDS]
        done = subprocess.run(command, env=variables, stdout=subprocess.PIPE, check=True)
        orders: list[list[str]] = json.loads(done.stdout)
        return orders

    libraries = sorted(str(each) for each in tmp_path.glob("libicu*"))
    shrunk = ordered(LD_PRELOAD=":".join(libraries))
    assert shrunk == ordered()
    assert shrunk[0] != shrunk[3], "languages do not differ: there was nothing to look them up in"

import logging
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sottovoce.system.logs import describe, start_logging

WORDS = "a very private sentence"
log = logging.getLogger("sottovoce.tests")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "logs"
    handler = start_logging(folder, "DEBUG")
    yield folder
    handler.close()


def fail() -> None:
    try:
        raise KeyError(WORDS)
    except KeyError as error:
        raise ValueError(WORDS) from error


def written(folder: Path) -> str:
    return "".join(file.read_text("utf-8") for file in folder.iterdir())


def test_an_error_is_logged_without_its_message(folder: Path) -> None:
    try:
        fail()
    except ValueError:
        log.exception("The reply could not be kept.")
    text = written(folder)
    assert "The reply could not be kept." in text
    assert "builtins.ValueError" in text
    assert "builtins.KeyError" in text
    assert "system/test_logs.py:" in text
    assert WORDS not in text


def test_only_numbers_of_a_message_are_written(folder: Path) -> None:
    log.info("%s took %.1f s and %d tokens", WORDS, 1.26, 7)
    log.error(ValueError(WORDS))
    text = written(folder)
    assert "str took 1.3 s and 7 tokens" in text
    assert WORDS not in text


def test_a_child_prints_neither_words_nor_what_libraries_log() -> None:
    code = f"""
import logging, threading
from sottovoce.system.logs import print_log

def fail():
    raise ValueError({WORDS!r})

print_log()
logging.getLogger("some.library").error({WORDS!r})
logging.getLogger("sottovoce.child").info("%s in %d s", {WORDS!r}, 7)
thread = threading.Thread(target=fail)
thread.start()
thread.join()
fail()
"""
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stderr
    assert "str in 7 s" in printed
    assert printed.count("builtins.ValueError") == 2
    assert WORDS not in printed


def test_libraries_are_not_listened_to(folder: Path) -> None:
    logging.getLogger("some.library").warning(WORDS)
    assert written(folder) == ""


@pytest.mark.skipif(os.name != "posix", reason="Windows has other rights")
def test_the_log_is_private_and_never_grows_beyond_three_files(folder: Path) -> None:
    for _ in range(5):
        log.info("x" * 900_000)
    files = sorted(folder.iterdir())
    assert [file.name for file in files] == [
        "sottovoce.log",
        "sottovoce.log.1",
        "sottovoce.log.2",
    ]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_where_nothing_can_be_written_nothing_is_logged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "logs").write_text("a file")
    with closing(start_logging(tmp_path / "logs")):
        log.error("The reply could not be kept.")
    assert capsys.readouterr() == ("", "")


def test_what_cannot_be_logged_is_not_printed_instead(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(start_logging(tmp_path)) as handler:
        handler.handle(logging.makeLogRecord({"msg": "%d", "args": (WORDS,)}))
    assert capsys.readouterr().err == ""
    assert written(tmp_path) == ""


def test_an_error_without_a_trace_is_described_too() -> None:
    assert describe(ValueError(WORDS)) == "builtins.ValueError"


HARDENED = """
import resource
from pathlib import Path
import psutil
from sottovoce.system.logs import harden
from sottovoce.system.memory import resident
from sottovoce.system.processes import is_running, own_identity
before = own_identity()
harden()
print(resource.getrlimit(resource.RLIMIT_CORE), is_running(before), is_running(own_identity()))
print(resident(psutil.Process().pid) > 1_000_000, Path("/proc/self/mem").owner())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="as Linux tells it")
def test_a_hardened_process_leaves_no_core_and_still_knows_itself() -> None:
    asked = subprocess.run([sys.executable, "-c", HARDENED], capture_output=True, text=True)
    assert asked.stdout == "(0, 0) True True\nTrue root\n", asked.stderr

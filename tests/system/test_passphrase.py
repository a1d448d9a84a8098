from pathlib import Path

import pytest

from sottovoce.domain.problems import Missing, Refused
from sottovoce.system.passphrase import given_passphrase


def test_the_first_line_of_the_file_is_the_passphrase(tmp_path: Path) -> None:
    file = tmp_path / "passphrase"
    file.write_bytes("drei leise Wörter\r\nand a note\r\n".encode())

    assert given_passphrase("another", file) == "drei leise Wörter"


def test_without_a_file_the_environment_gives_it() -> None:
    assert given_passphrase("spoken", None) == "spoken"
    assert given_passphrase("", None) is None


def test_a_file_that_gives_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")

    with pytest.raises(Missing):
        given_passphrase(None, tmp_path / "missing")
    with pytest.raises(Missing):
        given_passphrase(None, tmp_path / "empty")
    with pytest.raises(Refused):
        given_passphrase(None, tmp_path / "bytes")
    with pytest.raises(Refused):
        given_passphrase(None, tmp_path)

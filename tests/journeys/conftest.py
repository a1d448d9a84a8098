from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from program import Program


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path / "profile")


@pytest.fixture
def files_holding() -> Callable[[Path, Sequence[str]], list[str]]:
    """Which of some texts stand in any file below a folder, in UTF-8 or UTF-16."""

    def search(folder: Path, texts: Sequence[str]) -> list[str]:
        found = []
        for file in folder.rglob("*"):
            if not file.is_file():
                continue
            data = file.read_bytes()
            for text in texts:
                if any(text.encode(code) in data for code in ("utf-8", "utf-16-le", "utf-16-be")):
                    found.append(f"{text} in {file.name}")
        return found

    return search

from collections.abc import Iterator
from pathlib import Path

import pytest

from sottovoce.store.store import Store, open_store

KEY = bytes(range(48))


@pytest.fixture
def key() -> bytes:
    return KEY


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sottovoce.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with open_store(path, KEY) as opened:
        yield opened

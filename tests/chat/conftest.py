from collections.abc import Iterator
from contextlib import closing

import pytest

from library import ingesting
from sottovoce.library.local import LocalLibrary
from sottovoce.store.store import Store, open_store


@pytest.fixture
def store() -> Iterator[Store]:
    with open_store(None, b"") as store:
        yield store


@pytest.fixture
def library() -> Iterator[LocalLibrary]:
    with closing(ingesting.library()) as library:
        yield library

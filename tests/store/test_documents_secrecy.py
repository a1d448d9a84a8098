import secrets
from pathlib import Path

import pytest

from sottovoce.domain.document import Format, Page, Span
from sottovoce.store import migrations
from sottovoce.store.contents import Content, Outcome
from sottovoce.store.database import open_database
from sottovoce.store.document_store import DocumentStore, documents_key, open_documents
from sottovoce.store.documents import File
from sottovoce.store.vectors import Embedded, Lack


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "documents.db"


def marker() -> str:
    return f"{secrets.token_hex(8)}zqxjk"


def keep(store: DocumentStore, collection: int, name: str, words: list[str]) -> int:
    """A document of several pages, with words and vectors."""
    file = File(Path("/papers") / f"{name}.txt", 100, 1)
    [document] = store.add(collection, [file])
    pages = tuple(Page(n, f"On page {n}: {' '.join(words)}.") for n in range(1, 4))
    places = tuple((Span(page.number, 0, len(page.text)), (words[0],)) for page in pages)
    content = Content(
        hash=secrets.token_bytes(32),
        format=Format.TEXT,
        title=words[0],
        pages=pages,
        passages=places,
        words=tuple(page.text.lower() for page in pages),
    )
    store.keep([Outcome(document.id, file, content)])
    [lack] = store.lacks(10)
    first = store.unembedded(lack, 10)[0].number
    vector = words[0].encode() * 3
    store.keep_vectors([Embedded(lack, first, 3, vector)])
    return document.id


def test_no_word_of_a_document_is_in_any_file(path: Path, key: bytes) -> None:
    words = [marker() for _ in range(20)]
    with open_documents(path, key) as store:
        papers = store.new_collection("Papers", "a model").id
        keep(store, papers, words[0], words)
        assert_nowhere(path.parent, words)  # While it is open, with its write-ahead log.
    assert_nowhere(path.parent, words)


def test_nothing_of_a_removed_document_is_left_under_the_key(path: Path, key: bytes) -> None:
    words = [marker() for _ in range(20)]
    with open_documents(path, key) as store:
        papers = store.new_collection("Papers", "a model").id
        for number in range(50):
            keep(store, papers, f"other {number}", [f"other{number}", "harbour"])
        store.remove([keep(store, papers, words[0], words)])
        assert len(store.documents(papers)) == 50
    plain = decrypted(path, key)
    assert b"other7" in plain  # The search itself would find what is there.
    assert_forgotten(plain, words)


def test_nothing_of_a_removed_collection_is_left_under_the_key(path: Path, key: bytes) -> None:
    words = [marker() for _ in range(20)]
    with open_documents(path, key) as store:
        papers = store.new_collection("Papers", "a model").id
        keep(store, papers, "other", ["other", "harbour"])
        secret = store.new_collection(words[1], "a model").id
        folder = store.add_folder(secret, Path("/") / words[2], mount=Path("/"), is_watched=True)
        assert folder
        keep(store, secret, words[0], words)
        store.remove_collection(secret)
        assert [each.documents for each in store.collections()] == [1]
    assert_forgotten(decrypted(path, key), words)


def test_vectors_of_another_model_are_forgotten_when_it_is_no_longer_searched_by(
    path: Path, key: bytes
) -> None:
    with open_documents(path, key) as store:
        papers = store.new_collection("Papers", "a model").id
        keep(store, papers, "other", ["gonezqxjk", "harbour"])
        store.choose_embedding(papers, "another model")
        [lack] = store.lacks(10)
        assert lack == Lack(lack.content, "another model")
        first = store.unembedded(lack, 10)[0].number
        store.keep_vectors([Embedded(lack, first, 3, b"new")])
        store.change_embeddings()
        assert store.collections()[0].embedding == "another model"
        assert store.count_vectors("a model") == 0


def assert_nowhere(folder: Path, words: list[str]) -> None:
    for file in filter(Path.is_file, folder.rglob("*")):
        content = file.read_bytes()
        for word in words:
            for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
                assert word.encode(encoding) not in content, file.name


def assert_forgotten(plain: bytes, words: list[str]) -> None:
    for word in words:
        assert word.encode() not in plain
        assert word[4:12].encode() not in plain  # The index shortens what words begin with.
    assert b"zqxjk" not in plain


def decrypted(path: Path, key: bytes) -> bytes:
    """Every page of the database as it is under the key, also those no longer in use."""
    scripts = migrations.released("documents")
    database = open_database(path, documents_key(key), scripts, what="documents")
    with database.reading() as connection:
        pages = connection.serialize("main")
    database.close()
    return pages

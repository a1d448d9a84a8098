"""Which documents are read first."""

from pathlib import Path

from sottovoce.store.document_store import open_documents
from sottovoce.store.documents import File


def test_documents_of_a_chat_go_before_those_of_collections() -> None:
    with open_documents(None, b"") as store:
        cases = store.new_collection("Cases", "words").id
        chat = store.attached(1, "words").id
        for collection, name in ((cases, "a"), (cases, "b"), (chat, "c")):
            store.add(collection, [File(Path(f"/{name}.txt"), size=1, modified=1)])

        assert [file.path.stem for _, file in store.waiting(3)] == ["c", "a", "b"]
        assert [file.path.stem for _, file in store.waiting(2)] == ["c", "a"]

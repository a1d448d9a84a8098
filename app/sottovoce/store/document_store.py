"""The memory of what stands in documents, as the rest of Sottovoce sees it."""

import hashlib
import hmac
from collections.abc import Collection as Group
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, cast

from sottovoce.domain.document import Collection, Document, Folder, Page, Passage, Scope
from sottovoce.domain.problems import Missing
from sottovoce.domain.text import encodable
from sottovoce.store import collections, contents, documents, migrations, vectors, words
from sottovoce.store.contents import Outcome
from sottovoce.store.database import KEY_SIZE, Database, open_database
from sottovoce.store.documents import Backlog, Changes, File, Searched
from sottovoce.store.vectors import Embedded, Kept, Lack, Unembedded


def open_documents(path: Path | None, key: bytes) -> "DocumentStore":
    """Return the documents at `path`, under a key made from the vault's; None is in memory.

    A database of its own, so that neither chats nor documents wait for the other's transactions.
    Raises what open_store raises.
    """
    scripts = migrations.released("documents")
    return DocumentStore(open_database(path, documents_key(key), scripts, what="documents"))


def documents_key(key: bytes) -> bytes:
    """Return the documents' own key, made from the vault's, so that the two files share none.

    HKDF-Expand of RFC 5869, one block.
    """
    return hmac.digest(key, b"documents\x01", hashlib.sha512)[:KEY_SIZE]


class DocumentStore:
    """Collections, documents and passages. Any thread may call; a change is on disk on return.

    Every method may raise Damaged, NoRoom, Interrupted or Refused, as a disk may fail at any time.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._database.close()

    # Collections.

    def collections(self) -> list[Collection]:
        """Return all, by name; those of chats come last."""
        with self._database.reading() as connection:
            return collections.collections(connection)

    def collection(self, collection: int) -> Collection:
        """Return one. Raises Missing."""
        with self._database.reading() as connection:
            return collections.collection(connection, collection)

    def named(self, name: str) -> Collection:
        """Return the collection of this name. Raises Missing."""
        with self._database.reading() as connection:
            number = collections.named(connection, encodable(name))
            if number is None:
                raise Missing("There is no collection of this name. Choose one that is there.")
            return collections.collection(connection, number)

    def new_collection(self, name: str, embedding: str) -> Collection:
        """Return an empty collection. Raises Refused if another has this name."""
        with self._database.writing() as connection:
            number = collections.new_collection(connection, encodable(name), embedding)
            return collections.collection(connection, number)

    def attached(self, conversation: int, embedding: str) -> Collection:
        """Return the collection that is for this chat alone, made if need be."""
        with self._database.writing() as connection:
            number = collections.of_conversation(connection, conversation)
            if number is None:
                number = collections.new_collection(
                    connection, "Attached files", embedding, conversation
                )
            return collections.collection(connection, number)

    def rename_collection(self, collection: int, name: str) -> None:
        """Raises Refused if another has this name."""
        with self._database.writing() as connection:
            collections.rename(connection, collection, encodable(name))

    def remove_collection(self, collection: int) -> None:
        """Remove a collection with its documents, to the last trace in the file."""
        with self._database.writing() as connection:
            collections.remove(connection, collection)
            contents.forget(connection, contents.orphans(connection))
            vectors.forget_unused(connection)
        self._database.checkpoint()

    def choose_embedding(self, collection: int, model: str) -> None:
        """Let an embedding model take the place of the one there is, once its vectors are here."""
        with self._database.writing() as connection:
            collections.choose_embedding(connection, collection, model)

    def change_embeddings(self) -> None:
        """Search collections by the model that was chosen, where all its vectors are here now."""
        with self._database.writing() as connection:
            if collections.change_embeddings(connection):
                vectors.forget_unused(connection)

    # Folders.

    def add_folder(self, collection: int, path: Path, *, mount: Path, is_watched: bool) -> int:
        """Keep that a folder belongs to a collection. Returns its number.

        `mount` is where its file system is mounted: an empty folder there later means that it is
        not, rather than that all files were deleted.
        """
        with self._database.writing() as connection:
            return collections.add_folder(
                connection, collection, path, mount=mount, is_watched=is_watched
            )

    def folders(self) -> list[Folder]:
        with self._database.reading() as connection:
            return collections.folders(connection)

    def mount(self, folder: int) -> Path:
        """Return where the file system of a folder was mounted. Raises Missing."""
        with self._database.reading() as connection:
            return collections.mount(connection, folder)

    def note_trouble(self, folder: int, trouble: str) -> None:
        """Keep why a folder cannot be looked into; an empty sentence if it can."""
        with self._database.writing() as connection:
            collections.note_trouble(connection, folder, trouble)

    def watch_folder(self, folder: int, *, is_watched: bool) -> None:
        with self._database.writing() as connection:
            collections.watch_folder(connection, folder, is_watched=is_watched)

    def remove_folder(self, folder: int) -> None:
        """Remove a folder and the documents that came with it, to the last trace in the file."""
        with self._database.writing() as connection:
            collections.remove_folder(connection, folder)
            contents.forget(connection, contents.orphans(connection))
        self._database.checkpoint()

    def below(self, folder: int, path: Path) -> dict[Path, tuple[int, File]]:
        """Return the documents that came with a folder and lie at or below `path`."""
        with self._database.reading() as connection:
            return documents.below(connection, folder, path)

    def excluded(self, folder: int) -> set[bytes]:
        """Return marks of the files that were removed by hand; see documents.is_excluded."""
        with self._database.reading() as connection:
            return documents.excluded(connection, folder)

    def change(self, folder: Folder, changes: Changes) -> None:
        """Keep what happened in a folder: files to be read, other names, and what is gone."""
        with self._database.writing() as connection:
            before = documents.contents_of(connection, changes.gone)
            for number, file in changes.moved:
                documents.rename(connection, number, file)
            for file in changes.there:
                documents.queue(connection, folder.collection, file, folder.id)
            documents.remove(connection, changes.gone)
            contents.forget(connection, before)
        if changes.gone:
            self._database.checkpoint()

    # Documents.

    def add(self, collection: int, files: Sequence[File]) -> list[Document]:
        """Have files read that are new or have changed. Raises Missing without the collection."""
        with self._database.writing() as connection:
            numbers = []
            for file in files:
                documents.include(connection, file.path)
                numbers.append(documents.queue(connection, collection, file, None))
            return [documents.document(connection, number) for number in numbers]

    def documents(self, collection: int) -> list[Document]:
        """Return those of a collection, by path."""
        with self._database.reading() as connection:
            return documents.documents(connection, collection)

    def document(self, document: int) -> Document:
        """Return one. Raises Missing."""
        with self._database.reading() as connection:
            return documents.document(connection, document)

    def retry(self, numbers: Sequence[int]) -> None:
        """Have documents read again."""
        with self._database.writing() as connection:
            documents.retry(connection, numbers)

    def remove(self, numbers: Sequence[int]) -> None:
        """Remove documents, to the last trace in the file."""
        with self._database.writing() as connection:
            before = documents.contents_of(connection, numbers)
            documents.exclude(connection, numbers)
            documents.remove(connection, numbers)
            contents.forget(connection, before)
        self._database.checkpoint()

    # Reading.

    def waiting(self, limit: int) -> list[tuple[int, File]]:
        """Return the next that are to be read, and their files as they were looked at last."""
        with self._database.reading() as connection:
            return documents.waiting(connection, limit)

    def backlog(self) -> Backlog:
        """Return what is left to be done."""
        with self._database.reading() as connection:
            return documents.backlog(connection)

    def look_again(self, document: int, file: File) -> None:
        """Keep what a file is like now, in case it changed since it was queued."""
        with self._database.writing() as connection:
            documents.look_again(connection, document, file)

    def knows(self, hash_: bytes) -> bool:
        """Return whether a file with this SHA-256 was read."""
        with self._database.reading() as connection:
            return contents.known(connection, hash_) is not None

    def keep(self, outcomes: Sequence[Outcome]) -> list[Document]:
        """Keep what stands in documents, in one transaction, in place of what stood there.

        Returns them as they are now. Those that were removed meanwhile are left out, and those
        wait on whose content was known, and has been forgotten since.
        """
        with self._database.writing() as connection:
            there = [each for each in outcomes if documents.is_there(connection, each.document)]
            before = documents.contents_of(connection, [each.document for each in there])
            for each in there:
                if isinstance(each.says, str):
                    documents.fail(connection, each.document, each.says, each.file)
                elif content := contents.kept(connection, each.says):
                    documents.settle(connection, each.document, content, each.file)
            contents.forget(connection, before)
            return [documents.document(connection, each.document) for each in there]

    def page(self, document: int, number: int) -> Page:
        """Return a page as it was read. Raises Missing."""
        with self._database.reading() as connection:
            return contents.page(connection, document, number)

    def pages(self, document: int) -> list[Page]:
        """Return all pages of a document. Raises Missing."""
        with self._database.reading() as connection:
            documents.document(connection, document)
            return contents.pages(connection, document)

    # Vectors.

    def lacks(self, limit: int, without: Group[str] = ()) -> list[Lack]:
        """Return contents that need vectors; not of the embedding models `without`."""
        with self._database.reading() as connection:
            return vectors.lacks(connection, limit, without)

    def expected_models(self) -> list[str]:
        """Return the embedding models that documents will need which are still to be read."""
        with self._database.reading() as connection:
            return vectors.expected(connection)

    def unembedded(self, lack: Lack, limit: int) -> list[Unembedded]:
        """Return the next passages of a content that need vectors."""
        with self._database.reading() as connection:
            return vectors.unembedded(connection, lack, limit)

    def keep_vectors(self, embedded: Sequence[Embedded]) -> None:
        """Keep the vectors of passages, in one transaction."""
        with self._database.writing() as connection:
            vectors.keep(connection, embedded)

    def count_vectors(self, model: str) -> int:
        """Return how many rows of vectors there are of an embedding model."""
        with self._database.reading() as connection:
            return vectors.count(connection, model)

    def newer_vectors(self, model: str, row: int, limit: int) -> list[Kept]:
        """Return the next rows of vectors of an embedding model that were kept after `row`."""
        with self._database.reading() as connection:
            return vectors.newer(connection, model, row, limit)

    # Searching.

    def version(self) -> tuple[int, int]:
        """Return what is another one after any change, by this process or another."""
        with self._database.reading() as connection:
            return cast(int, connection.pragma("data_version")), connection.total_changes()

    def in_scope(self, scope: Scope) -> list[Searched]:
        """Return the contents that are searched, in the order of their passages."""
        with self._database.reading() as connection:
            return documents.in_scope(connection, scope)

    def count_holders(self, word: str) -> int:
        """Return how many passages hold a word."""
        with self._database.reading() as connection:
            return words.count(connection, word)

    def holders(self, word: str, limit: int) -> str:
        """Return the numbers of passages that hold a word, the first `limit`, between commas."""
        with self._database.reading() as connection:
            return words.holders(connection, word, limit)

    def lengths(self, numbers: Sequence[int]) -> dict[int, int]:
        """Return how many characters passages have, by their numbers."""
        with self._database.reading() as connection:
            return contents.lengths(connection, numbers)

    def passages(self, numbers: Sequence[int], documents_of: Mapping[int, int]) -> list[Passage]:
        """Return passages by their numbers; `documents_of` has a document for each content."""
        with self._database.reading() as connection:
            return contents.passages(connection, numbers, documents_of)

    def neighbours(self, passage: Passage, before: int, after: int) -> list[Passage]:
        """Return a passage with those around it; nothing if it is not here any more."""
        with self._database.reading() as connection:
            return contents.neighbours(connection, passage, before, after)

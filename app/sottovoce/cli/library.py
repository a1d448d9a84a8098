"""`library`: documents that are read, searched, and answered from."""

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from sottovoce.cli.amounts import duration, size
from sottovoce.cli.layout import beneath
from sottovoce.cli.session import Parts, opened_library
from sottovoce.cli.signals import stop_on_signals
from sottovoce.cli.terminal import (
    Progress,
    columns,
    confirm,
    in_line,
    tell,
    write,
    write_json,
)
from sottovoce.domain.document import Collection, Document, DocumentState, Found, Scope
from sottovoce.domain.problems import Missing
from sottovoce.domain.stop import Stop
from sottovoce.library.library import Library, Query
from sottovoce.library.news import Working

USUAL = "Documents"
"""The collection that files are added to where none is named."""


def run(arguments: argparse.Namespace, parts: Parts) -> None:
    """Do what was asked for with the documents that are kept; Refused without their key."""
    actions: dict[str, Callable[[argparse.Namespace, Library, Stop], None]] = {
        "add": _add,
        "list": _list,
        "search": _search,
        "remove": _remove,
        "retry": _retry,
        "status": _status,
    }
    with opened_library(parts) as library, stop_on_signals() as stop:
        actions[arguments.action](arguments, library, stop)


# Reading.


def _add(arguments: argparse.Namespace, library: Library, stop: Stop) -> None:
    collection = _found_or_new(library, arguments.collection or USUAL)
    added = library.add(collection.id, arguments.paths, watch=not arguments.no_watch)
    _work(library, stop)
    documents = [library.document(document.id) for document in added]
    if arguments.json:
        values = {"collection": collection.name, "documents": list(map(_values, documents))}
        write_json(values, indent=2)
        return
    _write_outcome(documents, collection.name)


def _retry(arguments: argparse.Namespace, library: Library, stop: Stop) -> None:
    failed = _failed(library, _chosen(library, arguments.collection))
    library.retry([document.id for document in failed])
    _work(library, stop)
    documents = [library.document(document.id) for document in failed]
    if arguments.json:
        write_json({"documents": list(map(_values, documents))}, indent=2)
        return
    _write_outcome(documents, arguments.collection)


def _work(library: Library, stop: Stop) -> None:
    """Read and embed all that waits. Raises Cancelled; what is done by then stays."""
    trouble = ""
    with Progress() as progress:
        for news in library.work(stop):
            if isinstance(news, Working):
                progress.show(_doing(news))
                trouble = news.trouble
    if trouble:
        tell(trouble)


def _doing(news: Working) -> str:
    if news.path is not None and news.waiting:
        page = f", page {news.page}{f' of {news.pages}' if news.pages else ''}" if news.page else ""
        words = [f"Reading {in_line(news.path.name)}{page}", f"{news.waiting} waiting"]
    else:
        words = [f"Embedding, {news.without_vectors} passages to go"]
    if news.seconds_left is not None:
        words.append(f"{duration(news.seconds_left)} left")
    return ", ".join(words)


def _write_outcome(documents: Sequence[Document], collection: str | None) -> None:
    failed = [document for document in documents if document.state is DocumentState.FAILED]
    pages = sum(document.pages for document in documents)
    read = len(documents) - len(failed)
    into = f" in {in_line(collection)}" if collection else ""
    write(f"{_count(read, 'document')} with {_count(pages, 'page')} can be searched{into}.\n")
    for document in documents:
        if document.trouble:
            _write_trouble(document)


def _write_trouble(document: Document) -> None:
    write(f"{in_line(str(document.path))}\n{beneath(in_line(document.trouble), 4, columns())}")


# Looking.


def _list(arguments: argparse.Namespace, library: Library, _: Stop) -> None:
    if arguments.collection is None:
        _list_collections(arguments, library)
        return
    collection = library.collection(arguments.collection)
    documents = library.documents(collection.id)
    if arguments.json:
        write_json({"documents": list(map(_values, documents))}, indent=2)
        return
    if not documents:
        tell("There is no document in this collection.")
    for document in documents:
        pages = _count(document.pages, "page") if document.pages else ""
        line = f"{document.state:<8} {size(document.size):>9} {pages:>12}"
        write(f"{line}  {in_line(str(document.path))}\n")


def _list_collections(arguments: argparse.Namespace, library: Library) -> None:
    collections = _chosen(library, None)
    if arguments.json:
        values = [
            _counts(each) | {"folders": [str(f.path) for f in library.folders(each.id)]}
            for each in collections
        ]
        write_json({"collections": values}, indent=2)
        return
    if not collections:
        tell("There are no documents yet. Add some with: sottovoce library add PATH")
    for each in collections:
        write(f"{_count(each.documents, 'document'):>16}  {in_line(each.name)}\n")
        for folder in library.folders(each.id):
            says = f" ({folder.trouble})" if folder.trouble else ""
            write(f"{'':18}{in_line(str(folder.path))}{in_line(says)}\n")


def _status(arguments: argparse.Namespace, library: Library, _: Stop) -> None:
    collections = library.collections()
    failed = _failed(library, collections)
    if arguments.json:
        values = {
            "collections": list(map(_counts, collections)),
            "failed": list(map(_values, failed)),
        }
        write_json(values, indent=2)
        return
    documents = sum(each.documents for each in collections)
    waiting = sum(each.waiting for each in collections)
    embedding = sum(each.without_vectors for each in collections)
    passages = sum(each.passages for each in collections)
    write(f"{_count(documents, 'document')}, {_count(passages, 'passage')}.\n")
    if waiting:
        write(f"{_count(waiting, 'document')} still to be read.\n")
    if embedding:
        write(f"{_count(embedding, 'document')} found by words alone: vectors are missing.\n")
    if failed:
        write(f"{_count(len(failed), 'document')} could not be read:\n")
    for document in failed:
        _write_trouble(document)


def _search(arguments: argparse.Namespace, library: Library, stop: Stop) -> None:
    names = arguments.collection or [each.name for each in _chosen(library, None)]
    scope = Scope(
        collections=tuple(library.collection(name).id for name in names),
        folder=arguments.folder and arguments.folder.absolute(),
        formats=tuple(arguments.type or ()),
        since=arguments.since,
    )
    found = library.search(Query(arguments.query, scope, arguments.limit), stop)
    if arguments.json:
        write_json({"results": list(map(_result, found))}, indent=2)
        return
    if not found:
        tell("Nothing of this was found.")
    for each in found:
        passage = each.passage
        page = f", page {passage.span.page}" if passage.pages > 1 else ""
        write(f"{in_line(str(passage.path))}{page}\n")
        write(beneath(in_line(" ".join(passage.text.split())), 4, columns()))


def _result(found: Found) -> dict[str, Any]:
    passage = found.passage
    return {
        "document": str(passage.path),
        "title": passage.title,
        "page": passage.span.page,
        "label": passage.label,
        "start": passage.span.start,
        "end": passage.span.end,
        "headings": list(passage.headings),
        "text": passage.text,
        "score": found.score,
    }


# Removing.


def _remove(arguments: argparse.Namespace, library: Library, _: Stop) -> None:
    wanted: str = arguments.target
    collection = next((c for c in _chosen(library, None) if c.name == wanted), None)
    if collection is not None and arguments.collection is None:
        _remove_collection(arguments, library, collection)
        return
    path = Path(wanted).absolute()
    removed = _remove_path(library, _chosen(library, arguments.collection), path)
    if not removed:
        raise Missing("No document, folder or collection of this name is here.")
    if arguments.json:
        write_json({"removed": [str(each) for each in removed]}, indent=2)
        return
    write(f"{_count(len(removed), 'document')} forgotten. The files stay where they are.\n")


def _remove_collection(
    arguments: argparse.Namespace, library: Library, collection: Collection
) -> None:
    if not arguments.yes and sys.stdin.isatty():
        confirm(f"Forget {collection.name} with {_count(collection.documents, 'document')}?")
    documents = library.documents(collection.id)
    library.remove_collection(collection.id)
    if arguments.json:
        write_json({"removed": [str(each.path) for each in documents]}, indent=2)
        return
    write(f"{in_line(collection.name)} is forgotten. The files stay where they are.\n")


def _remove_path(library: Library, collections: Iterable[Collection], path: Path) -> list[Path]:
    """Forget a file, or a folder with all in it. The paths of the documents that are gone."""
    removed = []
    for collection in collections:
        documents = [
            document
            for document in library.documents(collection.id)
            if path in (document.path, *document.path.parents)
        ]
        for folder in library.folders(collection.id):
            if path in (folder.path, *folder.path.parents):
                library.remove_folder(folder.id)
        library.remove([document.id for document in documents])
        removed += [document.path for document in documents]
    return removed


def _found_or_new(library: Library, name: str) -> Collection:
    try:
        return library.collection(name)
    except Missing:
        return library.new_collection(name)


def _chosen(library: Library, name: str | None) -> list[Collection]:
    """The collection of this name, or all that have one."""
    if name is not None:
        return [library.collection(name)]
    return [each for each in library.collections() if each.conversation is None]


def _failed(library: Library, collections: Iterable[Collection]) -> list[Document]:
    return [
        document
        for collection in collections
        if collection.failed
        for document in library.documents(collection.id)
        if document.state is DocumentState.FAILED
    ]


def _values(document: Document) -> dict[str, Any]:
    return {
        "document": str(document.path),
        "state": document.state,
        "format": document.format,
        "title": document.title,
        "pages": document.pages,
        "passages": document.passages,
        "size": document.size,
        "modified": document.modified.isoformat(),
        "trouble": document.trouble or None,
    }


def _counts(collection: Collection) -> dict[str, Any]:
    return {
        "name": collection.name,
        "chat": collection.conversation,
        "documents": collection.documents,
        "waiting": collection.waiting,
        "without_vectors": collection.without_vectors,
        "failed": collection.failed,
        "pages": collection.pages,
        "passages": collection.passages,
        "size": collection.size,
    }


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"

"""`models`: what lies on the shelf, what is recommended, and what can be done with either."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from sottovoce.cli import downloads, fit, inspect, verify
from sottovoce.cli.amounts import followed, size
from sottovoce.cli.layout import beneath, folded
from sottovoce.cli.session import Parts
from sottovoce.cli.signals import stop_on_signals
from sottovoce.cli.terminal import (
    Progress,
    columns,
    confirm,
    in_line,
    plain,
    tell,
    write,
    write_json,
)
from sottovoce.domain.footprint import KvType, kv_bytes
from sottovoce.domain.model import Model
from sottovoce.domain.parts import parts as parts_of
from sottovoce.domain.problems import Missing, Problem, Unsupported
from sottovoce.domain.stop import Stop
from sottovoce.models.adapters import AdapterItem, AdapterShelf
from sottovoce.models.catalogue import Catalogue, Entry, Variant, catalogue
from sottovoce.models.elsewhere import Elsewhere, elsewhere
from sottovoce.models.folders import model_files
from sottovoce.models.records import Record
from sottovoce.models.shelf import AdapterMeant, Item, Origin, shelf_in


def run(arguments: argparse.Namespace, parts: Parts) -> None:
    """Do what was asked for with the models. Raises Problem and Cancelled."""
    actions: dict[str, Callable[[argparse.Namespace, Parts, Stop], None]] = {
        "list": _list,
        "catalogue": _catalogue,
        "fit": fit.run,
        "search": downloads.search,
        "download": downloads.download,
        "downloads": downloads.queue,
        "import": _import,
        "found": _found,
        "inspect": inspect.run,
        "verify": verify.run,
        "remove": _remove,
        "adapters": _adapters,
    }
    with stop_on_signals() as stop:
        actions[arguments.action](arguments, parts, stop)


def item_values(item: Item, known: Catalogue) -> dict[str, object]:
    """An item as JSON tells it."""
    return {
        "name": item.name,
        "origin": item.origin,
        "path": str(item.path),
        "files": [str(file) for file in item.files],
        "size": item.size,
        **_model_values(item.model),
        **_record_values(item.record, known),
        "trouble": item.trouble or None,
    }


def _model_values(model: Model | None) -> dict[str, object]:
    return {
        name: getattr(model, name, None)
        for name in ("quantisation", "architecture", "role", "context_length")
    }


def _record_values(record: Record | None, known: Catalogue) -> dict[str, object]:
    if record is None:
        return dict.fromkeys(_RECORDED)
    source, acceptance = record.source, record.acceptance
    values = (
        source and source.repository,
        source and source.commit,
        record.licence or None,
        acceptance and acceptance.accepted.isoformat(),
        _attribution(record, known) or None,
        record.added.isoformat(),
        [file.sha256 or None for file in record.files],
    )
    return dict(zip(_RECORDED, values, strict=True))


_RECORDED = ("repository", "commit", "licence", "accepted", "attribution", "added", "sha256")


def _attribution(record: Record | None, known: Catalogue) -> str:
    licence = known.licence(record.licence) if record else None
    return licence.attribution if licence else ""


def _list(arguments: argparse.Namespace, parts: Parts, _: Stop) -> None:
    items, known = shelf_in(parts.profile).items(), catalogue()
    if arguments.json:
        write_json({"models": [item_values(item, known) for item in items]}, indent=2)
        return
    for item in items:
        kind = item.model.quantisation if item.model else ""
        write(f"{size(item.size):>8}  {kind:<8} {item.origin:<8} {in_line(item.name)}\n")
        for more in (_attribution(item.record, known), item.trouble):
            if more:
                write(beneath(more, 28, columns()))
    if not items:
        tell("There is no model yet. See: sottovoce models catalogue")


def _catalogue(arguments: argparse.Namespace, _: Parts, __: Stop) -> None:
    known = catalogue()
    entries = (known.find(arguments.name),) if arguments.name else known.entries
    if arguments.json:
        write_json({"entries": [_entry_values(entry) for entry in entries]}, indent=2)
        return
    for entry in entries:
        write(f"{entry.id}\n")
        about = f"{entry.name} by {entry.maker}, {entry.licence.name}. {entry.note}"
        write(beneath(about, 4, columns()))
        if arguments.name:
            _write_entry(entry)


def _write_entry(entry: Entry) -> None:
    languages = ", ".join(entry.languages) or "many"
    write(beneath(f"Reads {entry.context_length:,} tokens. Languages: {languages}.", 4, columns()))
    write("\n")
    for variant in entry.variants:
        about = "about " if variant.size_is_computed else ""
        trust = f"hash: {variant.trust}"
        write(f"    {variant.quantisation:<8} {about + size(variant.size):>15}   {trust}\n")
    if entry.licence.text:
        write(f"\n{folded(entry.licence.text, columns())}\n\n{entry.licence.link}\n")


def _entry_values(entry: Entry) -> dict[str, object]:
    return plain(entry) | {"variants": [_variant_values(each) for each in entry.variants]}


def _variant_values(variant: Variant) -> dict[str, object]:
    """A variant with what follows from it."""
    shape = variant.shape
    return plain(variant) | {
        "trust": variant.trust,
        "size_is_computed": variant.size_is_computed,
        "kv_bytes_per_token": kv_bytes(shape, 1, KvType.F16) if shape else None,
    }


def _import(arguments: argparse.Namespace, parts: Parts, stop: Stop) -> None:
    added, failed = [], 0
    with Progress() as progress:
        for path in model_files(arguments.paths, stop):
            progress.show(f"Looking at {path.name}…")
            try:
                item = _put(path, parts, stop, progress, copies=arguments.copy)
            except Problem as problem:
                # One bad file does not keep the others out.
                failed += 1
                progress.clear()
                tell(f"{in_line(path.name)}: {problem}")
                continue
            added.append(item)
            progress.clear()
            if not arguments.json:
                is_new = arguments.copy or item.path == parts_of(path.absolute())[0]
                write(f"{_added(item, is_new=is_new)}\n")
    if arguments.json:
        write_json({"models": [_added_values(item) for item in added], "failed": failed}, indent=2)
    if failed:
        raise Unsupported(f"{failed} of {failed + len(added)} could not be put on the shelf.")


def _put(
    path: Path, parts: Parts, stop: Stop, progress: Progress, *, copies: bool
) -> Item | AdapterItem:
    if path.is_dir():
        raise Missing("There is no GGUF file in this folder. Choose another.")
    shelf = shelf_in(parts.profile)
    adapters = AdapterShelf(parts.profile.adapters, parts.policy)
    doing = f"Copying {path.name}"
    try:
        if copies:
            return followed(shelf.copy(path, stop), doing, progress)
        return shelf.link(path, stop)
    except AdapterMeant:
        if copies:
            return followed(adapters.copy(path, stop), doing, progress)
        return adapters.link(path, stop)


def _added(item: Item | AdapterItem, *, is_new: bool) -> str:
    name = in_line(item.name)
    if isinstance(item, AdapterItem):
        return f"{name}: an adapter, to be used with: sottovoce ask --adapter"
    if not is_new:
        return f"{name}: the same model is on the shelf already, at {in_line(str(item.path))}"
    return f"{name}: {'linked' if item.origin is Origin.LINKED else 'on the shelf'}"


def _found(arguments: argparse.Namespace, parts: Parts, stop: Stop) -> None:
    shelf = shelf_in(parts.profile)
    there = {os.path.realpath(file) for item in shelf.items() for file in item.files}
    left = [each for each in elsewhere(stop) if os.path.realpath(each.files[0]) not in there]
    failed = 0
    if arguments.link:
        for each in left:
            try:
                shelf.link(each.files[0], stop, each.record())
            except Problem as problem:
                failed += 1
                tell(f"{in_line(each.name)}: {problem}")
    if arguments.json:
        write_json({"models": [plain(each) for each in left]}, indent=2)
    elif not left:
        tell("No other program's models were found, or all are on the shelf.")
    else:
        _write_found(left, is_linked=arguments.link)
    if failed:
        raise Unsupported(f"{failed} of {len(left)} could not be linked.")


def _write_found(left: list[Elsewhere], *, is_linked: bool) -> None:
    for each in left:
        write(f"{size(each.size):>8}  {each.program:<13} {in_line(each.name)}\n")
        # Not broken into lines: it may be copied from here.
        write(f"{'':10}{in_line(str(each.files[0]))}\n")
    if not is_linked:
        tell("Put them on the shelf with: sottovoce models found --link")


def _remove(arguments: argparse.Namespace, parts: Parts, _: Stop) -> None:
    shelf = shelf_in(parts.profile)
    item = shelf.item(arguments.name, usable=False)
    is_ours = item.origin is Origin.OWN
    if is_ours and not arguments.yes and sys.stdin.isatty():
        confirm(f"Delete {item.name}, {size(item.size)}, from this computer?")
    shelf.remove(item)
    if arguments.json:
        write_json({"removed": item_values(item, catalogue())}, indent=2)
    else:
        write(f"{in_line(item.name)}: {'deleted' if is_ours else 'no longer on the shelf'}.\n")


def _adapters(arguments: argparse.Namespace, parts: Parts, _: Stop) -> None:
    shelf = AdapterShelf(parts.profile.adapters)
    if arguments.remove:
        item = shelf.find(arguments.remove)
        shelf.remove(item)
        if arguments.json:
            write_json({"removed": plain(item)}, indent=2)
        else:
            write(f"{in_line(item.name)}: no longer on the shelf.\n")
        return
    items = shelf.items()
    if arguments.json:
        write_json({"adapters": [plain(item) for item in items]}, indent=2)
        return
    for item in items:
        lora = item.lora
        about = f"rank {lora.rank} for {item.architecture}" if lora else item.trouble
        write(f"{size(item.size):>8}  {in_line(item.name)}, {about}\n")
    if not items:
        tell("There is no adapter yet. Import one with: sottovoce models import PATH")


def _added_values(item: Item | AdapterItem) -> dict[str, object]:
    if isinstance(item, AdapterItem):
        return {"kind": "adapter"} | plain(item)
    return {"kind": "model"} | item_values(item, catalogue())

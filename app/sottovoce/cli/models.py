"""`models`: what lies on the shelf, what is recommended, and what can be done with either."""

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from sottovoce.cli import downloads, fit
from sottovoce.cli.amounts import size, transfer
from sottovoce.cli.session import Parts
from sottovoce.cli.signals import stop_on_signals
from sottovoce.cli.terminal import Progress, tell, visible, write, write_json
from sottovoce.domain.footprint import KvType, kv_bytes
from sottovoce.domain.model import Model
from sottovoce.domain.problems import Cancelled, Damaged, Problem, Unsupported
from sottovoce.domain.stop import Stop
from sottovoce.domain.transfer import Transferred
from sottovoce.models.adapters import AdapterItem, AdapterShelf
from sottovoce.models.catalogue import Catalogue, Entry, Variant, catalogue
from sottovoce.models.elsewhere import Elsewhere, elsewhere
from sottovoce.models.folders import model_files
from sottovoce.models.inspect import inspect
from sottovoce.models.inspection import Inspection
from sottovoce.models.parts import parts as parts_of
from sottovoce.models.records import Record
from sottovoce.models.shelf import AdapterMeant, Item, Origin, shelf_in
from sottovoce.models.verify import Verdict, Verified

Outcome = TypeVar("Outcome")


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
        "inspect": _inspect,
        "verify": _verify,
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
        write(f"{size(item.size):>8}  {kind:<8} {item.origin:<8} {visible(item.name)}\n")
        for more in (_attribution(item.record, known), item.trouble):
            if more:
                write(f"{'':28}{more}\n")
    if not items:
        tell("There is no model yet. See: sottovoce models catalogue")


def _catalogue(arguments: argparse.Namespace, _: Parts, __: Stop) -> None:
    known = catalogue()
    entries = (known.find(arguments.name),) if arguments.name else known.entries
    if arguments.json:
        write_json({"entries": [_entry_values(entry) for entry in entries]}, indent=2)
        return
    for entry in entries:
        write(
            f"{entry.id}\n    {entry.name} by {entry.maker}, {entry.licence.name}. {entry.note}\n"
        )
        if arguments.name:
            _write_entry(entry)


def _write_entry(entry: Entry) -> None:
    languages = ", ".join(entry.languages) or "many"
    write(f"    Reads {entry.context_length:,} tokens. Languages: {languages}.\n\n")
    for variant in entry.variants:
        about = "about " if variant.size_is_computed else ""
        trust = f"hash: {variant.trust}"
        write(f"    {variant.quantisation:<8} {about + size(variant.size):>15}   {trust}\n")
    if entry.licence.text:
        write(f"\n{entry.licence.text}\n{entry.licence.link}\n")


def _entry_values(entry: Entry) -> dict[str, object]:
    return _plain(entry) | {"variants": [_variant_values(each) for each in entry.variants]}


def _variant_values(variant: Variant) -> dict[str, object]:
    """A variant with what follows from it."""
    shape = variant.shape
    return _plain(variant) | {
        "trust": variant.trust,
        "size_is_computed": variant.size_is_computed,
        "kv_bytes_per_token": kv_bytes(shape, 1, KvType.F16) if shape else None,
    }


def _import(arguments: argparse.Namespace, parts: Parts, stop: Stop) -> None:
    added, failed = [], 0
    with Progress() as progress:
        for path in model_files(arguments.paths, stop):
            progress.show(f"Looking at {visible(path.name)}…")
            try:
                item = _put(path, parts, stop, progress, copies=arguments.copy)
            except Problem as problem:
                # One bad file does not keep the others out.
                failed += 1
                progress.clear()
                tell(f"{visible(path.name)}: {problem}")
                continue
            added.append(item)
            progress.clear()
            if not arguments.json:
                write(f"{_added(item, path)}\n")
    if arguments.json:
        write_json({"models": [_added_values(item) for item in added], "failed": failed}, indent=2)
    if failed:
        raise Unsupported(f"{failed} of {failed + len(added)} could not be put on the shelf.")


def _put(
    path: Path, parts: Parts, stop: Stop, progress: Progress, *, copies: bool
) -> Item | AdapterItem:
    shelf, adapters = shelf_in(parts.profile), AdapterShelf(parts.profile.adapters)
    try:
        if not copies:
            return shelf.link(path, stop)
        return _followed(shelf.copy(path, stop), f"Copying {path.name}", progress)
    except AdapterMeant:
        pass
    if not copies:
        return adapters.link(path, stop)
    return _followed(adapters.copy(path, stop), f"Copying {path.name}", progress)


def _added(item: Item | AdapterItem, path: Path) -> str:
    name = visible(item.name)
    if isinstance(item, AdapterItem):
        return f"{name}: an adapter, to be used with: sottovoce ask --adapter"
    if item.origin is Origin.LINKED and item.path != parts_of(path.absolute())[0]:
        return f"{name}: the same model is on the shelf already, at {visible(str(item.path))}"
    return f"{name}: {'linked' if item.origin is Origin.LINKED else 'on the shelf'}"


def _found(arguments: argparse.Namespace, parts: Parts, stop: Stop) -> None:
    shelf = shelf_in(parts.profile)
    there = {file.resolve() for item in shelf.items() for file in item.files}
    left = [each for each in elsewhere(stop) if each.files[0].resolve() not in there]
    failed = 0
    if arguments.link:
        for each in left:
            try:
                shelf.link(each.files[0], stop, each.record())
            except (Problem, OSError) as problem:
                failed += 1
                tell(f"{visible(each.name)}: {problem}")
    if arguments.json:
        write_json({"models": [_plain(each) for each in left]}, indent=2)
    elif not left:
        tell("No other program's models were found, or all are on the shelf.")
    else:
        _write_found(left, is_linked=arguments.link)
    if failed:
        raise Unsupported(f"{failed} of {len(left)} could not be linked.")


def _write_found(left: list[Elsewhere], *, is_linked: bool) -> None:
    for each in left:
        write(f"{size(each.size):>8}  {each.program:<13} {visible(each.name)}\n")
        write(f"{'':25}{visible(str(each.files[0]))}\n")
    if not is_linked:
        tell("Put them on the shelf with: sottovoce models found --link")


def _inspect(arguments: argparse.Namespace, _: Parts, stop: Stop) -> None:
    inspection = inspect(arguments.path, stop)
    if arguments.json:
        write_json(_plain(inspection), indent=2)
        return
    for name, value in _facts(inspection):
        write(f"{name:<14} {visible(value)}\n")
    if inspection.template:
        for finding in inspection.template.findings:
            write(f"{'Warning':<14} {visible(finding.sentence)}\n")
        write(f"\n{inspection.template.text.rstrip()}\n")


def _facts(inspection: Inspection) -> Iterator[tuple[str, str]]:
    yield "Name", inspection.name
    yield "Kind", inspection.kind
    yield "Architecture", inspection.architecture
    yield "Size", size(inspection.size)
    if inspection.parts > 1:
        yield "Parts", f"{inspection.parts}, {len(inspection.missing)} missing"
    yield "Parameters", f"{inspection.parameters:,} in {inspection.tensors:,} tensors"
    if model := inspection.model:
        yield "Role", model.role
        yield "Quantisation", model.quantisation or "not said"
        yield "Context", f"{model.context_length:,} tokens"
    if shape := inspection.shape:
        yield "Tensors", ", ".join(f"{type_} {size(bytes_)}" for type_, bytes_ in shape.types)
    if tokenizer := inspection.tokenizer:
        yield "Tokenizer", f"{tokenizer.kind}, {tokenizer.vocabulary:,} tokens"
    if lora := inspection.lora:
        yield "Adapter", f"rank {lora.rank}, alpha {lora.alpha:g}, {lora.tensors} tensors"
    source = inspection.source
    yield "Licence", source.licence or "not said"
    if source.author or source.organisation:
        yield "Made by", source.author or source.organisation
    if inspection.trouble:
        yield "Trouble", inspection.trouble


def _verify(arguments: argparse.Namespace, parts: Parts, stop: Stop) -> None:
    shelf = shelf_in(parts.profile)
    items = [shelf.item(arguments.name, usable=False)] if arguments.name else shelf.items()
    results: list[tuple[Item, Verified | Problem]] = []
    with Progress() as progress:
        for item in items:
            try:
                verified = _followed(shelf.verify(item, stop), f"Reading {item.name}", progress)
            except Problem as problem:
                results.append((item, problem))
            else:
                results.append((item, verified))
            progress.clear()
            if not arguments.json:
                write(f"{visible(item.name)}: {_says(results[-1][1])}\n")
    if arguments.json:
        write_json({"models": [_verdict_values(*result) for result in results]}, indent=2)
    bad = [item.name for item, result in results if not _is_good(result)]
    if bad:
        raise Damaged(f"Not what it was: {visible(', '.join(bad))}. Fetch or import it again.")


def _is_good(result: Verified | Problem) -> bool:
    return isinstance(result, Verified) and result.verdict is not Verdict.CHANGED


def _says(result: Verified | Problem) -> str:
    if isinstance(result, Problem):
        return str(result)
    match result.verdict:
        case Verdict.UNCHANGED:
            return "unchanged, byte for byte."
        case Verdict.FIRST:
            return "its first fingerprint was taken; from now on a change will be noticed."
        case Verdict.CHANGED:
            names = ", ".join(visible(file.name) for file in result.changed)
            return f"CHANGED since its fingerprint was taken: {names}."


def _verdict_values(item: Item, result: Verified | Problem) -> dict[str, object]:
    values: dict[str, object] = {"name": item.name, "path": str(item.path)}
    if isinstance(result, Problem):
        return values | {"verdict": "unreadable", "trouble": str(result)}
    return values | {
        "verdict": result.verdict,
        "changed": [str(file) for file in result.changed],
        "sha256": [file.sha256 for file in result.record.files],
    }


def _remove(arguments: argparse.Namespace, parts: Parts, _: Stop) -> None:
    shelf = shelf_in(parts.profile)
    item = shelf.item(arguments.name, usable=False)
    is_ours = item.origin is Origin.OWN
    if is_ours and not arguments.yes and sys.stdin.isatty():
        _ask_whether(f"Delete {item.name}, {size(item.size)}, from this computer?")
    shelf.remove(item)
    write(f"{visible(item.name)}: {'deleted' if is_ours else 'no longer on the shelf'}.\n")


def _ask_whether(question: str) -> None:
    """Return if the person says yes; raise Cancelled otherwise."""
    sys.stderr.write(f"{visible(question)} [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().casefold() not in {"y", "yes"}:
        raise Cancelled


def _adapters(arguments: argparse.Namespace, parts: Parts, _: Stop) -> None:
    shelf = AdapterShelf(parts.profile.adapters)
    if arguments.remove:
        item = shelf.find(arguments.remove)
        shelf.remove(item)
        write(f"{visible(item.name)}: no longer on the shelf.\n")
        return
    items = shelf.items()
    if arguments.json:
        write_json({"adapters": [_plain(item) for item in items]}, indent=2)
        return
    for item in items:
        lora = item.lora
        about = f"rank {lora.rank} for {item.architecture}" if lora else item.trouble
        write(f"{size(item.size):>8}  {visible(item.name)}, {about}\n")
    if not items:
        tell("There is no adapter yet. Import one with: sottovoce models import PATH")


def _followed(news: Iterable[Transferred | Outcome], doing: str, progress: Progress) -> Outcome:
    """What the work ends with; until then, tell how far it is."""
    for each in news:
        if not isinstance(each, Transferred):
            return each
        progress.show(f"{visible(doing)}: {transfer(each)}")
    raise AssertionError("the last news is the outcome")


def _added_values(item: Item | AdapterItem) -> dict[str, object]:
    if isinstance(item, AdapterItem):
        return {"kind": "adapter"} | _plain(item)
    return {"kind": "model"} | item_values(item, catalogue())


def _plain(value: object) -> dict[str, Any]:
    """A dataclass as JSON tells it."""
    plain: dict[str, Any] = msgspec.to_builtins(value, enc_hook=os.fspath)
    return plain

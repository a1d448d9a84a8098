"""`models search`, `models download` and `models downloads`: models from the hub."""

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from sottovoce.cli.amounts import size, transfer
from sottovoce.cli.layout import beneath, folded
from sottovoce.cli.session import Parts
from sottovoce.cli.terminal import Progress, columns, confirm, in_line, tell, write, write_json
from sottovoce.domain.problems import Missing, Problem, Refused
from sottovoce.domain.stop import Stop
from sottovoce.domain.transfer import Transferred
from sottovoce.models.catalogue import Licence, catalogue
from sottovoce.models.choosing import catalogue_choice, hub_choice, usual_variant
from sottovoce.models.download import Checking, Choice, Download, Installed, State
from sottovoce.models.downloads import Downloads
from sottovoce.models.records import Acceptance
from sottovoce.system.hardware import machine


def search(arguments: argparse.Namespace, parts: Parts, stop: Stop) -> None:
    """Tell which repositories of the hub fit the words."""
    found = parts.remote.search(arguments.text, stop, arguments.limit)
    if arguments.json:
        results = [
            {
                "repository": each.repository,
                "downloads": each.downloads,
                "likes": each.likes,
                "gate": each.gate,
                "updated": each.updated.isoformat() if each.updated else None,
            }
            for each in found
        ]
        write_json({"results": results}, indent=2)
        return
    if not found:
        tell("The hub has no GGUF models with these words.")
    for each in found:
        write(f"{each.downloads:>12,}  {in_line(each.repository)}\n")


def download(arguments: argparse.Namespace, parts: Parts, stop: Stop) -> None:
    """Put a model in the queue, and fetch it now."""
    choice = _choice(arguments.name, parts, stop)
    licence = catalogue().licence(choice.licence)
    if choice.must_accept and licence is not None:
        acceptance = accepted(licence, choice.name, is_given=arguments.accept_licence)
        choice = replace(choice, acceptance=acceptance)
    if licence is None:
        tell(f"Its licence, by its repository: {in_line(choice.licence) or 'not said'}.")
    queue_ = Downloads(parts.profile, parts.remote)
    _run(queue_, queue_.add(choice), stop, as_json=arguments.json)
    if licence is not None and licence.attribution and not arguments.json:
        tell(licence.attribution)


def accepted(licence: Licence, name: str, *, is_given: bool) -> Acceptance:
    """The person's agreement. Raises Refused where it is not given."""
    if not is_given:
        tell(f"{folded(licence.text, columns())}\n\n{licence.link}\n")
        if not sys.stdin.isatty():
            raise Refused(
                f"{name} comes under the {licence.name}. If you agree to it, add --accept-licence."
            )
        confirm(f"Do you agree to the {licence.name}?")
    return Acceptance(licence.name, datetime.now(UTC))


def queue(arguments: argparse.Namespace, parts: Parts, stop: Stop) -> None:
    """Tell what is in the queue, or change it."""
    queue_ = Downloads(parts.profile, parts.remote)
    changes: list[tuple[str | None, Callable[[Download], object]]] = [
        (arguments.pause, queue_.pause),
        (arguments.cancel, queue_.cancel),
    ]
    for id_, change in changes:
        if id_ is not None:
            change(_meant(queue_, id_))
    if arguments.resume is not None:
        _resume(queue_, arguments.resume, stop, as_json=arguments.json)
        return
    _write_queue(queue_.list(), as_json=arguments.json)


def _choice(name: str, parts: Parts, stop: Stop) -> Choice:
    """What is meant by NAME, NAME:QUANTISATION or OWNER/NAME[:QUANTISATION]."""
    wanted, _, quantisation = name.partition(":")
    if "/" in wanted:
        return hub_choice(parts.remote.describe(wanted, None, stop), quantisation, catalogue())
    entry = catalogue().find(wanted)
    variant = entry.variant(quantisation) if quantisation else usual_variant(entry, machine())
    offered = None if variant.files else parts.remote.describe(variant.repository, None, stop)
    return catalogue_choice(entry, variant, offered)


def _run(queue_: Downloads, download: Download, stop: Stop, *, as_json: bool) -> None:
    name = in_line(download.choice.name)
    with Progress() as progress:
        for news in queue_.run(download, stop):
            match news:
                case Transferred() if as_json:
                    write_json({"type": "progress", "done": news.done, "total": news.total})
                case Transferred():
                    progress.show(f"{name}: {transfer(news)}")
                case Checking(done, total):
                    progress.show(f"{name}: checking, {done / max(total, 1):.0%}")
                case Installed(path) if as_json:
                    write_json(
                        {"type": "installed", "name": download.choice.name, "path": str(path)}
                    )
                case Installed(path):
                    progress.clear()
                    write(f"{name} is on the shelf: {in_line(str(path))}\n")


def _resume(queue_: Downloads, id_: str, stop: Stop, *, as_json: bool) -> None:
    """Run one download, or one after the other all that are not paused."""
    if id_ != "all":
        _run(queue_, queue_.resume(_meant(queue_, id_)), stop, as_json=as_json)
        return
    failed = 0
    for download in queue_.list():
        if download.state in {State.PAUSED, State.RUNNING}:
            continue
        try:
            _run(queue_, queue_.resume(download), stop, as_json=as_json)
        except Problem as problem:
            failed += 1
            tell(f"{in_line(download.choice.name)}: {problem}")
    if failed:
        raise Missing(f"{failed} downloads did not end well. They are kept: see models downloads.")


def _meant(queue_: Downloads, id_: str) -> Download:
    for download in queue_.list():
        if download.id == id_:
            return download
    raise Missing("There is no download of that id. See: sottovoce models downloads")


def _write_queue(downloads: list[Download], *, as_json: bool) -> None:
    if as_json:
        values = [
            {
                "id": each.id,
                "name": each.choice.name,
                "repository": each.choice.repository,
                "commit": each.choice.revision,
                "files": [file.name for file in each.choice.files],
                "state": each.state,
                "done": each.done,
                "total": each.choice.size,
                "trouble": each.trouble or None,
            }
            for each in downloads
        ]
        write_json({"downloads": values}, indent=2)
        return
    if not downloads:
        tell("Nothing is being downloaded.")
    for each in downloads:
        total = f" of {size(each.choice.size)}" if each.choice.size else ""
        name = in_line(each.choice.name)
        write(f"{each.id}  {each.state:<8} {size(each.done)}{total}  {name}\n")
        if each.trouble:
            write(beneath(in_line(each.trouble), 10, columns()))

"""`models verify`: whether models are still what they were."""

import argparse

from sottovoce.cli.amounts import followed
from sottovoce.cli.session import Parts
from sottovoce.cli.terminal import Progress, in_line, write, write_json
from sottovoce.domain.problems import Damaged, Missing, Problem
from sottovoce.domain.stop import Stop
from sottovoce.models.shelf import Item, shelf_in
from sottovoce.models.verify import Verdict, Verified


def run(arguments: argparse.Namespace, parts: Parts, stop: Stop) -> None:
    """Read one model, or all, and tell. Raises Damaged if one is not what it was."""
    shelf = shelf_in(parts.profile)
    items = [shelf.item(arguments.name, usable=False)] if arguments.name else shelf.items()
    results: list[tuple[Item, Verified | Problem]] = []
    with Progress() as progress:
        for item in items:
            try:
                verified = followed(shelf.verify(item, stop), f"Reading {item.name}", progress)
            except Problem as problem:
                results.append((item, problem))
            else:
                results.append((item, verified))
            progress.clear()
            if not arguments.json:
                write(f"{in_line(item.name)}: {_says(results[-1][1])}\n")
    if arguments.json:
        write_json({"models": [_verdict_values(*result) for result in results]}, indent=2)
    unread = [item.name for item, result in results if isinstance(result, Problem)]
    changed = [item.name for item, result in results if _is_changed(result)]
    if changed:
        raise Damaged(f"Not what it was: {', '.join(changed)}. Fetch or import it again.")
    if unread:
        raise Missing(f"Could not be verified: {', '.join(unread)}.")


def _is_changed(result: Verified | Problem) -> bool:
    return isinstance(result, Verified) and result.verdict is Verdict.CHANGED


def _says(result: Verified | Problem) -> str:
    if isinstance(result, Problem):
        return str(result)
    match result.verdict:
        case Verdict.UNCHANGED:
            return "unchanged, byte for byte."
        case Verdict.FIRST:
            return "its first fingerprint was taken; from now on a change will be noticed."
        case Verdict.CHANGED:
            names = ", ".join(in_line(file.name) for file in result.changed)
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

"""Measures everything in this folder, or what is named, and holds it against the bars."""

import argparse
import json
import pkgutil
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict
from importlib import import_module
from inspect import signature
from pathlib import Path

from bench.figure import Figure, NeedsBuild, NeedsData


def main() -> int:
    """Print a table, and return 1 if a bar is missed."""
    folder = Path(__file__).parent
    names = [module.name for module in pkgutil.iter_modules([str(folder)])]
    benches = [name for name in names if name not in {"__main__", "figure"}]
    parser = argparse.ArgumentParser(prog="./dev bench")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(benches)}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the figures here")
    parser.add_argument(
        "--data", type=Path, metavar="FOLDER", help="texts, questions and files to measure with"
    )
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(benches):
        parser.error(f"there is no {', '.join(sorted(unknown))}; there is {', '.join(benches)}")

    figures: list[Figure] = []
    for name in arguments.names or benches:
        sys.stdout.write(f"\n{name}\n")
        try:
            for figure in measure(name, arguments.data):
                figures.append(figure)
                sys.stdout.write(line(figure))
                sys.stdout.flush()
        except NeedsData as needed:
            sys.stdout.write(f"  left out: it takes --data with {needed}\n")
        except NeedsBuild:
            sys.stdout.write(
                "  left out: there is no build in dist/sottovoce; ./dev build makes it\n"
            )
    if arguments.json:
        kept = [{**asdict(figure), "holds": figure.holds} for figure in figures]
        arguments.json.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    short = sum(not figure.holds for figure in figures)
    sys.stdout.write(f"\n{len(figures) - short} of {len(figures)} bars hold.\n")
    return 1 if short else 0


def measure(name: str, data: Path | None) -> Iterable[Figure]:
    """What the bench of that name measures, one after the other. Raises NeedsBuild, NeedsData."""
    measured: Callable[..., Iterable[Figure]] = import_module(f"bench.{name}").figures
    return measured(data) if "data" in signature(measured).parameters else measured()


def line(figure: Figure) -> str:
    """One row of the table."""
    bar = f"{'≤' if figure.less_is_better else '≥'} {figure.bar:g} {figure.unit}"
    value = f"{figure.value:.4g} {figure.unit}"
    verdict = "holds" if figure.holds else "SHORT"
    return f"  {figure.name:<58} {value:>14}   {bar:<14} {verdict}  {figure.note}".rstrip() + "\n"


if __name__ == "__main__":
    sys.exit(main())

"""`audit`: what was done here, where administrators want that noted, and if all of it is there."""

import argparse

from sottovoce.cli.session import Parts, kept_key
from sottovoce.cli.terminal import in_line, tell, write, write_json
from sottovoce.domain.problems import Damaged, Problem
from sottovoce.system.audit import Audit, Entry, read_log, verify_log


def run(arguments: argparse.Namespace, parts: Parts) -> None:
    """Do what `audit` was asked for. Raises Problem; Damaged where the log is not whole."""
    if arguments.action == "show":
        _show(arguments, read_log(arguments.file or parts.profile.audit))
    else:
        _verify(arguments, parts)


def _show(arguments: argparse.Namespace, entries: list[Entry]) -> None:
    entries = entries[-arguments.limit :] if arguments.limit else entries
    if arguments.json:
        write_json([_plain(entry) for entry in entries], indent=2)
        return
    if not entries:
        tell("Nothing was noted. The audit log is kept where the policy asks for it.")
    for entry in entries:
        when = entry.time.astimezone().strftime("%Y-%m-%d %H:%M:%S")
        facts = ", ".join(f"{name} {value}" for name, value in entry.facts.items())
        write(f"{entry.number:>6}  {when}  {in_line(f'{entry.event}  {facts}'.rstrip())}\n")


def _verify(arguments: argparse.Namespace, parts: Parts) -> None:
    if arguments.file:
        verdict = verify_log(arguments.file)
    else:
        key = None
        try:
            key = kept_key(parts)
        except Problem as problem:
            tell(f"The end of the log cannot be verified. {problem}")
        verdict = Audit(parts.profile).verify(key)
    if arguments.json:
        write_json(
            {
                "lines": verdict.lines,
                "sealed": verdict.sealed,
                "troubles": list(verdict.troubles),
            },
            indent=2,
        )
    elif not verdict.troubles:
        sealed = f", sealed up to line {verdict.sealed:,}" if verdict.sealed else ""
        write(f"Each of the {verdict.lines:,} lines follows from the one before{sealed}.\n")
    for trouble in verdict.troubles:
        tell(trouble)
    if verdict.troubles:
        raise Damaged("The audit log is not what was noted. Ask who may have changed it.")


def _plain(entry: Entry) -> dict[str, object]:
    return {
        "number": entry.number,
        "time": entry.time.isoformat(),
        "event": entry.event,
        "facts": dict(entry.facts),
    }

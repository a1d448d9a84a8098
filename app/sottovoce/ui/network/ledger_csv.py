"""The ledger as spreadsheets read it."""

import csv
import io
from collections.abc import Sequence

from sottovoce.system.network.ledger import Entry

# What a spreadsheet would take for the beginning of a formula, and compute.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_HEADINGS = ("Time (UTC)", "Verdict", "Purpose", "Host", "Port", "Bytes received", "Bytes sent")


def as_csv(entries: Sequence[Entry]) -> str:
    """Entries as comma-separated values, a line for each, under a line of headings."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_HEADINGS)
    for entry in entries:
        writer.writerow(
            [
                entry.moment.isoformat(timespec="seconds"),
                verdict(entry),
                _plain(entry.purpose),
                _plain(entry.host),
                _number(entry.port),
                _number(entry.received),
                _number(entry.sent),
            ]
        )
    return text.getvalue()


def verdict(entry: Entry) -> str:
    """In one word."""
    return "Allowed" if entry.is_allowed else "Refused"


def _plain(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _number(value: int | None) -> str:
    return "" if value is None else str(value)

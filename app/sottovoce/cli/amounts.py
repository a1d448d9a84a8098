"""Bytes, speeds and times in words, and work that is measured in them."""

from collections.abc import Iterable
from typing import TypeVar

from sottovoce.cli.terminal import Progress
from sottovoce.domain.transfer import Transferred

Outcome = TypeVar("Outcome")


def size(count: float) -> str:
    """Such as "4.92 GB": three digits, in powers of ten as disks are sold."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 999.5:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:,.3g} TB"


def transfer(news: Transferred) -> str:
    """Such as "1.2 GB of 4.92 GB, 31 MB/s, 2 min left"."""
    words = [f"{size(news.done)} of {size(news.total)}"]
    if news.speed:
        words.append(f"{size(news.speed)}/s")
    if news.seconds_left is not None:
        words.append(f"{duration(news.seconds_left)} left")
    return ", ".join(words)


def duration(seconds: float) -> str:
    """Such as "40 s", "2 min" or "3 h 20 min"."""
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def rate(tokens: float) -> str:
    """Such as "5.22 tokens/s" or "1,730 tokens/s"."""
    return f"{tokens:.3g} tokens/s" if tokens < 999.5 else f"{tokens:,.0f} tokens/s"


def followed(news: Iterable[Transferred | Outcome], doing: str, progress: Progress) -> Outcome:
    """What the work ends with; until then, tell how far it is."""
    for each in news:
        if not isinstance(each, Transferred):
            return each
        progress.show(f"{doing}: {transfer(each)}")
    raise AssertionError("the last news is the outcome")

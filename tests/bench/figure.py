"""One measured figure beside its bar."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured, in `unit`, and the bar it is held against."""

    name: str
    value: float
    unit: str
    """ "s", "ms", "MB", or "ratio"."""
    bar: float
    less_is_better: bool = True
    note: str = ""

    @property
    def holds(self) -> bool:
        return self.value <= self.bar if self.less_is_better else self.value >= self.bar


class NeedsData(Exception):
    """It can only be measured with what it names, in the folder that `--data` gives."""


class NeedsBuild(Exception):
    """It measures what `./dev build` made, and nothing is there."""

"""The table of plans for Llama 3.1. From the folder above: `python -m domain.planned` writes it."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

from domain.described import FIGURES, MACHINES, llama_31
from sottovoce.domain.model import LoadOptions
from sottovoce.domain.plan import plan

KEPT = Path(__file__).with_name("plans.txt")

COMBINATIONS = [*product(MACHINES, FIGURES, FIGURES["8B"]["quantisations"])]
"""Names of machines, sizes of the model, and quantisations."""


def rows() -> Iterator[str]:
    """One for each model that fits: GPU layers, windows, KV type, MB in the machine and on GPUs."""
    yield f"{'machine':<24}{'model':<14}{'GPU layers':<26}{'start':>6}{'limit':>8}  {'KV':<6}MB"
    for name, size, quantisation in COMBINATIONS:
        its = plan(llama_31(size, quantisation), MACHINES[name], LoadOptions())
        if not its.fits:
            continue
        layers = "+".join(map(str, its.layout.split)) or "-"
        needs = " + ".join(f"{need / 1e6:,.0f}" for need in (its.need.machine, *its.need.gpus))
        yield (
            f"{name:<24}{size:<5}{quantisation:<9}{layers:<26}"
            f"{its.layout.context:>6}{its.context_limit:>8}  {its.layout.kv_type:<6}{needs}"
        )


if __name__ == "__main__":
    KEPT.write_text("\n".join(rows()) + "\n", encoding="utf-8")

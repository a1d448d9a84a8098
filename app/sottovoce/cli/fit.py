"""`models fit`: what this machine can do with a model, before it is loaded or even fetched."""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace

from sottovoce.cli.amounts import rate, size
from sottovoce.cli.layout import columns_of, padded, rows
from sottovoce.cli.session import Parts
from sottovoce.cli.terminal import Progress, columns, in_line, tell, write, write_json
from sottovoce.domain.footprint import Shape, kv_bytes
from sottovoce.domain.hardware import Machine
from sottovoce.domain.model import LoadOptions, Model, Role
from sottovoce.domain.problems import Missing, Problem
from sottovoce.domain.speed import Measuring, Rates
from sottovoce.domain.stop import Stop
from sottovoce.models.catalogue import Entry, Variant, catalogue
from sottovoce.models.choosing import usual_variant
from sottovoce.models.fit import Estimate, Fit, fit
from sottovoce.models.gguf import read_shape
from sottovoce.models.shelf import is_path, shelf_in
from sottovoce.models.speed import read_rates, write_rates
from sottovoce.system.hardware import machine


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A model to be judged."""

    name: str
    quantisation: str
    size: int
    """Bytes on disk."""
    place: str
    """Where it is: on the shelf or in the catalogue."""
    role: Role
    shape: Shape

    @property
    def writes(self) -> bool:
        """Whether it makes text; the others only read it."""
        return self.role in {Role.CHAT, Role.GUARD}


def run(arguments: argparse.Namespace, parts: Parts, stop: Stop) -> None:
    """Tell how one model fits, or all on the shelf and in the catalogue."""
    one = [_wanted(arguments.name, parts)] if arguments.name else None
    here = _machine(parts, stop)
    rates = _rates(parts, stop, measures=not arguments.no_measure)
    wishes = LoadOptions(
        context=arguments.context, gpu_layers=arguments.gpu_layers, kv_type=arguments.kv
    )
    judged = [
        (candidate, fit(candidate.shape, here, rates, wishes))
        for candidate in one or _all(parts, here)
    ]
    if arguments.json:
        values = [_values(candidate, result) for candidate, result in judged]
        write_json({"machine": asdict(here), "models": values}, indent=2)
        return
    _write_machine(here)
    write(rows(_rows(judged), columns()))
    if one is not None:
        _write_in_full(*judged[0])


def _machine(parts: Parts, stop: Stop) -> Machine:
    """Return this machine with the GPUs that this build of llama.cpp can use."""
    return replace(machine(), gpus=parts.engine.devices(stop).gpus)


def _rates(parts: Parts, stop: Stop, *, measures: bool) -> Rates | None:
    """How fast this machine is; measured now if it never was, or with another llama.cpp."""
    rates = read_rates(parts.profile.speed)
    if not measures or (rates is not None and rates.build == parts.engine.devices(stop).build):
        return rates
    with Progress() as progress:
        for news in parts.engine.measure(stop):
            if isinstance(news, Measuring):
                progress.show(f"Measuring how fast this computer is, once… {news.fraction:.0%}")
            else:
                rates = news
                try:
                    write_rates(parts.profile.speed, news)
                except Problem as problem:  # Then it is measured anew next time.
                    progress.clear()
                    tell(str(problem))
    return rates


def _wanted(name: str, parts: Parts) -> _Candidate:
    """A model of the shelf, by its name or path, or one of the catalogue."""
    shelf = shelf_in(parts.profile)
    if is_path(name):
        return _on_shelf(shelf.find(name))
    try:
        return _on_shelf(shelf.find(name))
    except Missing:
        wanted, _, quantisation = name.partition(":")
        entry = catalogue().find(wanted)
    variant = entry.variant(quantisation) if quantisation else usual_variant(entry, machine())
    if candidate := _in_catalogue(entry, variant):
        return candidate
    raise Missing(f"Too little is known of {entry.name} before it is here.")


def _all(parts: Parts, here: Machine) -> Iterator[_Candidate]:
    for item in shelf_in(parts.profile).items():
        if item.model:
            with suppress(Problem):  # Those are told by `models list`.
                yield _on_shelf(item.model)
    for entry in catalogue().entries:
        if candidate := _in_catalogue(entry, usual_variant(entry, here)):
            yield candidate


def _on_shelf(model: Model) -> _Candidate:
    shape = read_shape(model.path)
    return _Candidate(model.name, model.quantisation, model.size, "shelf", model.role, shape)


def _in_catalogue(entry: Entry, variant: Variant) -> _Candidate | None:
    """None where its dimensions are not known."""
    if variant.shape is None:
        return None
    return _Candidate(
        entry.name, variant.quantisation, variant.size, "catalogue", entry.role, variant.shape
    )


def _write_machine(here: Machine) -> None:
    tell(
        f"{here.processor}, {here.cores} cores, {size(here.available)} of memory free; "
        + (", ".join(f"{gpu.name}, {size(gpu.free)} free" for gpu in here.gpus) or "no GPU in use")
        + "."
    )


def _rows(judged: Sequence[tuple[_Candidate, Fit]]) -> list[tuple[str, str]]:
    """What is known of each, in columns, and what is to be said of it."""
    names = [f"{in_line(each.name)} {each.quantisation}" for each, _ in judged]
    speeds = [_speed(*each) for each in judged]
    name_columns, speed_columns = max(map(columns_of, names)), max(map(columns_of, speeds))
    return [
        (
            f"{each.place:<9}  {padded(name, name_columns)}  {padded(speed, speed_columns)} ",
            result.says,
        )
        for (each, result), name, speed in zip(judged, names, speeds, strict=True)
    ]


def _speed(candidate: _Candidate, result: Fit) -> str:
    estimate = result.generation if candidate.writes else result.prompt
    does = "writes" if candidate.writes else "reads"
    return f"{does} {rate(estimate.likely)}" if estimate else ""


def _write_in_full(candidate: _Candidate, result: Fit) -> None:
    plan, shape = result.plan, candidate.shape
    layout, need = plan.layout, plan.need
    write(
        f"\n  Memory         {size(need.total)}: weights {size(need.weights.total)}, window "
        f"{size(need.window.total)}, process {size(need.process)}\n"
        f"  Context        {layout.context:,} tokens, up to {plan.context_limit:,}; "
        f"{size(kv_bytes(shape, 1, layout.kv_type))} for each at {layout.kv_type}\n"
        f"  Layers         {layout.gpu_layers} of {shape.layers} on the GPU\n"
        f"  Threads        {plan.threads}\n"
    )
    writing = result.generation if candidate.writes else None
    for doing, estimate in (("Writing", writing), ("Reading", result.prompt)):
        if estimate:
            low, high = rate(estimate.low), rate(estimate.high)
            write(f"  {doing:<14} {rate(estimate.likely)}; from {low} to {high}\n")


def _values(candidate: _Candidate, result: Fit) -> dict[str, object]:
    plan = result.plan
    layout, need = plan.layout, plan.need
    return {
        "name": candidate.name,
        "quantisation": candidate.quantisation,
        "size": candidate.size,
        "place": candidate.place,
        "role": candidate.role,
        "verdict": result.verdict,
        "says": result.says,
        "fits": plan.fits,
        "context": layout.context,
        "context_limit": plan.context_limit,
        "gpu_layers": layout.gpu_layers,
        "kv_type": layout.kv_type,
        "flash_attention": layout.flash_attention,
        "batch": layout.batch,
        "threads": plan.threads,
        "kv_bytes_per_token": kv_bytes(candidate.shape, 1, layout.kv_type),
        "need": {
            "total": need.total,
            "machine": need.machine,
            "gpus": list(need.gpus),
            "weights": need.weights.total,
            "window": need.window.total,
            "process": need.process,
        },
        "generation": _estimate(result.generation),
        "prompt": _estimate(result.prompt),
    }


def _estimate(estimate: Estimate | None) -> dict[str, float] | None:
    return asdict(estimate) if estimate else None

"""`models inspect`: what a GGUF file says about itself."""

import argparse
from collections.abc import Iterator

from sottovoce.cli.amounts import size
from sottovoce.cli.layout import beneath
from sottovoce.cli.session import Parts
from sottovoce.cli.terminal import columns, in_line, plain, write, write_json
from sottovoce.domain.stop import Stop
from sottovoce.models.inspect import inspect
from sottovoce.models.inspection import Inspection


def run(arguments: argparse.Namespace, parts: Parts, stop: Stop) -> None:
    """Tell it. Raises what the file cannot be looked into for."""
    inspection = inspect(arguments.path, stop, needs_sandbox=parts.policy.needs_sandbox)
    if arguments.json:
        write_json(plain(inspection), indent=2)
        return
    for name, value in _facts(inspection):
        write(beneath(in_line(value), 15, columns(), name=name))
    if inspection.template:
        for finding in inspection.template.findings:
            write(beneath(finding.sentence, 15, columns(), name="Warning"))
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

"""`packs`: what lets llama.cpp compute on a GPU, from a signed file."""

import argparse
from collections.abc import Callable

from sottovoce.cli.amounts import followed, size
from sottovoce.cli.bundle import is_named
from sottovoce.cli.layout import beneath
from sottovoce.cli.session import Parts
from sottovoce.cli.signals import stop_on_signals
from sottovoce.cli.terminal import Progress, columns, in_line, tell, write, write_json
from sottovoce.domain.problems import Problem
from sottovoce.domain.stop import Stop
from sottovoce.models.bundle.reading import open_bundle
from sottovoce.models.bundle.signers import Signers, UnknownSigner, publisher
from sottovoce.models.packs import Pack, Packs


def run(arguments: argparse.Namespace, parts: Parts) -> None:
    """Do what was asked for with packs. Raises Problem and Cancelled."""
    actions: dict[str, Callable[[argparse.Namespace, Parts, Stop], None]] = {
        "list": _list,
        "install": _install,
        "remove": _remove,
    }
    with stop_on_signals() as stop:
        actions[arguments.action](arguments, parts, stop)


def trouble(pack: Pack, packs: Packs, stop: Stop) -> str:
    """Why a pack is not used, with every byte of it read; empty where all is well."""
    if pack.trouble:
        return pack.trouble
    try:
        packs.verify(pack, stop)
    except Problem as problem:
        return str(problem)
    return ""


def _list(arguments: argparse.Namespace, parts: Parts, stop: Stop) -> None:
    packs = Packs(parts.profile, publisher())
    found = [(pack, trouble(pack, packs, stop)) for pack in packs.all()]
    if arguments.json:
        values = [
            {"name": pack.name, "size": pack.size, "folder": str(pack.folder), "trouble": why}
            for pack, why in found
        ]
        write_json({"packs": values}, indent=2)
        return
    for pack, why in found:
        says = f"{size(pack.size)}. {why}" if why else size(pack.size)
        write(beneath(says, 20, columns(), name=in_line(pack.name)))
    if not found:
        tell("No pack is installed. Add one with: sottovoce packs install FILE")


def _install(arguments: argparse.Namespace, parts: Parts, stop: Stop) -> None:
    bundle = open_bundle(arguments.path)
    if is_named(bundle.signer, arguments.trust_signer):
        Signers(parts.profile).trust(bundle.signer)
    packs = Packs(parts.profile, publisher())
    try:
        with Progress() as progress:
            pack = followed(packs.install(bundle, stop), "Installing the pack", progress)
    except UnknownSigner:
        tell(f"To trust the signer, add: --trust-signer {bundle.signer.fingerprint}")
        raise
    write(f"{in_line(pack.name)} is installed, {size(pack.size)}.\n")
    devices = parts.engine.devices(stop)
    gpus = ", ".join(f"{gpu.name} by {gpu.kind}" for gpu in devices.gpus)
    write(f"{devices.build} finds {gpus or 'no GPU'}.\n")
    if devices.packs < len(packs.libraries()):
        tell("What is in the pack cannot be loaded here: a driver is missing, or finds no GPU.")


def _remove(arguments: argparse.Namespace, parts: Parts, _: Stop) -> None:
    Packs(parts.profile, publisher()).remove(arguments.name)
    write("The pack is removed. The engine does without it from its next start on.\n")

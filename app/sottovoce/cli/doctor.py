"""`doctor`: what works on this machine, and what to do about the rest."""

import argparse
import os
import platform
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

from sottovoce import __version__
from sottovoce.cli import network, packs
from sottovoce.cli.layout import beneath
from sottovoce.cli.policy import sentences
from sottovoce.cli.protect import WAYS
from sottovoce.cli.session import Parts
from sottovoce.cli.signals import stop_on_signals
from sottovoce.cli.terminal import Progress, columns, write, write_json
from sottovoce.domain.hardware import Gpu, GpuKind
from sottovoce.domain.model import LoadOptions
from sottovoce.domain.problems import Problem
from sottovoce.domain.stop import Stop
from sottovoce.engine.engine import Devices, Loaded
from sottovoce.models.bundle.signers import publisher
from sottovoce.models.packs import Packs
from sottovoce.models.shelf import starter
from sottovoce.system.hardware import machine
from sottovoce.system.memory import available
from sottovoce.system.network.switch import read_switch
from sottovoce.system.sandbox import (
    TO_CONNECT,
    TO_READ,
    Confinement,
    possible,
    possible_errand,
    possible_offline,
)
from sottovoce.system.vault import Vault

_BUILD = {
    GpuKind.CUDA: "-DGGML_CUDA=on",
    GpuKind.METAL: "-DGGML_METAL=on",
    GpuKind.VULKAN: "-DGGML_VULKAN=on",
}
"""What llama.cpp is built with to use a GPU."""


class Health(StrEnum):
    """How a thing is."""

    GOOD = "good"
    NOTE = "note"
    """It works, but there is something to know."""
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    name: str
    health: Health
    says: str


def run(arguments: argparse.Namespace, parts: Parts) -> None:
    """Look at everything, and tell it as it is found."""
    findings = []
    with stop_on_signals() as stop:
        for finding in _findings(parts, stop):
            stop.check()
            findings.append(finding)
            if not arguments.json:
                name = f"{finding.health.upper():<5} {finding.name}"
                write(beneath(finding.says, 20, columns(), name=name))
    if arguments.json:
        write_json({"findings": [asdict(finding) for finding in findings]}, indent=2)


def _findings(parts: Parts, stop: Stop) -> Iterator[Finding]:
    yield Finding(
        "Sottovoce",
        Health.GOOD,
        f"Version {__version__} on Python {platform.python_version()}, "
        f"{platform.system()} {platform.release()}, {platform.machine()}.",
    )
    yield _memory()
    yield from _engine(parts, stop)
    yield from _packs(parts, stop)
    yield _keyring(parts)
    yield _chats(parts)
    yield _disk(parts)
    yield _shared(parts)
    yield Finding("Network", Health.GOOD, _network(parts))
    yield _policy(parts)
    yield sandbox("Sandbox", "What opens models and documents", possible())
    yield sandbox("Library", "What keeps documents", possible_offline(), purpose=TO_READ)
    yield sandbox("Downloads", "What uses the network", possible_errand(), purpose=TO_CONNECT)


def _packs(parts: Parts, stop: Stop) -> Iterator[Finding]:
    """What computes besides the build itself, with every byte of it read."""
    found = Packs(parts.profile, publisher())
    there = found.all()
    if not there:
        return
    wanted = sum(len(pack.libraries) for pack in there)
    is_loaded = wanted == 0 or parts.engine.devices(stop).packs == wanted
    for pack in there:
        says = f"{pack.name} is installed"
        if why := packs.trouble(pack, found, stop):
            yield Finding("Pack", Health.BAD, f"{says} and not used. {why}")
        elif is_loaded:
            yield Finding("Pack", Health.GOOD, f"{says}, and is what its publisher signed.")
        else:
            says = f"{says}, but a driver is missing or finds no GPU. Install or renew the driver."
            yield Finding("Pack", Health.NOTE, says)


def _policy(parts: Parts) -> Finding:
    rules = [name for name, _ in sentences(parts.policy)]
    if not rules:
        return Finding("Policy", Health.GOOD, "There are no rules: each user decides.")
    says = f"Your administrator set {', '.join(rules)}. To see how: sottovoce policy show"
    if parts.policy.banner:
        says = f"{parts.policy.banner}. {says}"
    return Finding("Policy", Health.GOOD, says)


def _network(parts: Parts) -> str:
    return network.state(read_switch(parts.profile.network, parts.policy), parts.policy)


def _shared(parts: Parts) -> Finding:
    folder = parts.profile.shared_models
    says = (
        f"Models in {folder} are there for all users of this computer."
        if folder.is_dir()
        else f"To share models with all users of this computer, put them in {folder}."
    )
    return Finding("Shared models", Health.GOOD, says)


def _memory() -> Finding:
    gigabytes = available() / 1e9
    if gigabytes < 1:
        says = f"Only {gigabytes:.1f} GB are free. Close other programs before loading a model."
        return Finding("Memory", Health.NOTE, says)
    return Finding("Memory", Health.GOOD, f"{gigabytes:.1f} GB are free.")


def _engine(parts: Parts, stop: Stop) -> Iterator[Finding]:
    try:
        model = starter()
    except Problem as problem:
        yield Finding("Model", Health.BAD, str(problem))
        return
    if model is None:
        says = "The starter model is not installed. Name a model file with --model."
        yield Finding("Model", Health.BAD, says)
        return
    try:
        with Progress() as progress:
            for news in parts.engine.load(model, LoadOptions(), stop):
                progress.show(f"Loading {model.name}… {news.fraction:.0%}")
    except Problem as problem:
        yield Finding("Engine", Health.BAD, str(problem))
        return
    loaded = parts.engine.loaded
    assert loaded is not None, "A load that returns has loaded."
    yield Finding(
        "Model",
        Health.GOOD,
        f"{model.name} loads in {loaded.seconds:.1f} s; context window up to "
        f"{loaded.context_limit:,} tokens.",
    )
    yield acceleration(parts.engine.devices(stop), machine().gpus, loaded)
    if loaded.confinement is not None:
        yield sandbox("Engine", "The engine, now that it has a model open,", loaded.confinement)
    parts.engine.unload()


def acceleration(devices: Devices, there: Sequence[Gpu], loaded: Loaded) -> Finding:
    """What computes, by which build, and why no GPU does. `there` are those in the computer."""
    name = "Acceleration"
    threads = "1 thread" if loaded.threads == 1 else f"{loaded.threads} threads"
    computes = f"{loaded.backend} computes with {threads}, by {devices.build}."
    if loaded.gpu_layers:
        says = f"{computes} {loaded.gpu_layers} layers are on the GPU. {loaded.note}"
        return Finding(name, Health.NOTE if loaded.note else Health.GOOD, says.strip())
    if devices.gpus:
        gpu = max(devices.gpus, key=lambda gpu: gpu.free)
        says = (
            f"{gpu.name} has only {gpu.free / 1e9:.1f} GB of its memory free: too little for the"
            " starter model. Close other programs that use it."
        )
        return Finding(name, Health.NOTE, f"{computes} {says}")
    unused = next((gpu for gpu in there if gpu.kind not in devices.build), None)
    if unused is not None:
        says = (
            f"{unused.name} is not used, because this build cannot use {unused.kind}. Install a "
            "pack for it (sottovoce packs install FILE); or, where Sottovoce runs from a Python "
            f'package, llama-cpp-python anew with CMAKE_ARGS="{_BUILD[unused.kind]}".'
        )
        return Finding(name, Health.NOTE, f"{computes} {says}")
    if any(kind in devices.build for kind in GpuKind):
        says = "This build could use a GPU, but its driver finds none. Install or renew the driver."
        return Finding(name, Health.NOTE, f"{computes} {says}")
    says = "No GPU was found; NVIDIA's are seen once their driver is installed."
    return Finding(name, Health.GOOD, f"{computes} {says}")


def sandbox(name: str, who: str, confinement: Confinement, *, purpose: str = "") -> Finding:
    """What `who`, a process that meets what strangers made, is kept from, but for its purpose."""
    refused = ", ".join(confinement.refused)
    says = f"{who} is kept by the system from {refused}." if refused else ""
    free = ", ".join(confinement.possible_but(purpose))
    if not free:
        return Finding(name, Health.GOOD, says)
    says += f" {who} is not kept from {free}. Open only what you trust."
    return Finding(name, Health.NOTE, says.strip())


def _keyring(parts: Parts) -> Finding:
    if parts.profile.is_portable:
        says = (
            f"Not used: Sottovoce is portable, and keeps everything in {parts.profile.folder}, "
            "protected with a passphrase."
        )
        return Finding("Keyring", Health.GOOD, says)
    if parts.secrets() is None:
        says = "None was found. Your chats are protected with a passphrase instead."
        return Finding("Keyring", Health.NOTE, says)
    return Finding("Keyring", Health.GOOD, "The keyring of this computer is there and unlocked.")


def _chats(parts: Parts) -> Finding:
    vault = Vault(parts.profile.vault)
    try:
        protections = vault.protections
    except Problem as problem:
        return Finding("Chats", Health.BAD, str(problem))
    if not protections:
        return Finding("Chats", Health.GOOD, "None are kept yet. They will be encrypted.")
    by = " and by ".join(WAYS[protection] for protection in sorted(protections))
    return Finding("Chats", Health.GOOD, f"Encrypted; opened by {by}.")


def _disk(parts: Parts) -> Finding:
    if not os.access(parts.profile.folder, os.W_OK):
        says = "Sottovoce may not write in its folder, so nothing can be kept. Allow it to."
        return Finding("Disk", Health.BAD, says)
    free = shutil.disk_usage(parts.profile.folder).free / 1e9
    health = Health.GOOD if free >= 1 else Health.NOTE
    return Finding("Disk", health, f"{free:,.1f} GB are free where Sottovoce keeps its data.")

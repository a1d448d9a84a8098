"""`update`: another version of Sottovoce, from a file; nothing is ever looked for."""

import argparse
from collections.abc import Iterator

from sottovoce import __version__
from sottovoce.cli.amounts import size, transfer
from sottovoce.cli.bundle import is_named
from sottovoce.cli.session import Parts
from sottovoce.cli.signals import stop_on_signals
from sottovoce.cli.terminal import Progress, in_line, plain, tell, write, write_json
from sottovoce.domain.stop import Stop
from sottovoce.domain.transfer import Transferred
from sottovoce.models.bundle.reading import open_bundle, verify
from sottovoce.models.bundle.signers import Signers, UnknownSigner, publisher
from sottovoce.models.bundle.update import Handed, Ready, Trying, Update, install, update_in
from sottovoce.system.application import this_application


def run(arguments: argparse.Namespace, parts: Parts) -> None:
    """Look at an update, or install it. Raises Problem and Cancelled."""
    with stop_on_signals() as stop:
        bundle = open_bundle(arguments.path)
        if is_named(bundle.signer, arguments.trust_signer):
            Signers(parts.profile).trust(bundle.signer)
        try:
            update = update_in(
                bundle, parts.profile, this_application(), publisher(), older=arguments.older
            )
        except UnknownSigner:
            tell(f"To trust the signer, add: --trust-signer {bundle.signer.fingerprint}")
            raise
        if arguments.action == "verify":
            _verify(update, stop, as_json=arguments.json)
        else:
            _install(update, arguments, parts, stop)


def _verify(update: Update, stop: Stop, *, as_json: bool) -> None:
    with Progress() as progress:
        for news in verify(update.bundle, stop):
            progress.show(f"Reading {update.item.name}: {transfer(news)}")
    item, signer = update.item, update.bundle.signer.fingerprint
    if as_json:
        values = {"version": item.version, "installed": __version__, "platform": item.platform}
        values |= {"file": item.files[0].name, "sha256": item.files[0].sha256, "signer": signer}
        write_json(values | {"replaces": not update.obstacle, "why_not": update.obstacle}, indent=2)
        return
    write(f"Sottovoce {item.version} for {item.platform}, {size(item.size)}; {__version__} now\n")
    write(f"Signed by {signer}\n")
    if update.obstacle:
        tell(f"{update.obstacle} `sottovoce update install` gives you the file to install.")


def _install(update: Update, arguments: argparse.Namespace, parts: Parts, stop: Stop) -> None:
    news = install(update, parts.profile, this_application(), stop, hand_to=arguments.hand_to)
    name = f"Sottovoce {update.item.version}"
    with Progress() as progress:
        last = _followed(news, name, progress)
    if arguments.json:
        write_json({"ready": isinstance(last, Ready)} | plain(last), indent=2)
    elif isinstance(last, Ready):
        write(f"{name} is ready. It is used from the next start on, once all windows are closed.\n")
    else:
        write(f"{update.obstacle} {in_line(last.how)}\n{in_line(str(last.path))}\n")
        write(f"SHA-256 {update.item.files[0].sha256}\n{last.command}".rstrip() + "\n")


def _followed(
    news: Iterator[Transferred | Trying | Ready | Handed], name: str, progress: Progress
) -> Ready | Handed:
    for each in news:
        match each:
            case Transferred():
                progress.show(f"Copying {name}: {transfer(each)}")
            case Trying():
                progress.show(f"Unpacking {name}, and trying whether it starts here")
            case Ready() | Handed():
                return each
    raise AssertionError("the last news is the outcome")

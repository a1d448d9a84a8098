"""`bundle`: models, carried in one signed piece to where no network is."""

import argparse
import getpass
import sys
from collections.abc import Callable
from pathlib import Path

from sottovoce.cli.amounts import followed, size, transfer
from sottovoce.cli.downloads import accepted
from sottovoce.cli.layout import beneath
from sottovoce.cli.session import Parts
from sottovoce.cli.signals import stop_on_signals
from sottovoce.cli.terminal import (
    Progress,
    columns,
    confirm,
    in_line,
    plain,
    tell,
    write,
    write_json,
)
from sottovoce.domain.problems import Cancelled, Missing, Refused, Unsupported
from sottovoce.domain.stop import Stop
from sottovoce.models.adapters import AdapterShelf
from sottovoce.models.bundle.create import (
    Cargo,
    adapter_cargo,
    application_cargo,
    create,
    file_cargo,
    licence_cargo,
    model_cargo,
)
from sottovoce.models.bundle.install import install, is_handed, licences_to_accept
from sottovoce.models.bundle.manifest import Kind
from sottovoce.models.bundle.minisign import (
    PublicKey,
    SecretKey,
    is_fingerprint,
    new_key,
    public_key_in,
    sealed,
    unsealed,
)
from sottovoce.models.bundle.reading import Bundle, open_bundle, verify
from sottovoce.models.bundle.signers import Signers, UnknownSigner
from sottovoce.models.catalogue import catalogue
from sottovoce.models.shelf import shelf_in
from sottovoce.system.audit import Audit, Event
from sottovoce.system.files import write_private
from sottovoce.system.passphrase import given_passphrase

_NO_KEY = "There is no signing key yet. Make one with: sottovoce bundle key new"
_LARGEST_KEY = 4_096
"""Bytes."""


def run(arguments: argparse.Namespace, parts: Parts) -> None:
    """Do what was asked for with a bundle, or with what signs it. Raises Problem and Cancelled."""
    actions: dict[str, Callable[[argparse.Namespace, Parts, Stop], None]] = {
        "create": _create,
        "verify": _verify,
        "install": _install,
        "key": _key,
    }
    with stop_on_signals() as stop:
        actions[arguments.action](arguments, parts, stop)


def _create(arguments: argparse.Namespace, parts: Parts, stop: Stop) -> None:
    cargoes = _cargoes(arguments, parts)
    key = _signing_key(arguments, parts)
    news = create(
        cargoes,
        arguments.out,
        key,
        stop,
        name=arguments.name,
        sequence=arguments.sequence,
        split=arguments.split,
    )
    with Progress() as progress:
        bundle = followed(news, "Making the bundle", progress)
    Audit(parts.profile).note(Event.BUNDLE_MADE, sha256=bundle.id)
    _trust_own(key.public, parts)
    _write_bundle(bundle, parts, as_json=arguments.json, place=arguments.out)


def _cargoes(arguments: argparse.Namespace, parts: Parts) -> list[Cargo]:
    """All that was named, and the terms of the models among it."""
    shelf, adapters, known = (
        shelf_in(parts.profile),
        AdapterShelf(parts.profile.adapters),
        catalogue(),
    )
    models = [model_cargo(shelf.item(name)) for name in arguments.model]
    licences = [known.licence(id_) for id_ in dict.fromkeys(each.licence for each in models)]
    policies = [arguments.policy_file] if arguments.policy_file else []
    for licence in licences:
        if licence and licence.must_accept and not (licence.full_text or arguments.licence):
            tell(
                f"The {licence.name} asks that its whole text goes along with its models: add it "
                "with --licence FILE."
            )
    cargoes = [
        *models,
        *(adapter_cargo(adapters.find(name)) for name in arguments.adapter),
        *(licence_cargo(licence) for licence in licences if licence),
        *(file_cargo(Kind.LICENCE, path) for path in arguments.licence),
        *map(application_cargo, arguments.application),
        *(file_cargo(Kind.POLICY, path) for path in policies),
    ]
    if not cargoes:
        raise Missing("A bundle without anything is of no use. Add --model NAME.")
    return cargoes


def _verify(arguments: argparse.Namespace, parts: Parts, stop: Stop) -> None:
    bundle = open_bundle(arguments.path)
    with Progress() as progress:
        for news in verify(bundle, stop):
            progress.show(f"Reading {bundle.manifest.name}: {transfer(news)}")
    _write_bundle(bundle, parts, as_json=arguments.json, place=arguments.path)
    if not is_named(bundle.signer, arguments.trust_signer):
        _check(bundle, Signers(parts.profile))


def _install(arguments: argparse.Namespace, parts: Parts, stop: Stop) -> None:
    bundle, signers = open_bundle(arguments.path), Signers(parts.profile)
    if is_named(bundle.signer, arguments.trust_signer):
        signers.trust(bundle.signer)
    _check(bundle, signers)
    acceptances = {
        licence.id: accepted(licence, bundle.manifest.name, is_given=arguments.accept_licence)
        for licence in licences_to_accept(bundle.manifest, catalogue())
    }
    news = install(
        bundle,
        parts.profile,
        stop,
        acceptances=acceptances,
        hand_to=arguments.hand_to,
        for_all=arguments.for_all,
    )
    try:
        with Progress() as progress:
            installed = followed(news, f"Installing {bundle.manifest.name}", progress)
    except Cancelled:
        tell("What was copied is kept. Install it again to go on.")
        raise
    if arguments.json:
        write_json({"installed": plain(installed)}, indent=2)
        return
    for path in (*installed.models, *installed.adapters):
        write(f"On the shelf: {in_line(str(path))}\n")
    for path in installed.licences:
        write(f"Its terms: {in_line(str(path))}\n")
    for path in installed.handed:
        write(f"For you to install: {in_line(str(path))}\n")
    if arguments.for_all and any(item.kind is Kind.ADAPTER for item in bundle.manifest.items):
        tell("Adapters are not shared: who wants them installs the bundle without --for-all.")
    if not arguments.hand_to and any(map(is_handed, bundle.manifest.items)):
        tell("The bundle carries more, for you to install. Get it with: --hand-to FOLDER")


def _check(bundle: Bundle, signers: Signers) -> None:
    try:
        signers.check(bundle)
    except UnknownSigner:
        tell(f"To trust the signer, add: --trust-signer {bundle.signer.fingerprint}")
        raise


def _key(arguments: argparse.Namespace, parts: Parts, _: Stop) -> None:
    match arguments.key_action:
        case "new":
            _make_key(arguments, parts)
        case "show":
            _show_keys(arguments, parts)
        case "trust":
            _trust(arguments, parts)
        case "forget":
            key = Signers(parts.profile).forget(arguments.fingerprint)
            write(f"{key.fingerprint} is not trusted any more.\n")


def _make_key(arguments: argparse.Namespace, parts: Parts) -> None:
    place = parts.profile.signing_key
    if place.exists():
        raise Refused(
            "There is a signing key already. Move it away first if you want another: whoever "
            "trusts it will have to trust the new one."
        )
    passphrase = given_passphrase(None, arguments.key_passphrase_file) or _typed_twice()
    key = new_key()
    # What is written first is of no use alone: a key without its public half could not be shown.
    write_private(place.with_suffix(".pub"), key.public.file)
    write_private(place, sealed(key, passphrase))
    _trust_own(key.public, parts)
    _show_keys(arguments, parts)


def _trust_own(key: PublicKey, parts: Parts) -> None:
    """Install one's own bundles, too, where the policy lets anybody choose."""
    if parts.policy.signers is None:
        Signers(parts.profile).trust(key)


def _show_keys(arguments: argparse.Namespace, parts: Parts) -> None:
    place = parts.profile.signing_key
    own = public_key_in(_read(place.with_suffix(".pub"))) if place.exists() else None
    signers = Signers(parts.profile).all()
    if arguments.json:
        values = {
            "own": own and _key_values(own) | {"path": str(place)},
            "trusted": [
                _key_values(each.public_key) | {"since": each.since.isoformat()} for each in signers
            ],
        }
        write_json(values, indent=2)
        return
    if own:
        write(f"Your fingerprint: {own.fingerprint}\n")
        write(f"Your key for minisign -P: {own.line}\n")
        write(f"The secret key, under its passphrase: {in_line(str(place))}\n")
    else:
        tell(_NO_KEY)
    for each in signers:
        if own is None or each.public_key != own:
            write(f"Trusted since {each.since:%Y-%m-%d}: {each.public_key.fingerprint}\n")


def _trust(arguments: argparse.Namespace, parts: Parts) -> None:
    key = public_key_in(_read(arguments.file))
    if not is_named(key, arguments.fingerprint):
        if not sys.stdin.isatty():
            raise Refused("Say whom you trust: add --fingerprint with what the signer told you.")
        tell(f"Its fingerprint is {key.fingerprint}.")
        confirm("Is this what the signer told you, by another way than this file came?")
    Signers(parts.profile).trust(key)
    write(f"{key.fingerprint} is trusted: its bundles can be installed.\n")


def is_named(key: PublicKey, fingerprint: str | None) -> bool:
    """Whether the person typed its fingerprint. Raises Refused if it is another's."""
    if fingerprint is None:
        return False
    if not is_fingerprint(fingerprint, key):
        raise Refused(
            f"This is signed by somebody else: {key.fingerprint}. Ask the signer you trust for "
            "another."
        )
    return True


def _signing_key(arguments: argparse.Namespace, parts: Parts) -> SecretKey:
    """The key that the person has, once they told its passphrase."""
    place: Path = arguments.key or parts.profile.signing_key
    if not place.exists():
        raise Missing(
            "There is no key in that place. Check its name." if arguments.key else _NO_KEY
        )
    given = given_passphrase(None, arguments.key_passphrase_file)
    return unsealed(_read(place), given or _typed("Passphrase of the signing key: "))


def _typed_twice() -> str:
    passphrase = _typed("A passphrase for the signing key: ")
    if passphrase != _typed("Once more: "):
        raise Refused("These were two different passphrases. Try again.")
    return passphrase


def _typed(prompt: str) -> str:
    if not sys.stdin.isatty():
        raise Refused("The signing key needs its passphrase: add --key-passphrase-file FILE.")
    try:
        passphrase = getpass.getpass(prompt, stream=sys.stderr)
    except EOFError:
        raise Cancelled from None
    if not passphrase:
        raise Refused("A signing key needs a passphrase. Type one.")
    return passphrase


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST_KEY)
    except FileNotFoundError as error:
        raise Missing("The file of the key is not there. Check its name.") from error
    except OSError as error:
        raise Unsupported("The file of the key cannot be read. Choose another.") from error


def _write_bundle(bundle: Bundle, parts: Parts, *, as_json: bool, place: Path) -> None:
    """What it carries, and who signed it."""
    manifest, signer = bundle.manifest, bundle.signer
    is_trusted = Signers(parts.profile).find(signer) is not None
    if as_json:
        values = plain(manifest)
        for item in values["items"]:
            item["size"] = sum(file["size"] for file in item["files"])
        about = {"path": str(place), "sha256": bundle.id, "size": manifest.size}
        values |= about | {"signer": _key_values(signer) | {"trusted": is_trusted}}
        write_json(values, indent=2)
        return
    made = f"{manifest.created:%Y-%m-%d}, number {manifest.sequence}"
    write(f"{manifest.name}, made {made}, {size(manifest.size)}\n")
    trust = "trusted here" if is_trusted else "not trusted here"
    write(f"Signed by {signer.fingerprint}, {trust}\n")
    for item in manifest.items:
        licence = f", {item.licence}" if item.licence and item.kind is not Kind.LICENCE else ""
        about_item = f"{in_line(item.name)}, {size(item.size)}{licence}"
        write(beneath(about_item, 14, columns(), name=item.kind))


def _key_values(key: PublicKey) -> dict[str, object]:
    return {"fingerprint": key.fingerprint, "key": key.line}

"""`protect`: what opens the chats, another key for them, and forgetting them for good."""

import argparse
import sys
from pathlib import Path

from sottovoce.cli.amounts import transfer
from sottovoce.cli.session import Parts, kept_key, opened_by_passphrase, typed_passphrase
from sottovoce.cli.signals import stop_on_signals
from sottovoce.cli.terminal import Progress, tell, write, write_json
from sottovoce.domain.problems import Cancelled, Missing, Problem, Refused
from sottovoce.store.rekey import change_key
from sottovoce.system.forgetting import forget
from sottovoce.system.passphrase import given_passphrase
from sottovoce.system.recovery import new_recovery_key
from sottovoce.system.secrets import Secrets
from sottovoce.system.slots import Protection
from sottovoce.system.vault import vault_of

_LONGEST = 10_000
"""Characters read of what should be a line."""
_WORD = "forget"
WAYS = {
    Protection.KEYRING: "the keyring of this computer",
    Protection.PASSPHRASE: "a passphrase",
    Protection.RECOVERY: "a recovery key",
}


def run(arguments: argparse.Namespace, parts: Parts) -> None:
    """Do what `protect` was asked for. Raises Problem or Cancelled."""
    match arguments.action:
        case "status":
            _status(parts, as_json=arguments.json)
        case "passphrase" | "keyring" | "recovery-key" if arguments.remove:
            _remove(arguments.action, parts)
        case "passphrase":
            _set_passphrase(parts, kept_key(parts), arguments.new_passphrase_file)
        case "keyring":
            _add_keyring(parts, kept_key(parts))
        case "recovery-key":
            _make_recovery_key(parts)
        case "recover":
            _recover(arguments, parts)
        case "change-key":
            _change_key(parts)
        case "forget":
            _forget(arguments, parts)


def _status(parts: Parts, *, as_json: bool) -> None:
    protections = sorted(vault_of(parts.profile).protections)
    if as_json:
        write_json(
            {
                "opened_by": [str(each) for each in protections],
                "keyring": parts.secrets() is not None,
                "vault": str(parts.profile.vault),
            },
            indent=2,
        )
        return
    if not protections:
        write("Nothing is kept here yet.\n")
        return
    by = " or by ".join(WAYS[each] for each in protections)
    write(f"Your chats and documents are encrypted; they are opened by {by}.\n")
    if protections == [Protection.KEYRING]:
        write(
            "Keyrings get lost. To be able to open your chats without it, type: "
            "sottovoce protect recovery-key\n"
        )


def _remove(what: str, parts: Parts) -> None:
    kept_key(parts)  # Who cannot open the chats decides nothing about them.
    protection = Protection.RECOVERY if what == "recovery-key" else Protection(what)
    vault = vault_of(parts.profile)
    if protection not in vault.protections:
        raise Missing(f"Your chats are not opened by {WAYS[protection]}.")
    vault.remove(protection, parts.secrets() if protection is Protection.KEYRING else None)
    tell(f"Your chats are not opened by {WAYS[protection]} any more.")


def _set_passphrase(parts: Parts, key: bytes, file: Path | None) -> None:
    vault_of(parts.profile).add_passphrase(key, _new_passphrase(file))
    tell("The new passphrase opens your chats from now on.")


def _add_keyring(parts: Parts, key: bytes) -> None:
    vault_of(parts.profile).add_keyring(key, _keyring(parts))
    tell("The keyring of this computer opens your chats from now on.")


def _make_recovery_key(parts: Parts) -> None:
    text = new_recovery_key()
    vault = vault_of(parts.profile)
    key = kept_key(parts)
    had_one = Protection.RECOVERY in vault.protections
    write(f"{text}\n")  # First: one that could not be shown must not take the other's place.
    try:
        vault.add_recovery_key(key, text)
    except Problem:
        tell("This recovery key opens nothing, because:")
        raise
    tell("Write it down, and keep it away from this computer: whoever has it can open your chats.")
    if had_one:
        tell("The recovery key before it opens them no more.")


def _recover(arguments: argparse.Namespace, parts: Parts) -> None:
    vault = vault_of(parts.profile)
    if not vault.exists:
        raise Missing("Nothing is kept here yet.")
    key = vault.open_with_recovery_key(_typed("Recovery key: "))
    if arguments.keyring:
        _add_keyring(parts, key)
    else:
        _set_passphrase(parts, key, arguments.new_passphrase_file)


def _change_key(parts: Parts) -> None:
    vault = vault_of(parts.profile)
    protections = vault.protections
    passphrase = None
    if Protection.PASSPHRASE in protections:
        passphrase = parts.passphrase if parts.passphrase is not None else _typed("Passphrase: ")
        key = opened_by_passphrase(vault, passphrase)
    else:
        key = kept_key(parts)
    secrets = parts.secrets() if Protection.KEYRING in protections else None
    with stop_on_signals() as stop, Progress() as line:
        for news in change_key(parts.profile, key, stop, passphrase=passphrase, secrets=secrets):
            line.show(f"Encrypting anew: {transfer(news)}")
    tell("Everything is under a new key, which opens with the same things.")


def _forget(arguments: argparse.Namespace, parts: Parts) -> None:
    if not arguments.yes:
        tell(
            "This removes all chats, documents and settings for good, and what is kept of the "
            "times before. Models and backups stay."
        )
        if _typed(f'Type "{_WORD}" to go on: ', is_secret=False).strip() != _WORD:
            raise Cancelled
    forget(parts.profile, parts.secrets)
    tell("Everything is forgotten.")


def _keyring(parts: Parts) -> Secrets:
    secrets = parts.secrets()
    if secrets is None:
        raise Refused("There is no keyring that answers. Unlock it, or use a passphrase.")
    return secrets


def _new_passphrase(file: Path | None) -> str:
    if file is not None:
        passphrase = given_passphrase(None, file)
        assert passphrase is not None
        return passphrase
    first = _typed("New passphrase: ")
    if not first:
        raise Refused("An empty passphrase protects nothing. Choose another one.")
    if sys.stdin.isatty() and first != _typed("The same again: "):
        raise Refused("The two are not the same. Try again.")
    return first


def _typed(prompt: str, *, is_secret: bool = True) -> str:
    """From a terminal, without echo where it is secret, or the next line of what is piped in."""
    if sys.stdin.isatty():
        if is_secret:
            return typed_passphrase(prompt)
        sys.stderr.write(prompt)
        sys.stderr.flush()
    return sys.stdin.readline(_LONGEST).rstrip("\n")

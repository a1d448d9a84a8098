"""What can be typed after `sottovoce`."""

import argparse
import math
import os
import re
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from sottovoce import __version__
from sottovoce.chat.export import Format
from sottovoce.domain.document import Format as DocumentFormat
from sottovoce.domain.footprint import KvType
from sottovoce.models.names import BUNDLE_SUFFIX

if TYPE_CHECKING:
    _Commands = argparse._SubParsersAction[argparse.ArgumentParser]

_Number = TypeVar("_Number", int, float)
_MOST = 2**31 - 1
"""The largest number that llama.cpp knows."""


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The command and its options; `command` is None when the window is wanted.

    Wrong usage ends the process with exit code 2, as argparse does.
    """
    everywhere = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    everywhere.add_argument(
        "--data-dir", type=Path, metavar="DIR", help="keep everything in this folder"
    )
    everywhere.add_argument(
        "--passphrase-file",
        type=Path,
        metavar="FILE",
        help="read the passphrase that protects your chats from this file",
    )
    everywhere.add_argument(
        "--policy",
        type=Path,
        metavar="FILE",
        help="try out this policy, where the computer has none",
    )
    everywhere.add_argument(
        "--log-level",
        choices=["debug", "info", "warning", "error"],
        help="how much goes into the log",
    )

    parser = argparse.ArgumentParser(
        prog="sottovoce",
        parents=[everywhere],
        description="Private chat with language models that run on your own computer. "
        "Without a command, the window opens.",
    )
    parser.add_argument("--version", action="version", version=f"Sottovoce {__version__}")
    parser.add_argument(
        "--model",
        dest="open_model",
        type=Path,
        metavar="PATH",
        help="open with this model file, or install this bundle",
    )
    # The window says this to itself when it begins anew, to lock.
    parser.add_argument("--locked", action="store_true", help=argparse.SUPPRESS)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    _add_ask(commands, everywhere)
    _add_chats(commands, everywhere)
    _add_library(commands, everywhere)
    _add_bundle(commands, everywhere)
    _add_update(commands, everywhere)
    _add_packs(commands, everywhere)
    _add_models(commands, everywhere)
    _add_network(commands, everywhere)
    _add_policy(commands, everywhere)
    _add_protect(commands, everywhere)
    _add_audit(commands, everywhere)
    _add_backup(commands, everywhere)
    _add_doctor(commands, everywhere)
    _add_notices(commands, everywhere)
    # Not set_defaults: a command's own parser would put the default over what was typed.
    defaults = argparse.Namespace(
        data_dir=None, passphrase_file=None, policy=None, log_level="warning"
    )
    return parser.parse_args(_as_typed(argv), defaults)


def command_in(argv: Sequence[str]) -> str | None:
    """The command that `parse` finds; None for the window, for help, and for wrong usage."""
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        try:
            command: str | None = parse(argv).command
        except SystemExit:
            return None
    return command


def _as_typed(argv: Sequence[str]) -> Sequence[str]:
    """The same in words that the parser knows: file managers give nothing but the file."""
    is_file = argv[:1] and Path(argv[0]).suffix.lower() in {".gguf", BUNDLE_SUFFIX}
    return ["--model", *argv] if is_file else argv


def _add_ask(commands: "_Commands", everywhere: argparse.ArgumentParser) -> None:
    ask = commands.add_parser(
        "ask", parents=[everywhere], help="answer a question on standard output"
    )
    ask.add_argument("question", type=_text, help="what to ask; - reads it from standard input")
    ask.add_argument("--model", type=_given, metavar="NAME|PATH", help="the model that answers")
    place = ask.add_mutually_exclusive_group()
    place.add_argument("--chat", type=_identifier, metavar="ID", help="go on with this chat")
    place.add_argument("--temporary", action="store_true", help="keep nothing")
    ask.add_argument(
        "--collection",
        type=_given,
        action="append",
        metavar="NAME",
        help="answer from the documents of this collection; can be given several times",
    )
    ask.add_argument(
        "--document",
        type=_path,
        action="append",
        metavar="PATH",
        help="answer from this file or folder; can be given several times",
    )
    ask.add_argument(
        "--system", type=_text, metavar="TEXT", help="what the model is told before the question"
    )
    ask.add_argument("--max-tokens", type=_positive(int), metavar="N")
    ask.add_argument("--temperature", type=_not_negative(float), metavar="X")
    ask.add_argument("--top-p", type=_share, metavar="X")
    ask.add_argument("--top-k", type=_not_negative(int), metavar="N")
    ask.add_argument("--min-p", type=_share, metavar="X")
    ask.add_argument("--repeat-penalty", type=_positive(float), metavar="X")
    ask.add_argument("--seed", type=_seed, metavar="N")
    ask.add_argument(
        "--stop", type=_text, action="append", metavar="TEXT", help="end before this text"
    )
    ask.add_argument(
        "--context", type=_positive(int), metavar="N", help="size of the context window in tokens"
    )
    ask.add_argument("--gpu-layers", type=_not_negative(int), metavar="N")
    ask.add_argument("--threads", type=_positive(int), metavar="N")
    ask.add_argument(
        "--adapter",
        type=_adapter,
        action="append",
        metavar="NAME[:SCALE]",
        help="answer with this LoRA adapter; can be given several times",
    )
    ask.add_argument("--json", action="store_true", help="JSON lines; the last holds the answer")


def _add_chats(commands: "_Commands", everywhere: argparse.ArgumentParser) -> None:
    chats = commands.add_parser("chats", parents=[everywhere], help="the chats that are kept")
    actions = chats.add_subparsers(dest="action", metavar="ACTION", required=True)

    def add(name: str, says: str) -> argparse.ArgumentParser:
        return actions.add_parser(name, parents=[everywhere], help=says)

    listing = add("list", "all chats, newest first")
    show = add("show", "the messages of one chat")
    search = add("search", "chats whose title or text holds these words")
    export = add("export", "one chat as a document on standard output")
    delete = add("delete", "remove one chat for good")
    for action in (show, export, delete):
        action.add_argument("id", type=_identifier, metavar="ID")
    search.add_argument("text", type=_text, metavar="TEXT")
    search.add_argument("--limit", type=_positive(int), default=50, metavar="N")
    export.add_argument("--format", type=Format, choices=list(Format), default=Format.MARKDOWN)
    for action in (listing, show, search):
        action.add_argument("--json", action="store_true", help="one JSON document")


def _add_backup(commands: "_Commands", everywhere: argparse.ArgumentParser) -> None:
    backup = commands.add_parser(
        "backup", parents=[everywhere], help="chats and documents in one encrypted file, and back"
    )
    actions = backup.add_subparsers(dest="action", metavar="ACTION", required=True)

    def add(name: str, says: str) -> argparse.ArgumentParser:
        action = actions.add_parser(name, parents=[everywhere], help=says)
        action.add_argument("--json", action="store_true", help="one JSON document")
        return action

    create = add("create", "write a backup, and restore it on trial; models are not in it")
    create.add_argument("out", type=_path, metavar="OUT", help="a new file, or a folder for it")
    verify = add("verify", "restore a backup on trial and read all of it")
    restore = add("restore", "put a backup in the place of what is here, which is kept")
    for action in (verify, restore):
        action.add_argument("file", type=_path, metavar="FILE")
    restore.add_argument("--into", type=_path, metavar="DIR", help="in the profile of this folder")
    add("kept", "what was here before something was restored, and is kept")
    add("undo", "bring back what was here before the last time something was restored")
    discard = add("discard", "remove all that is kept of the times before, for good")
    discard.add_argument("--yes", action="store_true", help="do not ask")


def _add_library(commands: "_Commands", everywhere: argparse.ArgumentParser) -> None:
    library = commands.add_parser(
        "library", parents=[everywhere], help="documents to search and to answer from"
    )
    actions = library.add_subparsers(dest="action", metavar="ACTION", required=True)

    def add(name: str, says: str) -> argparse.ArgumentParser:
        action = actions.add_parser(name, parents=[everywhere], help=says)
        action.add_argument("--json", action="store_true", help="one JSON document")
        return action

    def add_collection(action: argparse.ArgumentParser, says: str) -> None:
        action.add_argument("--collection", type=_given_text, metavar="NAME", help=says)

    adding = add("add", "read files, and folders with all in them")
    adding.add_argument("paths", nargs="+", type=_path, metavar="PATH")
    add_collection(adding, "put them in this collection; else in Documents")
    adding.add_argument(
        "--no-watch", action="store_true", help="do not follow what happens in the folders"
    )
    add_collection(add("list", "all collections, or the documents of one"), "of this one")
    search = add("search", "the passages that answer a question best")
    search.add_argument("query", type=_text, metavar="TEXT")
    search.add_argument(
        "--collection",
        type=_given_text,
        action="append",
        metavar="NAME",
        help="in this collection, else in all; can be given several times",
    )
    search.add_argument("--limit", type=_positive(int), default=10, metavar="N")
    search.add_argument(
        "--type",
        type=DocumentFormat,
        action="append",
        choices=list(DocumentFormat),
        help="in files of this kind; can be given several times",
    )
    search.add_argument("--folder", type=_path, metavar="DIR", help="in files below this folder")
    search.add_argument(
        "--since", type=_day, metavar="DATE", help="in files that changed on this day or later"
    )
    remove = add("remove", "forget a file, a folder or a collection; the files stay")
    remove.add_argument("target", type=_given, metavar="PATH|NAME")
    add_collection(remove, "forget the file or folder in this collection alone")
    remove.add_argument("--yes", action="store_true", help="do not ask")
    add_collection(add("retry", "read once more what could not be read"), "in this collection")
    add("status", "how far the reading is, and what could not be read")


def _add_bundle(commands: "_Commands", everywhere: argparse.ArgumentParser) -> None:
    bundle = commands.add_parser(
        "bundle", parents=[everywhere], help="carry models to a computer without a network"
    )
    actions = bundle.add_subparsers(dest="action", metavar="ACTION", required=True)

    def add(name: str, says: str) -> argparse.ArgumentParser:
        action = actions.add_parser(name, parents=[everywhere], help=says)
        action.add_argument("--json", action="store_true", help="one JSON document")
        return action

    def add_key_passphrase(action: argparse.ArgumentParser) -> None:
        action.add_argument(
            "--key-passphrase-file",
            type=_path,
            metavar="FILE",
            help="read the passphrase of the signing key from this file",
        )

    create = add("create", "put models and what belongs to them in one signed bundle")
    create.add_argument("out", type=_path, metavar="OUT")
    several: tuple[tuple[str, Callable[[str], object], str, str], ...] = (
        ("--model", _given, "NAME", "a model of the shelf, for chats, embedding or ranking"),
        ("--adapter", _given, "NAME", "a LoRA adapter"),
        ("--licence", _path, "FILE", "the text of terms that ask to go along"),
        ("--application", _path, "FILE", "what sets up Sottovoce there, or updates it"),
    )
    for option, kind, metavar, says in several:
        create.add_argument(
            option, type=kind, action="append", default=[], metavar=metavar, help=says
        )
    create.add_argument(
        "--with-policy",
        dest="policy_file",
        type=_path,
        metavar="FILE",
        help="rules for an administrator to install there",
    )
    create.add_argument(
        "--name",
        type=_given_text,
        default="Models",
        help="of this line of bundles, whose later ones take the place of earlier ones",
    )
    create.add_argument(
        "--sequence",
        type=_positive(int),
        metavar="N",
        help="number in that line, instead of the seconds since 1970",
    )
    create.add_argument(
        "--split",
        type=_part_size,
        nargs="?",
        const=_part_size("3GiB"),
        metavar="SIZE",
        help="make a folder of parts no larger than this, such as 700MB; else 3GiB",
    )
    create.add_argument("--key", type=_path, metavar="FILE", help="sign with this key of minisign")
    add_key_passphrase(create)
    verify = add("verify", "read all of a bundle, and who signed it")
    install = add("install", "put what a bundle carries in its place, once all of it is checked")
    for action in (verify, install):
        action.add_argument("path", type=_path, metavar="PATH")
        action.add_argument(
            "--trust-signer",
            type=_given,
            metavar="FINGERPRINT",
            help="trust this signer, as they told you by another way",
        )
    install.add_argument(
        "--hand-to",
        type=_path,
        metavar="FOLDER",
        help="put the application and the policy in this folder",
    )
    install.add_argument(
        "--for-all",
        action="store_true",
        help="put the models in the folder for all users, as an administrator",
    )
    install.add_argument(
        "--accept-licence", action="store_true", help="agree to the licences of the models"
    )
    keys = actions.add_parser(
        "key", parents=[everywhere], help="what signs your bundles, and whose you install"
    ).add_subparsers(dest="key_action", metavar="ACTION", required=True)

    def add_key(name: str, says: str) -> argparse.ArgumentParser:
        return keys.add_parser(name, parents=[everywhere], help=says)

    new, show = add_key("new", "make your signing key"), add_key("show", "your key, and the others")
    for action in (new, show):
        action.add_argument("--json", action="store_true", help="one JSON document")
    add_key_passphrase(new)
    trust = add_key("trust", "install bundles of whoever has this key")
    trust.add_argument("file", type=_path, metavar="FILE", help="a signer.pub")
    trust.add_argument("--fingerprint", type=_given, help="what the signer told you")
    add_key("forget", "trust a signer no more").add_argument("fingerprint", type=_given)


def _add_update(commands: "_Commands", everywhere: argparse.ArgumentParser) -> None:
    actions = commands.add_parser(
        "update", parents=[everywhere], help="another version of Sottovoce, from a file"
    ).add_subparsers(dest="action", metavar="ACTION", required=True)
    verify = actions.add_parser(
        "verify", parents=[everywhere], help="read all of an update, and who signed it"
    )
    install = actions.add_parser(
        "install", parents=[everywhere], help="have it ready for the next start"
    )
    for action in (verify, install):
        action.add_argument("path", type=_path, metavar="FILE")
        action.add_argument("--json", action="store_true", help="one JSON document")
        action.add_argument("--older", action="store_true", help="take an older version, too")
        action.add_argument(
            "--trust-signer",
            type=_given,
            metavar="FINGERPRINT",
            help="trust this signer, as they told you by another way",
        )
    install.add_argument(
        "--hand-to",
        type=_path,
        metavar="FOLDER",
        help="where the file is put if the system installs it, instead of your downloads",
    )


def _add_packs(commands: "_Commands", everywhere: argparse.ArgumentParser) -> None:
    actions = commands.add_parser(
        "packs", parents=[everywhere], help="what lets models compute on a GPU, from a file"
    ).add_subparsers(dest="action", metavar="ACTION", required=True)
    there = actions.add_parser("list", parents=[everywhere], help="those that are installed")
    there.add_argument("--json", action="store_true", help="one JSON document")
    install = actions.add_parser(
        "install", parents=[everywhere], help="have the engine use what is in this file"
    )
    install.add_argument("path", type=_path, metavar="FILE")
    install.add_argument(
        "--trust-signer",
        type=_given,
        metavar="FINGERPRINT",
        help="trust this signer, as they told you by another way",
    )
    actions.add_parser("remove", parents=[everywhere], help="do without it").add_argument(
        "name", type=_given
    )


def _add_models(commands: "_Commands", everywhere: argparse.ArgumentParser) -> None:
    models = commands.add_parser(
        "models", parents=[everywhere], help="the models on this computer, and those to be had"
    )
    actions = models.add_subparsers(dest="action", metavar="ACTION", required=True)

    def add(name: str, says: str, json: str = "one JSON document") -> argparse.ArgumentParser:
        action = actions.add_parser(name, parents=[everywhere], help=says)
        action.add_argument("--json", action="store_true", help=json)
        return action

    add("list", "what is on the shelf")
    listing = add("catalogue", "models that are recommended; with a name, all about one")
    listing.add_argument("name", nargs="?", type=_given, metavar="NAME")
    fit = add("fit", "what this machine can do with a model, or with all")
    fit.add_argument("name", nargs="?", type=_given, metavar="NAME|PATH")
    fit.add_argument("--context", type=_positive(int), metavar="N")
    fit.add_argument("--kv", type=KvType, choices=list(KvType), help="type of the KV cache")
    fit.add_argument("--gpu-layers", type=_not_negative(int), metavar="N")
    fit.add_argument(
        "--no-measure", action="store_true", help="leave out speeds rather than measure them"
    )
    search = add("search", "repositories of the hub with these words")
    search.add_argument("text", type=_text, metavar="TEXT")
    search.add_argument("--limit", type=_positive(int), default=30, metavar="N")
    download = add("download", "fetch a model", "JSON lines; the last says where it is")
    download.add_argument(
        "name",
        type=_given,
        metavar="NAME[:QUANTISATION]",
        help="of the catalogue, or OWNER/NAME of a repository",
    )
    download.add_argument(
        "--accept-licence", action="store_true", help="agree to the model's licence"
    )
    queue = add("downloads", "what is being downloaded")
    changes = queue.add_mutually_exclusive_group()
    changes.add_argument("--resume", nargs="?", const="all", metavar="ID", help="run it, or all")
    changes.add_argument("--pause", metavar="ID")
    changes.add_argument("--cancel", metavar="ID", help="remove it with what was fetched")
    import_ = add("import", "put model files, folders of them, or adapters on the shelf")
    import_.add_argument("paths", nargs="+", type=_path, metavar="PATH")
    import_.add_argument("--copy", action="store_true", help="copy them; else they are linked")
    found = add("found", "models that other programs left on this computer")
    found.add_argument("--link", action="store_true", help="put them on the shelf")
    inspect = add("inspect", "what a GGUF file says about itself")
    inspect.add_argument("path", type=_path, metavar="PATH")
    verify = add("verify", "whether models are still what they were, byte for byte")
    verify.add_argument("name", nargs="?", type=_given, metavar="NAME")
    remove = add("remove", "take a model off the shelf; a linked file stays where it is")
    remove.add_argument("name", type=_given, metavar="NAME")
    remove.add_argument("--yes", action="store_true", help="do not ask")
    adapters = add("adapters", "the LoRA adapters that models can answer with")
    adapters.add_argument("--remove", type=_given, metavar="NAME")


def _add_network(commands: "_Commands", everywhere: argparse.ArgumentParser) -> None:
    network = commands.add_parser(
        "network",
        parents=[everywhere],
        help="whether anything is fetched, and from where",
    )
    actions = network.add_subparsers(dest="action", metavar="ACTION", required=True)

    def add(name: str, says: str) -> argparse.ArgumentParser:
        action = actions.add_parser(name, parents=[everywhere], help=says)
        action.add_argument("--json", action="store_true", help="one JSON document")
        return action

    add("status", "whether the network is switched on, and for which hosts")
    add("on", "let models be searched for and fetched when you ask for it")
    add("off", "let nothing be fetched")
    ledger = add("ledger", "every connection that was made or refused, oldest first")
    ledger.add_argument("--limit", type=_positive(int), metavar="N", help="the latest N alone")
    endpoint = add("endpoint", "ask this hub from now on; without an address, say which is asked")
    endpoint.add_argument("url", nargs="?", metavar="URL")
    for name, says in (
        ("allow", "let the hub redirect to this host"),
        ("forbid", "let it no more"),
    ):
        add(name, says).add_argument("host", metavar="HOST")
    token = actions.add_parser(
        "token",
        parents=[everywhere],
        help="read your access token at the hub from the terminal, and keep it in the keyring",
    )
    token.add_argument("--forget", action="store_true", help="remove it instead")


def _add_policy(commands: "_Commands", everywhere: argparse.ArgumentParser) -> None:
    policy = commands.add_parser(
        "policy", parents=[everywhere], help="what administrators decide for everybody here"
    )
    actions = policy.add_subparsers(dest="action", metavar="ACTION", required=True)
    show = actions.add_parser("show", parents=[everywhere], help="the rules that are in force")
    check = actions.add_parser(
        "check", parents=[everywhere], help="whether a policy file can be obeyed, and what it says"
    )
    check.add_argument("file", type=_path, metavar="FILE")
    for action in (show, check):
        action.add_argument("--json", action="store_true", help="one JSON document")


def _add_audit(commands: "_Commands", everywhere: argparse.ArgumentParser) -> None:
    audit = commands.add_parser(
        "audit", parents=[everywhere], help="what was done here, where administrators want it noted"
    )
    actions = audit.add_subparsers(dest="action", metavar="ACTION", required=True)
    show = actions.add_parser("show", parents=[everywhere], help="all that is noted, oldest first")
    show.add_argument("--limit", type=_positive(int), metavar="N", help="the latest N alone")
    verify = actions.add_parser(
        "verify", parents=[everywhere], help="whether anything was changed, put in or taken out"
    )
    for action in (show, verify):
        action.add_argument(
            "file", nargs="?", type=_path, metavar="FILE", help="this log, instead of your own"
        )
        action.add_argument("--json", action="store_true", help="one JSON document")


def _add_protect(commands: "_Commands", everywhere: argparse.ArgumentParser) -> None:
    protect = commands.add_parser(
        "protect", parents=[everywhere], help="what opens your chats, and forgetting them for good"
    )
    actions = protect.add_subparsers(dest="action", metavar="ACTION", required=True)

    def add(name: str, says: str) -> argparse.ArgumentParser:
        return actions.add_parser(name, parents=[everywhere], help=says)

    def add_new_passphrase(action: argparse.ArgumentParser) -> None:
        action.add_argument(
            "--new-passphrase-file",
            type=_path,
            metavar="FILE",
            help="read the new passphrase from this file, not from the terminal",
        )

    status = add("status", "what opens your chats")
    status.add_argument("--json", action="store_true", help="one JSON document")
    passphrase = add("passphrase", "let a new passphrase open them, in place of the one before")
    keyring = add("keyring", "let the keyring of this computer open them")
    recovery = add("recovery-key", "make a key to be written down, in place of the one before")
    for action in (passphrase, keyring, recovery):
        action.add_argument("--remove", action="store_true", help="let it open them no more")
    recover = add("recover", "open them by the recovery key, and set a new passphrase")
    recover.add_argument(
        "--keyring", action="store_true", help="let the keyring open them instead of a passphrase"
    )
    for action in (passphrase, recover):
        add_new_passphrase(action)
    add("change-key", "encrypt everything under a new key, which opens with the same things")
    forget = add("forget", "remove all chats and documents for good, beginning with their key")
    forget.add_argument("--yes", action="store_true", help="do not ask")


def _add_doctor(commands: "_Commands", everywhere: argparse.ArgumentParser) -> None:
    doctor = commands.add_parser(
        "doctor",
        parents=[everywhere],
        help="what works on this machine and what to do about the rest",
    )
    doctor.add_argument("--json", action="store_true", help="one JSON document")


def _add_notices(commands: "_Commands", everywhere: argparse.ArgumentParser) -> None:
    notices = commands.add_parser(
        "notices",
        parents=[everywhere],
        help="whose work comes with Sottovoce, and under which licence",
    )
    notices.add_argument(
        "name", nargs="?", type=_given, metavar="NAME", help="show the licence of this component"
    )
    notices.add_argument("--json", action="store_true", help="one JSON document")


def _text(text: str) -> str:
    """What was typed, with a sign in place of what is no text: nothing else can be kept."""
    return os.fsencode(text).decode("utf-8", "replace")


def _given(text: str) -> str:
    """A name: an empty one is a variable that a script forgot to set, and must not mean all."""
    if not text:
        raise argparse.ArgumentTypeError("it is empty")
    return text


def _given_text(text: str) -> str:
    return _text(_given(text))


def _day(text: str) -> datetime:
    """The beginning of a day, where this computer is."""
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date such as 2026-11-23") from None


def _part_size(text: str) -> int:
    """Bytes, such as "700MB" or "3GiB"."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?) ?([KMG]i?)?B?", text, re.IGNORECASE)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no size such as 700MB")
    unit = (found[2] or " ").upper()
    count = float(found[1]) * (1024 if unit.endswith("I") else 1000) ** " KMG".index(unit[0])
    if not 1_000_000 <= count < 2**32:
        raise argparse.ArgumentTypeError("a part has at least 1MB, and less than 4GiB")
    return int(count)


def _path(text: str) -> Path:
    return Path(_given(text))


def _adapter(text: str) -> tuple[str, float]:
    """A name or path, and a scale; without one, 1."""
    name, colon, scale = text.rpartition(":")
    try:
        # A path may have a colon in it, too: a drive's letter comes before it on Windows.
        return (name, _scale(scale)) if colon and name else (text, 1.0)
    except ValueError:
        return text, 1.0


def _scale(text: str) -> float:
    scale = float(text)
    if not math.isfinite(scale):
        raise argparse.ArgumentTypeError(f"{text} is no scale")
    return scale


def _identifier(text: str) -> int:
    return _checked(int, lambda value: 0 < value < 2**63, "is not the number of a chat")(text)


def _positive(number: type[_Number]) -> Callable[[str], _Number]:
    return _checked(number, lambda value: 0 < value <= _MOST, f"must lie between 0 and {_MOST}")


def _not_negative(number: type[_Number]) -> Callable[[str], _Number]:
    return _checked(number, lambda value: 0 <= value <= _MOST, f"must lie between 0 and {_MOST}")


def _share(text: str) -> float:
    return _checked(float, lambda value: 0 <= value <= 1, "must lie between 0 and 1")(text)


def _seed(text: str) -> int:
    # To llama.cpp, the next number means: draw one at random.
    return _checked(int, lambda value: 0 <= value < 2**32 - 1, "must lie between 0 and 4294967294")(
        text
    )


def _checked(
    number: type[_Number], is_right: Callable[[_Number], bool], says: str
) -> Callable[[str], _Number]:
    def read(text: str) -> _Number:
        try:
            value = number(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
        if not is_right(value):  # Also refuses nan, which no comparison accepts.
            raise argparse.ArgumentTypeError(f"{text} {says}")
        return value

    return read

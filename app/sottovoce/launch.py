"""Builds the parts, hands each what it needs, and closes them in reverse."""

import argparse
import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

from sottovoce import __version__
from sottovoce.cli.arguments import command_in, parse
from sottovoce.cli.terminal import open_streams, tell, write
from sottovoce.domain.hardware import Library
from sottovoce.domain.policy import NO_RULES, Policy
from sottovoce.domain.problems import Problem
from sottovoce.domain.stop import Stop
from sottovoce.engine.process import ProcessEngine
from sottovoce.models.adapters import AdapterShelf
from sottovoce.models.admission import Admission
from sottovoce.models.remote import Remote
from sottovoce.system.application import this_application
from sottovoce.system.audit import Audit
from sottovoce.system.child import program
from sottovoce.system.exchange import finish_replacing
from sottovoce.system.forgetting import finish_forgetting
from sottovoce.system.logs import describe, harden, start_logging
from sottovoce.system.network.gate import NetworkGate
from sottovoce.system.network.ledger import Ledger
from sottovoce.system.network.token import HubToken
from sottovoce.system.passphrase import given_passphrase
from sottovoce.system.paths import Profile, profile
from sottovoce.system.policy import fingerprint, policy_in_force
from sottovoce.system.renewal import TRY_OUT, Start, starting
from sottovoce.system.restart import RESTART, go_on_as, restart
from sottovoce.system.secrets import keyring_secrets, no_secrets

log = logging.getLogger(__name__)


def launch(argv: Sequence[str]) -> int:
    """Open the window, or run the command in `argv`. Returns the exit code."""
    open_streams()
    if argv[:1] == [TRY_OUT]:
        return _try_out()
    if _is_window_alone() and argv and command_in(argv) is not None:
        try:
            go_on_as([*program(), *argv])
        except OSError:
            tell("A part of Sottovoce is missing. Install it again.")
            return 1
    arguments = parse(argv)
    with starting(this_application(), lambda: restart(argv)) as start:
        return _started(argv, arguments, start)


def _is_window_alone() -> bool:
    """Whether this is the frozen window: without what only commands and child processes need."""
    return getattr(sys, "frozen", False) and program() != [sys.executable]


def _started(argv: Sequence[str], arguments: argparse.Namespace, start: Start) -> int:
    # Taken out of the environment, so that no other process inherits it.
    passphrase = os.environ.pop("SOTTOVOCE_PASSPHRASE", None)
    token = os.environ.pop("SOTTOVOCE_HUB_TOKEN", None)
    if arguments.command is None and program() == [sys.executable]:
        # Frozen, what runs commands and child processes comes without Qt.
        tell("This program has no window. Start sottovoce, or give it a command: see --help.")
        return 2
    if arguments.locked:
        # What opened the window before does not open it again by itself.
        passphrase = arguments.passphrase_file = arguments.open_model = None

    def again() -> None:
        restart([*(each for each in argv if each != "--locked"), "--locked"])

    try:
        code = _launch(arguments, passphrase, token, start, again)
        if code not in {0, RESTART}:
            start.undecided()
        elif arguments.command is not None:  # Windows have said it themselves, if it is so.
            start.succeeded()
        if code == RESTART:
            again()
        return code
    except Problem as problem:
        start.undecided()
        tell(str(problem))
        if arguments.command is None:
            # Late: a window that opens has its own ways to say so.
            from sottovoce.ui.application import show_problem

            show_problem(str(problem))
    except Exception as error:  # noqa: BLE001  A bug: told here, without user text.
        tell(f"Something went wrong inside Sottovoce:\n{describe(error)}")
    return 1


def _launch(
    arguments: argparse.Namespace,
    passphrase: str | None,
    token: str | None,
    start: Start,
    again: Callable[[], None],
) -> int:
    folder = profile(arguments.data_dir, _policy(arguments))
    start.use(folder)
    NetworkGate(Ledger(folder.ledger)).close()
    harden()
    secrets = no_secrets if folder.is_portable else keyring_secrets
    kept = HubToken(folder, secrets)
    admission, audit = Admission(folder), Audit(folder)
    remote = Remote(folder, lambda: token or kept.get())
    given = given_passphrase(passphrase, arguments.passphrase_file)
    new_engine = ProcessEngine(
        log=folder.logs / "engine.log",
        admit=admission.admit,
        adapters=AdapterShelf(folder.adapters).files,
        needs_sandbox=folder.policy.needs_sandbox,
        libraries=partial(_libraries, folder),
    )
    with (
        closing(start_logging(folder.logs, arguments.log_level.upper())),
        closing(audit),
        _bugs_logged(),
        closing(new_engine) as engine,
    ):
        audit.note_start(arguments.command or "window", fingerprint(folder.policy))

        def unlocked(key: bytes) -> None:
            admission.remember(key)
            audit.seal(key)

        # Late, both: the window starts without what commands need, and commands work without Qt.
        if arguments.command is not None:
            from sottovoce.cli import run, session

            if start.note:
                tell(start.note)
            finish_forgetting(folder, secrets)
            finish_replacing(folder)
            parts = session.Parts(folder, engine, secrets, given, remote, unlocked)
            return run.run(arguments, parts)
        from sottovoce.ui import application

        return application.run(
            application.WindowParts(
                folder,
                engine,
                secrets,
                remote,
                given,
                arguments.open_model,
                unlocked=unlocked,
                is_locked=arguments.locked,
                restart=again,
                start=start,
            )
        )


def _try_out() -> int:
    """Start every part once, in a folder of its own, and say the version."""
    # Late: only a program that is about to be installed does this.
    from tempfile import TemporaryDirectory

    from sottovoce.store.store import open_store
    from sottovoce.ui.trying_out import try_out

    with TemporaryDirectory() as folder:
        NetworkGate(Ledger(Path(folder, "ledger"))).close()
        harden()
        with closing(ProcessEngine()) as engine:
            engine.devices(Stop())
    open_store(None, b"").close()
    try_out()
    write(f"{__version__}\n")
    return 0


def _libraries(folder: Profile) -> list[Library]:
    """What packs add to the engine."""
    if not folder.packs.is_dir():
        return []
    # Late, for start-up: most have no pack.
    from sottovoce.models.bundle.signers import publisher
    from sottovoce.models.packs import Packs

    return Packs(folder, publisher()).libraries()


def _policy(arguments: argparse.Namespace) -> Policy:
    if arguments.command == "policy" and arguments.action == "check":
        return NO_RULES  # To mend the one in force, it has to be possible to look at it.
    return policy_in_force(arguments.policy)


@contextmanager
def _bugs_logged() -> Iterator[None]:
    try:
        yield
    except Problem:
        raise
    except Exception as error:
        log.error(describe(error))
        raise

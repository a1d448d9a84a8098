"""Runs one command and turns its end into an exit code."""

import argparse
from collections.abc import Callable

from sottovoce.cli import (
    ask,
    audit,
    backup,
    bundle,
    chats,
    doctor,
    library,
    models,
    network,
    notices,
    packs,
    policy,
    protect,
    update,
)
from sottovoce.cli.session import Parts
from sottovoce.cli.terminal import tell
from sottovoce.domain.problems import Cancelled, Offline, Problem

DONE = 0
PROBLEM = 1
STOPPED = 130

_COMMANDS: dict[str, Callable[[argparse.Namespace, Parts], None]] = {
    "ask": ask.run,
    "audit": audit.run,
    "backup": backup.run,
    "bundle": bundle.run,
    "chats": chats.run,
    "doctor": doctor.run,
    "library": library.run,
    "models": models.run,
    "network": network.run,
    "notices": notices.run,
    "packs": packs.run,
    "policy": policy.run,
    "protect": protect.run,
    "update": update.run,
}


def run(arguments: argparse.Namespace, parts: Parts) -> int:
    """Do what was typed: 0 done, 1 a Problem, told in one sentence, 130 stopped by the user."""
    try:
        _COMMANDS[arguments.command](arguments, parts)
    except Cancelled:
        return STOPPED
    except Problem as problem:
        tell(str(problem))
        if isinstance(problem, Offline):
            tell("To switch it on, type: sottovoce network on")
        return PROBLEM
    except BrokenPipeError:
        # Whoever read our output has seen enough, as `head` does.
        return PROBLEM
    return DONE

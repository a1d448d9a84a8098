"""`policy`: what administrators decided for everybody on this computer."""

import argparse

from sottovoce.cli.layout import beneath
from sottovoce.cli.session import Parts
from sottovoce.cli.terminal import columns, write, write_json
from sottovoce.domain.policy import Policy
from sottovoce.system.policy import policy_place, read_policy


def run(arguments: argparse.Namespace, parts: Parts) -> None:
    """Do what `policy` was asked for. Raises Problem."""
    if arguments.action == "check":
        policy, place = read_policy(arguments.file), arguments.file
    else:
        policy, place = parts.policy, arguments.policy or policy_place()
    if arguments.json:
        write_json({"place": str(place), "rules": values(policy)}, indent=2)
        return
    rules = sentences(policy)
    if arguments.action == "check":
        write(f"The policy in {place} can be obeyed.\n")
    elif rules:
        write(f"These rules are from {place}.\n")
    if not rules:
        write("There are no rules: each user decides.\n")
    for rule, says in rules:
        write(beneath(says, 18, columns(), name=rule))


def values(policy: Policy) -> dict[str, object]:
    """All rules, as a policy file would have them; None where the user decides."""
    return {
        "banner": policy.banner,
        "network": policy.network,
        "hosts": None if policy.hosts is None else list(policy.hosts),
        "models": None if policy.models is None else sorted(policy.models),
        "signers": None if policy.signers is None else sorted(policy.signers),
        "updates": policy.updates,
        "needs_passphrase": policy.needs_passphrase,
        "temporary": policy.temporary,
        "lock_after": policy.lock_after,
        "needs_sandbox": policy.needs_sandbox,
        "retention": policy.retention,
        "export": policy.export,
        "api": policy.api,
        "shared_models": None if policy.shared_models is None else str(policy.shared_models),
        "audit": policy.audit,
    }


def sentences(policy: Policy) -> list[tuple[str, str]]:
    """The rules that change something, each by its name and in a sentence."""
    hosts, models, signers = policy.hosts, policy.models, policy.signers
    every = (
        ("banner", bool(policy.banner), f"The window shows: {policy.banner}"),
        ("network", not policy.network, "The network cannot be switched on."),
        ("hosts", hosts is not None, f"Only these hosts can be reached: {_all_of(hosts or ())}."),
        (
            "models",
            models is not None,
            f"Only model files of these SHA-256 are loaded: {_all_of(sorted(models or ()))}.",
        ),
        (
            "signers",
            signers is not None,
            f"Only bundles of these signers are installed: {_all_of(sorted(signers or ()))}.",
        ),
        ("updates", not policy.updates, "Only administrators install updates and packs."),
        ("needs_passphrase", policy.needs_passphrase, "A passphrase has to protect the chats."),
        ("temporary", not policy.temporary, "No chat can be held without keeping it."),
        (
            "lock_after",
            policy.lock_after is not None,
            f"The window locks after {_count(policy.lock_after, 'minute')} without input.",
        ),
        (
            "needs_sandbox",
            policy.needs_sandbox,
            "Models and documents are opened only where the system locks their process in fully.",
        ),
        (
            "retention",
            policy.retention is not None,
            f"Chats are removed {_count(policy.retention, 'day')} after their last message.",
        ),
        ("export", not policy.export, "Chats cannot be exported, nor backed up by the user."),
        ("api", not policy.api, "Other programs cannot ask through the local API."),
        (
            "shared_models",
            policy.shared_models is not None,
            f"The models for all users are in {policy.shared_models}.",
        ),
        ("audit", policy.audit, "What is done is written in the audit log; never what is said."),
    )
    return [(rule, says) for rule, is_set, says in every if is_set]


def _all_of(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(names) or "none"


def _count(number: int | None, noun: str) -> str:
    return f"{number or 0:,} {noun}{'' if number == 1 else 's'}"

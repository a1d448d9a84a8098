"""`sottovoce network`: the switch, the ledger, and which hosts may be reached."""

import argparse
import getpass
import sys
from dataclasses import replace

from sottovoce.cli.session import Parts
from sottovoce.cli.terminal import write, write_json
from sottovoce.domain.policy import Policy
from sottovoce.domain.problems import Cancelled
from sottovoce.system.audit import Audit, Event
from sottovoce.system.network.ledger import Entry, Ledger
from sottovoce.system.network.switch import (
    NetworkSettings,
    host_named,
    read_switch,
    with_endpoint,
    with_host,
    write_switch,
)
from sottovoce.system.network.token import HubToken

_LONGEST = 10_000
"""Characters read of what should be a token."""


def run(arguments: argparse.Namespace, parts: Parts) -> None:
    """Do what `network` was asked for. Raises Problem."""
    settings = read_switch(parts.profile.network, parts.policy)
    match arguments.action:
        case "status":
            _status(settings, parts, as_json=arguments.json)
        case "ledger":
            _ledger(Ledger(parts.profile.ledger), arguments.limit, as_json=arguments.json)
        case "on" | "off":
            _change(replace(settings, on=arguments.action == "on"), parts, arguments.json)
        case "endpoint" if arguments.url is None:
            _status(settings, parts, as_json=arguments.json)
        case "endpoint":
            _change(with_endpoint(settings, arguments.url), parts, arguments.json)
        case "allow":
            _change(with_host(settings, arguments.host), parts, arguments.json)
        case "forbid":
            host = host_named(arguments.host)
            kept = tuple(each for each in settings.hosts if each != host)
            _change(replace(settings, hosts=kept), parts, arguments.json)
        case "token" if arguments.forget:
            HubToken(parts.profile, parts.secrets).forget()
        case "token":
            HubToken(parts.profile, parts.secrets).keep(_typed_token())


def state(settings: NetworkSettings, policy: Policy) -> str:
    """What the switch says now, in a sentence."""
    if not policy.network:
        return "The network is switched off by your administrator. Sottovoce opens no connection."
    if not settings.on:
        return "The network is switched off. Sottovoce opens no connection."
    more = f", which may lead to {', '.join(settings.hosts)}" if settings.hosts else ""
    if settings.only is not None:
        more = f". Your administrator allows {', '.join(settings.only) or 'no host'}, nothing else"
    return (
        "The network is switched on, for what you ask for: models are searched for and fetched "
        f"at {settings.endpoint}{more}."
    )


def _change(settings: NetworkSettings, parts: Parts, as_json: bool) -> None:
    write_switch(parts.profile.network, settings, parts.policy)
    Audit(parts.profile).note(Event.NETWORK_SWITCHED, on=settings.on)
    _status(settings, parts, as_json=as_json)


def _status(settings: NetworkSettings, parts: Parts, *, as_json: bool) -> None:
    if as_json:
        write_json(
            {
                "network": "on" if settings.on else "off",
                "endpoint": settings.endpoint,
                "hosts": list(settings.hosts),
                "set_by_administrator": not parts.policy.network or settings.only is not None,
                "settings": str(parts.profile.network),
                "ledger": str(parts.profile.ledger),
            },
            indent=2,
        )
        return
    write(f"{state(settings, parts.policy)}\n")


def _ledger(ledger: Ledger, limit: int | None, *, as_json: bool) -> None:
    entries = ledger.entries()[-limit:] if limit else ledger.entries()
    if as_json:
        write_json([_plain(entry) for entry in entries], indent=2)
        return
    if not entries:
        write("No connection was ever made or refused.\n")
    for entry in entries:
        write(f"{_line(entry)}\n")


def _plain(entry: Entry) -> dict[str, object]:
    return {
        "time": entry.moment.isoformat(),
        "verdict": "allowed" if entry.is_allowed else "refused",
        "purpose": entry.purpose,
        "host": entry.host,
        "port": entry.port,
        "received": entry.received,
        "sent": entry.sent,
    }


def _line(entry: Entry) -> str:
    when = entry.moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    where = f"{entry.host}:{entry.port}" if entry.port else entry.host or "nowhere yet"
    verdict = "allowed" if entry.is_allowed else "refused"
    counts = "" if entry.received is None else f", {entry.received:,} bytes in, {entry.sent:,} out"
    return f"{when}  {verdict}  {where}  {entry.purpose}{counts}"


def _typed_token() -> str:
    """From a terminal without echo, or the first line of what is piped in."""
    if not sys.stdin.isatty():
        return sys.stdin.readline(_LONGEST)
    try:
        return getpass.getpass("Access token: ", stream=sys.stderr)
    except EOFError:
        raise Cancelled from None

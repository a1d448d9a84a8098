"""Where programs of this computer talk with each other, on Linux: D-Bus."""

import os
from pathlib import Path

_SYSTEM_BUS = "unix:path=/run/dbus/system_bus_socket"


def has_session_bus() -> bool:
    """Whether the user's bus is there already: its libraries must not be tempted to start one."""
    return _is_local(os.environ.get("DBUS_SESSION_BUS_ADDRESS", ""))


def has_system_bus() -> bool:
    """Whether the bus of the whole computer is there, and on this computer."""
    return _is_local(os.environ.get("DBUS_SYSTEM_BUS_ADDRESS", _SYSTEM_BUS))


def _is_local(addresses: str) -> bool:
    """Whether all are: who connects tries one after the other."""
    return all(map(_is_socket, addresses.split(";")))


def _is_socket(address: str) -> bool:
    transport, _, options = address.partition(":")
    named = dict(option.split("=", 1) for option in options.split(",") if "=" in option)
    is_there = "abstract" in named or ("path" in named and Path(named["path"]).exists())
    return transport == "unix" and is_there

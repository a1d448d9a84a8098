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
    for address in addresses.split(";"):
        transport, _, options = address.partition(":")
        for option in options.split(","):
            name, _, value = option.partition("=")
            if transport == "unix" and (
                name == "abstract" or (name == "path" and Path(value).exists())
            ):
                return True
    return False

"""The network switch of a profile, and the hosts that may be reached while it is on."""

import ipaddress
import re
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from sottovoce.domain.problems import Refused
from sottovoce.system.files import write_private

PUBLIC_HUB = "https://huggingface.co"

# The hub redirects to these for the content of its files.
_HUB_HOST = "huggingface.co"
_HUB_FAMILY = ("huggingface.co", "hf.co")
_HOST = re.compile(
    r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*"
)

OFF = "The network is switched off. Switch it on to search for models and to download them."


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """Whether anything may be fetched, and from where."""

    on: bool = False
    endpoint: str = PUBLIC_HUB
    """The hub that is asked, or a mirror of it: an address without a slash at its end."""
    hosts: tuple[str, ...] = ()
    """Other hosts to which it may redirect, by the user's choice."""

    @property
    def endpoint_host(self) -> str:
        return urlsplit(self.endpoint).hostname or ""

    def permits(self, host: str) -> bool:
        """Whether a connection to this host may be made while the switch is on."""
        host = host.lower().rstrip(".")
        if self.names(host):
            return True
        return self.endpoint_host == _HUB_HOST and any(
            host == family or host.endswith(f".{family}") for family in _HUB_FAMILY
        )

    def names(self, host: str) -> bool:
        """Whether the user chose this very host."""
        is_own_hub = self.endpoint_host != _HUB_HOST and host == self.endpoint_host
        return is_own_hub or host in self.hosts


def read_switch(path: Path) -> NetworkSettings:
    """Return what was written; switched off where that is missing or cannot be understood."""
    try:
        settings = msgspec.json.decode(path.read_bytes(), type=NetworkSettings)
        hosts = tuple(host_named(host) for host in settings.hosts)
        return replace(settings, endpoint=endpoint_at(settings.endpoint), hosts=hosts)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError, Refused):
        return NetworkSettings()


def write_switch(path: Path, settings: NetworkSettings) -> None:
    """Keep it, whole or not at all. Raises NoRoom or Refused."""
    write_private(path, msgspec.json.encode(settings))


def endpoint_at(address: str) -> str:
    """Return the address of a hub in its plain form. Raises Refused if nothing may be asked there.

    Without https the answers could be anybody's, so http is for this computer alone.
    """
    try:
        parts = urlsplit(address.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    is_bare = not (parts.username or parts.password or parts.query or parts.fragment)
    is_plain = parts.path.isascii() and parts.path.isprintable()
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and is_this_computer(host))
    if not (is_bare and is_plain and is_safe and _is_host(host)):
        raise Refused(
            "That is no address of a hub. It looks like https://huggingface.co, and needs https."
        )
    named = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{named}{f':{port}' if port else ''}{parts.path.rstrip('/')}"


def host_named(text: str) -> str:
    """Return the name of a host in its plain form. Raises Refused if it is none."""
    host = text.strip().lower().rstrip(".")
    if not _is_host(host):
        raise Refused("That is no name of a host. It looks like files.example.org.")
    return host


def is_this_computer(host: str) -> bool:
    """Whether the name alone says that the host is this computer."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_host(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return _HOST.fullmatch(text) is not None
    return True

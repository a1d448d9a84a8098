"""The network switch of a profile, and the hosts that may be reached while it is on."""

import ipaddress
import re
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from sottovoce.domain.policy import NO_RULES, Policy
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
KEPT_OFF = "Your administrator keeps the network switched off. Ask them for what you need."


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """Whether anything may be fetched, and from where."""

    on: bool = False
    endpoint: str = PUBLIC_HUB
    """The hub that is asked, or a mirror of it: an address without a slash at its end."""
    hosts: tuple[str, ...] = ()
    """Other hosts to which it may redirect, by the user's choice."""
    only: tuple[str, ...] | None = None
    """The only hosts that administrators allow, instead of all these; None leaves the choice.

    One that begins with "*." stands for all below it."""

    @property
    def endpoint_host(self) -> str:
        return urlsplit(self.endpoint).hostname or ""

    def permits(self, host: str) -> bool:
        """Whether a connection to this host may be made while the switch is on."""
        host = host.lower().rstrip(".")
        if self.only is not None:
            return any(_is_meant(host, name) for name in self.only)
        if self.names(host):
            return True
        return self.endpoint_host == _HUB_HOST and any(
            host == family or host.endswith(f".{family}") for family in _HUB_FAMILY
        )

    def names(self, host: str) -> bool:
        """Whether the user chose this very host."""
        is_own_hub = self.endpoint_host != _HUB_HOST and host == self.endpoint_host
        return is_own_hub or host in self.hosts


def read_switch(path: Path, policy: Policy = NO_RULES) -> NetworkSettings:
    """Return what was written, as far as the policy allows.

    It is switched off where that is missing or cannot be understood.
    """
    settings = _read(path)
    return replace(settings, on=settings.on and policy.network, only=policy.hosts)


def _read(path: Path) -> NetworkSettings:
    try:
        settings = msgspec.json.decode(path.read_bytes(), type=NetworkSettings)
        hosts = tuple(host_named(host) for host in settings.hosts)
        return replace(settings, endpoint=endpoint_at(settings.endpoint), hosts=hosts)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError, Refused):
        return NetworkSettings()


def write_switch(path: Path, settings: NetworkSettings, policy: Policy = NO_RULES) -> None:
    """Keep it, whole or not at all. Raises NoRoom, and Refused, also where the policy forbids."""
    if settings.on and not policy.network:
        raise Refused(KEPT_OFF)
    write_private(path, msgspec.json.encode(settings))


def with_endpoint(settings: NetworkSettings, address: str) -> NetworkSettings:
    """Return settings by which the hub at this address is asked. Raises Refused."""
    changed = replace(settings, endpoint=endpoint_at(address))
    _check_allowed(changed, changed.endpoint_host)
    return changed


def with_host(settings: NetworkSettings, name: str) -> NetworkSettings:
    """Return settings by which the hub may lead to this host, too. Raises Refused."""
    host = host_named(name)
    _check_allowed(settings, host)
    return replace(settings, hosts=tuple(dict.fromkeys((*settings.hosts, host))))


def _check_allowed(settings: NetworkSettings, host: str) -> None:
    if settings.only is not None and not settings.permits(host):
        allowed = ", ".join(settings.only) or "none"
        raise Refused(f"Your administrator does not allow {host}. The hosts allowed: {allowed}.")


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


def pattern_named(text: str) -> str:
    """Return the name of a host, or "*." and that of all below, in its plain form.

    Raises Refused if it is neither.
    """
    text = text.strip()
    return f"*.{host_named(text[2:])}" if text.startswith("*.") else host_named(text)


def is_this_computer(host: str) -> bool:
    """Whether the name alone says that the host is this computer."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_meant(host: str, name: str) -> bool:
    return host.endswith(name[1:]) if name.startswith("*.") else host == name


def _is_host(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return _HOST.fullmatch(text) is not None
    return True

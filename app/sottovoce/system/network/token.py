"""The user's access token at a hub, in the care of the computer's keyring.

Each hub has a token of its own: one that was made for a hub is never shown to its mirror.
`secrets` is that keyring, None where the computer has none. Each call may raise Refused or
Unreachable.
"""

import re

from sottovoce.domain.problems import Refused
from sottovoce.system.network.switch import NetworkSettings
from sottovoce.system.secrets import Secrets

_TOKEN = re.compile(r"[!-~]{8,500}")


def read_token(secrets: Secrets | None, settings: NetworkSettings) -> str | None:
    """The token for the hub of these settings; None if none is kept."""
    kept = secrets.get(_name(settings)) if secrets else None
    return kept.decode("ascii", "replace") if kept else None


def keep_token(secrets: Secrets | None, settings: NetworkSettings, token: str) -> None:
    """Keep a token in place of the one before."""
    token = token.strip()
    if not _TOKEN.fullmatch(token):
        raise Refused("That is no access token. Copy all of it, without spaces.")
    if secrets is None:
        raise Refused("This computer has no keyring, so no token can be kept safely.")
    secrets.set(_name(settings), token.encode("ascii"))


def forget_token(secrets: Secrets | None, settings: NetworkSettings) -> None:
    """Remove it; nothing happens if there is none."""
    if secrets is not None:
        secrets.delete(_name(settings))


def _name(settings: NetworkSettings) -> str:
    return f"token for {settings.endpoint_host}"

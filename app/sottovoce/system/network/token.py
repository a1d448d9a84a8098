"""The user's access token at a hub, in the care of the computer's keyring.

Each hub has a token of its own: one that was made for a hub is never shown to its mirror.
"""

import re
from collections.abc import Callable

from sottovoce.domain.problems import Refused
from sottovoce.system.network.switch import read_switch
from sottovoce.system.paths import Profile
from sottovoce.system.secrets import Secrets

_TOKEN = re.compile(r"[!-~]{4,500}")


def token_in(text: str) -> str:
    """The token in what was typed or pasted. Raises Refused if there is none."""
    token = text.strip()
    if not _TOKEN.fullmatch(token):
        raise Refused("That is no access token. Copy all of it, without spaces.")
    return token


class HubToken:
    """The token for the hub that this profile asks. Each call may raise Refused or Unreachable."""

    def __init__(self, profile: Profile, secrets: Callable[[], Secrets | None]) -> None:
        """`secrets` returns the keyring, or None where the computer has none."""
        self._profile = profile
        self._secrets = secrets

    def get(self) -> str | None:
        """The token; None if none is kept, or there is no keyring to keep it."""
        secrets = self._secrets()
        kept = secrets.get(self._name) if secrets else None
        return kept.decode("ascii", "replace") if kept else None

    def keep(self, token: str) -> None:
        """Keep a token in place of the one before."""
        token = token_in(token)
        secrets = self._secrets()
        if secrets is None:
            raise Refused("This computer has no keyring, so no token can be kept safely.")
        secrets.set(self._name, token.encode("ascii"))

    def forget(self) -> None:
        """Remove it; nothing happens if there is none."""
        if secrets := self._secrets():
            secrets.delete(self._name)

    @property
    def _name(self) -> str:
        return f"token for {read_switch(self._profile.network, self._profile.policy).endpoint_host}"

"""A hub as others see it: each question starts a network process, and none does while it is off."""

import os
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, suppress

from sottovoce.domain.problems import (
    Cancelled,
    Interrupted,
    Offline,
    Problem,
    Refused,
    Unreachable,
)
from sottovoce.domain.stop import Stop
from sottovoce.domain.transfer import Transferred
from sottovoce.models import orders
from sottovoce.models.repository import FetchOrder, Found, Repository
from sottovoce.system.audit import Audit, Event
from sottovoce.system.child import Child
from sottovoce.system.network.ledger import Ledger
from sottovoce.system.network.switch import KEPT_OFF, OFF, NetworkSettings, read_switch
from sottovoce.system.network.token import token_in
from sottovoce.system.paths import Profile

QUIET = {
    "DO_NOT_TRACK": "1",
    "HF_DEBUG": "",
    "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_UPDATE_CHECK": "1",
    "HF_HUB_DISABLE_XET": "1",
    # Its own clients are off by this; the one we give it knows nothing of it.
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_VERBOSITY": "critical",
    "HF_TOKEN": "",
}
"""The environment in which the hub's client asks for nothing but what it is asked for."""

_LOOK_EVERY = 0.01
"""Seconds between two looks at the clock while waiting."""
_ANSWER_WITHIN = 90.0
"""Seconds for a question about models; a file may take any time, as long as the user waits."""
_STOP_WITHIN = 0.015
"""Seconds to stop in good order, before the process is ended."""
_LONGEST_SEARCH = 200
"""Characters."""


class Remote:
    """What a hub offers. Cheap to make; may be used from any thread."""

    def __init__(self, profile: Profile, token: Callable[[], str | None] = lambda: None) -> None:
        """`token` returns the user's access token at the hub, and may raise a Problem."""
        self._profile = profile
        self._token = token

    def search(self, text: str, stop: Stop, limit: int = 30) -> list[Found]:
        """Return repositories with GGUF files that fit `text`, those with most downloads first.

        Raises Offline, Unreachable or Interrupted, as the other methods do, and Cancelled.
        """
        question = orders.Search(text[:_LONGEST_SEARCH], limit)
        with closing(self._news(question, stop)) as answer:
            for news in answer:
                if isinstance(news, orders.Results):
                    return list(news.found)
        raise AssertionError("the last news is the answer")

    def describe(self, repository: str, revision: str | None, stop: Stop) -> Repository:
        """Return what a repository, such as "owner/model", has. Raises Missing if it isn't there.

        A `revision` of None is its newest.
        """
        question = orders.Describe(repository, revision)
        with closing(self._news(question, stop)) as answer:
            for news in answer:
                if isinstance(news, orders.Described):
                    return news.repository
        raise AssertionError("the last news is the answer")

    def fetch(self, order: FetchOrder, stop: Stop) -> Iterator[Transferred]:
        """Fetch what the part of an order lacks; at the end it is as long as the file.

        Whatever happens, what was fetched is kept in the part. Raises Missing, Damaged and NoRoom
        besides. Whether the bytes are the right ones is for the caller to check.
        """
        with closing(self._news(orders.Fetch.of(order), stop)) as answer:
            for news in answer:
                if isinstance(news, orders.Transferred):
                    yield Transferred(news.done, news.total)

    def _news(
        self, what: orders.Search | orders.Describe | orders.Fetch, stop: Stop
    ) -> Generator[orders.News]:
        """All news of an errand up to its answer, if that is no failure."""
        settings = self._settings(what.purpose)
        token = None
        with suppress(Problem):  # Most files are given to anybody.
            token = self._token()
        token = token_in(token) if token else None
        stop.check()
        Audit(self._profile).note(
            Event.NETWORK_USED, purpose=what.purpose, host=settings.endpoint_host
        )
        switch, ledger = os.fsencode(self._profile.network), os.fsencode(self._profile.ledger)
        errand = orders.Errand(what, settings, switch, token, ledger)
        try:
            child = Child[orders.News](
                "--network-process",
                orders.News,
                log=self._profile.logs / "network.log",
                environment=QUIET,
            )
        except OSError as error:
            raise Interrupted("The network could not be used. Try again.") from error
        patience = None if isinstance(what, orders.Fetch) else _ANSWER_WITHIN
        try:
            child.channel.tell(errand)
            yield from _heard(child, stop, patience)
        except (EOFError, OSError, Cancelled) as error:
            stop.check()
            self._settings(what.purpose)  # It ends by itself when the switch is turned.
            raise Interrupted("The network process ended unexpectedly. Try again.") from error
        finally:
            # It has answered, or is not to: waiting for a good end would only delay a stop.
            child.channel.hang_up()
            child.kill()

    def _settings(self, purpose: str) -> NetworkSettings:
        """What the switch lets through now. Where that is nothing, notes it and raises Offline.

        Raises Refused where the policy keeps it off.
        """
        policy = self._profile.policy
        settings = read_switch(self._profile.network, policy)
        if not settings.on:
            Ledger(self._profile.ledger).refuse(purpose, settings.endpoint_host)
            raise Offline(OFF) if policy.network else Refused(KEPT_OFF)
        return settings


def _heard(child: Child[orders.News], stop: Stop, patience: float | None) -> Iterator[orders.News]:
    """Raises Cancelled, the Problem that the process tells of, or EOFError or OSError."""
    begun = time.monotonic()
    stopped: float | None = None
    while True:
        news = child.channel.hear() if child.channel.heard_within(_LOOK_EVERY) else None
        now = time.monotonic()
        if stop.is_set and stopped is None:
            stopped = now
            child.channel.tell(orders.Stop())
        match news:
            case orders.Failed():
                stop.check()
                raise news.problem
            case orders.Cancelled():
                raise Cancelled
            case orders.Results() | orders.Described() | orders.Fetched():
                yield news
                return
            case orders.Transferred():
                yield news
        if stopped is not None and now - stopped > _STOP_WITHIN:
            child.kill()
            raise Cancelled
        if patience is not None and now - begun > patience:
            child.kill()
            raise Unreachable("The hub does not answer. Try again later.")

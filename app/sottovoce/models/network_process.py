"""The network process: it runs one errand for its parent, and ends.

It is the only process that passes the gate to the network, and holds neither chats nor keys.
"""

import logging
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from sottovoce.domain.policy import Policy
from sottovoce.domain.problems import Cancelled, Problem
from sottovoce.domain.stop import Stop
from sottovoce.models import orders
from sottovoce.models.resolve import asking
from sottovoce.models.transfer import transfer
from sottovoce.system.child import Channel, inherited
from sottovoce.system.logs import describe, harden
from sottovoce.system.network.client import Client, Way, files_to_connect
from sottovoce.system.network.gate import NetworkGate
from sottovoce.system.network.ledger import Ledger
from sottovoce.system.network.switch import read_switch
from sottovoce.system.sandbox import keep_errand, libraries

_LOOK_EVERY = 0.2
"""Seconds between two looks at the switch."""

log = logging.getLogger(__name__)


def main(arguments: Sequence[str]) -> int:
    """Run the errand of the parent that holds the other ends of the pipes in `arguments`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the parent's to answer.
    harden()
    channel = Channel[orders.Order](*inherited(arguments), orders.Order)
    try:
        errand = channel.hear()
        assert isinstance(errand, orders.Errand), "the first thing told is what to do"
        stop = Stop()
        if _is_turned(errand):
            return 0
        # Before there is any other thread: each is locked in as the one that starts it.
        ledger = _lock_in(errand)
        threading.Thread(
            target=_listen, args=(channel, errand, stop), name="listen", daemon=True
        ).start()
        for news in _run(errand, ledger, stop):
            channel.tell(news)
    except (EOFError, OSError):
        pass  # The parent is gone: nobody wants to hear the rest.
    return 0


def _lock_in(errand: orders.Errand) -> Ledger:
    """Keep this process to what it fetches and writes down, and to what a connection takes."""
    ledger = Ledger(Path(os.fsdecode(errand.ledger)))
    with suppress(Problem):  # Each connection will say so.
        ledger.hold()
    writable = [errand.what.order.part] if isinstance(errand.what, orders.Fetch) else []
    keep_errand([Path(os.fsdecode(errand.switch)), *libraries(), *files_to_connect()], writable)
    return ledger


def _listen(channel: Channel[orders.Order], errand: orders.Errand, stop: Stop) -> None:
    """Hear the wish to stop and the end of the parent, and see the switch turned."""
    with suppress(EOFError, OSError):
        turned = 0
        while turned < 3:
            if channel.heard_within(_LOOK_EVERY):
                channel.hear()
                stop.set()
                continue
            turned = turned + 1 if _is_turned(errand) else 0
            if turned == 2:  # The first time is left to the parent: it may have turned it.
                stop.set()
    os._exit(0)  # Whatever waits for the network now would wait on.


def _is_turned(errand: orders.Errand) -> bool:
    """Whether the switch no longer lets through what it did when the errand was ordered."""
    policy = Policy(hosts=errand.settings.only)
    return read_switch(Path(os.fsdecode(errand.switch)), policy) != errand.settings


def _run(errand: orders.Errand, ledger: Ledger, stop: Stop) -> Iterator[orders.News]:
    gate = NetworkGate(ledger)
    gate.close()
    way = Way(errand.settings, gate, ledger, errand.token)
    try:
        yield from _done(errand.what, way, stop)
    except Cancelled:
        yield orders.Cancelled()
    except Problem as problem:
        yield orders.Failed.of(problem)
    except Exception as error:  # noqa: BLE001  A bug: logged here, without what was asked for.
        log.error(describe(error))
        raise SystemExit(1) from None


def _done(
    what: orders.Search | orders.Describe | orders.Fetch, way: Way, stop: Stop
) -> Iterator[orders.News]:
    if isinstance(what, orders.Fetch):
        order = what.order
        with Client(way, what.purpose) as client:
            ask = asking(client, order, knows_us=way.token is not None)
            for news in transfer(order, ask, stop):
                yield orders.Transferred(news.done, news.total)
        yield orders.Fetched()
        return
    # Late: it takes a third of a second, which a download need not wait for.
    from sottovoce.models import hub

    match what:
        case orders.Search(text, limit):
            yield orders.Results(tuple(hub.search(way, text, limit)))
        case orders.Describe(repository, revision):
            yield orders.Described(hub.describe(way, repository, revision))

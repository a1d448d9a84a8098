"""A file of the hub, asked for from a byte on, wherever the hub keeps it now."""

from collections.abc import Iterator
from contextlib import contextmanager

from sottovoce.domain.problems import Unreachable
from sottovoce.models.refusals import problem_of
from sottovoce.models.repository import FetchOrder
from sottovoce.models.transfer import Answer, Ask
from sottovoce.system.network.client import Client

_MOST_MOVES = 5
"""How often the hub may say that a repository is called something else."""


def asking(client: Client, order: FetchOrder, *, knows_us: bool) -> Ask:
    """How to ask for the file of an order. The hub is asked each time: its addresses expire.

    `knows_us`: whether a token goes along.
    """

    @contextmanager
    def ask(start: int) -> Iterator[Answer]:
        found = _find(client, order, knows_us=knows_us)
        if isinstance(found, Answer):
            yield found
            return
        headers = {"Range": f"bytes={start}-"} if start else {}
        with client.stream("GET", found, headers=headers, follow_redirects=True) as response:
            yield Answer(response.status_code, response.headers, response.iter_raw())

    return ask


def _find(client: Client, order: FetchOrder, *, knows_us: bool) -> str | Answer:
    """The address of the file now, or the answer of a hub that is too busy to tell."""
    address = client.address(f"{order.repository}/resolve/{order.commit}/{order.file.name}")
    for _ in range(_MOST_MOVES):
        response = client.head(address)
        if response.status_code == 429 or response.status_code >= 500:
            return Answer(response.status_code, response.headers, iter(()))
        if response.status_code >= 400:
            raise problem_of(
                response.status_code, response.headers, order.repository, knows_us=knows_us
            )
        if not response.has_redirect_location:
            return address
        if response.next_request is None:  # The location makes no sense.
            break
        address = str(response.next_request.url)
        if not client.is_endpoint(address):
            return address
    raise Unreachable("The hub leads nowhere. Try again later, or another mirror.")

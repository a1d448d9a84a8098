"""What the licences of models want to be shown of them, such as "Built with Llama"."""

from collections.abc import Iterable

from sottovoce.models.catalogue import Catalogue, Licence
from sottovoce.models.shelf import Item


def attributions(items: Iterable[Item], known: Catalogue) -> tuple[str, ...]:
    """Where models are used: each sentence once, as far as their licences are recorded."""
    return _once(licence.attribution for licence in _licences(items, known))


def model_notices(items: Iterable[Item], known: Catalogue) -> tuple[str, ...]:
    """With each copy of a model: whose it is, and under which licence."""
    return _once(licence.notice for licence in _licences(items, known))


def _licences(items: Iterable[Item], known: Catalogue) -> list[Licence]:
    named = {item.record.licence for item in items if item.record and item.record.licence}
    return [licence for licence in map(known.licence, named) if licence]


def _once(sentences: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(filter(None, sentences))))

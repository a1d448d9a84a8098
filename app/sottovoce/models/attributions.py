"""What the licences of models want to be shown where they are used, such as "Built with Llama"."""

from collections.abc import Iterable

from sottovoce.models.catalogue import Catalogue
from sottovoce.models.shelf import Item


def attributions(items: Iterable[Item], known: Catalogue) -> tuple[str, ...]:
    """Each sentence once, as far as it is recorded under which licence a model came."""
    named = {item.record.licence for item in items if item.record and item.record.licence}
    licences = filter(None, map(known.licence, named))
    return tuple(sorted({licence.attribution for licence in licences if licence.attribution}))

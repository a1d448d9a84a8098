"""XML, read without trusting it: nothing is fetched, no entity unfolds, nothing grows too deep."""

from collections.abc import Iterator
from typing import Protocol, TypeAlias

from lxml import etree

from sottovoce.domain.problems import Damaged
from sottovoce.library.formats.troubles import DAMAGED

Element: TypeAlias = etree._Element


class Readable(Protocol):
    """What bytes can be read from."""

    def read(self, size: int = -1, /) -> bytes:
        """At most `size` bytes."""


def tree(data: bytes) -> Element:
    """The root of a small XML file. Raises Damaged."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.LxmlError, ValueError) as error:
        raise Damaged(DAMAGED) from error
    if root is None:
        raise Damaged(DAMAGED)
    return root


def children(file: Readable, parent: str) -> Iterator[Element]:
    """Yield what lies directly in each element named `parent`, and forget it once it was seen.

    `parent` is "{namespace}name", or "{*}name". Raises Damaged, after what could be read.
    """
    events = etree.iterparse(
        file,
        events=("start", "end"),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
    )
    inside: Element | None = None
    try:
        for event, element in events:
            if event == "start":
                if inside is None and _is_named(element, parent):
                    inside = element
            elif inside is None:
                continue
            elif element is inside:
                inside = None
                element.clear()
            elif element.getparent() is inside:
                yield element
                element.clear()
                while element.getprevious() is not None:
                    del inside[0]
    except etree.LxmlError as error:
        raise Damaged(DAMAGED) from error


def name(element: Element) -> str:
    """The name of an element without its namespace; empty for comments and the like."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def attribute(element: Element, wanted: str) -> str:
    """The attribute of that name in whatever namespace; empty if there is none."""
    for key, value in element.attrib.items():
        if key.rpartition("}")[2] == wanted:
            return str(value)
    return ""


def number(element: Element, wanted: str, otherwise: int = 0) -> int:
    """The attribute of that name as a number; `otherwise` if it is none that means something."""
    value = attribute(element, wanted)
    return int(value) if value.isdecimal() and len(value) < 10 else otherwise


def _is_named(element: Element, wanted: str) -> bool:
    namespace, _, own = wanted[1:].partition("}")
    return element.tag == wanted or (namespace == "*" and name(element) == own)

"""What llama.cpp's libraries could ask of the system."""

import _socket
import sys
from importlib.util import find_spec
from operator import attrgetter
from pathlib import Path

import pytest

CALLS = ("socket", "socketpair", "connect", "bind", "listen", "accept", "accept4", "sendto",
         "sendmsg", "recvfrom", "getaddrinfo", "gethostbyname", "res_query")  # fmt: skip


def calls_of_sockets(library: Path) -> list[str]:
    """Those whose names stand in it, between the zeros of a table of symbols."""
    content = library.read_bytes()
    return [call for call in CALLS if b"\0%b\0" % call.encode() in content]


def libraries() -> list[Path]:
    """Found without loading them."""
    spec = find_spec("llama_cpp")
    assert spec is not None
    assert spec.origin is not None
    package = Path(spec.origin).parent
    names = ("*ggml*", "*llama*", "*mtmd*")
    places = [package / "lib", package.parent / "bin"]
    found = (file for place in places for name in names for file in place.glob(name))
    return sorted(file for file in found if not file.is_symlink())


@pytest.mark.parametrize("library", libraries(), ids=attrgetter("name"))
def test_llama_cpp_knows_no_sockets(library: Path) -> None:
    assert calls_of_sockets(library) == []


def test_a_library_that_knows_sockets_is_seen() -> None:
    # Debian's Python has it within the program.
    assert "connect" in calls_of_sockets(Path(getattr(_socket, "__file__", sys.executable)))

"""What the engine's process may use of the machine."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

if sys.platform != "win32":
    import resource


def forbid_core_dumps() -> None:
    """Leave no copy of the memory, and so of the user's words, on disk after a crash."""
    if sys.platform != "win32":
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


@contextmanager
def limited_memory(more: int) -> Iterator[None]:
    """Let the process take at most `more` bytes; beyond is a MemoryError. It works on Linux."""
    if sys.platform != "linux":
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_AS)
    highest = psutil.Process().memory_info().vms + more
    resource.setrlimit(resource.RLIMIT_AS, (highest, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)

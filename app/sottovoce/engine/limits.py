"""What the engine's process may use of the machine."""

import mmap
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

if sys.platform != "win32":
    import resource


SMALL_THINGS = 100_000_000
"""Bytes that come and go while a model is put to work: tokens, graphs, threads."""


def check_memory(size: int) -> None:
    """Return if the process may take so many bytes more, and small things beside.

    Raises MemoryError. llama.cpp tells when there is no memory for a large thing, but it ends the
    process over a small one.
    """
    try:
        mmap.mmap(-1, size + SMALL_THINGS).close()
    except (OSError, OverflowError) as error:
        raise MemoryError from error


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

"""Sandbox profiles, by which a process on macOS gives up files, network and programs for good.

The call has been marked as deprecated for years, and browsers rely on it still. Untried here.
"""

import ctypes
import os
import sys
from collections.abc import Sequence
from pathlib import Path

_LIBRARY = "/usr/lib/libSystem.dylib"
_RULES = """(version 1)
(allow default)
(deny network*)
(deny process-fork)
(deny process-exec*)
(deny process-info* (require-not (target self)))
(deny signal (require-not (target self)))
(deny appleevent-send)
(deny lsopen)
(deny mach-lookup)
(allow mach-lookup
  (global-name "com.apple.system.notification_center")
  (global-name "com.apple.MTLCompilerService")
  (xpc-service-name "com.apple.MTLCompilerService"))
(deny file-write*)
(deny file-read-data)
(allow file-read-data
  (literal "/")
  (literal "/dev/null")
  (literal "/dev/random")
  (literal "/dev/urandom")
  (subpath "/Library/Apple")
  (subpath "/System")
  (subpath "/private/var/db/dyld")
  (subpath "/private/var/db/timezone")
  (subpath "/usr/lib")
  (subpath "/usr/share"))
"""
"""Metal, which computes on the GPU, compiles what it runs in a process of its own."""


def is_there() -> bool:
    """Whether this system knows such profiles."""
    return sys.platform == "darwin" and hasattr(ctypes.CDLL(_LIBRARY), "sandbox_init")


def keep_only(readable: Sequence[Path]) -> None:
    """Open from now on only these files, and what lies in these folders, and only to read them.

    No network, and no other programs. What is open stays open. Raises OSError.
    """
    profile = profile_for(readable).encode("utf-8", "surrogateescape")
    message = ctypes.c_char_p()
    if ctypes.CDLL(_LIBRARY).sandbox_init(profile, ctypes.c_uint64(0), ctypes.byref(message)):
        raise OSError(os.strerror(1))


def profile_for(readable: Sequence[Path]) -> str:
    """Return the rules, in the language of Apple's sandbox."""
    # The kernel compares real paths: /var, for one, is a link there.
    places = (path.resolve() for path in readable)
    rules = (
        f'(allow file-read-data ({"subpath" if path.is_dir() else "literal"} "{_quoted(path)}"))\n'
        for path in places
    )
    return _RULES + "".join(rules)


def _quoted(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace('"', '\\"')

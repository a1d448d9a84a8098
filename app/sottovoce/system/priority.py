"""How much of the processors a thread or a process gets while others want them, too."""

import os
import sys

import psutil

if sys.platform == "win32":
    import ctypes

_NICE = 10
"""Linux gives such a one a tenth of what others get."""
_BELOW_NORMAL = -1
"""THREAD_PRIORITY_BELOW_NORMAL in Windows' processthreadsapi.h."""


def lower_priority() -> None:
    """Let this process step back behind others for good."""
    if sys.platform == "win32":
        psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
    else:
        os.nice(_NICE)


def lower_thread_priority() -> None:
    """Let this thread step back behind others for good. On a Mac it changes nothing."""
    if sys.platform == "win32":
        kernel = ctypes.WinDLL("kernel32")
        kernel.GetCurrentThread.restype = ctypes.c_void_p
        kernel.SetThreadPriority.argtypes = [ctypes.c_void_p, ctypes.c_int]
        kernel.SetThreadPriority(kernel.GetCurrentThread(), _BELOW_NORMAL)
    elif sys.platform == "linux":
        # To Linux 0 is this thread, and no other: which a locked in process may name.
        os.setpriority(os.PRIO_PROCESS, 0, os.getpriority(os.PRIO_PROCESS, 0) + _NICE)

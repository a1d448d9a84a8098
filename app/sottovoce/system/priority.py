"""How much of the processors a thread gets while others want them, too."""

import os
import sys
import threading

if sys.platform == "win32":
    import ctypes

_NICE = 10
"""Linux gives such a thread a tenth of what others get."""
_BELOW_NORMAL = -1
"""THREAD_PRIORITY_BELOW_NORMAL in Windows' processthreadsapi.h."""


def lower_thread_priority() -> None:
    """Let this thread step back behind others for good. On a Mac it changes nothing."""
    if sys.platform == "win32":
        kernel = ctypes.WinDLL("kernel32")
        kernel.GetCurrentThread.restype = ctypes.c_void_p
        kernel.SetThreadPriority.argtypes = [ctypes.c_void_p, ctypes.c_int]
        kernel.SetThreadPriority(kernel.GetCurrentThread(), _BELOW_NORMAL)
    elif sys.platform == "linux":
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + _NICE)

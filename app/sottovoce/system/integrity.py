"""Integrity levels, by which a Windows process gives up to change what ordinary ones own.

https://learn.microsoft.com/windows/win32/secauthz/mandatory-integrity-control. Untried here.
"""

import ctypes
import sys

_LOW = "S-1-16-4096"
"""The level whose processes may write almost nowhere."""
_ADJUST_DEFAULT, _QUERY = 0x80, 0x08
"""TOKEN_..."""
_TOKEN_INTEGRITY_LEVEL = 25
_SE_GROUP_INTEGRITY = 0x20


class _Label(ctypes.Structure):
    _fields_ = (("sid", ctypes.c_void_p), ("attributes", ctypes.c_uint32))


def lower() -> None:
    """Let this process change no file, and meddle with no process, of a higher level from now on.

    What it has open it keeps. Nobody can raise the level again. Raises OSError.
    """
    if sys.platform == "win32":
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        security = ctypes.WinDLL("advapi32", use_last_error=True)
        kernel.GetCurrentProcess.restype = ctypes.c_void_p
        token, sid = ctypes.c_void_p(), ctypes.c_void_p()
        this = ctypes.c_void_p(kernel.GetCurrentProcess())
        try:
            told = security.OpenProcessToken(this, _ADJUST_DEFAULT | _QUERY, ctypes.byref(token))
            told = told and security.ConvertStringSidToSidW(_LOW, ctypes.byref(sid))
            label = _Label(sid, _SE_GROUP_INTEGRITY)
            size = ctypes.sizeof(label) + (security.GetLengthSid(sid) if told else 0)
            told = told and security.SetTokenInformation(
                token, _TOKEN_INTEGRITY_LEVEL, ctypes.byref(label), size
            )
            if not told:
                raise ctypes.WinError(ctypes.get_last_error())
        finally:
            kernel.LocalFree(sid)
            kernel.CloseHandle(token)

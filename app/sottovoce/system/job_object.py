"""Job objects, by which a Windows process gives up memory, time and children."""

import ctypes
import sys

_BASIC, _UI, _EXTENDED = 2, 4, 9
"""JOBOBJECTINFOCLASS"""
_PROCESS_TIME, _ACTIVE_PROCESSES, _PROCESS_MEMORY = 0x2, 0x8, 0x100
"""JOB_OBJECT_LIMIT_..."""
_ALL_UI = 0xFF
_TICKS = 10_000_000
"""In a second."""


class _Basic(ctypes.Structure):
    _fields_ = (
        ("process_time", ctypes.c_int64),
        ("job_time", ctypes.c_int64),
        ("limits", ctypes.c_uint32),
        ("least_working_set", ctypes.c_size_t),
        ("most_working_set", ctypes.c_size_t),
        ("active_processes", ctypes.c_uint32),
        ("affinity", ctypes.c_size_t),
        ("priority", ctypes.c_uint32),
        ("scheduling", ctypes.c_uint32),
    )


class _Extended(ctypes.Structure):
    _fields_ = (
        ("basic", _Basic),
        ("counters", ctypes.c_uint64 * 6),
        ("process_memory", ctypes.c_size_t),
        ("job_memory", ctypes.c_size_t),
        ("most_process_memory", ctypes.c_size_t),
        ("most_job_memory", ctypes.c_size_t),
    )


def limit_process(memory: int | None, seconds: int | None) -> None:
    """Take at most `memory` bytes and `seconds` of processor time; start nothing. Raises OSError.

    None is no limit. It cannot be undone, and lasts as long as the process.
    """
    if sys.platform == "win32":
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.CreateJobObjectW.restype = ctypes.c_void_p
        kernel.GetCurrentProcess.restype = ctypes.c_void_p
        job = ctypes.c_void_p(kernel.CreateJobObjectW(None, None))
        limits = _Extended(
            _Basic(
                process_time=(seconds or 0) * _TICKS,
                limits=_ACTIVE_PROCESSES
                | (0 if seconds is None else _PROCESS_TIME)
                | (0 if memory is None else _PROCESS_MEMORY),
                active_processes=1,
            ),
            process_memory=memory or 0,
        )
        ui = ctypes.c_uint32(_ALL_UI)
        this = ctypes.c_void_p(kernel.GetCurrentProcess())
        told = (
            kernel.SetInformationJobObject(job, _EXTENDED, *_pointed(limits)),
            kernel.SetInformationJobObject(job, _UI, *_pointed(ui)),
            kernel.AssignProcessToJobObject(job, this),
        )
        if not all(told):
            raise ctypes.WinError(ctypes.get_last_error())


def _pointed(value: ctypes.Structure | ctypes.c_uint32) -> tuple[object, int]:
    return ctypes.byref(value), ctypes.sizeof(value)

"""Seccomp, by which a Linux process gives up system calls for good.

The filter is a program in classic BPF that the kernel runs before each call:
https://docs.kernel.org/userspace-api/seccomp_filter.html
"""

import ctypes
import errno
import os
import platform
from collections.abc import Collection, Iterator, Sequence
from itertools import repeat
from typing import NamedTuple, TypeAlias

# fmt: off
_NAMES = {
    "x86_64": {
        # Sockets of every family.
        "socket": 41, "connect": 42, "accept": 43, "sendto": 44, "recvfrom": 45, "sendmsg": 46,
        "recvmsg": 47, "bind": 49, "listen": 50, "socketpair": 53, "accept4": 288, "recvmmsg": 299,
        "sendmmsg": 307,
        # Programs, and meddling with other processes.
        "fork": 57, "vfork": 58, "execve": 59, "execveat": 322, "kill": 62, "ptrace": 101,
        "rt_sigqueueinfo": 129, "tkill": 200, "rt_tgsigqueueinfo": 297, "process_vm_readv": 310,
        "process_vm_writev": 311, "kcmp": 312, "setpgid": 109, "sched_setparam": 142,
        "sched_setscheduler": 144, "ioprio_set": 251, "migrate_pages": 256, "move_pages": 279,
        "sched_setattr": 314,
        # What is shared between processes.
        "shmget": 29, "shmat": 30, "shmctl": 31, "semget": 64, "semop": 65, "semctl": 66,
        "semtimedop": 220, "msgget": 68, "msgsnd": 69, "msgrcv": 70, "msgctl": 71, "mq_open": 240,
        "mq_unlink": 241,
        # Files, where Landlock does not look.
        "inotify_init": 253, "inotify_add_watch": 254, "inotify_init1": 294,
        "truncate": 76, "chmod": 90, "fchmod": 91, "chown": 92, "fchown": 93, "lchown": 94,
        "utime": 132, "setxattr": 188, "lsetxattr": 189, "fsetxattr": 190, "removexattr": 197,
        "lremovexattr": 198, "fremovexattr": 199, "utimes": 235, "fchownat": 260, "futimesat": 261,
        "fchmodat": 268, "utimensat": 280, "name_to_handle_at": 303, "open_by_handle_at": 304,
        # The machine itself.
        "syslog": 103, "personality": 135, "pivot_root": 155, "adjtimex": 159, "chroot": 161,
        "acct": 163, "settimeofday": 164, "mount": 165, "umount2": 166, "swapon": 167,
        "swapoff": 168, "reboot": 169, "sethostname": 170, "setdomainname": 171, "iopl": 172,
        "ioperm": 173, "init_module": 175, "delete_module": 176, "quotactl": 179,
        "clock_settime": 227, "kexec_load": 246, "add_key": 248, "request_key": 249, "keyctl": 250,
        "unshare": 272, "perf_event_open": 298, "fanotify_init": 300, "clock_adjtime": 305,
        "setns": 308, "finit_module": 313, "kexec_file_load": 320, "bpf": 321, "userfaultfd": 323,
    },
    "aarch64": {
        "socket": 198, "socketpair": 199, "bind": 200, "listen": 201, "accept": 202, "connect": 203,
        "sendto": 206, "recvfrom": 207, "sendmsg": 211, "recvmsg": 212, "accept4": 242,
        "recvmmsg": 243, "sendmmsg": 269,
        "execve": 221, "execveat": 281, "ptrace": 117, "kill": 129, "tkill": 130,
        "rt_sigqueueinfo": 138, "rt_tgsigqueueinfo": 240, "process_vm_readv": 270,
        "process_vm_writev": 271, "kcmp": 272, "setpgid": 154, "sched_setparam": 118,
        "sched_setscheduler": 119, "ioprio_set": 30, "migrate_pages": 238, "move_pages": 239,
        "sched_setattr": 274,
        "mq_open": 180, "mq_unlink": 181, "msgget": 186, "msgctl": 187, "msgrcv": 188,
        "msgsnd": 189, "semget": 190, "semctl": 191, "semtimedop": 192, "semop": 193,
        "shmget": 194, "shmctl": 195, "shmat": 196,
        "inotify_init1": 26, "inotify_add_watch": 27,
        "setxattr": 5, "lsetxattr": 6, "fsetxattr": 7, "removexattr": 14, "lremovexattr": 15,
        "fremovexattr": 16, "truncate": 45, "fchmod": 52, "fchmodat": 53, "fchownat": 54,
        "fchown": 55, "utimensat": 88, "name_to_handle_at": 264, "open_by_handle_at": 265,
        "umount2": 39, "mount": 40, "pivot_root": 41, "chroot": 51, "quotactl": 60, "acct": 89,
        "personality": 92, "unshare": 97, "kexec_load": 104, "init_module": 105,
        "delete_module": 106, "clock_settime": 112, "syslog": 116, "reboot": 142,
        "sethostname": 161, "setdomainname": 162, "settimeofday": 170, "adjtimex": 171,
        "add_key": 217, "request_key": 218, "keyctl": 219, "swapon": 224, "swapoff": 225,
        "perf_event_open": 241, "fanotify_init": 262, "clock_adjtime": 266, "setns": 268,
        "finit_module": 273, "bpf": 280, "userfaultfd": 282, "kexec_file_load": 294,
    },
}
_SAME_EVERYWHERE = {
    "pidfd_send_signal": 424, "io_uring_setup": 425, "io_uring_enter": 426,
    "io_uring_register": 427, "open_tree": 428, "move_mount": 429, "fsopen": 430, "fsconfig": 431,
    "fsmount": 432, "fspick": 433, "pidfd_open": 434, "pidfd_getfd": 438, "process_madvise": 440,
    "mount_setattr": 442, "quotactl_fd": 443, "process_mrelease": 448, "fchmodat2": 452,
    "setxattrat": 463, "removexattrat": 466, "open_tree_attr": 467,
}
_CLONE3 = 435

TO_START_PROGRAMS = frozenset({"fork", "vfork", "execve", "kill"})
TO_CHANGE_FILES = frozenset({
    "truncate", "chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown", "fchownat",
    "utime", "utimes", "futimesat", "utimensat",
})
TO_WATCH_FILES = frozenset({"inotify_init", "inotify_init1", "inotify_add_watch"})
TO_HAND_OVER = frozenset({"socketpair", "sendmsg", "recvmsg"})
"""Ends of pipes, from process to process: through pairs of local sockets that reach nobody else."""
TO_CONNECT = frozenset({
    "socket", "connect", "bind", "sendto", "recvfrom", "sendmsg", "recvmsg", "sendmmsg", "recvmmsg",
})
"""To the network. To be looked up, names take sockets that are bound to this machine alone."""
# fmt: on


class _Processor(NamedTuple):
    audit: int
    """AUDIT_ARCH of <linux/audit.h>."""
    seccomp: int
    clone: int
    tgkill: int
    prlimit: int
    setpriority: int
    sched_setaffinity: int
    socket: int
    socketpair: int
    fcntl: int
    ioctl: int


_PROCESSORS = {
    "x86_64": _Processor(
        0xC000003E, seccomp=317, clone=56, tgkill=234, prlimit=302, setpriority=141,
        sched_setaffinity=203, socket=41, socketpair=53, fcntl=72, ioctl=16,
    ),
    "aarch64": _Processor(
        0xC00000B7, seccomp=277, clone=220, tgkill=131, prlimit=261, setpriority=140,
        sched_setaffinity=122, socket=198, socketpair=199, fcntl=25, ioctl=29,
    ),
}  # fmt: skip
_X32 = 0x40000000
"""Set in the numbers of a second set of calls on x86-64."""
_CLONE_THREAD = 0x00010000

_SET_FILTER, _IS_KNOWN, _FOR_ALL_THREADS = 1, 2, 1
_NUMBER, _AUDIT, _ARGUMENTS = 0, 4, 16
"""Where the kernel lays them out: struct seccomp_data."""
_ARGUMENT = 8
"""Bytes."""
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_UNIX, _STREAM, _CLOSED_ON_EXEC = 1, 1, 0o2000000
_FAMILIES = (2, 10, 16)
"""IPv4, IPv6, and netlink, by which the C library learns what of these there is.

Not local ones: the keyring and what starts programs listen to these, and Landlock does not look.
Names are looked up without, as long as the system knows a server for them.
"""
_SET_OWNER, _SET_OWNER_OF_SOCKET = (8, 15), (0x8901, 0x8902)
"""F_SETOWN and F_SETOWN_EX, FIOSETOWN and SIOCSPGRP: whom the kernel signals about a file."""


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_uint16),
        ("if_so", ctypes.c_uint8),
        ("if_not", ctypes.c_uint8),
        ("value", ctypes.c_uint32),
    )


_REFUSED = _Instruction(_RETURN, 0, 0, _ERRNO | errno.EPERM)
_ALLOWED = _Instruction(_RETURN, 0, 0, _ALLOW)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("first", ctypes.POINTER(_Instruction)))


_Value: TypeAlias = _Program | ctypes.c_uint32


def is_there() -> bool:
    """Whether this kernel would filter calls, and we know this processor's."""
    processor = _PROCESSORS.get(platform.machine())
    if processor is None:
        return False
    try:
        _seccomp(processor, _IS_KNOWN, 0, ctypes.c_uint32(_ERRNO))
    except OSError:
        return False
    return True


def give_up(but: Collection[str] = ()) -> None:
    """Give up sockets of every kind, other programs and processes, and the rule of the machine.

    Threads can still be started, and open files be used. `but` names calls that are kept. What was
    given up fails with EPERM. Needs no_new_privs. Raises OSError.
    """
    processor = _PROCESSORS.get(platform.machine())
    if processor is None:
        raise OSError(errno.ENOSYS, "not for this processor")
    instructions = tuple(_filter(processor, frozenset(but)))
    program = _Program(len(instructions), (_Instruction * len(instructions))(*instructions))
    _seccomp(processor, _SET_FILTER, _FOR_ALL_THREADS, program)


def _seccomp(processor: _Processor, operation: int, flags: int, value: _Value) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    numbers = map(ctypes.c_long, (processor.seccomp, operation, flags))
    if libc.syscall(*numbers, ctypes.byref(value)):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def _filter(processor: _Processor, but: Collection[str]) -> Iterator[_Instruction]:
    # Calls of another processor's kind have other numbers: who makes them wants to slip through.
    yield _Instruction(_LOAD, 0, 0, _AUDIT)
    yield _Instruction(_EQUAL, 1, 0, processor.audit)
    yield _Instruction(_RETURN, 0, 0, _KILL)
    yield _Instruction(_LOAD, 0, 0, _NUMBER)
    yield _Instruction(_AT_LEAST, 0, 1, _X32)
    yield _Instruction(_RETURN, 0, 0, _KILL)
    for name, number in {**_NAMES[platform.machine()], **_SAME_EVERYWHERE}.items():
        if name not in but:
            yield _Instruction(_EQUAL, 0, 1, number)
            yield _REFUSED
    # Its flags cannot be seen from here. The C library goes back to clone.
    yield _Instruction(_EQUAL, 0, 1, _CLONE3)
    yield _Instruction(_RETURN, 0, 0, _ERRNO | errno.ENOSYS)
    if "fork" not in but:  # New threads, but no new processes.
        yield _Instruction(_EQUAL, 0, 4, processor.clone)
        yield _Instruction(_LOAD, 0, 0, _ARGUMENTS)
        yield _Instruction(_ANY_BIT, 0, 1, _CLONE_THREAD)
        yield _ALLOWED
        yield _REFUSED
    if "kill" not in but:  # Signals for this process alone.
        yield from _only(processor.tgkill, (os.getpid(),))
    if "socket" in but:
        yield from _only(processor.socket, _FAMILIES)
    if "socketpair" in but:
        yield from _only(processor.socketpair, (_UNIX,), (_STREAM, _STREAM | _CLOSED_ON_EXEC))
    yield from _never(processor.fcntl, _SET_OWNER)
    yield from _never(processor.ioctl, _SET_OWNER_OF_SOCKET)
    # Limits, priority and processors for this process and its threads alone, which 0 stands for.
    yield from _only(processor.prlimit, (0,))
    yield from _only(processor.setpriority, (0,), (0,))
    yield from _only(processor.sched_setaffinity, (0,))
    yield _ALLOWED


def _only(number: int, *values: Sequence[int]) -> Iterator[_Instruction]:
    """Allow a call if each of its first arguments has one of these values."""
    steps = list[_Instruction]()
    for place, allowed in enumerate(values):
        steps.append(_Instruction(_LOAD, 0, 0, _ARGUMENTS + _ARGUMENT * place))
        # Each jumps over those after it, and over the refusal.
        left = range(len(allowed), 0, -1)
        steps += (_Instruction(_EQUAL, *each) for each in zip(left, repeat(0), allowed))
        steps.append(_REFUSED)
    steps.append(_ALLOWED)
    yield _Instruction(_EQUAL, 0, len(steps), number)
    yield from steps


def _never(number: int, values: Sequence[int]) -> Iterator[_Instruction]:
    """Refuse a call if its second argument has one of these values."""
    yield _Instruction(_EQUAL, 0, len(values) + 3, number)
    yield _Instruction(_LOAD, 0, 0, _ARGUMENTS + _ARGUMENT)
    # Each jumps over those after it, and over the permission.
    left = range(len(values), 0, -1)
    yield from (_Instruction(_EQUAL, *each) for each in zip(left, repeat(0), values))
    yield _ALLOWED
    yield _REFUSED

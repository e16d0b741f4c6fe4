"""A stranger's model is loaded in a process of its own, which has no network, starts no program, and may end alone.

The names of a model are checked before (admitted.py); this is for what names do not say: C code on crafted numbers.
On Linux the process gives up sockets and execve by a filter of the kernel (seccomp(2)), for all its threads; elsewhere,
and where the kernel has none, it has its limits alone, which is said.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import signal
import struct
import sys

from trinity_guard.errors import GuardError

UNCONFINED = (
    "The model was loaded in a process of its own that could reach the network and start programs: this system took no "
    "filter of system calls (seccomp)."
)
MAX_MEMORY = 64 << 30  # of addresses, which libraries reserve without using them

# linux/audit.h; the numbers of seccomp, and of what is refused: socket, connect, execve, execveat, io_uring_setup,
# ptrace, process_vm_writev.
_MACHINES = {
    "x86_64": (0xC000003E, 317, (41, 42, 59, 322, 425, 101, 311)),
    "aarch64": (0xC00000B7, 277, (198, 203, 221, 281, 425, 117, 271)),
}
_X32 = 0x40000000
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | 1  # EPERM
_NO_NEW_PRIVILEGES, _SET_FILTER, _ALL_THREADS = 38, 1, 1


def go() -> int | None:
    """Go on in a child, and return None there; return its exit code in the parent, where it has ended.

    Raises GuardError (exit 1) in the parent where the child was killed.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if not child:
        return None
    code = _ended(child)
    if code < 0:
        raise ended(code)
    return code


def ended(code: int) -> GuardError:
    """Return what is said of a process that a signal has ended (its exit code, negative)."""
    said = signal.strsignal(-code) or f"signal {-code}"
    return GuardError(
        f"the process that loaded the model was ended ({said[:1].lower()}{said[1:]}); it was one of its own.",
        "trinity train     # a model of the trainer's does not do that",
    )


def _ended(child: int) -> int:
    while True:
        try:
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        except KeyboardInterrupt:
            continue  # the child has had it too, and says so


def confine() -> bool:
    """Give up the network, and starting programs, for the rest of this process; return whether the kernel took it."""
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_AS, MAX_MEMORY)
    found = _MACHINES.get(platform.machine())
    return sys.platform == "linux" and found is not None and _filter(*found)


def _limit(what: int, most: int) -> None:
    _, hard = resource.getrlimit(what)
    resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_void_p))


def _filter(machine: int, seccomp: int, refused: tuple[int, ...]) -> bool:
    code = program(machine, refused)
    held = ctypes.create_string_buffer(code, len(code))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    given = _Program(len(code) // 8, ctypes.cast(held, ctypes.c_void_p).value)
    # 0, else an error, or the thread that could not be made to obey.
    return bool(libc.syscall(seccomp, _SET_FILTER, _ALL_THREADS, ctypes.byref(given)) == 0)


def program(machine: int, refused: tuple[int, ...]) -> bytes:
    """Return the filter's instructions: another machine's calls and those of the list fail with EPERM."""
    # struct seccomp_data: the call's number at 0, the machine at 4.
    count = len(refused)
    steps = [(_LOAD, 0, 0, 4), (_EQUAL, 0, count + 2, machine), (_LOAD, 0, 0, 0), (_AT_LEAST, count, 0, _X32)]
    steps += [(_EQUAL, count - 1 - at, 0, number) for at, number in enumerate(refused)]
    # Behind the last comparison: not of the list.
    steps[-1] = (_EQUAL, 0, 1, refused[-1])
    steps += [(_RETURN, 0, 0, _REFUSE), (_RETURN, 0, 0, _ALLOW)]
    return b"".join(struct.pack("<HBBI", *step) for step in steps)

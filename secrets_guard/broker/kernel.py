"""What only Linux's own calls can do: signals as a descriptor, no core, no new privileges, adopting orphans."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable
from typing import NamedTuple

# linux/prctl.h
_SET_DUMPABLE = 4
_SET_CHILD_SUBREAPER = 36
_SET_NO_NEW_PRIVS = 38
# linux/signalfd.h; struct signalfd_siginfo has 128 bytes: number, errno, code, pid of the sender.
_CLOEXEC_NONBLOCK = os.O_CLOEXEC | os.O_NONBLOCK
_INFO = struct.Struct("=IiiI112x")
_AT_ONCE = 64
# glibc and musl both make sigset_t this large.
_SIGSET_BYTES = 128


class Received(NamedTuple):
    """A signal: its number, ``si_code`` (0: somebody's kill; positive: the kernel, a terminal) and the sender's pid."""

    number: int
    code: int
    sender: int


def signal_descriptor(numbers: Iterable[int]) -> int:
    """Return a descriptor that is readable when one of these signals, which must be blocked, is there."""
    libc = ctypes.CDLL(None, use_errno=True)
    mask = ctypes.create_string_buffer(_SIGSET_BYTES)
    libc.sigemptyset(mask)
    for number in numbers:
        libc.sigaddset(mask, number)
    made = libc.signalfd(-1, mask, _CLOEXEC_NONBLOCK)
    if made < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), "signalfd")
    return int(made)


def read_signals(descriptor: int) -> list[Received]:
    """Return the signals that have come; none is no error."""
    try:
        content = os.read(descriptor, _AT_ONCE * _INFO.size)
    except BlockingIOError:
        return []
    return [Received(number, code, sender) for number, _, code, sender in _INFO.iter_unpack(content)]


def forbid_dumping() -> None:
    """Let nobody of this user read our memory, nor a core of it be written, until the next exec."""
    _prctl(_SET_DUMPABLE, 0)


def forbid_new_privileges() -> None:
    """Take from this thread, and all that it starts, what set-user-id programs would give."""
    _prctl(_SET_NO_NEW_PRIVS, 1)


def adopt_orphans() -> None:
    """Become the parent of descendants whose parents end, as PID 1 is by itself."""
    _prctl(_SET_CHILD_SUBREAPER, 1)


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    arguments = [ctypes.c_ulong(part) for part in (value, 0, 0, 0)]
    if libc.prctl(option, *arguments):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), "prctl")

"""``--audit FILE|stderr|syslog`` -> a function that keeps a line there, at once and whole, or an error."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable

from secrets_guard.broker.audit import Audit, Event
from secrets_guard.errors import AuditFailed

_SYSLOG = "/dev/log"
# RFC 5424, 6.2.1: facility 10 (authorisation, private) times 8, and severity 4 (warning) or 5 (notice).
_WARNING, _NOTICE = 84, 85
# A syslog that takes nothing must not keep a start for ever (seconds).
_PATIENCE = 2

Write = Callable[[str, bool], None]


def open_audit(target: str, command: str) -> Audit:
    """Return the audit that ``target`` asks for, one that tells nobody where it is empty.

    ``command`` is the name of what is to be started. Raises AuditFailed where a first line can't be written.
    """
    if not target:
        return Audit()
    audit = Audit(open_target(target), command)
    audit.tell(Event("open"))
    return audit


def open_target(target: str) -> Write:
    """Return what writes a line, given also whether it tells of a failure.

    ``target``: ``stderr``, ``syslog``, ``syslog:SOCKET``, or else the path of a file, which is appended to and made
    for its owner only. Raises AuditFailed where it can't be opened, and later where a line can't be written.
    """
    if target in ("stdout", "-"):
        raise AuditFailed("--audit: standard output is the command's; name a file, stderr or syslog")
    if target == "stderr":
        return lambda line, _failed: _put(2, f"{line}\n", target)
    if target == "syslog" or target.startswith("syslog:"):
        path = target.partition(":")[2] or _SYSLOG
        sender = _connected(path)
        tag = f"secrets-guard[{os.getpid()}]"
        return lambda line, failed: _put(sender, f"<{_WARNING if failed else _NOTICE}>{tag}: {line}", path)
    descriptor = _opened(target)
    return lambda line, _failed: _put(descriptor, f"{line}\n", target)


def _opened(path: str) -> int:
    """Return a descriptor that appends, for as long as the process lives."""
    try:
        # A pipe that nobody reads is an error, not something to wait for.
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
        return os.open(path, flags, stat.S_IRUSR | stat.S_IWUSR)
    except OSError as error:
        raise _failed(path, error) from None


def _connected(path: str) -> int:
    """Return a descriptor of a socket, for as long as the process lives."""
    import socket
    import struct

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", _PATIENCE, 0))
        try:
            sender.connect(path)
        except OSError as error:
            raise _failed(path, error) from None
        return sender.detach()


def _put(descriptor: int, line: str, target: str) -> None:
    """Write by one call: appended lines of several processes do not mix."""
    content = line.encode()
    try:
        written = os.write(descriptor, content)
    except OSError as error:
        raise _failed(target, error) from None
    if written < len(content):
        raise AuditFailed(f"audit {target}: a line was cut short; is the disk full?")


def _failed(target: str, error: OSError) -> AuditFailed:
    return AuditFailed(f"audit {target}: can't be written: {error.strerror}")

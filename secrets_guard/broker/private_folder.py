"""Files of secrets -> a folder in memory that only the command's user can read, and that goes when we go."""

from __future__ import annotations

import fcntl
import os
import secrets
import stat
from collections.abc import Mapping
from contextlib import suppress

from secrets_guard.broker.account import Account
from secrets_guard.broker.file_entry import DEFAULT_MODE
from secrets_guard.errors import BrokerError, ManifestError
from secrets_guard.model.secret import Secret

VARIABLE = "SECRETS_GUARD_FILES"
"""The variable that tells the command where its files are; ``${SECRETS_GUARD_FILES}`` in the manifest is the same."""
_PREFIX = "secrets-guard-"
_IN_MEMORY = ("tmpfs", "ramfs")
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class PrivateFolder:
    """A folder below ``parent`` that is made with the first file and locked while this process lives."""

    def __init__(self, parent: str, modes: Mapping[str, int], owner: Account | None = None) -> None:
        self.path = os.path.join(parent, _PREFIX + secrets.token_hex(8))
        self._modes, self._owner = modes, owner
        self._folder: int | None = None

    def write(self, files: Mapping[str, Secret]) -> None:
        """Write files by name, each in one step. Raises BrokerError naming the one that can't be written."""
        for name, secret in files.items():
            try:
                if self._folder is None:
                    remove_abandoned(os.path.dirname(self.path))
                    self._folder = self._made()
                self._put(self._folder, name, secret)
            except OSError as error:
                raise BrokerError(f"files: {name}: can't be written to {self.path}: {error.strerror}") from None

    def _made(self) -> int:
        os.mkdir(self.path, 0o700)
        folder = os.open(self.path, _FOLDER)
        # Held as long as we live, however we end, and seen by all who share the memory, whatever their process ids.
        fcntl.flock(folder, fcntl.LOCK_EX)
        if self._owner:
            os.fchown(folder, self._owner.uid, self._owner.gid)
        return folder

    def _put(self, folder: int, name: str, secret: Secret) -> None:
        new = f".{name}.{secrets.token_hex(4)}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with open(os.open(new, flags, 0o600, dir_fd=folder), "wb") as stream:
            stream.write(secret.reveal())
            stream.flush()
            if self._owner:
                os.fchown(stream.fileno(), self._owner.uid, self._owner.gid)
            os.fchmod(stream.fileno(), self._modes.get(name, DEFAULT_MODE))
        os.rename(new, name, src_dir_fd=folder, dst_dir_fd=folder)

    def remove(self) -> None:
        """Take the folder away with all that is in it."""
        if self._folder is not None:
            _clear(self._folder)
            os.close(self._folder)
            with suppress(OSError):
                os.rmdir(self.path)
            self._folder = None


def choose_parent(given: str, runtime: str) -> str:
    """Return the folder in which to make it: the one given, or one in memory. Raises ManifestError where there is none.

    ``runtime``: the value of XDG_RUNTIME_DIR, a folder of the user's own.
    """
    if given:
        if not os.path.isdir(given) or not os.path.isabs(given):
            raise ManifestError(f"files_dir: {given}: is no absolute path of a folder")
        return given
    for path in (runtime, "/dev/shm"):  # noqa: S108 - in it, a folder of our own is made, which must not be there yet
        if path and os.path.isdir(path) and os.access(path, os.W_OK | os.X_OK) and file_system(path) in _IN_MEMORY:
            return path
    raise ManifestError(
        "files: there is no folder in memory here (tmpfs at XDG_RUNTIME_DIR or /dev/shm) that can be written to; "
        "mount one, or say by files_dir: where on disk they may be"
    )


def file_system(path: str) -> str:
    """Return the type of the file system at a path, or an empty string where that can't be told."""
    device = os.stat(path).st_dev
    wanted = f"{os.major(device)}:{os.minor(device)}"
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as stream:
            lines = [line.split() for line in stream]
    except OSError:
        return ""
    # proc_pid_mountinfo(5): device is the third field, the type the first behind a "-".
    return next((words[words.index("-") + 1] for words in lines if words[2] == wanted and "-" in words), "")


def remove_abandoned(parent: str) -> None:
    """Remove folders of ours whose owners have ended without doing so themselves (they were killed)."""
    with suppress(OSError):
        for name in os.listdir(parent):
            if name.startswith(_PREFIX):
                with suppress(OSError):
                    _remove_abandoned(os.path.join(parent, name))


def _remove_abandoned(path: str) -> None:
    folder = os.open(path, _FOLDER)
    try:
        status = os.fstat(folder)
        mine = status.st_uid == os.geteuid() or os.geteuid() == 0
        if mine and stat.S_IMODE(status.st_mode) == 0o700:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _clear(folder)
            os.rmdir(path)
    finally:
        os.close(folder)


def _clear(folder: int) -> None:
    """Remove all that is in an open folder; a command may have put more there."""
    for name in os.listdir(folder):
        with suppress(OSError):
            if stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
                inner = os.open(name, _FOLDER, dir_fd=folder)
                _clear(inner)
                os.close(inner)
                os.rmdir(name, dir_fd=folder)
            else:
                os.unlink(name, dir_fd=folder)

"""One git command in a hook -> its output, without the subprocess module, whose import takes longer than git does.

What git is not to be led into, ``sources.git.command`` says.
"""

from __future__ import annotations

import os

from secrets_guard.errors import SourceError
from secrets_guard.sources.git import command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import IO

# What git tells a hook of the repository at hand; a receiving one also where pushed objects are held back.
_HOOK = ("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE")
_QUARANTINE = ("GIT_QUARANTINE_PATH", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES")
_SMALL = 4096
"""What a pipe takes at once on every system, so that feeding it can't block."""
_BUFFER = 1 << 16

LIST_STAGED = ("diff-index", "--cached", "--raw", "-z", "--no-abbrev", "--no-renames", "--ita-invisible-in-index")
"""Lists what is staged against a commit. What ``git add -N`` announced is in the index, but not in the next commit."""


class GitError(SourceError):
    """A git command that failed: its exit code, and the first line it complained with."""

    def __init__(self, name: str, code: int, said: str) -> None:
        self.code, self.said = code, said
        super().__init__(f"git {name} failed ({code}): {said or 'it does not say why'}")


def hook_git(environ: Mapping[str, str], *, receiving: bool = False) -> command.Git:
    """Return the git of a hook's current folder, which is told by its environment what to look at."""
    kept = (*_HOOK, *_QUARANTINE) if receiving else _HOOK
    return command.Git(".", tuple((name, environ[name]) for name in kept if name in environ))


class Call:
    """A running git command. Read it to its end, then ``finish()``; ``stop()`` where the rest does not matter."""

    def __init__(self, git: command.Git, *arguments: str, feed: bytes = b"") -> None:
        """Start ``git`` with ``feed`` as its input. Raises GitError where there is no git."""
        self._name = arguments[0]
        self._complaints = _scratch_file()
        self._buffer = b""
        self._output, output = os.pipe()
        given = _feed(feed)
        try:
            environment = command.environment(dict(git.extra))
            self._pid = _spawn(git.command(*arguments), environment, given, output, self._complaints)
        except OSError as error:
            os.close(self._output)
            os.close(self._complaints)
            reason = "git is not installed" if isinstance(error, FileNotFoundError) else str(error.strerror)
            raise GitError(self._name, 127, reason) from None
        finally:
            os.close(given)
            os.close(output)

    def read(self, size: int) -> bytes:
        """Return at most ``size`` bytes, none at the end only."""
        if self._buffer:
            data, self._buffer = self._buffer[:size], self._buffer[size:]
            return data
        return os.read(self._output, size)

    def exactly(self, size: int) -> bytes:
        """Return ``size`` bytes, fewer at the end only."""
        parts = []
        while size > 0:
            part = self.read(size)
            if not part:
                break
            parts.append(part)
            size -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def line(self) -> bytes:
        """Return the next line without its end; what is left at the end of all, or nothing."""
        while True:
            line, newline, rest = self._buffer.partition(b"\n")
            if newline:
                self._buffer = rest
                return line
            more = os.read(self._output, _BUFFER)
            if not more:
                self._buffer = b""
                return line
            self._buffer += more

    def finish(self, *, fine: tuple[int, ...] = (0,)) -> bytes:
        """Return the rest of the output when git has ended. Raises GitError for an exit code that is not ``fine``."""
        parts = [self._buffer]
        while more := os.read(self._output, 1 << 20):
            parts.append(more)
        code = self.stop()
        if code not in fine:
            raise GitError(self._name, code, self._said)
        return b"".join(parts)

    def stop(self) -> int:
        """Read no more and return the exit code: git ends by itself when nobody listens."""
        if self._output >= 0:
            os.close(self._output)
            self._output = -1
            self._code = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
            self._said = _first_line(self._complaints)
        return self._code


def answer(git: command.Git, *arguments: str, feed: bytes = b"", fine: tuple[int, ...] = (0,)) -> bytes:
    """Return the output of a git command. Raises GitError for an exit code that is not ``fine``."""
    return Call(git, *arguments, feed=feed).finish(fine=fine)


def _spawn(words: list[str], environment: Mapping[str, str], given: int, output: int, complaints: int) -> int:
    if not hasattr(os, "posix_spawnp"):  # Windows
        import subprocess

        process = subprocess.Popen(words, env=environment, stdin=given, stdout=output, stderr=complaints)
        process.returncode = 0  # waited for in stop()
        handle: int = process._handle.Detach()  # type: ignore[attr-defined]
        return handle
    actions = [(os.POSIX_SPAWN_DUP2, source, target) for target, source in enumerate((given, output, complaints))]
    # A group of its own: ^C is ours to handle, and a git that it ended would look like a broken repository.
    return os.posix_spawnp(words[0], words, environment, file_actions=actions, setpgroup=0)


def _feed(content: bytes) -> int:
    if not content:
        return os.open(os.devnull, os.O_RDONLY)
    if len(content) <= _SMALL:
        reading, writing = os.pipe()
        os.write(writing, content)
        os.close(writing)
        return reading
    descriptor = _scratch_file()
    left = memoryview(content)
    while left:
        left = left[os.write(descriptor, left) :]
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _scratch_file() -> int:
    """Return a file that has no name, or loses it at its end."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("secrets-guard")
    import tempfile

    kept: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by its descriptor
    descriptor = os.dup(kept.fileno())
    kept.close()
    return descriptor


def _first_line(descriptor: int) -> str:
    os.lseek(descriptor, 0, os.SEEK_SET)
    said = os.read(descriptor, 4096)
    os.close(descriptor)
    lines = os.fsdecode(said).splitlines()
    told = [line for line in lines if line.startswith(("fatal: ", "error: "))] or lines
    return told[0].removeprefix("fatal: ").removeprefix("error: ") if told else ""

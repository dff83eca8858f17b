"""Arguments -> a git process that runs nothing of the repository's choosing: the one place that starts git."""

import os
from collections.abc import Mapping
from contextlib import suppress
from typing import IO, TYPE_CHECKING, NamedTuple

from secrets_guard.errors import SourceError

if TYPE_CHECKING:
    import subprocess

TIME_LIMIT_S = 60
"""For calls whose answer is short; the long-lived ones end with whoever reads them."""
_GRACE_S = 2.0
# What a repository's own config could start, or change in the output. ``-c`` wins over every config file.
_SETTINGS = (
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.untrackedCache=false",
    "core.pager=cat",
    "core.attributesFile=/dev/null",
    "core.alternateRefsCommand=true",
    "diff.external=",
    "diff.renames=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "log.showSignature=false",
)
_OFFLINE = (
    "core.sshCommand=false",
    "core.gitProxy=false",
    "core.askPass=false",
    "credential.helper=",
    "protocol.allow=never",
)
# The user's own config and limits stay in force; whatever else begins with GIT_ could lead to another repository.
_KEPT = (
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_KEY_",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_VALUE_",
    "GIT_CEILING_DIRECTORIES",
    "GIT_DISCOVERY_ACROSS_FILESYSTEM",
    "GIT_EXEC_PATH",
)
# How the user reaches a remote: needed for a clone, and for nothing else.
_NETWORK = ("GIT_SSH", "GIT_ASKPASS", "GIT_SSL_", "GIT_PROXY", "GIT_HTTP_")
_FIXED = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_GRAFT_FILE": "/dev/null",
    "GIT_NO_LAZY_FETCH": "1",
    "LC_ALL": "C",
}


class Done(NamedTuple):
    """A call that ended: exit code, standard output, lines of standard error."""

    code: int
    output: bytes
    complaints: list[str]

    @property
    def reason(self) -> str:
        """Return git's own words about a failure, on one line."""
        lines = [line for line in self.complaints if line.startswith(("fatal: ", "error: "))] or self.complaints
        return lines[0].removeprefix("fatal: ").removeprefix("error: ") if lines else f"exit code {self.code}"


def environment(extra: Mapping[str, str] | None = None, protocol: str = "") -> dict[str, str]:
    """Return the environment for git: no GIT_* of the caller's but where its config is; ``extra`` is put on top.

    ``protocol`` is the one that may be used to reach a remote; '' is none.
    """
    kept = _KEPT + (_NETWORK if protocol else ())
    own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_") or name.startswith(kept)}
    # Older gits know no GIT_NO_LAZY_FETCH; and this wins over a repository's protocol.*.allow.
    return {**own, **_FIXED, "GIT_ALLOW_PROTOCOL": protocol or "none", **(extra or {})}


class Git(NamedTuple):
    """git, run in a folder. The repository is found from there, so that git's ownership check applies."""

    folder: str
    extra: tuple[tuple[str, str], ...] = ()
    """Environment on top, for hooks: a quarantine's object folders."""
    protocol: str = ""
    """The one protocol by which a remote may be reached, for a clone."""

    def command(self, *arguments: str) -> list[str]:
        """Return the whole command line."""
        settings = _SETTINGS if self.protocol else _SETTINGS + _OFFLINE
        words = [word for setting in settings for word in ("-c", setting)]
        return ["git", "--no-pager", *words, "-C", self.folder, *arguments]

    def run(self, *arguments: str, given: bytes = b"", time_limit: float | None = TIME_LIMIT_S) -> Done:
        """Run git to its end; a git that can't be started or does not end is a Done with a code of its own."""
        import subprocess

        try:
            done = subprocess.run(
                self.command(*arguments),
                env=environment(dict(self.extra), self.protocol),
                input=given,
                capture_output=True,
                timeout=time_limit,
                check=False,
                start_new_session=True,
            )
        except FileNotFoundError:
            return Done(127, b"", ["git is not installed"])
        except subprocess.TimeoutExpired:
            return Done(124, b"", [f"no answer within {time_limit} s"])
        except OSError as error:
            return Done(126, b"", [f"can't be started: {error.strerror}"])
        return Done(done.returncode, done.stdout, os.fsdecode(done.stderr).splitlines())

    def ask(self, *arguments: str, given: bytes = b"", time_limit: float | None = TIME_LIMIT_S) -> bytes:
        """Return what git answers. Raises SourceError, on one line, when it fails."""
        done = self.run(*arguments, given=given, time_limit=time_limit)
        if done.code:
            raise SourceError(f"{self.folder!r}: git {arguments[0]} failed: {done.reason}")
        return done.output

    def start(self, *arguments: str, talks: bool = False) -> "Running":
        """Start a git that streams; with ``talks`` it has a standard input to write to. Raises SourceError."""
        import subprocess
        import tempfile

        # A file, not a pipe: nobody reads it meanwhile, and a full pipe would stop git.
        complaints = tempfile.TemporaryFile()  # noqa: SIM115 - closed by Running
        try:
            process = subprocess.Popen(
                self.command(*arguments),
                env=environment(dict(self.extra), self.protocol),
                stdin=subprocess.PIPE if talks else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=complaints,
                bufsize=0,
                start_new_session=True,  # ^C is ours to handle: a git that it ended would look like a corrupt object
            )
        except OSError as error:
            complaints.close()
            raise SourceError(f"git can't be started: {error.strerror}; install it") from None
        return Running(process, complaints)


class Running:
    """A git that streams its answer; ``output`` is a file descriptor."""

    def __init__(self, process: "subprocess.Popen[bytes]", complaints: IO[bytes]) -> None:
        self._process, self._complaints = process, complaints
        self._done: Done | None = None
        self.output = process.stdout.fileno() if process.stdout else -1
        _widen(self.output)

    def feed(self, requests: memoryview) -> None:
        """Write ``requests`` to git from a thread of its own, then close its standard input."""
        import threading

        def write() -> None:
            stream = self._process.stdin
            if stream is None:
                return
            try:
                for start in range(0, len(requests), 65_536):
                    stream.write(requests[start : start + 65_536])
            except (OSError, ValueError):
                return  # git ended; whoever reads its answers sees that
            finally:
                with suppress(OSError, ValueError):
                    stream.close()

        threading.Thread(target=write, name="git-requests", daemon=True).start()

    def close(self, *, patient: bool = False) -> Done:
        """Return git's exit code and complaints, ended where it still runs; only a ``patient`` call waits for that."""
        if self._done is None:
            if self._process.stdout:
                self._process.stdout.close()
            self._done = self._end(None if patient else _GRACE_S)
        return self._done

    def kill(self) -> None:
        """End git at once."""
        if self._done is None:
            self._process.kill()
            self.close()

    def _end(self, grace: float | None) -> Done:
        import subprocess

        try:
            # With its output read to the end or closed, a sound git is gone in no time.
            code = self._process.wait(timeout=grace)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        said = b""
        with suppress(OSError, ValueError):
            self._complaints.seek(0)
            said = self._complaints.read(65_536)
        self._complaints.close()
        return Done(code, b"", os.fsdecode(said).splitlines())


def _widen(descriptor: int) -> None:
    """Make a pipe hold 1 MiB, so that git works ahead and each read brings much. Linux only; elsewhere no harm."""
    import fcntl

    try:
        fcntl.fcntl(descriptor, getattr(fcntl, "F_SETPIPE_SZ", 1031), 1 << 20)
    except OSError:
        return

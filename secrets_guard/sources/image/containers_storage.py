"""An image of podman's and buildah's own storage -> the archive that they write of it, as a stream.

The storage is theirs (drivers, locks, user namespaces), so they are asked: none of them runs what is in an image.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from secrets_guard.errors import SourceError
from secrets_guard.sources.archive.entry import Read
from secrets_guard.workers import in_background

_COMMANDS = (
    ("podman", ("save", "--quiet", "--format", "docker-archive", "NAME")),
    ("buildah", ("push", "--quiet", "NAME", "docker-archive:/dev/stdout")),
    ("skopeo", ("copy", "--quiet", "containers-storage:NAME", "docker-archive:/dev/stdout")),
)


@contextmanager
def saved(name: str) -> Iterator[Read]:
    """Open the stream. Raises SourceError when no tool is there that can, or it fails."""
    where = f"containers-storage:{name}"
    if name.startswith("-"):
        raise SourceError(f"{where}: no name of an image")
    command = next(((tool, words) for tool, words in _COMMANDS if shutil.which(tool)), None)
    if command is None:
        raise SourceError(f"{where}: one of podman, buildah or skopeo is needed to read the storage; none is installed")
    tool, words = command
    running = subprocess.Popen(
        [tool, *(word.replace("NAME", name) for word in words)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    if running.stdout is None or running.stderr is None:
        raise SourceError(f"{where}: {tool} can't be run")
    output, given = running.stdout, 0
    # Read beside, so that one with much to say does not wait for us.
    said = in_background(running.stderr.read)

    def read(wanted: int) -> bytes:
        nonlocal given
        data = output.read(wanted)
        given += len(data)
        if not data and running.wait():
            raise SourceError(f"{where}: {tool} {'stopped early' if given else 'failed'}: {_last_words(said())}")
        return data

    try:
        yield read
    finally:
        output.close()
        running.kill()
        running.stderr.close()
        running.wait()


def _last_words(said: bytes | None) -> str:
    lines = (said or b"").decode("utf-8", "replace").split("\n")
    return next((line.strip()[:200] for line in reversed(lines) if line.strip()), "it does not say why")

"""Archives from real programs and from Python's writers, and what we see in them.

A test that needs a program that is missing is skipped and says so.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
import warnings
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import pytest

from secrets_guard.model.blob import Blob
from secrets_guard.model.result import Problem, Stats
from secrets_guard.sources.archive import expand, inside, suspect, zipstream
from secrets_guard.sources.archive.entry import gather
from secrets_guard.sources.archive.limits import Budget, Limits

Make = Callable[..., None]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Return a function that runs a program in ``tmp_path``; ``stdin`` is what it reads."""

    def run(*command: str, stdin: bytes = b"", cwd: Path | None = None) -> None:
        if shutil.which(command[0]) is None:
            pytest.skip(f"{command[0]} is not installed")
        subprocess.run(command, cwd=cwd or tmp_path, input=stdin, check=True, capture_output=True)

    return run


class Opened(NamedTuple):
    """What a content held: path within -> the contents of that name, in order."""

    contents: dict[str, list[bytes]]
    problems: list[Problem]
    skipped: dict[str, int]

    @property
    def kinds(self) -> list[str]:
        """Return the kinds of the problems."""
        return [problem.kind for problem in self.problems]

    @property
    def everything(self) -> bytes:
        """Return all contents, NULs between them."""
        return b"\0".join(data for several in self.contents.values() for data in several)


def _gathered(found: Iterable[Blob | Problem], name: str, stats: Stats) -> Opened:
    contents: dict[str, list[bytes]] = {}
    problems: list[Problem] = []
    for item in found:
        if isinstance(item, Problem):
            problems.append(item)
            continue
        assert (item.id, item.hint) == (name, name + item.inside)
        path = item.inside.removeprefix("!/")
        if item.start:
            # What a piece repeats of the one before it.
            whole = contents[path][-1]
            contents[path][-1] = whole[: item.start] + item.data
        else:
            contents.setdefault(path, []).append(item.data)
    return Opened(contents, problems, stats.skipped)


def open_whole(data: bytes, limits: Limits | None = None, name: str = "a") -> Opened:
    """Open a content that is in memory."""
    stats = Stats()
    blob = Blob(name, data, name)
    found = inside(blob, limits or Limits(), stats) if suspect(data) else iter([blob])
    return _gathered(found, name, stats)


def open_stream(data: bytes, limits: Limits | None = None, most: int = 1 << 20, name: str = "a") -> Opened:
    """Open a content that comes as a stream, in parts of at most ``most`` bytes."""
    stats, stream = Stats(), io.BytesIO(data)
    found = expand(name, name, lambda wanted: stream.read(min(wanted, most)), limits or Limits(), stats)
    return _gathered(found, name, stats)


def open_local(data: bytes, most: int = 1 << 20) -> Opened:
    """Read a zip from front to back by its members' own headers, in parts of at most ``most`` bytes."""
    contents: dict[str, list[bytes]] = {}
    problems: list[Problem] = []
    stream = io.BytesIO(data)
    for item in zipstream.entries(lambda wanted: stream.read(min(wanted, most)), "a", Budget(Limits(), len(data))):
        if isinstance(item, Problem):
            problems.append(item)
        elif content := gather(item.read, 1 << 30):
            contents.setdefault(item.path, []).append(content)
    return Opened(contents, problems, {})


def zipped(members: Iterable[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip as Python writes it."""
    stream = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(stream, "w", method) as archive:
        warnings.simplefilter("ignore")  # of two members of one name
        for name, data in members:
            archive.writestr(name, data)
    return stream.getvalue()


def tarred(members: Iterable[tuple[str, bytes]], format_: int = tarfile.PAX_FORMAT) -> bytes:
    """Return a tar as Python writes it."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=format_) as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()

"""A target -> the images in it, or the stream that they will come by."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import IO, TYPE_CHECKING, NamedTuple

from secrets_guard.errors import SourceError
from secrets_guard.model.result import Problem
from secrets_guard.sources.archive.entry import Read
from secrets_guard.sources.archive.limits import Budget, Limits
from secrets_guard.sources.archive.stream import Stream
from secrets_guard.sources.image.access import Access
from secrets_guard.sources.image.archive import stored_images
from secrets_guard.sources.image.image import Image
from secrets_guard.sources.image.members import FolderMembers, TarMembers
from secrets_guard.sources.image.sweep import compression_of
from secrets_guard.sources.image.target import Target

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEAD = 16
INSTALL = "pip install 'secrets-guard[image]'"


class Passing(NamedTuple):
    """A target that can be read only once: what is in it is known when it has gone by."""

    target: Target
    open: Callable[[], AbstractContextManager[Read]]


class Found(NamedTuple):
    """What opening a target gave."""

    images: list[Image]
    problems: list[Problem]
    passing: Passing | None = None
    left_out: tuple[str, ...] = ()
    """Platforms that are there and were not asked for."""


def open_target(
    target: Target, platforms: Sequence[str], access: Access, environ: Mapping[str, str], stack: ExitStack
) -> Found:
    """Open a target; ``stack`` closes what has to stay open. Raises SourceError when it can't be read at all."""
    if target.transport in ("docker-daemon", "containers-storage"):
        return Found([], [], Passing(target, lambda: _saved(target)))
    if target.transport == "docker":
        return _registry(target, platforms, access, environ)
    left_out: list[str] = []
    if target.transport == "oci" or os.path.isdir(target.name):
        _check_folder(target)
        return _told(stored_images(FolderMembers(target.name), target.version, platforms, left_out), target, left_out)
    stream = sys.stdin.buffer if target.name == "-" else stack.enter_context(_opened(target.name))
    head = _head(stream)
    if head is None or compression_of(head) is not None:
        return Found([], [], Passing(target, lambda: _streamed(stream, target.given)))
    return _told(stored_images(TarMembers(stream, target.name), target.version, platforms, left_out), target, left_out)


def _told(items: Iterator[Image | Problem], target: Target, left_out: list[str]) -> Found:
    """Sort what was found. Raises SourceError when there is not one image that can be read."""
    images: list[Image] = []
    problems: list[Problem] = []
    for item in items:
        if isinstance(item, Image):
            images.append(item)
        else:
            problems.append(item)
    if not images:
        first = next((f"{problem.where}: {problem.message}" for problem in problems), "")
        other = f"no image of this platform; there is: {', '.join(left_out)}" if left_out else "no image in it"
        raise SourceError(f"{target.given}: {first or other}")
    return Found(images, problems, None, tuple(left_out))


def _registry(target: Target, platforms: Sequence[str], access: Access, environ: Mapping[str, str]) -> Found:
    try:
        from secrets_guard.sources.image.registry import RegistryStore
    except ImportError:
        raise SourceError(f"{target.given}: {INSTALL} to reach a registry") from None
    from secrets_guard.sources.image.reference import parse_reference
    from secrets_guard.sources.image.resolve import Resolver

    reference = parse_reference(target.name)
    resolver = Resolver(RegistryStore(reference, access, environ), platforms)
    return _told(resolver.images(str(reference), reference.version), target, resolver.left_out)


def _saved(target: Target) -> AbstractContextManager[Read]:
    if target.transport == "docker-daemon":
        from secrets_guard.sources.image import daemon

        return daemon.saved(target.name)
    from secrets_guard.sources.image import containers_storage

    return containers_storage.saved(target.name)


def _check_folder(target: Target) -> None:
    try:
        os.listdir(target.name)
    except OSError as error:
        raise SourceError(f"{target.given!r}: {error.strerror}") from None


def _opened(path: str) -> IO[bytes]:
    try:
        return open(path, "rb", buffering=0)
    except OSError as error:
        raise SourceError(f"{path!r}: {error.strerror}") from None


def _head(stream: IO[bytes]) -> bytes | None:
    """Return the first bytes of a file; None for what is none and can be read only once."""
    if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        return None
    return os.pread(stream.fileno(), _HEAD, 0)


@contextmanager
def _streamed(stream: IO[bytes], where: str) -> Iterator[Read]:
    """Open an archive that is a pipe, or compressed as a whole."""
    begun = stream.read(_HEAD) or b""
    format_ = compression_of(begun)
    budget = Budget(Limits())

    def plain(wanted: int) -> bytes:
        nonlocal begun
        if begun:
            data, begun = begun[:wanted], begun[wanted:]
            return data
        try:
            return stream.read(wanted) or b""
        except OSError as error:
            raise SourceError(f"{where}: {error.strerror}") from None

    if format_ is None:
        yield plain
        return
    try:
        unpacked = Stream(format_, budget.metered(plain), where, budget)
    except ImportError:
        raise SourceError(
            f"{where}: compressed with {format_.name}: pip install {format_.package} to read it"
        ) from None

    def read(wanted: int) -> bytes:
        data = unpacked.read(wanted)
        if not data and (budget.reached or unpacked.problem is not None):
            raise SourceError(f"{where}: {budget.reached or unpacked.problem.message}")  # type: ignore[union-attr]
        return data

    yield read

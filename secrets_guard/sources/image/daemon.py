"""An image of the Docker daemon -> the archive that ``docker save`` would write, as a stream."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from secrets_guard.errors import SourceError
from secrets_guard.sources.archive.entry import Read
from secrets_guard.sources.image.chunks import reader

_CHUNK = 1 << 20


@contextmanager
def saved(name: str) -> Iterator[Read]:
    """Open the stream; the daemon is that of ``DOCKER_HOST``, or this machine's. Raises SourceError."""
    docker = _package(name)
    with _client(docker, name) as client, closing(client.images.get(name).save(_CHUNK, named=True)) as chunks:
        yield reader(chunks, (docker.errors.DockerException, OSError), f"docker-daemon:{name}")


def layer_ids(name: str) -> list[str]:
    """Return the diff ids of an image's layers. Raises SourceError."""
    with _client(_package(name), name) as client:
        return [str(one) for one in client.images.get(name).attrs.get("RootFS", {}).get("Layers") or ()]


def _package(name: str) -> Any:
    try:
        import docker  # type: ignore[import-untyped]
    except ImportError:
        message = "pip install 'secrets-guard[image]' to speak to the Docker daemon"
        raise SourceError(f"docker-daemon:{name}: {message}") from None
    return docker


@contextmanager
def _client(docker: Any, name: str) -> Iterator[Any]:
    where = f"docker-daemon:{name}"
    failures = (docker.errors.DockerException, OSError)
    try:
        client = docker.from_env()
    except failures as error:
        raise SourceError(
            f"{where}: the Docker daemon can't be reached: {_reason(error)}; start it, or set DOCKER_HOST"
        ) from None
    try:
        yield client
    except docker.errors.ImageNotFound:
        raise SourceError(f"{where}: the daemon has no such image; see docker images") from None
    except failures as error:
        raise SourceError(f"{where}: {_reason(error)}") from None
    finally:
        client.close()


def _reason(error: Exception) -> str:
    text = str(getattr(error, "explanation", None) or error) or type(error).__name__
    # What requests says of a socket holds the representation of an exception in one of a tuple.
    found = re.search(r"Error\(\d+, '([^']+)'\)", text)
    text = found.group(1) if found else text
    return " ".join(text.split())[:160]

"""``name:tag@digest`` as people write it -> registry, repository, tag and digest, normalised as Docker does."""

from __future__ import annotations

import re
from typing import NamedTuple

from secrets_guard.errors import SourceError

DOCKER_HUB = "docker.io"
_HUB_ALIASES = ("index.docker.io", "registry-1.docker.io", "registry.hub.docker.com")
# Grammar: github.com/distribution/reference, regexp.go.
_HOST_PART = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]{0,62}[a-zA-Z0-9])"
_HOST = re.compile(rf"(?:{_HOST_PART}(?:\.{_HOST_PART}){{0,20}}|\[[0-9a-fA-F:]{{2,45}}\])(?::[0-9]{{1,5}})?")
_NAME = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*")
_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")
_LONGEST = 1024


class Reference(NamedTuple):
    """An image in a registry; ``tag`` is ``latest`` where neither tag nor digest were given."""

    registry: str
    """Host, with its port where one was given."""
    repository: str
    tag: str = ""
    digest: str = ""

    @property
    def version(self) -> str:
        """What the registry is asked for: the digest where there is one."""
        return self.digest or self.tag

    def __str__(self) -> str:
        """Return the reference in full."""
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.registry}/{self.repository}{tag}{digest}"


def parse_reference(text: str) -> Reference:
    """Return the reference that ``text`` stands for. Raises SourceError for what is none.

    What stands before the first slash is a registry when it has a dot or a colon in it, is ``localhost``, or has
    capitals; else the image is Docker Hub's, and a name without a slash is one of its ``library/``.
    """
    rest, _, digest = text.partition("@")
    if digest and not _DIGEST.fullmatch(digest):
        raise _wrong(text, f"{digest!r} is no digest; write sha256: and 64 hex digits")
    rest, tag = _cut_tag(rest)
    if tag is not None and not _TAG.fullmatch(tag):
        raise _wrong(text, f"{tag!r} is no tag")
    registry, repository = _cut_registry(rest)
    if not _HOST.fullmatch(registry):
        raise _wrong(text, f"{registry!r} is no host name")
    if len(repository) > _LONGEST or not all(_NAME.fullmatch(part) for part in repository.split("/")):
        raise _wrong(text, "a name is made of lower-case letters, digits and . _ - between slashes")
    return Reference(registry, repository, tag or ("" if digest else "latest"), digest)


def is_digest(text: str) -> bool:
    """Tell whether a text is a digest of a kind that is understood."""
    return _DIGEST.fullmatch(text) is not None


def _cut_tag(text: str) -> tuple[str, str | None]:
    name, colon, tag = text.rpartition(":")
    return (name, tag) if colon and "/" not in tag else (text, None)


def _cut_registry(name: str) -> tuple[str, str]:
    first, slash, rest = name.partition("/")
    named = bool(slash) and (set(first) & set(".:[") or first == "localhost" or first.lower() != first)
    registry, repository = (first, rest) if named else (DOCKER_HUB, name)
    if registry in _HUB_ALIASES:
        registry = DOCKER_HUB
    if registry == DOCKER_HUB and "/" not in repository:
        repository = f"library/{repository}"
    return registry, repository


def _wrong(text: str, why: str) -> SourceError:
    return SourceError(f"{text!r}: neither a file or folder nor an image's name: {why}")

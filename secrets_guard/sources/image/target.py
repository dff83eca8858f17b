"""A TARGET of ``scan image`` -> how its image is reached, and by what name."""

from __future__ import annotations

import os
import stat
from typing import NamedTuple

from secrets_guard.errors import SourceError

TRANSPORTS = ("docker-archive", "oci", "oci-archive", "docker", "docker-daemon", "containers-storage")
"""Prefixes, as skopeo and podman spell them; ``docker://`` is a registry."""
_FILES = ("docker-archive", "oci", "oci-archive")


class Target(NamedTuple):
    """One image, or all of an archive: ``name`` is a path for files, a reference for the rest."""

    given: str
    transport: str
    name: str
    version: str = ""
    """Of an archive or layout: only this tag or digest; empty: every image in it."""


def parse_target(text: str) -> Target:
    """Return what a TARGET means. Raises SourceError for one that can't be meant.

    Without a prefix an existing folder is an OCI layout, an existing file (or ``-``, standard input) an archive of
    either kind, told by what is in it, and anything else a registry's.
    """
    transport, colon, rest = text.partition(":")
    if colon and transport in TRANSPORTS:
        if transport == "docker":
            if not rest.startswith("//"):
                raise SourceError(f"{text!r}: a registry's image is written docker://NAME, or just NAME")
            rest = rest[2:]
        if not rest:
            raise SourceError(f"{text!r}: the name is missing behind {transport}:")
        name, version = _cut_version(rest) if transport in _FILES else (rest, "")
        return Target(text, transport, name, version)
    return Target(text, _of_path(text), text)


def _of_path(text: str) -> str:
    if text == "-":
        return "docker-archive"
    try:
        mode = os.stat(text).st_mode
    except (OSError, ValueError):
        looks_like_path = text.startswith(("/", "./", "../", "~")) or text.endswith((".tar", ".gz", ".tgz", ".zst"))
        if looks_like_path or not text:
            raise SourceError(f"{text!r}: no such file or folder") from None
        return "docker"
    return "oci" if stat.S_ISDIR(mode) else "archive"


def _cut_version(text: str) -> tuple[str, str]:
    """Cut ``path:tag``; a path that exists with the colon in it is only a path."""
    if text == "-" or os.path.exists(text):
        return text, ""
    cut = text.find("@sha256:")
    if cut >= 0:
        return text[:cut], text[cut + 1 :]
    # A tag of an archive may hold a registry's port and slashes: the path ends where a file or folder does.
    for position, letter in enumerate(text):
        if letter == ":" and os.path.exists(text[:position]):
            return text[:position], text[position + 1 :]
    return text, ""

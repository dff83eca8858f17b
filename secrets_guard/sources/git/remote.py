"""The URL of a repository -> a private mirror clone in a temporary folder, gone when it is no longer needed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

from secrets_guard.errors import SourceError
from secrets_guard.sources.git.command import Git

PROTOCOLS = ("https", "http", "ssh", "git", "file")
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_SCP = re.compile(r"(?:[^/:@\s]+@)?[^/:@\s]{2,}:(?!/*:)")
_USER = re.compile(r"(?<=://)[^/@\s]*@")


def is_remote(target: str) -> bool:
    """Tell whether a target is a URL, or ``host:path`` for ssh, and no folder here."""
    return not os.path.exists(target) and bool(_URL.match(target) or "::" in target or _SCP.match(target))


def shown_url(url: str) -> str:
    """Return a URL without the user and password in it."""
    return _USER.sub("", url)


@contextmanager
def cloned(url: str) -> Iterator[str]:
    """Clone all refs of ``url`` into a folder that only this user can read, and remove it in the end.

    Raises SourceError for a protocol that git would run a program of the URL's choosing for, or a clone that fails.
    """
    import shutil
    import tempfile

    found = _URL.match(url)
    protocol = found.group(1).lower() if found else "" if "::" in url else "ssh"
    if protocol not in PROTOCOLS:
        raise SourceError(f"{shown_url(url)!r}: not a kind of URL that is cloned; known: {', '.join(PROTOCOLS)}")
    folder = tempfile.mkdtemp(prefix="secrets-guard-")
    try:
        git = Git(folder, protocol=protocol)
        running = git.start("clone", "--quiet", "--mirror", "--template=", "--", url, "mirror.git")
        try:
            while os.read(running.output, 65_536):
                pass
            done = running.close(patient=True)
        finally:
            running.kill()
        if done.code:
            raise SourceError(f"{shown_url(url)!r}: git clone failed: {done.reason.replace(url, shown_url(url))}")
        yield os.path.join(folder, "mirror.git")
    finally:
        shutil.rmtree(folder, ignore_errors=True)

"""A path that a reference names -> the bytes of a plain file, of bounded size."""

from __future__ import annotations

import os
import stat

from secrets_guard.errors import AccessDenied, SecretNotFound

MOST = 1 << 20
"""No environment takes more than a fraction of this."""


def read_local(path: str) -> bytes:
    """Return a file's content.

    Raises SecretNotFound where there is no plain file of a size that makes sense, AccessDenied where it can't be read.
    """
    try:
        # Not to hang at a pipe that nobody writes to.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        raise SecretNotFound(f"there is no file {path}") from None
    except OSError as error:
        raise AccessDenied(f"{path}: can't be read: {error.strerror}") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise SecretNotFound(f"{path} is no plain file")
    with open(descriptor, "rb") as stream:
        content = stream.read(MOST + 1)
    if len(content) > MOST:
        raise SecretNotFound(f"{path} is larger than {MOST >> 20} MiB")
    return content

"""Contents by name -> a tar archive in memory."""

from __future__ import annotations

import io
import tarfile


def tar(files: dict[str, bytes]) -> bytes:
    """Return a tar with these contents by name."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as made:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            made.addfile(member, io.BytesIO(content))
    return stream.getvalue()

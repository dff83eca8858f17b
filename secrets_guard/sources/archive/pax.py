"""The extended header of a tar entry -> its records that matter here: names, size, sparse map, attributes.

Format: POSIX.1-2024, pax, "pax Extended Header"; GNU tar's manual, "PAX Sparse Formats"; libarchive's tar(5).
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

LARGEST = 1 << 20
"""Bytes of a header that are read; what a writer puts there is some names and attributes."""

Records = Mapping[bytes, bytes]
NOTHING: Records = {}
MAP = b"GNU.sparse.map"
_KNOWN = (b"path", b"linkpath", b"size")
_SPARSE = b"GNU.sparse."
_PAIRS = (b"GNU.sparse.offset", b"GNU.sparse.numbytes")
_XATTR, _XATTR_ENCODED = b"SCHILY.xattr.", b"LIBARCHIVE.xattr."


def records(data: bytes) -> tuple[dict[bytes, bytes], bool]:
    """Return the records, and whether all of ``data`` could be read."""
    made: dict[bytes, bytes] = {}
    pairs: list[bytes] = []
    at = 0
    while at < len(data):
        space = data.find(b" ", at, at + 20)
        digits = data[at:space]
        if space < 0 or not digits.isdigit():
            return made, not data[at:].strip(b"\0")
        end = at + int(digits)
        key, equals, value = data[space + 1 : end - 1].partition(b"=")
        if end <= space or end > len(data) or data[end - 1 : end] != b"\n" or not equals:
            return made, False
        if key in _PAIRS:
            pairs.append(value)
        elif key in _KNOWN or key.startswith((_SPARSE, _XATTR, _XATTR_ENCODED)):
            made[key] = value
        at = end
    if pairs:
        made[MAP] = b",".join(pairs)
    return made, True


def is_sparse(own: Records) -> bool:
    """Tell whether the records describe a file with holes."""
    return any(key.startswith(_SPARSE) for key in own)


def attributes(own: Records) -> dict[str, bytes]:
    """Return the extended attributes by name."""
    made = {}
    for key, value in own.items():
        if key.startswith(_XATTR):
            made[key.removeprefix(_XATTR).decode("utf-8", "surrogateescape")] = value
        elif key.startswith(_XATTR_ENCODED):
            made.setdefault(*_decoded(key.removeprefix(_XATTR_ENCODED), value))
    return made


def _decoded(name: bytes, value: bytes) -> tuple[str, bytes]:
    from base64 import b64decode
    from urllib.parse import unquote_to_bytes

    # What is no base64 is swept as it stands.
    with suppress(ValueError):
        value = b64decode(value + b"=" * (-len(value) % 4))
    return unquote_to_bytes(name).decode("utf-8", "surrogateescape"), value

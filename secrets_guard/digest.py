"""BLAKE2b without what else ``hashlib`` brings: importing that loads OpenSSL, 3 ms of each start."""

from __future__ import annotations

try:
    from _blake2 import blake2b  # what hashlib.blake2b is
except ImportError:  # another Python than CPython
    from hashlib import blake2b

__all__ = ["blake2b"]

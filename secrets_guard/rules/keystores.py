"""A password -> a made-up keystore under it, for the examples of rules; bytes above ASCII are surrogates."""

from __future__ import annotations

import random

_DATA = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"
_LOCKED_KEY = b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x02"
_SHA1 = b"\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00"
_ROUNDS = 1


def jks(password: str, rng: random.Random) -> str:
    """Return a Java keystore with one private key."""
    from hashlib import sha1

    key = rng.randbytes(700)
    entry = b"\0\0\0\1" + b"\0\5mykey" + rng.randbytes(8) + len(key).to_bytes(4, "big") + key + bytes(4)
    data = b"\xfe\xed\xfe\xed\0\0\0\2\0\0\0\1" + entry
    whitened = password.encode("utf-16-be") + b"Mighty Aphrodite" + data
    return (data + sha1(whitened, usedforsecurity=False).digest()).decode("utf-8", "surrogateescape")


def pkcs12(password: str, rng: random.Random) -> str:
    """Return a PKCS#12 file with one private key; its MAC is of one round of SHA-1 (RFC 7292, appendix B)."""
    import hmac
    from hashlib import sha1

    key = _der(0x30, _LOCKED_KEY + _der(0xA0, _der(0x04, rng.randbytes(700))))
    content = _der(0x30, _der(0x30, _DATA + _der(0xA0, _der(0x04, _der(0x30, key)))))
    salt, word = rng.randbytes(8), (password + "\0").encode("utf-16-be")
    derived = sha1(b"\3" * 64 + salt * 8 + (word * 64)[: -(-len(word) // 64) * 64], usedforsecurity=False).digest()
    mac = _der(0x30, _SHA1 + _der(0x04, hmac.digest(derived, content, "sha1")))
    rounds = _der(0x02, bytes([_ROUNDS]))
    parts = b"\2\1\3" + _der(0x30, _DATA + _der(0xA0, _der(0x04, content)))
    made = _der(0x30, parts + _der(0x30, mac + _der(0x04, salt) + rounds))
    return made.decode("utf-8", "surrogateescape")


def bcfks(_: str, rng: random.Random) -> str:
    """Return a keystore of Bouncy Castle: its content encrypted, then what checks that it is whole."""
    method = _der(0x30, b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d" + _der(0x30, rng.randbytes(90)))
    made = _der(0x30, _der(0x30, method + _der(0x04, rng.randbytes(900))) + _der(0x30, rng.randbytes(80)))
    return made.decode("utf-8", "surrogateescape")


def _der(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < 128:
        return bytes([tag, length]) + content
    size = length.to_bytes(2, "big")
    return bytes([tag, 0x82]) + size + content

"""A keystore's bytes -> whether it holds a private key, and whether that is open to anybody.

JKS and JCEKS: sun.security.provider.JavaKeyStore and com.sun.crypto.provider.JceKeyStore of OpenJDK.
PKCS#12: RFC 7292; its key derivation is in appendix B.2.
"""

from __future__ import annotations

from typing import NamedTuple

from secrets_guard.structure.der import EXPLICIT, OCTETS, Value, values

_PASSWORDS = ("changeit", "", "password", "android", "changeme", "secret", "123456", "keystore")
"""What keytool, Android's build tools and manuals use; the likeliest first."""
_MAGICS = (b"\xfe\xed\xfe\xed", b"\xce\xce\xce\xce")
_WHITENER = b"Mighty Aphrodite"
_DIGEST = 20
_PRIVATE, _CERTIFICATE, _SECRET = 1, 2, 3
_MOST_ENTRIES = 10_000

_BAGS = b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01"
_PLAIN_KEY, _LOCKED_KEY = _BAGS + b"\1", _BAGS + b"\2"
_HASHES = {
    b"\x2b\x0e\x03\x02\x1a": "sha1", b"\x60\x86\x48\x01\x65\x03\x04\x02\x01": "sha256",
    b"\x60\x86\x48\x01\x65\x03\x04\x02\x02": "sha384", b"\x60\x86\x48\x01\x65\x03\x04\x02\x03": "sha512",
}  # fmt: skip
_MOST_ROUNDS = 20_480
"""Hashes for one PKCS#12 file, some 10 ms: ten passwords at OpenSSL's 2,048 rounds each, two at Java's 10,000."""
_MAC_KEY = 3


class Keystore(NamedTuple):
    """``private``: it holds a private (or secret) key; ``open``: which no password of one's own protects."""

    private: bool
    open: bool


def look_into(data: bytes) -> Keystore:
    """Return what a keystore is that ``data`` begins with; what makes no sense holds nothing."""
    try:
        return _java(data) if data.startswith(_MAGICS) else _pkcs12(data)
    except (IndexError, ValueError):
        return Keystore(False, False)


def _java(data: bytes) -> Keystore:
    count, at, private = int.from_bytes(data[8:12], "big"), 12, False
    if not 0 < count <= _MOST_ENTRIES:
        return Keystore(False, False)
    for _ in range(count):
        if at + 4 > len(data):
            return Keystore(private, False)
        tag = int.from_bytes(data[at : at + 4], "big")
        alias = int.from_bytes(data[at + 4 : at + 6], "big")
        at += 6 + alias + 8
        private = private or tag != _CERTIFICATE
        if tag == _PRIVATE:
            at = _past_certificates(data, at + 4 + int.from_bytes(data[at : at + 4], "big"))
        elif tag == _CERTIFICATE:
            at = _past_certificate(data, at)
        else:
            # A sealed object of Java: its length is not told, but the digest ends the file.
            at = len(data) - _DIGEST
            break
    if not private or at + _DIGEST > len(data):
        return Keystore(private and at > 12, False)
    from hashlib import sha1

    digest = data[at : at + _DIGEST]
    tried = (sha1(word.encode("utf-16-be") + _WHITENER + data[:at], usedforsecurity=False) for word in _PASSWORDS)
    return Keystore(True, any(one.digest() == digest for one in tried))


def _past_certificates(data: bytes, at: int) -> int:
    count = int.from_bytes(data[at : at + 4], "big")
    at += 4
    for _ in range(min(count, _MOST_ENTRIES)):
        at = _past_certificate(data, at)
    return at


def _past_certificate(data: bytes, at: int) -> int:
    at += 2 + int.from_bytes(data[at : at + 2], "big")
    return at + 4 + int.from_bytes(data[at : at + 4], "big")


def _pkcs12(data: bytes) -> Keystore:
    """Look into a PFX: the OIDs of the bags that hold keys stand in the clear, as does what its MAC is made of."""
    plain, locked = _PLAIN_KEY in data, _LOCKED_KEY in data
    if not plain and not locked:
        return Keystore(False, False)
    if plain:
        return Keystore(True, True)
    try:
        (pfx,) = values(data, 0, _length(data))
        parts = list(values(data, pfx.start, pfx.end))
        content = _octets(data, parts[1])
        return Keystore(True, len(parts) > 2 and _opens(data, parts[2], content))
    except (IndexError, ValueError):
        return Keystore(True, False)


def _length(data: bytes) -> int:
    width = data[1] & 0x7F if data[1] & 0x80 else 0
    return 2 + width + (int.from_bytes(data[2 : 2 + width], "big") if width else data[1])


def _octets(data: bytes, info: Value) -> bytes:
    """Return the content of a ContentInfo that is plain data."""
    _, explicit = values(data, info.start, info.end)
    (octets,) = values(data, explicit.start, explicit.end)
    if explicit.tag != EXPLICIT or octets.tag != OCTETS:
        raise ValueError("signed, not authenticated by a password")
    return data[octets.start : octets.end]


def _opens(data: bytes, mac: Value, content: bytes) -> bool:
    """Tell whether one of the well-known passwords makes the MAC."""
    info, salt, *rest = values(data, mac.start, mac.end)
    algorithm, digest = values(data, info.start, info.end)
    oid = next(values(data, algorithm.start, algorithm.end))
    name = _HASHES.get(data[oid.start : oid.end], "")
    rounds = int.from_bytes(data[rest[0].start : rest[0].end], "big") if rest else 1
    if not name or rounds <= 0:
        return False
    import hmac

    wanted, salted = data[digest.start : digest.end], data[salt.start : salt.end]
    # Some write no password as nothing, others as the NUL that ends an empty one.
    words = [*((word + "\0").encode("utf-16-be") for word in _PASSWORDS), b""][: _MOST_ROUNDS // rounds]
    return any(hmac.digest(mac_key(name, word, salted, rounds), content, name) == wanted for word in words)


def mac_key(name: str, password: bytes, salt: bytes, rounds: int) -> bytes:
    """Return the MAC key of PKCS#12 (RFC 7292, appendix B.2); ``password`` is UTF-16 with its NUL, or empty."""
    from hashlib import new

    block = new(name, usedforsecurity=False).block_size

    def repeated(text: bytes) -> bytes:
        size = -(-len(text) // block) * block
        return (text * (size // max(1, len(text)) + 1))[:size]

    key = bytes([_MAC_KEY]) * block + repeated(salt) + repeated(password)
    for _ in range(rounds):
        key = new(name, key, usedforsecurity=False).digest()
    return key

"""A private key as text -> its type and size, and whether a passphrase protects it.

RFC 7468 (PEM), RFC 8017 (RSA), RFC 5915 (EC), RFC 5958 (PKCS#8), RFC 8410 (Ed25519);
https://cvsweb.openbsd.org/src/usr.bin/ssh/PROTOCOL.key (OpenSSH); PuTTY's user manual, appendix C.
"""

from __future__ import annotations

import re

from secrets_guard.structure import Around, Reading
from secrets_guard.structure.base64 import decoded
from secrets_guard.structure.der import EXPLICIT, OCTETS, OID, Value, bits, inside

_PEM = re.compile(rb"-----BEGIN ((?:[A-Z0-9]{1,12} ){0,3})PRIVATE KEY-----(.{20,16000}?)-----END", re.DOTALL)
_PUTTY = re.compile(rb"PuTTY-User-Key-File-[23]: ([\w\-]{3,40})\s+Encryption: ([\w\-]{3,40})")
_BREAKS = re.compile(rb"\\+[nrt]|\s")
_NOISE = re.compile(rb"[^A-Za-z0-9+/=]")
_JOINED = re.compile(rb"[\"']\s{0,40}\+\s{0,40}[\"']")
_HEADER = re.compile(rb"(?:Proc-Type|DEK-Info|Comment|X-[\w\-]+): ?[\w,\-. ]{1,100}?(?=\\+[nr]|[\r\n\"'])")
_OPENSSH = b"openssh-key-v1\0"
_RSA, _EC = bytes.fromhex("2a864886f70d010101"), bytes.fromhex("2a8648ce3d0201")
_DSA = bytes.fromhex("2a8648ce380401")
_OTHERS = {
    bytes.fromhex("2b656e"): "X25519",
    bytes.fromhex("2b656f"): "X448",
    bytes.fromhex("2b6570"): "Ed25519",
    bytes.fromhex("2b6571"): "Ed448",
}
_CURVES = {
    bytes.fromhex("2a8648ce3d030107"): "P-256",
    bytes.fromhex("2b81040022"): "P-384",
    bytes.fromhex("2b81040023"): "P-521",
    bytes.fromhex("2b8104000a"): "secp256k1",
}
Facts = tuple[tuple[str, str], ...]


def read(value: bytes, _around: Around) -> Reading:
    """Read a PEM block, also one in a string of a program, or PuTTY's file. What does not parse tells nothing."""
    putty = _PUTTY.search(value)
    if putty:
        kind, cipher = putty.group(1).decode(), putty.group(2).decode()
        return Reading((("type", kind), *_locked(cipher != "none")))
    pem = _PEM.search(value)
    if pem is None:
        inner = decoded(_NOISE.sub(b"", value[:16_000])) if not value.startswith(b"-") else None
        return read(inner, _around) if inner and b"-----BEGIN" in inner[:200] else Reading()
    label, body = pem.group(1).decode().strip(), pem.group(2)
    if b"ENCRYPTED" in body[:200]:
        return Reading((("type", label), *_locked(True)))
    data = decoded(_NOISE.sub(b"", _BREAKS.sub(b"", _JOINED.sub(b"", _HEADER.sub(b"", body))))) or b""
    try:
        return Reading(_facts(label, data))
    except (IndexError, ValueError, StopIteration):
        return Reading()


def _facts(label: str, data: bytes) -> Facts:
    if label == "OPENSSH":
        return _openssh(data)
    if label == "ENCRYPTED":
        inside(data)
        return (("type", "PKCS#8"), *_locked(True))
    parts = inside(data)
    if label == "RSA":
        return (("type", "RSA"), ("bits", str(bits(data, parts[1]))), *_locked(False))
    if label == "DSA":
        return (("type", "DSA"), ("bits", str(bits(data, parts[1]))), *_locked(False))
    if label == "EC":
        return (("type", "EC"), ("curve", _curve(data, parts)), *_locked(False))
    return (*_pkcs8(data, parts), *_locked(False)) if not label else ()


def _pkcs8(data: bytes, parts: list[Value]) -> Facts:
    algorithm = inside(data, parts[1])
    oid = data[algorithm[0].start : algorithm[0].end]
    if oid == _RSA and parts[2].tag == OCTETS:
        key = data[parts[2].start : parts[2].end]
        return (("type", "RSA"), ("bits", str(bits(key, inside(key)[1]))))
    if oid == _EC:
        return (("type", "EC"), ("curve", _CURVES.get(data[algorithm[1].start : algorithm[1].end], "")))
    if oid == _DSA:
        return (("type", "DSA"), ("bits", str(bits(data, inside(data, algorithm[1])[0]))))
    return (("type", _OTHERS.get(oid, "")),)


def _curve(data: bytes, parts: list[Value]) -> str:
    for part in parts:
        if part.tag == EXPLICIT and data[part.start] == OID:
            return _CURVES.get(data[part.start + 2 : part.end], "")
    return ""


def _openssh(data: bytes) -> Facts:
    if not data.startswith(_OPENSSH):
        raise ValueError("no key of OpenSSH")
    cipher, at = _text(data, len(_OPENSSH))
    _kdf, at = _text(data, at)
    _options, at = _text(data, at)
    public, _ = _text(data, at + 4)
    kind, at = _text(public, 0)
    size: Facts = ()
    if kind == b"ssh-rsa":
        _exponent, at = _text(public, at)
        modulus, _ = _text(public, at)
        size = (("bits", str(int.from_bytes(modulus, "big").bit_length())),)
    return (("type", kind.decode("ascii")), *size, *_locked(cipher != b"none"))


def _text(data: bytes, at: int) -> tuple[bytes, int]:
    length = int.from_bytes(data[at : at + 4], "big")
    if at + 4 + length > len(data):
        raise ValueError("longer than what holds it")
    return data[at + 4 : at + 4 + length], at + 4 + length


def _locked(encrypted: bool) -> Facts:
    return (("encrypted", "yes" if encrypted else "no"),)

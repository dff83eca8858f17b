"""Tokens that end in a checksum of themselves -> whether it is right.

Sources: Grafana https://github.com/grafana/grafana/tree/main/pkg/components/satokengen; age
https://github.com/C2SP/C2SP/blob/main/age.md with BIP 173; base58check
https://en.bitcoin.it/wiki/Base58Check_encoding. How Atlassian and Cloudflare make theirs is told by others only
(CredSweeper's filters of their names), so that a right one is proof and another one says nothing.
"""

from __future__ import annotations

from zlib import crc32

from secrets_guard.structure import NEVER_ISSUED, RIGHT, Around, Reading

_CRC = 8
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATORS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_BASE58 = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_LONGEST_BASE58 = 200
_VERSIONS = {
    b"\x80": ("kind", "Bitcoin private key, main network"),
    b"\xef": ("kind", "Bitcoin private key, test network"),
    b"\x04\x88\xad\xe4": ("kind", "extended private key, main network"),
    b"\x04\x35\x83\x94": ("kind", "extended private key, test network"),
}


def read_grafana(value: bytes, _around: Around) -> Reading:
    """Read ``glsa_<secret>_<checksum>``: CRC-32 of all before the last underscore, in hex, lowest byte first."""
    body, _, crc = value.rpartition(b"_")
    return _verdict(crc.lower() == crc32(body).to_bytes(4, "little").hex().encode())


def read_cloudflare(value: bytes, _around: Around) -> Reading:
    """Read ``cfut_<secret><checksum>``: CRC-32 of the secret in eight hex digits."""
    kinds = {b"cfk": "global key", b"cfut": "user token", b"cfat": "account token"}
    prefix, _, body = value.partition(b"_")
    return Reading((("kind", kinds.get(prefix, "")),), proof=RIGHT if _ends_in_crc(body) else "")


def read_atlassian(value: bytes, _around: Around) -> Reading:
    """Read ``AT…<checksum>``: CRC-32 of all before, prefix and ``=`` included, in eight hex digits."""
    return Reading(proof=RIGHT if _ends_in_crc(value) else "")


def read_bech32(value: bytes, _around: Around) -> Reading:
    """Read a bech32 text such as an age identity."""
    text = value.decode("ascii", "replace")
    prefix, _, data = text.lower().rpartition("1")
    if text not in (text.lower(), text.upper()) or not set(data) <= set(_BECH32) or not prefix.isascii():
        return _verdict(False)
    codes = [ord(one) >> 5 for one in prefix] + [0] + [ord(one) & 31 for one in prefix]
    return _verdict(polymod([*codes, *map(_BECH32.index, data)]) == 1)


def polymod(values: list[int]) -> int:
    """Return bech32's checksum over five-bit values (BIP 173); 1 where the last six make it right."""
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_GENERATORS):
            check ^= generator if top >> bit & 1 else 0
    return check


def read_base58check(value: bytes, _around: Around) -> Reading:
    """Read a wallet's private key (WIF) or an extended key (BIP 32)."""
    from hashlib import sha256

    number = 0
    for one in value[:_LONGEST_BASE58]:
        digit = _BASE58.find(one)
        if digit < 0:
            return _verdict(False)
        number = number * 58 + digit
    data = number.to_bytes((number.bit_length() + 7) // 8, "big")
    data = bytes(len(value) - len(value.lstrip(b"1"))) + data
    right = len(data) > 4 and sha256(sha256(data[:-4]).digest()).digest()[:4] == data[-4:]
    known = [told for version, told in _VERSIONS.items() if right and data.startswith(version)]
    return _verdict(right)._replace(details=tuple(known))


def _ends_in_crc(text: bytes) -> bool:
    return text[-_CRC:].lower() == b"%08x" % crc32(text[:-_CRC])


def _verdict(right: bool) -> Reading:
    return Reading(proof=RIGHT) if right else Reading(doubt=NEVER_ISSUED)

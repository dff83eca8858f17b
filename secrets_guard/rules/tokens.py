"""Tokens with a structure, made for examples: their checksums are right and what they encode is there."""

from __future__ import annotations

import base64
import hashlib
import random
import zlib
from collections.abc import Callable, Mapping
from types import MappingProxyType

_ALNUM = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_URL = _ALNUM + "-_"
_HEX = "0123456789abcdef"
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"


def _some(alphabet: str, length: int, rng: random.Random) -> str:
    return "".join(rng.choices(alphabet, k=length))


def _crc(text: str) -> int:
    return zlib.crc32(text.encode())


def grafana(prefix: str, rng: random.Random) -> str:
    """Return ``glsa_…_…``."""
    body = prefix + _some(_ALNUM, 32, rng)
    return f"{body}_{_crc(body).to_bytes(4, 'little').hex()}"


def cloudflare(prefix: str, rng: random.Random) -> str:
    """Return ``cfut_…``."""
    body = _some(_ALNUM, 40, rng)
    return f"{prefix}{body}{_crc(body):08x}"


def atlassian(prefix: str, rng: random.Random) -> str:
    """Return ``ATATT3xFfGF0…=…``."""
    body = f"{prefix}{_some(_URL, 172, rng)}="
    return f"{body}{_crc(body):08X}"


def bitbucket(prefix: str, rng: random.Random) -> str:
    """Return ``ATBB…``."""
    body = prefix + _some(_ALNUM, 24, rng)
    return f"{body}{_crc(body):08X}"


def gitlab(prefix: str, rng: random.Random) -> str:
    """Return a routable token such as ``glpat-….01.…``."""
    routing = b"c:1\no:1\nu:" + _some(_BASE36[1:], 4, rng).encode()
    payload = base64.urlsafe_b64encode(rng.randbytes(16) + routing + bytes([len(routing)])).decode().rstrip("=")
    body = f"{prefix}{payload}.01.{_base36(len(payload), 2)}"
    return body + _base36(_crc(body), 7)


def _base36(number: int, length: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = _BASE36[rest] + digits
    return digits.rjust(length, "0")


def bech32(prefix: str, rng: random.Random) -> str:
    """Return an upper-case bech32 text of 32 random bytes behind ``prefix`` and a 1 (BIP 173)."""
    data = [rng.randrange(32) for _ in range(51)] + [rng.choice((0, 16))]
    name = prefix.lower()
    spread = [ord(one) >> 5 for one in name] + [0] + [ord(one) & 31 for one in name]
    check = 1
    for value in [*spread, *data, 0, 0, 0, 0, 0, 0]:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= generator if top >> bit & 1 else 0
    check ^= 1
    data += [check >> 5 * (5 - place) & 31 for place in range(6)]
    return f"{name}1{''.join(_BECH32[value] for value in data)}".upper()


def pypi(location: str, rng: random.Random) -> str:
    """Return ``pypi-…``: a macaroon (version 2) for ``location``, of one user and two projects."""
    token_id = f"{_some(_HEX, 8, rng)}-{_some(_HEX, 4, rng)}-4{_some(_HEX, 3, rng)}-a{_some(_HEX, 3, rng)}"
    caveats = (b'[1, ["shop", "shop-client"]]', f'[3, "{_some(_HEX, 12, rng)}"]'.encode())
    made = b"\2" + _field(1, location.encode()) + _field(2, f"{token_id}-{_some(_HEX, 12, rng)}".encode()) + b"\0"
    made += b"".join(_field(2, caveat) + b"\0" for caveat in caveats)
    made += b"\0" + _field(6, rng.randbytes(32))
    return f"pypi-{base64.urlsafe_b64encode(made).decode().rstrip('=')}"


def _field(tag: int, content: bytes) -> bytes:
    return bytes([tag, len(content)]) + content


def wif(version: str, rng: random.Random) -> str:
    """Return a wallet's private key (WIF, compressed) of the network that ``version`` (128: main, 239: test) is."""
    return _base58check(bytes([int(version)]) + rng.randbytes(32) + b"\1")


def extended_key(version: str, rng: random.Random) -> str:
    """Return an extended private key (BIP 32) of the version that eight hex digits are."""
    return _base58check(bytes.fromhex(version) + bytes(9) + rng.randbytes(32) + b"\0" + rng.randbytes(32))


def _base58check(data: bytes) -> str:
    checked = data + hashlib.sha256(hashlib.sha256(data).digest()).digest()[:4]
    number, text = int.from_bytes(checked, "big"), ""
    while number:
        number, rest = divmod(number, 58)
        text = _BASE58[rest] + text
    return text


MAKERS: Mapping[str, Callable[[str, random.Random], str]] = MappingProxyType(
    {
        "atlassian": atlassian,
        "b32check": bech32,
        "bitbucket": bitbucket,
        "cloudflare": cloudflare,
        "gitlab": gitlab,
        "grafana": grafana,
        "pypi": pypi,
        "wif": wif,
        "xprv": extended_key,
    }
)
"""Name in a template -> what makes it; the prefix, or what else it is made from, follows behind a colon."""

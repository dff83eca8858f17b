"""Templates of examples -> text that looks real, the same each time, so that no literal token stands in our tree.

``<alnum:36>`` is 36 characters of an alphabet (see ALPHABETS; ``<[A-Z2-7]:16>`` spells one out);
``<github:ghp_>``, ``<npm>`` and those of tokens.py are tokens with their right checksum;
``<pem:RSA PRIVATE KEY>`` is a PEM block;
``<jwt>`` a signed web token; ``<jks:changeit>``, ``<p12:changeit>``, ``<bcfks>`` a keystore, its bytes as surrogates;
``<b64:…>``, ``<b64url:…>``, ``<hexof:…>`` encode what is inside, innermost first.
``<word>`` of no known name stays as it is, for counterexamples such as ``<your-key>``.
"""

from __future__ import annotations

import base64
import random
import re
import string
import zlib
from collections.abc import Callable

from secrets_guard.rules import keystores, tokens

ALPHABETS = {
    "alnum": string.ascii_letters + string.digits,
    "alpha": string.ascii_letters,
    "lower": string.ascii_lowercase,
    "upper": string.ascii_uppercase,
    "digit": string.digits,
    "hex": string.digits + "abcdef",
    "HEX": string.digits + "ABCDEF",
    "loweralnum": string.ascii_lowercase + string.digits,
    "upperalnum": string.ascii_uppercase + string.digits,
    "base32": string.ascii_uppercase + "234567",
    "base58": "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz",
    "base64": string.ascii_letters + string.digits + "+/",
    "base64url": string.ascii_letters + string.digits + "-_",
    "bech32": "qpzry9x8gf2tvdw0s3jn54khce6mua7l",
}
_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_INNERMOST = re.compile(r"<([^<>]*)>")
_CLASS = re.compile(r"(\[[^\]]+\]|[A-Za-z0-9]+):(\d+)")
_KEPT = "\ue000", "\ue001"
"""Private characters for brackets that stay: what a maker gives may hold any byte."""
_LONGEST = 100_000


def base62_crc32(text: str) -> str:
    """Return the CRC-32 of ``text`` in base 62 (digits, upper, lower), six characters, zero-padded.

    Source: https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/
    """
    number, digits = zlib.crc32(text.encode()), ""
    while number:
        number, rest = divmod(number, 62)
        digits = _BASE62[rest] + digits
    return digits.rjust(6, "0")


def fill(template: str, seed: str) -> str:
    """Return the template with every placeholder filled, always the same for the same seed.

    Raises ValueError for a placeholder of a known form with an unknown alphabet or an absurd length.
    """
    rng = random.Random(f"secrets-guard {seed} {template}")  # noqa: S311 - examples, not secrets

    def replace(found: re.Match[str]) -> str:
        made = _expand(found.group(1), rng)
        # Neither a word of no known name nor what a maker gave is looked at again.
        return _kept(f"<{found.group(1)}>" if made is None else made)

    while _INNERMOST.search(template):
        template = _INNERMOST.sub(replace, template)
    return _unkept(template)


def fill_bytes(template: str, seed: str) -> bytes:
    """Return the filled template as the bytes of a file; what a maker gives need not be text."""
    return fill(template, seed).encode("utf-8", "surrogateescape")


def _expand(inside: str, rng: random.Random) -> str | None:
    name, colon, rest = inside.partition(":")
    maker = _MAKERS.get(name)
    # Makers come first: what they encode may be digits, and would read as a length.
    if maker is not None and (colon or name in ("npm", "jwt", "bcfks")):
        return maker(_unkept(rest), rng)
    sized = _CLASS.fullmatch(inside)
    if sized is None:
        return None
    length = int(sized.group(2)) if len(sized.group(2)) <= 6 else _LONGEST + 1
    if length > _LONGEST:
        raise ValueError(f"<{inside}> in a template: the length may be up to {_LONGEST:,}")
    return characters(_alphabet(sized.group(1)), length, rng)


def _kept(text: str) -> str:
    return text.replace("<", _KEPT[0]).replace(">", _KEPT[1])


def _unkept(text: str) -> str:
    return text.replace(_KEPT[0], "<").replace(_KEPT[1], ">")


def _alphabet(name: str) -> str:
    if name.startswith("["):
        try:
            found = "".join(c for c in map(chr, range(33, 127)) if re.fullmatch(name, c))
        except re.error as error:
            raise ValueError(f"alphabet {name} in a template: {error}") from None
        if not found:
            raise ValueError(f"alphabet {name} in a template holds no printable ASCII character")
        return found
    if name not in ALPHABETS:
        raise ValueError(f"unknown alphabet {name!r} in a template; known: {', '.join(ALPHABETS)}")
    return ALPHABETS[name]


def characters(alphabet: str, length: int, rng: random.Random) -> str:
    """Return ``length`` characters that spread over the alphabet: a random token, not an unlucky one."""
    picked: list[str] = []
    while len(picked) < length:
        picked += rng.sample(alphabet, min(len(alphabet), length - len(picked)))
    rng.shuffle(picked)
    kinds = [k for k in (string.ascii_lowercase, string.ascii_uppercase, string.digits) if set(k) & set(alphabet)]
    for position, kind in zip(rng.sample(range(length), min(len(kinds), length)), kinds, strict=False):
        picked[position] = rng.choice([c for c in alphabet if c in kind])
    return "".join(picked)


def _github(prefix: str, rng: random.Random) -> str:
    body = characters(ALPHABETS["alnum"], 30, rng)
    return prefix + body + base62_crc32(body)


def _npm(_: str, rng: random.Random) -> str:
    return _github("npm_", rng)


def _pem(label: str, rng: random.Random) -> str:
    body = base64.b64encode(rng.randbytes(640)).decode()
    lines = [body[i : i + 64] for i in range(0, len(body), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----"])


def _jwt(_: str, rng: random.Random) -> str:
    parts = ['{"alg":"HS256","typ":"JWT"}', f'{{"sub":"{characters(ALPHABETS["hex"], 12, rng)}","iat":1700000000}}']
    return ".".join([*(_b64url(part, rng) for part in parts), characters(ALPHABETS["base64url"], 43, rng)])


def _b64(text: str, _: random.Random) -> str:
    return base64.b64encode(text.encode("utf-8", "surrogateescape")).decode()


def _b64url(text: str, _: random.Random) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _hexof(text: str, _: random.Random) -> str:
    return text.encode().hex()


_MAKERS: dict[str, Callable[[str, random.Random], str]] = {
    "github": _github,
    "npm": _npm,
    "pem": _pem,
    "jwt": _jwt,
    "b64": _b64,
    "b64url": _b64url,
    "hexof": _hexof,
    "jks": keystores.jks,
    "p12": keystores.pkcs12,
    "bcfks": keystores.bcfks,
    **tokens.MAKERS,
}

"""A secret and its rule -> a name for the two that survives moves and rebases and can't be turned back."""

from __future__ import annotations

from secrets_guard.digest import blake2b
from secrets_guard.model.rule import Rule

# A fingerprint stands in reports and baselines that many can read, next to its key. So what people choose themselves
# (passwords, connection strings) must be slow to guess: scrypt (RFC 7914) with N=2^10, r=8 takes about 3 ms and 1 MiB
# a guess. What a vendor's generator made can't be guessed at all, and a keyed hash is enough.
_GUESSABLE = ("assignment", "url")
_COST, _BLOCK = 1024, 8
_BYTES = 16
_DEFAULT_KEY = "secrets-guard/1"


class Fingerprinter:
    """Makes fingerprints under one key, each secret's once."""

    def __init__(self, key: str = "") -> None:
        """``key`` is the project's own (config, baseline or ``SECRETS_GUARD_FINGERPRINT_KEY``), or empty."""
        self._key = (key or _DEFAULT_KEY).encode("utf-8", "surrogateescape")
        self._made: dict[tuple[str, bytes], str] = {}

    def of(self, rule: Rule, value: bytes) -> str:
        """Return 32 hex digits for a value found by a rule; no line, path or commit goes into it."""
        known = self._made.get((rule.id, value))
        if known is None:
            known = self._made[rule.id, value] = self._make(rule, value)
        return known

    def _make(self, rule: Rule, value: bytes) -> str:
        salt = b"\0".join((self._key, rule.id.encode()))
        if rule.kind in _GUESSABLE:
            from hashlib import scrypt

            return scrypt(value, salt=salt, n=_COST, r=_BLOCK, p=1, dklen=_BYTES).hex()
        key = blake2b(salt, digest_size=32).digest()
        return blake2b(value, key=key, digest_size=_BYTES).hexdigest()

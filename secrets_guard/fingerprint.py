"""A secret and its rule -> a name for the two that survives moves and rebases and can't be turned back."""

from __future__ import annotations

import hashlib

# A fingerprint stands in reports and baselines that many can read, next to its key, so it must be slow to guess
# weak passwords from: scrypt (RFC 7914) with N=2^10, r=8 takes about 3 ms and 1 MiB a guess.
_COST, _BLOCK = 1024, 8
_BYTES = 16
_DEFAULT_KEY = "secrets-guard/1"


class Fingerprinter:
    """Makes fingerprints under one key, each secret's once."""

    def __init__(self, key: str = "") -> None:
        """``key`` is the project's own (config, baseline or ``SECRETS_GUARD_FINGERPRINT_KEY``), or empty."""
        self._key = (key or _DEFAULT_KEY).encode("utf-8", "surrogateescape")
        self._made: dict[tuple[str, bytes], str] = {}

    def of(self, rule_id: str, value: bytes) -> str:
        """Return 32 hex digits for a value found by a rule; no line, path or commit goes into it."""
        known = self._made.get((rule_id, value))
        if known is None:
            salt = b"\0".join((self._key, rule_id.encode()))
            known = hashlib.scrypt(value, salt=salt, n=_COST, r=_BLOCK, p=1, dklen=_BYTES).hex()
            self._made[rule_id, value] = known
        return known

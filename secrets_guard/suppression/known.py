"""Suppressions of any number of sources -> the one that fits a secret, and which were never needed or have expired."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from secrets_guard.lazily import Pattern
from secrets_guard.model.secret import Secret
from secrets_guard.suppression.entry import Suppression, secret_tag
from secrets_guard.suppression.glob import path_matcher

# detect-secrets stores only this part of a PEM block.
_PEM_HEADER = Pattern(rb"BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?")


class _Indexed(NamedTuple):
    number: int
    entry: Suppression
    path_fits: Callable[[str], bool] | None


class Suppressions:
    """Finds the suppression of a secret and remembers which were used. Safe to share by threads.

    ``today`` is an ISO date: entries that expired before it don't apply. ``known_rules`` are our own rule ids: the
    rule of a foreign entry counts only if it is one of them. A fingerprint decides by itself; an entry without one
    needs the value (``tag``) or the line.
    """

    def __init__(self, entries: Iterable[Suppression], today: str, known_rules: Iterable[str] = ()) -> None:
        self._entries = tuple(entries)
        self._today = today
        self._rules = frozenset(known_rules)
        self._by_fingerprint: dict[str, list[_Indexed]] = {}
        self._by_tag: dict[str, list[_Indexed]] = {}
        self._by_line: dict[int, list[_Indexed]] = {}
        # A key is only ever added, which is atomic: no lock.
        self._used: dict[int, None] = {}
        for number, entry in enumerate(self._entries):
            indexed = _Indexed(number, entry, path_matcher([entry.path]) if entry.path else None)
            if entry.fingerprint:
                self._by_fingerprint.setdefault(entry.fingerprint, []).append(indexed)
            elif entry.tag:
                self._by_tag.setdefault(entry.tag, []).append(indexed)
            elif entry.path and entry.line:
                self._by_line.setdefault(entry.line, []).append(indexed)

    def __len__(self) -> int:
        return len(self._entries)

    def find(
        self,
        *,
        rule_id: str,
        path: str,
        line: int,
        secret: Secret,
        fingerprint: Callable[[], str],
        commit: str | None = None,
    ) -> Suppression | None:
        """Return what suppresses this secret, or None.

        ``line`` is 1-based; ``fingerprint`` is called only where an entry has one. A ``commit`` that is known must
        be the entry's, where that names one; None leaves commits out of it.
        """
        if not self._entries:
            return None
        found: list[_Indexed] = []
        if self._by_fingerprint:
            found += self._by_fingerprint.get(fingerprint(), ())
        if self._by_tag:
            found += [one for tag in _tags(secret.reveal()) for one in self._by_tag.get(tag, ())]
        if self._by_line:
            found += self._by_line.get(line, ())
        for number, entry, path_fits in found:
            if (path_fits is None or path_fits(path)) and self._narrow_fits(entry, rule_id, commit):
                self._used[number] = None
                if not self._is_expired(entry):
                    return entry
        return None

    def used(self) -> list[Suppression]:
        """Return the entries that suppressed something."""
        return [entry for number, entry in enumerate(self._entries) if self._lives(entry) and number in self._used]

    def unused(self) -> list[Suppression]:
        """Return the entries in force that have not suppressed anything."""
        return [entry for number, entry in enumerate(self._entries) if self._lives(entry) and number not in self._used]

    def expired(self) -> list[Suppression]:
        """Return the entries that no longer apply."""
        return [entry for entry in self._entries if self._is_expired(entry)]

    def expired_used(self) -> list[Suppression]:
        """Return the expired entries whose secret is still there."""
        return [entry for number, entry in enumerate(self._entries) if self._is_expired(entry) and number in self._used]

    def _is_expired(self, entry: Suppression) -> bool:
        return bool(entry.expires) and entry.expires < self._today

    def _lives(self, entry: Suppression) -> bool:
        return not self._is_expired(entry)

    def _narrow_fits(self, entry: Suppression, rule_id: str, commit: str | None) -> bool:
        if entry.rule and entry.rule != rule_id and (entry.fingerprint or entry.rule in self._rules):
            return False
        return not entry.commit or commit is None or commit.lower() == entry.commit.lower()


def _tags(value: bytes) -> list[str]:
    import hashlib

    header = _PEM_HEADER.search(value)
    forms = [value, header[0]] if header else [value]
    return [secret_tag(hashlib.sha1(form, usedforsecurity=False).hexdigest()) for form in forms]

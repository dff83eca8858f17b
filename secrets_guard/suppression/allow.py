"""Allow entries of the config -> one judge: the first entry that allows a secret; and which ones never did."""

import re
from collections.abc import Callable
from typing import NamedTuple

from secrets_guard.config import AllowEntry
from secrets_guard.suppression.glob import path_matcher

Fingerprint = Callable[[], str]


class _Candidate(NamedTuple):
    rule_id: str
    path: str
    secret: bytes
    line: bytes
    fingerprint: Fingerprint
    commit: str


_Check = Callable[[_Candidate], bool]


class _Prepared(NamedTuple):
    entry: AllowEntry
    rules: frozenset[str]
    checks: tuple[_Check, ...]
    paths: Callable[[str], bool] | None
    """Set where a path alone decides."""


class AllowJudge:
    """Judges by allow entries; expired ones (``expires`` before ``today``, ISO) never allow. Safe to share by threads.

    ``needs_commit``: some entry names commits, so ask again with ``commit`` once it is known.
    """

    def __init__(self, entries: tuple[AllowEntry, ...], today: str) -> None:
        self.expired = tuple(entry for entry in entries if entry.expires and entry.expires < today)
        self._prepared = [_prepare(entry) for entry in entries if entry not in self.expired]
        self._by_path = [one for one in self._prepared if one.paths is not None]
        # A key is only ever added, which is atomic: no lock.
        self._used: dict[AllowEntry, None] = {}
        self.needs_commit = any(one.entry.commits for one in self._prepared)

    def __call__(
        self, rule_id: str, path: str, secret: bytes, line: bytes, fingerprint: Fingerprint, commit: str = ""
    ) -> AllowEntry | None:
        """Return the first entry that allows this secret, or None; ``fingerprint`` is called only where it matters."""
        if not self._prepared:
            return None
        candidate = _Candidate(rule_id, path, secret, line, fingerprint, commit)
        for one in self._prepared:
            if one.rules and rule_id not in one.rules:
                continue
            join = any if one.entry.condition == "any" and one.checks else all
            if join(check(candidate) for check in one.checks):
                self._used[one.entry] = None
                return one.entry
        return None

    def path_allowed(self, path: str) -> bool:
        """Tell whether all that may stand under this path is allowed, so that it need not be read."""
        for one in self._by_path:
            if one.paths is not None and one.paths(path):
                self._used[one.entry] = None
                return True
        return False

    def unused(self) -> list[AllowEntry]:
        """Return the entries in force that have not allowed anything yet."""
        return [one.entry for one in self._prepared if one.entry not in self._used]


def judge_allow(entries: tuple[AllowEntry, ...], today: str) -> AllowJudge:
    """Return the judge for these entries, their patterns compiled; ``today`` is an ISO date."""
    return AllowJudge(entries, today)


def path_allowed(entries: tuple[AllowEntry, ...], today: str = "") -> Callable[[str], bool]:
    """Return a function telling whether entries that go by nothing but the path allow everything under a path."""
    return AllowJudge(entries, today).path_allowed


def _prepare(entry: AllowEntry) -> _Prepared:
    checks: list[_Check] = []
    # Cheap checks first: any() and all() stop early.
    paths = path_matcher(entry.paths) if entry.paths else None
    if paths is not None:
        checks.append(lambda candidate: paths(candidate.path))
    if entry.stopwords:
        words = [word.lower().encode() for word in entry.stopwords]
        checks.append(lambda candidate: _holds(candidate.secret.lower(), words))
    if entry.secrets:
        in_secret = [re.compile(pattern.encode()) for pattern in entry.secrets]
        checks.append(lambda candidate: any(pattern.search(candidate.secret) for pattern in in_secret))
    if entry.lines:
        in_line = [re.compile(pattern.encode()) for pattern in entry.lines]
        checks.append(lambda candidate: any(pattern.search(candidate.line) for pattern in in_line))
    if entry.commits:
        commits = tuple(commit.strip().lower() for commit in entry.commits)
        checks.append(lambda candidate: candidate.commit.lower().startswith(commits))
    if entry.fingerprints:
        known = frozenset(entry.fingerprints)
        checks.append(lambda candidate: candidate.fingerprint() in known)
    decisive = not entry.rules and (len(checks) == 1 or entry.condition == "any")
    return _Prepared(entry, frozenset(entry.rules), tuple(checks), paths if decisive else None)


def _holds(secret: bytes, words: list[bytes]) -> bool:
    return any(word in secret for word in words)

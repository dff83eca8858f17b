"""What a sweep keeps of its findings to ask about: the value and the text around it, each credential a few times."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from secrets_guard.model.finding import Finding
from secrets_guard.model.match import Match
from secrets_guard.model.secret import Secret

_AROUND = 4096
_PLACES = 3
_MOST = 5_000


class Candidate(NamedTuple):
    """A credential in one place. ``text`` is what stands around it (plain), ``at`` where in there it begins."""

    rule_id: str
    secret: Secret
    text: bytes
    at: int

    @property
    def value(self) -> str:
        """The plain credential."""
        return self.secret.reveal().decode("utf-8", "surrogateescape")

    def __repr__(self) -> str:
        """Show neither value nor text."""
        return f"Candidate({self.rule_id})"


class Kept:
    """The credentials of rules that can be asked about, by fingerprint. Threads may add at the same time."""

    def __init__(self, rules: Collection[str]) -> None:
        self.full = False
        self._rules = rules
        self._found: dict[str, list[Candidate]] = {}

    def keep(self, finding: Finding, match: Match) -> None:
        """Keep what a finding is about, in up to 3 places: what belongs to it may be near it in one of them only."""
        if match.rule.id not in self._rules:
            return
        if len(self._found) >= _MOST and finding.fingerprint not in self._found:
            self.full = True
            return
        places = self._found.setdefault(finding.fingerprint, [])
        if len(places) < _PLACES:
            start = max(0, match.at.start - _AROUND)
            text = match.view.data[start : match.at.end + _AROUND]
            if any(one.text == text for one in places):
                return  # a copy
            places.append(Candidate(match.rule.id, match.secret, text, match.at.start - start))

    def places(self, fingerprint: str) -> list[Candidate]:
        """Return the places kept of one credential."""
        return self._found.get(fingerprint, [])

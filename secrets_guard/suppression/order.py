"""The order in which a secret may be allowed to stand: an inline comment, the config's allow entries, the baseline."""

from collections.abc import Callable
from typing import NamedTuple

from secrets_guard.config_file import AllowEntry
from secrets_guard.model.match import Context, Match
from secrets_guard.model.secret import Secret
from secrets_guard.suppression.allow import AllowJudge
from secrets_guard.suppression.entry import Suppression
from secrets_guard.suppression.inline import inline_allow
from secrets_guard.suppression.known import Suppressions


class Suppressed(NamedTuple):
    """By which kind (``inline``, ``allowlist``, ``baseline``: the keys of ``stats.suppressed``) and why."""

    kind: str
    reason: str


class Suppressor:
    """Asks each kind in turn. Safe to share by threads."""

    def __init__(self, *, inline: bool, allow: AllowJudge, known: Suppressions) -> None:
        self._inline = inline
        self.allow = allow
        self.known = known

    def __call__(
        self, match: Match, context: Context, path: str, line: int, fingerprint: Callable[[], str]
    ) -> Suppressed | None:
        """Return what allows this secret, or None."""
        rule_id, value = match.rule.id, match.secret.reveal()
        text = context.before + value + context.after
        if self._inline:
            marker = inline_allow(text, context.previous, rule_id)
            if marker:
                return Suppressed("inline", f"comment '{marker}'")
        entry = self.allow(rule_id, path, value, text, fingerprint)
        if entry is not None:
            return _allowed(entry)
        known = self.known.find(rule_id=rule_id, path=path, line=line, secret=match.secret, fingerprint=fingerprint)
        return _known(known) if known is not None else None

    def again(
        self, rule_id: str, path: str, line: int, secret: Secret, text: bytes, fingerprint: str, commit: str
    ) -> Suppressed | None:
        """Ask once more when the path and commit of a history are known; ``text`` is the secret's line."""
        entry = self.allow(rule_id, path, secret.reveal(), text, lambda: fingerprint, commit)
        if entry is not None:
            return _allowed(entry)
        known = self.known.find(
            rule_id=rule_id, path=path, line=line, secret=secret, fingerprint=lambda: fingerprint, commit=commit
        )
        return _known(known) if known is not None else None


def _allowed(entry: AllowEntry) -> Suppressed:
    return Suppressed("allowlist", " ".join(part for part in (entry.place, entry.reason) if part))


def _known(entry: Suppression) -> Suppressed:
    return Suppressed("baseline", " ".join(part for part in (entry.place, entry.reason) if part))

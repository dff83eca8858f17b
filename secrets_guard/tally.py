"""Judged matches -> findings and counters: thresholds, suppressions, places."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import NamedTuple

from secrets_guard import canary
from secrets_guard.attribute import Places, context_of, line_context, outermost, redacted
from secrets_guard.decode.view import View
from secrets_guard.fingerprint import Fingerprinter
from secrets_guard.judge.entropy import shannon
from secrets_guard.judge.overlap import Judged
from secrets_guard.model.finding import Finding, Location, Part
from secrets_guard.model.match import Match, Verdict
from secrets_guard.model.origin import FileOrigin, Origin
from secrets_guard.model.result import Explanation, Problem, Stats, count
from secrets_guard.model.rule import CONFIDENCES, at_least
from secrets_guard.model.secret import Secret
from secrets_guard.model.span import Span
from secrets_guard.suppression.order import Suppressor

MAX_FINDINGS = 100_000
"""Findings that one worker keeps; what is beyond is a problem, so that hostile content can't take all memory."""
_UNRESOLVED: Origin = FileOrigin("")
# Refused for what they are; every other candidate's value is hidden where its line is shown.
_HARMLESS = ("entropy", "placeholder", "literal", "rule", "identifier", "surroundings")


class Evidence(NamedTuple):
    """A finding whose origin is not known yet, and what allow entries may ask about once it is."""

    finding: Finding
    secret: Secret
    line: bytes
    inside: str = ""
    """Where in the content that the origin names it is: a blob's ``inside``."""
    parts: tuple[Secret, ...] = ()
    """The values of the finding's parts, in their order."""

    def __repr__(self) -> str:
        """Show the finding alone: the line holds the plain value."""
        return f"Evidence({self.finding!r})"


class _Spot(NamedTuple):
    """Where a match is, and its parts as the report tells them."""

    where: Location
    parts: tuple[Part, ...]


class Tally:
    """What one worker has found so far."""

    def __init__(self) -> None:
        self.found: list[Evidence] = []
        self.problems: list[Problem] = []
        self.explanations: list[Explanation] = []
        self.stats = Stats()
        self.canary: frozenset[tuple[str, ...]] = frozenset()
        self.full = False
        self.suspects: set[str] = set()
        """Contents that hold a secret, suppressed or not, or were not wholly decoded: all others are clean."""
        self.holders: dict[tuple[str, bytes], set[str]] = {}
        """In a history's first pass: (rule id, value) -> the ids of the contents that hold it."""

    def count_blobs(self, roots: Iterable[View]) -> None:
        """Count what is about to be swept; a content in pieces counts once."""
        for root in roots:
            if root.blob.id == canary.ID:
                continue
            self.stats.blobs += root.blob.start == 0
            owned_to = len(root.blob.data) if root.blob.owned_to < 0 else root.blob.owned_to
            self.stats.bytes += owned_to - root.blob.owned_from
            if root.binary and not root.blob.start:
                count(self.stats.skipped, "binary")

    @staticmethod
    def merged(tallies: "list[Tally]") -> "Tally":
        """Return all workers' tallies as one."""
        total = Tally()
        for tally in tallies:
            total.found += tally.found
            total.problems += tally.problems
            total.explanations += tally.explanations
            total.stats.add(tally.stats)
            total.canary |= tally.canary
            total.suspects |= tally.suspects
            for key, holders in tally.holders.items():
                total.holders.setdefault(key, set()).update(holders)
        return total

    def add_judged(self, again: "Tally") -> None:
        """Add what a second look at the same contents judged, not what it covered."""
        self.problems += again.problems
        self.explanations += again.explanations
        covered = Stats()
        covered.dropped, covered.suppressed = again.stats.dropped, again.stats.suppressed
        self.stats.add(covered)

    def overflow(self, where: str) -> None:
        """Say, once, that from here on not everything is kept."""
        if not self.full:
            self.full = True
            message = f"more than {MAX_FINDINGS:,} findings; what comes after this file is not listed"
            self.problems.append(Problem("limit", where, message))


Keep = Callable[[Finding, Match], None]


class Clerk(NamedTuple):
    """Turns what the judges left into findings."""

    suppress: Suppressor
    fingerprints: Fingerprinter
    min_confidence: str = "medium"
    show_secrets: bool = False
    explain: bool = False
    keep: Keep | None = None
    """Takes what is found with its plain value, for those who ask the issuer about it."""

    def note(self, root: View, judged: list[Judged], tally: Tally) -> None:
        """Note one blob's judged matches in ``tally``."""
        if root.blob.id == canary.ID:
            # A user's rule may say it more exactly: it was found all the same.
            found = (match for match, verdict in judged if verdict is None or verdict.by == "overlap")
            tally.canary |= {match.decoded for match in found if match.rule is canary.RULE}
            return
        parts = [part for match, verdict in judged if verdict is None for part in match.parts]
        values = [match for match, verdict in judged if verdict is None or verdict.by not in _HARMLESS]
        hidden = outermost([*values, *parts])
        places, beside = Places(root), Places(root)
        spots = {span: beside.location(span) for span in sorted({part.secret_span for part in parts})}
        for match, verdict in sorted(judged, key=lambda one: (one[0].secret_span, one[0].rule.id)):
            final = verdict or self.doubt(match)
            if final is not None:
                count(tally.stats.dropped, final.by)
                if final.by == "nearby":
                    # What is near may change by an edit out of sight of it: such a content is not to be called clean.
                    tally.suspects.add(root.blob.id)
                if self.explain:
                    where = places.location(match.secret_span)
                    tally.explanations.append(_explanation(match, where, "dropped", final.by, final.reason))
                continue
            tally.suspects.add(root.blob.id)
            told = _told(match, spots, self.show_secrets)
            self._keep(root, match, _Spot(places.location(match.secret_span), told), hidden, tally)

    def stands(self, match: Match) -> bool:
        """Tell whether a match that no judge dropped reaches the confidence asked for."""
        return at_least(match.confidence, self.min_confidence, CONFIDENCES)

    def doubt(self, match: Match) -> Verdict | None:
        """Return the verdict on a match that stays under the confidence asked for, or None."""
        if self.stands(match):
            return None
        reasons = "; ".join(match.reasons) or "as the rule says"
        return Verdict(False, "confidence", f"only {match.confidence} confidence: {reasons}")

    def _keep(self, root: View, match: Match, spot: _Spot, hidden: list[Match], tally: Tally) -> None:
        value, (where, told) = match.secret.reveal(), spot
        fingerprint = partial(self._fingerprint, match)
        context = context_of(match, root.blob.hint)
        allowed = self.suppress(match, context, where.path, where.start_line, fingerprint)
        self._use_for_parts(match, told, root.blob.hint)
        if allowed is not None:
            count(tally.stats.suppressed, allowed[0])
            if self.explain:
                tally.explanations.append(_explanation(match, where, "suppressed", *allowed))
            return
        if len(tally.found) >= MAX_FINDINGS:
            tally.overflow(where.path)
            return
        reasons = match.reasons or (f"rule of kind {match.rule.kind}, {match.rule.confidence} confidence",)
        if self.explain:
            tally.explanations.append(_explanation(match, where, "kept", match.rule.id, "; ".join(reasons)))
        finding = Finding(
            rule_id=match.rule.id,
            title=match.rule.title,
            severity=match.rule.severity,
            confidence=match.confidence,
            reasons=reasons,
            location=where,
            origin=_UNRESOLVED,
            secret=value.decode("utf-8", "replace") if self.show_secrets else redacted(match),
            context=line_context(root, match, hidden, self.show_secrets),
            entropy=round(shannon(value), 2),
            decoded=match.decoded,
            fingerprint=fingerprint(),
            blob_id=root.blob.id,
            parts=told,
            details=match.details,
        )
        if self.keep is not None:
            self.keep(finding, match)
        line = context.before + value + context.after
        values = tuple([part.secret for part in match.parts])
        tally.found.append(Evidence(finding, match.secret, line, root.blob.inside, values))

    def _use_for_parts(self, match: Match, told: tuple[Part, ...], hint: str) -> None:
        """Let what would suppress a part by itself count as used: the part is still there."""
        for part, place in zip(match.parts, told, strict=True):
            if part.rule.alone:
                self.suppress(part, context_of(part, hint), hint, place.start_line, partial(self._fingerprint, part))

    def _fingerprint(self, match: Match) -> str:
        return self.fingerprints.of(match.rule, match.secret.reveal())


def _told(match: Match, spots: dict[Span, Location], show: bool) -> tuple[Part, ...]:
    """Return a match's parts as the report tells them."""
    return tuple(
        [
            Part(
                part.rule.id,
                part.rule.title,
                spots[part.secret_span].start_line,
                spots[part.secret_span].start_column,
                part.secret.reveal().decode("utf-8", "replace") if show else redacted(part),
            )
            for part in match.parts
        ]
    )


def _explanation(match: Match, where: Location, outcome: str, by: str, reason: str) -> Explanation:
    place = (where.path, where.start_line, where.start_column)
    return Explanation(match.rule.id, *place, redacted(match), outcome, by, reason)

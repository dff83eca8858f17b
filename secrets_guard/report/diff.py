"""Two results -> the newer one with every finding marked new or unchanged, and those of the older that are gone."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator

from secrets_guard.model.finding import GONE, NEW, UNCHANGED, Finding
from secrets_guard.model.result import ScanResult
from secrets_guard.report.facts import standing, why_incomplete

# Two findings of one secret are the same when they agree in what these tell, tried in this order. The last asks for
# nothing but the secret, so that a renamed file or a rebased commit makes nothing new; one more place does.
_SAME: tuple[Callable[[Finding], Hashable], ...] = (
    lambda finding: (finding.fingerprint, finding.origin, finding.location),
    lambda finding: (finding.fingerprint, finding.origin),
    lambda finding: (finding.fingerprint, finding.location.path),
    lambda finding: finding.fingerprint,
)


_Numbered = tuple[int, Finding]


def diff(old: ScanResult, new: ScanResult) -> ScanResult:
    """Return ``new`` with its findings marked, and ``old``'s gone ones among them, in report order.

    A result that is itself a comparison stands for its newer side. Notes say what makes the comparison doubtful.
    """
    before, after = standing(old), standing(new)
    gone, added = list(before.findings), list(enumerate(after.findings))
    for same in _SAME:
        gone, added = _unmatched(gone, added, same)
    fresh = {index for index, _ in added}
    marked = [one._replace(change=NEW if index in fresh else UNCHANGED) for index, one in enumerate(after.findings)]
    marked += [one._replace(change=GONE) for one in gone]
    rules = {rule[0]: rule for rule in (*before.rules, *after.rules)}
    return after._replace(
        findings=tuple(sorted(marked, key=lambda finding: finding.sort_key)),
        rules=tuple(rules[name] for name in sorted(rules)),
        notes=(*after.notes, *_doubts(before, after)),
        before=before.scan,
    )


def _unmatched(
    gone: list[Finding], added: list[_Numbered], same: Callable[[Finding], Hashable]
) -> tuple[list[Finding], list[_Numbered]]:
    """Pair what is the same, one to one, and return what is left of both."""
    waiting: dict[Hashable, int] = {}
    for finding in gone:
        waiting[same(finding)] = waiting.get(same(finding), 0) + 1
    left, met = [], dict.fromkeys(waiting, 0)
    for index, finding in added:
        key = same(finding)
        if met.get(key, 0) < waiting.get(key, 0):
            met[key] += 1
        else:
            left.append((index, finding))
    unmet = []
    for finding in gone:
        key = same(finding)
        if met[key]:
            met[key] -= 1
        else:
            unmet.append(finding)
    return unmet, left


def _doubts(old: ScanResult, new: ScanResult) -> Iterator[str]:
    reason = why_incomplete(new)
    if reason:
        yield f"the newer sweep is incomplete, so what is gone may only not have been seen: {reason}"
    reason = why_incomplete(old)
    if reason:
        yield f"the older sweep is incomplete, so what is new may only not have been seen: {reason}"
    if old.scan.kind != new.scan.kind:
        yield f"the older report is of kind {old.scan.kind}, the newer of kind {new.scan.kind}"
    if (old.tool.version, old.tool.rules_digest) != (new.tool.version, new.tool.rules_digest):
        yield "the two were made by different rules, which by itself makes findings new or gone"
    known = {finding.fingerprint for finding in old.findings}
    if known and new.findings and not known & {finding.fingerprint for finding in new.findings}:
        yield "no secret is in both; fingerprints agree only when made with the same key (--fingerprint-key)"

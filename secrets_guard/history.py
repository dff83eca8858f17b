"""A history's two passes: which contents hold which secret, then, where they stood known, what to report of them.

The first pass sees each content once and no path (a content has many, or none that is known yet), so it keeps every
candidate that some path could justify. The second sweeps again just the contents that brought a secret in, each
under the path where it did, and that is judged and reported like any file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from secrets_guard import canary
from secrets_guard.decode.view import View
from secrets_guard.judge.overlap import Judged
from secrets_guard.model.blob import Blob
from secrets_guard.model.finding import Finding
from secrets_guard.model.origin import CommitOrigin, MessageOrigin
from secrets_guard.model.protocols import HistorySource, Standing
from secrets_guard.model.result import Problem, count
from secrets_guard.origins import in_order
from secrets_guard.tally import MAX_FINDINGS, Clerk, Evidence, Tally

SweepAgain = Callable[[Iterable[Blob]], Iterable[Tally]]
"""Sweeps blobs and gives a tally for each batch of them."""

Key = tuple[str, bytes]
"""(rule id, the secret's value): what makes two candidates the same secret."""


class Ledger(NamedTuple):
    """Stands in for the clerk in the first pass: notes in ``Tally.holders`` which content holds which secret."""

    clerk: Clerk

    def note(self, root: View, judged: list[Judged], tally: Tally) -> None:
        """Note one content's judged matches."""
        if root.blob.id == canary.ID:
            self.clerk.note(root, judged, tally)
            return
        for match, verdict in judged:
            # Under some path what it is a part of may not stand, and it does.
            final = (verdict if verdict is None or verdict.by != "part" else None) or self.clerk.doubt(match)
            if final is not None:
                count(tally.stats.dropped, final.by)
                if final.by == "nearby":
                    tally.suspects.add(root.blob.id)
                continue
            tally.suspects.add(root.blob.id)
            key = (match.rule.id, match.secret.reveal())
            if key not in tally.holders and len(tally.holders) >= MAX_FINDINGS:
                tally.overflow(root.blob.id)
                continue
            tally.holders.setdefault(key, set()).add(root.blob.id)


def report(tally: Tally, source: HistorySource, clerk: Clerk, sweep_again: SweepAgain) -> list[Finding]:
    """Return the findings of a history in report order; counters and problems of the second pass go to ``tally``."""
    keys = list(tally.holders)
    standings = source.standings({str(number): frozenset(tally.holders[key]) for number, key in enumerate(keys)})
    wanted: dict[str, dict[str, dict[Key, Standing]]] = {}
    for number, key in enumerate(keys):
        for standing in standings.get(str(number), ()):
            wanted.setdefault(standing.blob_id, {}).setdefault(standing.origin.path, {})[key] = standing
    tally.problems += source.problems
    findings: list[Finding] = []
    for again in sweep_again(_under_paths(source.contents(wanted), wanted, tally)):
        tally.add_judged(again)
        findings += _reported(again.found, wanted, tally, clerk)
    return in_order(findings)


def _under_paths(
    contents: Iterable[Blob | Problem], wanted: dict[str, dict[str, dict[Key, Standing]]], tally: Tally
) -> Iterator[Blob]:
    """Yield the contents to sweep again, each once for every path, under that path."""
    for item in contents:
        if isinstance(item, Problem):
            # What could not be opened was told by the first pass.
            if item not in tally.problems:
                tally.problems.append(item)
            continue
        for path in wanted[item.id]:
            yield item._replace(id=f"{item.id}\0{path}", hint=path + item.inside)


def _reported(
    found: list[Evidence], wanted: dict[str, dict[str, dict[Key, Standing]]], tally: Tally, clerk: Clerk
) -> Iterator[Finding]:
    """Yield one finding for each secret that came in with a content: its first place there."""
    done: set[tuple[str, Key]] = set()
    for evidence in found:
        blob_id, _, path = evidence.finding.blob_id.partition("\0")
        key = (evidence.finding.rule_id, evidence.secret.reveal())
        standing = wanted[blob_id][path].get(key)
        if standing is None or (evidence.finding.blob_id, key) in done:
            continue
        done.add((evidence.finding.blob_id, key))
        finding = _stood(evidence, standing, tally, clerk)
        if finding is not None:
            yield finding


def _stood(evidence: Evidence, standing: Standing, tally: Tally, clerk: Clerk) -> Finding | None:
    """Return the finding for one standing; None when the commit, known only now, is allowed."""
    finding, origin = evidence.finding, standing.origin
    commit = origin.commit if isinstance(origin, CommitOrigin | MessageOrigin) else ""
    path, line = finding.location.path, finding.location.start_line
    allowed = clerk.suppress.again(
        finding.rule_id, path, line, evidence.secret, evidence.line, finding.fingerprint, commit
    )
    if allowed is not None:
        count(tally.stats.suppressed, allowed.kind)
        return None
    return finding._replace(blob_id=standing.blob_id, origin=origin, exposure=standing.exposure)

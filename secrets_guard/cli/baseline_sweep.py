"""A baseline and the paths it is about -> which findings each of its entries stands for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from secrets_guard.cli import perform
from secrets_guard.errors import BaselineError
from secrets_guard.suppression.baseline import BASELINE_NAME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from secrets_guard.config import Settings
    from secrets_guard.model.finding import Finding
    from secrets_guard.model.result import Problem, ScanResult
    from secrets_guard.suppression.baseline import Baseline
    from secrets_guard.suppression.entry import Suppression


class Matched(NamedTuple):
    """``known``: each entry with its findings, in the file's order; ``new``: what a scan would report, by secret."""

    known: tuple[tuple[Suppression, tuple[Finding, ...]], ...]
    new: tuple[tuple[Finding, ...], ...]
    problems: tuple[Problem, ...]

    @property
    def interrupted(self) -> bool:
        """Whether ^C ended the sweep early."""
        return any(problem.kind == "interrupted" for problem in self.problems)


def locate(given: str | None) -> str:
    """Return the baseline to work on: ``given``, else the one scans obey here. Raises BaselineError for none."""
    from secrets_guard.suppression.own import own_files

    if given:
        return given
    found = [path for path in own_files(os.getcwd()) if os.path.basename(path) == BASELINE_NAME]
    if not found:
        raise BaselineError(f"no {BASELINE_NAME} here; make one by 'secrets-guard baseline create' or name --baseline")
    return os.path.relpath(found[0])


def match(
    paths: Sequence[str], baseline: Baseline, config: str | None, *, show: bool = False, new: bool = False
) -> Matched:
    """Sweep ``paths`` under the baseline's key with nothing suppressed; with ``new`` once more as a scan would."""
    settings = perform.prepare(paths, {}, config).settings._replace(
        fingerprint_key=baseline.key, show_secrets=show, explain=False
    )
    results = [_bare(paths, settings._replace(no_inline_allow=True, allow=()))]
    known = _pair(baseline, results)
    if not all(findings for _, findings in known) and not results[0].problems:
        # An entry may have been made under other thresholds, and those decide which rule wins.
        widest = settings._replace(
            no_inline_allow=True, allow=(), min_confidence="low", min_severity="low",
            only_rule=(), exclude_rule=(), max_file_size=0,
        )  # fmt: skip
        results.append(_bare(paths, widest))
        known = _pair(baseline, results)
    unknown: dict[tuple[str, str], list[Finding]] = {}
    if new:
        results.append(_bare(paths, settings))
        for finding in results[-1].findings:
            if not any(fits(entry, finding) for entry in baseline.entries):
                unknown.setdefault((finding.fingerprint, finding.rule_id), []).append(finding)
    problems = tuple(dict.fromkeys(problem for result in results for problem in result.problems))
    return Matched(known, tuple(tuple(group) for group in unknown.values()), problems)


def fits(entry: Suppression, finding: Finding) -> bool:
    """Tell whether an entry stands for a finding, expired or not."""
    from secrets_guard.suppression.glob import path_matcher

    if entry.fingerprint != finding.fingerprint or entry.rule not in ("", finding.rule_id):
        return False
    return not entry.path or path_matcher([entry.path])(finding.location.path)


def _pair(baseline: Baseline, results: list[ScanResult]) -> tuple[tuple[Suppression, tuple[Finding, ...]], ...]:
    by_fingerprint: dict[str, list[Finding]] = {}
    for result in results:
        for finding in result.findings:
            by_fingerprint.setdefault(finding.fingerprint, []).append(finding)
    paired = []
    for entry in baseline.entries:
        fitting = [one for one in by_fingerprint.get(entry.fingerprint, ()) if fits(entry, one)]
        paired.append((entry, tuple({(one.location, one.rule_id): one for one in fitting}.values())))
    return tuple(paired)


def _bare(paths: Sequence[str], settings: Settings) -> ScanResult:
    from secrets_guard import api
    from secrets_guard.cli.scan_files import file_source
    from secrets_guard.suppression.allow import judge_allow

    allow = judge_allow(settings.allow, api.today())
    return api.scan(file_source(tuple(paths), settings, allow), settings=settings, allow=allow)

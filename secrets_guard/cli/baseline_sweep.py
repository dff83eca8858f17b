"""A baseline and the files it is about, and their git history -> which findings each of its entries stands for."""

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
    paths: Sequence[str],
    baseline: Baseline,
    config: str | None,
    *,
    show: bool = False,
    new: bool = False,
    history: bool = False,
) -> Matched:
    """Sweep ``paths`` under the baseline's key with nothing suppressed; with ``new`` once more as a scan would.

    ``history``: their git history too, for what the files don't have. Raises SourceError where there is none.
    """
    settings = perform.prepare(paths, {}, config).settings._replace(
        fingerprint_key=baseline.key, show_secrets=show, explain=False
    )
    bare = settings._replace(no_inline_allow=True, allow=())
    # An entry may have been made under other thresholds, and those decide which rule wins.
    widest = bare._replace(min_confidence="low", min_severity="low", only_rule=(), exclude_rule=(), max_file_size=0)
    results: list[ScanResult] = []
    known = _pair(baseline, results)
    for sweep, under in (
        (sweep_files, bare),
        *([(sweep_history, bare)] if history else []),
        (sweep_files, widest),
        *([(sweep_history, widest)] if history else []),
    ):
        if (results and all(findings for _, findings in known)) or any(result.problems for result in results):
            break
        results += sweep(paths, under)
        known = _pair(baseline, results)
    unknown: dict[tuple[str, str], list[Finding]] = {}
    if new:
        fresh = [*sweep_files(paths, settings), *(sweep_history(paths, settings) if history else ())]
        for finding in (finding for result in fresh for finding in result.findings):
            if not any(fits(entry, finding) for entry in baseline.entries):
                unknown.setdefault((finding.fingerprint, finding.rule_id), []).append(finding)
        results += fresh
    problems = tuple(dict.fromkeys(problem for result in results for problem in result.problems))
    return Matched(known, tuple(tuple(group) for group in unknown.values()), problems)


def unknown_to(baseline: Baseline, results: Sequence[ScanResult], reason: str) -> list[Suppression]:
    """Return an undecided entry for each secret found that the baseline has none for."""
    from secrets_guard.suppression.entry import Suppression

    found = {(finding.fingerprint, finding.rule_id) for result in results for finding in result.findings}
    new = found - {(entry.fingerprint, entry.rule) for entry in baseline.entries}
    return [Suppression(fingerprint, rule, reason=reason, verdict="") for fingerprint, rule in sorted(new)]


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


def sweep_files(paths: Sequence[str], settings: Settings) -> list[ScanResult]:
    """Sweep files and folders, no baseline obeyed."""
    from secrets_guard import api
    from secrets_guard.cli.scan_files import file_source
    from secrets_guard.suppression.allow import judge_allow

    allow = judge_allow(settings.allow, api.today())
    return [api.scan(file_source(tuple(paths), settings, allow), settings=settings, allow=allow)]


def sweep_history(paths: Sequence[str], settings: Settings) -> list[ScanResult]:
    """Sweep the history of the repositories that hold the paths, each once, no baseline obeyed.

    Raises SourceError for a path that is in none.
    """
    from secrets_guard import api
    from secrets_guard.sources.archive.limits import limits_of
    from secrets_guard.sources.git.history import GitHistorySource
    from secrets_guard.sources.worktree import worktree_root
    from secrets_guard.suppression.allow import judge_allow
    from secrets_guard.workers import available_cores

    folders = (path if os.path.isdir(path) else os.path.dirname(path) or "." for path in paths)
    results = []
    for folder in dict.fromkeys(worktree_root(folder) or folder for folder in folders):
        allow = judge_allow(settings.allow, api.today())
        jobs = settings.jobs or available_cores()
        source = GitHistorySource(folder, max_file_size=settings.max_file_size, jobs=jobs, limits=limits_of(settings))
        results.append(api.scan(source, settings=settings, allow=allow))
    return results

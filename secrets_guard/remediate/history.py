"""A report and a repository -> its findings as they stand in the history now."""

from __future__ import annotations

from secrets_guard import api
from secrets_guard.config import Settings
from secrets_guard.errors import SourceError
from secrets_guard.model.finding import Finding
from secrets_guard.model.result import ScanResult
from secrets_guard.sources.archive.limits import limits_of
from secrets_guard.sources.git.history import GitHistorySource
from secrets_guard.workers import available_cores


def sweep(repo: str, settings: Settings, *, show_secrets: bool) -> ScanResult:
    """Sweep all of a repository's history, known secrets as well. Raises SourceError where that is not whole."""
    own = settings._replace(show_secrets=show_secrets, explain=False)
    source = GitHistorySource(repo, jobs=settings.jobs or available_cores(), target=repo, limits=limits_of(settings))
    result = api.scan(source, settings=own)
    if result.problems:
        first = result.problems[0]
        raise SourceError(f"{repo}: can't be swept whole: {first.where}: {first.message}")
    return result


def of_report(swept: ScanResult, report: ScanResult) -> tuple[Finding, ...]:
    """Return those findings of a sweep whose secrets a report names."""
    wanted = {(one.rule_id, one.fingerprint) for one in report.findings}
    return tuple(one for one in swept.findings if (one.rule_id, one.fingerprint) in wanted)

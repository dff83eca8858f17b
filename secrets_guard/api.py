"""The library's face: sweep a source, load rules. The doors (cli, hook) compose through here too."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from secrets_guard import canary, engine, workers
from secrets_guard.cache import Cache, user_cache
from secrets_guard.config import Settings
from secrets_guard.detect.database import Loaded
from secrets_guard.detect.matcher import Matcher
from secrets_guard.digest import blake2b
from secrets_guard.errors import RuleError
from secrets_guard.fingerprint import Fingerprinter
from secrets_guard.model.finding import Finding
from secrets_guard.model.protocols import Source, is_remembering
from secrets_guard.model.result import Explanation, Problem, ScanInfo, ScanResult, Stats, ToolInfo
from secrets_guard.model.rule import CONFIDENCES, SEVERITIES, Rule, RuleSet, at_least
from secrets_guard.rules.active import load_rules, select, with_helpers
from secrets_guard.suppression.allow import AllowJudge, judge_allow
from secrets_guard.suppression.entry import Suppression
from secrets_guard.suppression.known import Suppressions
from secrets_guard.suppression.order import Suppressor
from secrets_guard.tally import Clerk, Keep
from secrets_guard.version import __version__

__all__ = ["load_rules", "scan"]


def scan(
    source: Source,
    *,
    rules: RuleSet | None = None,
    settings: Settings | None = None,
    suppressions: Iterable[Suppression] = (),
    allow: AllowJudge | None = None,
    progress: Callable[[Stats], None] | None = None,
    cache: Cache | None = None,
    ready: Loaded | None = None,
    keep: Keep | None = None,
) -> ScanResult:
    """Sweep ``source`` and return all that was found, could not be read, and was covered.

    ``rules`` default to the built-in ones and ``settings.rules``; ``allow`` is the judge over ``settings.allow`` where
    the caller shares it with the source, ``ready`` a database that it has loaded already; ``keep`` gets each finding
    with its plain value. Raises RuleError, SourceError or EngineError; never a traceback for bad input.
    """
    settings = settings or Settings()
    cache = cache or user_cache()
    begun, clock = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), time.monotonic()
    every = select(rules or load_rules(settings.rules, cache=cache), settings.only_rule, settings.exclude_rule)
    active = active_rules(every, settings)
    suppressor = Suppressor(
        inline=not settings.no_inline_allow,
        allow=allow or judge_allow(settings.allow, today()),
        known=Suppressions(suppressions, today(), (rule.id for rule in every.rules)),
    )
    matcher = Matcher((*active, canary.RULE), cache, ready)
    pipeline = engine.Pipeline(matcher, _clerk(settings, suppressor, keep), settings.max_depth)
    if is_remembering(source):
        source.use_rules(_coverage_key(every, settings))
    swept = engine.scan(source, pipeline, settings.jobs or workers.available_cores(), progress)
    return _result(
        swept,
        active,
        _tool(active, every),
        ScanInfo(source.kind, source.target, begun, round(time.monotonic() - clock, 3), complete=True),
        suppressor,
    )


def ready(rules: RuleSet, settings: Settings) -> Loaded:
    """Return the database for ``scan`` to take when it is called many times with the same rules and settings."""
    active = active_rules(select(rules, settings.only_rule, settings.exclude_rule), settings)
    matcher = Matcher((*active, canary.RULE), user_cache())
    return Loaded(matcher.database_name, matcher.database)


def tool_info(rules: RuleSet, settings: Settings) -> ToolInfo:
    """Return what a report of a sweep with these rules and settings says of its tool."""
    every = select(rules, settings.only_rule, settings.exclude_rule)
    return _tool(active_rules(every, settings), every)


def _tool(active: tuple[Rule, ...], every: RuleSet) -> ToolInfo:
    return ToolInfo("secrets-guard", __version__, len(active), every.digest)


def _result(
    swept: engine.Sweep, active: tuple[Rule, ...], tool: ToolInfo, scanned: ScanInfo, suppressor: Suppressor
) -> ScanResult:
    problems = [*swept.problems, *([_interrupted(scanned.target)] if swept.interrupted else [])]
    guilty = {finding.rule_id for finding in swept.findings}
    return ScanResult(
        tool=tool,
        scan=scanned._replace(complete=not problems),
        findings=tuple(dated(finding, scanned.started) for finding in swept.findings),
        problems=tuple(sorted(problems, key=lambda problem: (problem.where, problem.kind, problem.message))),
        stats=swept.stats,
        explanations=tuple(sorted(swept.explanations, key=_explanation_order)),
        notes=tuple(_unused(suppressor)),
        rules=tuple(
            (rule.id, rule.title, rule.severity, rule.kind, rule.references) for rule in active if rule.id in guilty
        ),
    )


def dated(finding: Finding, now: str) -> Finding:
    """Return the finding with the word, where it tells when it expires, whether it has; times are ISO 8601, UTC."""
    expires = dict(finding.details).get("expires")
    if expires is None:
        return finding
    return finding._replace(details=(*finding.details, ("expired", "yes" if expires <= now else "no")))


def _clerk(settings: Settings, suppressor: Suppressor, keep: Keep | None) -> Clerk:
    fingerprints = Fingerprinter(settings.fingerprint_key)
    return Clerk(suppressor, fingerprints, settings.min_confidence, settings.show_secrets, settings.explain, keep)


def _coverage_key(rules: RuleSet, settings: Settings) -> str:
    """Return a name (hex digits) for all that decides whether a content has a candidate in it."""
    thresholds = f"{settings.min_severity} {settings.min_confidence} {settings.max_depth} {settings.no_archives}"
    return blake2b(f"{__version__} {rules.digest} {thresholds}".encode(), digest_size=16).hexdigest()


def active_rules(rules: RuleSet, settings: Settings) -> tuple[Rule, ...]:
    """Return the rules that can still report under the settings' thresholds, and those that help them.

    Raises RuleError when none can.
    """
    kept = [
        rule
        for rule in rules.rules
        if rule.alone
        and at_least(rule.severity, settings.min_severity, SEVERITIES)
        and (rule.checksum or at_least(rule.confidence, settings.min_confidence, CONFIDENCES))
    ]
    if not kept:
        why = "reaches --min-severity and --min-confidence; lower one of them"
        if not any(rule.alone for rule in rules.rules):
            why = "is left that stands alone: name a rule that has this one nearby, too"
        raise RuleError(f"no rule {why}")
    return tuple(with_helpers(kept, rules.rules))


def today() -> str:
    """Return today's date (local), ISO."""
    return time.strftime("%Y-%m-%d")


def _interrupted(target: str) -> Problem:
    return Problem("interrupted", target, "stopped by the user; what was not reached is not covered")


def _explanation_order(one: Explanation) -> tuple[str, int, int, str]:
    return (one.path, one.line, one.column, one.rule_id)


def _unused(suppressor: Suppressor) -> Iterable[str]:
    for known in suppressor.known.unused():
        label = known.fingerprint or known.path
        yield f"unused suppression: {known.place} {label}".rstrip()
    for known in suppressor.known.expired_used():
        yield f"expired suppression, reported again: {known.place} {known.fingerprint or known.path}".rstrip()
    for entry in suppressor.allow.unused():
        yield f"unused allow entry: {entry.place} {entry.reason}".rstrip()
    for entry in suppressor.allow.expired:
        yield f"expired allow entry: {entry.place} {entry.reason}".rstrip()

"""A result and what was kept of its findings -> the result with what issuers say of each, several asked at a time."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from importlib import import_module
from queue import Empty, SimpleQueue

from secrets_guard.config import Settings
from secrets_guard.errors import ConfigError
from secrets_guard.model.finding import DEAD, LIVE, UNKNOWN, UNSUPPORTED, VERIFICATIONS, Finding, Verification
from secrets_guard.model.result import Problem, ScanResult
from secrets_guard.verify.candidate import Candidate, Kept
from secrets_guard.verify.net import Net
from secrets_guard.verify.outcome import Alone, Outcome, Unanswered
from secrets_guard.verify.pace import Limits
from secrets_guard.verify.question import ask
from secrets_guard.verify.verifier import Verifier, load_verifiers

Ask = Callable[[Verifier, Candidate, Net], Outcome]
_TICK = 0.1


class Checker:
    """Made before a sweep, which hands ``kept.keep`` its findings, and asked for its verdicts after it."""

    def __init__(self, settings: Settings, limits: Limits | None = None) -> None:
        """Raises ConfigError for endpoints of no known verifier, or that are no URLs."""
        verifiers = load_verifiers()
        self._by_rule = {rule: verifier for verifier in verifiers for rule in verifier.rules}
        self._endpoints = _endpoints(settings.verify_endpoint, verifiers)
        self._settings = settings
        self._limits = limits or Limits()
        self.kept = Kept(self._by_rule.keys())

    def check(self, result: ScanResult) -> ScanResult:
        """Return the result with a Verification on every finding; a live one is critical and certain.

        With ``only_live`` the others are left out, and a note counts them. ^C ends the asking: what is known is told.
        """
        outcomes, interrupted = self._outcomes({finding.fingerprint for finding in result.findings})
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        none = Outcome(UNSUPPORTED, "nobody is known to ask" if not self.kept.full else "too many to ask about")
        findings = [_verified(one, outcomes.get(one.fingerprint, none), at) for one in result.findings]
        counted = Counter(one.verification.status for one in findings if one.verification)
        told = ", ".join(f"{counted[status]} {status}" for status in VERIFICATIONS if counted[status])
        notes = [*result.notes, *([f"asked the issuers: {told}"] if told else [])]
        if self._settings.only_live:
            findings, left = [one for one in findings if _is_live(one)], len(findings) - counted[LIVE]
            notes += [f"{left} findings that are not known to be live are left out (--only-live)"] if left else []
        problems = result.problems
        if interrupted:
            problems = (*problems, Problem("interrupted", result.scan.target, "stopped while issuers were asked"))
        return result._replace(
            findings=tuple(findings),
            notes=tuple(notes),
            problems=problems,
            scan=result.scan._replace(complete=result.scan.complete and not interrupted),
        )

    def _outcomes(self, fingerprints: Iterable[str]) -> tuple[dict[str, Outcome], bool]:
        """Return the outcome by fingerprint, each credential asked about once, and whether ^C ended it."""
        wanted: dict[tuple[str, bytes], list[Candidate]] = {}
        owners: dict[str, tuple[str, bytes]] = {}
        for fingerprint in sorted(fingerprints):
            places = self.kept.places(fingerprint)
            if places:
                key = (self._by_rule[places[0].rule_id].name, places[0].secret.reveal())
                wanted.setdefault(key, []).extend(places)
                owners[fingerprint] = key
        queue: SimpleQueue[tuple[str, bytes]] = SimpleQueue()
        for key in wanted:
            queue.put(key)
        found: dict[tuple[str, bytes], Outcome] = {}
        net = Net(self._limits, self._endpoints, allow_private=self._settings.verify_allow_private)

        def work() -> None:
            while True:
                try:
                    key = queue.get_nowait()
                except Empty:
                    return
                found[key] = self._ask(wanted[key], net)

        # Daemons: at the deadline nobody waits for a name that is still being looked up.
        threads = [threading.Thread(target=work, daemon=True) for _ in range(min(self._limits.workers, len(wanted)))]
        interrupted = _run(threads, lambda: net.pace.left() + _TICK)
        late = Outcome(UNKNOWN, "no time was left to ask")
        return {fingerprint: found.get(key, late) for fingerprint, key in owners.items()}, interrupted

    def _ask(self, places: list[Candidate], net: Net) -> Outcome:
        """Ask about a credential, once; in another place as well where its parts, or it itself, are others there."""
        outcomes: list[Outcome] = []
        for candidate in places:
            verifier = self._by_rule[candidate.rule_id]
            question = _code(verifier.code) if verifier.code else ask
            try:
                outcomes.append(question(verifier, candidate, net))
            except Alone as reason:
                outcomes.append(Outcome(UNKNOWN, str(reason)))
                continue
            except Unanswered as reason:
                outcomes.append(Outcome(UNKNOWN, str(reason)))
            except Exception as error:  # noqa: BLE001 - its text may hold the credential; its kind does not
                outcomes.append(Outcome(UNKNOWN, f"asking failed ({type(error).__name__})"))
            if not verifier.places:
                return outcomes[-1]
        # Live in one place is live; dead is only what is dead in all of them.
        return min(outcomes, key=lambda one: (LIVE, UNKNOWN, DEAD, UNSUPPORTED).index(one.status))


def _run(threads: list[threading.Thread], left: Callable[[], float]) -> bool:
    """Start the threads and wait for them, no longer than ``left`` says; tell whether ^C ended it."""
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive() and left() > _TICK:
                thread.join(_TICK)
    except KeyboardInterrupt:
        return True
    return False


def _code(place: str) -> Ask:
    module, _, function = place.partition(":")
    made: Ask = getattr(import_module(f"secrets_guard.verify.{module}"), function)
    return made


def _is_live(finding: Finding) -> bool:
    return finding.verification is not None and finding.verification.status == LIVE


def _verified(finding: Finding, outcome: Outcome, at: str) -> Finding:
    made = finding._replace(verification=Verification(outcome.status, at, outcome.message))
    if outcome.status != LIVE:
        return made
    return made._replace(
        severity="critical", confidence="high", reasons=(*finding.reasons, "its issuer says that it is live")
    )


def _endpoints(given: Iterable[str], verifiers: Iterable[Verifier]) -> dict[str, str]:
    from urllib.parse import urlsplit

    from secrets_guard.located_yaml import nearest

    known = [verifier.name for verifier in verifiers if verifier.name != "database"]
    made: dict[str, str] = {}
    for one in given:
        name, equals, url = one.partition("=")
        if name not in known:
            raise ConfigError(f"--verify-endpoint {name}: nobody of that name is asked{nearest(name, known)}")
        parts = urlsplit(url)
        if not equals or parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
            raise ConfigError(f"--verify-endpoint {name}: write it as {name}=https://HOST[:PORT][/PATH]")
        made[name] = url
    return made

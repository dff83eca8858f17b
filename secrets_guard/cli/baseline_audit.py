"""Entries and their findings -> verdicts, asked one by one and written after each answer."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NamedTuple

from secrets_guard.cli.baseline_keys import ask_key, ask_line
from secrets_guard.suppression.baseline import read_baseline, write_baseline
from secrets_guard.suppression.entry import Suppression

if TYPE_CHECKING:
    from secrets_guard.cli.baseline_sweep import Matched
    from secrets_guard.model.finding import Finding

_VERDICTS = {"r": "real", "f": "false", "a": "accepted"}
_PROMPT = "r real, f false positive, a accepted, s skip, n note, b back, q quit: "
_MOST_PLACES = 10


class Question(NamedTuple):
    """An entry (in the file where ``stored``) and the findings it stands for."""

    entry: Suppression
    findings: tuple[Finding, ...]
    stored: bool


def questions(matched: Matched, everything: bool) -> list[Question]:
    """Return what is to be asked: undecided entries (``everything``: all) that are still found, then new secrets."""
    asked = [
        Question(entry, findings, True)
        for entry, findings in matched.known
        if findings and (everything or not entry.verdict)
    ]
    for findings in matched.new:
        entry = Suppression(findings[0].fingerprint, findings[0].rule_id, verdict="")
        asked.append(Question(entry, findings, False))
    return asked


def walk(path: str, asked: list[Question]) -> None:
    """Ask each question; every verdict and note is in the file before the next is asked."""
    at = 0
    while at < len(asked):
        question = asked[at]
        _show(question, at + 1, len(asked))
        key = ask_key(_PROMPT)
        if key == "q":
            return
        if key == "b":
            at = max(0, at - 1)
        elif key == "s":
            at += 1
        elif key == "n":
            asked[at] = _store(path, question, question.entry._replace(reason=ask_line("reason: ")))
        elif key in _VERDICTS:
            asked[at] = _store(path, question, question.entry._replace(verdict=_VERDICTS[key]))
            at += 1
        else:
            print("  that is none of the keys")


def summary(path: str, matched: Matched) -> str:
    """Return the closing line, from what the file now holds."""
    entries = read_baseline(path).entries
    told = [
        f"{sum(entry.verdict == verdict for entry in entries)} {label}"
        for verdict, label in (("real", "real"), ("false", "false"), ("accepted", "accepted"), ("", "undecided"))
    ]
    gone = sum(not findings for _, findings in matched.known)
    more = f"; {gone} not found here: see 'baseline prune'" if gone else ""
    return f"{len(entries)} entries: {', '.join(told)}{more}"


def _store(path: str, question: Question, entry: Suppression) -> Question:
    # Read anew each time: what others wrote meanwhile stays.
    baseline = read_baseline(path)
    old = question.entry._replace(place="")
    kept = [one for one in baseline.entries if not (question.stored and one._replace(place="") == old)]
    write_baseline(path, [*kept, entry], baseline.key, history=baseline.history)
    return Question(entry, question.findings, True)


def _show(question: Question, number: int, total: int) -> None:
    from secrets_guard.report.human import wants_color
    from secrets_guard.report.text import printable, put

    entry, finding = question.entry, question.findings[0]
    bold, plain = ("\x1b[1m", "\x1b[0m") if wants_color(sys.stdout, os.environ) else ("", "")
    places = [f"{one.location.path}:{one.location.start_line}" for one in question.findings[:_MOST_PLACES]]
    more = len(question.findings) - len(places)
    state = entry.verdict or ("undecided" if question.stored else "not in the baseline")
    expires = f", until {entry.expires}" if entry.expires else ""
    put(sys.stdout, f"\n{bold}[{number}/{total}] {printable(finding.title)} ({printable(finding.rule_id)}){plain}\n")
    for name, text in (
        ("severity", finding.severity),
        ("place", ", ".join(places) + (f" and {more} more" if more else "")),
        ("secret", finding.secret),
        ("line", finding.context),
        ("fingerprint", finding.fingerprint),
        ("verdict", state + expires),
        ("reason", entry.reason),
    ):
        if text:
            put(sys.stdout, f"  {name}: {printable(text)}\n")

"""What a hook found -> what it says on standard error: what, where, and the ways out. And what git told the hook."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from typing import NamedTuple

from secrets_guard.errors import SourceError
from secrets_guard.model.finding import Finding
from secrets_guard.model.origin import CommitOrigin, MessageOrigin
from secrets_guard.model.result import Problem
from secrets_guard.report.text import fitting, printable
from secrets_guard.sources.pushed import Update

_MOST_SHOWN = 20
_WIDEST = 160


class Situation(NamedTuple):
    """Which hook it is, and whether there is no commit yet."""

    hook: str
    unborn: bool = False


def updates_of(said: bytes, *, pushing: bool) -> list[Update]:
    """Return the updates that git wrote to a hook's standard input.

    ``pushing``: ``<local ref> <local id> <remote ref> <remote id>`` a line; else ``<old id> <new id> <ref>``. Formats:
    githooks(5), pre-push and pre-receive. Raises SourceError for a line that is neither.
    """
    made = []
    for line in said.decode("utf-8", "surrogateescape").splitlines():
        words = line.split(" ") if not pushing else line.rsplit(" ", 3)
        if len(words) != (4 if pushing else 3):
            raise SourceError(f"git told this hook {line!r}, which is no line of it; is it installed under its name?")
        made.append(Update(words[2], words[1], words[3]) if pushing else Update(words[2], words[1], words[0]))
    return made


def bypass(hook: str) -> str:
    """Return how to go on once without the hook."""
    if hook == "pre-commit":
        return "to commit this once unchecked: git commit --no-verify"
    if hook == "pre-push":
        return "to push this once unchecked: git push --no-verify"
    if hook == "pre-receive":
        return "the administrator of this server can put it right"
    return "call it as pre-commit, pre-push or pre-receive"


def write(findings: Sequence[Finding], problems: Sequence[Problem], situation: Situation, *, blocked: bool) -> None:
    """Write the report to standard error."""
    lines: list[str] = []
    if findings:
        lines += [_head(findings, situation), ""]
        for finding in findings[:_MOST_SHOWN]:
            lines += _finding(finding)
        if len(findings) > _MOST_SHOWN:
            lines.append(f"  and {len(findings) - _MOST_SHOWN:,} more")
        lines += ["", *_ways_out(findings, situation)]
    for problem in problems:
        lines.append(f"secrets-guard: {problem.kind}: {printable(problem.where)}: {printable(problem.message)}")
    if blocked:
        lines.append(f"secrets-guard: {bypass(situation.hook)}" if not findings else f"  {bypass(situation.hook)}")
    for line in lines:
        sys.stderr.write(fitting(line, sys.stderr.encoding) + "\n")


def _head(findings: Sequence[Finding], situation: Situation) -> str:
    number = f"{len(findings):,} secret{'s' if len(findings) > 1 else ''}"
    if situation.hook == "pre-commit":
        return f"secrets-guard: this commit is blocked: {number} in what is staged"
    if situation.hook == "pre-push":
        return f"secrets-guard: this push is blocked: {number} in what would leave"
    return f"secrets-guard: this push is refused: {number} in it"


def _finding(finding: Finding) -> list[str]:
    place, origin = finding.location, finding.origin
    where = f"{printable(place.path)}:{place.start_line}:{place.start_column}"
    if isinstance(origin, CommitOrigin | MessageOrigin) and origin.commit:
        where += f"  in {origin.commit[:12]} {printable(origin.summary)[:60]}".rstrip()
    shown = printable(finding.context.expandtabs(4).strip())
    if len(shown) > _WIDEST:
        shown = printable(finding.secret)
    title = f"{printable(finding.title)} (rule={finding.rule_id}, {finding.severity})"
    return [f"  {where}", f"      {title}", f"      {shown}"]


def _ways_out(findings: Sequence[Finding], situation: Situation) -> list[str]:
    first = findings[0]
    path, rule = shlex.quote(printable(first.location.path)), first.rule_id
    if situation.hook == "pre-commit":
        unstage = f"git rm --cached {path}" if situation.unborn else f"git restore --staged {path}"
        remove = [f"edit the file and 'git add' it again, or leave it out of the commit: {unstage}"]
    else:
        commit = getattr(first.origin, "commit", "")[:12]
        remove = [
            f"rewrite the commit (git rebase -i {commit}~1, or git commit --amend if it is the last one);",
            "a later commit that deletes it does not help: the history keeps it",
        ]
    allow = ["or accept it in the baseline: secrets-guard baseline create"]
    if situation.hook == "pre-receive":
        allow = []
    texts = (
        ["Remove it:", *remove],
        ["Move it to a secret manager or the environment, and read it from there at run time.", "If others may have"
         " seen it, revoke it where it was issued."],
        [f"Allow it, if it is no secret: end its line with '# secrets-guard: allow rule={rule} <reason>'", *allow],
    )  # fmt: skip
    lines = ["Three ways out:"]
    for number, (head, *rest) in enumerate(texts, 1):
        lines += [f"  {number}. {head}", *(f"     {line}" for line in rest)]
    return lines

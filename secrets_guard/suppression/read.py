"""A file that lists known secrets, in whichever known format -> suppressions."""

from __future__ import annotations

import re

from secrets_guard.errors import BaselineError
from secrets_guard.suppression.baseline import Baseline, parse_baseline, read_text
from secrets_guard.suppression.entry import Suppression

_OURS = re.compile(r"^(?:version|key|entries)\s*:(?:\s|$)", re.MULTILINE)
_DETECT_SECRETS = re.compile(r'"results"\s*:')


def read_suppressions(path: str) -> list[Suppression]:
    """Return the known secrets in a file: our baseline, .gitleaksignore, a gitleaks report, a .secrets.baseline.

    The format is told by the content. Raises BaselineError listing every problem with ``file:line``.
    """
    return list(read_known(path).entries)


def read_known(path: str) -> Baseline:
    """Return the known secrets in a file as read_suppressions() does, with the key where it is our own baseline."""
    text = read_text(path)
    start = text.lstrip()[:1]
    if start not in ("[", "{") and _OURS.search(text):
        return parse_baseline(text, path)
    from secrets_guard.suppression import foreign

    if text.strip() == "null":
        return Baseline("", ())
    if start == "[":
        return Baseline("", tuple(foreign.parse_gitleaks_report(text, path)))
    if start != "{":
        return Baseline("", tuple(foreign.parse_gitleaksignore(text, path)))
    if _DETECT_SECRETS.search(text):
        return Baseline("", tuple(foreign.parse_detect_secrets(text, path)))
    known = "a Secrets Guard baseline, .gitleaksignore, gitleaks JSON report or detect-secrets .secrets.baseline"
    raise BaselineError(f"{path}:1: this is none of the known formats: {known}")

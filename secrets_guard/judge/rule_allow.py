"""A rule's own ``allow``: values that match its pattern and are known not to be secrets."""

from __future__ import annotations

import re
from functools import lru_cache

from secrets_guard.model.match import Context, Match, Verdict


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[bytes]:
    return re.compile(pattern.encode())


def judge(match: Match, _context: Context) -> Verdict | None:
    """Drop a value that one of the rule's ``allow`` patterns finds something in."""
    for pattern in match.rule.allow:
        if _compiled(pattern).search(match.secret.reveal()):
            return Verdict(False, "rule", "the rule itself allows this value")
    return None

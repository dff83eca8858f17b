"""Path globs -> one predicate on ``/``-separated paths.

As in .gitignore: a glob without a slash matches a name at any depth, one with a slash is anchored at the target;
``*`` and ``?`` stop at a slash, ``**`` does not; what matches a folder or an archive matches all inside it.
``regex:…`` is a regular expression searched in the path.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from secrets_guard.lazily import Pattern

_SPECIAL = Pattern(r"([\\*?\[])")
_TOKEN = Pattern(r"\*\*/|/\*\*$|\*\*|\*|\?|\[!?\]?[^\]/]*\]|\\.|.", re.DOTALL)


def path_matcher(patterns: Iterable[str]) -> Callable[[str], bool]:
    """Return a function that tells whether a path matches any of the globs or ``regex:`` patterns."""
    checks = [_compiled(pattern).search for pattern in patterns]
    if len(checks) == 1:
        only = checks[0]
        return lambda path: only(path) is not None
    return lambda path: any(check(path) for check in checks)


def escape(path: str) -> str:
    """Return a glob that matches just this path (and what is inside it)."""
    escaped = _SPECIAL.sub(r"\\\1", path)
    return escaped if "/" in escaped and not path.startswith("regex:") else "/" + escaped


def _compiled(pattern: str) -> re.Pattern[str]:
    if pattern.startswith("regex:"):
        return re.compile(pattern.removeprefix("regex:"))
    glob = pattern.removeprefix("./").rstrip("/")
    anchored = "/" in glob
    body = "".join(_piece(token) for token in _TOKEN.findall(glob.lstrip("/")))
    start = r"\A" if anchored else r"(?:\A|/)"
    return re.compile(rf"{start}(?:{body})(?:!?/|\Z)", re.DOTALL)


def _piece(token: str) -> str:
    plain = {"**/": "(?:.*/)?", "/**": "/.*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    if token in plain:
        return plain[token]
    if len(token) > 1 and token[0] == "[":
        inside = re.sub(r"([\\\[\]&~|])", r"\\\1", token[1:-1].removeprefix("!"))
        characters = f"(?!/)[{'^' if token[1] == '!' else ''}{inside}]"
        try:
            re.compile(characters)
        except re.error:
            return re.escape(token)
        return characters
    return re.escape(token[-1])

"""The variables of this process -> those that a command inherits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from secrets_guard.broker.conduct import Conduct

PLAIN = ("PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "LANG", "LC_*", "TZ", "TMPDIR")
"""What a pristine environment begins with: where things are, who runs, how text looks."""


def passed_on(environment: Mapping[str, str], conduct: Conduct, keep: Iterable[str] = ()) -> dict[str, str]:
    """Return what the command may see of it.

    ``allow`` names what passes beside PLAIN and what ``keep`` names, and all else stays behind, as with ``pristine``;
    ``deny`` has the last word.
    """
    some = conduct.pristine or conduct.allow
    allowed = (*PLAIN, *conduct.allow, *keep) if some else ("*",)
    return {
        name: text for name, text in environment.items() if _any_of(name, allowed) and not _any_of(name, conduct.deny)
    }


def _any_of(name: str, globs: Iterable[str]) -> bool:
    return any(fnmatchcase(name, glob) for glob in globs)

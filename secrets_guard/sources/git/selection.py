"""``--range``, ``--branch`` and ``--since`` -> the commits that a sweep is about, as arguments of git rev-list."""

from __future__ import annotations

import re
from typing import NamedTuple

from secrets_guard.errors import SourceError
from secrets_guard.sources.git.command import Git

_RANGE = re.compile(r"(.*?)\.{2,3}(.*)", re.DOTALL)
_DATE = re.compile(r"\d|yesterday|today|last|noon|midnight|tea", re.IGNORECASE)


class Selection(NamedTuple):
    """Commits reachable from ``included`` and not from ``excluded``; both empty: all of the repository."""

    included: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    nothing: bool = False
    """Nothing is selected: an empty range."""

    @property
    def whole(self) -> bool:
        """Tell whether nothing was left out."""
        return not self.included and not self.nothing

    def stdin(self) -> bytes:
        """Return the lines for ``git rev-list --stdin``."""
        return "".join([*(f"{one}\n" for one in self.included), *(f"^{one}\n" for one in self.excluded)]).encode()


def select(git: Git, range_: str = "", branch: str = "", since: str = "") -> Selection:
    """Return the selection. Raises SourceError for a revision that does not exist and for what is no range or date."""
    if range_ and branch:
        raise SourceError("--range and --branch exclude each other; give one")
    included: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    if range_:
        found = _RANGE.fullmatch(range_)
        if found is None:
            raise SourceError(f"--range {range_!r}: not a range; write BASE..HEAD, or BASE...HEAD for a pull request")
        # Reachable from the head and not from the merge bases is the same set as not from the base.
        base, head = (_commit(git, side or "HEAD", "--range") for side in found.groups())
        included, excluded = (head,), (base,)
    elif branch:
        included = (_commit(git, branch, "--branch"),)
    return _since(git, included, excluded, since) if since else Selection(included, excluded)


def _commit(git: Git, revision: str, option: str) -> str:
    for name in (f"refs/heads/{revision}", revision) if option == "--branch" else (revision,):
        done = git.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        if done.code == 0:
            return done.output.decode().strip().splitlines()[-1]
    raise SourceError(f"{option}: no commit {revision!r} in {git.folder!r}; check the name, or fetch it first")


def _since(git: Git, included: tuple[str, ...], excluded: tuple[str, ...], since: str) -> Selection:
    """Cut a selection off at a date: what the commits since then add, not all that their trees hold."""
    if not _DATE.search(since):
        raise SourceError(f"--since {since!r}: not a date; write 2026-01-31, or '2 weeks ago'")
    given = Selection(included, excluded).stdin()
    every = [] if included else ["--all", "--reflog"]
    lines = (
        git.ask(
            "rev-list", "--boundary", "--ignore-missing", f"--since={since}", *every, "--stdin", given=given or b"\n"
        )
        .decode()
        .split()
    )
    inside = tuple(line for line in lines if not line.startswith("-"))
    outside = tuple(line[1:] for line in lines if line.startswith("-"))
    return Selection(inside, (*excluded, *outside), nothing=not inside)

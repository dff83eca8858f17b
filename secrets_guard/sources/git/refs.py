"""A repository -> its refs, and for a set of commits the names of the branches and tags that contain each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from secrets_guard.model.result import Problem
from secrets_guard.sources.git.command import Git

_LISTED = 20


class Ref(NamedTuple):
    """``points_at`` is the object the ref names, ``peeled`` what is left when tags are followed; ``kind`` its type."""

    name: str
    points_at: str
    peeled: str
    kind: str

    @property
    def branch(self) -> str:
        """Return the short name of a local or remote branch; '' for any other ref."""
        for prefix in ("refs/heads/", "refs/remotes/"):
            if self.name.startswith(prefix) and not self.name.endswith("/HEAD"):
                return self.name.removeprefix(prefix)
        return ""

    @property
    def tag(self) -> str:
        """Return the short name of a tag; '' for any other ref."""
        return self.name.removeprefix("refs/tags/") if self.name.startswith("refs/tags/") else ""


class Refs:
    """All refs; a set of them is an int, one bit for each, so that a walk over a history can carry it along."""

    def __init__(self, refs: Iterable[Ref], problems: Iterable[Problem] = ()) -> None:
        self.refs = sorted(refs, key=lambda ref: (ref.name != "HEAD", ref.name))
        self.problems = list(problems)
        self._branches = self._set_of(ref.branch for ref in self.refs)
        self._tags = self._set_of(ref.tag for ref in self.refs)
        self._head = self._set_of(ref.name == "HEAD" for ref in self.refs)

    def at_commits(self) -> dict[bytes, int]:
        """Return for each commit that a ref leads to the set of those refs."""
        found: dict[bytes, int] = {}
        for bit, ref in enumerate(self.refs):
            if ref.kind == "commit":
                found[ref.peeled.encode()] = found.get(ref.peeled.encode(), 0) | 1 << bit
        return found

    def names(self, held: int) -> tuple[tuple[str, ...], tuple[str, ...], int]:
        """Return branches and tags of a set, at most 20 of each, and how many refs there are in it (not HEAD)."""
        branches = tuple(ref.branch for ref in islice(self._members(held & self._branches), _LISTED))
        tags = tuple(ref.tag for ref in islice(self._members(held & self._tags), _LISTED))
        return branches, tags, (held & ~self._head).bit_count()

    def tips(self, held: int) -> list[str]:
        """Return the commits at the tips of the branches (and HEAD) in a set, HEAD's first, each once."""
        return list(dict.fromkeys(ref.peeled for ref in self._members(held & (self._branches | self._head))))

    def _members(self, held: int) -> Iterator[Ref]:
        while held:
            lowest = held & -held
            yield self.refs[lowest.bit_length() - 1]
            held ^= lowest

    @staticmethod
    def _set_of(belongs: Iterable[object]) -> int:
        return sum(1 << bit for bit, does in enumerate(belongs) if does)


def read_refs(git: Git) -> Refs:
    """Return all refs and HEAD; a broken one is a Problem. Raises SourceError when git can't list them."""
    done = git.run("for-each-ref", "--format=%(objectname) %(refname)")
    problems = [Problem("corrupt", git.folder, line) for line in done.complaints[:20]]
    named = [line.split(" ", 1) for line in done.output.decode("utf-8", "surrogateescape").splitlines()]
    head = git.run("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if head.code == 0:
        named.append([head.output.decode().strip(), "HEAD"])
    asked = "".join(f"{points_at}^{{}}\n" for points_at, _ in named).encode()
    answers = git.run("cat-file", "--batch-check=%(objectname) %(objecttype)", given=asked).output if named else b""
    refs = []
    for (points_at, name), answer in zip(named, answers.decode().splitlines(), strict=False):
        peeled, kind = answer.rsplit(" ", 1)
        if kind == "missing":
            problems.append(Problem("missing", name, f"it leads to object {points_at}, which is not there"))
        else:
            refs.append(Ref(name, points_at, peeled, kind))
    return Refs(refs, problems)

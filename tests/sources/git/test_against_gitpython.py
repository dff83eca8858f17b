"""Random histories, built and told by GitPython: commits, trees and refs as another program understands them.

Who stands where is worked out the slow way, from the whole tree of every commit; ours goes by differences.
"""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import git
import pytest
from git.index.typ import BaseIndexEntry
from gitdb import IStream  # type: ignore[import-untyped]

from secrets_guard.model.origin import CommitOrigin

Sweep = Callable[..., Any]
NEEDLES = (b"NEEDLE-one", b"NEEDLE-two")
_PATHS = ("a", "dir/b", "dir/deep/c", "é ü")
_PEOPLE = (
    git.Actor("Ada", "ada@example.com"),
    git.Actor("Björn O'Hara", "b+o@exämple.org"),
    git.Actor("李", "li@example"),
)
_START = 1_600_000_000
Tree = dict[str, bytes]


class History(NamedTuple):
    """A repository, its commits in the order in which they were made, and what each holds."""

    repo: git.Repo
    commits: list[git.Commit]

    def reachable(self) -> list[git.Commit]:
        """Return the commits that a ref or HEAD leads to, the oldest first."""
        found = _ancestors(*(ref.commit for ref in self.repo.refs), self.repo.head.commit)
        return [commit for commit in self.commits if commit in found]


def _ancestors(*commits: git.Commit) -> set[git.Commit]:
    """Return the commits and all before them."""
    found, pending = set(commits), list(commits)
    while pending:
        new = set(pending.pop().parents) - found
        found |= new
        pending += new
    return found


def _content(dice: random.Random) -> bytes:
    needles = [needle for needle in NEEDLES if dice.random() < 0.3]
    return b"\n".join([b"line %d" % dice.randrange(4), *needles, b""])


def _change(dice: random.Random, tree: Tree) -> Tree:
    changed = dict(tree)
    for path in dice.sample(_PATHS, dice.randint(0, 2)):
        if dice.random() < 0.3:
            changed.pop(path, None)
        else:
            changed[path] = _content(dice)
    return changed


def _merged(dice: random.Random, trees: list[Tree]) -> Tree:
    """Return a first parent's tree with paths of the others: taken, or not, as a resolution would."""
    tree = dict(trees[0])
    for other in trees[1:]:
        for path in _PATHS:
            if dice.random() < 0.5:
                tree.pop(path, None)
                tree |= {path: other[path]} if path in other else {}
    return tree


def _written(repo: git.Repo, tree: Tree, folder: Path) -> git.Tree:
    index = git.IndexFile(repo, str(folder / f"index-{random.random()}"))
    entries = []
    for path, content in tree.items():
        stored = repo.odb.store(IStream("blob", len(content), io.BytesIO(content)))
        entries.append(BaseIndexEntry((0o100644, stored.binsha, 0, path)))
    index.add(entries)
    return index.write_tree()


def _build(folder: Path, dice: random.Random, count: int = 30) -> History:
    repo = git.Repo.init(folder / "repo", initial_branch="main")
    commits: list[git.Commit] = []
    trees: list[Tree] = []
    for number in range(count):
        # Mostly on from one of the latest; sometimes a new root, sometimes a merge, of three at times.
        several = dice.choice((1, 1, 1, 1, 2, 2, 3)) if number > 3 else min(1, number)
        latest = range(max(0, number - 6), number)
        parents = [] if dice.random() < 0.05 else dice.sample(latest, min(several, len(latest)))
        below = _merged(dice, [trees[parent] for parent in parents]) if parents else {}
        trees.append(_change(dice, below))
        author, committer = dice.choices(_PEOPLE, k=2)
        zone = dice.choice(("+0000", "+0200", "-0730"))
        commit = git.Commit.create_from_tree(
            repo, _written(repo, trees[-1], folder), f"Work {number}: é\n\nmore", [commits[one] for one in parents],
            author=author, committer=committer, author_date=f"{_START + number * 9000 - dice.randrange(9000)} {zone}",
            commit_date=f"{_START + number * 9000} {zone}",
        )  # fmt: skip
        commits.append(commit)
    for number, commit in enumerate(dice.sample(commits[count // 2 :], 4)):
        repo.create_head(f"branch/{number}", commit)
    repo.create_head("main", commits[-1])
    for number, commit in enumerate(dice.sample(commits, 3)):
        repo.create_tag(f"tag{number}", commit, message=f"tag {number}" if number else None)
    return History(repo, commits)


@pytest.fixture(params=range(8), ids=lambda seed: f"seed{seed}")
def history(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[History]:
    dice = random.Random(f"history {request.param}")
    made = _build(tmp_path, dice)
    if dice.random() < 0.5:
        made.repo.git.repack("-ad")
    yield made
    made.repo.close()


def _at(commit: git.Commit, path: str) -> bytes | None:
    try:
        return bytes(commit.tree.join(path).data_stream.read())
    except KeyError:
        return None


def _has(commit: git.Commit, path: str, needle: bytes) -> bool:
    return needle in (_at(commit, path) or b"")


def _files(commits: Iterable[git.Commit]) -> Iterator[git.Blob]:
    for commit in commits:
        yield from (item for item in commit.tree.traverse() if isinstance(item, git.Blob))


def _blobs(commits: Iterable[git.Commit]) -> set[str]:
    return {file.hexsha for file in _files(commits)}


def _standings(history: History, sweep: Sweep) -> dict[tuple[bytes, str], Any]:
    swept = sweep(Path(history.repo.working_dir))
    guilty = {needle.decode(): frozenset(one.id for one in swept.blobs if needle in one.data) for needle in NEEDLES}
    found = swept.source.standings(guilty)
    assert swept.problems == []
    return {
        (needle.encode(), standing.origin.path): standing for needle, several in found.items() for standing in several
    }


def test_every_content_is_swept_once_and_is_what_gitpython_reads(history: History, sweep: Sweep) -> None:
    blobs = [blob for blob in sweep(Path(history.repo.working_dir)).blobs if blob.hint != "<commit message>"]
    by_id = {blob.id: blob.data for blob in blobs if not blob.hint.startswith("<tag ")}
    assert _blobs(history.commits) == set(by_id)
    assert len(blobs) == len({blob.id for blob in blobs})
    assert all(by_id[file.hexsha] == file.data_stream.read() for file in _files(history.commits[:5]))


def test_each_secret_is_told_where_it_stood_first_and_by_whom(history: History, sweep: Sweep) -> None:
    reachable = history.reachable()
    expected = {}
    for needle in NEEDLES:
        for path in _PATHS:
            first = next((commit for commit in reachable if _has(commit, path, needle)), None)
            if first is not None:
                expected[needle, path] = CommitOrigin(
                    path, first.hexsha, str(first.author.name), str(first.author.email),
                    first.authored_datetime.isoformat(), str(first.summary),
                )  # fmt: skip
    assert expected
    assert {key: one.origin for key, one in _standings(history, sweep).items()} == expected


def test_the_refs_that_hold_it_and_whether_it_still_stands_are_right(history: History, sweep: Sweep) -> None:
    repo = history.repo
    standings = _standings(history, sweep)
    assert standings
    for (needle, path), standing in standings.items():
        exposure = standing.exposure

        def holds(ref: git.Reference, needle: bytes = needle, path: str = path) -> bool:
            return any(_has(commit, path, needle) for commit in _ancestors(ref.commit))

        assert set(exposure.branches) == {head.name for head in repo.heads if holds(head)}
        assert set(exposure.tags) == {tag.name for tag in repo.tags if holds(tag)}
        assert exposure.refs_total == len(exposure.branches) + len(exposure.tags)
        assert exposure.at_tip == any(_has(head.commit, path, needle) for head in repo.heads)
        assert exposure.first_date == repo.commit(exposure.first_commit).committed_datetime.isoformat()
        last = repo.commit(exposure.last_commit)
        assert _has(last, path, needle)
        assert exposure.last_date == last.committed_datetime.isoformat()


def test_a_range_holds_what_is_new_and_nothing_that_its_commits_lack(history: History, sweep: Sweep) -> None:
    dice = random.Random(len(history.commits))
    for _ in range(3):
        base, head = dice.sample(history.commits, 2)
        before = _ancestors(base)
        inside = _ancestors(head) - before
        swept = sweep(Path(history.repo.working_dir), range_=f"{base.hexsha}..{head.hexsha}")
        found = {blob.id for blob in swept.blobs if blob.hint != "<commit message>"}
        assert _blobs(inside) - _blobs(before) <= found <= _blobs(inside)
        assert {blob.id for blob in swept.blobs if blob.hint == "<commit message>"} == {one.hexsha for one in inside}

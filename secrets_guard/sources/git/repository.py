"""A path -> a git repository that may be read, and the facts that decide how: shallow, partial, its work trees."""

from __future__ import annotations

import os
from typing import NamedTuple

from secrets_guard.errors import SourceError
from secrets_guard.sources.git.command import Git

_PARTIAL = r"^(remote\..*\.(promisor|partialclonefilter)|extensions\.partialclone)$"


class Repository(NamedTuple):
    """``shallow``: its history is cut off; ``partial``: objects may be missing on purpose."""

    git: Git
    folder: str
    shallow: bool
    partial: bool

    def worktrees(self) -> list[str]:
        """Return the folders of the main and all linked work trees that exist; none for a bare repository."""
        done = self.git.run("worktree", "list", "--porcelain")
        folders, lines = [], os.fsdecode(done.output).split("\n")
        for line, following in zip(lines, [*lines[1:], ""], strict=True):
            folder = line.removeprefix("worktree ")
            if folder != line and following != "bare" and os.path.isdir(folder):
                folders.append(folder)
        return folders


def open_repository(path: str, extra: tuple[tuple[str, str], ...] = ()) -> Repository:
    """Return the repository at ``path``: a work tree, linked or not, a folder in one, or a bare repository.

    Raises SourceError for what is no repository or belongs to somebody else.
    """
    if "\0" in path:
        raise SourceError(f"{path!r}: not a path: it holds a NUL byte")
    if not os.path.isdir(path):
        kind = "not a folder" if os.path.lexists(path) else "no such folder"
        raise SourceError(f"{path!r}: {kind}; give the folder of a git repository")
    git = Git(path, extra)
    done = git.run("rev-parse", "--is-shallow-repository")
    if done.code and "cannot chdir to" in done.reason:
        # A submodule's git folder whose work tree is gone: without one git refuses, and any will do.
        git = Git(path, (*extra, ("GIT_WORK_TREE", os.path.realpath(path))))
        done = git.run("rev-parse", "--is-shallow-repository")
    if done.code:
        raise SourceError(_refusal(path, "\n".join(done.complaints), done.reason))
    partial = git.run("config", "--null", "--get-regexp", _PARTIAL)
    return Repository(git, path, done.output.strip() == b"true", partial.code == 0)


def open_index(path: str) -> Git:
    """Return the git of the repository at ``path``, in which something can be staged.

    Raises SourceError as open_repository() does, and for a bare repository.
    """
    git = open_repository(path).git
    if git.ask("rev-parse", "--is-bare-repository").strip() == b"true":
        raise SourceError(f"{path!r}: a bare repository has no index, so nothing is staged; sweep it without --staged")
    return git


def _refusal(path: str, complaints: str, reason: str) -> str:
    if "dubious ownership" in complaints or "safe.directory" in complaints:
        real = os.path.realpath(path)
        return (
            f"{path!r}: the repository belongs to another user, and git refuses to read it; "
            f"if you trust it: git config --global --add safe.directory {real}"
        )
    if "not a git repository" in complaints:
        return f"{path!r}: not a git repository; check the path, or sweep it with 'scan files'"
    return f"{path!r}: git can't read it: {reason}"

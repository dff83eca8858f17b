"""A folder -> listings of the files in it, folder by folder or as git lists them; iterative, in order of name."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Generator, Iterator
from typing import NamedTuple

from secrets_guard.model.result import Problem, Stats, count
from secrets_guard.sources import worktree
from secrets_guard.sources.contents import problem_of


class Listing(NamedTuple):
    """Names to open under ``base`` and to show under ``shown`` (both '' or ending in /)."""

    base: str
    shown: str
    names: list[str]
    listed_by_git: bool = False
    follow: bool = False


class Tree:
    """Walks one target folder; whoever reads the files hands folders and links that it meets back."""

    def __init__(self, stats: Stats, notes: list[str], *, no_ignore: bool, follow_symlinks: bool) -> None:
        self._stats, self._notes = stats, notes
        self._no_ignore, self._follow = no_ignore, follow_symlinks
        self._folders: list[tuple[str, str]] = []
        self._links: list[tuple[str, str]] = []
        self._visited: set[tuple[int, int]] = set()

    def listings(self, folder: str, shown: str) -> Iterator[Listing | Problem]:
        """Yield the listings of the folder (a path that ends in /) and what can't be listed."""
        root = "" if self._no_ignore else worktree.worktree_root(folder)
        if root and root != os.path.realpath(folder) and not worktree.is_ignored(folder):
            done = yield from self._by_git(folder, shown)
        else:
            done = False
        if not done:
            yield from self._plain(folder, shown)
        while self._folders or self._links:
            # Links come last, so that what can be reached without one is shown under its own name.
            if self._folders:
                yield from self._plain(*self._folders.pop())
            else:
                yield from self._resolve(*self._links.pop(0))

    def add_folder(self, folder: str, shown: str) -> None:
        """Take a folder that was listed as a file: a submodule, or a repository inside this one."""
        self._folders.append((folder.rstrip("/") + "/", shown.rstrip("/") + "/"))

    def add_link(self, path: str, shown: str) -> None:
        """Take a symbolic link: follow it later, or count it."""
        if self._follow:
            self._links.append((path, shown))
        else:
            count(self._stats.skipped, "symlink")

    def _plain(self, folder: str, shown: str) -> Iterator[Listing | Problem]:
        files, folders, links, special = [], [], [], 0
        try:
            if self._follow and not self._first_visit(folder):
                count(self._stats.skipped, "duplicate")
                return
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.is_file(follow_symlinks=False):
                        files.append(entry.name)
                    elif entry.is_dir(follow_symlinks=False):
                        folders.append(entry.name)
                    elif entry.is_symlink():
                        links.append(entry.name)
                    else:
                        special += 1
        except OSError as error:
            yield problem_of(error, shown.rstrip("/"))
        if ".git" in folders:
            folders.remove(".git")
            count(self._stats.skipped, "git_dir")
            here = True
        else:
            here = ".git" in files
        if here and not self._no_ignore and (yield from self._by_git(folder, shown)):
            return
        for name in sorted(links):
            self.add_link(folder + name, shown + name)
        if special:
            self._stats.skipped["special"] = self._stats.skipped.get("special", 0) + special
        folders.sort(reverse=True)
        self._folders += [(f"{folder}{name}/", f"{shown}{name}/") for name in folders]
        files.sort()
        yield Listing(folder, shown, files)

    def _by_git(self, folder: str, shown: str) -> Generator[Listing | Problem, None, bool]:
        listed = worktree.listing(folder, shown)
        self._notes += listed.notes
        yield from listed.problems
        if listed.names is None:
            return False
        if self._follow:
            self._first_visit(folder)
        yield Listing(folder, shown, self._inside(folder, shown, listed.names), listed_by_git=True)
        return True

    def _inside(self, folder: str, shown: str, names: list[str]) -> list[str]:
        """Drop the names that lead out through a folder that has become a link since git recorded them."""
        real = {"": True}
        kept = []
        for name in names:
            parent = name[: max(0, name.rstrip("/").rfind("/"))]
            if parent not in real:
                self._look_at(folder, shown, parent, real)
            if real[parent]:
                kept.append(name)
        return kept

    def _look_at(self, folder: str, shown: str, parent: str, real: dict[str, bool]) -> None:
        place = ""
        for part in parent.split("/"):
            above, place = place, f"{place}/{part}" if place else part
            if place in real:
                continue
            real[place] = real[above]
            if not real[above]:
                continue
            try:
                found = os.lstat(folder + place)
            except OSError:
                # Opening the file will tell what is wrong.
                continue
            if stat.S_ISLNK(found.st_mode):
                real[place] = False
                self.add_link(folder + place, shown + place)
            elif self._follow:
                self._visited.add((found.st_dev, found.st_ino))

    def _first_visit(self, folder: str) -> bool:
        found = os.stat(folder)
        place = (found.st_dev, found.st_ino)
        if place in self._visited:
            return False
        self._visited.add(place)
        return True

    def _resolve(self, path: str, shown: str) -> Iterator[Listing | Problem]:
        try:
            found = os.stat(path)
        except OSError as error:
            if error.errno == errno.ELOOP:
                count(self._stats.skipped, "symlink_loop")
            elif error.errno == errno.ENOENT:
                yield Problem("unreadable", shown, "a symbolic link that leads nowhere")
            else:
                yield problem_of(error, shown)
            return
        if stat.S_ISREG(found.st_mode):
            name = os.path.basename(path)
            yield Listing(path.removesuffix(name), shown.removesuffix(name), [name], follow=True)
        elif not stat.S_ISDIR(found.st_mode):
            count(self._stats.skipped, "special")
        elif (found.st_dev, found.st_ino) not in self._visited:
            self.add_folder(path, shown)
        else:
            above = os.path.realpath(os.path.dirname(path)) + "/"
            looped = above.startswith(os.path.realpath(path) + "/")
            count(self._stats.skipped, "symlink_loop" if looped else "duplicate")

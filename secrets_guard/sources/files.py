"""Files and folders -> blobs. The common path is one open, fstat, read and close per file, and nothing else."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from secrets_guard.errors import SourceError
from secrets_guard.model.blob import Blob
from secrets_guard.model.origin import FileOrigin, Origin
from secrets_guard.model.result import Problem, Stats, count
from secrets_guard.sources.archive import inside, suspect
from secrets_guard.sources.archive.limits import Limits
from secrets_guard.sources.contents import problem_of, read_open, too_large
from secrets_guard.sources.pieces import SIZES
from secrets_guard.sources.tree import Listing, Tree

# Opening must not wait (a FIFO), follow a link that has just been put there, or take over a terminal.
_FOLLOW = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_CLOEXEC", 0)
_NO_FOLLOW = _FOLLOW | getattr(os, "O_NOFOLLOW", 0)


class FileSource:
    """Sweeps files and folders, without what git ignores; ``notes`` says where that could not be asked of git.

    A blob's name is relative to the target when that is a single folder, else it begins with the target as given.
    ``max_file_size`` is in bytes (0: no limit); ``skip_path`` gets a blob's name and says whether to leave it out;
    ``limits`` are those of opening archives.
    """

    kind = "files"

    def __init__(
        self,
        paths: Sequence[str],
        *,
        no_ignore: bool = False,
        follow_symlinks: bool = False,
        max_file_size: int = 0,
        skip_path: Callable[[str], bool] | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.target = " ".join(paths)
        self.notes: list[str] = []
        self._paths = list(dict.fromkeys(paths))
        self._no_ignore, self._follow = no_ignore, follow_symlinks
        self._limit = max_file_size
        self._skip_path = skip_path
        self._limits = limits or Limits(largest=max_file_size)
        self._seen: set[tuple[int, int]] | None = set() if follow_symlinks else None

    def blobs(self, stats: Stats) -> Iterator[Blob | Problem]:
        """Yield every file once, large ones in pieces, and what can't be read as Problems.

        Raises SourceError, before anything is swept, when one of the targets can't be read at all.
        """
        folders = {path: _check(path) for path in self._paths}
        for path, is_folder in folders.items():
            tree = Tree(stats, self.notes, no_ignore=self._no_ignore, follow_symlinks=self._follow)
            if not is_folder:
                yield from self._read(Listing("", "", [path], follow=True), tree, stats)
                continue
            base = path if path.endswith("/") else path + "/"
            for item in tree.listings(base, "" if len(folders) == 1 else base):
                if isinstance(item, Listing):
                    yield from self._read(item, tree, stats)
                else:
                    yield item

    def count_blobs(self) -> int:
        """Return about how many files there are, by a walk of its own that reads none: for progress."""
        total = 0
        for path in self._paths:
            if not os.path.isdir(path):
                total += 1
                continue
            tree = Tree(Stats(), [], no_ignore=self._no_ignore, follow_symlinks=False)
            listings = tree.listings(path if path.endswith("/") else path + "/", "")
            total += sum(len(item.names) for item in listings if isinstance(item, Listing))
        return total

    def _read(self, listing: Listing, tree: Tree, stats: Stats) -> Iterator[Blob | Problem]:
        base, shown, names, by_git, follow = listing
        flags = _FOLLOW if follow else _NO_FOLLOW
        skip, most = self._skip_path, min(self._limit or SIZES.piece, SIZES.piece)
        for name in names:
            path = shown + name
            if skip is not None and skip(path):
                count(stats.skipped, "path")
                continue
            try:
                descriptor = os.open(base + name, flags)
            except OSError as error:
                yield from self._refused(error, base + name, path, by_git, tree, stats)
                continue
            try:
                info = os.fstat(descriptor)
                size = info.st_size
                if 0 < size <= most and self._seen is None and stat.S_ISREG(info.st_mode):
                    data = os.read(descriptor, size)
                    usual = len(data) == size
                else:
                    usual = False
                if not usual:
                    yield from self._unusual(descriptor, info, base + name, path, tree, stats)
                    continue
            except OSError as error:
                yield problem_of(error, path)
                continue
            finally:
                os.close(descriptor)
            if suspect(data):
                yield from inside(Blob(path, data, path), self._limits, stats)
            else:
                yield Blob(path, data, path)

    def _unusual(
        self, descriptor: int, info: os.stat_result, real: str, path: str, tree: Tree, stats: Stats
    ) -> Iterator[Blob | Problem]:
        if stat.S_ISDIR(info.st_mode):
            tree.add_folder(real, path)
            return
        if self._seen is not None:
            place = (info.st_dev, info.st_ino)
            if place in self._seen:
                count(stats.skipped, "duplicate")
                return
            self._seen.add(place)
        if self._limit and info.st_size > self._limit:
            yield too_large(path, info.st_size, self._limit, stats)
        else:
            yield from read_open(descriptor, info, path, self._limits, stats)

    def _refused(
        self, error: OSError, real: str, path: str, by_git: bool, tree: Tree, stats: Stats
    ) -> Iterator[Problem]:
        """Sort out a file that did not open: a link, a socket, one that is gone, or a real Problem."""
        if by_git and error.errno in (errno.ENOENT, errno.ENOTDIR):
            count(stats.skipped, "deleted")
            return
        try:
            mode = os.lstat(real).st_mode
        except OSError:
            mode = 0
        if stat.S_ISLNK(mode):
            tree.add_link(real, path)
        elif mode and not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            count(stats.skipped, "special")
        else:
            yield problem_of(error, path)

    def origins(self, ids: Iterable[str]) -> Mapping[str, list[Origin]]:
        """Return the file of each id."""
        return {path: [FileOrigin(path)] for path in ids}


def _check(path: str) -> bool:
    """Return whether a target is a folder; raise SourceError when it can't be read at all."""
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            os.scandir(path).close()
            return True
        if stat.S_ISREG(mode):
            os.close(os.open(path, _FOLLOW))
            return False
    except FileNotFoundError:
        raise SourceError(f"{path!r}: no such file or folder; check the path") from None
    except OSError as error:
        raise SourceError(f"{path!r}: can't be read: {error.strerror}; check its permissions and the path") from None
    except ValueError:
        raise SourceError(f"{path!r}: not a path: it holds a NUL byte") from None
    raise SourceError(f"{path!r}: neither a file nor a folder; to sweep a stream, pipe it into 'scan stdin'")

"""Files and folders: names, order, everything that is not a plain file, and what can't be read."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from secrets_guard.errors import SourceError
from secrets_guard.model.blob import Blob
from secrets_guard.model.origin import FileOrigin
from secrets_guard.model.result import Problem, Stats
from secrets_guard.sources.contents import problem_of
from secrets_guard.sources.files import FileSource
from secrets_guard.sources.pieces import SIZES


def sweep(source: FileSource) -> tuple[dict[str, bytes], list[Problem], dict[str, int]]:
    stats, contents, problems = Stats(), dict[str, bytes](), list[Problem]()
    for item in source.blobs(stats):
        if isinstance(item, Problem):
            problems.append(item)
        else:
            assert item.id not in contents, f"{item.id} swept twice"
            contents[item.id] = item.data
    return contents, problems, stats.skipped


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    (folder / "sub").mkdir(parents=True)
    (folder / "b.txt").write_bytes(b"b")
    (folder / "a.txt").write_bytes(b"a")
    (folder / "sub" / "c.txt").write_bytes(b"c")
    return folder


def test_names_in_a_single_folder_are_relative_to_it_and_sorted(tree: Path) -> None:
    contents, problems, skipped = sweep(FileSource([str(tree)]))
    assert list(contents.items()) == [("a.txt", b"a"), ("b.txt", b"b"), ("sub/c.txt", b"c")]
    assert (problems, skipped) == ([], {})


def test_names_of_several_targets_begin_with_the_target_and_can_be_opened(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tree)
    contents, _, _ = sweep(FileSource(["sub", "a.txt", "sub", "b.txt"]))
    assert list(contents) == ["sub/c.txt", "a.txt", "b.txt"]
    assert all(Path(name).read_bytes() == data for name, data in contents.items())


def test_a_single_file_goes_by_the_name_given(tree: Path) -> None:
    path = str(tree / "a.txt")
    assert sweep(FileSource([path]))[0] == {path: b"a"}
    assert FileSource([path]).origins([path]) == {path: [FileOrigin(path)]}


def test_a_path_to_leave_out_is_counted(tree: Path) -> None:
    contents, _, skipped = sweep(FileSource([str(tree)], skip_path=lambda name: name.startswith("sub/")))
    assert list(contents) == ["a.txt", "b.txt"]
    assert skipped == {"path": 1}


def test_the_git_folder_is_left_out_even_where_ignored_files_are_wanted(tree: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tree / "sub" / "repo")], check=True)
    contents, _, skipped = sweep(FileSource([str(tree)]))
    assert not [name for name in contents if ".git/" in name]
    assert skipped == {"git_dir": 1}
    contents, _, skipped = sweep(FileSource([str(tree)], no_ignore=True))
    assert not [name for name in contents if ".git/" in name]
    assert skipped == {"git_dir": 1}


def test_links_are_counted_not_read(tree: Path) -> None:
    (tree / "link").symlink_to("a.txt")
    (tree / "folder").symlink_to("sub")
    (tree / "broken").symlink_to("nowhere")
    contents, problems, skipped = sweep(FileSource([str(tree)]))
    assert list(contents) == ["a.txt", "b.txt", "sub/c.txt"]
    assert (problems, skipped) == ([], {"symlink": 3})


def test_a_link_given_as_target_is_followed(tree: Path) -> None:
    link = tree.parent / "link"
    link.symlink_to(tree)
    assert list(sweep(FileSource([str(link)]))[0]) == ["a.txt", "b.txt", "sub/c.txt"]
    other = tree / "other"
    other.symlink_to("a.txt")
    assert sweep(FileSource([str(other)]))[0] == {str(other): b"a"}


def test_followed_links_lead_to_each_file_once_and_never_in_circles(tree: Path) -> None:
    outside = tree.parent / "outside"
    outside.mkdir()
    (outside / "d.txt").write_bytes(b"d")
    (outside / "back").symlink_to(tree)
    for name, to in {"out": outside, "up": tree, "self": Path("self"), "same": tree / "a.txt"}.items():
        (tree / name).symlink_to(to)
    (tree / "broken").symlink_to("nowhere")
    contents, problems, skipped = sweep(FileSource([str(tree)], follow_symlinks=True))
    assert list(contents) == ["a.txt", "b.txt", "sub/c.txt", "out/d.txt"]
    assert problems == [Problem("unreadable", "broken", "a symbolic link that leads nowhere")]
    assert skipped["symlink_loop"] == 2
    assert skipped["duplicate"] == 2


def test_fifos_and_sockets_are_counted_never_opened(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree)
    os.mkfifo("fifo")
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind("socket")
        contents, problems, skipped = sweep(FileSource(["."]))
    assert list(contents) == ["a.txt", "b.txt", "sub/c.txt"]
    assert (problems, skipped) == ([], {"special": 2})


def test_a_file_that_becomes_a_fifo_or_a_link_after_it_was_listed_is_not_waited_for(tree: Path) -> None:
    stats = Stats()
    items = FileSource([str(tree)]).blobs(stats)
    first = next(items)
    assert isinstance(first, Blob)
    assert first.id == "a.txt"
    (tree / "b.txt").unlink()
    os.mkfifo(tree / "b.txt")
    assert [item.id for item in items if isinstance(item, Blob)] == ["sub/c.txt"]
    assert stats.skipped == {"special": 1}


def test_a_file_that_vanishes_after_it_was_listed_is_a_problem(tree: Path) -> None:
    items = FileSource([str(tree)]).blobs(Stats())
    next(items)
    (tree / "b.txt").unlink()
    assert next(items) == Problem("vanished", "b.txt", "gone between listing and reading")


def test_a_file_that_shrinks_while_it_is_read_is_swept_and_a_problem(tree: Path) -> None:
    path = tree / "a.txt"
    path.write_bytes(b"x" * (2 * SIZES.piece))
    items = FileSource([str(path)]).blobs(Stats())
    next(items)
    os.truncate(path, 10)
    rest = list(items)
    assert isinstance(rest[0], Blob)
    assert [item.kind for item in rest[1:] if isinstance(item, Problem)] == ["changed"]


def test_a_file_over_the_limit_is_a_problem_that_says_what_to_raise(tree: Path) -> None:
    (tree / "b.txt").write_bytes(b"x" * 2001)
    contents, problems, skipped = sweep(FileSource([str(tree)], max_file_size=2000))
    assert list(contents) == ["a.txt", "sub/c.txt"]
    assert problems == [Problem("too_large", "b.txt", "2,001 bytes, more than 2,000; raise --max-file-size")]
    assert skipped == {"too_large": 1}


def test_empty_files_and_archives_that_stay_closed_are_counted(tree: Path) -> None:
    import bz2
    import gzip
    import lzma
    import zipfile

    (tree / "empty").touch()
    (tree / "x.gz").write_bytes(gzip.compress(b"x"))
    (tree / "x.bz2").write_bytes(bz2.compress(b"x"))
    (tree / "x.xz").write_bytes(lzma.compress(b"x"))
    (tree / "bzh.txt").write_bytes(b"BZhello, a text")
    with zipfile.ZipFile(tree / "x.jar", "w") as archive:
        archive.writestr("x", "x")
    (tree / "x.rar").write_bytes(b"Rar!\x1a\x07\0x")
    contents, problems, skipped = sweep(FileSource([str(tree)]))
    assert [contents[name] for name in ("x.gz", "x.bz2", "x.xz", "x.jar")] == [b"x"] * 4
    assert {"x.rar", "bzh.txt"} <= set(contents)
    assert [(problem.kind, problem.where) for problem in problems] == [("unsupported", "x.rar")]
    assert skipped == {"empty": 1, "archive": 1}


def test_names_that_are_not_utf8_survive(tree: Path) -> None:
    name = os.fsdecode(b"caf\xe9")
    (tree / name).write_bytes(b"x")
    assert sweep(FileSource([str(tree)]))[0][name] == b"x"


def test_a_folder_nested_deeper_than_the_longest_path_is_a_problem_not_a_crash(tree: Path) -> None:
    here = os.open(tree, os.O_RDONLY)
    for _ in range(30):
        os.mkdir("n" * 200, dir_fd=here)
        below = os.open("n" * 200, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    contents, problems, _ = sweep(FileSource([str(tree)]))
    assert list(contents) == ["a.txt", "b.txt", "sub/c.txt"]
    assert [(found.kind, found.message) for found in problems] == [("unreadable", os.strerror(errno.ENAMETOOLONG))]


@pytest.fixture
def outside() -> Iterator[Path]:
    """A folder that anybody may enter, removed by rm: Python 3.11's own rmtree recurses."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    subprocess.run(["rm", "-rf", str(folder)], check=True)


def test_folders_nested_deeper_than_python_recurses_are_walked(outside: Path) -> None:
    depth = sys.getrecursionlimit() + 200
    for below in range(1, depth + 1):
        os.mkdir(f"{outside}{'/d' * below}")
    Path(f"{outside}{'/d' * depth}/x").write_bytes(b"x")
    assert sweep(FileSource([str(outside)]))[0] == {"d/" * depth + "x": b"x"}


@pytest.mark.skipif(not os.path.exists("/proc/self/mem"), reason="needs /proc")
def test_a_file_that_fails_when_it_is_read_is_a_problem() -> None:
    contents, problems, _ = sweep(FileSource(["/proc/self/mem"]))
    assert contents == {}
    assert problems == [Problem("unreadable", "/proc/self/mem", os.strerror(errno.EIO))]


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="needs /proc")
def test_a_file_that_only_says_that_it_is_empty_is_read() -> None:
    assert b"Name:" in sweep(FileSource(["/proc/self/status"]))[0]["/proc/self/status"]


_AS_NOBODY = """
import os, sys
from secrets_guard.errors import SourceError
from secrets_guard.model.result import Problem, Stats
from secrets_guard.sources.files import FileSource
os.setgroups([]); os.setgid(65534); os.setuid(65534)
try:
    for item in FileSource(sys.argv[1:]).blobs(Stats()):
        print(*item if isinstance(item, Problem) else ("blob", item.id), sep="|")
except SourceError as error:
    print("error|", error)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_what_one_may_not_read_is_a_problem_and_as_a_target_an_error(outside: Path) -> None:
    for name in ("a.txt", "b.txt", "sub/c.txt"):
        (outside / name).parent.mkdir(exist_ok=True)
        (outside / name).write_bytes(b"x")
    (outside / "a.txt").chmod(0)
    (outside / "sub").chmod(0)

    def run(*targets: Path) -> list[str]:
        command = [sys.executable, "-c", _AS_NOBODY, *map(str, targets)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()

    denied = os.strerror(errno.EACCES)
    assert run(outside) == [f"unreadable|a.txt|{denied}", "blob|b.txt", f"unreadable|sub|{denied}"]
    (line,) = run(outside / "b.txt", outside / "a.txt")
    assert line.startswith("error|")
    assert "a.txt" in line
    assert denied in line


@pytest.mark.parametrize("what", ["missing", "fifo", "nul\0byte", "loop", ""])
def test_a_target_that_can_not_be_read_is_an_error_of_one_line(
    what: str, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tree)
    os.mkfifo("fifo")
    os.symlink("loop", "loop")
    with pytest.raises(SourceError) as caught:
        next(FileSource(["a.txt", what]).blobs(Stats()))
    assert "\n" not in str(caught.value)
    assert repr(what) in str(caught.value)


def test_a_name_with_a_newline_stays_on_the_one_line_of_the_error(tree: Path) -> None:
    with pytest.raises(SourceError) as caught:
        next(FileSource([str(tree / "a\nb")]).blobs(Stats()))
    assert "\n" not in str(caught.value)


def test_an_error_without_a_text_still_makes_a_message() -> None:
    assert problem_of(OSError(), "x") == Problem("unreadable", "x", "can't be read")


def test_the_end_of_a_sparse_file_of_five_gigabytes_is_found_at_its_place(tree: Path) -> None:
    marker, size = b"\nthe end", 5 << 30
    path = tree / "sparse"
    with open(path, "wb") as file:
        file.write(b"one\ntwo\n")
        file.seek(size - len(marker))
        file.write(marker)
    if path.stat().st_blocks * 512 > 1 << 24:
        pytest.skip("this file system has no holes")
    blobs = [item for item in FileSource([str(path)]).blobs(Stats()) if isinstance(item, Blob)]
    assert sum(len(blob.data) for blob in blobs) < 2 * SIZES.piece
    last = blobs[-1]
    assert last.start + last.data.index(marker) == size - len(marker)
    assert last.place.line == 3

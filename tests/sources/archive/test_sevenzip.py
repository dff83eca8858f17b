"""7z archives as 7-Zip writes them, and broken ones."""

from __future__ import annotations

import contextlib
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secrets_guard.sources.archive.limits import Limits

from .conftest import Make, open_stream, open_whole, tarred

TEXT = b"".join(b"line %d of a text\n" % number for number in range(20_000))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "tree" / "sub").mkdir(parents=True)
    (tmp_path / "tree" / "a.txt").write_bytes(TEXT)
    (tmp_path / "tree" / "empty").write_bytes(b"")
    (tmp_path / "tree" / "sub" / "caf\xe9").write_bytes(random.Random(1).randbytes(100_000))
    return tmp_path


@pytest.mark.parametrize(
    "options",
    [
        (), ("-mx=0",), ("-mx=9",), ("-m0=LZMA",), ("-m0=LZMA2",), ("-m0=BZip2",), ("-m0=Deflate",), ("-m0=Deflate64",),
        ("-ms=off",), ("-mhc=off",), ("-m0=Delta:4", "-m1=LZMA2"), ("-m0=BCJ", "-m1=LZMA2"), ("-m0=ARM", "-m1=LZMA2"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_each_way_of_packing_is_read(tree: Path, make: Make, options: tuple[str, ...]) -> None:
    make("7z", "a", *options, "a.7z", "tree")
    data = (tree / "a.7z").read_bytes()
    for told in (open_whole(data), open_stream(data, name="a")):
        assert told.problems == []
        assert told.contents == {
            "tree/a.txt": [TEXT],
            "tree/sub/caf\xe9": [(tree / "tree" / "sub" / "caf\xe9").read_bytes()],
        }


def test_an_archive_that_needs_a_password_is_a_problem_that_says_so(tree: Path, make: Make) -> None:
    make("7z", "a", "-pPassword", "a.7z", "tree")
    make("7z", "a", "-pPassword", "-mhe=on", "b.7z", "tree")
    told = open_whole((tree / "a.7z").read_bytes())
    assert {(problem.kind, problem.where) for problem in told.problems} == {
        ("encrypted", "a!/tree/a.txt"),
        ("encrypted", "a!/tree/sub/caf\xe9"),
    }
    assert open_whole((tree / "b.7z").read_bytes()).kinds == ["encrypted"]


def test_a_method_that_can_not_be_read_is_a_problem(tree: Path, make: Make) -> None:
    make("7z", "a", "-m0=PPMd", "a.7z", "tree")
    told = open_whole((tree / "a.7z").read_bytes())
    assert set(told.kinds) == {"unsupported"}
    assert "PPMd" in told.problems[0].message


def test_a_damaged_part_is_a_problem_and_the_rest_is_swept(tree: Path, make: Make) -> None:
    make("7z", "a", "-m0=Copy", "-ms=off", "a.7z", "tree")
    data = (tree / "a.7z").read_bytes()
    told = open_whole(data.replace(b"line 77 of", b"line 77 if"))
    assert [(problem.kind, problem.where) for problem in told.problems] == [("damaged", "a!/tree/a.txt")]
    assert told.contents["tree/a.txt"] == [TEXT.replace(b"line 77 of", b"line 77 if")]


def test_one_that_is_cut_short_is_a_problem(tree: Path, make: Make) -> None:
    make("7z", "a", "a.7z", "tree")
    data = (tree / "a.7z").read_bytes()
    for cut in (len(data) - 1, len(data) // 2, 33, 20, 6):
        told = open_whole(data[:cut])
        assert told.kinds == ["damaged"]
        assert told.skipped == {"archive": 1}
        assert told.everything == data[:cut]


def test_one_within_a_tar_is_opened(tree: Path, make: Make) -> None:
    make("7z", "a", "a.7z", "tree")
    told = open_whole(tarred([("x/a.7z", (tree / "a.7z").read_bytes())]))
    assert told.contents["x/a.7z!/tree/a.txt"] == [TEXT]


def test_a_bomb_is_stopped_by_the_budget(tmp_path: Path, make: Make) -> None:
    (tmp_path / "zeros").write_bytes(bytes(60 << 20))
    make("7z", "a", "a.7z", "zeros")
    told = open_whole((tmp_path / "a.7z").read_bytes(), Limits(free=10 << 20, ratio=1))
    assert [(problem.kind, problem.where) for problem in told.problems] == [("limit", "a")]


def test_a_dictionary_that_needs_too_much_memory_is_refused(tmp_path: Path, make: Make) -> None:
    (tmp_path / "a").write_bytes(b"x" * 1000)
    make("7z", "a", "-m0=LZMA2:d=31", "a.7z", "a")
    data = bytearray((tmp_path / "a.7z").read_bytes())
    at = data.index(b"\x21\x21\x01") + 3
    data[at] = 38
    told = open_whole(bytes(data))
    assert told.kinds == ["unsupported"]
    assert "MiB of memory" in told.problems[0].message


@given(st.data())
@settings(deadline=None, max_examples=200)
def test_a_header_of_noise_ends_in_a_problem(data: st.DataObject) -> None:
    from secrets_guard.sources.archive.sevenheader import parse

    noise = data.draw(st.binary(max_size=200))
    with contextlib.suppress(ValueError):
        parse(data.draw(st.sampled_from([b"\x01", b"\x17", b"\x01\x04\x06\0\x01\x09", b"\x01\x05"])) + noise)

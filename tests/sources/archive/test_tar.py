"""The tar reader against Python's writer, GNU tar and bsdtar, and against what is broken or means harm."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secrets_guard.model.result import Problem
from secrets_guard.sources.archive.tar import Entry, entries

from .conftest import Make, tarred


class Told(NamedTuple):
    """An entry with its content."""

    path: str
    kind: str
    link: str
    data: bytes
    entry: Entry


def unpack(data: bytes, most: int = 1 << 20) -> tuple[list[Told], list[Problem]]:
    """Read a tar that comes in parts of at most ``most`` bytes."""
    stream = io.BytesIO(data)
    told, problems = [], []
    for item in entries(lambda wanted: stream.read(min(wanted, most)), "a.tar"):
        if isinstance(item, Problem):
            problems.append(item)
            continue
        parts = []
        while part := item.read(1000):
            parts.append(part)
        told.append(Told(item.path, item.kind, item.link, b"".join(parts), item))
    return told, problems


_NAME = st.text(st.characters(codec="utf-8", exclude_characters="\0/"), min_size=1, max_size=60)
_PATH = st.lists(_NAME.filter(lambda name: name not in (".", "..")), min_size=1, max_size=8).map("/".join)
_MEMBERS = st.lists(st.tuples(_PATH, st.binary(max_size=3000)), max_size=6)


@given(_MEMBERS, st.sampled_from([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT]), st.integers(1, 2000))
@settings(deadline=None, max_examples=80)
def test_what_python_packs_comes_out_the_same_however_small_the_parts(
    members: list[tuple[str, bytes]], format_: int, most: int
) -> None:
    told, problems = unpack(tarred(members, format_), most)
    assert [(one.path, one.data, one.kind) for one in told] == [(name, data, "file") for name, data in members]
    assert problems == []


@pytest.mark.parametrize("format_", ["ustar", "gnu", "pax", "oldgnu", "v7", "posix"])
def test_each_format_of_gnu_tar_is_read(tmp_path: Path, make: Make, format_: str) -> None:
    (tmp_path / "tree" / "sub").mkdir(parents=True)
    (tmp_path / "tree" / "plain.txt").write_bytes(b"plain\n")
    (tmp_path / "tree" / "sub" / ("n" * 90)).write_bytes(b"x" * 70_000)
    (tmp_path / "tree" / "soft").symlink_to("plain.txt")
    os.link(tmp_path / "tree" / "plain.txt", tmp_path / "tree" / "zzz-hard")
    make("tar", "--sort=name", f"--format={format_}", "-cf", "a.tar", "tree")
    told, problems = unpack((tmp_path / "a.tar").read_bytes())
    assert problems == []
    assert [(one.path, one.kind, one.link, len(one.data)) for one in told] == [
        ("tree", "dir", "", 0),
        ("tree/plain.txt", "file", "", 6),
        ("tree/soft", "symlink", "plain.txt", 0),
        ("tree/sub", "dir", "", 0),
        (f"tree/sub/{'n' * 90}", "file", "", 70_000),
        ("tree/zzz-hard", "hardlink", "tree/plain.txt", 0),
    ]


@pytest.mark.parametrize("format_", ["gnu", "pax"])
def test_names_and_links_of_any_length_are_read(tmp_path: Path, make: Make, format_: str) -> None:
    deep = tmp_path.joinpath(*["d" * 200] * 5)
    deep.mkdir(parents=True)
    (deep / "file").write_bytes(b"deep")
    (tmp_path / "link").symlink_to("x" * 900)
    make("tar", f"--format={format_}", "-cf", "a.tar", "link", "d" * 200)
    told, problems = unpack((tmp_path / "a.tar").read_bytes())
    assert problems == []
    assert told[0].link == "x" * 900
    assert (told[-1].path, told[-1].data) == ("/".join(["d" * 200] * 5 + ["file"]), b"deep")


@pytest.mark.parametrize("how", ["gnu", "0.0", "0.1", "1.0"])
def test_sparse_files_keep_their_data_and_get_short_holes(tmp_path: Path, make: Make, how: str) -> None:
    with open(tmp_path / "holes", "wb") as stream:
        for number in range(40):
            stream.seek(number * (4 << 20))
            stream.write(b"data %d\n" % number)
        stream.truncate(1 << 30)
    options = ["--format=gnu"] if how == "gnu" else ["--format=pax", f"--sparse-version={how}"]
    (tmp_path / "after").write_bytes(b"after")
    make("tar", "-S", *options, "-cf", "a.tar", "holes", "after")
    told, problems = unpack((tmp_path / "a.tar").read_bytes())
    assert problems == []
    assert [one.path for one in told] == ["holes", "after"]
    assert told[0].entry.size == 1 << 30
    assert len(told[0].data) < 400_000
    assert [line for line in told[0].data.split(b"\0") if line] == [b"data %d\n" % number for number in range(40)]
    assert told[1].data == b"after"


def test_short_holes_are_exact(tmp_path: Path, make: Make) -> None:
    with open(tmp_path / "holes", "wb") as stream:
        stream.write(b"y" * 8192)
        stream.seek(16_384)
        stream.write(b"x" * 10)
        stream.truncate(200_000)
    make("tar", "-S", "--format=gnu", "--hole-detection=raw", "-cf", "a.tar", "holes")
    ((_, _, _, data, _),), _ = unpack((tmp_path / "a.tar").read_bytes())
    assert data.rstrip(b"\0") == (tmp_path / "holes").read_bytes().rstrip(b"\0")


def test_extended_attributes_are_told(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo("a")
        info.pax_headers = {"SCHILY.xattr.user.note": "hidden", "LIBARCHIVE.xattr.user.b%20c": "aGlkZGVu"}
        archive.addfile(info)
    told, problems = unpack(stream.getvalue())
    assert problems == []
    assert told[0].entry.xattrs == {"user.note": b"hidden", "user.b c": b"hidden"}


def test_absolute_and_climbing_names_are_shown_as_they_are() -> None:
    told, problems = unpack(tarred([("/etc/passwd", b"1"), ("../../x", b"2"), ("./a//b/./c", b"3")]))
    assert [(one.path, one.data) for one in told] == [("/etc/passwd", b"1"), ("../../x", b"2"), ("a/b/c", b"3")]
    assert told[2].entry.raw == b"./a//b/./c"
    assert problems == []


def test_a_name_that_is_not_utf_8_keeps_its_bytes() -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.GNU_FORMAT, encoding="latin-1") as archive:
        archive.addfile(tarfile.TarInfo("caf\xe9\n"))
    told, _ = unpack(stream.getvalue())
    assert told[0].path.encode("utf-8", "surrogateescape") == b"caf\xe9\n"


def test_devices_and_pipes_have_no_content() -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for type_ in (tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE):
            info = tarfile.TarInfo("dev/x")
            info.type, info.size = type_, 512
            archive.addfile(info)
        archive.addfile(tarfile.TarInfo("after"))
    told, problems = unpack(stream.getvalue())
    assert [(one.kind, one.data) for one in told] == [("device", b"")] * 3 + [("file", b"")]
    assert problems == []


def test_two_entries_of_one_name_are_both_there() -> None:
    told, _ = unpack(tarred([("a", b"first"), ("a", b"second")]))
    assert [one.data for one in told] == [b"first", b"second"]


def test_archives_joined_by_cat_are_read_to_the_end() -> None:
    told, problems = unpack(tarred([("a", b"1")]) + tarred([("b", b"2")]))
    assert [one.path for one in told] == ["a", "b"]
    assert problems == []


@pytest.mark.parametrize("cut", [700, 1024, 1300, 513, 100])
def test_a_tar_that_is_cut_short_is_a_problem_and_what_is_there_is_kept(cut: int) -> None:
    whole = tarred([("a", b"x" * 400), ("b", b"y" * 1000)])
    told, problems = unpack(whole[:cut])
    assert len(problems) == 1
    assert problems[0].kind == "damaged"
    if cut > 512:
        assert told[0].path == "a"
        assert told[0].data == b"x" * min(400, cut - 512)


def test_a_broken_header_is_a_problem_and_the_entries_around_it_are_kept() -> None:
    data = bytearray(tarred([("a", b"1"), ("b", b"2" * 600), ("c", b"3")]))
    data[1024 + 150] ^= 0x55
    told, problems = unpack(bytes(data))
    assert [problem.kind for problem in problems] == ["damaged"]
    assert [one.path for one in told] == ["a", "<damaged at byte 1024>", "c"]
    assert b"2" * 600 in told[1].data


@given(st.binary(max_size=3000))
@settings(deadline=None, max_examples=100)
def test_noise_is_swept_as_it_is_or_is_an_end(data: bytes) -> None:
    told, problems = unpack(data)
    assert b"".join(one.data for one in told) == data or not data.strip(b"\0") or problems


@given(st.data())
@settings(deadline=None, max_examples=150)
def test_a_flipped_byte_loses_no_more_than_its_entry(data: st.DataObject) -> None:
    members = [(f"name-{number}", b"content %d\n" % number * 40) for number in range(4)]
    whole = bytearray(tarred(members))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= 1 << data.draw(st.integers(0, 7))
    told, _ = unpack(bytes(whole))
    contents = b"".join(one.data for one in told)
    assert sum(content in contents for _, content in members) >= 3


def test_a_header_that_claims_to_be_huge_is_left_out_not_held_in_memory() -> None:
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 8 << 30
    header = info.tobuf(tarfile.GNU_FORMAT)
    asked = []

    def read(wanted: int) -> bytes:
        asked.append(wanted)
        return header if len(asked) == 1 else b"" if len(asked) > 20 else b"1" * min(wanted, 4 << 20)

    problems = [item for item in entries(read, "a.tar") if isinstance(item, Problem)]
    assert "was left out" in problems[0].message
    assert max(asked) <= 1 << 20


def test_a_size_below_zero_or_without_sense_is_a_problem() -> None:
    info = tarfile.TarInfo("x")
    data = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    data[124:136] = b"\xff" * 12
    data[148:156] = b"%06o\0 " % (sum(data[:148]) + 256 + sum(data[156:512]))
    _, problems = unpack(bytes(data) + bytes(1024))
    assert [problem.kind for problem in problems] == ["damaged"]


def test_a_member_behind_ten_thousand_headers_of_its_own_is_reached() -> None:
    info = tarfile.TarInfo("a")
    info.pax_headers = {"comment": "x"}
    header = info.tobuf(tarfile.PAX_FORMAT)[:1024]
    told, problems = unpack(header * 10_000 + tarred([("a", b"1")]))
    assert [one.path for one in told] == ["a"]
    assert problems == []


def test_a_map_of_nothing_but_holes_is_no_bomb() -> None:
    info = tarfile.TarInfo("a")
    pairs = ",".join(f"{number * 1_000_001},{number % 2}" for number in range(40_000))
    info.pax_headers = {"GNU.sparse.map": pairs, "GNU.sparse.size": "40000000000", "GNU.sparse.name": "a"}
    info.size = 20_000
    ((_, _, _, data, _),), problems = unpack(info.tobuf(tarfile.PAX_FORMAT) + b"x" * 20_480 + bytes(1024))
    assert (len(data) < 200_000, data.count(b"x"), problems) == (True, 20_000, [])

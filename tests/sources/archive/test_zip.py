"""Zips: every way of packing, from memory and from a stream, and everything that can be wrong with one."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secrets_guard.sources.archive import suspect
from secrets_guard.sources.archive.limits import Limits

from .conftest import Make, Opened, open_local, open_stream, open_whole, tarred, zipped

Open = Callable[[bytes], Opened]
BOTH = pytest.mark.parametrize("opened", [open_whole, open_local], ids=["whole", "local"])
TEXT = b"".join(b"line %d of a text\n" % number for number in range(3000))
METHODS = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
_NAME = st.text(st.characters(codec="utf-8", exclude_characters="\0/\\"), min_size=1, max_size=30)
_NAMES = _NAME.filter(lambda name: name not in (".", ".."))


def streamed(members: list[tuple[str, bytes]], method: int) -> bytes:
    """Return a zip whose sizes stand behind the contents: what a writer does that can't seek."""

    class Pipe(io.RawIOBase):
        data = b""

        def writable(self) -> bool:
            return True

        def write(self, part: bytes) -> int:  # type: ignore[override, unused-ignore]
            self.data += bytes(part)
            return len(part)

    pipe = Pipe()
    with warnings.catch_warnings(), zipfile.ZipFile(pipe, "w", method) as archive:
        warnings.simplefilter("ignore")  # of two members of one name
        for name, data in members:
            archive.writestr(name, data)
    return pipe.data


@BOTH
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("write", [zipped, streamed])
def test_each_method_is_read(opened: Open, method: int, write: Callable[..., bytes]) -> None:
    members = [("a.txt", TEXT), ("empty", b""), ("sub/b.bin", bytes(range(256)) * 50)]
    told = opened(write(members, method))
    assert told.problems == []
    assert told.contents == {"a.txt": [TEXT], "sub/b.bin": [bytes(range(256)) * 50]}


@BOTH
@given(st.lists(st.tuples(_NAMES, st.binary(min_size=1, max_size=600)), max_size=6), st.sampled_from(METHODS))
@settings(deadline=None, max_examples=40)
def test_what_python_packs_comes_out_the_same(opened: Open, members: list[tuple[str, bytes]], method: int) -> None:
    told = opened(zipped(members, method))
    expected: dict[str, list[bytes]] = {}
    for name, data in members:
        expected.setdefault(name, []).append(data)
    if not any(suspect(data) for _, data in members):
        assert (told.contents, told.problems) == (expected, [])


@given(st.lists(st.tuples(_NAMES, st.binary(min_size=1, max_size=400)), max_size=4), st.integers(1, 50))
@settings(deadline=None, max_examples=30)
def test_a_stream_in_small_parts_gives_the_same(members: list[tuple[str, bytes]], most: int) -> None:
    data = streamed(members, zipfile.ZIP_STORED)
    assert open_local(data, most=most) == open_local(data)


@pytest.mark.parametrize(
    "options", [("-0",), ("-9",), ("-Z", "bzip2"), ("-fz",), ("-fd",), ("-fd", "-0"), ("-l",), ("-X",)], ids=" ".join
)
def test_what_info_zip_writes_is_read(tmp_path: Path, make: Make, options: tuple[str, ...]) -> None:
    (tmp_path / "tree" / "sub").mkdir(parents=True)
    (tmp_path / "tree" / "a.txt").write_bytes(TEXT)
    (tmp_path / "tree" / "sub" / "b").write_bytes(b"b")
    make("zip", "-q", "-r", *options, "a.zip", "tree")
    text = TEXT.replace(b"\n", b"\r\n") if options == ("-l",) else TEXT
    data = (tmp_path / "a.zip").read_bytes()
    for told in (open_whole(data), open_local(data)):
        assert told.problems == []
        assert told.contents["tree/a.txt"] == [text]
        assert b"".join(told.contents["tree/sub/b"]).rstrip() == b"b"


@pytest.mark.parametrize("method", ["Copy", "Deflate", "Deflate64", "BZip2", "LZMA"])
def test_what_7_zip_writes_is_read(tmp_path: Path, make: Make, method: str) -> None:
    (tmp_path / "a.txt").write_bytes(TEXT * 10)
    make("7z", "a", "-tzip", f"-mm={method}", "a.zip", "a.txt")
    told = open_whole((tmp_path / "a.zip").read_bytes())
    assert (told.contents, told.problems) == ({"a.txt": [TEXT * 10]}, [])


def test_deflate64_of_unknown_size_is_a_problem_and_the_members_behind_it_are_swept() -> None:
    data = bytearray(streamed([("a", TEXT), ("b", TEXT)], zipfile.ZIP_DEFLATED))
    data[8] = 9
    told = open_local(bytes(data))
    assert (told.problems[0].kind, told.contents) == ("unsupported", {"b": [TEXT]})


def test_a_zip64_of_python_is_read() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a", "w", force_zip64=True) as one:
        one.write(TEXT)
    for told in (open_whole(stream.getvalue()), open_local(stream.getvalue())):
        assert (told.contents, told.problems) == ({"a": [TEXT]}, [])


def test_a_zip_of_more_than_65535_members_is_read() -> None:
    data = zipped((f"{number}", b"x") for number in range(70_000))
    told = open_whole(data)
    assert (len(told.contents), told.problems) == (70_000, [])


@pytest.mark.parametrize("method", ["ZipCrypto", "AES256"])
def test_a_member_that_needs_a_password_is_a_problem_that_says_so(tmp_path: Path, make: Make, method: str) -> None:
    (tmp_path / "a.txt").write_bytes(TEXT)
    (tmp_path / "b.txt").write_bytes(TEXT)
    make("7z", "a", "-tzip", "-pPassword", f"-mem={method}", "a.zip", "a.txt")
    make("7z", "a", "-tzip", "a.zip", "b.txt")
    data = (tmp_path / "a.zip").read_bytes()
    for told in (open_whole(data), open_local(data)):
        assert [(problem.kind, problem.where) for problem in told.problems] == [("encrypted", "a!/a.txt")]
        assert "needs a password" in told.problems[0].message
        assert told.contents == {"b.txt": [TEXT]}


def test_a_method_that_nobody_knows_is_a_problem() -> None:
    data = zipped([("a", b"xx"), ("b", b"yy")], zipfile.ZIP_STORED)
    for at in (8, data.index(b"PK\1\2") + 10):
        data = data[:at] + struct.pack("<H", 97) + data[at + 2 :]
    told = open_whole(data)
    assert (told.kinds, told.contents) == (["unsupported"], {"b": [b"yy"]})
    assert "wavpack" in told.problems[0].message


@BOTH
def test_a_wrong_checksum_is_a_problem_and_the_content_is_swept(opened: Open) -> None:
    data = zipped([("a", b"content"), ("b", b"other")], zipfile.ZIP_STORED).replace(b"content", b"contend")
    told = opened(data)
    assert told.contents == {"a": [b"contend"], "b": [b"other"]}
    assert [(problem.kind, problem.where) for problem in told.problems] == [("damaged", "a!/a")]


@BOTH
@pytest.mark.parametrize("cut", [60, 200, 700])
def test_a_zip_that_is_cut_short_gives_what_is_there(opened: Open, cut: int) -> None:
    data = zipped([("a", b"first " * 4), ("b", bytes(range(256)) * 4)], zipfile.ZIP_STORED)
    told = opened(data[:cut])
    assert told.contents["a"] == [b"first " * 4] if cut > 60 else told.contents["a"] == [(b"first " * 4)[: cut - 31]]
    assert set(told.kinds) == {"damaged"}
    if cut > 200:
        assert told.contents["b"][0] == (bytes(range(256)) * 4)[: cut - 31 - 24 - 31]


@BOTH
def test_a_deflated_member_that_breaks_gives_what_comes_before(opened: Open) -> None:
    data = bytearray(zipped([("a", bytes(range(256)) * 4000), ("b", b"other")]))
    data[1500:1520] = b"\xff" * 20
    told = opened(bytes(data))
    assert "damaged" in told.kinds
    assert (bytes(range(256)) * 4000).startswith(told.contents["a"][0][:100])
    assert told.contents["b"] == [b"other"]


def test_a_self_extracting_archive_is_swept_before_and_inside() -> None:
    script = b"#!/bin/sh\nTOKEN=abc\nexec java -jar $0\n"
    data = script + zipped([("a", TEXT)])
    told = open_whole(data)
    assert told.problems == []
    assert told.contents == {"": [script], "a": [TEXT]}


def test_a_zip_with_shifted_offsets_is_read(tmp_path: Path, make: Make) -> None:
    (tmp_path / "a.txt").write_bytes(TEXT)
    make("zip", "-q", "a.zip", "a.txt")
    make("sh", "-c", "printf '#!/bin/sh\\nexit\\n' | cat - a.zip > b.zip; cp b.zip c.zip; zip -q -A c.zip")
    for name in ("b.zip", "c.zip"):
        told = open_whole((tmp_path / name).read_bytes())
        assert (told.contents["a.txt"], told.problems) == ([TEXT], [])


def test_comments_are_swept() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        info = zipfile.ZipInfo("a")
        info.comment = b"comment of a member"
        archive.writestr(info, b"x")
        archive.comment = b"comment of the archive"
    told = open_whole(stream.getvalue())
    (directory,) = told.contents["<directory>"]
    assert b"comment of a member" in directory
    assert b"comment of the archive" in directory
    assert b"comment of the archive" in open_local(stream.getvalue()).everything


def test_what_lies_between_members_is_swept() -> None:
    first, second = zipped([("a", b"1")], 0), zipped([("b", b"2")], 0)
    start = first.index(b"PK\1\2")
    hidden = b"hidden between the members"
    data = first[:start] + hidden + second
    told = open_whole(data)
    assert hidden in told.everything
    assert {"a", "b"} <= set(told.contents)


def test_members_that_the_directory_leaves_out_are_swept_and_told() -> None:
    both = zipped([("shown", b"1"), ("hidden", b"the hidden content")], 0)
    one = zipped([("shown", b"1")], 0)
    data = both[: both.index(b"PK\1\2")] + one[one.index(b"PK\1\2") :]
    end = data.rindex(b"PK\5\6")
    data = data[: end + 16] + struct.pack("<I", data.index(b"PK\1\2")) + data[end + 20 :]
    told = open_whole(data)
    assert told.contents == {"shown": [b"1"], "hidden": [b"the hidden content"]}
    assert "leaves out" in told.problems[0].message


def test_a_header_that_disagrees_with_the_directory_is_swept_both_ways() -> None:
    data = bytearray(zipped([("a", TEXT), ("b", b"2")]))
    data[data.index(b"PK\1\2") + 10] = 0
    told = open_whole(bytes(data))
    assert TEXT in told.contents["a"]
    assert told.contents["b"] == [b"2"]
    assert any("says something else" in problem.message for problem in told.problems)


@BOTH
def test_two_members_of_one_name_are_both_swept(opened: Open) -> None:
    assert opened(zipped([("a", b"1"), ("a", b"2")])).contents == {"a": [b"1", b"2"]}


@BOTH
@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        (b"/etc/passwd", "/etc/passwd"),
        (b"../../x", "../../x"),
        (b"a\\b\\c", "a/b/c"),
        (b"C:\\x", "C:/x"),
        (b"caf\x82", "caf\xe9"),
        ("caf\xe9".encode(), "caf\xe9"),
        (b"two\nlines\x1b[31m", "two\nlines\x1b[31m"),
        (b"./x//y", "x/y"),
    ],
)
def test_names_are_shown_and_nothing_is_written(opened: Open, stored: bytes, shown: str) -> None:
    data = zipped([("N" * len(stored), b"content")]).replace(b"N" * len(stored), stored)
    assert opened(data).contents == {shown: [b"content"]}


@BOTH
def test_an_empty_zip_is_empty(opened: Open) -> None:
    told = opened(zipped([]))
    assert (told.contents, told.problems) == ({}, [])


def test_a_text_that_begins_as_a_zip_is_swept_and_told() -> None:
    told = open_whole(b"PK\3\4 and then a text that is none")
    assert b"and then a text" in told.everything
    assert "damaged" in told.kinds


@given(st.data())
@settings(deadline=None, max_examples=150)
def test_a_flipped_byte_never_loses_more_than_one_member(data: st.DataObject) -> None:
    members = [(f"name-{number}", b"content %d\n" % number * 20) for number in range(4)]
    whole = bytearray(zipped(members, zipfile.ZIP_STORED))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= 1 << data.draw(st.integers(0, 7))
    told = open_whole(bytes(whole))
    everything = told.everything
    kept = sum(content in everything for _, content in members)
    assert kept == 4 or (kept == 3 and told.problems)


@given(st.binary(max_size=300))
@settings(deadline=None, max_examples=100)
def test_noise_behind_a_magic_ends_and_loses_nothing(noise: bytes) -> None:
    for magic in (b"PK\3\4", b"PK\1\2", b"PK\5\6", b"PK\7\x08PK\3\4"):
        open_whole(magic + noise)
        open_local(magic + noise)


def test_members_that_share_their_bytes_end_in_one_problem() -> None:
    """A zip bomb after David Fifield's: many directory entries, one body (Woot '19, "A better zip bomb")."""
    body = zipped([("a", bytes(20 << 20))])
    start = body.index(b"PK\1\2")
    entry = body[start : body.index(b"PK\5\6")]
    count = 2000
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, count, count, count * len(entry), start, 0)
    told = open_whole(body[:start] + entry * count + end, Limits(free=100 << 20, ratio=10))
    assert [(problem.kind, problem.where) for problem in told.problems] == [("limit", "a")]


def test_a_million_members_are_cut_at_the_limit_and_told() -> None:
    data = zipped((f"{number}", b"x") for number in range(2000))
    told = open_whole(data, Limits(members=1000))
    assert len(told.contents) == 1000
    assert [(problem.kind, problem.where) for problem in told.problems] == [("limit", "a")]
    assert "1,000 members" in told.problems[0].message


@pytest.mark.parametrize("opened", [open_whole, open_stream], ids=["whole", "stream"])
def test_archives_in_archives_are_opened_to_the_depth_asked_for(opened: Open) -> None:
    data = b"the innermost"
    for level in range(6):
        data = zipped([(f"{level}", data)])
    told = opened(data)
    assert told.kinds == ["limit"]
    assert list(told.contents) == ["5!/4!/3!/2!/1"]
    assert told.skipped == {"archive": 1}
    assert "--max-depth" in told.problems[0].message


def test_a_depth_of_none_leaves_the_archive_closed() -> None:
    data = zipped([("a", b"x")])
    told = open_whole(data, Limits(depth=0))
    assert (told.contents, told.problems, told.skipped) == ({"": [data]}, [], {"archive": 1})


def test_a_large_member_comes_in_pieces() -> None:
    content = b"".join(b"%d\n" % number for number in range(1_500_000))
    told = open_whole(zipped([("a", content)]))
    assert told.contents == {"a": [content]}


def test_a_member_over_the_largest_size_is_left_out_and_told() -> None:
    told = open_whole(zipped([("a", b"x" * 100), ("b", b"y" * 101)]), Limits(largest=100))
    assert told.contents == {"a": [b"x" * 100]}
    assert [(problem.kind, problem.where) for problem in told.problems] == [("too_large", "a!/b")]
    assert told.skipped == {"too_large": 1}


def test_a_large_zip_within_a_tar_is_read_by_its_local_headers() -> None:
    import os

    noise = os.urandom(33 << 20)
    told = open_stream(tarred([("big.zip", streamed([("noise", noise), ("a", TEXT)], zipfile.ZIP_DEFLATED))]))
    assert told.problems == []
    assert told.contents["big.zip!/a"] == [TEXT]
    assert told.contents["big.zip!/noise"] == [noise]


def test_wheels_as_they_are_published_are_read() -> None:
    import ensurepip

    wheels = list((Path(ensurepip.__file__).parent / "_bundled").glob("*.whl"))
    assert wheels
    for wheel in wheels:
        told = open_whole(wheel.read_bytes())
        with zipfile.ZipFile(wheel) as archive:
            expected = {info.filename: [archive.read(info)] for info in archive.infolist() if info.file_size}
        assert told.problems == []
        assert {name: told.contents.get(name) for name in expected} == expected


def test_an_sdist_is_opened(tmp_path: Path) -> None:
    (tmp_path / "setup.py").write_text("import setuptools; setuptools.setup(name='x', version='1', py_modules=['x'])")
    (tmp_path / "x.py").write_text("VALUE = 1\n")
    build = "from setuptools import build_meta; build_meta.build_sdist('.')"
    subprocess.run([sys.executable, "-c", build], cwd=tmp_path, check=True, capture_output=True)
    (sdist,) = tmp_path.glob("*.tar.gz")
    assert open_whole(sdist.read_bytes()).contents["x-1/x.py"] == [b"VALUE = 1\n"]


@pytest.mark.parametrize("field", [16, 20, 24, 42])
@pytest.mark.parametrize("value", [0, 1, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF])
def test_a_directory_with_a_number_that_can_not_be_is_a_problem_and_loses_nothing(field: int, value: int) -> None:
    data = zipped([("a", b"content"), ("b", b"other")], zipfile.ZIP_STORED)
    at = data.index(b"PK\1\2") + field
    told = open_whole(b"#!/bin/sh\n" + data[:at] + struct.pack("<I", value) + data[at + 4 :])
    assert b"content" in told.everything
    assert b"other" in told.everything
    assert told.problems or (field, value) == (42, 0)

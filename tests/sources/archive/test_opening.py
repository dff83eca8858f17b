"""Every kind of archive wherever it is nested: what is inside, under which path, and what hostile ones cost."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path

import lz4.frame
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from secrets_guard.sources.archive import is_archive, suspect
from secrets_guard.sources.archive.limits import Limits
from secrets_guard.sources.archive.magic import kind_of_whole
from secrets_guard.sources.archive.opening import held, inner_name

from .conftest import Make, open_stream, open_whole, tarred, zipped

_MAGICS = st.sampled_from([b"\x1f\x8b\x08", b"PK\3\4", b"!<arch>\n", b"070701", b"\xed\xab\xee\xdb"])
TEXT = b"".join(b"line %d of a text\n" % number for number in range(2000))
PACK: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
    ".zst": lambda data: zstandard.ZstdCompressor().compress(data),
    ".lz4": lambda data: bytes(lz4.frame.compress(data)),
    ".zz": zlib.compress,
}


@pytest.mark.parametrize("ending", PACK)
def test_a_compressed_file_holds_its_content_under_its_name_without_the_ending(ending: str) -> None:
    for told in (
        open_whole(PACK[ending](TEXT), name=f"logs/app.log{ending}"),
        open_stream(PACK[ending](TEXT), name=f"logs/app.log{ending}", most=99),
    ):
        assert (told.contents, told.problems, told.skipped) == ({"app.log": [TEXT]}, [], {})


@pytest.mark.parametrize("ending", PACK)
def test_a_compressed_tar_is_one_archive_not_two(ending: str) -> None:
    data = PACK[ending](tarred([("a/b.txt", TEXT), ("c", b"x")]))
    for told in (open_whole(data), open_stream(data, most=99)):
        assert (told.contents, told.problems) == ({"a/b.txt": [TEXT], "c": [b"x"]}, [])
    assert open_whole(data, Limits(depth=1)).problems == []


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("x/app.log.gz", "app.log"),
        ("dump.SQL.XZ", "dump.SQL"),
        ("a.svgz", "a.svgz"),
        ("stdin", "stdin"),
        (".gz", ".gz"),
    ],
)
def test_what_the_content_of_a_compressed_file_is_called(path: str, name: str) -> None:
    assert inner_name(path) == name


def test_archives_nest_and_the_path_says_how() -> None:
    inner = zipped([("deep/c.txt", TEXT), ("log.gz", gzip.compress(b"logged"))])
    told = open_whole(gzip.compress(tarred([("b.zip", inner), ("plain", b"plain")])), name="a.tgz")
    assert told.problems == []
    assert told.contents == {"b.zip!/deep/c.txt": [TEXT], "b.zip!/log.gz!/log": [b"logged"], "plain": [b"plain"]}


def test_a_debian_package_is_opened(tmp_path: Path, make: Make) -> None:
    (tmp_path / "x" / "DEBIAN").mkdir(parents=True)
    (tmp_path / "x" / "DEBIAN" / "control").write_text(
        "Package: x\nVersion: 1\nArchitecture: all\nMaintainer: Jo <jo@example.org>\nDescription: x\n"
    )
    (tmp_path / "x" / "etc").mkdir()
    (tmp_path / "x" / "etc" / "x.conf").write_bytes(TEXT)
    for how in ("xz", "gzip", "zstd", "none"):
        make("dpkg-deb", "--build", f"-Z{how}", "x", "x.deb")
        told = open_whole((tmp_path / "x.deb").read_bytes())
        ending = {"xz": ".xz", "gzip": ".gz", "zstd": ".zst", "none": ""}[how]
        assert told.problems == []
        assert told.contents[f"data.tar{ending}!/etc/x.conf"] == [TEXT]
        assert any(name.endswith("!/control") for name in told.contents)


_SPEC = """\
Name: x
Version: 1
Release: 1
Summary: x
License: MIT
BuildArch: noarch
%define _binary_payload {payload}
%description
x
%install
mkdir -p %{{buildroot}}/etc
cp %{{_sourcedir}}/x.conf %{{buildroot}}/etc/x.conf
%post
echo the-script-of-the-package
%files
/etc/x.conf
"""


@pytest.mark.parametrize("payload", ["w9.gzdio", "w9.bzdio", "w6.xzdio", "w3.zstdio", "w.ufdio"])
def test_an_rpm_is_opened_its_scripts_too(tmp_path: Path, make: Make, payload: str) -> None:
    (tmp_path / "x.conf").write_bytes(TEXT)
    (tmp_path / "x.spec").write_text(_SPEC.format(payload=payload))
    make("rpmbuild", "-bb", "-D", f"_topdir {tmp_path}/top", "-D", f"_sourcedir {tmp_path}", "x.spec")
    (package,) = tmp_path.rglob("*.rpm")
    for told in (open_whole(package.read_bytes()), open_stream(package.read_bytes(), most=1000)):
        assert told.problems == []
        assert told.contents["etc/x.conf"] == [TEXT]
        assert b"the-script-of-the-package" in told.contents["<header>"][0]


@pytest.mark.parametrize("format_", ["newc", "crc", "odc"])
def test_a_cpio_is_opened(tmp_path: Path, make: Make, format_: str) -> None:
    (tmp_path / "a.txt").write_bytes(TEXT)
    (tmp_path / "link").symlink_to("a.txt")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b").write_bytes(b"b")
    make("sh", "-c", f"find a.txt link sub | sort | cpio -o -H {format_} > a.cpio")
    told = open_whole((tmp_path / "a.cpio").read_bytes())
    assert (told.contents, told.problems) == ({"a.txt": [TEXT], "sub/b": [b"b"]}, [])


def test_an_initramfs_of_several_archives_is_read_to_the_end(tmp_path: Path, make: Make) -> None:
    (tmp_path / "early").write_bytes(b"early")
    (tmp_path / "late").write_bytes(b"late")
    make("sh", "-c", "echo early | cpio -o -H newc > a; echo late | cpio -o -H newc | gzip >> a")
    told = open_whole((tmp_path / "a").read_bytes())
    assert told.problems == []
    assert told.everything == b"early\0late"


def test_a_static_library_is_opened_with_long_names(tmp_path: Path, make: Make) -> None:
    long = "a-name-that-is-longer-than-sixteen-bytes.txt"
    (tmp_path / long).write_bytes(TEXT)
    (tmp_path / "b").write_bytes(b"odd")
    make("ar", "rc", "x.a", long, "b")
    told = open_whole((tmp_path / "x.a").read_bytes())
    assert (told.contents, told.problems) == ({long: [TEXT], "b": [b"odd"]}, [])


@pytest.mark.parametrize("kind", ["ar", "cpio", "rpm"])
def test_one_that_is_cut_short_gives_what_is_there(tmp_path: Path, make: Make, kind: str) -> None:
    (tmp_path / "a").write_bytes(TEXT)
    (tmp_path / "b").write_bytes(TEXT)
    make("sh", "-c", {"ar": "ar rc x a b", "cpio": "ls a b | cpio -o -H newc > x", "rpm": "exit 0"}[kind])
    data = (tmp_path / "x").read_bytes() if kind != "rpm" else b"\xed\xab\xee\xdb" + bytes(92) + b"none" * 300
    told = open_whole(data[: len(data) - 20_000] if kind != "rpm" else data)
    assert set(told.kinds) == {"damaged"}
    assert kind == "rpm" or TEXT in told.everything
    assert len(told.everything) > 1000


def test_what_bsdtar_writes_is_read_in_each_format(tmp_path: Path, make: Make) -> None:
    (tmp_path / "a.txt").write_bytes(TEXT)
    for format_ in ("pax", "ustar", "gnutar", "v7", "cpio", "newc", "zip", "7zip", "ar"):
        make("bsdtar", "--format", format_, "-cf", "out", "a.txt")
        told = open_whole((tmp_path / "out").read_bytes())
        assert (format_, told.contents, told.problems) == (format_, {"a.txt": [TEXT]}, [])


def test_an_npm_tarball_is_opened(tmp_path: Path) -> None:
    data = gzip.compress(tarred([("package/package.json", b"{}"), ("package/.npmrc", b"x")], tarfile.USTAR_FORMAT))
    assert set(open_whole(data).contents) == {"package/package.json", "package/.npmrc"}


def test_extended_attributes_are_swept() -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        info = tarfile.TarInfo("a")
        info.pax_headers = {"SCHILY.xattr.user.note": "hidden"}
        archive.addfile(info)
    assert open_whole(stream.getvalue()).contents == {"a <xattr user.note>": [b"hidden"]}


def test_what_follows_a_compressed_stream_is_swept() -> None:
    told = open_whole(gzip.compress(b"text") + b"appended")
    assert told.contents == {"a": [b"text"], "<behind the end>": [b"appended"]}


@pytest.mark.parametrize("magic", [b"Rar!\x1a\x07\x01\0", b"MSCF\0\0\0\0", b"\x1f\x9d\x90"])
def test_an_archive_that_can_not_be_opened_is_swept_as_it_is_counted_and_told(magic: bytes) -> None:
    told = open_whole(magic + TEXT)
    assert (told.contents, told.kinds, told.skipped) == ({"": [magic + TEXT]}, ["unsupported"], {"archive": 1})


def test_a_missing_package_is_told_by_name(make: Make, tmp_path: Path) -> None:
    """In a Python of its own that has none of the optional packages."""
    import subprocess
    import sys

    (tmp_path / "x.zst").write_bytes(PACK[".zst"](TEXT))
    script = (
        "import sys; sys.modules['zstandard'] = None\n"
        "from secrets_guard.sources.archive import inside\n"
        "from secrets_guard.sources.archive.limits import Limits\n"
        "from secrets_guard.model.blob import Blob\n"
        "from secrets_guard.model.result import Stats\n"
        "stats = Stats(); data = open(sys.argv[1], 'rb').read()\n"
        "for item in inside(Blob('x', data, 'x'), Limits(), stats): print(item.__class__.__name__, item[2][:40])\n"
        "print(stats.skipped)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "x.zst")]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines() == [
        "Blob x",
        "Problem zstd: pip install zstandard to have it o",
        "{'archive': 1}",
    ]


@pytest.mark.parametrize(
    "text", [b"x^2 + y^2 = z^2\n" * 10, b"x\x01\x02", b"BZhello", b"07 May 2020", b"PK is a name", b"]\0"]
)
def test_a_text_that_begins_like_an_archive_is_a_text(text: bytes) -> None:
    told = open_whole(text)
    assert (told.contents, told.problems, told.skipped) == ({"": [text]}, [], {})


@given(st.binary(max_size=700))
@settings(deadline=None, max_examples=300)
def test_a_glance_suspects_whatever_is_an_archive(data: bytes) -> None:
    assert suspect(data) or not kind_of_whole(data)


def test_a_glance_suspects_every_kind() -> None:
    kinds = [pack(TEXT) for pack in PACK.values()] + [zipped([("a", b"1")]), tarred([("a", b"1")])]
    kinds += [
        b"!<arch>\nx",
        b"\xed\xab\xee\xdb",
        b"070701",
        b"070707",
        b"7z\xbc\xaf\x27\x1c",
        b"Rar!\x1a\x07",
        b"\x1f\x9d",
    ]
    kinds += [
        b"MSCF\0\0\0\0",
        b"\x51\x2a\x4d\x18",
        b"text" + zipped([("a", b"1")]),
        tarred([("a", b"1")])[:512] + bytes(512),
    ]
    for data in kinds:
        assert suspect(data)
        assert kind_of_whole(data)
        assert is_archive(held(data), len(data))


def test_a_tar_from_before_ustar_is_known_by_its_checksum() -> None:
    header = bytearray(tarred([("a", b"1")], tarfile.USTAR_FORMAT)[:512])
    header[257:265] = bytes(8)
    header[148:156] = b"%06o\0 " % (sum(header[:148]) + 256 + sum(header[156:]))
    assert open_whole(bytes(header) + b"1" + bytes(511 + 1024)).contents == {"a": [b"1"]}


@pytest.mark.parametrize("ending", [".gz", ".bz2", ".xz", ".zst"])
def test_a_bomb_ends_in_one_problem_that_names_the_outermost(ending: str) -> None:
    bomb = PACK[ending](bytes(40 << 20))
    told = open_whole(tarred([("x/bomb", bomb), ("y/bomb", bomb)]), Limits(free=50 << 20, ratio=1), name="outer.tar")
    assert [(problem.kind, problem.where) for problem in told.problems] == [("limit", "outer.tar")]
    assert "is not swept" in told.problems[0].message


def test_a_bomb_of_nested_archives_ends_in_one_problem() -> None:
    """As 42.zip: each level holds several of the level below."""
    data = bytes(4 << 20)
    for _ in range(4):
        data = zipped([(f"{number}", data) for number in range(16)])
    told = open_whole(data, Limits(free=64 << 20, ratio=1), name="42.zip")
    assert [(problem.kind, problem.where) for problem in told.problems] == [("limit", "42.zip")]


def test_an_archive_that_goes_on_within_itself_ends_at_the_depth() -> None:
    data = b"x"
    for _ in range(500):
        data = gzip.compress(data, 1)
    told = open_whole(data)
    assert told.kinds == ["limit"]
    assert "--max-depth" in told.problems[0].message


def test_packages_within_each_other_without_compression_end_at_the_depth() -> None:
    header = b"\xed\xab\xee\xdb" + bytes(92) + (b"\x8e\xad\xe8\x01" + bytes(12)) * 2
    told = open_whole(header * 5000)
    assert told.kinds == ["limit"]


def test_a_tar_of_endless_small_files_ends_in_one_problem() -> None:
    header = tarred([("a", b"")], tarfile.USTAR_FORMAT)[:512]
    told = open_whole(gzip.compress(header * 200_000), Limits(members=10_000))
    assert [(problem.kind, problem.where) for problem in told.problems] == [("limit", "a")]
    told = open_whole(gzip.compress(header * 200_000), Limits(free=10 << 20, ratio=1))
    assert [(problem.kind, problem.where) for problem in told.problems] == [("limit", "a")]


def test_an_archive_over_the_free_size_is_swept_whole_while_it_is_no_denser_than_text() -> None:
    data = gzip.compress(TEXT * 200)
    assert open_whole(data, Limits(free=1000, ratio=200)).problems == []


def test_a_compressed_file_over_the_largest_size_is_swept_up_to_it() -> None:
    told = open_whole(gzip.compress(b"x" * 1000), Limits(largest=600))
    assert told.contents == {"a": [b"x" * 600]}
    assert told.kinds == ["too_large"]


def test_a_stream_that_breaks_within_a_tar_is_told_once() -> None:
    import os

    noise = os.urandom(300_000)
    data = gzip.compress(tarred([("a", noise), ("b", noise)]))
    told = open_whole(data[: len(data) * 3 // 4])
    assert told.kinds == ["damaged"]
    assert told.contents["a"] == [noise]
    assert noise.startswith(told.contents["b"][0])


@given(
    st.binary(max_size=400), st.sampled_from([b"\x1f\x8b\x08", b"PK\3\4", b"!<arch>\n", b"070701", b"\xed\xab\xee\xdb"])
)
@settings(deadline=None, max_examples=200)
def test_noise_behind_any_magic_never_raises(noise: bytes, magic: bytes) -> None:
    open_whole(magic + noise)
    open_stream(magic + noise, most=7)

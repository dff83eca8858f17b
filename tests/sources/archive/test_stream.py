"""Decompressors: the same bytes as the real programs, bounded output, and what comes before a break."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import subprocess
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import lz4.frame
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from secrets_guard.model.result import Problem
from secrets_guard.sources.archive.limits import Budget, Limits
from secrets_guard.sources.archive.stream import FORMATS, Stream

from .conftest import Make

COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
    "zstd": lambda data: zstandard.ZstdCompressor(write_checksum=True).compress(data),
    "lz4": lambda data: bytes(lz4.frame.compress(data, content_checksum=True)),
    "zlib": zlib.compress,
}
CHECKED = [name for name in COMPRESS if name not in ("lzma",)]
TEXT = b"".join(b"line %d of a text that is not too dull %d\n" % (n, n * n * 7919) for n in range(40_000))


def expand(name: str, data: bytes, most: int = 1 << 20, limits: Limits | None = None) -> tuple[bytes, Stream]:
    source = io.BytesIO(data)
    stream = Stream(FORMATS[name], lambda wanted: source.read(min(wanted, most)), "x", Budget(limits or Limits()))
    parts = []
    while part := stream.read(1 << 20):
        assert len(part) <= 1 << 20
        parts.append(part)
    return b"".join(parts), stream


@pytest.mark.parametrize("name", COMPRESS)
def test_what_was_compressed_comes_out_however_small_the_parts(name: str) -> None:
    packed = COMPRESS[name](TEXT)
    for most in (1 << 20, 1000, 7):
        out, stream = expand(name, packed, most)
        assert (out == TEXT, stream.problem) == (True, None)


@pytest.mark.parametrize("name", COMPRESS)
@given(st.binary(max_size=2000), st.integers(1, 300))
@settings(deadline=None, max_examples=25)
def test_any_bytes_come_out_the_same(name: str, data: bytes, most: int) -> None:
    out, stream = expand(name, COMPRESS[name](data), most)
    assert (out, stream.problem) == (data, None)


@pytest.mark.parametrize("name", ["gzip", "bzip2", "xz", "zstd", "lz4"])
def test_a_stream_of_several_parts_is_read_to_the_end_of_the_last(name: str) -> None:
    out, stream = expand(name, COMPRESS[name](b"one\n") + COMPRESS[name](b"") + COMPRESS[name](b"two\n"), 5)
    assert (out, stream.problem) == (b"one\ntwo\n", None)


@pytest.mark.parametrize("name", COMPRESS)
def test_a_stream_that_is_cut_short_is_a_problem_and_what_is_there_is_kept(name: str) -> None:
    packed = COMPRESS[name](TEXT)
    out, stream = expand(name, packed[: len(packed) * 3 // 4])
    assert stream.problem == Problem("damaged", "x", f"{name}: cut short; what comes before is swept")
    assert TEXT.startswith(out)
    assert len(out) > (len(TEXT) // 2 if name != "bzip2" else len(TEXT) // 4)


@pytest.mark.parametrize("name", COMPRESS)
def test_a_stream_that_breaks_is_a_problem_and_what_comes_before_is_kept(name: str) -> None:
    packed = bytearray(COMPRESS[name](os.urandom(3 << 20)))
    at = len(packed) * 3 // 4
    packed[at : at + 200] = bytes(200)
    out, stream = expand(name, bytes(packed))
    assert name == "lzma" or (stream.problem and stream.problem.kind == "damaged")
    assert len(out) > 1 << 20


@pytest.mark.parametrize("name", CHECKED)
def test_a_wrong_checksum_is_a_problem_and_all_of_the_content_is_kept(name: str) -> None:
    packed = bytearray(COMPRESS[name](TEXT[:50_000]))
    at = {"gzip": -8, "bzip2": -5, "xz": -30, "zstd": -1, "lz4": -1, "zlib": -1}[name]
    packed[at] ^= 1
    out, stream = expand(name, bytes(packed))
    assert stream.problem
    assert TEXT[:50_000].startswith(out)
    assert len(out) > 50_000 - (32 << 10 if name in ("bzip2", "xz", "lz4") else 1)


def test_gzip_keeps_every_byte_before_a_break() -> None:
    packed = zlib.compressobj(0, zlib.DEFLATED, 31)
    data = packed.compress(TEXT) + packed.flush(zlib.Z_FULL_FLUSH)
    out, stream = expand("gzip", data + b"\xff" * 100)
    assert (out == TEXT, bool(stream.problem)) == (True, True)


@pytest.mark.parametrize("name", ["gzip", "bzip2", "xz", "zstd", "zlib"])
def test_what_follows_the_end_is_left_in_rest(name: str) -> None:
    out, stream = expand(name, COMPRESS[name](b"text") + b"appended" + b"!" * 200_000)
    assert (out, stream.problem) == (b"text", None)
    parts = []
    while part := stream.read_rest(1000):
        parts.append(part)
    assert b"".join(parts) == b"appended" + b"!" * 200_000


@pytest.mark.parametrize("name", ["gzip", "bzip2", "xz", "zstd"])
def test_padding_by_nuls_is_no_rest(name: str) -> None:
    out, stream = expand(name, COMPRESS[name](b"text") + bytes(8192))
    assert (out, stream.problem, stream.read_rest(10)) == (b"text", None, b"")


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("gzip", ("-9",)), ("bzip2", ("-9",)), ("xz", ("-9e",)), ("xz", ("-T2", "--block-size=65536")),
        ("xz", ("--format=lzma",)), ("zstd", ("--ultra", "-22")), ("zstd", ("--long=27",)), ("zstd", ("--fast=5",)),
        ("zstd", ("--no-check",)), ("lz4", ("-9", "-BD")), ("lz4", ("-B4", "--content-size")),
    ],
)  # fmt: skip
def test_what_the_real_programs_write_is_read(tmp_path: Path, make: Make, name: str, options: tuple[str, ...]) -> None:
    (tmp_path / "text").write_bytes(TEXT)
    make(name, *options, "-k", "text", *(["text.lz4"] if name == "lz4" else []))
    (packed,) = [path for path in tmp_path.iterdir() if path.name != "text"]
    out, stream = expand("lzma" if packed.suffix == ".lzma" else name, packed.read_bytes())
    assert (out == TEXT, stream.problem) == (True, None)


def test_a_window_or_dictionary_that_needs_too_much_memory_is_refused(tmp_path: Path, make: Make) -> None:
    wide = zstandard.ZstdCompressionParameters(window_log=28, compression_level=1)
    made = zstandard.ZstdCompressor(compression_params=wide).compressobj()
    make("sh", "-c", "xz -c -0 --lzma2=preset=0,dict=256MiB > big.xz", stdin=TEXT)
    for name, packed in (("zstd", made.compress(TEXT) + made.flush()), ("xz", (tmp_path / "big.xz").read_bytes())):
        _, stream = expand(name, packed)
        assert stream.problem
        assert "MiB of memory" in stream.problem.message


@pytest.mark.parametrize("name", COMPRESS)
def test_a_bomb_is_stopped_by_the_budget_and_never_held_in_memory(name: str) -> None:
    data = bytes(60 << 20)
    packed = COMPRESS[name](data)
    del data
    tracemalloc.start()
    try:
        source = io.BytesIO(packed)
        budget = Budget(Limits(free=20 << 20, ratio=1), len(packed))
        stream = Stream(FORMATS[name], source.read, "x", budget)
        total = 0
        while part := stream.read(1 << 20):
            total += len(part)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert 19 << 20 <= total <= 30 << 20
    assert budget.problem("x").kind == "limit"
    assert stream.problem is None
    assert peak < 10 << 20


def test_zstd_in_parts_by_pzstd_and_with_skippable_frames_is_read() -> None:
    skippable = b"\x5a\x2a\x4d\x18" + (100_000).to_bytes(4, "little") + bytes(100_000)
    frame = zstandard.ZstdCompressor().compress(TEXT)
    out, stream = expand("zstd", skippable + frame + skippable + frame + skippable, 999)
    assert (out == TEXT * 2, stream.problem) == (True, None)


def test_the_programs_agree_on_an_empty_input() -> None:
    for name in ("gzip", "bzip2", "xz"):
        packed = subprocess.run([name, "-c"], input=b"", capture_output=True, check=True).stdout
        assert expand(name, packed)[0] == b""

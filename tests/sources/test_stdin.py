"""Streams: short reads, none yet, failures."""

from __future__ import annotations

import io
import os
import threading
import time
from collections.abc import Iterator
from typing import BinaryIO, cast

import pytest

from secrets_guard.model.blob import Blob
from secrets_guard.model.origin import StreamOrigin
from secrets_guard.model.result import Problem, Stats
from secrets_guard.sources.pieces import SIZES
from secrets_guard.sources.stdin import StreamSource


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    for end in (reading, writing):
        try:
            os.close(end)
        except OSError:
            continue


def _write(writing: int, data: bytes, pause: float = 0) -> threading.Thread:
    def run() -> None:
        time.sleep(pause)
        view = memoryview(data)
        while view:
            view = view[os.write(writing, view) :]
        os.close(writing)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_short_reads_of_a_pipe_are_gathered_into_one_blob(pipe: tuple[int, int]) -> None:
    data = b"abc\n" * 100_000
    thread = _write(pipe[1], data)
    with open(pipe[0], "rb", buffering=0, closefd=False) as stream:
        found = list(StreamSource(cast(BinaryIO, stream)).blobs(Stats()))
    thread.join()
    assert found == [Blob("stdin", data, "stdin")]


def test_a_pipe_larger_than_a_piece_arrives_in_pieces_with_their_line_numbers(pipe: tuple[int, int]) -> None:
    data = b"0123456\n" * (SIZES.piece // 4)
    thread = _write(pipe[1], data)
    with open(pipe[0], "rb", closefd=False) as stream:
        blobs = [item for item in StreamSource(stream, "log").blobs(Stats()) if isinstance(item, Blob)]
    thread.join()
    assert len(blobs) == 3
    assert all(data[b.start : b.start + len(b.data)] == b.data and b.place.line == b.start // 8 + 1 for b in blobs)


def test_a_pipe_that_does_not_block_is_waited_for_not_taken_for_its_end(pipe: tuple[int, int]) -> None:
    os.set_blocking(pipe[0], False)
    thread = _write(pipe[1], b"late", pause=0.2)
    with open(pipe[0], "rb", buffering=0, closefd=False) as stream:
        found = list(StreamSource(cast(BinaryIO, stream)).blobs(Stats()))
    thread.join()
    assert found == [Blob("stdin", b"late", "stdin")]


def test_a_stream_that_fails_is_swept_up_to_there_and_is_a_problem() -> None:
    class Failing(io.RawIOBase):
        """Gives some bytes, then fails as a broken disk does."""

        given = False

        def readable(self) -> bool:
            return True

        def read(self, size: int = -1) -> bytes:
            if self.given:
                raise OSError(5, "Input/output error")
            self.given = True
            return b"first"[:size]

    found = list(StreamSource(cast(BinaryIO, Failing())).blobs(Stats()))
    assert found[0] == Blob("stdin", b"first", "stdin")
    assert found[1] == Problem("unreadable", "stdin", "reading stopped: Input/output error")


def test_an_empty_stream_is_counted() -> None:
    stats = Stats()
    assert list(StreamSource(io.BytesIO()).blobs(stats)) == []
    assert stats.skipped == {"empty": 1}


def test_the_origin_of_a_stream_is_the_stream() -> None:
    assert StreamSource(io.BytesIO(), "log").origins(["log"]) == {"log": [StreamOrigin("log")]}

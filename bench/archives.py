"""Archives -> what sweeping them takes, beside only decompressing them by the same library; whole processes."""

from __future__ import annotations

import argparse
import io
import os
import shutil
import sys
import sysconfig
import tarfile
import zipfile
from collections.abc import Callable
from typing import BinaryIO

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from bench import frame, speed, table, tools
from bench.measure import BenchError, Sample, environment, middle, run

HEADERS = ("What", "Wall s", "CPU s", "Peak MB", "MB/s", "Wall / decompressing")
GOAL = 1.3
"""Wall clock of a sweep at most so many times that of decompressing alone (issue 4)."""
_READ = 1 << 20


def main(arguments: list[str] | None = None) -> int:
    given = parser().parse_args(arguments)
    if given.decompress:
        print(decompressed(given.archives[0]))
        return 0
    return frame.in_a_folder("archives.py", lambda folder: measure(given, folder))


def measure(given: argparse.Namespace, folder: str) -> None:
    """Measure and print the table. Raises BenchError."""
    frame.at_least_one(given.runs)
    archives = given.archives or made(folder)
    print(f"{given.runs} runs\n{table.machine()}\n")
    rows = [row for archive in archives for row in compared(archive, given, folder)]
    print(table.render(HEADERS, rows, markdown=given.markdown) + f"\n\nthe goal is {GOAL:.1f}")


def parser() -> argparse.ArgumentParser:
    """Return the command line of this script."""
    made = argparse.ArgumentParser(prog="archives.py", description=__doc__)
    made.add_argument("archives", nargs="*", metavar="FILE", help="archives to sweep; default: of the running Python")
    made.add_argument("--runs", type=int, default=5, help="timed runs of each, in turn; default 5")
    made.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    made.add_argument("--decompress", action="store_true", help=argparse.SUPPRESS)
    speed.common_options(made)
    return made


def made(folder: str) -> list[str]:
    """Pack the running Python's library (text and binaries) as tar.gz, tar.zst and zip; return the three."""
    import gzip

    import zstandard

    tree = sysconfig.get_path("stdlib")
    plain, zipped = os.path.join(folder, "python.tar"), os.path.join(folder, "python.zip")
    with tarfile.open(plain, "w") as archive:
        archive.add(tree, "python")
    with open(plain, "rb") as source, gzip.open(f"{plain}.gz", "wb", compresslevel=6) as packed:
        shutil.copyfileobj(source, packed, _READ)
    with open(plain, "rb") as source, open(f"{plain}.zst", "wb") as target:
        zstandard.ZstdCompressor().copy_stream(source, target)
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as whole:
        for root, _, names in os.walk(tree):
            for path in (os.path.join(root, name) for name in names):
                whole.write(path, os.path.relpath(path, tree))
    os.remove(plain)
    return [f"{plain}.gz", f"{plain}.zst", zipped]


def compared(archive: str, given: argparse.Namespace, folder: str) -> list[list[str]]:
    """Return the rows of one archive: decompressing alone, and ours."""
    command, env = tools.ours(given.secrets_guard)
    report = os.path.join(folder, "report.json")
    path = os.path.abspath(archive)
    commands: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
        "decompressing alone": ((sys.executable, os.path.abspath(__file__), "--decompress", path), {}),
        "secrets-guard": ((*command, "scan", "files", path, "--format", "json", "--output", report), env),
    }
    samples: dict[str, list[Sample]] = {label: [] for label in commands}
    for turn in range(-1, given.runs):
        for label, (words, extra) in commands.items():
            sample = run(words, environment(folder, **extra), folder, os.path.join(folder, "log"))
            if sample.code not in (0, 1):
                raise BenchError(f"{label} of {archive} ended with {sample.code}")
            if turn >= 0:
                samples[label].append(sample)
    return cells(os.path.basename(archive), decompressed(archive), {name: middle(of) for name, of in samples.items()})


def cells(name: str, size: int, typical: dict[str, Sample]) -> list[list[str]]:
    """Return the table's cells; ``size`` is what the archive holds, in bytes."""
    base = next(iter(typical.values())).wall
    return [
        [
            f"{name}: {label}", f"{one.wall:.2f}", f"{one.cpu:.2f}", f"{one.peak / 1e6:.0f}",
            f"{size / 1e6 / one.wall:.0f}", f"{one.wall / base:.2f}",
        ]
        for label, one in typical.items()
    ]  # fmt: skip


def decompressed(archive: str) -> int:
    """Decompress an archive by the library that our sweep uses, and return how many bytes that gave.

    Raises BenchError for one that is none of tar.gz, tar.zst, tar.xz, tar.bz2, zip.
    """
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as found:
            return sum(_drained(found.open(info).read) for info in found.infolist())
    try:
        with open(archive, "rb") as stream:
            return _drained(_opened(stream, os.path.splitext(archive)[1].lower()))
    except (OSError, KeyError) as error:
        raise BenchError(f"{archive}: can't be decompressed: {error}") from None


def _opened(stream: BinaryIO, ending: str) -> Callable[[int], bytes]:
    """Return a read of what a compressed stream holds. Raises KeyError for an unknown ending."""
    if ending in (".zst", ".zstd"):
        import zstandard

        reader = zstandard.ZstdDecompressor().stream_reader(stream, read_across_frames=True, closefd=False)
        return lambda wanted: bytes(reader.read(wanted))
    import bz2
    import gzip
    import lzma

    opened: dict[str, Callable[[BinaryIO], io.BufferedIOBase]] = {
        ".gz": lambda packed: gzip.GzipFile(fileobj=packed),
        ".tgz": lambda packed: gzip.GzipFile(fileobj=packed),
        ".bz2": bz2.BZ2File,
        ".xz": lzma.LZMAFile,
    }
    return opened[ending](stream).read


def _drained(read: Callable[[int], bytes]) -> int:
    total = 0
    while data := read(_READ):
        total += len(data)
    return total


if __name__ == "__main__":
    sys.exit(main())

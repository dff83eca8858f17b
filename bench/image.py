"""An image of about 1 GB -> how long its sweep takes beside only decompressing its layers, and beside the peers."""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import json
import os
import random
import stat
import sys
import tarfile
from collections.abc import Iterator
from typing import Any

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from bench import frame, table, tools
from bench.measure import BenchError, Sample, environment, middle, run

_LAYERS = 12
_ROOTS = ("/usr/bin", "/usr/include", "/usr/lib", "/usr/sbin", "/usr/share")
# As Debian's slim images leave out documentation.
_LEFT_OUT = ("/usr/share/doc/", "/usr/share/man/", "/usr/share/info/", "/usr/share/locale/")
_LARGEST = 64 << 20
_PEERS_READ = 250
"""Megabytes of an archive that kingfisher opens; in a larger one it says that there are no layers."""
_HEADERS = ("Tool", "Version", "Wall s", "CPU s", "Peak MB", "Wall / decompressing")
_DECOMPRESS = "only decompressing"
_KINGFISHER = ("scan", "docker", "--archive", "TAR", "-n", "--no-update-check", "-f", "json", "-o", "OUT")


def main(arguments: list[str] | None = None) -> int:
    given = parser().parse_args(arguments)
    return frame.ended("image.py", lambda: compare(given))


def parser() -> argparse.ArgumentParser:
    """Return the command line of this script."""
    made = argparse.ArgumentParser(prog="image.py", description=__doc__)
    made.add_argument("--runs", type=int, default=3, help="timed runs of each, in turn; default 3")
    made.add_argument("--megabytes", type=int, default=1000, help="size of the files; default 1000; peers up to 250")
    made.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    made.add_argument("--peers", default="", metavar="DIR", help="use DIR/PACKAGE instead of installing any")
    made.add_argument("--no-peers", action="store_true", help="ours only; needs no network")
    made.add_argument("--secrets-guard", default="", metavar="COMMAND", help="our command")
    made.add_argument(
        "--cache", default=os.path.expanduser("~/.cache/secrets-guard-bench"), help="where images are kept"
    )
    made.add_argument("--decompress", metavar="FOLDER", help=argparse.SUPPRESS)
    return made


def compare(given: argparse.Namespace) -> None:
    """Measure what the command line asks for and print the table. Raises BenchError."""
    if given.decompress:
        decompress(given.decompress)
        return
    if given.runs < 1:
        raise BenchError("--runs: at least 1")
    layout, archive, facts = image(given.cache, given.megabytes)
    heading = f"{facts}; {given.runs} runs\n{table.machine()}"
    home = os.path.join(given.cache, "home-image")
    os.makedirs(home, exist_ok=True)
    every = contestants(given, layout, archive, os.path.join(home, "report.json"))
    samples: dict[str, list[Sample]] = {tool.label: [] for tool in every}
    for turn in range(-1, given.runs):
        for place in range(len(every)):
            tool = every[(turn + place) % len(every)]
            log = os.path.join(home, "log")
            sample = run(tool.command, environment(home, **tool.env), home, log)
            if sample.code not in tool.codes:
                with open(log, encoding="utf-8", errors="replace") as stream:
                    raise BenchError(f"{tool.label}: ended with {sample.code}: {tools.last_line(stream.read())}")
            if turn >= 0:
                samples[tool.label].append(sample)
    print(f"{heading}, {table.load()} after\n")
    print(table.render(_HEADERS, list(_rows(every, samples)), markdown=given.markdown))


def contestants(given: argparse.Namespace, layout: str, archive: str, out: str) -> list[tools.Tool]:
    """Return what is measured: only decompressing, ours on the layout and on the archive, the peers on the archive."""
    command, env = tools.ours(given.secrets_guard)
    version = tools.our_version(command, env)
    alone = (sys.executable, os.path.abspath(__file__), "--decompress", layout)
    report = ("--format", "json", "--output", out, "--no-progress")
    every = [
        tools.Tool(_DECOMPRESS, "zlib", alone, (0,), {}),
        tools.Tool("secrets-guard, layout", version, (*command, "scan", "image", layout, *report), (0, 1), env),
        tools.Tool("secrets-guard, docker save", version, (*command, "scan", "image", archive, *report), (0, 1), env),
    ]
    for peer in tools.PEERS if given.megabytes <= _PEERS_READ and not given.no_peers else []:
        if peer.name == "kingfisher":
            # Its --turbo opens no archives, so it finds no layers in one.
            for tool in tools.peer_tools(peer._replace(scans={peer.name: _KINGFISHER}), given.peers, given.cache):
                words = [{"TAR": archive, "OUT": out}.get(word, word) for word in tool.command]
                every.append(tool._replace(command=tuple(words)))
    return every


def _rows(every: list[tools.Tool], samples: dict[str, list[Sample]]) -> Iterator[list[str]]:
    alone = middle(samples[_DECOMPRESS])
    for tool in every:
        sample = middle(samples[tool.label])
        figures = (f"{sample.wall:.2f}", f"{sample.cpu:.2f}", f"{sample.peak / 1e6:.0f}")
        yield [tool.label, tool.version, *figures, f"{sample.wall / alone.wall:.2f}"]


def decompress(layout: str) -> None:
    """Decompress all layers as the sweep does (zlib, a layer a thread, as many as there are cores) and nothing else."""
    from secrets_guard.sources.archive.codecs import FORMATS
    from secrets_guard.sources.archive.limits import Budget, Limits
    from secrets_guard.sources.archive.stream import Stream
    from secrets_guard.workers import available_cores, side_by_side

    with open(os.path.join(layout, "layers.json"), encoding="utf-8") as stream:
        paths = json.load(stream)

    def one(path: str) -> Iterator[int]:
        with open(path, "rb", buffering=0) as content:
            size = os.fstat(content.fileno()).st_size
            unpacked = Stream(FORMATS["gzip"], content.read, path, Budget(Limits(), size))
            while unpacked.read(1 << 20):
                pass
        yield 1

    streams = [lambda path=path: one(path) for path in paths]
    if sum(side_by_side(streams, available_cores())) != len(paths):
        raise BenchError("not all layers were decompressed")


def image(cache: str, megabytes: int) -> tuple[str, str, str]:
    """Return (OCI layout, docker-save archive, facts in a line), made of this machine's files by a seed, or kept."""
    layout = os.path.join(cache, f"image-{megabytes}")
    archive = f"{layout}.tar"
    facts = os.path.join(layout, "facts")
    if not os.path.exists(facts):
        os.makedirs(os.path.join(layout, "blobs", "sha256"), exist_ok=True)
        chosen = list(_files(megabytes * 1_000_000))
        line = _write(layout, archive, chosen)
        with open(facts, "w", encoding="utf-8") as stream:
            stream.write(line)
    with open(facts, encoding="utf-8") as stream:
        return layout, archive, stream.read()


def _files(total: int) -> Iterator[str]:
    every = []
    for root in _ROOTS:
        for folder, folders, names in os.walk(root):
            folders.sort()
            paths = (os.path.join(folder, name) for name in sorted(names))
            every += [path for path in paths if not path.startswith(_LEFT_OUT) and not os.path.islink(path)]
    random.Random(1).shuffle(every)
    for path in every:
        found = os.stat(path)
        if stat.S_ISREG(found.st_mode) and found.st_size <= _LARGEST:
            yield path
            total -= found.st_size
            if total <= 0:
                return


def _write(layout: str, archive: str, files: list[str]) -> str:
    """Write both forms of the image, layers of equally many files; return the facts."""
    layers, diff_ids, names, descriptors, packed = list[str](), list[str](), list[str](), [], 0
    with tarfile.open(archive, "w") as saved:
        for number in range(_LAYERS):
            plain = _layer(files[number::_LAYERS])
            diff_ids.append(f"sha256:{hashlib.sha256(plain).hexdigest()}")
            names.append(f"{diff_ids[-1].partition(':')[2]}/layer.tar")
            _add(saved, names[-1], plain)
            descriptors.append(_blob(layout, gzip.compress(plain, 6, mtime=0), "layer.v1.tar+gzip"))
            layers.append(os.path.join(layout, "blobs", "sha256", descriptors[-1]["digest"].partition(":")[2]))
            packed += descriptors[-1]["size"]
        history = [{"created_by": f"COPY part{number} /"} for number in range(_LAYERS)]
        rootfs = {"type": "layers", "diff_ids": diff_ids}
        fields = {"os": "linux", "architecture": "amd64", "rootfs": rootfs, "history": history}
        config = json.dumps(fields).encode()
        name = f"{hashlib.sha256(config).hexdigest()}.json"
        _add(saved, name, config)
        listed = {"Config": name, "RepoTags": ["bench:1"], "Layers": names}
        _add(saved, "manifest.json", json.dumps([listed]).encode())
    manifest = {"schemaVersion": 2, "config": _blob(layout, config, "config.v1+json"), "layers": descriptors}
    index = {"schemaVersion": 2, "manifests": [_blob(layout, json.dumps(manifest).encode(), "manifest.v1+json")]}
    mark = {"imageLayoutVersion": "1.0.0"}
    for name, value in (("index.json", index), ("oci-layout", mark), ("layers.json", layers)):
        with open(os.path.join(layout, name), "w", encoding="utf-8") as stream:
            json.dump(value, stream)
    size = os.path.getsize(archive)
    return f"{len(files):,} files of /usr, {_LAYERS} layers, {size / 1e6:.0f} MB, {packed / 1e6:.0f} MB as gzip"


def _layer(files: list[str]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", dereference=True) as made:
        for path in files:
            member = made.gettarinfo(path, path.lstrip("/"))
            member.type, member.linkname, member.mtime = tarfile.REGTYPE, "", 0
            member.size = os.path.getsize(path)
            with open(path, "rb") as content:
                made.addfile(member, content)
    return stream.getvalue()


def _add(saved: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    saved.addfile(member, io.BytesIO(content))


def _blob(layout: str, content: bytes, kind: str) -> dict[str, Any]:
    digest = hashlib.sha256(content).hexdigest()
    with open(os.path.join(layout, "blobs", "sha256", digest), "wb") as stream:
        stream.write(content)
    return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": f"sha256:{digest}", "size": len(content)}


if __name__ == "__main__":
    sys.exit(main())

"""A seed -> a synthetic source tree of a given size, made of this Python's own text files, with secrets planted in it.

The same seed and the same Python with the same packages give the same tree, byte for byte; its digest says so.
"""

from __future__ import annotations

import hashlib
import os
import random
import sysconfig
from collections.abc import Iterator
from typing import NamedTuple

from secrets_guard.rules.template import fill

FILES, BYTES, SEED = 5_000, 40_000_000, 1
PLANT_EVERY = 25
"""One file of so many gets a secret."""
_SUFFIXES = (".py", ".pyi", ".txt", ".rst", ".md", ".json", ".toml", ".cfg", ".yaml", ".c", ".h", ".html", ".xml")
_LARGEST_SOURCE = 1 << 20
_SPREAD = 1.1
"""Sigma of the file sizes' log-normal distribution: many small files, a few of hundreds of kilobytes."""

PLANTS = (
    'GITHUB_TOKEN = "<github:ghp_>"',
    "npm_token = <npm>",
    "aws_access_key_id = AKIA<[A-Z2-7]:16>",
    'slack: "xoxb-<digit:12>-<digit:12>-<alnum:24>"',
    "stripe_key = 'sk_live_<alnum:24>'",
    "GITLAB_TOKEN=glpat-<alnum:20>",
    "SENDGRID_API_KEY=SG.<base64url:22>.<base64url:43>",
    "<pem:RSA PRIVATE KEY>",
)
"""Well-known formats that every scanner has a rule for: no list of ours against a list of theirs."""


class Made(NamedTuple):
    """What make() has written."""

    folder: str
    files: int
    bytes: int
    planted: int
    digest: str


def make(folder: str, *, files: int = FILES, size: int = BYTES, seed: int = SEED) -> Made:
    """Write ``files`` files of ``size`` bytes together (within a few percent) under ``folder`` and return the facts.

    Each is a cut from one of Python's own files, begun at a place that the seed decides.
    """
    rng = random.Random(f"secrets-guard bench {seed}")
    every = sources()
    sizes = [rng.lognormvariate(0, _SPREAD) for _ in range(files)]
    scale = size / sum(sizes)
    digest, written, planted = hashlib.blake2b(digest_size=8), 0, 0
    for number, share in enumerate(sizes):
        source = every[number * 7919 % len(every)]
        lines = cut(source, max(40, round(share * scale)), rng)
        if number % PLANT_EVERY == 0:
            plant = fill(PLANTS[planted % len(PLANTS)], f"bench {seed} {number}")
            lines.insert(rng.randrange(len(lines) + 1), plant.encode() + b"\n")
            planted += 1
        content = b"".join(lines)
        name = f"part{number % 40:02}/group{number % 7}/{number:05}_{os.path.basename(source)}"
        _write(os.path.join(folder, name), content)
        digest.update(name.encode() + b"\0" + content)
        written += len(content)
    return Made(folder, files, written, planted, digest.hexdigest())


def measure(folder: str) -> Made:
    """Return the facts of a tree that is there already, reading every file once (which warms the page cache)."""
    files = size = 0
    for path in walk(folder):
        try:
            with open(path, "rb") as stream:
                size += len(stream.read())
        except OSError:
            continue
        files += 1
    return Made(folder, files, size, 0, "")


def walk(folder: str) -> Iterator[str]:
    """Yield the regular files under ``folder`` in order of name, links left out."""
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(parent, name)
            if os.path.isfile(path) and not os.path.islink(path):
                yield path


def sources() -> list[str]:
    roots = dict.fromkeys(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib"))
    found = dict.fromkeys(path for root in roots for path in walk(root) if path.endswith(_SUFFIXES))
    return [path for path in found if 200 < os.path.getsize(path) < _LARGEST_SOURCE]


def cut(source: str, size: int, rng: random.Random) -> list[bytes]:
    """Return whole lines of a file, ``size`` bytes and the rest of the last line, from the top again at its end."""
    with open(source, "rb") as stream:
        lines = stream.read().splitlines(keepends=True)
    at = rng.randrange(len(lines))
    cut: list[bytes] = []
    while size > 0:
        line = lines[at % len(lines)][:2000]
        cut.append(line if line.endswith(b"\n") else line + b"\n")
        size -= len(cut[-1])
        at += 1
    return cut


def _write(path: str, content: bytes) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as stream:
        stream.write(content)

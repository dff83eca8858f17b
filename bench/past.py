"""A seed -> a synthetic repository: so many commits, each of which puts so many new bytes into one of its files."""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Iterator
from typing import NamedTuple

from bench import tree
from bench.measure import BenchError
from bench.tools import last_line

_FILES, _FILE_BYTES = 60, 24_000


class History(NamedTuple):
    """Facts of a repository: commits, bytes of its packs, of all texts, and of what is new in them (whole lines)."""

    folder: str
    commits: int
    packed: int
    text: int
    new: int


def make(folder: str, *, commits: int, change: int, seed: int = tree.SEED) -> None:
    """Write a bare repository to ``folder``. Each commit replaces about ``change`` bytes of one file by others."""
    _git("init", "--bare", "--quiet", folder)
    process = subprocess.Popen(["git", "-C", folder, "fast-import", "--quiet"], stdin=subprocess.PIPE)
    assert process.stdin is not None
    with process.stdin as stream:
        for piece in _stream(commits, change, random.Random(f"secrets-guard history {seed}")):
            stream.write(piece)
    if process.wait():
        raise BenchError("git fast-import failed")
    # It makes deltas to the object before only, as no server packs.
    _git("-C", folder, "repack", "-a", "-d", "-f", "-q", "--window=10", "--depth=50")


def cut(source: str, folder: str, commit: str) -> None:
    """Write a bare repository with the history of one commit of another, which stays as it is."""
    _git("init", "--bare", "--quiet", folder)
    _git("-C", source, "push", "--quiet", folder, f"{commit}:refs/heads/main")


def along(source: str, parts: int) -> list[str]:
    """Return ``parts`` commits of HEAD's first-parent line, evenly apart, the last one HEAD."""
    line = _git("-C", source, "rev-list", "--first-parent", "--reverse", "HEAD").split()
    return [line[len(line) * part // parts - 1] for part in range(1, parts + 1)]


def facts(folder: str) -> History:
    """Count a repository's commits and bytes. Raises BenchError without the extension, which tells what is new."""
    try:
        from secrets_guard import _native
    except ImportError:
        raise BenchError("the extension is not built, and only it can tell what is new") from None
    objects = _git("-C", folder, "rev-parse", "--path-format=absolute", "--git-path", "objects").strip()
    cursor = _native.Store([objects], 20).novelties(b"", 0, 0, [], 0, (0, b"never")).cursor()
    text = new = 0
    while (output := cursor.next(1 << 20)) is not None:
        text += output.counts[1]
        new += len(output.buffer) - len(output.starts) // 4 - 1
    packs = [one for one in os.scandir(os.path.join(objects, "pack")) if one.name.endswith(".pack")]
    commits = int(_git("-C", folder, "rev-list", "--all", "--count"))
    return History(folder, commits, sum(one.stat().st_size for one in packs), text, new)


def _stream(commits: int, change: int, dice: random.Random) -> Iterator[bytes]:
    sources = tree.sources()
    text = b"".join(b"".join(tree.cut(source, _FILE_BYTES, dice)) for source in sources[:400])
    files = [_some(text, _FILE_BYTES, dice) for _ in range(_FILES)]
    for number in range(commits):
        place = dice.randrange(_FILES)
        changed = range(_FILES) if number == 0 else [place]
        if number:
            whole = files[place]
            at = dice.randrange(max(1, len(whole) - change))
            files[place] = whole[:at] + _fresh(text, change, dice) + whole[at + change :]
        yield b"commit refs/heads/main\ncommitter A <a@example.com> %d +0000\ndata 6\nchange\n" % (
            1_600_000_000 + number
        )
        for one in changed:
            yield b"M 100644 inline d%d/f%d\ndata %d\n%b\n" % (one % 7, one, len(files[one]), files[one])


def _some(text: bytes, size: int, dice: random.Random) -> bytes:
    at = dice.randrange(len(text) - size)
    return text[at : at + size]


def _fresh(text: bytes, size: int, dice: random.Random) -> bytes:
    """Return lines that no delta finds elsewhere: each begins with a number of its own."""
    made, length = [], 0
    while length < size:
        line = b"%08x %b\n" % (dice.getrandbits(32), _some(text, 60, dice).replace(b"\n", b" "))
        made.append(line)
        length += len(line)
    return b"".join(made)[:size]


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"git {arguments[0]}: {last_line(done.stderr)}")
    return done.stdout

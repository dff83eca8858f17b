"""A .git folder that was copied into an image: its history is swept without git and without a file written."""

from __future__ import annotations

import io
import os
import random
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from secrets_guard.sources.image.git_object import GitObject
from secrets_guard.sources.image.git_pack import Pack, apply_delta


def git(folder: Path, *words: str) -> str:
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        **{f"GIT_{who}_{what}": "a@b.c" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }
    done = subprocess.run(["git", "-C", str(folder), *words], env=env, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def repo(tmp_path: Path, kit: Any) -> Path:
    """Return a repository that had a token in app/settings.py, in a file that changed a lot, and in a message."""
    folder = tmp_path / "context"
    (folder / "app").mkdir(parents=True)
    git(folder, "init", "-q")
    lines = [f"value_{number} = {random.Random(number).random()}\n" for number in range(400)]
    for version in range(12):
        lines[version * 20] = f"changed = {version}\n"
        secret = f'TOKEN = "{kit.token("history")}"\n' if version == 5 else ""
        (folder / "app" / "settings.py").write_text("".join(lines[:200]) + secret + "".join(lines[200:]))
        git(folder, "add", "-A")
        message = f"use {kit.token('message')} for now" if version == 7 else f"version {version}"
        git(folder, "commit", "-q", "-m", message)
    return folder


def _loose(folder: Path) -> None:
    assert not list(folder.glob(".git/objects/pack/*.pack"))


def _packed(folder: Path) -> None:
    git(folder, "gc", "-q", "--aggressive", "--prune=now")
    assert list(folder.glob(".git/objects/pack/*.pack"))


def _packed_by_names(folder: Path) -> None:
    git(folder, "-c", "repack.useDeltaBaseOffset=false", "repack", "-q", "-a", "-d", "-f")


@pytest.mark.parametrize("prepare", [_loose, _packed, _packed_by_names])
def test_what_the_history_held_is_found(
    prepare: Callable[[Path], None], repo: Path, kit: Any, layered: Any, tmp_path: Path
) -> None:
    prepare(repo)
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as made:
        made.add(repo / ".git", "src/.git")
    result = kit.sweep(layered(stream.getvalue()))
    assert result.problems == ()
    found = {finding.location.path.partition("!/")[::2]: finding for finding in result.findings}
    ends = sorted(inside for _, inside in found)
    assert "app/settings.py" in ends
    assert all(path.startswith("src/.git/objects/") for path, _ in found if path.find("/objects/") > 0)
    secrets = {finding.secret for finding in result.findings}
    assert len(secrets) == 2
    line = next(finding for finding in result.findings if finding.location.path.endswith("!/app/settings.py"))
    assert (line.location.start_line, line.location.start_column) == (201, 10)


def test_a_pack_gives_every_object_that_git_lists(repo: Path) -> None:
    _packed(repo)
    data = next(repo.glob(".git/objects/pack/*.pack")).read_bytes()
    pack = Pack(data)
    found = {one.name.hex(): one for one in pack.objects()}
    listed = git(repo, "cat-file", "--batch-all-objects", "--batch-check").splitlines()
    assert {line.split()[0] for line in listed} == set(found)
    for line in listed:
        name, kind, size = line.split()
        assert (found[name].kind, len(found[name].content)) == (kind, int(size))
    assert (pack.broken, pack.unresolved, pack.too_large) == (-1, 0, 0)


@pytest.mark.parametrize("keep", [0, 11, 13, 40, 700, 2500])
def test_a_pack_that_is_cut_short_says_so_and_keeps_what_comes_before(repo: Path, keep: int) -> None:
    _packed(repo)
    data = next(repo.glob(".git/objects/pack/*.pack")).read_bytes()
    whole = {one.name for one in Pack(data).objects()}
    pack = Pack(data[:keep])
    found: list[GitObject] = list(pack.objects())
    assert {one.name for one in found} < whole
    assert pack.broken >= 0


def test_a_pack_with_any_byte_changed_ends_in_order(repo: Path) -> None:
    _packed(repo)
    data = bytearray(next(repo.glob(".git/objects/pack/*.pack")).read_bytes())
    whole = {one.name for one in Pack(bytes(data)).objects()}
    chance = random.Random(4)
    for _ in range(60):
        place = chance.randrange(12, len(data) - 20)
        changed = bytearray(data)
        changed[place] ^= 1 << chance.randrange(8)
        pack = Pack(bytes(changed))
        found = {one.name for one in pack.objects()}
        # What is lost is told, or there is something else in its place: names are digests of what was read.
        told = pack.broken >= 0 or pack.unresolved or pack.too_large
        assert told or len(found) >= len(whole)


@pytest.mark.parametrize(
    "delta", [b"", b"\x05", b"\x05\x05", b"\x05\x05\x00", b"\x05\x05\x91\x00", b"\x04\x05\x90\x05", b"\xff" * 12]
)
def test_a_delta_that_makes_no_sense_makes_nothing(delta: bytes) -> None:
    assert apply_delta(b"hello", delta, 1 << 20) is None


def test_a_delta_may_not_make_more_than_it_is_allowed() -> None:
    assert apply_delta(b"hello", b"\x05\x05\x90\x05", 5) == b"hello"
    assert apply_delta(b"hello", b"\x05\x05\x90\x05", 4) is None

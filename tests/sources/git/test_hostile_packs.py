"""A pack is whatever somebody made it: the extension gives what it can read, hands back the rest, and never fails."""

from __future__ import annotations

import random
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

native = pytest.importorskip("secrets_guard._native", reason="the extension is not built: no Rust toolchain")


@pytest.fixture
def reader() -> str:
    """These tests ask the extension itself."""
    return "native"


def read_all(folder: Path) -> int:
    """Take everything through every call; return how many contents were whole."""
    store = native.Store([str(folder)], 20)
    whole = 0
    plan = store.novelties(b"", 0, 64, [b"PK"], 8192, (22, b"PK"))
    cursor, owners = plan.cursor(), set(plan.unreached)
    while (output := cursor.next(4096)) is not None:
        whole += output.counts[0]
        owners.update(memoryview(output.owners).cast("I"), output.left, output.odd)
        assert len(output.starts) == len(output.owners)
    assert all(len(store.name(owner)) == 20 for owner in owners)
    cursor = store.closure(sorted(owners), 0).cursor()
    while (output := cursor.next(4096)) is not None:
        assert all(kind in (1, 3, 4) for _, kind, _ in output.objects)
    return whole


@pytest.fixture
def objects(repo: Any) -> Path:
    for number in range(12):
        repo.commit(
            f"change {number}", text="\n".join(f"{line} {line == number}" for line in range(200)), a__b=str(number)
        )
    repo.git("tag", "-a", "-m", "a tag", "v1")
    repo.git("repack", "-q", "-a", "-d", "-f")
    return Path(repo.folder) / ".git" / "objects"


def changed(objects: Path, target: Path, ending: str, change: Any) -> Path:
    shutil.copytree(objects, target)
    (path,) = (target / "pack").glob(f"*{ending}")
    path.chmod(0o600)
    path.write_bytes(change(path.read_bytes()))
    return target


@pytest.mark.parametrize("ending", [".pack", ".idx"])
def test_no_change_of_bytes_breaks_the_reader(objects: Path, tmp_path: Path, ending: str) -> None:
    dice = random.Random(7)
    for number in range(150):

        def change(content: bytes) -> bytes:
            made = bytearray(content)
            for _ in range(dice.choice([1, 1, 4, 40])):
                made[dice.randrange(len(made))] = dice.choice([0, 255, dice.randrange(256)])
            return bytes(made)

        target = changed(objects, tmp_path / str(number), ending, change)
        with suppress(ValueError):  # what is wrong with the structure is the whole store's
            read_all(target)
        shutil.rmtree(target)


@pytest.mark.parametrize("ending", [".pack", ".idx"])
def test_no_cut_breaks_the_reader(objects: Path, tmp_path: Path, ending: str) -> None:
    (path,) = (objects / "pack").glob(f"*{ending}")
    size = path.stat().st_size
    for end in range(0, size, max(1, size // 60)):
        target = changed(objects, tmp_path / str(end), ending, lambda content, end=end: content[:end])
        with suppress(ValueError):  # what is wrong with the structure is the whole store's
            read_all(target)
        shutil.rmtree(target)


def test_an_intact_pack_is_read_whole(objects: Path) -> None:
    whole = read_all(objects)
    assert whole == 12 + 12 + 12 + 1


def test_folders_in_folders_without_end_are_refused(repo: Any) -> None:
    """A tree can't hold itself, but one hundred thousand levels cost little to make."""
    name = repo.blob("x")
    repo.git("hash-object", "-w", "--stdin", given=b"x")
    entry = f"100644 blob {name}\tf\n"
    for _ in range(600):
        tree = repo.git("mktree", given=entry.encode())
        entry = f"040000 tree {tree}\td\n"
    commit = repo.git("commit-tree", "-m", "deep", tree)
    store = native.Store([str(Path(repo.folder) / ".git" / "objects")], 20)
    with pytest.raises(ValueError, match="without end"):
        store.changes(commit.encode(), [])

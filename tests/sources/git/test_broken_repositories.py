"""What can't be read is a problem each, and everything else is still swept."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Sweep = Callable[..., Any]


def loose(repo: Any, name: str) -> Path:
    path: Path = repo.folder / ".git/objects" / name[:2] / name[2:]
    os.chmod(path, 0o644)
    return path


def test_a_missing_blob_is_counted(repo: Any, sweep: Sweep) -> None:
    repo.commit(a="gone", b="NEEDLE")
    loose(repo, repo.blob("gone")).unlink()
    swept = sweep(repo)
    assert [(problem.kind, problem.message.split(",")[0]) for problem in swept.problems] == [
        ("missing", "1 object of the history not here")
    ]
    assert swept.paths == ["b"]


@pytest.mark.parametrize("damage", ["truncated", "overwritten", "emptied"])
def test_a_corrupt_loose_blob_is_a_problem_that_names_it(repo: Any, sweep: Sweep, damage: str) -> None:
    texts = [f"NEEDLE {number} " + str(number) * 3000 for number in range(20)]
    repo.commit(**{f"f{number}": text for number, text in enumerate(texts)})
    bad = repo.blob(texts[7])
    path = loose(repo, bad)
    data = path.read_bytes()
    path.write_bytes({"truncated": data[: len(data) // 2], "overwritten": b"\xff" * len(data), "emptied": b""}[damage])
    swept = sweep(repo)
    assert {problem.kind for problem in swept.problems} <= {"corrupt", "missing"}
    assert any(bad in problem.where + problem.message for problem in swept.problems)
    assert len(swept.guilty) == 19
    assert len(swept.standings) == 19


def test_every_corrupt_object_is_reported_and_all_others_read(repo: Any, sweep: Sweep) -> None:
    texts = [f"NEEDLE {number} " + str(number) * 3000 for number in range(30)]
    repo.commit(**{f"f{number}": text for number, text in enumerate(texts)})
    bad = {repo.blob(text) for text in texts[::3]}
    for name in bad:
        path = loose(repo, name)
        path.write_bytes(path.read_bytes()[:-12])
    swept = sweep(repo)
    assert {problem.where for problem in swept.problems if problem.kind == "corrupt"} >= bad
    assert len(swept.guilty) == 20


def test_a_corrupt_content_of_many_pieces_is_a_problem_and_what_follows_is_read(repo: Any, sweep: Sweep) -> None:
    text = "".join(f"{number} " for number in range(1_500_000))
    repo.commit(big=text, **{f"f{number}": f"NEEDLE {number}" for number in range(10)})
    path = loose(repo, repo.blob(text))
    path.write_bytes(path.read_bytes()[:-5000])
    swept = sweep(repo)
    assert {problem.where for problem in swept.problems} == {repo.blob(text)}
    assert len(swept.guilty) == 10


def test_a_corrupt_byte_in_a_pack_costs_only_what_it_hits(repo: Any, sweep: Sweep) -> None:
    for number in range(12):
        body = os.urandom(3000).hex()
        repo.commit(**{f"f{number}": f"NEEDLE {number} {body}"})
    repo.git("repack", "-qadf", "--depth=0")
    (pack,) = (repo.folder / ".git/objects/pack").glob("*.pack")
    listed = repo.git("verify-pack", "-v", str(pack)).splitlines()
    blob = next(line.split() for line in listed if " blob " in line and int(line.split()[2]) > 5000)
    os.chmod(pack, 0o644)
    data = bytearray(pack.read_bytes())
    data[int(blob[4]) + 1500] ^= 0xFF
    pack.write_bytes(bytes(data))
    swept = sweep(repo)
    assert blob[0] in {problem.where for problem in swept.problems}
    assert len(swept.guilty) == 11
    assert len(swept.standings) == 11


def test_a_missing_tree_costs_only_the_origins_of_its_commit(repo: Any, sweep: Sweep) -> None:
    repo.commit(a="NEEDLE a")
    bad = repo.commit(sub__b="NEEDLE b")
    repo.commit(c="NEEDLE c")
    loose(repo, repo.git("rev-parse", f"{bad}^{{tree}}")).unlink()
    swept = sweep(repo)
    assert len(swept.guilty) == 3
    assert any(problem.kind == "corrupt" and problem.where == bad for problem in swept.problems)
    assert "a" in swept.paths


def test_a_missing_commit_does_not_lose_what_is_on_either_side(repo: Any, sweep: Sweep, reader: str) -> None:
    repo.commit(a="NEEDLE a")
    bad = repo.commit(b="b")
    repo.commit(c="NEEDLE c")
    repo.git("rm", "-q", "--cached", "c")
    loose(repo, bad).unlink()
    swept = sweep(repo)
    assert any("can't be walked" in problem.message for problem in swept.problems)
    # git can't compare a commit whose parent is gone; our reader takes it as a beginning.
    assert swept.paths == ["a", "c" if reader == "native" else repo.blob("NEEDLE c")]


def test_a_ref_to_nothing_is_a_problem_and_the_rest_is_swept(repo: Any, sweep: Sweep) -> None:
    repo.commit(a="NEEDLE")
    (repo.folder / ".git/refs/heads/broken").write_text("1" * 40 + "\n")
    swept = sweep(repo)
    assert swept.paths == ["a"]
    assert any("broken" in problem.where + problem.message for problem in swept.problems)


def test_refs_without_any_object_are_never_a_silent_pass(repo: Any, sweep: Sweep) -> None:
    repo.commit(a="NEEDLE")
    for path in (repo.folder / ".git/objects").glob("??/*"):
        path.unlink()
    assert sweep(repo).problems != []

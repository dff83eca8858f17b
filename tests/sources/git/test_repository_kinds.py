"""Every kind of repository is swept; one that lacks something says so; what is none is refused in one line."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from secrets_guard.errors import SourceError
from secrets_guard.model.origin import CommitOrigin
from secrets_guard.sources.git.history import GitHistorySource

Sweep = Callable[..., Any]


def test_a_bare_clone_tells_the_same_story(repo: Any, sweep: Sweep, tmp_path: Path) -> None:
    commit = repo.commit(a="NEEDLE")
    repo.git("clone", "-q", "--bare", ".", str(tmp_path / "bare.git"))
    (standing,) = sweep(tmp_path / "bare.git").standings
    assert (standing.origin.commit, standing.exposure.at_tip) == (commit, True)


def test_a_folder_inside_a_work_tree_stands_for_the_whole_repository(repo: Any, sweep: Sweep) -> None:
    repo.commit(a="NEEDLE", sub__b="b")
    assert sweep(repo.folder / "sub").paths == ["a"]


def test_a_linked_work_tree_leads_to_the_repository_and_its_head_and_index_count(
    repo: Any, sweep: Sweep, tmp_path: Path
) -> None:
    repo.commit(a="NEEDLE a")
    linked = tmp_path / "linked"
    repo.git("worktree", "add", "-q", "--detach", str(linked))
    (linked / "b").write_text("NEEDLE b")
    repo.git("-C", str(linked), "add", "-A")
    repo.git("-C", str(linked), "commit", "-qm", "detached")
    (linked / "c").write_text("NEEDLE c")
    repo.git("-C", str(linked), "add", "-A")
    assert sorted(sweep(linked).paths) == sorted(sweep(repo).paths) == ["a", "b", "c"]


def test_objects_of_an_alternate_are_swept(repo: Any, sweep: Sweep, tmp_path: Path) -> None:
    repo.commit(a="NEEDLE")
    repo.git("clone", "-q", "--shared", ".", str(tmp_path / "shared"))
    assert not list((tmp_path / "shared/.git/objects").glob("??"))
    assert sweep(tmp_path / "shared").paths == ["a"]


def test_packs_with_a_multi_pack_index_and_loose_objects_are_swept(repo: Any, sweep: Sweep) -> None:
    for name in ("a", "b"):
        repo.commit(**{name: f"NEEDLE {name}"})
        repo.git("repack", "-qd")
    repo.git("multi-pack-index", "write")
    repo.commit(c="NEEDLE c")
    swept = sweep(repo)
    assert swept.paths == ["a", "b", "c"]
    assert len({blob.id for blob in swept.blobs}) == len(swept.blobs)


def test_a_sha256_repository_is_swept(tmp_path: Path, repo: Any, sweep: Sweep) -> None:
    repo.folder = tmp_path / "sha256"
    repo.folder.mkdir()
    repo.git("init", "-q", "--object-format=sha256")
    first = repo.commit("NEEDLE", a="NEEDLE")
    repo.commit(a="clean")
    swept = sweep(repo)
    assert sorted(swept.paths) == ["<commit message>", "a"]
    assert {one.commit for one in swept.origins} == {first}
    assert len(first) == 64
    assert swept.problems == []


def test_a_shallow_clone_is_swept_and_said_to_be_one(repo: Any, sweep: Sweep, tmp_path: Path) -> None:
    repo.commit(a="NEEDLE")
    repo.commit(b="b")
    repo.git("clone", "-q", "--depth=1", f"file://{repo.folder}", str(tmp_path / "shallow"))
    swept = sweep(tmp_path / "shallow")
    assert [problem.kind for problem in swept.problems] == ["shallow"]
    assert swept.paths == ["a"]
    with pytest.raises(SourceError, match="git fetch --unshallow"):
        sweep(tmp_path / "shallow", require_full=True)


def test_a_partial_clone_is_swept_without_fetching_and_the_missing_are_counted(
    repo: Any, sweep: Sweep, tmp_path: Path
) -> None:
    for number in range(4):
        repo.commit(a=f"NEEDLE {number}")
    repo.git("config", "uploadpack.allowFilter", "true")
    repo.git("config", "uploadpack.allowAnySHA1InWant", "true")
    partial = tmp_path / "partial"
    repo.git("clone", "-q", "--filter=blob:none", f"file://{repo.folder}", str(partial))
    swept = sweep(partial)
    assert [(problem.kind, problem.message.split(" of ")[0]) for problem in swept.problems] == [
        ("missing", "3 objects")
    ]
    assert {blob.data for blob in swept.blobs if b"NEEDLE" in blob.data} == {b"NEEDLE 3"}
    missing = repo.git("-C", str(partial), "rev-list", "--objects", "--all", "--missing=print")
    assert missing.count("?") == 3
    ranged = sweep(partial, range_="HEAD~2..HEAD")
    assert [problem.message.split(" of ")[0] for problem in ranged.problems] == ["1 object"]
    with pytest.raises(SourceError, match="partial clone"):
        sweep(partial, require_full=True)


def test_a_clone_without_trees_is_swept_as_far_as_it_goes(repo: Any, sweep: Sweep, tmp_path: Path) -> None:
    for number in range(3):
        repo.commit(**{f"f{number}": f"NEEDLE {number}"})
    repo.git("config", "uploadpack.allowFilter", "true")
    partial = tmp_path / "partial"
    repo.git("clone", "-q", "--filter=tree:0", f"file://{repo.folder}", str(partial))
    swept = sweep(partial)
    assert len(swept.guilty) == 3
    assert {problem.kind for problem in swept.problems} == {"corrupt"}
    assert repo.git("-C", str(partial), "rev-list", "--objects", "--all", "--missing=print").count("?") == 2


def test_an_empty_repository_is_a_note_and_no_problem(repo: Any, sweep: Sweep) -> None:
    swept = sweep(repo)
    assert (swept.blobs, swept.problems) == ([], [])
    assert "no commits yet" in swept.source.notes[0]


def test_what_is_no_repository_is_refused_in_one_line(tmp_path: Path, sweep: Sweep) -> None:
    (tmp_path / "file").write_text("x")
    for path, named in ((tmp_path, "not a git repository"), (tmp_path / "no", "no such"), (tmp_path / "file", "not a")):
        with pytest.raises(SourceError, match=named) as raised:
            sweep(path)
        assert "\n" not in str(raised.value)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a folder away")
def test_somebody_elses_repository_is_refused_and_the_way_out_said(
    repo: Any, sweep: Sweep, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit(a="NEEDLE")
    monkeypatch.delenv("GIT_CONFIG_COUNT")
    monkeypatch.delenv("SUDO_UID", raising=False)
    for folder in (repo.folder, repo.folder / ".git"):
        os.chown(folder, 12345, 12345)
    with pytest.raises(SourceError, match=r"git config --global --add safe\.directory"):
        sweep(repo)


def test_content_larger_than_a_piece_arrives_in_pieces_with_one_id(repo: Any, sweep: Sweep) -> None:
    text = "x" * 9_000_000 + "NEEDLE"
    repo.commit(big=text, small="s")
    swept = sweep(repo)
    pieces = [blob for blob in swept.blobs if blob.id == repo.blob(text)]
    assert len(pieces) > 2
    assert pieces[-1].start + len(pieces[-1].data) == len(text)
    assert swept.paths == ["big"]
    assert b"s" in {blob.data for blob in swept.blobs}


def test_content_over_the_limit_is_a_problem_and_not_read(repo: Any, sweep: Sweep) -> None:
    repo.commit(big="x" * 2000, small="NEEDLE")
    swept = sweep(repo, max_file_size=1000)
    assert [problem.kind for problem in swept.problems] == ["too_large"]
    assert swept.stats.skipped["too_large"] == 1
    assert max(len(blob.data) for blob in swept.blobs) < 1000


def test_empty_contents_and_archives_are_counted(repo: Any, sweep: Sweep) -> None:
    (repo.folder / "z").write_bytes(b"Rar!\x1a\x07\0NEEDLE")
    repo.commit(empty="")
    swept = sweep(repo)
    assert swept.stats.skipped == {"empty": 1, "archive": 1}
    assert swept.paths == ["z"]


def test_origins_of_single_contents_can_be_asked_for(repo: Any, sweep: Sweep) -> None:
    commit = repo.commit(a="NEEDLE")
    swept = sweep(repo)
    (name,) = swept.guilty
    (origin,) = GitHistorySource(str(repo.folder)).origins([name])[name]
    assert isinstance(origin, CommitOrigin)
    assert (origin.path, origin.commit) == ("a", commit)

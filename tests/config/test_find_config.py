"""Which config file is obeyed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from secrets_guard.config import find_config

NAME = ".secrets-guard.yaml"


def repository(folder: Path, config: bool = True) -> Path:
    (folder / ".git").mkdir(parents=True)
    if config:
        (folder / NAME).write_text("jobs: 1\n", encoding="utf-8")
    return folder


def test_the_nearest_config_up_to_the_git_root_is_the_callers_own(tmp_path: Path) -> None:
    root = repository(tmp_path / "repo")
    (root / "a" / "b").mkdir(parents=True)
    assert find_config(str(root / "a" / "b"), ["."], False) == (str(root / NAME), ())
    (root / "a" / NAME).write_text("", encoding="utf-8")
    assert find_config(str(root / "a" / "b"), [], False) == (str(root / "a" / NAME), ())


def test_a_config_above_the_git_root_is_not_looked_at(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("", encoding="utf-8")
    root = repository(tmp_path / "repo", config=False)
    assert find_config(str(root), ["."], False) == (None, ())


def test_outside_git_only_the_folder_itself_counts(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("", encoding="utf-8")
    (tmp_path / "sub").mkdir()
    assert find_config(str(tmp_path), ["."], False)[0] == str(tmp_path / NAME)
    assert find_config(str(tmp_path / "sub"), ["."], False) == (None, ())


def test_the_yml_spelling_counts_and_loses_against_yaml_with_a_note(tmp_path: Path) -> None:
    (tmp_path / ".secrets-guard.yml").write_text("", encoding="utf-8")
    assert find_config(str(tmp_path), [], False)[0] == str(tmp_path / ".secrets-guard.yml")
    (tmp_path / NAME).write_text("", encoding="utf-8")
    found, notes = find_config(str(tmp_path), ["."], False)
    assert found == str(tmp_path / NAME)
    assert len(notes) == 1
    assert notes[0].startswith(f"{tmp_path}/.secrets-guard.yml: not obeyed")


def test_the_config_of_a_scanned_tree_is_noted_not_obeyed(tmp_path: Path) -> None:
    theirs = repository(tmp_path / "theirs")
    mine = repository(tmp_path / "mine")
    (theirs / "deep").mkdir()
    (theirs / "deep" / "file.txt").write_text("", encoding="utf-8")
    for target in (theirs, theirs / "deep", theirs / "deep" / "file.txt"):
        found, notes = find_config(str(mine), [str(target), "../theirs"], False)
        assert found == str(mine / NAME)
        assert len(notes) == 1
        assert notes[0].startswith(f"{theirs / NAME}: not obeyed")
        assert "--trust-repo-config" in notes[0]


def test_a_repository_within_the_callers_own_is_a_tree_of_its_own(tmp_path: Path) -> None:
    mine = repository(tmp_path / "mine")
    repository(mine / "vendor" / "theirs")
    found, notes = find_config(str(mine), ["vendor/theirs"], False)
    assert found == str(mine / NAME)
    assert len(notes) == 1


def test_with_trust_the_config_of_the_scanned_tree_is_obeyed(tmp_path: Path) -> None:
    theirs, mine = repository(tmp_path / "theirs"), repository(tmp_path / "mine")
    found, notes = find_config(str(mine), [str(theirs)], True)
    assert found == str(theirs / NAME)
    assert notes == (f"{mine / NAME}: not obeyed: {theirs / NAME} is",)
    assert find_config(str(tmp_path), [str(theirs)], True) == (str(theirs / NAME), ())


def test_targets_that_are_no_paths_are_left_alone(tmp_path: Path) -> None:
    assert find_config(str(tmp_path), ["registry.example.com/name:tag", "-"], False) == (None, ())


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can give a file away")
def test_a_config_of_another_user_is_noted_not_obeyed(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_text("", encoding="utf-8")
    os.chown(path, 12345, 12345)
    found, notes = find_config(str(tmp_path), ["."], False)
    assert found is None
    assert len(notes) == 1
    assert "another user" in notes[0]


def test_a_config_that_is_a_pipe_or_a_broken_link_is_noted_not_obeyed(tmp_path: Path) -> None:
    (tmp_path / "pipe").mkdir()
    os.mkfifo(tmp_path / "pipe" / NAME)
    (tmp_path / "link").mkdir()
    (tmp_path / "link" / NAME).symlink_to("nowhere")
    for name, reason in (("pipe", "not a regular file"), ("link", "can't be read")):
        found, notes = find_config(str(tmp_path / name), ["."], True)
        assert found is None
        assert reason in notes[0]

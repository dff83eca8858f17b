"""What a hook obeys: the caller's own config, known secrets, comments; and that nothing obeyed is stale."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .conftest import Repo, Token

_RULE = "github-personal-access-token"
_ALLOW = "allow:\n- reason: samples\n  paths: ['samples/**']\n"


def _leak(token: Token, path: str = "leak") -> str:
    return f'token = "{token(path)}"\n'


def test_the_config_of_the_repositorys_root_is_obeyed_and_a_change_of_it_too(repo: Repo, token: Token) -> None:
    repo.stage("samples/a.py", _leak(token))
    config = repo.write(".secrets-guard.yaml", _ALLOW)
    for _ in range(3):  # read, then from the cache
        assert repo.hook("pre-commit").code == 0
    config.write_text(_ALLOW.replace("samples/", "examples"))
    assert repo.hook("pre-commit").places == ["samples/a.py:1"]
    config.write_text(_ALLOW)
    assert repo.hook("pre-commit").code == 0
    config.unlink()
    assert repo.hook("pre-commit").code == 1


def test_a_change_of_the_config_within_the_same_second_and_size_is_seen(repo: Repo, token: Token) -> None:
    repo.stage("samples/a.py", _leak(token))
    config = repo.write(".secrets-guard.yaml", _ALLOW)
    assert repo.hook("pre-commit").code == 0
    stamp = config.stat()
    config.write_text(_ALLOW.replace("samples/", "example/"))
    os.utime(config, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert repo.hook("pre-commit").code == 1


@pytest.mark.parametrize("reason", ["", " because it is a sample"])
def test_a_comment_allows_the_secret_on_its_line(repo: Repo, token: Token, reason: str) -> None:
    repo.stage("a.py", f"{_leak(token).rstrip()}  # secrets-guard: allow rule={_RULE}{reason}\n")
    assert repo.hook("pre-commit").code == 0


def test_the_baseline_is_obeyed_and_its_removal_too(repo: Repo, token: Token) -> None:
    repo.stage("a.py", _leak(token))
    made = repo.cli("baseline", "create")
    assert made.code == 0, made.err
    for _ in range(2):
        assert repo.hook("pre-commit").code == 0
    repo.stage("b.py", _leak(token, "another"))
    assert repo.hook("pre-commit").places == ["b.py:1"]
    (repo.folder / ".secrets-guard-baseline.yaml").unlink()
    assert repo.hook("pre-commit").places == ["a.py:1", "b.py:1"]


def test_a_gitleaksignore_is_obeyed(repo: Repo, token: Token) -> None:
    repo.stage("a.py", _leak(token))
    repo.write(".gitleaksignore", f"a.py:{_RULE}:1\n")
    for _ in range(2):
        assert repo.hook("pre-commit").code == 0


def test_another_tools_baseline_named_in_the_config_is_obeyed_every_time(repo: Repo, token: Token) -> None:
    import hashlib
    import json

    repo.stage("a.py", _leak(token))
    digest = hashlib.sha1(token("leak").encode(), usedforsecurity=False).hexdigest()
    known = {"results": {"a.py": [{"type": "x", "filename": "a.py", "hashed_secret": digest, "line_number": 1}]}}
    repo.write(".secrets.baseline", json.dumps(known))
    repo.write(".secrets-guard.yaml", "baseline: .secrets.baseline\n")
    for _ in range(2):
        assert repo.hook("pre-commit").code == 0


def test_options_of_the_environment_are_obeyed_with_and_without_a_config(repo: Repo, token: Token) -> None:
    repo.stage("a.py", _leak(token))
    only = {"SECRETS_GUARD_ONLY_RULE": "gitlab-personal-access-token"}
    assert repo.hook("pre-commit", env=only).code == 0
    repo.write(".secrets-guard.yaml", _ALLOW)
    assert repo.hook("pre-commit").code == 1
    assert repo.hook("pre-commit", env=only).code == 0
    assert repo.hook("pre-commit").code == 1


def test_a_named_config_takes_the_place_of_the_repositorys(repo: Repo, token: Token, tmp_path: Path) -> None:
    repo.stage("samples/a.py", _leak(token))
    other = tmp_path / "other.yaml"
    other.write_text(_ALLOW)
    assert repo.hook("pre-commit", f"--config={other}").code == 0
    assert repo.hook("pre-commit", "--config", str(other)).code == 0
    assert repo.hook("pre-commit").code == 1


def test_a_broken_config_blocks_and_names_its_line(repo: Repo) -> None:
    repo.stage("a.py", "x = 1\n")
    repo.write(".secrets-guard.yaml", "min_severty: high\n")
    ran = repo.hook("pre-commit")
    assert ran.code == 2
    assert ".secrets-guard.yaml:1:" in ran.err
    assert "did you mean 'min_severity'" in ran.err
    assert "git commit --no-verify" in ran.err


def test_a_file_over_the_size_limit_is_told_and_blocks_only_when_strict(repo: Repo) -> None:
    repo.stage("a.py", "x = 1\n" * 1000)
    repo.write(".secrets-guard.yaml", "max_file_size: 1KB\n")
    ran = repo.hook("pre-commit")
    assert ran.code == 0
    assert "too_large: a.py" in ran.err
    repo.write(".secrets-guard.yaml", "max_file_size: 1KB\nstrict: true\n")
    assert repo.hook("pre-commit").code == 2


def test_an_exit_code_of_the_config_can_not_let_a_secret_pass(repo: Repo, token: Token) -> None:
    repo.stage("a.py", _leak(token))
    repo.write(".secrets-guard.yaml", "exit_code: 0\n")
    assert repo.hook("pre-commit").code == 1


def test_without_a_cache_folder_the_hook_works(repo: Repo, token: Token) -> None:
    repo.stage("a.py", _leak(token))
    assert repo.hook("pre-commit", env={"SECRETS_GUARD_CACHE": "off"}).code == 1

"""``scan git --staged``: the pre-commit hook's sweep of the index, told in any format, of a repository anywhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .conftest import Make, Ran, Repo, Token
from .test_staged import TABLE, Situation


def _report(repo: Repo, *arguments: str) -> dict[str, Any]:
    ran = repo.cli("scan", "git", "--staged", "--format", "json", *arguments)
    assert ran.code in (0, 1), ran.err
    report: dict[str, Any] = json.loads(ran.out)
    assert ran.code == bool(report["findings"])
    return report


def _places(report: dict[str, Any]) -> list[str]:
    return [f"{one['path']}:{one['start_line']}" for one in report["findings"]]


@pytest.mark.parametrize(("situation", "expected"), TABLE, ids=lambda value: getattr(value, "__name__", ""))
def test_the_scan_reports_what_the_hook_blocks(
    repo: Repo, token: Token, situation: Situation, expected: list[str]
) -> None:
    situation(repo, token(situation.__name__))
    report = _report(repo)
    assert [place.replace("\n", "\\n").replace("\x1b", "\\x1b") for place in _places(report)] == expected
    assert {one["origin"]["kind"] for one in report["findings"]} <= {"staged"}
    assert report["scan"]["kind"] == "git"


@pytest.mark.parametrize("where", ["repo", "./repo/app", "repo/.git", "linked"])
def test_the_repository_may_be_anywhere(repo: Repo, token: Token, where: str) -> None:
    repo.git("worktree", "add", "-q", "--detach", "../linked")
    linked = Repo(repo.folder.parent / "linked", repo.environment)
    (linked if where == "linked" else repo).stage("app/a.py", f'token = "{token(where)}"\n')
    above = Repo(repo.folder.parent, repo.environment)
    report = _report(above, where)
    assert (_places(report), report["scan"]["target"]) == (["app/a.py:1"], where)
    other = _report(above, "repo" if where == "linked" else "linked")
    assert (other["findings"], other["notes"][0].endswith("nothing is staged, so nothing was swept")) == ([], True)


def test_everything_is_new_before_the_first_commit(make: Make, token: Token) -> None:
    repo = make("first")
    assert "nothing is staged" in _report(repo)["notes"][0]
    repo.stage("a.py", f'token = "{token("first")}"\n')
    assert _places(_report(Repo(repo.folder.parent, repo.environment), "first")) == ["a.py:1"]


@pytest.mark.parametrize("where", [".", "../linked"])
def test_in_a_merge_only_what_the_resolution_brings_is_new(repo: Repo, token: Token, where: str) -> None:
    if where != ".":
        repo.git("worktree", "add", "-q", "-b", "other", where)
        repo = Repo(repo.folder / where, repo.environment)
    mine = repo.git("symbolic-ref", "--short", "HEAD")
    repo.commit("both.py", "one\n")
    repo.git("checkout", "-qb", "side")
    repo.commit("side.py", f'token = "{token("theirs")}"\n')
    repo.commit("both.py", "side\n")
    repo.git("checkout", "-q", mine)
    repo.commit("both.py", "main\n")
    repo.git("merge", "side", fine=(1,))
    in_conflict = _report(Repo(repo.folder.parent, repo.environment), repo.folder.name)
    assert [(one["kind"], one["where"]) for one in in_conflict["problems"]] == [("unmerged", "both.py")]
    assert in_conflict["findings"] == []
    repo.stage("both.py", f'both\ntoken = "{token("resolution")}"\n')
    assert _places(_report(Repo(repo.folder.parent, repo.environment), repo.folder.name)) == ["both.py:2"]


def test_a_path_in_conflict_stops_the_hook_as_well(repo: Repo, token: Token) -> None:
    repo.git("checkout", "-qb", "side")
    repo.commit("README", "side\n")
    repo.git("checkout", "-q", "main")
    repo.commit("README", "main\n")
    repo.git("merge", "side", fine=(1,))
    assert (repo.hook("pre-commit").code, "README: in conflict" in repo.hook("pre-commit").err) == (2, True)


def test_the_options_of_a_scan_count(repo: Repo, token: Token) -> None:
    repo.write(".secrets-guard.yaml", "allow:\n- reason: made up\n  paths: [docs/**]\n")
    repo.stage("docs/a.md", f"token = {token('docs')}\n")
    repo.stage("big.txt", "x = 1\n" * 1000)
    repo.stage("a.py", f'token = "{token("a")}"\n')
    shown = repo.cli("scan", "git", "--staged", "--show-secrets", "--max-file-size", "1KB", "--exit-code", "7")
    assert (shown.code, token("a") in shown.out, token("docs") in shown.out) == (7, True, False)
    assert "big.txt" in shown.out
    report = _report(repo, "--max-file-size", "1KB")
    assert (report["stats"]["skipped"], report["scan"]["complete"]) == ({"path": 1, "too_large": 1}, False)
    assert repo.cli("scan", "git", "--staged", "--only-rule", "aws-access-key-id").code == 0


def test_what_a_part_does_not_need_is_not_called_unused(repo: Repo, token: Token) -> None:
    repo.commit("old.py", f'token = "{token("old")}"\n')
    assert repo.cli("baseline", "create").code == 0
    repo.stage("new.py", "x = 1\n")
    for part in (("--staged",), ("--range", "HEAD..HEAD")):
        ran = repo.cli("scan", "git", *part, "--fail-on-unused")
        assert (ran.code, "unused" in ran.out + ran.err) == (0, False)
    repo.write("old.py", "x = 1\n")
    assert repo.cli("scan", "files", "--fail-on-unused").code == 2


def test_what_was_in_the_lines_before_is_no_occurrence(repo: Repo, token: Token) -> None:
    line = f'token = "{token("same")}"\n'
    repo.commit("old.py", line)
    repo.stage("old.py", line + "x = 1\n")
    repo.stage("new.py", line)
    (finding,) = _report(repo)["findings"]
    assert (finding["path"], finding["occurrences_total"]) == ("new.py", 0)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--range", "HEAD..HEAD"], "--range"),
        (["--branch", "main"], "--branch"),
        (["--since", "2026-01-01"], "--since"),
        (["--unreachable"], "--unreachable"),
        (["--cache", "kept"], "--cache"),
        (["--require", "full-history"], "--require"),
        (["https://127.0.0.1:1/x.git"], "URL"),
        (["bare.git"], "bare repository has no index"),
        (["nowhere"], "no such folder"),
        ([".."], "not a git repository"),
    ],
)
def test_what_has_no_index_or_no_meaning_is_refused_in_one_line(repo: Repo, arguments: list[str], named: str) -> None:
    repo.git("clone", "-q", "--bare", ".", "bare.git")
    ran = repo.cli("scan", "git", "--staged", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert len(ran.err.splitlines()) == 1
    assert named in ran.err
    assert not (repo.folder / "kept").exists()


@pytest.mark.parametrize("content", [b"", b"broken", None])
def test_a_corrupt_object_is_a_problem_and_the_rest_is_swept(repo: Repo, token: Token, content: bytes | None) -> None:
    for name in "abc":
        repo.stage(f"{name}.py", f'{name} = 1\ntoken = "{token(name)}"\n' + "x = 1\n" * 500)
    oid = repo.git("rev-parse", ":b.py")
    file = repo.folder / ".git" / "objects" / oid[:2] / oid[2:]
    file.chmod(0o600)
    file.write_bytes(file.read_bytes()[:40] if content is None else content)
    report = _report(repo)
    assert (_places(report), report["scan"]["complete"]) == (["a.py:2", "c.py:2"], False)
    assert [(one["where"], oid in one["message"]) for one in report["problems"]] == [("b.py", True)]
    hook = repo.hook("pre-commit")
    assert (hook.code, hook.places, oid in hook.err) == (1, ["a.py:2", "c.py:2"], True)


def _without_object(repo: Repo, path: str) -> None:
    oid = repo.git("rev-parse", f":{path}")
    (repo.folder / ".git" / "objects" / oid[:2] / oid[2:]).unlink()


def test_a_missing_object_is_a_problem_and_the_rest_is_swept(repo: Repo, token: Token, tmp_path: Path) -> None:
    repo.stage("a.py", "x = 1\n")
    repo.stage("b.py", f'token = "{token("b")}"\n')
    _without_object(repo, "a.py")
    report = _report(repo)
    assert (_places(report), report["scan"]["complete"]) == (["b.py:1"], False)
    assert [one["where"] for one in report["problems"]] == ["a.py"]
    clean: Ran = repo.cli("scan", "git", "--staged", "--only-rule", "aws-access-key-id", "--strict")
    assert clean.code == 2

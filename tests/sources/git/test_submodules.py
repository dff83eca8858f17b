"""Submodules: each repository that is here once, its paths under its own; what is not here, or leads away, is told."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from secrets_guard.errors import SourceError
from secrets_guard.model.origin import MessageOrigin, StagedOrigin, UnreachableOrigin
from secrets_guard.rules.template import fill
from secrets_guard.sources.git.history import GitHistorySource
from secrets_guard.sources.git.superproject import SuperprojectSource

from .conftest import Repo, Swept

ROOT = Path(__file__).parent.parent.parent.parent
Cli = Callable[..., "tuple[int, str, str]"]


def _source(folder: Path, **options: Any) -> SuperprojectSource:
    def history(folder: str, path: str) -> GitHistorySource:
        return GitHistorySource(folder, target=path, require_full=options.get("require_all", False))

    return SuperprojectSource(GitHistorySource(str(folder)), history, **options)


def _sweep(repo: Repo | Path, **options: Any) -> Any:
    return Swept(_source(repo.folder if isinstance(repo, Repo) else repo, **options))  # type: ignore[arg-type]


def _told(swept: Any) -> list[tuple[str, str]]:
    return [(problem.kind, problem.where) for problem in swept.problems]


def _init(folder: Path) -> Repo:
    folder.mkdir(parents=True)
    made = Repo(folder)
    made.git("init", "-q")
    return made


@pytest.fixture
def nested(repo: Repo, tmp_path: Path) -> Repo:
    """``repo`` with libs/mid, named ``odd/name``, in which lies deep/leaf; a NEEDLE in each."""
    leaf, mid = _init(tmp_path / "leaf"), _init(tmp_path / "mid")
    leaf.commit(a="NEEDLE leaf")
    mid.commit("mid", a="NEEDLE mid")
    mid.git("submodule", "--quiet", "add", str(leaf.folder), "deep/leaf")
    mid.commit("add leaf")
    repo.commit(a="NEEDLE top")
    repo.git("submodule", "--quiet", "add", "--name", "odd/name", str(mid.folder), "libs/mid")
    repo.git("submodule", "--quiet", "update", "--init", "--recursive")
    repo.commit("add mid")
    return repo


EVERY = ["a", "libs/mid/a", "libs/mid/deep/leaf/a"]


def test_without_being_asked_for_submodules_are_left_alone(nested: Repo, sweep: Callable[..., Any]) -> None:
    assert sweep(nested).paths == ["a"]


def test_nested_submodules_are_swept_under_their_paths(nested: Repo) -> None:
    swept = _sweep(nested)
    assert (sorted(swept.paths), swept.problems) == (EVERY, [])
    assert [one.repository for one in swept.origins] == ["", "libs/mid", "libs/mid/deep/leaf"]
    commit = nested.git("-C", "libs/mid/deep/leaf", "rev-parse", "HEAD")
    assert [one.commit for one in swept.origins if one.path == "libs/mid/deep/leaf/a"] == [commit]
    assert nested.git("-C", swept.origins[2].repository, "cat-file", "-t", commit) == "commit"


@pytest.mark.parametrize("where", [".", "libs", ".git"])
def test_the_superproject_may_be_named_by_any_folder_of_it(nested: Repo, where: str) -> None:
    assert sorted(_sweep(nested.folder / where).paths) == EVERY


def test_what_is_absorbed_but_not_checked_out_is_swept(nested: Repo) -> None:
    nested.git("submodule", "--quiet", "deinit", "--force", "--all")
    swept = _sweep(nested)
    assert (sorted(swept.paths), swept.problems) == (EVERY, [])
    assert swept.origins[2].repository == ".git/modules/odd/name/modules/deep/leaf"


@pytest.mark.parametrize("left", ["nothing", "an empty folder", "a file"])
def test_a_work_tree_that_is_gone_does_not_matter(nested: Repo, left: str) -> None:
    subprocess.run(["rm", "-r", str(nested.folder / "libs/mid")], check=True)
    if left == "an empty folder":
        (nested.folder / "libs/mid").mkdir()
    elif left == "a file":
        (nested.folder / "libs/mid").write_text("NEEDLE not in git")
    swept = _sweep(nested)
    assert (sorted(swept.paths), swept.problems) == (EVERY, [])


def test_one_that_is_gone_from_the_index_is_swept_under_its_name(nested: Repo) -> None:
    nested.git("rm", "-q", "--force", "libs/mid")
    nested.commit("remove it")
    swept = _sweep(nested)
    assert sorted(swept.paths) == ["a", "odd/name/a", "odd/name/deep/leaf/a"]
    assert swept.problems == []


def test_one_that_was_never_got_is_a_problem_that_says_how(nested: Repo, tmp_path: Path) -> None:
    nested.git("clone", "-q", ".", str(tmp_path / "clone"))
    swept = _sweep(tmp_path / "clone")
    assert (_told(swept), swept.paths) == ([("missing", "libs/mid")], ["a"])
    assert "git submodule update --init --recursive" in swept.problems[0].message
    nested.git("-C", str(tmp_path / "clone"), "submodule", "--quiet", "update", "--init")
    assert _told(_sweep(tmp_path / "clone")) == [("missing", "libs/mid/deep/leaf")]
    with pytest.raises(SourceError, match="deep/leaf"):
        _sweep(tmp_path / "clone", require_all=True)


def test_a_bare_repository_is_asked_for_the_submodules_of_its_head(nested: Repo, tmp_path: Path) -> None:
    nested.git("clone", "-q", "--bare", ".", str(tmp_path / "bare.git"))
    swept = _sweep(tmp_path / "bare.git")
    assert (_told(swept), swept.paths) == ([("missing", "libs/mid")], ["a"])


def test_a_repository_added_by_mistake_is_swept_and_missed_when_it_is_gone(repo: Repo, tmp_path: Path) -> None:
    inner = _init(repo.folder / "inner")
    inner.commit(a="NEEDLE")
    repo.commit("embeds it")
    assert _sweep(repo).paths == ["inner/a"]
    inner.folder.rename(tmp_path / "gone")
    swept = _sweep(repo)
    assert (_told(swept), ".gitmodules does not say" in swept.problems[0].message) == ([("missing", "inner")], True)


def test_submodules_of_linked_work_trees_are_swept_too(nested: Repo, tmp_path: Path) -> None:
    linked = tmp_path / "linked"
    nested.git("worktree", "add", "-q", "-b", "other", str(linked))
    nested.git("-C", str(linked), "submodule", "--quiet", "update", "--init")
    other = Repo(linked / "libs/mid")
    other.commit("only there", b="NEEDLE linked")
    for start in (nested.folder, linked):
        swept = _sweep(start)
        assert sorted({*swept.paths}) == [*EVERY[:2], "libs/mid/b", EVERY[2]]
        assert swept.problems == []


def test_the_same_content_in_two_repositories_stands_in_both(nested: Repo) -> None:
    nested.commit("copy", b="NEEDLE leaf")
    swept = _sweep(nested)
    assert sorted(swept.paths) == ["a", "b", *EVERY[1:]]
    assert len({blob.id for blob in swept.blobs}) == len(swept.blobs)
    again = {blob.id: blob.data for blob in swept.source.contents(swept.guilty)}
    assert again == {blob.id: blob.data for blob in swept.blobs if blob.id in swept.guilty}


def test_messages_stages_and_lost_objects_of_a_submodule_are_under_its_path(nested: Repo) -> None:
    inner = Repo(nested.folder / "libs/mid")
    inner.commit("NEEDLE said")
    (inner.folder / "staged").write_text("NEEDLE staged")
    inner.git("add", "staged")
    lost = inner.git("hash-object", "-w", "--stdin", given=b"NEEDLE lost")

    def history(folder: str, path: str) -> GitHistorySource:
        return GitHistorySource(folder, target=path, unreachable=True)

    origins = Swept(SuperprojectSource(history(str(nested.folder), ""), history)).origins  # type: ignore[arg-type]
    assert StagedOrigin("libs/mid/staged", repository="libs/mid") in origins
    assert UnreachableOrigin(f"libs/mid/{lost}", repository="libs/mid") in origins
    said = [one for one in origins if isinstance(one, MessageOrigin)]
    assert [(one.path, one.repository) for one in said] == [("libs/mid/<commit message>", "libs/mid")]


def test_a_broken_submodule_is_a_problem_and_the_others_are_swept(nested: Repo) -> None:
    (nested.folder / ".git/modules/odd/name/modules/deep/leaf/HEAD").write_text("nonsense")
    swept = _sweep(nested)
    assert sorted(swept.paths) == EVERY[:2]
    assert {where for _, where in _told(swept)} == {"libs/mid/deep/leaf"}


def test_a_corrupt_object_of_a_submodule_is_told_under_its_path(nested: Repo) -> None:
    inner = Repo(nested.folder / "libs/mid")
    inner.commit(b="x" * 100)
    name = inner.git("rev-parse", "HEAD:b")
    file = nested.folder / ".git/modules/odd/name/objects" / name[:2] / name[2:]
    file.chmod(0o600)
    file.write_bytes(b"broken")
    swept = _sweep(nested)
    assert sorted(swept.paths) == EVERY
    assert ("corrupt", f"libs/mid/{name}") in _told(swept)


# What leads away


@pytest.fixture
def elsewhere(tmp_path: Path) -> Repo:
    made = _init(tmp_path / "elsewhere")
    made.commit(a="NEEDLE elsewhere")
    return made


def _link(repo: Repo, path: str, commit: str) -> None:
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{commit},{path}")


def test_a_git_file_that_leads_away_is_not_followed(repo: Repo, elsewhere: Repo) -> None:
    repo.commit(a="NEEDLE")
    (repo.folder / "sub").mkdir()
    (repo.folder / "sub/.git").write_text(f"gitdir: {elsewhere.folder}/.git\n")
    _link(repo, "sub", elsewhere.git("rev-parse", "HEAD"))
    swept = _sweep(repo)
    assert (swept.paths, _told(swept)) == (["a"], [("unreadable", "sub")])
    assert "outside" in swept.problems[0].message


@pytest.mark.parametrize("above", [False, True])
def test_a_link_in_place_of_a_work_tree_is_not_followed(repo: Repo, elsewhere: Repo, above: bool) -> None:
    repo.commit(a="NEEDLE")
    _link(repo, "x/sub", elsewhere.git("rev-parse", "HEAD"))
    if above:
        elsewhere.folder.rename(elsewhere.folder.parent / "sub")
        (repo.folder / "x").symlink_to(elsewhere.folder.parent)
    else:
        (repo.folder / "x").mkdir()
        (repo.folder / "x/sub").symlink_to(elsewhere.folder)
    swept = _sweep(repo)
    assert (swept.paths, _told(swept)) == (["a"], [("unreadable", "x/sub")])


@pytest.mark.parametrize("at", ["modules", "modules/sub", "modules/sub/.git"])
def test_a_link_among_the_absorbed_is_not_followed(repo: Repo, elsewhere: Repo, at: str) -> None:
    repo.commit(a="NEEDLE")
    (repo.folder / ".git" / at).parent.mkdir(parents=True, exist_ok=True)
    (repo.folder / ".git" / at).symlink_to(elsewhere.folder if at == "modules" else elsewhere.folder / ".git")
    swept = _sweep(repo)
    assert (swept.paths, [kind for kind, _ in _told(swept)]) == (["a"], ["unreadable"])
    assert "symbolic link" in swept.problems[0].message


def test_absorbed_objects_that_are_borrowed_from_elsewhere_are_not_followed(repo: Repo, elsewhere: Repo) -> None:
    repo.commit(a="NEEDLE")
    folder = repo.folder / ".git/modules/sub"
    folder.mkdir(parents=True)
    (folder / "HEAD").write_text("ref: refs/heads/main\n")
    (folder / "commondir").write_text(f"{elsewhere.folder}/.git\n")
    swept = _sweep(repo)
    assert (swept.paths, _told(swept)) == (["a"], [("unreadable", "sub")])


def test_a_work_tree_of_another_repository_is_not_taken_for_the_submodules(nested: Repo, elsewhere: Repo) -> None:
    inner = _init(elsewhere.folder / "inner")
    inner.commit(a="NEEDLE inner")
    elsewhere.commit("embeds it")
    nested.git("-C", "libs/mid", "config", "core.worktree", str(elsewhere.folder))
    swept = _sweep(nested)
    assert (sorted(swept.paths), swept.problems) == (EVERY, [])


@pytest.mark.parametrize(
    ("name", "path"),
    [("../../../elsewhere", "sub"), ("sub", "../elsewhere"), ("sub", "/etc"), ("a/../b", "sub"), ("sub", "a/.GIT/b")],
)
def test_names_and_paths_that_climb_are_told_and_not_used(repo: Repo, elsewhere: Repo, name: str, path: str) -> None:
    repo.commit(a="NEEDLE")
    repo.commit("hostile", **{".gitmodules": f'[submodule "{name}"]\n\tpath = {path}\n\turl = {elsewhere.folder}\n'})
    swept = _sweep(repo)
    assert (swept.paths, _told(swept)) == (["a"], [("config", ".gitmodules")])
    assert name in swept.problems[0].message


def test_an_index_whose_link_climbs_is_told_and_not_followed(repo: Repo, elsewhere: Repo) -> None:
    repo.commit(a="NEEDLE")
    _link(repo, "xx/elsewhere", elsewhere.git("rev-parse", "HEAD"))
    index = repo.folder / ".git/index"
    body = index.read_bytes()[:-20].replace(b"xx/elsewhere", b"../elsewhere")
    index.write_bytes(body + hashlib.sha1(body).digest())
    swept = _sweep(repo)
    assert (swept.paths, _told(swept)) == (["a"], [("unreadable", "../elsewhere")])


@pytest.mark.parametrize("text", ["[submodule", "x" * (5 << 20), "\0\0"])
def test_a_gitmodules_that_is_none_is_told(repo: Repo, text: str) -> None:
    repo.commit(a="NEEDLE")
    repo.commit("broken", **{".gitmodules": text})
    swept = _sweep(repo)
    assert (swept.paths, _told(swept)) == (["a"], [("config", ".gitmodules")])


def test_gitmodules_includes_nothing(repo: Repo, tmp_path: Path) -> None:
    (tmp_path / "included").write_text('[submodule "x"]\n\tpath = ../y\n')
    repo.commit(a="NEEDLE", **{".gitmodules": f"[include]\n\tpath = {tmp_path}/included\n"})
    assert _sweep(repo).problems == []


def test_nothing_that_a_submodule_configures_is_run(nested: Repo, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\necho \"$0 $@\" >> '{tmp_path}/sprung'\n")
    trap.chmod(0o755)
    for where in ("libs/mid", "libs/mid/deep/leaf"):
        for name in ("core.fsmonitor", "core.sshCommand", "core.pager", "diff.external", "core.alternateRefsCommand"):
            nested.git("-C", where, "config", name, str(trap))
        for command in ("ls-files", "rev-parse", "worktree", "config", "cat-file"):
            nested.git("-C", where, "config", f"alias.{command}", f"!{trap}")
        for name, value in {"url": f"ext::{trap}", "promisor": "true", "partialclonefilter": "blob:none"}.items():
            nested.git("-C", where, "config", f"remote.origin.{name}", value)
    nested.git("config", "submodule.odd/name.update", f"!{trap}")
    assert sorted(_sweep(nested).paths) == EVERY
    assert not (tmp_path / "sprung").exists()
    nested.git("-C", "libs/mid", "status")
    assert (tmp_path / "sprung").exists()


def test_there_is_an_end_to_the_submodules(repo: Repo) -> None:
    repo.commit(a="NEEDLE")
    modules = repo.folder / ".git/modules"
    (modules / ("d/" * 40)).mkdir(parents=True)
    assert _told(_sweep(repo)) == [("limit", "/".join("d" * 17))]


# By the command line


@pytest.fixture
def cli(tmp_path_factory: pytest.TempPathFactory) -> Cli:
    environment = {**os.environ, "SECRETS_GUARD_CACHE": str(tmp_path_factory.getbasetemp() / "database")}
    environment["PYTHONPATH"] = str(ROOT)

    def run(folder: Path, *arguments: str) -> tuple[int, str, str]:
        command = [sys.executable, "-m", "secrets_guard", "scan", "git", *arguments]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout, done.stderr

    return run


@pytest.fixture
def leaking(nested: Repo) -> Repo:
    """``nested`` with one token in all three repositories, its own file in each."""
    for where, name in ((".", "top.py"), ("libs/mid", "mid.py"), ("libs/mid/deep/leaf", "leaf.py")):
        Repo(nested.folder / where).commit("leak", **{name: f't = "{fill("<github:ghp_>", "everywhere")}"\n'})
    return nested


def test_a_secret_in_several_repositories_is_a_finding_in_each_that_names_the_others(leaking: Repo, cli: Cli) -> None:
    code, out, _ = cli(leaking.folder, "--submodules", "--format", "json")
    report = json.loads(out)
    findings = {one["path"]: one for one in report["findings"]}
    assert (code, list(findings)) == (1, ["libs/mid/deep/leaf/leaf.py", "libs/mid/mid.py", "top.py"])
    assert "repository" not in findings["top.py"]["origin"]
    assert findings["libs/mid/mid.py"]["origin"]["repository"] == "libs/mid"
    assert {one["path"] for one in findings["top.py"]["occurrences"]} == set(findings) - {"top.py"}
    assert len({one["fingerprint"] for one in findings.values()}) == 1
    assert report["scan"]["complete"]
    assert f"of {findings['libs/mid/mid.py']['origin']['repository']} by" in cli(leaking.folder, "--submodules")[1]


def test_a_report_with_submodules_converts(leaking: Repo, cli: Cli, tmp_path: Path) -> None:
    from secrets_guard.report.read import read

    for kind in ("sarif", "gitlab", "csv", "junit"):
        assert "libs/mid/mid.py" in cli(leaking.folder, "--submodules", "--format", kind)[1]
    (tmp_path / "report.json").write_text(cli(leaking.folder, "--submodules", "--format", "json")[1])
    with (tmp_path / "report.json").open() as stream:
        repositories = [getattr(one.origin, "repository", None) for one in read(stream).findings]
    assert repositories == ["libs/mid/deep/leaf", "libs/mid", ""]


def test_paths_of_the_superproject_are_what_allow_entries_and_baselines_mean(leaking: Repo, cli: Cli) -> None:
    config = leaking.folder / ".secrets-guard.yaml"
    config.write_text("allow:\n- reason: theirs\n  paths: [libs/**]\n")
    assert "1 secret found" in cli(leaking.folder, "--submodules")[1]
    config.unlink()
    found = json.loads(cli(leaking.folder, "--submodules", "--format", "json")[1])["findings"][0]
    key = "0" * 32
    again = json.loads(cli(leaking.folder, "--submodules", "--format", "json", "--fingerprint-key", key)[1])[
        "findings"
    ][0]
    assert found["fingerprint"] != again["fingerprint"]
    (leaking.folder / ".secrets-guard-baseline.yaml").write_text(
        f"version: 1\nkey: '{key}'\nentries:\n- fingerprint: {again['fingerprint']}\n  path: libs/mid/mid.py\n"
    )
    code, out, _ = cli(leaking.folder, "--submodules")
    assert (code, "libs/mid/mid.py:" in out, "2 secrets found" in out) == (1, False, True)


def test_a_cache_remembers_each_repository_by_itself(leaking: Repo, cli: Cli, tmp_path: Path) -> None:
    def swept() -> tuple[int, dict[str, int], list[str]]:
        report = json.loads(cli(leaking.folder, "--submodules", "--cache", str(tmp_path / "c"), "--format", "json")[1])
        return report["stats"]["blobs"], report["stats"]["skipped"], [one["path"] for one in report["findings"]]

    blobs, skipped, findings = swept()
    assert (skipped.get("cached", 0), len(findings)) == (0, 3)
    again, cached, same = swept()
    assert (again, again + cached["cached"], same) == (3, blobs, findings)
    Repo(leaking.folder / "libs/mid").commit("new", c="new")
    assert swept()[0] == 3 + 2


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--range", "HEAD~1.."], "--range"),
        (["--branch", "main"], "--branch"),
        (["--staged"], "--staged"),
        (["https://127.0.0.1:1/x.git"], "--recurse-submodules"),
    ],
)
def test_what_is_about_one_repository_is_refused_with_submodules(
    leaking: Repo, cli: Cli, arguments: list[str], named: str
) -> None:
    code, out, err = cli(leaking.folder, "--submodules", *arguments)
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert named in err


def test_a_date_counts_in_every_repository(leaking: Repo, cli: Cli) -> None:
    assert "3 secrets found" in cli(leaking.folder, "--submodules", "--since", "2020-01-01")[1]
    assert "no secrets found" in cli(leaking.folder, "--submodules", "--since", "2031-01-01")[1]


def test_a_full_history_is_asked_of_every_submodule(leaking: Repo, cli: Cli, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    leaking.git("clone", "-q", ".", str(clone))
    code, _, err = cli(clone, "--submodules", "--require", "full-history")
    assert (code, "libs/mid" in err, len(err.splitlines())) == (2, True, 1)
    source = leaking.git("-C", "libs/mid", "remote", "get-url", "origin")
    leaking.git("-C", str(clone), "config", "submodule.odd/name.url", f"file://{source}")
    leaking.git("-C", str(clone), "config", "submodule.odd/name.active", "true")
    leaking.git("-C", str(clone), "submodule", "--quiet", "update", "--depth=1")
    leaking.git("-C", str(clone), "submodule", "--quiet", "update", "--init", "--recursive")
    code, _, err = cli(clone, "--submodules", "--require", "full-history")
    assert (code, "shallow" in err, len(err.splitlines())) == (2, True, 1)
    code, out, _ = cli(clone, "--submodules", "--strict")
    assert (code, "shallow  libs/mid" in out) == (1, True)

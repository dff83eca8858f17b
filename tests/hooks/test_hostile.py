"""A repository that wants to have something run, seen by the hooks: nothing of it is."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from .conftest import Make, Repo, Token

ZERO = "0" * 40


@pytest.fixture
def trap(repo: Repo) -> Path:
    """Set every trap in the repository and return the file that appears when one of them springs."""
    sprung = repo.folder.parent / "sprung"
    script = repo.folder.parent / "trap.sh"
    script.write_text(f"#!/bin/sh\necho \"$0 $*\" >> '{sprung}'\ncat\n")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    program = str(script)
    for name, value in {
        "core.fsmonitor": program,
        "core.pager": program,
        "core.editor": program,
        "core.sshCommand": program,
        "core.askPass": program,
        "core.alternateRefsCommand": program,
        "diff.external": program,
        "diff.evil.command": program,
        "diff.evil.textconv": program,
        "filter.evil.clean": program,
        "filter.evil.smudge": program,
        "filter.evil.process": program,
        "gpg.program": program,
        "log.showSignature": "true",
        "credential.helper": program,
        "pager.diff-index": program,
        "pager.rev-list": program,
        "alias.diff-index": f"!{program}",
        "alias.cat-file": f"!{program}",
        "remote.origin.url": f"ext::{program}",
        "remote.origin.promisor": "true",
        "extensions.partialClone": "origin",
        "protocol.ext.allow": "always",
        "uploadpack.packObjectsHook": program,
    }.items():
        repo.git("config", name, value)
    repo.write(".gitattributes", "* diff=evil filter=evil\n")
    for name in ("secrets_guard.py", "re.py", "hyperscan.py", "sitecustomize.py", "json.py"):
        repo.write(name, f"open({str(sprung)!r}, 'a').write('python')\n")
    for name in ("post-index-change", "reference-transaction"):
        hook = repo.folder / ".git" / "hooks" / name
        hook.write_text(f"#!/bin/sh\necho {name} >> '{sprung}'\n")
        hook.chmod(0o755)
    sprung.unlink(missing_ok=True)
    return sprung


def _stage_quietly(repo: Repo, path: str, content: str) -> str:
    """Stage without git's own filters and hooks; return the blob's id."""
    off = ("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false")
    oid = repo.git(*off, "hash-object", "-w", "--stdin", "--no-filters", stdin=content)
    repo.git(*off, "update-index", "--add", "--cacheinfo", f"100644,{oid},{path}")
    return oid


def test_the_traps_are_sharp(repo: Repo, trap: Path) -> None:
    repo.write("README", "changed\n")
    repo.run("git", "diff")
    assert trap.exists()


def test_pre_commit_runs_nothing_of_the_repository(repo: Repo, trap: Path, token: Token) -> None:
    _stage_quietly(repo, "README", f'a project\ntoken = "{token("x")}"\n')
    trap.unlink(missing_ok=True)
    ran = repo.hook("pre-commit")
    assert (ran.code, ran.places) == (1, ["README:2"])
    assert not trap.exists(), trap.read_text()


def test_pre_push_runs_nothing_of_the_repository(repo: Repo, trap: Path, token: Token) -> None:
    _stage_quietly(repo, "README", f'a project\ntoken = "{token("x")}"\n')
    off = ("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false")
    commit = repo.git(*off, "commit-tree", "-m", "x", "-p", "HEAD", repo.git(*off, "write-tree"))
    trap.unlink(missing_ok=True)
    ran = repo.hook("pre-push", "origin", "x", stdin=f"refs/heads/a {commit} refs/heads/a {ZERO}\n")
    assert (ran.code, ran.places) == (1, ["README:2"])
    assert not trap.exists(), trap.read_text()


def test_a_missing_object_of_a_partial_clone_is_not_fetched(repo: Repo, trap: Path) -> None:
    oid = _stage_quietly(repo, "a.py", "x = 1\n")
    (repo.folder / ".git" / "objects" / oid[:2] / oid[2:]).unlink()
    trap.unlink(missing_ok=True)
    assert repo.hook("pre-commit").code == 2
    assert not trap.exists(), trap.read_text()


def test_replaced_objects_are_swept_as_they_are(repo: Repo, token: Token) -> None:
    repo.stage("a.py", f'token = "{token("x")}"\n')
    harmless = repo.git("hash-object", "-w", "--stdin", stdin="x = 1\n")
    repo.git("replace", repo.git("rev-parse", ":a.py"), harmless)
    assert repo.hook("pre-commit").places == ["a.py:1"]


def test_what_a_repository_says_can_not_move_the_cursor(repo: Repo, token: Token) -> None:
    repo.commit("\x1b[2Ja.py", f'token = "{token("x")}" # \x1b[31m\n', "evil \x1b]0;title\x07")
    head = repo.head()
    ran = repo.hook("pre-push", "origin", "x", stdin=f"refs/heads/a {head} refs/heads/a {ZERO}\n")
    assert ran.code == 1
    assert "\x1b" not in ran.err
    assert "\x07" not in ran.err


def test_a_config_that_belongs_to_somebody_else_is_not_obeyed(repo: Repo, token: Token) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    repo.stage("a.py", f'token = "{token("x")}"\n')
    config = repo.write(".secrets-guard.yaml", "allow:\n- reason: mine\n  paths: ['**']\n")
    os.chown(config, 12345, 12345)
    ran = repo.hook("pre-commit")
    assert ran.places == ["a.py:1"]
    assert "belongs to another user" in ran.err


def test_a_broken_standard_stream_is_no_crash(repo: Repo, make: Make, token: Token) -> None:
    repo.stage("a.py", f'token = "{token("x")}"\n')
    for closed in ("<&-", "<&- >&-", "<&- >&- 2>&-"):
        import sys

        assert repo.run("sh", "-c", f"'{sys.executable}' -P -m secrets_guard.hook pre-commit {closed}").code == 1

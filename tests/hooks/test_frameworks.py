"""The real pre-commit and prek, with a clone of this very tree: .pre-commit-hooks.yaml does what it says."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import ROOT, Make, Ran, Repo, Token

pytestmark = pytest.mark.packages

_TAKEN = (
    *("secrets_guard", "config", "pyproject.toml", "README.md", "LICENSE", "MANIFEST.in"),
    ".pre-commit-hooks.yaml",
)
_PIP = ("PIP_", "UV_", "SSL_CERT_", "REQUESTS_CA_BUNDLE", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http", "no_proxy")
Framework = Callable[..., Ran]


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory, shared: dict[str, str]) -> Repo:
    """Return a repository with this tree in it, as the frameworks clone one."""
    made = Repo(tmp_path_factory.mktemp("source"), shared | {"HOME": str(tmp_path_factory.mktemp("home"))})
    made.git("init", "-q")
    for name in _TAKEN:
        origin, target = ROOT / name, made.folder / name
        if origin.is_dir():
            shutil.copytree(origin, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(origin, target)
    made.git("add", "--all", "--force")
    made.git("commit", "-qm", "as it is")
    return made


@pytest.fixture(scope="session")
def caches(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the frameworks keep what they built: once for all tests."""
    return tmp_path_factory.mktemp("frameworks")


@pytest.fixture(params=["pre-commit", "prek"])
def framework(request: pytest.FixtureRequest, caches: Path, source: Repo) -> Framework:
    """Return a runner of one of the two, with our hooks in the repository's config."""
    name: str = request.param
    tool = shutil.which(name, path=os.path.dirname(sys.executable)) or shutil.which(name)
    if tool is None:
        pytest.skip(f"{name} is not installed; pip install -e .[dev]")

    def run(repo: Repo, *arguments: str) -> Ran:
        config = repo.folder / ".pre-commit-config.yaml"
        if not config.exists():
            hooks = "hooks: [{id: secrets-guard}, {id: secrets-guard-push}]"
            config.write_text(f"repos:\n- repo: {source.folder}\n  rev: {source.head()}\n  {hooks}\n")
            repo.git("add", config.name)
            repo.git("commit", "--no-verify", "-qm", "config")
        repo.environment |= {key: value for key, value in os.environ.items() if key.startswith(_PIP)}
        repo.environment |= {"PRE_COMMIT_HOME": str(caches / "pre-commit"), "PREK_HOME": str(caches / "prek")}
        # The frameworks' own environment must find the installed package, not this tree.
        repo.environment.pop("PYTHONPATH", None)
        repo.environment.pop("GIT_CONFIG_NOSYSTEM", None)
        repo.environment |= {"GIT_CONFIG_SYSTEM": os.devnull, "COLUMNS": "200"}
        return repo.run(tool, *arguments)

    return run


def _installed(framework: Framework, repo: Repo) -> Repo:
    ran = framework(repo, "install", "--install-hooks", "-t", "pre-commit", "-t", "pre-push")
    if ran.code and "Temporary failure in name resolution" in ran.out + ran.err:
        pytest.skip("no package index can be reached")
    assert ran.code == 0, ran.out + ran.err
    return repo


def _leak(token: Token) -> str:
    return f'x = 1\ntoken = "{token("framework")}"\n'


def test_the_hook_blocks_a_commit_and_lets_a_clean_one_through(framework: Framework, repo: Repo, token: Token) -> None:
    _installed(framework, repo)
    repo.stage("a.py", _leak(token))
    ran = repo.run("git", "commit", "-m", "x")
    assert ran.code == 1, ran
    assert "a.py:2:10" in ran.out + ran.err
    assert token("framework") not in ran.out + ran.err
    repo.stage("a.py", "x = 1\n")
    ran = repo.run("git", "commit", "-m", "x")
    assert ran.code == 0, ran


def test_commit_all_and_unstaged_leftovers_are_judged_by_the_index(
    framework: Framework, repo: Repo, token: Token
) -> None:
    _installed(framework, repo)
    repo.commit("a.py", "x = 1\n")
    repo.write("a.py", _leak(token))
    assert "a.py:2:10" in "".join(map(str, repo.run("git", "commit", "-am", "x")))
    repo.stage("b.py", "y = 1\n")
    ran = repo.run("git", "commit", "-m", "x")
    assert ran.code == 0, ran


def test_a_run_over_all_files_sweeps_what_is_tracked(framework: Framework, repo: Repo, token: Token) -> None:
    _installed(framework, repo)
    ran = framework(repo, "run", "--all-files", "secrets-guard")
    assert ran.code == 0, ran
    repo.commit("old.py", _leak(token))
    ran = framework(repo, "run", "--all-files", "secrets-guard")
    assert ran.code == 1, ran
    assert "old.py:2:10" in ran.out + ran.err


def test_a_run_over_a_range_sweeps_its_commits(framework: Framework, repo: Repo, token: Token) -> None:
    _installed(framework, repo)
    start = repo.head()
    repo.commit("a.py", _leak(token))
    repo.commit("a.py", "x = 1\n")
    ran = framework(repo, "run", "--from-ref", start, "--to-ref", "HEAD", "secrets-guard")
    assert ran.code == 1, ran
    assert "a.py:2:10" in ran.out + ran.err


def test_a_push_is_blocked_for_a_secret_that_is_gone_from_the_tip(
    framework: Framework, repo: Repo, make: Make, token: Token
) -> None:
    remote = make("remote.git", "--bare")
    repo.git("remote", "add", "origin", str(remote.folder))
    repo.git("push", "-q", "origin", "main")
    _installed(framework, repo)
    ran = repo.run("git", "push", "origin", "main")
    assert ran.code == 0, ran
    repo.commit("a.py", _leak(token))
    repo.commit("a.py", "x = 1\n")
    for ref in ("main", "main:new"):
        ran = repo.run("git", "push", "origin", ref)
        assert ran.code == 1, ran
        assert "a.py:2:10" in ran.out + ran.err


def test_a_first_push_of_everything_is_checked(framework: Framework, repo: Repo, make: Make, token: Token) -> None:
    remote = make("remote.git", "--bare")
    repo.git("remote", "add", "origin", str(remote.folder))
    _installed(framework, repo)
    repo.commit("a.py", _leak(token))
    repo.commit("a.py", "x = 1\n")
    ran = repo.run("git", "push", "origin", "main")
    assert ran.code == 1, ran
    assert "a.py:2:10" in ran.out + ran.err


def test_our_own_installation_steps_aside_and_says_what_to_add(framework: Framework, repo: Repo) -> None:
    _installed(framework, repo)
    repo.environment["PYTHONPATH"] = str(ROOT)
    ran = repo.cli("hook", "install")
    assert ran.code == 2
    assert ".pre-commit-config.yaml" in ran.err

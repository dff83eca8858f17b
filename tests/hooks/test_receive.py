"""Real pushes to a server with the pre-receive hook: quarantined objects, and only the server's own config."""

from __future__ import annotations

import pytest

from .conftest import Make, Ran, Repo, Token


@pytest.fixture
def server(make: Make) -> Repo:
    """Return a bare repository that has the hook."""
    made = make("server.git", "--bare")
    assert "pre-receive" in made.cli("hook", "install").out
    return made


@pytest.fixture
def client(repo: Repo, server: Repo) -> Repo:
    """Return a clone that has pushed once."""
    repo.git("remote", "add", "origin", str(server.folder))
    ran = _push(repo, "main")
    assert (ran.code, ran.err) == (0, "")
    return repo


def _push(repo: Repo, *arguments: str) -> Ran:
    ran = repo.run("git", "push", "-q", "origin", *arguments)
    # What the server says comes marked.
    return ran._replace(err="\n".join(line.removeprefix("remote: ").rstrip() for line in ran.err.splitlines()))


def _leak(token: Token, seed: str = "leak") -> str:
    return f'x = 1\ntoken = "{token(seed)}"\n'


def test_a_pushed_secret_is_refused_and_leaves_no_object_behind(client: Repo, server: Repo, token: Token) -> None:
    before = server.git("rev-parse", "main")
    commit = client.commit("a.py", _leak(token), "oops")
    ran = _push(client, "main")
    assert ran.code == 1
    assert ran.places == ["a.py:2"]
    assert "this push is refused: 1 secret" in ran.err
    assert "--no-verify" not in ran.err
    assert token("leak") not in ran.err
    assert server.git("rev-parse", "main") == before
    assert server.git("cat-file", "-t", commit, fine=(128,)) == ""


def test_deletes_clean_pushes_and_old_secrets_go_through(client: Repo, server: Repo, token: Token) -> None:
    hook = server.folder / "hooks" / "pre-receive"
    hook.rename(hook.with_suffix(".off"))
    client.commit("a.py", _leak(token))
    _push(client, "main")
    hook.with_suffix(".off").rename(hook)
    client.commit("a.py", _leak(token) + "y = 1\n")
    assert _push(client, "main", "main:topic").code == 0
    assert _push(client, "--delete", "topic").code == 0


def test_a_config_that_is_pushed_along_is_not_obeyed(client: Repo, token: Token) -> None:
    client.stage(".secrets-guard.yaml", "allow:\n- reason: mine\n  paths: ['**']\n")
    client.stage(".gitleaksignore", "a.py:github-personal-access-token:2\n")
    client.commit("a.py", _leak(token))
    assert _push(client, "main").places == ["a.py:2"]


def test_the_servers_own_config_is_obeyed(client: Repo, server: Repo, token: Token) -> None:
    server.write(".secrets-guard.yaml", "allow:\n- reason: samples\n  paths: ['samples/**']\n")
    client.commit("samples/a.py", _leak(token))
    assert _push(client, "main").code == 0
    client.commit("b.py", _leak(token))
    assert _push(client, "main").places == ["b.py:2"]


def test_a_server_with_a_work_tree_does_not_obey_what_lies_in_it(make: Make, repo: Repo, token: Token) -> None:
    server = make("deployed")
    server.git("config", "receive.denyCurrentBranch", "updateInstead")
    assert server.cli("hook", "install", "--hook", "pre-receive").code == 0
    repo.git("remote", "add", "origin", str(server.folder))
    repo.stage(".secrets-guard.yaml", "allow:\n- reason: mine\n  paths: ['**']\n")
    repo.stage(".gitleaksignore", "a.py:github-personal-access-token:2\n")
    repo.commit("x.py", "x = 1\n")
    assert _push(repo, "main").code == 0
    assert (server.folder / ".secrets-guard.yaml").exists()
    repo.commit("a.py", _leak(token))
    assert _push(repo, "main").places == ["a.py:2"]


def test_a_broken_server_config_refuses_and_says_whose_matter_it_is(client: Repo, server: Repo) -> None:
    server.write(".secrets-guard.yaml", "min_severty: high\n")
    client.commit("a.py", "x = 1\n")
    ran = _push(client, "main")
    assert ran.code == 1
    assert "did you mean 'min_severity'" in ran.err
    assert "administrator" in ran.err

"""Real pushes to a bare remote: what would leave that the remote does not have."""

from __future__ import annotations

import pytest

from .conftest import Make, Ran, Repo, Token

ZERO = "0" * 40


@pytest.fixture
def remote(make: Make) -> Repo:
    """Return a bare repository to push to."""
    return make("remote.git", "--bare")


@pytest.fixture
def guarded(repo: Repo, remote: Repo) -> Repo:
    """Return a repository that pushed its first commit, and then got the hook."""
    repo.git("remote", "add", "origin", str(remote.folder))
    repo.git("push", "-q", "origin", "main")
    assert repo.cli("hook", "install", "--hook", "pre-push").code == 0
    return repo


def _push(repo: Repo, *arguments: str) -> Ran:
    return repo.run("git", "push", "-q", "origin", *arguments)


def _leak(token: Token, seed: str = "leak") -> str:
    return f'x = 1\ntoken = "{token(seed)}"\n'


def test_a_clean_push_goes_through_without_a_word(guarded: Repo, remote: Repo) -> None:
    guarded.commit("a.py", "x = 1\n")
    ran = _push(guarded, "main")
    assert (ran.code, ran.err) == (0, "")
    assert remote.git("rev-parse", "main") == guarded.head()


def test_a_secret_in_a_commit_that_a_later_one_cleans_is_blocked(guarded: Repo, remote: Repo, token: Token) -> None:
    before = remote.git("rev-parse", "main")
    leaking = guarded.commit("a.py", _leak(token), "bring it")
    guarded.commit("a.py", "x = 1\n", "take it away")
    ran = _push(guarded, "main")
    assert (ran.code, ran.places) == (1, ["a.py:2"])
    assert f"in {leaking[:12]} bring it" in ran.err
    assert f"git rebase -i {leaking[:12]}~1" in ran.err
    assert "git push --no-verify" in ran.err
    assert token("leak") not in ran.err
    assert remote.git("rev-parse", "main") == before


def test_only_the_commit_that_brings_a_secret_is_named(guarded: Repo, token: Token) -> None:
    guarded.commit("a.py", _leak(token))
    guarded.commit("a.py", _leak(token) + "y = 1\n")
    guarded.commit("a.py", _leak(token) + "y = 2\n")
    assert _push(guarded, "main").places == ["a.py:2"]


def test_a_secret_that_the_remote_has_already_does_not_block(guarded: Repo, token: Token) -> None:
    guarded.commit("a.py", _leak(token))
    assert _push(guarded, "--no-verify", "main").code == 0
    guarded.commit("a.py", _leak(token) + "y = 1\n")
    guarded.git("mv", "a.py", "b.py")
    guarded.git("commit", "-qm", "rename")
    guarded.git("mv", "b.py", "c.py")
    guarded.commit("c.py", _leak(token) + "y = 1\nz = 1\n")
    assert _push(guarded, "main").code == 0


def test_a_new_branch_is_compared_with_all_that_the_remote_has(guarded: Repo, token: Token) -> None:
    guarded.commit("old.py", _leak(token, "old"))
    _push(guarded, "--no-verify", "main")
    guarded.git("checkout", "-qb", "topic")
    guarded.commit("a.py", _leak(token))
    assert _push(guarded, "topic").places == ["a.py:2"]
    guarded.git("reset", "-q", "--hard", "HEAD~1")
    guarded.commit("a.py", "x = 1\n")
    assert _push(guarded, "topic").code == 0


def test_a_forced_push_is_checked(guarded: Repo, token: Token) -> None:
    guarded.git("commit", "-q", "--amend", "-m", "another root")
    guarded.commit("a.py", _leak(token))
    assert _push(guarded, "--force", "main").places == ["a.py:2"]


def test_a_history_without_a_common_base_is_checked_as_a_whole(guarded: Repo, token: Token) -> None:
    guarded.git("checkout", "-q", "--orphan", "island")
    guarded.commit("a.py", _leak(token))
    guarded.commit("b.py", "x = 1\n")
    assert _push(guarded, "island").places == ["a.py:2"]


def test_an_old_object_that_we_never_fetched_is_no_obstacle(guarded: Repo, remote: Repo, token: Token) -> None:
    guarded.git("clone", "-q", str(remote.folder), "../other")
    other = Repo(guarded.folder.parent / "other", guarded.environment)
    other.commit("theirs.py", "x = 1\n")
    other.git("push", "-q", "origin", "main")
    guarded.commit("a.py", _leak(token))
    ran = _push(guarded, "--force", "main")
    assert (ran.code, ran.places) == (1, ["a.py:2"])


def test_deleting_a_branch_checks_nothing(guarded: Repo, remote: Repo) -> None:
    _push(guarded, "main:extra")
    ran = _push(guarded, "--delete", "extra")
    assert (ran.code, ran.err) == (0, "")
    assert "extra" not in remote.git("branch")


def test_the_messages_of_commits_and_tags_are_checked(guarded: Repo, token: Token) -> None:
    guarded.git("commit", "-q", "--allow-empty", "-m", f"use {token('commit')}")
    assert _push(guarded, "main").places == ["<commit message>:1"]
    guarded.git("reset", "-q", "--hard", "HEAD~1")
    guarded.git("tag", "-a", "v1", "-m", f"first\n\nuse {token('tag')}")
    assert _push(guarded, "v1").places == ["<tag v1>:3"]
    guarded.git("tag", "-a", "v2", "-m", "clean")
    assert _push(guarded, "v2").code == 0


def test_a_guilty_message_is_shown_nowhere(guarded: Repo, token: Token) -> None:
    guarded.commit("a.py", _leak(token), f"use {token('x')}")
    guarded.git("tag", "-a", "v1", "-m", f"use {token('tag')}")
    ran = _push(guarded, "main", "v1")
    assert ran.places == ["<commit message>:1", "<tag v1>:1", "a.py:2"]
    assert not any(token(seed) in ran.err for seed in ("x", "tag"))


def test_a_tag_of_a_commit_or_a_blob_or_a_tree_is_checked(guarded: Repo, token: Token) -> None:
    blob = guarded.git("hash-object", "-w", "--stdin", stdin=_leak(token))
    guarded.git("tag", "content", blob)
    assert _push(guarded, "content").places == ["refs/tags/content:2"]
    tree = guarded.git("mktree", stdin=f"100644 blob {blob}\tdeep.py\n")
    guarded.git("tag", "folder", tree)
    assert _push(guarded, "folder").places == ["deep.py:2"]
    commit = guarded.git("commit-tree", "-m", "x", tree)
    guarded.git("tag", "-m", "outer", "outer", commit)
    assert _push(guarded, "outer").places == ["deep.py:2"]


def test_several_refs_in_one_push_are_all_checked(guarded: Repo, token: Token) -> None:
    for name in ("one", "two"):
        guarded.git("checkout", "-qb", name, "main")
        guarded.commit(f"{name}.py", _leak(token, name))
    assert sorted(_push(guarded, "one", "two").places) == ["one.py:2", "two.py:2"]


def test_a_secret_of_a_merge_resolution_is_blocked_and_those_of_its_sides_are_told_once(
    guarded: Repo, token: Token
) -> None:
    guarded.git("checkout", "-qb", "side")
    guarded.commit("README", "theirs\n")
    guarded.git("checkout", "-q", "main")
    guarded.commit("README", "ours\n")
    guarded.git("merge", "side", fine=(1,))
    guarded.stage("README", "both\n" + _leak(token))
    guarded.git("commit", "-q", "--no-verify", "-m", "merge")
    ran = _push(guarded, "main")
    assert ran.places == ["README:3"]
    assert f"in {guarded.head()[:12]} merge" in ran.err


def test_a_push_to_an_address_without_a_remote_is_checked_as_a_whole(guarded: Repo, make: Make, token: Token) -> None:
    guarded.commit("a.py", _leak(token))
    _push(guarded, "--no-verify", "main")
    fresh = make("fresh.git", "--bare")
    ran = guarded.run("git", "push", "-q", str(fresh.folder), "main")
    assert (ran.code, ran.places) == (1, ["a.py:2"])


def test_the_repositorys_own_config_and_allow_comments_count(guarded: Repo, token: Token) -> None:
    guarded.write(".secrets-guard.yaml", "allow:\n- reason: examples\n  paths: [docs/**]\n")
    guarded.commit("docs/a.md", _leak(token))
    allowed = _leak(token, "b").rstrip() + "  # secrets-guard: allow rule=github-personal-access-token a sample\n"
    guarded.commit("b.py", allowed)
    assert _push(guarded, "main").code == 0


def test_a_line_that_is_none_of_gits_blocks(guarded: Repo) -> None:
    ran = guarded.hook("pre-push", "origin", "url", stdin="nonsense\n")
    assert ran.code == 2
    assert "nonsense" in ran.err


def test_an_object_that_is_not_there_blocks(guarded: Repo) -> None:
    missing = "1" * 40
    ran = guarded.hook("pre-push", "origin", "url", stdin=f"refs/heads/x {missing} refs/heads/x {ZERO}\n")
    assert ran.code == 2
    assert missing in ran.err


def test_a_sha256_repository_is_pushed_and_checked(make: Make, token: Token) -> None:
    far, near = make("far.git", "--bare", "--object-format=sha256"), make("near", "--object-format=sha256")
    near.git("remote", "add", "origin", str(far.folder))
    near.cli("hook", "install", "--hook", "pre-push")
    near.commit("a.py", "x = 1\n")
    assert _push(near, "main").code == 0
    near.commit("a.py", _leak(token))
    assert _push(near, "main").places == ["a.py:2"]

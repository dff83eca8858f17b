"""``secrets-guard-hook pre-commit``: which staged content is new, in every way that content can get into the index."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from secrets_guard.rules.template import fill

from .conftest import Make, Repo, Token

Situation = Callable[[Repo, str], None]


def _leak(token: str) -> str:
    return f'# settings\ntoken = "{token}"\n'


def new_file(repo: Repo, token: str) -> None:
    repo.stage("app/settings.py", _leak(token))


def clean_change(repo: Repo, token: str) -> None:
    repo.stage("README", "a better project\n")


def added_line(repo: Repo, token: str) -> None:
    repo.commit("a.py", "one\ntwo\n")
    repo.stage("a.py", f'one\nkey = "{token}"\ntwo\n')


def old_secret_in_a_changed_file(repo: Repo, token: str) -> None:
    repo.commit("a.py", _leak(token))
    repo.stage("a.py", "first = 1\n" + _leak(token) + "last = 1\n")


def old_and_new_secret(repo: Repo, token: str) -> None:
    other = fill("<github:ghp_>", "another")
    repo.commit("a.py", _leak(other))
    repo.stage("a.py", _leak(other) + _leak(token))


def only_moved_within_the_file(repo: Repo, token: str) -> None:
    repo.commit("a.py", _leak(token) + "x = 1\n")
    repo.stage("a.py", "x = 1\n" + _leak(token))


def only_line_ends_changed(repo: Repo, token: str) -> None:
    repo.commit("a.py", _leak(token).replace("\n", "\r\n"))
    repo.stage("a.py", _leak(token))


def old_secret_on_an_edited_line(repo: Repo, token: str) -> None:
    repo.commit("a.py", _leak(token))
    repo.stage("a.py", _leak(token).replace("token =", "api_token ="))


def only_renamed(repo: Repo, token: str) -> None:
    repo.commit("a.py", _leak(token))
    repo.git("mv", "a.py", "b.py")


def renamed_and_edited(repo: Repo, token: str) -> None:
    repo.commit("a.py", "x = 1\n" * 20 + _leak(token))
    repo.git("mv", "a.py", "b.py")
    repo.stage("b.py", "x = 1\n" * 20 + _leak(token) + "y = 1\n")


def renamed_with_a_new_secret(repo: Repo, token: str) -> None:
    repo.commit("a.py", "x = 1\n" * 20)
    repo.git("mv", "a.py", "b.py")
    repo.stage("b.py", "x = 1\n" * 20 + f'k = "{token}"\n')


def copied(repo: Repo, token: str) -> None:
    repo.commit("a.py", _leak(token))
    repo.stage("b.py", _leak(token))


def in_the_work_tree_only(repo: Repo, token: str) -> None:
    repo.stage("a.py", "x = 1\n")
    repo.write("a.py", _leak(token))


def staged_but_gone_from_the_work_tree(repo: Repo, token: str) -> None:
    repo.stage("a.py", _leak(token))
    repo.write("a.py", "x = 1\n")


def untracked(repo: Repo, token: str) -> None:
    repo.write("a.py", _leak(token))
    repo.stage("b.py", "x = 1\n")


def deleted(repo: Repo, token: str) -> None:
    repo.commit("a.py", _leak(token))
    repo.git("rm", "-q", "a.py")


def intent_to_add(repo: Repo, token: str) -> None:
    repo.write("a.py", _leak(token))
    repo.git("add", "--intent-to-add", "a.py")


def binary(repo: Repo, token: str) -> None:
    repo.stage("a.bin", b"\0\1\2" * 50 + b" " + token.encode() + b" \0\0")


def binary_changed(repo: Repo, token: str) -> None:
    repo.commit("a.bin", b"\0\1\2" * 50)
    repo.stage("a.bin", b"\0\1\2" * 50 + b" " + token.encode() + b" \0\0")


def wide_text(repo: Repo, token: str) -> None:
    repo.commit("a.txt", "one\ntwo\n".encode("utf-16"))
    repo.stage("a.txt", f"one\ntwo\ntoken = {token}\n".encode("utf-16"))


def wide_text_with_an_old_secret(repo: Repo, token: str) -> None:
    repo.commit("a.txt", f"one\ntoken = {token}\n".encode("utf-16"))
    repo.stage("a.txt", f"zero\none\ntoken = {token}\n".encode("utf-16"))


def symbolic_link(repo: Repo, token: str) -> None:
    os.symlink(f"/x/{token}", repo.folder / "link")
    repo.git("add", "link")


def file_became_a_link(repo: Repo, token: str) -> None:
    repo.commit("a.py", _leak(token))
    (repo.folder / "a.py").unlink()
    os.symlink("README", repo.folder / "a.py")
    repo.git("add", "a.py")


def submodule_entry(repo: Repo, token: str) -> None:
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{repo.head()},vendored")


def twice_the_same(repo: Repo, token: str) -> None:
    repo.stage("a.py", _leak(token))
    repo.stage("b.py", _leak(token))


def absurd_names(repo: Repo, token: str) -> None:
    repo.stage("a b\nc\x1b[31m:é.py", _leak(token))


def name_like_git_output(repo: Repo, token: str) -> None:
    repo.write(":100644 x y A", _leak(token))
    repo.git("add", "--all")


def empty_file(repo: Repo, token: str) -> None:
    repo.stage("a.py", "")


def mode_change(repo: Repo, token: str) -> None:
    repo.commit("a.py", _leak(token))
    repo.git("update-index", "--chmod=+x", "a.py")


def many_files(repo: Repo, token: str) -> None:
    for number in range(300):  # more ids than a pipe takes at once
        repo.write(f"many/{number}.py", f"x = {number}\n")
    repo.write("many/leak.py", _leak(token))
    repo.git("add", ".")


def large_file(repo: Repo, token: str) -> None:
    repo.stage("large.txt", "x = 1\n" * 1_000_000 + _leak(token))


def large_file_with_an_old_secret(repo: Repo, token: str) -> None:
    repo.commit("large.txt", "x = 1\n" * 1_000_000 + _leak(token))
    repo.stage("large.txt", "x = 2\n" * 1_000_000 + _leak(token))


TABLE: list[tuple[Situation, list[str]]] = [
    (new_file, ["app/settings.py:2"]),
    (clean_change, []),
    (added_line, ["a.py:2"]),
    (old_secret_in_a_changed_file, []),
    (old_and_new_secret, ["a.py:4"]),
    (only_moved_within_the_file, []),
    (only_line_ends_changed, []),
    (old_secret_on_an_edited_line, ["a.py:2"]),
    (only_renamed, []),
    (renamed_and_edited, []),
    (renamed_with_a_new_secret, ["b.py:21"]),
    (copied, ["b.py:2"]),
    (in_the_work_tree_only, []),
    (staged_but_gone_from_the_work_tree, ["a.py:2"]),
    (untracked, []),
    (deleted, []),
    (intent_to_add, []),
    (binary, ["a.bin:1"]),
    (binary_changed, ["a.bin:1"]),
    (wide_text, ["a.txt:3"]),
    (wide_text_with_an_old_secret, []),
    (symbolic_link, ["link:1"]),
    (file_became_a_link, []),
    (submodule_entry, []),
    (twice_the_same, ["a.py:2", "b.py:2"]),
    (absurd_names, ["a b\\nc\\x1b[31m:é.py:2"]),
    (name_like_git_output, [":100644 x y A:2"]),
    (empty_file, []),
    (mode_change, []),
    (many_files, ["many/leak.py:2"]),
    (large_file, ["large.txt:1000002"]),
    (large_file_with_an_old_secret, []),
]


@pytest.mark.parametrize(("situation", "expected"), TABLE, ids=lambda value: getattr(value, "__name__", ""))
def test_only_what_is_staged_and_new_blocks(
    repo: Repo, token: Token, situation: Situation, expected: list[str]
) -> None:
    secret = token(situation.__name__)
    situation(repo, secret)
    ran = repo.hook("pre-commit")
    assert (ran.places, ran.code) == (expected, 1 if expected else 0), ran.err
    assert secret not in ran.err
    assert expected or not ran.err


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_everything_staged_is_new_before_the_first_commit(make: Make, token: Token, algorithm: str) -> None:
    repo = make("first", f"--object-format={algorithm}")
    repo.stage("a.py", _leak(token("first")))
    ran = repo.hook("pre-commit")
    assert (ran.code, ran.places) == (1, ["a.py:2"])
    assert "git rm --cached a.py" in ran.err


def test_a_sha256_repository_is_compared_with_its_head(make: Make, token: Token) -> None:
    repo = make("long", "--object-format=sha256")
    repo.commit("a.py", _leak(token("old")))
    repo.stage("a.py", _leak(token("old")) + _leak(token("new")))
    assert repo.hook("pre-commit").places == ["a.py:4"]


def test_the_message_says_what_where_and_the_three_ways_out(repo: Repo, token: Token) -> None:
    repo.stage("app/settings.py", _leak(token("said")))
    ran = repo.hook("pre-commit")
    shown = f"{token('said')[:4]}…{token('said')[-4:]}"
    for wanted in (
        "this commit is blocked: 1 secret",
        "app/settings.py:2:10",
        "rule=github-personal-access-token",
        shown,
        "git restore --staged app/settings.py",
        "secret manager or the environment",
        "# secrets-guard: allow rule=github-personal-access-token <reason>",
        "secrets-guard baseline create",
        "git commit --no-verify",
    ):
        assert wanted in ran.err, wanted
    assert ran.out == ""


def test_a_private_key_is_new_when_any_of_its_lines_is(repo: Repo) -> None:
    key, other = (fill("<pem:RSA PRIVATE KEY>", seed) for seed in ("one", "two"))
    repo.commit("key.pem", key)
    repo.stage("key.pem", key.splitlines()[0] + "\n" + "\n".join(other.splitlines()[1:]) + "\n")
    assert repo.hook("pre-commit").code == 1


def test_a_missing_object_blocks_and_says_how_to_pass(repo: Repo) -> None:
    repo.stage("a.py", "x = 1\n")
    oid = repo.git("rev-parse", ":a.py")
    (repo.folder / ".git" / "objects" / oid[:2] / oid[2:]).unlink()
    ran = repo.hook("pre-commit")
    assert ran.code == 2
    assert oid in ran.err
    assert "--no-verify" in ran.err


def test_a_corrupt_object_blocks(repo: Repo) -> None:
    repo.stage("a.py", "x = 1\n" * 5000)
    oid = repo.git("rev-parse", ":a.py")
    file = repo.folder / ".git" / "objects" / oid[:2] / oid[2:]
    file.chmod(0o600)
    file.write_bytes(file.read_bytes()[:20])
    ran = repo.hook("pre-commit")
    assert ran.code == 2
    assert "--no-verify" in ran.err


def test_outside_of_a_repository_the_hook_says_so(make: Make, environment: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    folder.mkdir()
    ran = Repo(folder, environment).hook("pre-commit")
    assert ran.code == 2
    assert "not a git repository" in ran.err


@pytest.mark.parametrize("arguments", [[], ["pre-comit"], ["pre-commit", "--config"]])
def test_a_wrong_call_is_refused_with_the_usage(repo: Repo, arguments: list[str]) -> None:
    ran = repo.hook(*arguments)
    assert ran.code == 2
    assert "usage:" in ran.err


def test_a_secret_is_new_when_a_part_of_it_is(repo: Repo) -> None:
    account, key = fill("ID=AKIA<[A-Z2-7]:16>\n", "id"), fill("AWS_SECRET_ACCESS_KEY=<base64:40>\n", "key")
    repo.commit("a.env", f"{key}\n\n")
    repo.stage("a.env", f"{key}x = 1\n\n")
    assert repo.hook("pre-commit").code == 0
    repo.stage("a.env", f"{key}\n\n{account}")
    ran = repo.hook("pre-commit")
    assert (ran.code, ran.places) == (1, ["a.env:1"])

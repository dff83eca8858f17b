"""Where secrets stood in a history: commits, paths, refs, exposure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from secrets_guard.model.origin import CommitOrigin, MessageOrigin, StagedOrigin, UnreachableOrigin

Sweep = Callable[..., Any]


def test_a_secret_added_and_removed_has_both_commits_and_the_days_between(repo: Any, sweep: Sweep) -> None:
    repo.commit("start", a="nothing")
    added = repo.commit("oops", config__app="the NEEDLE")
    last = repo.commit("other work", b="b")
    repo.commit("remove it", config__app="clean")
    (standing,) = sweep(repo).standings
    assert standing.origin == CommitOrigin(
        "config/app", added, "Ada", "ada@example.com", "2020-09-15T14:26:40+02:00", "oops"
    )
    exposure = standing.exposure
    assert (exposure.first_commit, exposure.last_commit, exposure.days, exposure.at_tip) == (added, last, 2, False)
    assert exposure.branches == ("main",)
    assert standing.blob_id == repo.blob("the NEEDLE")


@pytest.mark.parametrize(
    ("encoding", "name"),
    [("ISO-8859-1", "Ådä Löv"), ("windows-1251", "Ада"), ("Shift_JIS", "太郎"), ("GB18030", "李"), ("UTF-8", "Ådä")],
)
def test_names_and_messages_are_read_in_the_encoding_of_their_commit(
    repo: Any, sweep: Sweep, encoding: str, name: str
) -> None:
    # git does not recode what it is given: it believes i18n.commitEncoding.
    repo.write(a="NEEDLE")
    repo.git("add", "-A")
    header = f"author {name} <a@example.com> 1600000000 +0000\ncommitter x <x@example.com> 1600000000 +0000\n"
    text = f"tree {repo.git('write-tree')}\n{header}encoding {encoding}\n\nvon {name}\n"
    commit = repo.git("hash-object", "-t", "commit", "-w", "--stdin", given=text.encode(encoding))
    repo.git("update-ref", "HEAD", commit)
    (origin,) = sweep(repo).origins
    assert (origin.author, origin.summary) == (name, f"von {name}")


@pytest.mark.parametrize(
    "encoding", ["punycode", "idna", "hex", "unicode_escape", "utf_7", "gb-nonsense", "latin-9" * 9]
)
def test_an_encoding_that_is_none_or_is_slow_is_not_used(repo: Any, sweep: Sweep, encoding: str) -> None:
    repo.write(a="NEEDLE")
    repo.git("add", "-A")
    header = "author A\\x41-- <a@example.com> 1600000000 +0000\ncommitter x <x@example.com> 1600000000 +0000\n"
    text = f"tree {repo.git('write-tree')}\n{header}encoding {encoding}\n\n+AEE- said\n"
    commit = repo.git("hash-object", "-t", "commit", "-w", "--stdin", given=text.encode())
    repo.git("update-ref", "HEAD", commit)
    (origin,) = sweep(repo).origins
    assert (origin.author, origin.summary) == ("A\\x41--", "+AEE- said")


def test_a_secret_still_at_the_tip_is_said_to_be_there(repo: Any, sweep: Sweep) -> None:
    added = repo.commit(a="NEEDLE")
    tip = repo.commit(b="b")
    (standing,) = sweep(repo).standings
    assert standing.exposure.at_tip
    assert (standing.exposure.first_commit, standing.exposure.last_commit) == (added, tip)
    assert standing.exposure.days == 1


def test_each_unique_content_is_yielded_once(repo: Any, sweep: Sweep) -> None:
    repo.commit("one", a="same", b="same", c="different")
    repo.commit("two", a="else", d="same")
    repo.commit("three", a="same")
    blobs = [blob for blob in sweep(repo).blobs if blob.hint != "<commit message>"]
    assert sorted(blob.data for blob in blobs) == [b"different", b"else", b"same"]
    assert len({blob.id for blob in blobs}) == 3


def test_two_versions_of_a_file_are_one_standing_by_the_older(repo: Any, sweep: Sweep) -> None:
    first = repo.commit(a="NEEDLE\n")
    repo.commit(a="more\nNEEDLE\n")
    (standing,) = sweep(repo).standings
    assert (standing.origin.commit, standing.blob_id) == (first, repo.blob("NEEDLE\n"))
    assert standing.exposure.at_tip


def test_the_same_secret_in_two_paths_stands_in_both_the_oldest_first(repo: Any, sweep: Sweep) -> None:
    first = repo.commit(z="NEEDLE")
    second = repo.commit(a="NEEDLE too")
    assert [(one.path, one.commit) for one in sweep(repo).origins] == [("z", first), ("a", second)]


def test_a_renamed_file_stood_under_both_names(repo: Any, sweep: Sweep) -> None:
    repo.commit(old="NEEDLE")
    repo.git("mv", "old", "new")
    repo.commit("rename")
    old, new = sweep(repo).standings
    assert (old.origin.path, old.exposure.at_tip) == ("old", False)
    assert (new.origin.path, new.exposure.at_tip) == ("new", True)


def test_a_secret_that_came_back_is_first_seen_the_first_time(repo: Any, sweep: Sweep) -> None:
    first = repo.commit(a="NEEDLE")
    repo.commit(a="clean")
    repo.commit(a="NEEDLE")
    last = repo.commit(b="b")
    repo.commit(a="clean again")
    (standing,) = sweep(repo).standings
    assert (standing.exposure.first_commit, standing.exposure.last_commit) == (first, last)
    assert standing.exposure.days == 4


def test_another_branch_and_a_tag_are_named(repo: Any, sweep: Sweep) -> None:
    repo.commit(a="a")
    repo.git("checkout", "-qb", "side")
    repo.commit(b="NEEDLE")
    repo.git("tag", "v1")
    repo.git("checkout", "-q", "main")
    (standing,) = sweep(repo).standings
    exposure = standing.exposure
    assert (exposure.branches, exposure.tags, exposure.refs_total, exposure.at_tip) == (("side",), ("v1",), 2, True)


def test_a_secret_on_a_tag_only_is_found_and_at_no_branch_tip(repo: Any, sweep: Sweep) -> None:
    repo.commit(a="a")
    repo.git("checkout", "-q", "--detach")
    repo.commit(b="NEEDLE")
    repo.git("tag", "old")
    repo.git("checkout", "-q", "main")
    (standing,) = sweep(repo).standings
    assert (standing.exposure.tags, standing.exposure.branches, standing.exposure.at_tip) == (("old",), (), False)


def test_lists_of_refs_are_capped_and_counted(repo: Any, sweep: Sweep) -> None:
    repo.commit(a="NEEDLE")
    for number in range(30):
        repo.git("tag", f"t{number:02}")
    (standing,) = sweep(repo).standings
    assert (len(standing.exposure.tags), standing.exposure.refs_total) == (20, 31)


def test_a_merge_that_alone_brought_a_secret_is_the_commit_named(repo: Any, sweep: Sweep) -> None:
    repo.commit(a="base\n")
    repo.git("checkout", "-qb", "side")
    repo.commit(b="side")
    repo.git("checkout", "-q", "main")
    repo.commit(c="main")
    repo.git("merge", "-q", "--no-commit", "side")
    merge = repo.commit("merge", a="base\nNEEDLE\n")
    assert len(repo.git("rev-list", "--parents", "-1", "HEAD").split()) == 3
    assert [(one.path, one.commit) for one in sweep(repo).origins] == [("a", merge)]


def test_what_a_merge_brought_in_is_the_side_commits_doing(repo: Any, sweep: Sweep) -> None:
    repo.commit(a="base")
    repo.git("checkout", "-qb", "side")
    guilty = repo.commit(b="NEEDLE")
    repo.git("checkout", "-q", "main")
    repo.commit(c="main")
    repo.git("merge", "-q", "side", "-m", "merge", env=repo.clock())
    (standing,) = sweep(repo).standings
    assert standing.origin.commit == guilty
    assert standing.exposure.branches == ("main", "side")


def test_a_stash_is_swept(repo: Any, sweep: Sweep) -> None:
    repo.commit(a="a")
    repo.write(a="NEEDLE")
    repo.git("stash", "-q")
    (standing,) = sweep(repo).standings
    assert (standing.origin.path, standing.exposure.at_tip, standing.exposure.refs_total) == ("a", False, 1)


def test_an_older_stash_is_swept(repo: Any, sweep: Sweep) -> None:
    repo.commit(a="a")
    for text in ("NEEDLE", "newer"):
        repo.write(a=text)
        repo.git("stash", "-q")
    assert sweep(repo).paths == ["a"]


def test_what_only_a_reflog_reaches_is_reported(repo: Any, sweep: Sweep) -> None:
    repo.commit(a="a")
    guilty = repo.commit(b="NEEDLE")
    repo.git("reset", "-q", "--hard", "HEAD~1")
    (standing,) = sweep(repo).standings
    assert standing.origin.commit == guilty
    assert (standing.exposure.at_tip, standing.exposure.branches) == (False, ())


def test_dangling_objects_are_reported_on_request_only(repo: Any, sweep: Sweep) -> None:
    repo.commit(a="a")
    name = repo.git("hash-object", "-w", "--stdin", given=b"NEEDLE")
    assert sweep(repo).standings == []
    assert sweep(repo, unreachable=True).origins == [UnreachableOrigin(name)]


def test_a_dangling_commits_content_and_message_are_unreachable(repo: Any, sweep: Sweep) -> None:
    repo.commit(a="a")
    commit = repo.commit("NEEDLE", b="NEEDLE")
    repo.git("reset", "-q", "--hard", "HEAD~1")
    repo.git("reflog", "expire", "--expire=now", "--all")
    (repo.folder / ".git/ORIG_HEAD").unlink()
    assert sweep(repo).standings == []
    paths = {one.path for one in sweep(repo, unreachable=True).origins}
    assert paths == {commit, repo.blob("NEEDLE")}


def test_a_note_is_swept(repo: Any, sweep: Sweep) -> None:
    commit = repo.commit(a="a")
    repo.git("notes", "add", "-m", "NEEDLE")
    assert [one.path.replace("/", "") for one in sweep(repo).origins] == [commit]


def test_what_is_only_staged_is_reported_as_such(repo: Any, sweep: Sweep) -> None:
    repo.commit(a="a")
    repo.write(sub__b="NEEDLE")
    repo.git("add", "-A")
    assert sweep(repo).origins == [StagedOrigin("sub/b")]


def test_commit_messages_are_swept_and_their_first_line_not_repeated(repo: Any, sweep: Sweep) -> None:
    commit = repo.commit("NEEDLE in a subject", a="NEEDLE")
    swept = sweep(repo)
    assert {blob.hint for blob in swept.blobs if blob.id == commit} == {"<commit message>"}
    message = next(one for one in swept.origins if isinstance(one, MessageOrigin))
    assert (message.path, message.commit, message.email) == ("<commit message>", commit, "ada@example.com")
    assert [one.summary for one in swept.origins if not isinstance(one, StagedOrigin | UnreachableOrigin)] == ["", ""]


def test_tag_messages_are_swept_tags_of_tags_too(repo: Any, sweep: Sweep) -> None:
    repo.commit(a="a")
    repo.git("tag", "-am", "NEEDLE", "inner", env=repo.clock())
    repo.git("tag", "-am", "NEEDLE 2", "outer", "inner", env=repo.clock())
    repo.git("tag", "-d", "inner")
    standings = sweep(repo).standings
    assert [one.origin.path for one in standings] == ["<tag inner>", "<tag outer>"]
    assert all(one.origin.kind == "commit-message" and one.exposure.tags == ("outer",) for one in standings)


def test_a_tag_on_a_blob_or_a_tree_is_a_place(repo: Any, sweep: Sweep) -> None:
    repo.commit(a="a")
    name = repo.git("hash-object", "-w", "--stdin", given=b"NEEDLE 1")
    repo.git("tag", "on-blob", name)
    repo.write(deep__b="NEEDLE 2")
    repo.git("add", "-A")
    repo.git("tag", "on-tree", repo.git("write-tree"))
    repo.git("reset", "-q", "--hard")
    assert sorted(sweep(repo).paths) == ["<refs/tags/on-blob>", "deep/b"]


def test_many_guilty_contents_are_told_apart(repo: Any, sweep: Sweep) -> None:
    commits = {f"f{number}": repo.commit(**{f"f{number}": f"NEEDLE {number}"}) for number in range(5)}
    swept = sweep(repo)
    standings = swept.source.standings({one: frozenset([one]) for one in swept.guilty})
    found = {one.origin.path: one.origin.commit for (one,) in standings.values()}
    assert found == commits


def test_absurd_paths_and_people_come_through(repo: Any, sweep: Sweep) -> None:
    names = [b"new\nline", b'quo"te', b":100644 100644 x", b"\xff\xfe", b"tab\there", b"-dash", b"*", b"a" * 200]
    for name in names:
        with open(bytes(repo.folder) + b"/" + name, "wb") as stream:
            stream.write(b"NEEDLE " + name)
    repo.commit("x", "--author=E\x1b[31mvi\x07l <\x01@x>")
    standings = sweep(repo).standings
    assert {one.origin.path.encode("utf-8", "surrogateescape") for one in standings} == set(names)
    assert all(one.exposure.at_tip for one in standings)
    assert {one.origin.author for one in standings} == {"E\x1b[31mvi\x07l"}

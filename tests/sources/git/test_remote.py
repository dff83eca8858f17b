"""A URL is cloned into a private folder for the time of the sweep."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from secrets_guard.errors import SourceError
from secrets_guard.sources.git.remote import cloned, is_remote, shown_url

Sweep = Callable[..., Any]


def test_a_clone_has_all_refs_is_private_and_is_gone_afterwards(repo: Any, sweep: Sweep) -> None:
    repo.commit(a="a")
    repo.git("notes", "add", "-m", "NEEDLE note")
    repo.git("update-ref", "refs/pull/1/head", repo.commit(b="NEEDLE"))
    repo.git("reset", "-q", "--hard", "HEAD~1")
    with cloned(f"file://{repo.folder}") as folder:
        assert os.stat(os.path.dirname(folder)).st_mode & 0o777 == 0o700
        assert len(sweep(Path(folder)).guilty) == 2
        assert not os.path.exists(os.path.join(folder, "hooks"))
    assert not os.path.exists(os.path.dirname(folder))


@pytest.mark.parametrize("url", ["ext::sh -c true", "fd::3", "foo://host/x", "ftp://host/x"])
def test_a_url_that_git_would_run_a_program_for_is_refused(url: str) -> None:
    with pytest.raises(SourceError, match="not a kind of URL"), cloned(url):
        pass


def test_a_clone_that_fails_is_one_line_without_the_password(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as raised, cloned(f"file://user:hunter@{tmp_path}/nothing"):
        pass
    assert "\n" not in str(raised.value)
    assert "hunter" not in str(raised.value)


def test_urls_and_folders_are_told_apart(tmp_path: Path) -> None:
    assert is_remote("https://example.com/a.git")
    assert is_remote("git@example.com:a/b.git")
    assert is_remote("ext::sh")
    assert not is_remote(str(tmp_path))
    assert not is_remote("./a:b")
    assert not is_remote("no-such-folder")
    assert shown_url("https://me:word@example.com/x@y") == "https://example.com/x@y"

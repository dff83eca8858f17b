"""A scanned repository starts no program, changes no history, and leaves no process behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Sweep = Callable[..., Any]

_TRAPS = (
    "core.fsmonitor",
    "core.sshCommand",
    "core.pager",
    "core.editor",
    "core.askPass",
    "core.gitProxy",
    "core.alternateRefsCommand",
    "credential.helper",
    "diff.external",
    "diff.trap.command",
    "diff.trap.textconv",
    "filter.trap.clean",
    "filter.trap.smudge",
    "filter.trap.process",
    "gpg.program",
    "pager.log",
    "pager.rev-list",
    "pager.cat-file",
    "uploadpack.packObjectsHook",
    "interactive.diffFilter",
    "remote.origin.uploadpack",
)


@pytest.fixture
def trapped(repo: Any, tmp_path: Path) -> Any:
    """A repository whose config, hooks and attributes start a program that writes to ``tmp_path/sprung``."""
    repo.commit(a="NEEDLE 1", b="b")
    repo.commit(a="NEEDLE 2")
    (repo.folder / "a").write_text("NEEDLE 3, not staged")
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\necho \"$0 $@\" >> '{tmp_path}/sprung'\nexec cat\n")
    trap.chmod(0o755)
    for name in _TRAPS:
        repo.git("config", name, str(trap))
    for command in ("log", "rev-list", "cat-file", "diff-tree", "ls-files", "for-each-ref"):
        repo.git("config", f"alias.{command}", f"!{trap}")
    repo.git("config", "remote.origin.url", f"ext::{trap}")
    repo.git("config", "remote.origin.promisor", "true")
    repo.git("config", "remote.origin.partialclonefilter", "blob:none")
    repo.git("config", "core.repositoryformatversion", "1")
    repo.git("config", "extensions.partialclone", "origin")
    for name in ("protocol.allow", "protocol.ext.allow", "protocol.file.allow"):
        repo.git("config", name, "always")
    repo.git("config", "log.showSignature", "true")
    repo.git("config", "diff.orderFile", "/nonexistent")
    hooks = repo.folder / ".git/hooks"
    repo.git("config", "core.hooksPath", str(hooks))
    hooks.mkdir(exist_ok=True)
    for hook in ("post-index-change", "reference-transaction", "pre-auto-gc", "fsmonitor-watchman", "post-checkout"):
        (hooks / hook).write_bytes(trap.read_bytes())
        (hooks / hook).chmod(0o755)
    (repo.folder / ".git/info/attributes").write_text("* diff=trap filter=trap\n")
    return repo


@pytest.mark.parametrize("options", [{}, {"unreachable": True}, {"range_": "HEAD~1..HEAD"}, {"since": "2020-01-01"}])
def test_a_booby_trapped_repository_springs_nothing(
    trapped: Any, sweep: Sweep, tmp_path: Path, options: dict[str, Any]
) -> None:
    missing = trapped.git("-c", "core.fsmonitor=false", "rev-parse", "HEAD:b")
    (tmp_path / "sprung").unlink(missing_ok=True)
    (trapped.folder / ".git/objects" / missing[:2] / missing[2:]).unlink()
    swept = sweep(trapped, **options)
    assert swept.paths == ["a"]
    assert not (tmp_path / "sprung").exists()


def test_the_traps_do_spring_for_a_careless_git(trapped: Any, tmp_path: Path) -> None:
    (tmp_path / "sprung").unlink(missing_ok=True)
    subprocess.run(["git", "-C", str(trapped.folder), "status"], capture_output=True, check=False)
    assert (tmp_path / "sprung").exists()


def test_replace_refs_and_grafts_hide_nothing(repo: Any, sweep: Sweep) -> None:
    clean = repo.commit(a="clean")
    guilty = repo.commit(a="NEEDLE")
    last = repo.commit(a="clean again")
    repo.git("replace", guilty, clean)
    repo.git("replace", repo.blob("NEEDLE"), repo.blob("clean"))
    (repo.folder / ".git/info").mkdir(exist_ok=True)
    (repo.folder / ".git/info/grafts").write_text(f"{last} {clean}\n")
    assert [one.commit for one in sweep(repo).origins] == [guilty]


def test_the_callers_git_variables_lead_nowhere_else(
    repo: Any, sweep: Sweep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit(a="NEEDLE")
    for name in ("GIT_DIR", "GIT_OBJECT_DIRECTORY", "GIT_INDEX_FILE", "GIT_WORK_TREE", "GIT_NAMESPACE"):
        monkeypatch.setenv(name, str(tmp_path / "elsewhere"))
    assert sweep(repo).paths == ["a"]


def test_the_sweep_writes_nothing_into_the_repository(repo: Any, sweep: Sweep) -> None:
    repo.commit(a="NEEDLE")

    def state() -> dict[str, tuple[int, int]]:
        found = {}
        for path in sorted(repo.folder.rglob("*")):
            info = path.lstat()
            found[str(path)] = (info.st_size, info.st_mtime_ns)
        return found

    before = state()
    sweep(repo, unreachable=True)
    assert state() == before


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="looks at processes by /proc")
def test_an_interrupt_leaves_no_git_behind(repo: Any, tmp_path: Path) -> None:
    for number in range(3):
        repo.commit(**{f"f{number}": os.urandom(2_000_000).hex()})
    script = (
        "import sys, time\n"
        "from secrets_guard.model.result import Stats\n"
        "from secrets_guard.sources.git.history import GitHistorySource\n"
        "for blob in GitHistorySource(sys.argv[1]).blobs(Stats()):\n"
        "    print('running', flush=True)\n"
        "    time.sleep(60)\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", script, str(repo.folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert child.stdout is not None
    with child.stdout:
        assert child.stdout.readline() == b"running\n"
        gits = [
            entry
            for entry in os.listdir("/proc")
            if entry.isdigit() and _parent(int(entry)) == child.pid and "cat-file" in _words(int(entry))
        ]
        assert gits
        child.send_signal(signal.SIGINT)
        child.wait(timeout=60)
    deadline = time.monotonic() + 5
    while any(_alive(int(pid)) for pid in gits) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not [pid for pid in gits if _alive(int(pid))]


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _words(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode()
    except OSError:
        return ""


def _alive(pid: int) -> bool:
    return "cat-file" in _words(pid)

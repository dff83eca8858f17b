"""What ``doctor`` tells of an installation, a cache, a repository and a config, good or broken."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from secrets_guard.doctor.installation import EXTRAS

from .conftest import ROOT, Ran, Run


def checks(ran: Ran) -> dict[str, dict[str, Any]]:
    """Return the checks of a JSON report by their topic; of several the last."""
    told = json.loads(ran.out)
    assert told["schema"] == "secrets-guard/doctor/1"
    assert (told["state"] == "attention") == (ran.code == 1)
    return {one["topic"]: one for one in told["checks"]}


@pytest.fixture
def cache(tmp_path: Path, environment: dict[str, str]) -> Path:
    """Return a cache folder of its own, with what the shared one holds: compiling takes long."""
    folder, shared = tmp_path / "cache", Path(environment["XDG_CACHE_HOME"]) / "secrets-guard"
    folder.mkdir(mode=0o700)
    for path in shared.iterdir() if shared.exists() else ():
        shutil.copy(path, folder)
    return folder


def examined(run: Run, cache: Path, *arguments: str, **env: str) -> dict[str, dict[str, Any]]:
    """Return what doctor says with a cache."""
    return checks(run("doctor", "--format", "json", *arguments, env={"SECRETS_GUARD_CACHE": str(cache), **env}))


def test_a_sound_installation_needs_nothing(run: Run, here: Path, cache: Path) -> None:
    found = examined(run, cache)
    assert {one["state"] for topic, one in found.items() if topic != "program"} <= {"ok", "note"}
    assert "the control is found" in found["engine"]["text"]
    assert int(found["rules"]["text"].split()[0]) > 500
    assert "no git repository" in found["hooks"]["text"]
    ran = run("doctor", env={"SECRETS_GUARD_CACHE": str(cache)})
    assert "attention" in ran.out.splitlines()[-1]
    assert ran.err == ""


def test_the_table_of_extras_is_that_of_the_project() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for extra, modules in EXTRAS.items():
        named = {need.partition(">")[0].partition("[")[0] for need in project[extra]}
        assert set(modules.values()) <= named


def test_a_repository_is_read_by_the_extension_unless_git_is_asked_for(run: Run, here: Path, cache: Path) -> None:
    pytest.importorskip("secrets_guard._native", reason="the extension is not built here")
    subprocess.run(["git", "init", "-q", "."], cwd=here, check=True)
    assert "our extension: 0 objects" in examined(run, cache)["history reader"]["text"]
    asked = examined(run, cache, SECRETS_GUARD_READER="git")["history reader"]
    assert asked["state"] == "note"
    assert "SECRETS_GUARD_READER says so" in asked["text"]


def test_without_git_it_says_what_needs_it(run: Run, here: Path, cache: Path, tmp_path: Path) -> None:
    found = examined(run, cache, PATH=str(tmp_path))
    assert found["git"]["state"] == "attention"
    assert "install git" in found["git"]["advice"]
    assert found["program"]["state"] == "note"


def test_old_databases_are_counted_and_removed_and_no_other_file(run: Run, here: Path, tmp_path: Path) -> None:
    # One of its own: what other tests have left in the shared one is as old and as unused.
    cache = tmp_path / "fresh"
    cache.mkdir(mode=0o700)
    examined(run, cache)
    used = {path.name for path in cache.iterdir()}
    old = time.time() - 3 * 86_400
    for name in ("database-00ff.hs", "rules-00ff.json", ".database-00ff.hs.123", "mine.txt", "database-00fe.hs"):
        (cache / name).write_bytes(b"x" * 1000)
        if name != "database-00fe.hs":
            os.utime(cache / name, (old, old))
    for name in used:
        os.utime(cache / name, (old, old))
    assert "3 of them old (0.0 MB)" in examined(run, cache)["cache"]["text"]
    assert "3 old ones removed" in examined(run, cache, "--clean-cache")["cache"]["text"]
    assert {path.name for path in cache.iterdir()} == used | {"mine.txt", "database-00fe.hs"}


def test_many_old_databases_need_attention(run: Run, here: Path, cache: Path) -> None:
    with (cache / "database-00ff.hs").open("wb") as stream:
        stream.truncate(200_000_000)
    old = time.time() - 3 * 86_400
    os.utime(cache / "database-00ff.hs", (old, old))
    found = examined(run, cache)["cache"]
    assert (found["state"], found["advice"]) == ("attention", "secrets-guard doctor --clean-cache")
    assert examined(run, cache, "--clean-cache")["cache"]["state"] == "ok"


def test_a_cache_that_others_may_write_to_is_not_used_and_told(run: Run, here: Path, cache: Path) -> None:
    cache.chmod(0o777)
    found = examined(run, cache)["cache"]
    assert found["state"] == "attention"
    assert "mode 0777" in found["text"]
    assert "chmod 700" in found["advice"]
    (here / "file").touch()
    assert "not used" in examined(run, here / "file")["cache"]["text"]
    assert examined(run, Path("off"))["cache"]["state"] == "note"


def test_hooks_are_told_and_one_that_can_not_run_needs_attention(run: Run, here: Path, cache: Path) -> None:
    subprocess.run(["git", "init", "-q", "."], cwd=here, check=True)
    assert examined(run, cache)["hooks"]["advice"] == "secrets-guard hook install"
    assert run("hook", "install").code == 0
    hook = here / ".git" / "hooks" / "pre-commit"
    assert examined(run, cache)["hooks"] | {"advice": ""} == {
        "topic": "hooks", "state": "ok", "text": str(hook), "advice": "",
    }  # fmt: skip
    hook.chmod(0o644)
    assert "not executable" in examined(run, cache)["hooks"]["text"]
    hook.chmod(0o755)
    lines = hook.read_text().splitlines(keepends=True)
    gone = [line if not line.startswith("if [ -x ") else "if [ -x /nowhere/hook ]; then\n" for line in lines]
    hook.write_text("".join(gone))
    found = examined(run, cache, PATH="/usr/bin:/bin")["hooks"]
    assert found["state"] == "attention"
    assert "/nowhere/hook is gone" in found["text"]


def test_a_config_and_a_baseline_that_can_not_be_read_are_told_with_their_lines(
    run: Run, here: Path, cache: Path
) -> None:
    (here / ".secrets-guard.yaml").write_text("min_severity: high\nmin_confidense: low\n")
    (here / ".secrets-guard-baseline.yaml").write_text("{")
    found = examined(run, cache)
    assert (found["config"]["state"], found["baseline"]["state"]) == ("attention", "attention")
    assert ".secrets-guard.yaml:2: unknown key 'min_confidense'" in found["config"]["text"]
    assert ".secrets-guard-baseline.yaml" in found["baseline"]["text"]
    (here / ".secrets-guard.yaml").write_text("min_severity: high\n")
    (here / ".secrets-guard-baseline.yaml").unlink()
    found = examined(run, cache)
    assert "1 options set" in found["config"]["text"]
    assert found["baseline"]["text"] == "none"


def test_nothing_of_the_repository_is_executed(run: Run, here: Path, cache: Path) -> None:
    subprocess.run(["git", "init", "-q", "."], cwd=here, check=True)
    script = here / "evil.sh"
    script.write_text("#!/bin/sh\ntouch ran\n")
    script.chmod(0o755)
    for key in ("core.fsmonitor", "core.pager", "core.sshCommand", "core.alternateRefsCommand"):
        subprocess.run(["git", "config", key, str(script)], cwd=here, check=True)
    examined(run, cache)
    assert not (here / "ran").exists()


def test_wrong_use_exits_2(run: Run, here: Path) -> None:
    ran = run("doctor", "--format", "jsn")
    assert ran.code == 2
    assert "did you mean 'json'?" in ran.err

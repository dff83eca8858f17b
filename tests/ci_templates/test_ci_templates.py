"""The shell commands of the CI templates, run in real repositories with the variables that each CI sets."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from secrets_guard.rules.template import fill

ROOT = Path(__file__).parent.parent.parent
REPORTS = {"github": "secrets-guard.sarif", "gitlab": "gl-secret-detection-report.json"}


def script(ci: str) -> str:
    if ci == "github":
        steps = yaml.safe_load((ROOT / "config/ci/github.yml").read_text())["jobs"]["secrets-guard"]["steps"]
        assert steps[0]["with"] == {"fetch-depth": 0}
        assert steps[-1]["with"]["sarif_file"] == REPORTS[ci]
        return "\n".join(step["run"] for step in steps if "run" in step and step["name"] != "Install")
    job = yaml.safe_load((ROOT / "config/ci/gitlab-ci.yml").read_text())["secrets-guard"]
    assert job["variables"] == {"GIT_DEPTH": "0"}
    assert job["artifacts"]["reports"]["secret_detection"] == REPORTS[ci]
    return "\n".join(job["script"])


@pytest.mark.parametrize("ci", REPORTS)
@pytest.mark.parametrize("change_request", [False, True])
@pytest.mark.parametrize("leaks", [False, True])
def test_a_template_fails_on_a_leak_and_only_then(tmp_path: Path, ci: str, change_request: bool, leaks: bool) -> None:
    bin_, repo = tmp_path / "bin", tmp_path / "repo"
    bin_.mkdir()
    repo.mkdir()
    command = bin_ / "secrets-guard"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m secrets_guard "$@"\n')
    command.chmod(0o755)
    env = {name: value for name, value in os.environ.items() if not name.startswith(("GIT", "CI", "SECRETS_GUARD_"))}
    env |= {"PATH": f"{bin_}:{env['PATH']}", "PYTHONPATH": str(ROOT), "HOME": str(tmp_path), "CI": "true"}
    env |= {f"GIT_{who}_{what}": "a@b.invalid" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}

    def git(*arguments: str) -> str:
        ran = subprocess.run(["git", *arguments], cwd=repo, env=env, capture_output=True, text=True, check=True)
        return ran.stdout.strip()

    git("init", "-q", "-b", "main")
    (repo / "a.txt").write_text("fine\n")
    git("add", ".")
    git("commit", "-qm", "first")
    base = git("rev-parse", "HEAD")
    git("update-ref", "refs/remotes/origin/main", base)
    git("checkout", "-qb", "work")
    value = fill("<github:ghp_>", "ci")
    (repo / "b.txt").write_text(f'token = "{value}"\n' if leaks else "fine too\n")
    git("add", ".")
    git("commit", "-qm", "second")
    if ci == "github":
        env |= {"GITHUB_ACTIONS": "true", "GITHUB_BASE_REF": "main" if change_request else ""}
    else:
        env |= {"GITLAB_CI": "true"} | ({"CI_MERGE_REQUEST_DIFF_BASE_SHA": base} if change_request else {})
    ran = subprocess.run(["bash", "-ec", script(ci)], cwd=repo, env=env, capture_output=True, text=True, check=False)
    assert ran.returncode == int(leaks), ran.stdout + ran.stderr
    text = (repo / REPORTS[ci]).read_text()
    report = json.loads(text)
    found = report["runs"][0]["results"] if ci == "github" else report["vulnerabilities"]
    assert len(found) == int(leaks)
    assert ("b.txt" in json.dumps(found)) is leaks
    assert value not in text

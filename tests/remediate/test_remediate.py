"""``remediate`` on real repositories, and its input in the real git filter-repo."""

from __future__ import annotations

import base64
import os
import shlex
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from secrets_guard.broker.refs import parse_ref
from secrets_guard.remediate.rotation import rotations
from secrets_guard.rules.template import fill

TOKEN = fill("<github:ghp_>", "remediate")
PASSWORD = fill("<alnum:24>", "remediate")
PEM = fill("<pem:RSA PRIVATE KEY>", "remediate")
ENCODED = base64.b64encode(f"stripe_key: {fill('sk_live_<alnum:24>', 'remediate')}\n".encode()).decode()


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=Jo", "-c", "user.email=jo@example.org", "-c", "init.defaultBranch=main")
    done = subprocess.run(["git", *who, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def ours(folder: Path, *arguments: str, code: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "secrets_guard", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == code, done.stdout + done.stderr
    return done


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A repository with secrets at its tip, in its past, on a branch, in messages, encoded, and in files of bytes."""
    folder = tmp_path / "repo"
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "app.env").write_text(f"LOG=info\nTOKEN={TOKEN}\nDB_PASSWORD={PASSWORD}\n")
    (folder / "key.pem").write_text(PEM)
    (folder / "values.yaml").write_text(f"data: {ENCODED}\n")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "Add settings")
    git(folder, "tag", "v1")
    (folder / "app.env").write_text("LOG=info\n")
    git(folder, "commit", "-qam", f"Take away the token {TOKEN}")
    git(folder, "checkout", "-qb", "side")
    with zipfile.ZipFile(folder / "old.zip", "w") as archive:
        archive.writestr("x/.env", f"TOKEN={fill('<github:ghp_>', 'in a zip')}\n")
    (folder / "wide.txt").write_bytes(f"TOKEN={fill('<github:ghp_>', 'wide')}\n".encode("utf-16"))
    (folder / "deep.env").write_text(f"URL=postgres://app:{PASSWORD}x@db.internal/app\n")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "Add files")
    return folder


@pytest.fixture
def report(repo: Path, tmp_path: Path) -> Path:
    ours(tmp_path, "scan", "git", "repo", "-f", "json", "-o", "report.json", code=1)
    return tmp_path / "report.json"


def test_what_is_written_takes_every_secret_out_of_the_history(repo: Path, report: Path, tmp_path: Path) -> None:
    ran = ours(tmp_path, "remediate", "report.json", "--repo", "repo", "--write-replacements", "out.txt", code=1)
    assert stat.S_IMODE(os.stat(tmp_path / "out.txt").st_mode) == 0o600
    assert "out.txt holds" in ran.stderr
    # Of what is encoded, the characters that hold the secret.
    for value in (TOKEN, PASSWORD, ENCODED[20:55]):
        assert value in (tmp_path / "out.txt").read_text()
        assert value not in ran.stdout + ran.stderr
    assert "2 archives and binary files" in ran.stdout
    line = next(line for line in ran.stdout.splitlines() if line.startswith("    git filter-repo"))
    git(tmp_path, "clone", "-q", "--mirror", "repo", "clean")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        shlex.split(line), cwd=tmp_path / "clean", env={**os.environ, "PATH": path},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "no secrets found" in ours(tmp_path, "scan", "git", "clean", code=0).stdout
    # Nothing else is gone.
    clean = tmp_path / "clean"
    assert git(clean, "show", "v1:app.env") == "LOG=info\nTOKEN=REDACTED\nDB_PASSWORD=REDACTED\n"
    assert git(clean, "show", "side:values.yaml") == f"data: {ENCODED[:16]}REDACTED{ENCODED[59:]}\n"
    assert git(clean, "log", "--format=%s", "main").splitlines()[0] == "Take away the token REDACTED"
    again = ours(tmp_path, "remediate", "report.json", "--repo", "clean", code=0)
    assert "0 secrets of the report are in the history of clean" in again.stdout


def test_each_secret_has_its_page_and_where_it_stands(repo: Path, report: Path, tmp_path: Path) -> None:
    ran = ours(tmp_path, "remediate", "report.json", "--repo", "repo", code=1)
    steps = ran.stdout.split("\n\n")
    token = next(step for step in steps if "at: app.env:2" in step)
    assert "revoke: https://github.com/settings/tokens" in token
    assert "gone from the tips since" in token
    assert "main" in token
    assert "side" in token
    assert "tags v1" in token
    password = next(step for step in steps if "at: app.env:3" in step)
    assert "its issuer is not known" in password
    key = next(step for step in steps if "at: key.pem:1" in step)
    assert "stands at a branch's tip" in key
    # Without the repository it is told as the report knows it.
    assert ours(tmp_path, "remediate", "report.json", code=1).stdout.split("\n\n")[0] == steps[0]


def test_only_what_the_report_names_is_taken_out(repo: Path, report: Path, tmp_path: Path) -> None:
    other = fill("<github:ghp_>", "later")
    (repo / "later.env").write_text(f"TOKEN={other}\n")
    git(repo, "add", ".")
    git(repo, "commit", "-qm", "Later")
    ours(tmp_path, "remediate", "report.json", "--repo", "repo", "--write-replacements", "out.txt", code=1)
    assert other not in (tmp_path / "out.txt").read_text()


def test_a_file_that_is_there_is_not_overwritten(repo: Path, report: Path, tmp_path: Path) -> None:
    (tmp_path / "out.txt").write_text("mine")
    ran = ours(tmp_path, "remediate", "report.json", "--repo", "repo", "--write-replacements", "out.txt", code=2)
    assert "is there already" in ran.stderr
    assert (tmp_path / "out.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--write-replacements", "x"], "needs --repo"),
        (["--repo", "nowhere"], "no such folder"),
        (["--repo", "empty"], "git"),
    ],
)
def test_wrong_use_is_told(report: Path, tmp_path: Path, arguments: list[str], said: str) -> None:
    (tmp_path / "empty").mkdir()
    ran = ours(tmp_path, "remediate", "report.json", *arguments, code=2)
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize(
    ("ref", "command"),
    [
        ("vault:database/static-creds/app#password", "vault write -f database/rotate-role/app"),
        ("vault:database/creds/app#password", "vault lease revoke -prefix database/creds/app"),
        ("vault:secret/app?namespace=team#x", "change it at its issuer"),
        (
            "aws-sm:prod/app?region=eu-west-1#x",
            "aws secretsmanager rotate-secret --secret-id prod/app --region eu-west-1",
        ),
        ("aws-ssm:/a", "change it at its issuer"),
    ],
)
def test_a_reference_has_the_command_that_makes_a_new_value(ref: str, command: str) -> None:
    (line,) = rotations([parse_ref(ref)[0]])
    assert command in line

"""Secrets inside archives, from the command line: trees, streams, histories, options, and what hostile ones cost."""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from secrets_guard.rules.template import fill

from .conftest import COMMAND, Run, Token


def zipped(name: str, data: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return stream.getvalue()


def tarred(name: str, data: bytes) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        info = tarfile.TarInfo(name)
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def report(run: Run, *arguments: str, **more: Any) -> dict[str, Any]:
    ran = run(*arguments, "--format", "json", "--no-progress", **more)
    made: dict[str, Any] = json.loads(ran.out)
    return made


def places(told: dict[str, Any]) -> list[tuple[str, int, int]]:
    return [(one["path"], one["start_line"], one["start_column"]) for one in told["findings"]]


def test_a_secret_in_an_archive_is_found_at_its_line_and_column_there(run: Run, here: Path, token: Token) -> None:
    text = f"first line\ntoken = {token('zip')}\n".encode()
    (here / "dist").mkdir()
    (here / "dist" / "x-1-py3-none-any.whl").write_bytes(zipped("x/settings.py", text))
    (here / "dist" / "x-1.tar.gz").write_bytes(tarred("x-1/deep.zip", zipped("a/.env", b"\n" + text)))
    (here / "dist" / "wide.zip").write_bytes(zipped("wide.txt", text.decode().encode("utf-16")))
    told = report(run, "scan", "files", "dist")
    assert places(told) == [
        ("wide.zip!/wide.txt", 2, 9),
        ("x-1-py3-none-any.whl!/x/settings.py", 2, 9),
        ("x-1.tar.gz!/x-1/deep.zip!/a/.env", 3, 9),
    ]
    assert told["findings"][0]["origin"] == {"kind": "file"}
    assert told["scan"]["complete"]
    assert "archive" not in told["stats"]["skipped"]


def test_a_stream_that_is_an_archive_is_opened(run: Run, token: Token) -> None:
    data = tarred("a/b.env", f"TOKEN={token('stream')}\n".encode())
    assert places(report(run, "scan", "stdin", stdin=data)) == [("stdin!/a/b.env", 1, 7)]
    told = report(run, "scan", "stdin", "--name", "log.gz", stdin=gzip.compress(f"\n{token('log')}\n".encode()))
    assert places(told) == [("log.gz!/log", 2, 1)]


def test_a_file_rule_looks_at_the_name_within_the_archive(run: Run, here: Path) -> None:
    line = fill("//registry.npmjs.org/:_authToken=<npm>\n", "npmrc").encode()
    (here / "a.tgz").write_bytes(tarred("package/.npmrc", line))
    assert [one["rule_id"] for one in report(run, "scan", "files", ".")["findings"]] == ["npm-access-token"]


def test_allow_entries_and_baselines_know_paths_within_archives(run: Run, here: Path, token: Token) -> None:
    (here / "a.zip").write_bytes(zipped("tests/x.env", f"T={token('allow')}\n".encode()))
    config = here / ".secrets-guard.yaml"
    config.write_text(
        "allow:\n  - reason: made up\n    rules: [github-personal-access-token]\n    paths: ['a.zip!/tests']\n"
    )
    assert report(run, "scan", "files", ".")["stats"]["suppressed"] == {"allowlist": 1}
    config.unlink()
    assert run("baseline", "create").code == 0
    assert report(run, "scan", "files", ".")["stats"]["suppressed"] == {"baseline": 1}


@pytest.mark.parametrize("option", ["--no-archives", "--max-depth=0"])
def test_archives_stay_closed_when_asked(run: Run, here: Path, token: Token, option: str) -> None:
    (here / "a.zip").write_bytes(zipped("x", f"T={token('closed')}\n".encode()))
    told = report(run, "scan", "files", ".", option)
    assert told["findings"] == []
    assert told["stats"]["skipped"] == {"archive": 1, "binary": 1}


def test_max_depth_is_how_many_archives_inside_one_another_are_opened(run: Run, here: Path, token: Token) -> None:
    (here / "a.zip").write_bytes(zipped("b.zip", zipped("c.zip", zipped("d", f"T={token('deep')}\n".encode()))))
    assert places(report(run, "scan", "files", ".", "--max-depth", "3")) == [("a.zip!/b.zip!/c.zip!/d", 1, 3)]
    told = report(run, "scan", "files", ".", "--max-depth", "2")
    assert told["findings"] == []
    assert [(one["kind"], one["where"]) for one in told["problems"]] == [("limit", "a.zip!/b.zip!/c.zip")]


def test_names_within_archives_can_not_disturb_the_report(run: Run, here: Path, token: Token) -> None:
    (here / "a.zip").write_bytes(zipped("two\nlines\x1b[31m", f"T={token('name')}\n".encode()))
    ran = run("scan", "files", ".")
    assert ran.code == 1
    assert "\x1b" not in ran.all
    assert "two\nlines" not in ran.all
    assert places(report(run, "scan", "files", "."))[0][0] == "a.zip!/two\nlines\x1b[31m"


@pytest.fixture
def repo(here: Path, environment: dict[str, str]) -> Any:
    def git(*arguments: str) -> str:
        who = ("-c", "user.name=Jo", "-c", "user.email=jo@example.org", "-c", "commit.gpgSign=false")
        done = subprocess.run(["git", *who, *arguments], cwd=here, env=environment, check=True, capture_output=True)
        return done.stdout.decode().strip()

    git("init", "-q")
    return git


def test_a_secret_in_an_archive_of_a_history_names_the_commit_that_brought_it(
    run: Run, here: Path, token: Token, repo: Any
) -> None:
    (here / "lib").mkdir()
    (here / "lib" / "a.zip").write_bytes(zipped("x/.env", f"A=1\nTOKEN={token('history')}\n".encode()))
    (here / "big.tar").write_bytes(tarred("noise", random.Random(1).randbytes(5 << 20)) + bytes(0))
    repo("add", ".")
    repo("commit", "-qm", "Add a library")
    added = repo("rev-parse", "HEAD")
    repo("rm", "-q", "lib/a.zip")
    repo("commit", "-qm", "Remove it")
    told = report(run, "scan", "git", ".")
    assert places(told) == [("lib/a.zip!/x/.env", 2, 7)]
    (finding,) = told["findings"]
    assert (finding["origin"]["kind"], finding["origin"]["commit"]) == ("commit", added)
    assert finding["exposure"]["at_tip"] is False
    assert told["scan"]["complete"]


def test_an_archive_of_a_history_that_can_not_be_opened_is_told_once_and_each_time(
    run: Run, here: Path, token: Token, repo: Any
) -> None:
    broken = zipped("x/.env", f"TOKEN={token('broken')}\n".encode())
    (here / "a.zip").write_bytes(broken[: broken.index(b"PK\1\2")])
    repo("add", ".")
    repo("commit", "-qm", "Add it")
    for _ in range(2):
        told = report(run, "scan", "git", ".", "--cache", "clean")
        assert [one["kind"] for one in told["problems"]] == ["damaged"]
        assert places(told) == [("a.zip!/x/.env", 1, 7)]


def test_the_hook_sees_into_what_is_staged(run: Run, here: Path, token: Token, repo: Any) -> None:
    for name, content in (("clean.zip", b"nothing"), ("a.zip", f"TOKEN={token('staged')}\n".encode())):
        (here / name).write_bytes(zipped("x/.env", content))
        repo("add", name)
        ran = run("hook", "pre-commit")
        assert ran.code == (name == "a.zip"), ran.all
    assert "a.zip!/x/.env" in ran.all


def test_an_archive_that_is_damaged_is_told_by_the_hook_and_does_not_block(run: Run, here: Path, repo: Any) -> None:
    (here / "a.zip").write_bytes(zipped("x", b"text" * 100)[:60])
    repo("add", "a.zip")
    ran = run("hook", "pre-commit")
    assert ran.code == 0
    assert "a.zip" in ran.all


_BOUNDED = (
    "import resource, subprocess, sys;"
    "bound = lambda: resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30));"
    "code = subprocess.call(sys.argv[1:], preexec_fn=bound);"
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024, file=sys.stderr); sys.exit(code)"
)


@pytest.mark.parametrize("shape", ["gzip", "tar"])
def test_3_gb_out_of_a_small_archive_are_swept_in_bounded_memory(
    run: Run, here: Path, token: Token, shape: str
) -> None:
    block = random.Random(2).randbytes(12 << 10) + b"\n" * (1 << 20)
    part, count = gzip.compress(block, 1), 3000
    end = gzip.compress(f"token = {token('end')}\n".encode())
    with open(here / "big.gz", "wb") as stream:
        if shape == "tar":
            info = tarfile.TarInfo("inner")
            info.size = len(block) * count
            stream.write(gzip.compress(info.tobuf(tarfile.GNU_FORMAT)))
        for _ in range(count):
            stream.write(part)
        if shape == "tar":
            stream.write(gzip.compress(bytes(-len(block) * count % 512)))
            info = tarfile.TarInfo("last")
            info.size = len(gzip.decompress(end))
            stream.write(gzip.compress(info.tobuf(tarfile.GNU_FORMAT)))
            end = gzip.compress(gzip.decompress(end).ljust(512, b"\0") + bytes(1024))
        stream.write(end)
    ran = run("scan", "files", "--format", "json", "--no-progress", prefix=(sys.executable, "-c", _BOUNDED, *COMMAND))
    assert ran.code == 1, ran.all
    told = json.loads(ran.out)
    assert told["problems"] == []
    assert told["stats"]["bytes"] > 3e9
    assert places(told)[0][0] == ("big.gz!/big" if shape == "gzip" else "big.gz!/last")
    assert int(ran.err) < 200


def test_a_bomb_is_told_in_bounded_memory_and_time(run: Run, here: Path, token: Token) -> None:
    bomb = gzip.compress(bytes(16 << 20), 9) * 50
    for name in ("a.gz", "b.zip"):
        (here / name).write_bytes(bomb if name == "a.gz" else zipped("x", bomb))
    (here / "c.env").write_text(f"TOKEN={token('beside')}\n")
    ran = run("scan", "files", "--format", "json", "--no-progress", prefix=(sys.executable, "-c", _BOUNDED, *COMMAND))
    told = json.loads(ran.out)
    assert [(one["kind"], one["where"]) for one in told["problems"]] == [("limit", "a.gz"), ("limit", "b.zip")]
    assert places(told) == [("c.env", 1, 7)]
    assert int(ran.err) < 200
    assert not told["scan"]["complete"]


def test_nothing_is_ever_written_beside_or_above_an_archive(run: Run, here: Path) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name in ("../climbed", "/tmp/secrets-guard-absolute", "inside"):
            info = tarfile.TarInfo(name)
            info.size = 1
            archive.addfile(info, io.BytesIO(b"x"))
    (here / "a.tar").write_bytes(stream.getvalue())
    before = sorted(os.listdir(here.parent))
    assert run("scan", "files", ".", "--strict").code == 0
    assert sorted(os.listdir(here.parent)) == before
    assert os.listdir(here) == ["a.tar"]
    assert not os.path.exists("/tmp/secrets-guard-absolute")

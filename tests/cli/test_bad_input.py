"""Hostile and broken trees: everything is read, counted or told, and nothing makes the command fail over."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sys
from pathlib import Path
from typing import Any

import pytest

from .conftest import COMMAND, Run, Start, Token

# Runs the rest of its arguments without root's right to read everything (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH).
_NO_OVERRIDE = (
    "import ctypes, os, sys; [ctypes.CDLL(None).prctl(24, capability, 0, 0, 0) for capability in (1, 2)];"
    "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
)


def report(run: Run, *arguments: str | bytes, **changes: Any) -> tuple[int, dict[str, Any]]:
    """Return the exit code and the JSON report of a scan."""
    ran = run("scan", "files", "--format", "json", *arguments, **changes)
    return ran.code, json.loads(ran.out)


def test_an_unreadable_file_is_a_problem_and_fails_a_strict_sweep(run: Run, here: Path) -> None:
    locked = here / "locked.env"
    locked.write_text("x")
    locked.chmod(0)
    (here / "closed").mkdir(mode=0)
    powerless = (sys.executable, "-c", _NO_OVERRIDE, *COMMAND[1:])
    code, told = report(run, prefix=powerless)
    problems = {problem["where"]: problem["message"] for problem in told["problems"]}
    assert (code, told["scan"]["complete"]) == (0, False)
    assert problems == {"closed": "Permission denied", "locked.env": "Permission denied"}
    assert run("scan", "files", "--strict", prefix=powerless).code == 2
    for target in ("locked.env", "closed"):
        ran = run("scan", "files", target, prefix=powerless)
        assert (ran.code, ran.out) == (2, "")
        assert f"'{target}': can't be read: Permission denied" in ran.err


def test_what_is_no_file_is_counted_and_not_waited_for(run: Run, here: Path, leak: str) -> None:
    (here / "broken").symlink_to("nowhere")
    (here / "loop").symlink_to("loop")
    (here / "up").symlink_to("..")
    os.mkfifo(here / "fifo")
    with socket.socket(socket.AF_UNIX) as server:
        was = Path.cwd()
        os.chdir(here)  # a socket's path must be short
        try:
            server.bind("socket")
        finally:
            os.chdir(was)
        (here / "empty").touch()
        code, told = report(run)
        assert (code, len(told["findings"]), told["problems"]) == (1, 1, [])
        assert told["stats"]["skipped"] == {"symlink": 3, "special": 2, "empty": 1}
        assert "skipped: " in run("scan", "files").out


def test_links_that_are_followed_end_and_a_broken_one_is_a_problem(run: Run, here: Path, leak: str) -> None:
    (here / "broken").symlink_to("nowhere")
    (here / "self").symlink_to("self")
    (here / "again").symlink_to("app")
    (here / "round").symlink_to(".")
    code, told = report(run, "--follow-symlinks")
    assert code == 1
    assert [finding["path"] for finding in told["findings"]] == ["app/settings.py"]
    assert [problem["where"] for problem in told["problems"]] == ["broken"]
    assert told["stats"]["skipped"]["symlink_loop"] >= 1


def test_a_fifo_and_a_socket_are_refused_as_targets(run: Run, here: Path) -> None:
    os.mkfifo(here / "fifo")
    ran = run("scan", "files", "fifo")
    assert ran.code == 2
    assert "neither a file nor a folder" in ran.err


def test_a_name_that_is_not_utf8_is_swept_and_shown_escaped(run: Run, here: Path, token: Token) -> None:
    name = b"caf\xe9.env"
    (Path(os.fsdecode(os.fsencode(here) + b"/" + name))).write_text(f"token = {token('latin')}\n")
    code, told = report(run)
    assert (code, told["findings"][0]["path"]) == (1, "caf\\xe9.env")
    ran = run("scan", "files", name)
    assert ran.code == 1
    assert "caf\\xe9.env:1:9" in ran.out
    missing = run("scan", "files", b"gone-\xe9")
    assert missing.code == 2
    assert "gone-\\udce9" in missing.err
    for format in ("sarif", "junit", "csv", "gitlab", "github", "gitleaks", "jsonl"):
        assert run("scan", "files", "--format", format).code == 1


def test_a_name_with_a_newline_and_escapes_moves_no_cursor(run: Run, here: Path, token: Token) -> None:
    folder = here / "a\n\x1b[2Jb"
    folder.mkdir()
    (folder / "x\r.env").write_text(f"token = {token('ansi')}\n")
    (here / "\x1b]0;title\x07").symlink_to("nowhere")
    ran = run("scan", "files", "--follow-symlinks", "--explain", env={"FORCE_COLOR": ""})
    assert ran.code == 1
    assert "a\\n\\x1b[2Jb/x\\r.env:1:9" in ran.out
    assert "\x1b" not in ran.all
    assert "\r" not in ran.all
    assert "\x1b" not in run("baseline", "create").all
    assert "\x1b" not in run("scan", "files", "\x1b[31mgone").err
    assert "\x1b" not in run("scan", "files", "--config", "\x1b[31mgone").err
    assert "\x1b" not in run("scan", "files", "--why-not", "\x1b[31mgone:1").all


def test_a_token_in_a_binary_is_found(run: Run, here: Path, token: Token) -> None:
    middle = b"\0\1\2" * 50 + token("elf").encode() + b"\0" * 50
    (here / "program").write_bytes(b"\x7fELF\x02\x01\x01" + b"\0" * 9 + bytes(range(256)) + middle)
    code, told = report(run)
    assert (code, told["findings"][0]["rule_id"]) == (1, "github-personal-access-token")
    assert told["stats"]["skipped"] == {"binary": 1}


def test_500_nested_folders_are_walked(run: Run, here: Path, token: Token) -> None:
    was = Path.cwd()
    os.chdir(here)
    try:
        for _ in range(500):
            os.mkdir("folder")
            os.chdir("folder")
        with open("deep.env", "w") as stream:
            stream.write(f"token = {token('deep')}\n")
    finally:
        os.chdir(was)
    code, told = report(run)
    assert (code, told["problems"]) == (1, [])
    assert told["findings"][0]["path"] == "folder/" * 500 + "deep.env"
    shutil.rmtree(here, ignore_errors=True)


def test_a_tree_that_is_removed_while_it_is_swept_is_told_at_most(start: Start, here: Path) -> None:
    for number in range(400):
        (here / f"{number:03}").mkdir()
        (here / f"{number:03}" / "file.txt").write_text("text\n" * 2000)
    process = start("scan", "files", "--format", "json")
    shutil.rmtree(here / "399")
    for number in range(200, 399):
        shutil.rmtree(here / f"{number:03}")
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert b"Traceback" not in err
    told = json.loads(out)
    assert {problem["kind"] for problem in told["problems"]} <= {"vanished"}
    assert told["stats"]["blobs"] >= 200


@pytest.mark.parametrize("content", [b"", b"[", b"{}", b"\xff\xfe", b"[" * 100_000])
def test_rubbish_in_place_of_any_file_of_ours_exits_2(run: Run, here: Path, content: bytes) -> None:
    (here / "rubbish").write_bytes(content)
    (here / "rubbish.toml").write_bytes(content)
    assert run("report", "convert", "rubbish").code == 2
    for arguments in (
        ("--rules", "rubbish"),
        ("--config", "rubbish"),
        ("--baseline", "rubbish"),
        ("--rules", "rubbish.toml"),
    ):
        ran = run("scan", "files", "rubbish", *arguments)
        assert ran.code in (0, 2)
        # What reads as an empty list, or as none of the keys, is no mistake; all else is told with its place.
        assert ran.code == 0 or "rubbish" in ran.err

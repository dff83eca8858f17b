"""What TAB completes, asked of the shells themselves; and what the manual page holds."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from secrets_guard.cli import exits
from secrets_guard.cli.commands import all_commands
from secrets_guard.cli.completion import SHELLS
from secrets_guard.cli.man import EXITS

from .conftest import Run

COMMANDS = {command.name: command for command in all_commands()}
CASES = {
    "": ["scan", "rules", "doctor", "completion", "man"],
    "sc": ["scan"],
    "scan ": ["files", "git", "image", "stdin"],
    "scan files --form": ["--format"],
    "scan files --format s": ["sarif"],
    "scan git -f ju": ["junit"],
    "scan files --min-severity c": ["critical"],
    "scan files --only-rule stripe-live-s": ["stripe-live-secret-key"],
    "rules show github-personal-access-token": ["github-personal-access-token"],
    "rules list --kind pri": ["private-key"],
    "hook install --hook pre-r": ["pre-receive"],
    "env print --format sh": ["shell"],
    "completion z": ["zsh"],
    "scan files --quiet --config own.y": ["own.yaml"],
    "scan files own.y": ["own.yaml"],
}


@pytest.fixture
def place(environment: dict[str, str], here: Path, tmp_path: Path) -> dict[str, str]:
    """Return an environment in which ``secrets-guard`` is this one, and a file ``own.yaml`` in ``here``."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "secrets-guard"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m secrets_guard "$@"\n')
    program.chmod(0o755)
    (here / "own.yaml").touch()
    return environment | {"PATH": f"{folder}:{os.environ['PATH']}"}


def needed(shell: str) -> str:
    """Return the path of a shell, or skip the test."""
    found = shutil.which(shell)
    if found is None:
        pytest.skip(f"no {shell}: apt-get install {shell}")
    return found


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_has_no_wrong_syntax(run: Run, shell: str, tmp_path: Path) -> None:
    (tmp_path / "script").write_text(run("completion", shell).out)
    done = subprocess.run([needed(shell), "-n", tmp_path / "script"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_bash_completes(run: Run, place: dict[str, str], here: Path, tmp_path: Path) -> None:
    (tmp_path / "script").write_text(run("completion", "bash").out)
    asked = [f". {tmp_path / 'script'}", "complete -p secrets-guard"]
    for line in CASES:
        words = ["secrets-guard", *line.split(" ")]
        quoted = " ".join(f"'{word}'" for word in words)
        asked.append(f"COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; _secrets_guard 2>&1; echo ${{COMPREPLY[*]}}")
    done = subprocess.run(
        [needed("bash"), "--norc", "-c", "\n".join(asked)],
        env=place,
        cwd=here,
        capture_output=True,
        text=True,
        check=True,
    )
    first, *answers = done.stdout.split("\n")
    assert first == "complete -F _secrets_guard secrets-guard"
    for (line, wanted), answer in zip(CASES.items(), answers, strict=False):
        assert set(wanted) <= set(answer.split()), f"{line!r}: {answer}"
        if line and not line.endswith(" "):
            assert all(word.startswith(line.split(" ")[-1]) for word in answer.split()), f"{line!r}: {answer}"


def test_bash_completes_after_an_equals_sign_and_the_command_of_run(
    run: Run, place: dict[str, str], here: Path
) -> None:
    ask = (
        '. /dev/stdin; ask() { _secrets_guard; echo "${COMPREPLY[*]}"; }\n'
        "COMP_WORDS=(secrets-guard scan files --format = js); COMP_CWORD=5; ask\n"
        "COMP_WORDS=(secrets-guard run -- gi); COMP_CWORD=3; ask"
    )
    done = subprocess.run(
        [needed("bash"), "--norc", "-c", ask], input=run("completion", "bash").out, env=place, cwd=here,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    formats, programs, _ = done.stdout.split("\n")
    assert formats.split() == ["json", "jsonl"]
    assert "git" in programs.split()


def test_fish_completes(run: Run, place: dict[str, str], here: Path, tmp_path: Path) -> None:
    (tmp_path / "script").write_text(run("completion", "fish").out)
    shell = needed("fish")
    for line, wanted in CASES.items():
        done = subprocess.run(
            [shell, "--no-config", "-c", f"source {tmp_path / 'script'}; complete -C 'secrets-guard {line}'"],
            env=place, cwd=here, capture_output=True, text=True, check=True,
        )  # fmt: skip
        offered = {answer.partition("\t")[0] for answer in done.stdout.split("\n")}
        assert set(wanted) <= offered, f"{line!r}: {done.stdout}"
        assert done.stderr == ""


def test_zsh_completes(run: Run, place: dict[str, str], here: Path, tmp_path: Path) -> None:
    """Type a line up to the TAB into a real zsh; what it came to is printed by a function in place of the command."""
    (tmp_path / "_secrets-guard").write_text(run("completion", "zsh").out)
    shell = needed("zsh")
    lines = {line: wanted[0] for line, wanted in CASES.items() if len(wanted) == 1}
    lines |= {"scan files --format=sa": "--format=sarif", "run -- secrets-gu": "secrets-guard"}
    pid, terminal = pty.fork()
    if not pid:
        os.chdir(here)
        os.execve(shell, [shell, "-f", "-i"], place | {"TERM": "dumb", "COLUMNS": "200"})
    try:
        setup = f"PS1=; fpath=({tmp_path} $fpath); autoload -U compinit; compinit -u -D; setopt no_list_ambiguous"
        _typed(terminal, f"{setup}; secrets-guard() {{ print -r -- \"GOT<$*>\"; }}; print RE''ADY\n", "READY")
        for line, wanted in lines.items():
            said = _typed(terminal, f"secrets-guard {line}\t\n", "GOT<")
            assert f"{wanted}>" in said.rpartition("GOT<")[2].replace(" >", ">"), f"{line!r}: {said}"
    finally:
        os.write(terminal, b"\nexit\n")
        os.close(terminal)
        os.waitpid(pid, 0)


def _typed(terminal: int, text: str, until: str) -> str:
    """Type a text and return what the terminal shows until a mark and the end of its line."""
    os.write(terminal, text.encode())
    said, end = "", time.monotonic() + 60
    while until not in said or "\n" not in said.rpartition(until)[2]:
        ready, _, _ = select.select([terminal], [], [], max(0.0, end - time.monotonic()))
        assert ready, f"no answer to {text!r}: {said}"
        said += os.read(terminal, 65_536).decode("utf-8", "replace")
    return said


def test_a_shell_that_is_not_known_is_told_with_the_nearest(run: Run) -> None:
    ran = run("completion", "fis")
    assert (ran.code, "did you mean 'fish'?" in ran.err) == (2, True)


def test_the_manual_page_holds_every_command_option_and_exit_code(run: Run) -> None:
    page = run("man").out.replace("\\-", "-")
    for name, command in COMMANDS.items():
        inner = not name or any(other.startswith(f"{name} ") for other in COMMANDS)
        assert inner or f".SS secrets-guard {name}" in page
        assert all(option.help for option in command.options)
        assert inner or all(flag in page for option in command.options for flag in option.flags)
    codes = {str(code) for name, code in vars(exits).items() if name.isupper() and isinstance(code, int)}
    assert set(EXITS) == codes
    assert run("man").out == run("man").out


@pytest.mark.parametrize(
    "checker",
    [["mandoc", "-T", "lint"], ["groff", "-man", "-ww", "-z", "-Tutf8", "-"], ["man", "--warnings", "-l", "-"]],
)
def test_the_manual_page_is_set_without_a_warning(run: Run, checker: list[str]) -> None:
    if shutil.which(checker[0]) is None:
        pytest.skip(f"no {checker[0]} here")
    done = subprocess.run(checker, input=run("man").out, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert checker[0] == "man" or done.stdout == ""

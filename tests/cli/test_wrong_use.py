"""Wrong uses on purpose: each is told on a line or two that says what to do, with the documented exit code."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .conftest import Run

FILES = {
    "a.txt": "hello\n",
    "bad.yaml": "min_severity: high\n  bad: [\n",
    "key.yaml": "# options\nmin_severty: high\n",
    "value.yaml": "min_severity: hihg\n",
    "jobs.yaml": "jobs: many\n",
    "list.yaml": "- a\n",
    "allow.yaml": "allow:\n  - reason: everything\n",
    "pattern.yaml": "- id: x\n  title: X\n  pattern: '(abc'\n  secret_group: 1\n",
    "no-list.yaml": "rules:\n  - id: x\n",
    "lacking.yaml": "- id: x\n",
    "base": "{",
    "base.yaml": "version: 1\nfingerprints: [a]\n",
    "report.json": '{"schema": "x"}',
    "img.tar": "rubbish",
    "manifest.yaml": "version: 1\nenvv: {}\n",
    "reference.yaml": "version: 1\nenv: {A: 'vault:'}\n",
    "scheme.yaml": "version: 1\nenv: {A: 'vualt:secret/app#key'}\n",
    "version.yaml": "env: {A: b}\n",
}
CASES: list[tuple[str, int, str]] = [
    # Commands and options
    ("scna", 2, r"no such command 'scna' (did you mean 'scan'?); see: secrets-guard -h"),
    ("scan filse", 2, r"no such command 'filse' (did you mean 'files'?); see: secrets-guard scan -h"),
    ("hook pre-recieve", 2, r"no such command 'pre-recieve' (did you mean 'pre-receive'?)"),
    ("--nope", 2, r"no such option: --nope; see: secrets-guard -h"),
    (
        "scan files --formt json",
        2,
        r"no such option: --formt (did you mean --format?); see: secrets-guard scan files -h",
    ),
    ("scan files --format", 2, r"option '--format' requires an argument; see: secrets-guard"),
    ("rules list extra", 2, r"got unexpected extra argument(s) (extra); see: secrets-guard rules list -h"),
    ("scan image", 2, r"missing argument 'TARGET...'; see: secrets-guard scan image -h"),
    ("rules show", 2, r"missing argument 'ID'; see: secrets-guard rules show -h"),
    ("run", 2, r"missing argument '-- CMD [ARG]...'; see: secrets-guard run -h"),
    # Values of options
    ("scan files --format jsn", 2, r"'jsn' is none of human, json,"),
    ("scan files --format jsn", 2, r"(did you mean 'json'?)"),
    ("scan files --jobs many", 2, r"invalid value for '--jobs' / '-j': 'many' is not a valid int; see:"),
    ("scan files --jobs -1", 2, r"--jobs: must be a whole number from 0 to 4096"),
    ("scan files --min-severity hihg", 2, r"'hihg' is none of low, medium, high, critical (did you mean 'high'?)"),
    ("scan files --max-file-size 10XB", 2, r"'10XB' is no size; write it as 500KB, 10MB or 1GiB (0: no limit)"),
    ("scan files --max-depth -1", 2, r"--max-depth: must be a whole number from 0 to 100"),
    ("scan files --exit-code 300", 2, r"--exit-code: must be a whole number from 0 to 255"),
    ("scan files --only-rule github-persnal-access-token", 2, r"(did you mean 'github-personal-access-token'?)"),
    ("scan files --why-not a.txt", 2, r"write it as FILE:LINE, such as src/app.py:12"),
    ("scan files --output nodir/x", 2, r"--output nodir/x: can't be written: No such file or directory"),
    ("rules list --kind x", 2, r"--kind: 'x' is none of token, private-key, url, assignment, entropy"),
    ("env print --format x", 2, r"--format: 'x' is none of dotenv, json, shell"),
    ("compare a.txt --with a.txt --format x", 2, r"a comparison is written as human or json"),
    ("completion tcsh", 2, r"there is no completion for 'tcsh', but for bash, zsh, fish"),
    # Targets
    ("scan files nope", 2, r"'nope': no such file or folder; check the path"),
    ("scan git nope", 2, r"'nope': no such folder; give the folder of a git repository"),
    ("scan git .", 2, r"'.': not a git repository; check the path, or sweep it with 'scan files'"),
    ("scan git a.txt", 2, r"'a.txt': not a folder; give the folder of a git repository"),
    ("scan image nope.tar", 2, r"'nope.tar': no such file or folder"),
    ("scan image img.tar", 2, r"img.tar: neither a tar archive nor one of an image"),
    ("scan image empty", 2, r"empty: no image in it: neither Docker's manifest.json nor OCI's index.json"),
    ("scan image img.tar --platform weird", 2, r"write it as linux/amd64 or linux/arm/v7, or all"),
    ("scan git --staged --range A..B", 2, r"--staged looks at the index alone, where --range has no meaning"),
    ("scan git --require x", 2, r"--require 'x': unknown; known: full-history"),
    ("hook install", 2, r"'.': not a git repository"),
    # Configs, rules, baselines, reports
    ("scan files --config nope.yaml", 2, r"nope.yaml: can't be read: No such file or directory"),
    ("scan files --config empty", 2, r"empty: can't be read: Is a directory"),
    ("scan files --config bad.yaml", 2, r"bad.yaml:2: not valid YAML:"),
    ("scan files --config key.yaml", 2, r"key.yaml:2: unknown key 'min_severty' (did you mean 'min_severity'?)"),
    ("scan files --config value.yaml", 2, r"value.yaml:1: min_severity: 'hihg' is none of"),
    ("scan files --config jobs.yaml", 2, r"jobs.yaml:1: jobs: must be a whole number from 0 to 4096"),
    (
        "scan files --config list.yaml",
        2,
        r"list.yaml:1: a config is a mapping of options, such as 'min_severity: high'",
    ),
    ("scan files --config allow.yaml", 2, r"allow.yaml:2: this allow entry would allow everything; give one of"),
    ("scan files --rules nope.yaml", 2, r"nope.yaml: can't be read: No such file or directory"),
    ("scan files --rules pattern.yaml", 2, r"pattern.yaml:3: x: '(abc': not a valid regular expression: missing )"),
    ("scan files --rules no-list.yaml", 2, r"a rule file is a list of rules: start each with '- id: …'"),
    ("scan files --rules empty", 2, r"empty: no *.yaml rule file in this folder"),
    ("rules check lacking.yaml", 2, r"lacking.yaml:1:"),
    ("rules import a.txt", 2, r"a.txt: not valid TOML:"),
    ("rules show github-persnal-access-token", 2, r"(did you mean 'github-personal-access-token'?)"),
    ("scan files --baseline nope", 2, r"nope: can't be read: No such file or directory"),
    ("scan files --baseline base", 2, r"base:1: this is none of the known formats: a Secrets Guard baseline"),
    (
        "scan files --baseline base.yaml",
        2,
        r"base.yaml:1: key must be 32 to 128 hex digits in quotes; restore it from git",
    ),
    ("baseline audit", 2, r"make one by 'secrets-guard baseline create' or name --baseline"),
    ("report convert report.json", 2, r"its schema is not secrets-guard/report/1; write one with --format json"),
    ("compare a.txt --with a.txt", 2, r"a.txt: not JSON at character 0; give a report as JSON, JSON lines or SARIF"),
    # The broker
    ("run -- nope-cmd", 127, r"nope-cmd: no such command"),
    ("run -- ./a.txt", 126, r"a.txt"),
    ("run --manifest nope.yaml -- true", 121, r"nope.yaml: can't be read: No such file or directory"),
    ("run --manifest manifest.yaml -- true", 121, r"manifest.yaml:2: unknown key 'envv' (did you mean 'env'?)"),
    ("run --manifest reference.yaml -- true", 121, r"reference.yaml:2:"),
    (
        "run --manifest scheme.yaml -- true",
        121,
        r"scheme.yaml:2: A: no provider is called 'vualt' (did you mean 'vault'?)",
    ),
    ("run --manifest version.yaml -- true", 121, r"version: must be 1"),
    ("run --grace x --supervise -- true", 121, r"'x' is no time such as 30s, 500ms or 2m, up to 60m"),
    ("env plan --manifest bad.yaml", 121, r"bad.yaml:2: not valid YAML:"),
    ("env print", 2, r"standard output is no terminal; --force prints the values even so"),
]


@pytest.fixture
def wrong(here: Path) -> Path:
    """Return ``here`` with the files of FILES, and a folder ``empty``."""
    for name, text in FILES.items():
        (here / name).write_text(text)
    (here / "empty").mkdir()
    return here


@pytest.mark.parametrize(("line", "code", "said"), CASES)
def test_a_wrong_use_is_told_in_a_line_or_two(run: Run, wrong: Path, line: str, code: int, said: str) -> None:
    ran = run(*line.split(" "))
    assert (ran.code, ran.out) == (code, ""), ran.all
    assert said in ran.err
    lines = ran.err.splitlines()
    assert len(lines) <= 3, ran.err
    assert all(one.startswith("secrets-guard: error: ") for one in lines), ran.err


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SECRETS_GUARD_JOBS", "many", "SECRETS_GUARD_JOBS: must be a whole number"),
        ("SECRETS_GUARD_FORMT", "json", "SECRETS_GUARD_FORMT: no such option (did you mean SECRETS_GUARD_FORMAT?)"),
        ("SECRETS_GUARD_CONFIG", "nope.yaml", "nope.yaml: can't be read: No such file or directory"),
        ("SECRETS_GUARD_STRICT", "maybe", "SECRETS_GUARD_STRICT: "),
    ],
)
def test_a_wrong_variable_is_told_by_its_name(run: Run, here: Path, name: str, value: str, said: str) -> None:
    ran = run("scan", "files", env={name: value})
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


@pytest.mark.skipif(os.name == "nt", reason="there is no /dev/full")
def test_a_full_disk_under_the_output_is_told(run: Run, here: Path, leak: str) -> None:
    ran = run("scan", "files", "--output", "/dev/full")
    assert ran.code == 2
    assert "can't be written: No space left on device" in ran.err


@pytest.mark.parametrize("group", ["", "scan", "rules", "baseline", "hook", "env", "report"])
def test_a_group_without_a_command_shows_what_can_follow(run: Run, here: Path, group: str) -> None:
    ran = run(*group.split())
    assert ran.code == 2
    assert "Commands:" in ran.all

"""Where settings come from, whose config is obeyed, and how mistakes in it are told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import Run, Token

_CUSTOM = (
    "- id: acme-key\n  title: Acme key\n  pattern: '\\b(acme_[0-9a-f]{32})\\b'\n  examples: ['key=acme_<hex:32>']\n"
)
_ACME = "acme_" + "0f1e2d3c4b5a69788796a5b4c3d2e1f0"


def test_every_mistake_of_a_config_is_told_in_one_go_with_its_line(run: Run, here: Path) -> None:
    (here / ".secrets-guard.yaml").write_text(
        "min_severty: high\njobs: many\nshow_secrets: 7\nallow:\n  - reason: x\n    pahts: [a]\n    secrets: ['(']\n"
    )
    ran = run("scan", "files")
    assert ran.code == 2
    lines = ran.err.splitlines()
    assert all(line.startswith("secrets-guard: error: ") for line in lines)
    for number, told in (
        (1, "did you mean 'min_severity'?"),
        (2, "jobs"),
        (3, "true or false"),
        (6, "'paths'"),
        (7, "'('"),
    ):
        assert any(f".secrets-guard.yaml:{number}:" in line and told in line for line in lines), (number, told, lines)


def test_every_mistake_of_rule_files_is_told_in_one_go_with_its_line(run: Run, here: Path) -> None:
    (here / "one.yaml").write_text(_CUSTOM)
    (here / "two.yaml").write_text(
        _CUSTOM + "- id: other\n  title: Other\n  pattern: '(unclosed'\n"
        "- id: third\n  title: 3\n  patern: x\n  pattern: 'third_[a-z]{9}'\n"
    )
    ran = run("scan", "files", "--rules", "one.yaml", "--rules", "two.yaml")
    assert ran.code == 2
    duplicate = "two.yaml:1: duplicate rule id 'acme-key', first defined at one.yaml:1"
    for told in (duplicate, "two.yaml:7: other: ", "two.yaml:9: ", "did you mean 'pattern'?"):
        assert told in ran.err


def test_an_option_counts_from_file_environment_and_command_line_in_rising_order(
    run: Run, leak: str, here: Path
) -> None:
    (here / ".secrets-guard.yaml").write_text("exit_code: 11\n")
    assert run("scan", "files").code == 11
    assert run("scan", "files", env={"SECRETS_GUARD_EXIT_CODE": "12"}).code == 12
    assert run("scan", "files", "--exit-code", "13", env={"SECRETS_GUARD_EXIT_CODE": "12"}).code == 13


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("JOBS", "many", "SECRETS_GUARD_JOBS: must be a whole number"),
        ("QUIET", "maybe", "SECRETS_GUARD_QUIET: must be one of"),
        ("JOB", "1", "did you mean SECRETS_GUARD_JOBS?"),
        ("CONFIG", "nope.yaml", "nope.yaml: can't be read"),
    ],
)
def test_a_mistake_in_the_environment_is_told_by_its_name(run: Run, variable: str, value: str, told: str) -> None:
    ran = run("scan", "files", env={f"SECRETS_GUARD_{variable}": value})
    assert ran.code == 2
    assert told in ran.err


@pytest.mark.parametrize("by", ["option", "environment", "cwd", "root"])
def test_a_config_of_ones_own_is_obeyed(run: Run, leak: str, here: Path, tmp_path: Path, by: str) -> None:
    place = here / ".secrets-guard.yaml" if by in ("cwd", "root") else tmp_path / "mine.yaml"
    place.write_text("exit_code: 21\n")
    cwd = here
    if by == "root":
        (here / ".git").mkdir()
        cwd = here / "app"
    options = ("--config", str(place)) if by == "option" else ()
    env = {"SECRETS_GUARD_CONFIG": str(place)} if by == "environment" else {}
    assert run("scan", "files", *options, env=env, cwd=cwd).code == 21


def test_a_scanned_trees_config_is_obeyed_only_when_trusted(run: Run, leak: str, here: Path, tmp_path: Path) -> None:
    (here / ".secrets-guard.yaml").write_text("exit_code: 0\nallow:\n  - reason: hide\n    paths: [app]\n")
    away = tmp_path / "away"
    away.mkdir()
    ran = run("scan", "files", str(here), cwd=away)
    assert ran.code == 1
    assert ".secrets-guard.yaml: not obeyed, because it belongs to what is scanned" in ran.out
    assert "--trust-repo-config" in ran.out
    trusted = run("scan", "files", str(here), "--trust-repo-config", cwd=away)
    assert (trusted.code, "no secrets found" in trusted.out) == (0, True)
    assert run("scan", "files", str(here), env={"SECRETS_GUARD_TRUST_REPO_CONFIG": "Yes"}, cwd=away).code == 0
    (away / ".secrets-guard.yaml").write_text("trust_repo_config: true\n")
    assert run("scan", "files", str(here), cwd=away).code == 0


def test_a_scanned_tree_can_not_trust_itself(run: Run, leak: str, here: Path, tmp_path: Path) -> None:
    (here / ".secrets-guard.yaml").write_text("trust_repo_config: true\nexit_code: 0\n")
    (here / ".gitleaksignore").write_text("app/settings.py:github-pat:2\n")
    ran = run("scan", "files", str(here), cwd=tmp_path)
    assert ran.code == 1


def test_a_gitleaksignore_of_ones_own_is_obeyed_with_a_note(run: Run, leak: str, here: Path) -> None:
    (here / ".gitleaksignore").write_text("# known\napp/settings.py:github-pat:2\n")
    ran = run("scan", "files")
    assert ran.code == 0, ran.out
    assert "note: .gitleaksignore: its entries are obeyed" in ran.out
    assert "suppressed: 1 baseline" in ran.out


def test_known_secrets_are_read_from_other_tools_files(run: Run, leak: str, here: Path, tmp_path: Path) -> None:
    import hashlib

    place = {"RuleID": "github-pat", "File": "app/settings.py", "StartLine": 2, "Commit": ""}
    gitleaks = tmp_path / "gitleaks.json"
    gitleaks.write_text(json.dumps([place | {"Secret": leak}]))
    entry = {"type": "GitHub Token", "hashed_secret": hashlib.sha1(leak.encode()).hexdigest(), "line_number": 2}
    detect = tmp_path / ".secrets.baseline"
    detect.write_text(json.dumps({"version": "1.5.0", "results": {"app/settings.py": [entry]}}))
    for known in (gitleaks, detect):
        ran = run("scan", "files", "--baseline", str(known))
        assert (ran.code, "suppressed: 1 baseline" in ran.out) == (0, True), ran.out
    gitleaks.write_text(json.dumps([place | {"Secret": leak[:-1] + "?"}]))
    assert run("scan", "files", "--baseline", str(gitleaks)).code == 1


_GITLEAKS = """title = "ours"
[[rules]]
id = "acme"
description = "Acme key"
regex = '''\\b(acme_[0-9a-f]{32})\\b'''
secretGroup = 1
keywords = ["acme_"]
[allowlist]
paths = ['''vendored/''']
"""


@pytest.mark.parametrize("option", ["--config", "--rules"])
def test_a_gitleaks_config_brings_its_rules_and_allowlists(run: Run, here: Path, token: Token, option: str) -> None:
    (here / ".gitleaks.toml").write_text(_GITLEAKS)
    (here / "vendored").mkdir()
    for path in ("a.env", "vendored/b.env"):
        (here / path).write_text(f"key = {_ACME}\ntoken = {token('both')}\n")
    ran = run("scan", "files", option, ".gitleaks.toml", "--format", "json")
    assert ran.code == 1, ran.err
    told = json.loads(ran.out)
    assert {finding["path"] for finding in told["findings"]} == {"a.env"}
    assert [finding["start_line"] for finding in told["findings"]] == [1, 2]


def test_an_imported_gitleaks_config_loads_as_rules_and_check_asks_for_examples(run: Run, here: Path) -> None:
    (here / "x.toml").write_text(_GITLEAKS)
    (here / "a.env").write_text(f"key = {_ACME}\n")
    ran = run("rules", "import", "x.toml", "--output", "x.yaml")
    assert (ran.code, ran.out) == (0, "")
    assert "1 rules and 1 allow entries" in ran.err
    assert run("rules", "import", "x.toml").out == (here / "x.yaml").read_text()
    found = run("scan", "files", "--rules", "x.yaml", "--format", "json")
    assert found.code == 1, found.err
    assert [finding["path"] for finding in json.loads(found.out)["findings"]] == ["a.env"]
    check = run("rules", "check", "x.yaml")
    assert check.code == 1
    assert "no example" in check.out


_COMPOSITE = """
[[rules]]
id = "acme"
regex = '''\\b(acme_[0-9a-f]{32})\\b'''
tags = ["x"]
[[rules.required]]
id = "acme-id"
withinLines = 3
[[rules]]
id = "acme-id"
regex = '''\\b(ai-[0-9]{9})\\b'''
skipReport = true
"""


def test_a_composite_rule_of_gitleaks_finds_what_has_its_part_and_notes_what_is_lost(run: Run, here: Path) -> None:
    (here / "x.toml").write_text(_COMPOSITE)
    (here / "a.env").write_text(f"account = ai-739105824\nkey = {_ACME}\n")
    (here / "b.env").write_text(f"account = ai-739105824\n\n\n\nkey = {_ACME}\n")
    told = json.loads(run("scan", "files", "--rules", "x.toml", "--only-rule", "acme", "--format", "json").out)
    (found,) = told["findings"]
    assert (found["path"], found["start_line"]) == ("a.env", 2)
    assert [(part["rule_id"], part["start_line"]) for part in found["parts"]] == [("acme-id", 1)]
    assert "x.toml: acme: tags do not carry over" in told["notes"]

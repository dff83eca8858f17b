"""``rules``, ``selftest``, ``--version`` and the help of every command."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from secrets_guard.version import __version__

from .conftest import ROOT, Run

HELPS = (
    "", "scan", "scan files", "scan git", "scan image", "scan stdin", "rules", "rules list", "rules show",
    "rules check", "rules import", "baseline", "baseline create", "baseline audit", "baseline prune", "hook",
    "hook pre-commit", "hook pre-push", "hook pre-receive", "hook install", "hook uninstall", "report",
    "report convert", "report diff", "compare", "selftest", "run", "env", "env plan", "env print", "doctor",
    "completion", "man", "migrate", "remediate",
)  # fmt: skip


@pytest.mark.parametrize("command", HELPS)
def test_help_is_as_it_was(run: Run, golden: Callable[[str, str], None], command: str) -> None:
    ran = run(*command.split(), "--help")
    assert (ran.code, ran.err) == (0, "")
    assert run(*command.split(), "-h").out == ran.out if command == "scan files" else True
    golden(f"help{'-' if command else ''}{command.replace(' ', '-')}.txt", ran.out)


def test_every_command_has_a_golden_help(run: Run) -> None:
    for group in ("", "scan", "rules", "baseline", "hook", "report", "env"):
        text = run(*group.split(), "--help").out.partition("Commands:\n")[2]
        listed = re.findall(r"^  ([\w-]+) ", text, re.MULTILINE)
        assert listed
        assert {f"{group} {name}".strip() for name in listed} <= set(HELPS)


def test_the_report_for_people_is_as_it_was(
    run: Run, here: Path, leak: str, golden: Callable[[str, str], None]
) -> None:
    (here / "deploy.sh").write_text(f"# same again\ncurl -H 'Authorization: token {leak}' https://api.github.com\n")
    (here / "sample.txt").write_text(f"{leak}  # secrets-guard: allow the docs\n")
    (here / "big.txt").write_text("x" * 2000)
    (here / "link").symlink_to("nowhere")
    ran = run("scan", "files", "--max-file-size", "1KB", "--explain")
    assert ran.code == 1
    text = re.sub(r"in \d+\.\d+ s", "in 0.00 s", re.sub(r"[\d,]+ rules\)", "N rules)", ran.out))
    golden("human-report.txt", text)


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_the_version_is_told(run: Run, option: str) -> None:
    ran = run(option)
    assert (ran.code, ran.out) == (0, f"secrets-guard {__version__}\n")


def test_the_selftest_finds_what_it_plants(run: Run) -> None:
    ran = run("selftest")
    assert ran.code == 0
    assert re.findall(r"^(\w+) +(\w+) +ok$", ran.out, re.MULTILINE) == [
        (source, state)
        for source in ("files", "archive", "git", "staged", "image", "stdin")
        for state in ("fresh", "cached")
    ]


def test_the_rules_are_listed(run: Run) -> None:
    rules = json.loads(run("rules", "list", "--json").out)
    assert len(rules) >= 120
    assert [rule["id"] for rule in rules] == sorted({rule["id"] for rule in rules})
    table = run("rules", "list", "--kind", "private-key")
    assert 0 < len(table.out.splitlines()) < len(rules)
    assert "rules of" in table.err


def test_a_rule_is_shown_with_its_examples_as_templates(run: Run) -> None:
    out = run("rules", "show", "aws-access-key-id").out
    assert "id: aws-access-key-id" in out
    assert "AKIA<" in out
    assert "https://docs.aws.amazon.com/" in out


def test_the_built_in_rules_are_as_they_say(run: Run) -> None:
    ran = run("rules", "check")
    assert ran.code == 0, ran.out
    assert "all as they say" in ran.out


def test_a_lying_example_is_told_with_its_place(run: Run, here: Path) -> None:
    rule = "- id: acme-key\n  title: Acme\n  pattern: '\\b(acme_[0-9a-f]{32})\\b'\n"
    (here / "good.yaml").write_text(rule + "  examples: ['k=acme_<hex:32>']\n  counterexamples: ['acme_<hex:31>']\n")
    (here / "lies.yaml").write_text(rule + "  examples: ['k=acme_<hex:30>']\n  counterexamples: ['acme_<hex:32>']\n")
    good = run("rules", "check", "good.yaml")
    assert (good.code, good.out) == (0, "1 rules, 2 examples: all as they say\n")
    lies = run("rules", "check", "lies.yaml")
    assert lies.code == 1
    assert "lies.yaml:1: acme-key: example 1 is not found" in lies.out
    assert "lies.yaml:1: acme-key: counterexample 1 is found" in lies.out


def test_the_worked_example_of_the_guide_passes_the_check(run: Run, here: Path) -> None:
    guide = (ROOT / "docs" / "add-a-rule.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```yaml\n(- id: .*?)```", guide, re.DOTALL)
    assert blocks
    for block in blocks:
        (here / "rule.yaml").write_text(block)
        ran = run("rules", "check", "rule.yaml")
        assert ran.code == 0, ran.all

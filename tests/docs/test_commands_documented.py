"""Every command, option, format, exit code and variable is documented, and nothing documented is invented."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import typer

from secrets_guard.cli import exits
from secrets_guard.cli.tree import build
from secrets_guard.config import COMMAND_LINE_ONLY, FORMATS, OPTIONS
from secrets_guard.judge.checksum import CHECKS
from secrets_guard.model.rule import CONFIDENCES, KINDS, SEVERITIES, Rule
from secrets_guard.report import formats
from secrets_guard.rules import lint
from secrets_guard.rules.template import ALPHABETS

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
GUIDE = (ROOT / "docs" / "add-a-rule.md").read_text(encoding="utf-8")
EXAMPLE = (ROOT / "config" / "secrets-guard.example.yaml").read_text(encoding="utf-8")


def commands() -> dict[str, click.Command]:
    """Return each command by its full name, groups left out."""

    def leaves(command: Any, name: str) -> Iterator[tuple[str, click.Command]]:
        if not hasattr(command, "commands"):
            yield name.strip(), command
        else:
            for part, inner in command.commands.items():
                yield from leaves(inner, f"{name} {part}")

    return dict(leaves(typer.main.get_command(build()), ""))


COMMANDS = commands()
SCANS = [*COMMANDS["scan files"].params, *COMMANDS["scan image"].params]
SCAN_FLAGS = {flag for parameter in SCANS for flag in parameter.opts if flag.startswith("--")}
GIT_FLAGS = {flag for parameter in COMMANDS["scan git"].params for flag in parameter.opts if flag.startswith("--")}
FLAGS = {
    flag
    for command in COMMANDS.values()
    for parameter in command.params
    for flag in (*parameter.opts, *parameter.secondary_opts)
}
FLAGS |= {"--help", "--version"}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_in_the_readme_and_has_help(name: str) -> None:
    assert re.search(rf"secrets-guard {name}\b", README), f"README does not show 'secrets-guard {name}'"
    command = COMMANDS[name]
    assert command.help
    for parameter in command.params:
        if parameter.param_type_name == "option":
            assert getattr(parameter, "help", ""), f"{name} {parameter.name} has no help"


@pytest.mark.parametrize("flag", sorted(SCAN_FLAGS | GIT_FLAGS))
def test_an_option_of_scan_is_in_the_readme(flag: str) -> None:
    assert f"`{flag}" in README


def test_every_command_and_option_that_the_readme_shows_exists() -> None:
    shown = re.findall(
        r"secrets-guard ((?:scan|rules|baseline|report|selftest|hook|run|env|doctor|completion|man)(?: [a-z][a-z-]+)?)",
        README,
    )
    groups = {name.split()[0] for name in COMMANDS if " " in name}
    unknown = {name for name in shown if name not in COMMANDS and name.split()[0] not in COMMANDS}
    assert {name for name in unknown if name not in groups} == set()
    flags = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", README))
    others = {"--turbo"}  # of kingfisher
    assert flags - FLAGS - others == set()
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", GUIDE)) <= FLAGS


def test_the_formats_are_documented_and_real() -> None:
    row = next(line for line in README.splitlines() if "`--format`" in line)
    assert set(re.findall(r"`([a-z]+)`", row)) == set(formats())
    assert set(formats()) == set(FORMATS)


def test_the_exit_codes_are_documented_and_real() -> None:
    table = README.partition("| exit code |")[2].partition("\n\n")[0]
    codes = {value for name, value in vars(exits).items() if name.isupper() and isinstance(value, int)}
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)} == codes


def test_the_environment_variables_are_documented_and_real() -> None:
    own = {"SECRETS_GUARD_CONFIG", "SECRETS_GUARD_CACHE", "SECRETS_GUARD_DEBUG", "SECRETS_GUARD_READER"}
    own |= {"SECRETS_GUARD_MANIFEST", "SECRETS_GUARD_AUDIT", "SECRETS_GUARD_FILES"}
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "secrets_guard").rglob("*.py"))
    options = {f"SECRETS_GUARD_{name.upper()}" for name in OPTIONS}
    used = set(re.findall(r"\"(SECRETS_GUARD_[A-Z_]+[A-Z])\"", code))
    assert used - options == own
    assert set(re.findall(r"SECRETS_GUARD_[A-Z_]+[A-Z]", README)) - options == own
    assert "SECRETS_GUARD_<OPTION>" in README
    for name in ("NO_COLOR", "FORCE_COLOR", "CI"):
        assert f"`{name}`" in README
        assert f'"{name}"' in code


def test_every_key_of_the_config_is_in_the_example_and_every_key_there_is_real() -> None:
    keys = re.findall(r"^# ([a-z_]+):", EXAMPLE, re.MULTILINE)
    assert set(keys) == {*OPTIONS, "allow"}
    assert len(keys) == len(set(keys))


def test_the_options_of_the_command_line_are_the_keys_of_the_config() -> None:
    flags = {flag.removeprefix("--").replace("-", "_") for flag in SCAN_FLAGS}
    assert flags - {"config", "why_not", "cache"} == {*OPTIONS, *COMMAND_LINE_ONLY}


def test_the_guide_explains_every_field_of_a_rule_and_no_other() -> None:
    table = GUIDE.partition("## Fields")[2].partition("\n## ")[0]
    fields = set(re.findall(r"^\| `([a-z_]+)` \|", table, re.MULTILINE))
    assert fields == set(Rule._fields) - {"vendor", "place", "longest", "trigger_longest"}
    for word in (*KINDS, *SEVERITIES, *CONFIDENCES, *lint.CHECKSUMS, "32768"):
        assert word in table
    assert set(CHECKS) == set(lint.CHECKSUMS)


def test_the_guide_names_every_alphabet() -> None:
    row = next(line for line in GUIDE.splitlines() if line.startswith("| `<alnum:36>`"))
    assert set(re.findall(r"`([A-Za-z0-9]+)`", row)) == set(ALPHABETS)


def test_every_document_that_is_linked_exists() -> None:
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_readme_has_no_unfilled_place() -> None:
    assert re.findall(r"@@\w+@@", README) == []
    assert inspect.cleandoc(README)

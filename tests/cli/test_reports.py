"""Reports as the command writes them: they parse, come whole, and hold no plain value."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import stat
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Run, Token

_PARSE: dict[str, Callable[[str], object]] = {
    "json": json.loads,
    "jsonl": lambda text: [json.loads(line) for line in text.splitlines()],
    "sarif": json.loads,
    "junit": ElementTree.fromstring,
    "csv": lambda text: list(csv.DictReader(io.StringIO(text), strict=True)),
    "html": lambda text: json.loads(text.partition('id="report">')[2].partition("</script>")[0]),
    "gitlab": json.loads,
    "gitleaks": json.loads,
    "github": lambda text: [re.fullmatch(r"::\w+ .*::.*", line).group() for line in text.splitlines()],  # type: ignore[union-attr]
}


@pytest.fixture
def leaks(here: Path, token: Token) -> list[str]:
    """Plant several secrets and return their values."""
    made = [token(f"leak {number}") for number in range(4)]
    (here / "sub").mkdir()
    (here / "sub" / "a.env").write_text(f"A={made[0]} B={made[1]}\n")
    (here / "b.py").write_text(f'password = "{made[2]}"\nok = 1\n')
    (here / "c.txt").write_text(f"{made[3]}  # gitleaks:allow\n")
    (here / "d.txt").write_text(f"twice {made[0]}\n")
    return made


@pytest.mark.parametrize("format", [*_PARSE, "human"])
def test_a_report_parses_and_holds_no_plain_value(run: Run, leaks: list[str], here: Path, format: str) -> None:
    ran = run("scan", "files", "--format", format, "--explain")
    assert ran.code == 1
    assert _PARSE.get(format, str)(ran.out)
    assert "sub/a.env" in ran.out
    assert not [value for value in leaks if value in ran.all or value[4:] in ran.all]
    run("scan", "files", "--format", "json", "--output", "r.json")
    converted = run("report", "convert", "r.json", "--format", format)
    assert converted.code == 0
    assert _PARSE.get(format, str)(converted.out)
    assert not [value for value in leaks if value in converted.all]
    (here / "r.json").unlink()


def test_the_value_itself_is_shown_on_request_only(run: Run, leaks: list[str], here: Path) -> None:
    shown = run("scan", "files", "--show-secrets", "--format", "json", "--output", "plain.json")
    assert shown.code == 1
    told = json.loads((here / "plain.json").read_text())
    assert {finding["secret"] for finding in told["findings"]} == set(leaks[:3])
    assert stat.S_IMODE(os.stat(here / "plain.json").st_mode) == 0o600
    assert leaks[0] in run("scan", "files", "--show-secrets").out


@pytest.mark.parametrize("option", ["--why-not", "--rules", "--config", "--baseline"])
def test_no_message_quotes_a_secret(run: Run, leaks: list[str], option: str) -> None:
    ran = run("scan", "files", option, "sub/a.env:1" if option == "--why-not" else "sub/a.env")
    assert ran.code == (0 if option == "--why-not" else 2)
    assert "sub/a.env" in ran.all
    assert not [value for value in leaks if value in ran.all]


def test_a_report_is_the_same_for_any_number_of_workers(run: Run, here: Path, token: Token) -> None:
    for number in range(40):
        (here / f"{number}.env").write_text("x = 1\n" * 20_000 + f"token = {token(str(number % 30))}\n")

    def told(jobs: str) -> str:
        ran = run("scan", "files", "--format", "json", "--jobs", jobs)
        return re.sub(r'"(started|duration_s)": [^,]*', "", ran.out)

    alone, many = told("1"), told("8")
    assert alone.count('"rule_id"') == 40
    assert alone == many


def test_output_replaces_a_file_at_once_and_leaves_nothing_beside_it(run: Run, leaks: list[str], here: Path) -> None:
    (here / "real.json").write_text("old")
    (here / "link.json").symlink_to("real.json")
    ran = run("scan", "files", "b.py", "--format", "json", "--output", "link.json")
    assert (ran.code, ran.out) == (1, "")
    assert "1 findings; report in link.json" in ran.err
    assert (here / "link.json").is_symlink()
    assert len(json.loads((here / "real.json").read_text())["findings"]) == 1
    assert run("scan", "files", "b.py", "--output", "sub").code == 2
    assert sorted(path.name for path in here.iterdir()) == ["b.py", "c.txt", "d.txt", "link.json", "real.json", "sub"]


def test_output_to_a_device_writes_to_it_and_never_replaces_it(run: Run, leaks: list[str]) -> None:
    assert run("scan", "files", "--output", "/dev/null").code == 1
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    assert run("scan", "files", "--format", "json", "--output", "-").out.startswith("{")
    assert run("scan", "files", "--format", "json", "--output", "/dev/stdout").out.startswith("{")


def test_a_full_disk_is_told(run: Run, leaks: list[str]) -> None:
    ran = run("scan", "files", "--output", "/dev/full")
    assert ran.code == 2
    assert "--output /dev/full: can't be written: No space left" in ran.err


def test_a_json_report_is_converted_from_standard_input(run: Run, leaks: list[str]) -> None:
    ran = run("scan", "files", "--format", "json")
    converted = run("report", "convert", "-", "--format", "json", stdin=ran.out)
    assert json.loads(converted.out) == json.loads(ran.out)


def test_the_json_report_has_the_fields_that_scripts_rely_on(run: Run, leaks: list[str]) -> None:
    told = json.loads(run("scan", "files", "--format", "json").out)
    assert told["schema"] == "secrets-guard/report/1"
    assert set(told) >= {"schema", "tool", "scan", "findings", "problems", "stats"}
    assert set(told["tool"]) == {"name", "version", "rules", "rules_digest"}
    assert set(told["scan"]) == {"kind", "target", "started", "duration_s", "complete"}
    wanted = {"rule_id", "title", "severity", "confidence", "path", "start_line", "end_line", "start_column"}
    wanted |= {"end_column", "secret"}
    wanted |= {"context", "entropy", "decoded", "fingerprint", "origin", "occurrences", "occurrences_total"}
    assert set(told["findings"][0]) >= wanted
    assert told["stats"]["suppressed"] == {"inline": 1}
    places = [(finding["path"], finding["start_line"], finding["start_column"]) for finding in told["findings"]]
    assert places == [("b.py", 1, 13), ("d.txt", 1, 7), ("sub/a.env", 1, 3), ("sub/a.env", 1, 46)]
    assert [finding["occurrences_total"] for finding in told["findings"]] == [0, 1, 1, 0]

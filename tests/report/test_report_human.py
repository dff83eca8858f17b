"""The report for people."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable

import pytest

from secrets_guard.model.finding import Finding
from secrets_guard.model.result import Problem, ScanResult
from secrets_guard.report import human

Make = Callable[..., ScanResult]


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def _plain(result: ScanResult, **options: bool | int) -> str:
    stream = io.StringIO()
    human.write(result, stream, color=False, **options)  # type: ignore[arg-type]
    return stream.getvalue()


def test_a_clean_result_says_what_was_covered(result: Make) -> None:
    text = _plain(result())
    assert text.startswith("no secrets found\nswept: 1,234 blobs, 5.6 MB, in 0.42 s")
    assert "skipped: 12 binary, 1 too large\nsuppressed: 2 baseline, 1 inline\n" in text


@pytest.mark.parametrize("quiet", [True, False])
def test_a_partial_result_says_incomplete_and_why(result: Make, quiet: bool) -> None:
    clean = result()
    stopped = _plain(clean._replace(scan=clean.scan._replace(complete=False)), quiet=quiet)
    assert stopped.startswith("INCOMPLETE: the sweep ended before")
    troubled = _plain(result(problems=(Problem("unreadable", "a.py", "Permission denied"),)), quiet=quiet)
    assert troubled.startswith("INCOMPLETE: not all could be swept (1 unreadable)")
    assert "unreadable  a.py: Permission denied" in troubled


def test_quiet_and_clean_says_nothing(result: Make) -> None:
    assert _plain(result(notes=("a note",)), quiet=True) == ""


def test_quiet_leaves_the_findings(full: ScanResult) -> None:
    text = _plain(full, quiet=True)
    assert "app/settings.py:12:10  critical" in text
    assert "swept:" not in text


def test_explanations_come_as_a_table_with_what_was_dropped(
    explained: ScanResult, full: ScanResult, matches_golden: Callable[[str, str], None]
) -> None:
    matches_golden("explained-human.txt", _plain(explained))
    assert "dropped: 4 placeholder" in _plain(explained)
    assert "dropped" not in _plain(full)


def test_the_secret_is_highlighted_in_its_line(full: ScanResult, matches_golden: Callable[[str, str], None]) -> None:
    stream = io.StringIO()
    human.write(full, stream, color=True)
    assert f"\x1b[1;31m{full.findings[0].secret}\x1b[0m" in stream.getvalue()
    matches_golden("full-human-color.txt", stream.getvalue())


@pytest.mark.parametrize("before", [0, 50, 990])
def test_a_long_line_is_cut_around_the_secret(before: int, finding: Callable[..., Finding], result: Make) -> None:
    made = finding()
    line = "x" * before + made.secret + "y" * (1000 - before)
    text = _plain(result(made._replace(context=line)), width=80).split("\n")[1]
    assert made.secret in text
    assert len(text) <= 80 + len("... ") * 2
    assert text.startswith("    ... ") == (before > 0)
    assert text.endswith(" ...") == (before < 990)


def test_an_escape_is_never_cut_in_two(finding: Callable[..., Finding], result: Make) -> None:
    made = finding()
    line = "\x1b" * 300 + made.secret + "\x1b" * 300
    text = _plain(result(made._replace(context=line)), width=61).split("\n")[1]
    assert made.secret in text


@pytest.mark.parametrize(
    ("environment", "terminal", "answer"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"TERM": "dumb"}, True, False),
        ({"CI": "true"}, True, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"FORCE_COLOR": "1", "CI": "true", "TERM": "dumb"}, False, True),
        ({"FORCE_COLOR": "0"}, False, False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
    ],
)
def test_colour_is_for_terminals_unless_asked_otherwise(
    environment: dict[str, str], terminal: bool, answer: bool
) -> None:
    assert human.wants_color(Terminal() if terminal else io.StringIO(), environment) is answer


def test_an_ascii_stream_gets_ascii_only(full: ScanResult) -> None:
    buffer = io.BytesIO()
    stream = io.TextIOWrapper(buffer, encoding="ascii")
    human.write(full, stream, color=False)
    human.write(full, stream, color=True)
    stream.flush()
    assert b"ghp_..." in buffer.getvalue()


def test_plain_output_loads_neither_rich_nor_json() -> None:
    code = (
        "import sys, io; from secrets_guard.report import human, write_report;"
        "from secrets_guard.model.result import *;"
        "r = ScanResult(ToolInfo('a','b',1,'c'), ScanInfo('files','.','',1.0,True), (), (), Stats());"
        "human.write(r, io.StringIO(), color=False);"
        "print([m for m in ('rich', 'json', 'datetime', 'difflib', 'yaml') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"

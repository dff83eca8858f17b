"""Our own baseline file."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secrets_guard.errors import BaselineError
from secrets_guard.suppression.baseline import Baseline, format_baseline, parse_baseline, read_baseline, write_baseline
from secrets_guard.suppression.entry import VERDICTS, Suppression

KEY = "0f" * 16
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
ENTRIES = st.builds(
    Suppression,
    fingerprint=st.text("0123456789abcdef", min_size=8, max_size=40),
    rule=TEXTS,
    path=TEXTS,
    reason=TEXTS,
    author=TEXTS,
    expires=st.sampled_from(["", "2027-01-31"]),
    verdict=st.sampled_from(VERDICTS),
    place=st.just(""),
    line=st.just(0),
    commit=st.just(""),
    tag=st.just(""),
)


def entry(
    number: int, rule: str = "", path: str = "", reason: str = "", verdict: str = "accepted", place: str = ""
) -> Suppression:
    return Suppression(f"{number:032x}", rule, path, reason, verdict=verdict, place=place)


@given(st.lists(ENTRIES, max_size=4))
def test_what_is_written_reads_back_the_same(entries: list[Suppression]) -> None:
    back = parse_baseline(format_baseline(entries, KEY), "b")
    assert back.key == KEY
    assert {one._replace(place="") for one in back.entries} == set(entries)
    assert len(back.entries) == len(set(entries))


def test_the_order_of_the_entries_does_not_change_the_file() -> None:
    entries = [entry(3), entry(1, rule="b"), entry(1, rule="a")]
    text = format_baseline(entries, KEY)
    assert text == format_baseline([*reversed(entries), entry(3)], KEY)
    lines = [line for line in text.splitlines() if "fingerprint" in line]
    assert [line.partition("'")[2][31] for line in lines] == ["1", "1", "3"]


def test_two_branches_that_add_entries_merge_without_conflict(tmp_path: Path) -> None:
    shared = [entry(number * 16, rule="r", reason="known") for number in range(1, 8)]
    for name, more in (("base", []), ("ours", [entry(20)]), ("theirs", [entry(100, verdict="false")])):
        write_baseline(str(tmp_path / name), [*shared, *more], KEY)
    merge = ["git", "merge-file", "-p", "ours", "base", "theirs"]
    merged = subprocess.run(merge, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert merged == format_baseline([*shared, entry(20), entry(100, verdict="false")], KEY)


def test_a_write_replaces_at_once_and_keeps_mode_and_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real.yaml", tmp_path / "link.yaml"
    real.write_text("old", encoding="utf-8")
    real.chmod(0o640)
    link.symlink_to("real.yaml")
    write_baseline(str(link), [entry(1)], KEY)
    assert link.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert read_baseline(str(real)) == Baseline(KEY, (entry(1, place=f"{real}:6"),))
    assert sorted(os.listdir(tmp_path)) == ["link.yaml", "real.yaml"]


def test_a_write_that_cannot_be_read_back_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "b.yaml"
    write_baseline(str(path), [entry(1)], KEY)
    before = path.read_bytes()
    with pytest.raises(BaselineError):
        write_baseline(str(path), [Suppression(fingerprint="", rule="r")], KEY)
    with pytest.raises(BaselineError):
        write_baseline(str(path), [entry(1)], "no key")
    assert path.read_bytes() == before
    with pytest.raises(BaselineError, match="can't be written"):
        write_baseline(str(tmp_path / "none" / "b.yaml"), [entry(1)], KEY)


def test_a_name_that_is_not_utf8_is_written_as_a_glob_that_fits(tmp_path: Path) -> None:
    write_baseline(str(tmp_path / "b"), [entry(1, path="/caf\udce9.txt")], KEY)
    assert read_baseline(str(tmp_path / "b")).entries[0].path == "/caf?.txt"


def test_an_empty_baseline_is_fine() -> None:
    assert parse_baseline(format_baseline([], KEY), "b") == Baseline(KEY, ())
    assert parse_baseline(f"version: 1\nkey: '{KEY}'\nentries:\n", "b") == Baseline(KEY, ())


def test_every_problem_is_told_with_its_line() -> None:
    text = (
        "version: 2\nkey: abc\nentires: []\nentries:\n- fingerprint: 12345678\n- fingerprint: x\n"
        "- rule: r\n- fingerprint: abcdef0123\n  verdict: maybe\n  expires: '2027-13-01'\n  lnie: 3\n- x\n"
        "- fingerprint: abcdef0123\n  verdict: maybe\n  expires: '2027-13-01'\n"
    )
    with pytest.raises(BaselineError) as caught:
        parse_baseline(text, "b")
    lines = sorted(int(problem.split(":")[1]) for problem in caught.value.problems)
    assert lines == [1, 2, 3, 5, 6, 7, 11, 12, 14, 15]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("<<<<<<< ours\n", "b:1: an unresolved merge conflict"),
        ("version: 1\nentries: {}x\n", "b:2: not valid YAML"),
        ("- a\n", "b:1: a baseline has"),
        ("version: 1\nentries: 3\n", "b:1: a baseline has"),
    ],
)
def test_what_is_no_baseline_is_one_clear_error(text: str, wanted: str) -> None:
    with pytest.raises(BaselineError) as caught:
        parse_baseline(text, "b")
    assert str(caught.value).startswith(wanted)


def test_a_file_that_cannot_be_read_is_a_baseline_error(tmp_path: Path) -> None:
    with pytest.raises(BaselineError, match="can't be read"):
        read_baseline(str(tmp_path / "none"))
    (tmp_path / "latin").write_bytes(b"\xe9")
    with pytest.raises(BaselineError, match="not UTF-8"):
        read_baseline(str(tmp_path / "latin"))

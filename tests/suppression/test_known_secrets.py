"""Finding the suppression of a secret, from our own and other tools' files."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from secrets_guard.errors import BaselineError
from secrets_guard.model.secret import Secret
from secrets_guard.rules.template import fill
from secrets_guard.suppression.baseline import write_baseline
from secrets_guard.suppression.entry import Suppression
from secrets_guard.suppression.known import Suppressions
from secrets_guard.suppression.read import read_suppressions

TODAY = "2026-11-23"
VALUE = fill("<alnum:30>", "known")
OTHER = fill("<alnum:30>", "other")


def never() -> str:
    raise AssertionError("no fingerprint was needed")


def finds(
    known: Suppressions,
    path: str = "src/a.py",
    line: int = 3,
    value: str = VALUE,
    rule: str = "r",
    commit: str | None = None,
) -> bool:
    secret = Secret(value.encode())
    return known.find(rule_id=rule, path=path, line=line, secret=secret, fingerprint=never, commit=commit) is not None


def known(tmp_path: Path, text: str, *rules: str) -> Suppressions:
    path = tmp_path / "ignored"
    path.write_text(text, encoding="utf-8")
    return Suppressions(read_suppressions(str(path)), TODAY, rules)


def by_fingerprint(
    suppressions: Suppressions, fingerprint: str, rule: str = "r", path: str = "p"
) -> Suppression | None:
    secret = Secret(VALUE.encode())
    return suppressions.find(rule_id=rule, path=path, line=1, secret=secret, fingerprint=lambda: fingerprint)


def test_a_fingerprint_decides_wherever_the_secret_moves(tmp_path: Path) -> None:
    write_baseline(str(tmp_path / "b"), [Suppression(fingerprint="ab" * 16)], "0f" * 16)
    suppressions = Suppressions(read_suppressions(str(tmp_path / "b")), TODAY)
    assert by_fingerprint(suppressions, "ab" * 16, "any", "any/where") is not None
    assert by_fingerprint(suppressions, "cd" * 16) is None


def test_rule_and_path_narrow_an_entry() -> None:
    suppressions = Suppressions([Suppression("f", rule="r", path="a/**")], TODAY)
    assert by_fingerprint(suppressions, "f", "r", "a/b") is not None
    assert by_fingerprint(suppressions, "f", "other", "a/b") is None
    assert by_fingerprint(suppressions, "f", "r", "b/b") is None


def test_used_unused_and_expired_entries_are_told_apart() -> None:
    entries = [
        Suppression("used"),
        Suppression("unused"),
        Suppression("old", expires="2026-11-22"),
        Suppression("older", expires="2026-11-01"),
        Suppression("today", expires=TODAY),
    ]
    suppressions = Suppressions(entries, TODAY)
    assert [by_fingerprint(suppressions, name) is not None for name in ("used", "old", "today")] == [True, False, True]
    assert suppressions.used() == [entries[0], entries[4]]
    assert suppressions.unused() == [entries[1]]
    assert suppressions.expired() == [entries[2], entries[3]]
    assert suppressions.expired_used() == [entries[2]]


def test_an_expired_entry_does_not_hide_one_that_holds() -> None:
    suppressions = Suppressions([Suppression("f", expires="2020-01-01"), Suppression("f", reason="new")], TODAY)
    found = by_fingerprint(suppressions, "f")
    assert found is not None
    assert found.reason == "new"


def test_a_gitleaksignore_goes_by_file_and_line(tmp_path: Path) -> None:
    text = f"# comment\n\nsrc/a.py:generic-api-key:3\n{'a' * 40}:dir/c:d.py:some-rule:7\nx.zip!in.txt:q:1\n"
    suppressions = known(tmp_path, text)
    assert finds(suppressions)
    assert not finds(suppressions, line=4)
    assert not finds(suppressions, path="b.py")
    assert finds(suppressions, "dir/c:d.py", 7)
    assert finds(suppressions, "dir/c:d.py", 7, commit="a" * 40)
    assert not finds(suppressions, "dir/c:d.py", 7, commit="b" * 40)
    assert finds(suppressions, "x.zip!/in.txt", 1)


def test_the_rule_of_a_gitleaksignore_counts_if_it_is_one_of_ours(tmp_path: Path) -> None:
    suppressions = known(tmp_path, "src/a.py:ours:3\nsrc/b.py:theirs:3\n", "ours", "r")
    assert not finds(suppressions, rule="r")
    assert finds(suppressions, rule="ours")
    assert finds(suppressions, "src/b.py", rule="r")


def test_every_bad_line_of_a_gitleaksignore_is_told(tmp_path: Path) -> None:
    with pytest.raises(BaselineError) as caught:
        known(tmp_path, f"a\na:b\na:b:c\na:b:1\n:b:1\n{'a' * 40}::b:1\n")
    assert [problem.split(":")[1] for problem in caught.value.problems] == ["1", "2", "3", "5", "6"]


def report(**fields: object) -> dict[str, object]:
    return {"RuleID": "theirs", "File": "src/a.py", "StartLine": 3, "Secret": VALUE, "Commit": "", **fields}


def test_a_gitleaks_report_goes_by_the_secret_in_its_file(tmp_path: Path) -> None:
    suppressions = known(tmp_path, json.dumps([report()], indent=1))
    assert finds(suppressions, line=99)
    assert not finds(suppressions, value=OTHER)
    assert not finds(suppressions, path="b.py")


@pytest.mark.parametrize("secret", ["REDACTED", "abc...", ""])
def test_a_redacted_gitleaks_report_goes_by_file_and_line(tmp_path: Path, secret: str) -> None:
    suppressions = known(tmp_path, json.dumps([report(Secret=secret)]))
    assert finds(suppressions, value=OTHER)
    assert not finds(suppressions, line=4)


def test_a_report_of_an_absolute_path_fits_any_tail_of_it(tmp_path: Path) -> None:
    suppressions = known(tmp_path, json.dumps([report(File="/home/jo/src/a.py"), report(File="C:\\x\\b.py")]))
    assert finds(suppressions, "src/a.py")
    assert finds(suppressions, "a.py")
    assert finds(suppressions, "x/b.py")
    assert not finds(suppressions, "jo/a.py")
    assert not finds(suppressions, "xsrc/a.py")


def test_neither_the_secret_nor_its_plain_hash_stays_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text(json.dumps([report()]), encoding="utf-8")
    [entry] = read_suppressions(str(path))
    assert VALUE not in repr(entry)
    assert hashlib.sha1(VALUE.encode()).hexdigest() not in repr(entry)


def test_every_bad_item_of_a_gitleaks_report_is_told_with_its_line(tmp_path: Path) -> None:
    items = [report(), 3, {"RuleID": "x"}, report(StartLine="3"), report(Secret=5)]
    with pytest.raises(BaselineError) as caught:
        known(tmp_path, "[" + ",\n".join(map(json.dumps, items)) + "]")
    assert [problem.split(":")[1] for problem in caught.value.problems] == ["2", "3", "4", "5"]
    assert VALUE not in str(caught.value)


def test_an_empty_report_or_file_knows_nothing(tmp_path: Path) -> None:
    assert [len(known(tmp_path, text)) for text in ("[]", "null", "", "# nothing\n", " [ ] ")] == [0, 0, 0, 0, 0]


def detect_secrets(*entries: dict[str, object]) -> str:
    return json.dumps({"version": "1.5.0", "results": {"src/a.py": list(entries)}}, indent=2)


def hashed(value: str, **more: object) -> dict[str, object]:
    return {"type": "x", "hashed_secret": hashlib.sha1(value.encode()).hexdigest(), "line_number": 1, **more}


def test_a_detect_secrets_baseline_goes_by_the_hash_in_its_file(tmp_path: Path) -> None:
    suppressions = known(tmp_path, detect_secrets(hashed(VALUE, is_secret=True), hashed("x")))
    assert finds(suppressions)
    assert suppressions.used()[0].verdict == "real"
    assert suppressions.used()[0].place.endswith("ignored:7")
    assert not finds(suppressions, value=OTHER)
    assert not finds(suppressions, path="b.py")


def test_a_pem_block_is_known_by_the_header_that_detect_secrets_hashes(tmp_path: Path) -> None:
    header = "BEGIN RSA " + "PRIVATE KEY"
    suppressions = known(tmp_path, detect_secrets(hashed(header)))
    assert finds(suppressions, value=fill("<pem:RSA PRIVATE KEY>", "known"))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('{"results": 3}', 1),
        ('{"a": 1}', 1),
        ('{"results": {\n', 2),
        ("[1,\n", 2),
        (detect_secrets({"type": "x"}), 4),
        ("[" * 100_000, 1),
    ],
)
def test_a_file_that_is_broken_or_unknown_is_a_clear_error(tmp_path: Path, text: str, line: int) -> None:
    with pytest.raises(BaselineError) as caught:
        known(tmp_path, text)
    assert caught.value.problems[0].startswith(f"{tmp_path}/ignored:{line}: ")

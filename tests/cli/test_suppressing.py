"""What may stand, why, and for how long."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import Run, Token

_BASELINE = ".secrets-guard-baseline.yaml"


@pytest.mark.parametrize(
    ("comment", "allowed"),
    [
        ("# secrets-guard: allow", True),
        ("# secrets-guard:allow rule=github-personal-access-token used in a test", True),
        ("# secrets-guard: allow rule=aws-access-key-id", False),
        ("# gitleaks:allow", True),
        ("# pragma: allowlist secret", True),
        ("# trufflehog:ignore", True),
        ("# betterleaks:allow", True),
        ("# allow me", False),
    ],
)
def test_a_comment_on_the_line_allows_what_it_names(run: Run, token: Token, comment: str, allowed: bool) -> None:
    ran = run("scan", "stdin", "--explain", "--format", "json", stdin=f"token = {token('inline')}  {comment}\n")
    told = json.loads(ran.out)
    assert ran.code == (0 if allowed else 1)
    assert told["stats"]["suppressed"] == ({"inline": 1} if allowed else {})


def test_comments_can_be_overruled_and_explain_names_them(run: Run, token: Token) -> None:
    line = f"token = {token('inline')}  # gitleaks:allow\n"
    ran = run("scan", "stdin", "--explain", stdin=line)
    assert (ran.code, "suppressed: 1 inline" in ran.out) == (0, True)
    assert "comment 'gitleaks:allow'" in ran.out
    assert run("scan", "stdin", "--no-inline-allow", stdin=line).code == 1


def test_a_baseline_survives_moved_lines_and_renamed_files_but_not_another_secret(
    run: Run, here: Path, leak: str, token: Token
) -> None:
    made = run("baseline", "create", "--reason", "old")
    assert (made.code, made.out) == (0, "")
    assert "0 entries kept, 1 added" in made.err
    assert leak not in (here / _BASELINE).read_text()
    clean = run("scan", "files", "--explain")
    assert (clean.code, "suppressed: 1 baseline" in clean.out) == (0, True), clean.out
    assert f"{_BASELINE}:" in clean.out
    settings = here / "app" / "settings.py"
    (here / "renamed.py").write_text("\n\n\n" + settings.read_text())
    settings.unlink()
    assert run("scan", "files").code == 0
    (here / "new.py").write_text(f"token = {token('another')}\n")
    ran = run("scan", "files")
    assert (ran.code, "new.py:1:9" in ran.out, "renamed.py" in ran.out) == (1, True, False)


def test_a_baseline_is_added_to_and_keeps_its_key(run: Run, here: Path, leak: str, token: Token) -> None:
    run("baseline", "create")
    before = (here / _BASELINE).read_text()
    assert "1 entries kept, 0 added" in run("baseline", "create").err
    assert (here / _BASELINE).read_text() == before
    (here / "new.py").write_text(f"token = {token('another')}\n")
    assert "1 entries kept, 1 added" in run("baseline", "create").err
    assert run("scan", "files").code == 0


def test_what_a_baseline_no_longer_needs_is_listed(run: Run, here: Path, leak: str) -> None:
    run("baseline", "create")
    (here / "app" / "settings.py").write_text("")
    ran = run("scan", "files")
    assert ran.code == 0
    assert f"note: unused suppression: {here / _BASELINE}:" in ran.out
    assert run("scan", "files", "--fail-on-unused").code == 2


def test_an_expired_entry_reports_again_and_is_listed(run: Run, here: Path, leak: str) -> None:
    run("baseline", "create")
    text = (here / _BASELINE).read_text()
    (here / _BASELINE).write_text(text.removesuffix("}\n") + ", expires: '2020-01-31'}\n")
    ran = run("scan", "files")
    assert ran.code == 1, ran.all
    assert "note: expired suppression, reported again" in ran.out


@pytest.mark.parametrize(("expires", "code"), [("2020-01-31", 1), ("2999-01-31", 0)])
def test_an_allow_entry_holds_until_its_day(run: Run, here: Path, leak: str, expires: str, code: int) -> None:
    entry = f"allow:\n  - reason: a sample\n    expires: {expires}\n    lines: ['^token']\n"
    (here / ".secrets-guard.yaml").write_text(entry)
    ran = run("scan", "files", "--explain")
    assert ran.code == code
    assert ("a sample" in ran.out) is True
    assert ("expired allow entry" in ran.out) is (code == 1)
    assert ("suppressed: 1 allowlist" in ran.out) is (code == 0)


def test_an_entry_of_paths_alone_keeps_files_from_being_read(run: Run, here: Path, leak: str) -> None:
    (here / ".secrets-guard.yaml").write_text("allow:\n  - reason: fixtures\n    paths: [app/**]\n")
    ran = run("scan", "files", "--format", "json")
    assert ran.code == 0
    assert json.loads(ran.out)["stats"]["skipped"] == {"path": 1}


def test_a_fingerprint_is_the_same_in_every_format_and_hangs_on_the_key(run: Run, leak: str) -> None:
    def fingerprint(*options: str) -> str:
        return str(json.loads(run("scan", "files", "--format", "json", *options).out)["findings"][0]["fingerprint"])

    own = fingerprint()
    assert f"fingerprint: {own}" in run("scan", "files").out
    for format in ("sarif", "csv", "jsonl"):
        assert own in run("scan", "files", "--format", format).out
    keyed = fingerprint("--fingerprint-key", "k" * 32)
    assert keyed != own
    assert keyed == fingerprint("--fingerprint-key", "k" * 32, "--jobs", "1")

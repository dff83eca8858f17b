"""What the package offers to a library's user."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

import secrets_guard
from secrets_guard.broker.providers.memory import MemoryProvider
from secrets_guard.rules.template import fill


@pytest.mark.parametrize("name", secrets_guard.__all__)
def test_each_public_name_is_there(name: str) -> None:
    unnamed = ("__version__", "Origin")  # a text, and a union of types
    assert name in unnamed or getattr(secrets_guard, name).__name__ == name
    assert name in dir(secrets_guard)
    assert secrets_guard.__version__.count(".") == 2


def test_a_name_that_does_not_exist_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'scna'"):
        secrets_guard.scna  # noqa: B018 - looking it up is the test


def test_secrets_are_resolved_in_a_few_lines(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text('version: 1\nenv: {A: "x-${vault:secret/app#key}"}\n')
    manifest = secrets_guard.read_manifest(str(tmp_path / "s.yaml"), {})
    memory = MemoryProvider({"secret/app": '{"key": "y"}'})
    (one,) = secrets_guard.resolve(manifest, {}, {"vault": memory}).injected
    assert (one.name, one.secret.reveal(), "y" in repr(one.secret)) == ("A", b"x-y", False)


def test_a_sweep_and_a_report_take_a_few_lines(tmp_path: Path) -> None:
    (tmp_path / "a.env").write_text(f"TOKEN={fill('<github:ghp_>', 'library')}\n")
    result = secrets_guard.scan(secrets_guard.FileSource([str(tmp_path)]))
    report = io.StringIO()
    secrets_guard.write_report(result, "csv", report)
    assert [finding.rule_id for finding in result.findings] == ["github-personal-access-token"]
    assert "a.env" in report.getvalue()

"""A manifest is added to, and keeps every byte that was there."""

from __future__ import annotations

import pytest

from secrets_guard.broker.manifest import parse_manifest
from secrets_guard.errors import ManifestError
from secrets_guard.migrate.manifest_text import check_extended, extended

NEW = {"X": '"vault:secret/app#x"', "Y": '{ref: "vault:secret/app#y", allow: [newline]}'}
MANIFESTS = [
    "",
    "version: 1\n",
    "version: 1",
    "version: 1\nenv:\n",
    "version: 1\nenv:   # none\n# behind\n",
    "version: 1\nenv: {}\n",
    "version: 1\nenv: {A: b}  # flow\n",
    "version: 1\nenv:\n  A: b",
    "version: 1\nenv:\n      A: b  # wide\n\n# behind\ndeadline: 5s\n",
    "version: 1\nenv:\n  A: |\n    several\n    lines\n\nkeep: [B]\n",
    "version: 1\nenv:\n  A:\n    ref: vault:a/b#c\n    allow:\n      - empty\n      # last\n\n\nkeep: [B]\n",
    'env:\n  A: "b\n    c"\nversion: 1\n',
    "version: 1\nfiles:\n  a: vault:a/b#c\n",
]


@pytest.mark.parametrize("text", MANIFESTS)
def test_variables_are_added_and_nothing_else_changes(text: str) -> None:
    made = extended("s.yaml", text, NEW)
    before, after = (parse_manifest(one or "version: 1\n", "s.yaml", {}) for one in (text, made))
    check_extended("s.yaml", before, after, NEW)
    assert [entry.name for entry in after.entries][-2:] == ["X", "Y"]
    for line in text.splitlines():
        assert line in made or "env: {" in line


@pytest.mark.parametrize(
    "text", ["{version: 1}\n", "version: 1\nenv: null\n", "version: 1\n...\n", "version: 1\nenv: {A: b,}\n"]
)
def test_a_manifest_that_cant_be_added_to_is_an_error(text: str) -> None:
    with pytest.raises(ManifestError):
        parse_manifest(extended("s.yaml", text, NEW), "s.yaml", {})


def test_a_manifest_that_means_something_else_afterwards_is_an_error() -> None:
    before, after = (parse_manifest(f"version: 1\nenv: {{A: {one}}}\n", "s", {}) for one in ("a", "b"))
    with pytest.raises(ManifestError, match="without changing"):
        check_extended("s.yaml", before, after, {})

"""The manifest: all that is wrong is told at once, with file and line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from secrets_guard.broker.manifest import Manifest, from_environment, read_manifest
from secrets_guard.errors import ManifestError

from .conftest import ROOT, Run


def read(folder: Path, text: str, environment: dict[str, str] | None = None) -> Manifest:
    (folder / "s.yaml").write_text(text)
    return read_manifest(str(folder / "s.yaml"), environment or {})


def problems(folder: Path, text: str) -> list[str]:
    with pytest.raises(ManifestError) as caught:
        read(folder, text)
    return [problem.replace(f"{folder}/", "") for problem in caught.value.problems]


def test_every_problem_is_told_with_its_line(tmp_path: Path) -> None:
    told = problems(
        tmp_path,
        "version: 2\ndeadlin: 3s\nproviders:\n  vautl: {}\n  aws: {region: '${NOPE}'}\nenv:\n  1A: x\n  B: 5\n"
        "  C: {ref: 'vault:a/b#c', optonal: true}\n  D: vault:a/b\nfiles:\n"
        "  x: {ref: 'file:y', mode: 400}\nkeep: A\nrun: {pristin: true, grace: soon, user: [a], allow: X}\n",
    )
    lines = sorted(int(problem.split(":")[1]) for problem in told)
    assert lines == [1, 2, 4, 5, 7, 8, 9, 10, 12, 13, 14, 14, 14, 14]
    everything = "\n".join(told)
    for words in (
        "did you mean 'deadline'?", "did you mean 'vault'?", "the variable NOPE is not set", "'1A' is no name",
        "put numbers", "did you mean 'optional'?", "name one (#key)", 'in quotes: "0400"',
        "keep: must be a list", "did you mean 'pristine'?", "run.grace: ", "run.user: ", "run.allow: must be a list",
    ):  # fmt: skip
        assert words in everything


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("A: {ref: 'file:x', format: pme}", "did you mean 'pem'?"),
        ("A: {ref: 'file:x', min_length: -1}", "min_length"),
        ("A: {ref: 'file:x', optional: maybe}", "optional: must be true or false"),
        ("A: {ref: 'file:x', default: 5}", "default: must be a text"),
        ("A: {ref: 'file:x', allow: [all]}", "allow: must be a list of"),
        ("A: {ref: 'file:x', version: 2}", "there is no version of file"),
        ("A: {ref: 'x${file:x}', version: 2}", "only of a value that is one reference"),
        ("A: {ref: 'file:x', data: {a: b}}", "data is of what Vault makes"),
        ("A: {ref: 'vault:a/b#c?version=2', data: {a: b}}", "data is of what Vault makes"),
        ("A: {ref: 'vault:a/b#c', data: x}", "data: must be a mapping"),
        ("A: {ref: 'vault:a/b#c', data: {1: x}}", "data: must be a mapping"),
        ("A: {ref: 'vault:a/b#c', data: {a: 2026-01-01}}", "data: must be a mapping"),
        ("A: {ref: 'vault:t/decrypt/b', ciphertext: 5}", "one ciphertext, a text"),
        ("A: {ref: 'vault:t/decrypt/b', ciphertext: x, data: {}}", "or one data"),
        ("A: {ref: 'x${vault:t/decrypt/b}', ciphertext: x}", "only of a value that is one reference"),
        ("A: vault:a/b#*", "go together"),
        ("A_*: vault:a/b#c", "go together"),
        ("A_*: {ref: 'vault:a/b#*', default: x}", "no default"),
        ("A_*: {ref: 'vault:a/b#*', names: {a: 1b}}", "names: must map"),
        ("A: x\n  A: y", "duplicate key 'A'"),
    ],
)
def test_a_wrong_line_of_env_is_told(tmp_path: Path, line: str, told: str) -> None:
    assert told in "\n".join(problems(tmp_path, f"version: 1\nenv:\n  {line}\n"))


@pytest.mark.parametrize(("text", "seconds"), [("30s", 30), ("500ms", 0.5), ("2m", 120), ("1.5s", 1.5)])
def test_a_deadline_is_a_time_with_its_unit(tmp_path: Path, text: str, seconds: float) -> None:
    assert read(tmp_path, f"version: 1\ndeadline: {text}\n").deadline == seconds


@pytest.mark.parametrize("text", ["30", "0s", "2h", "-1s", "61m"])
def test_a_deadline_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    assert "no time such as 30s" in problems(tmp_path, f"version: 1\ndeadline: {text}\n")[0]


def test_a_variable_of_the_manifest_wins_over_the_inherited_one(tmp_path: Path) -> None:
    manifest = read(tmp_path, "version: 1\nenv: {A: x}\n", {"A": "vault:a/b#c", "B": "vault:a/b#d"})
    assert [(entry.name, str(entry.value)) for entry in manifest.entries] == [("A", "a literal"), ("B", "vault:a/b#d")]


def test_only_variables_with_references_are_touched() -> None:
    found = from_environment({"A": "x", "PATH": "/bin", "B": "vault:a/b#c", "C": "literal:vault:a/b#c"}).entries
    assert [entry.name for entry in found] == ["B", "C"]


def test_a_manifest_that_can_not_be_used_ends_with_121(run: Run, tmp_path: Path) -> None:
    ran = run("run", "--manifest", "nope.yaml", "--", "echo", "started")
    assert (ran.code, ran.out) == (121, "")
    assert "nope.yaml: can't be read: No such file" in ran.err
    (tmp_path / "bad.yaml").write_text("version: [\n")
    assert run("run", "--manifest", "bad.yaml", "--", "true").code == 121
    ran = run("run", "--", "true", env={"A": "vault:secret/app"})
    assert (ran.code, "the environment: A: vault:secret/app" in ran.err) == (121, True)


def test_the_example_and_the_documents_show_every_key_and_what_they_show_is_read() -> None:
    from secrets_guard.broker.conduct import KEYS as RUN_KEYS
    from secrets_guard.broker.manifest import KEYS
    from secrets_guard.broker.policy import ALLOWED, FORMATS, OPTIONS
    from secrets_guard.broker.refs import REF_OPTIONS, SCHEMES

    example = ROOT / "config" / "broker.example.yaml"
    manifest = read_manifest(str(example), {"VAULT_ADDR": "https://vault:8200"})
    text, guide = example.read_text(), (ROOT / "docs" / "broker.md").read_text()
    assert {line.partition(":")[0] for line in text.splitlines() if line[:1].isalpha()} == set(KEYS)
    section = text.partition("\nrun:\n")[2].partition("\n\n")[0]
    assert {line.strip(" #").partition(":")[0] for line in section.splitlines()} >= set(RUN_KEYS)
    assert all(f"`{key}`" in guide for key in RUN_KEYS)
    assert {name for entry in manifest.entries for name in entry.policy._fields} == set(OPTIONS)
    for option in OPTIONS:
        assert f"{option}:" in text
        assert f"`{option}:" in guide
    for word in (*ALLOWED, *FORMATS, *{name for names in REF_OPTIONS.values() for name in names}):
        assert word in guide
    for scheme in SCHEMES:
        assert f"`{scheme}:" in guide


def test_the_example_shows_every_setting_of_every_provider_and_login() -> None:
    from secrets_guard.broker import fallback_settings
    from secrets_guard.broker.providers import aws, gcp, vault_client
    from secrets_guard.broker.providers.vault_login import METHODS

    text = (ROOT / "config" / "broker.example.yaml").read_text()
    guide = (ROOT / "docs" / "broker.md").read_text()
    settings = {*vault_client.KEYS, *aws.KEYS, *gcp.KEYS, *fallback_settings.KEYS}
    for key in settings:
        assert re.search(rf"\b{key}: ", text), key
    for name, method in METHODS.items():
        assert f"| `{name}`" in guide or f", `{name}` |" in guide, name
        for key in (name, *method.needs, *method.credentials, *method.optional):
            assert re.search(rf"\b{key}\b", text), key
            assert f"`{key}`" in guide, key

"""Settings from the file, the environment and the command line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secrets_guard.config import OPTIONS, Settings, load_settings, parse_size
from secrets_guard.config_file import AllowEntry
from secrets_guard.errors import ConfigError

EXAMPLE = Path(__file__).parents[2] / "config" / "secrets-guard.example.yaml"


def config(folder: Path, text: str) -> str:
    path = folder / ".secrets-guard.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def problems(
    path: str | None, cli: dict[str, object] | None = None, environ: dict[str, str] | None = None
) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_settings(path, cli or {}, environ or {})
    return list(caught.value.problems)


def test_without_file_variables_and_options_all_is_default() -> None:
    assert load_settings(None, {}, {"PATH": "/bin", "SECRETS_GUARD_CONFIG": "x"}) == Settings()


def test_settings_load_without_yaml_when_there_is_no_file() -> None:
    code = (
        "import sys; from secrets_guard.config import load_settings, find_config;"
        "find_config('/', ['/'], False); load_settings(None, {'jobs': 2}, {'SECRETS_GUARD_STRICT': '1'});"
        "print([m for m in ('yaml', 'difflib', 'json', 'hashlib', 'rich') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_command_line_overrides_the_environment_which_overrides_the_file(tmp_path: Path) -> None:
    path = config(tmp_path, "jobs: 1\nmax_depth: 1\nexit_code: 1\nonly_rule: [a, b]\nexclude_rule: [a]\n")
    environ = {"SECRETS_GUARD_JOBS": "2", "SECRETS_GUARD_MAX_DEPTH": "2", "SECRETS_GUARD_ONLY_RULE": "c, d"}
    made = load_settings(path, {"jobs": 3}, environ)
    assert (made.jobs, made.max_depth, made.exit_code) == (3, 2, 1)
    assert (made.only_rule, made.exclude_rule) == (("c", "d"), ("a",))


def test_rules_of_file_environment_and_command_line_add_up(tmp_path: Path) -> None:
    path = config(tmp_path, "rules: [mine]\n")
    made = load_settings(path, {"rules": ["third"]}, {"SECRETS_GUARD_RULES": "second"})
    assert made.rules == (str(tmp_path / "mine"), "second", "third")


def test_paths_in_the_file_are_relative_to_the_file(tmp_path: Path) -> None:
    made = load_settings(config(tmp_path, "baseline: known.yaml\nrules: /abs\n"), {"output": "here.json"}, {})
    assert (made.baseline, made.rules, made.output) == (str(tmp_path / "known.yaml"), ("/abs",), "here.json")


def test_hyphens_in_keys_are_accepted_but_not_beside_underscores(tmp_path: Path) -> None:
    assert load_settings(config(tmp_path, "min-severity: high\n"), {}, {}).min_severity == "high"
    [problem] = problems(config(tmp_path, "min-severity: high\nmin_severity: low\n"))
    assert ":2:" in problem


def test_an_empty_file_and_an_empty_variable_change_nothing(tmp_path: Path) -> None:
    path = config(tmp_path, "# nothing\nrules:\nallow:\n")
    assert load_settings(path, {}, {"SECRETS_GUARD_JOBS": ""}) == Settings()
    assert load_settings(config(tmp_path, ""), {}, {}) == Settings()


def test_every_problem_of_a_file_is_told_with_its_line(tmp_path: Path) -> None:
    text = (
        "min_severty: high\nmin_confidence: hihg\njobs: many\nstrict: 1\nmax_file_size: 10 parsecs\n"
        "rules: [1]\nexit_code: 256\nformat: 3\n"
    )
    path = config(tmp_path, text)
    found = problems(path)
    assert sorted(problem.split(":")[1] for problem in found) == list("12345678")
    assert all(problem.startswith(path) for problem in found)
    assert "did you mean 'min_severity'?" in found[0]
    assert "did you mean 'high'?" in next(problem for problem in found if ":2:" in problem)


def test_every_problem_of_an_allow_entry_is_told_with_its_line(tmp_path: Path) -> None:
    text = """\
allow:
  - secrets: ['(']
  - lines: ['(a+)+$x']
  - paths: ['regex:[']
  - expires: '2027-02-30'
    rules: [x]
  - condition: some
    rules: [x]
  - reason: nothing else
  - stopwrods: [x]
    rules: [x]
  - stopwords: ['']
  - commits: [zz]
  - just words
  - fingerprints: [12345678]
  - description: one
    reason: two
    rules: [x]
"""
    lines = [int(problem.removeprefix(str(tmp_path)).split(":")[1]) for problem in problems(config(tmp_path, text))]
    assert sorted(lines) == [2, 3, 4, 5, 7, 9, 10, 12, 13, 14, 15, 17]


def test_allow_entries_are_read_with_their_place(tmp_path: Path) -> None:
    path = config(
        tmp_path,
        "allow:\n- description: why\n  author: jo\n  expires: 2027-01-31\n  condition: any\n  rules: r\n"
        "  paths: [a/**, 'regex:^b']\n  secrets: ['^x$']\n  lines: [y]\n  stopwords: [z]\n"
        "  commits: [0123abc]\n  fingerprints: [ff]\n",
    )
    assert load_settings(path, {}, {}).allow == (
        AllowEntry(
            reason="why", author="jo", expires="2027-01-31", condition="any", rules=("r",), paths=("a/**", "regex:^b"),
            secrets=("^x$",), lines=("y",), stopwords=("z",), commits=("0123abc",), fingerprints=("ff",),
            place=f"{path}:2",
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "line"),
    [("- a\n", 1), ("a: [\n", 2), ("a: 1\na: 2\n", 2), ("allow: 3\n", 1), ("just words\n", 1)],
)
def test_what_is_no_mapping_of_options_is_one_clear_problem(tmp_path: Path, text: str, line: int) -> None:
    path = config(tmp_path, text)
    assert problems(path)[0].startswith(f"{path}:{line}: ")


def test_a_file_that_cannot_be_read_is_a_config_error(tmp_path: Path) -> None:
    assert problems(str(tmp_path / "none.yaml")) == [f"{tmp_path}/none.yaml: can't be read: No such file or directory"]
    assert "can't be read" in problems(str(tmp_path))[0]
    (tmp_path / "latin").write_bytes(b"output: \xe9\n")
    assert "not UTF-8" in problems(str(tmp_path / "latin"))[0]


def test_problems_of_the_environment_name_the_variable() -> None:
    environ = {
        "SECRETS_GUARD_STRICT": "maybe",
        "SECRETS_GUARD_JOBS": "-1",
        "SECRETS_GUARD_EXIT_CODE": "999",
        "SECRETS_GUARD_FORMAT": "xml",
        "SECRETS_GUARD_MAX_FILE_SIZE": "big",
        "SECRETS_GUARD_MIN_SEVERTY": "low",
    }
    found = problems(None, environ=environ)
    assert sorted(problem.split(":")[0] for problem in found) == sorted(environ)
    assert any("SECRETS_GUARD_MIN_SEVERITY?" in problem for problem in found)


def test_problems_of_the_command_line_name_the_option() -> None:
    found = problems(None, cli={"max_file_size": "x", "jobs": True, "nope": 1, "allow": ()})
    assert sorted(problem.split(":")[0] for problem in found) == ["--allow", "--jobs", "--max-file-size", "--nope"]


@pytest.mark.parametrize(("text", "value"), [("1", True), ("Yes", True), ("on", True), ("FALSE", False), ("0", False)])
def test_a_flag_in_the_environment_is_a_word_of_yes_or_no(text: str, value: bool) -> None:
    assert load_settings(None, {}, {"SECRETS_GUARD_QUIET": text}).quiet is value


@pytest.mark.parametrize(
    ("text", "size"),
    [("0", 0), ("512", 512), ("10MB", 10**7), ("1GiB", 2**30), ("1.5 kib", 1536), ("2k", 2000), ("3Mi", 3 << 20)],
)
def test_a_size_has_decimal_or_binary_units(text: str, size: int) -> None:
    assert parse_size(text) == size
    assert load_settings(None, {"max_file_size": text}, {}).max_file_size == size


@given(st.text(max_size=12))
def test_a_size_is_read_or_refused_never_a_crash(text: str) -> None:
    try:
        size = parse_size(text)
    except ValueError as error:
        size = 0 if "no size" in str(error) else -1
    assert size >= 0


def test_the_key_of_the_fingerprints_is_not_in_the_repr() -> None:
    shown = repr(Settings(fingerprint_key="0123" * 8))
    assert "0123" not in shown
    assert "min_confidence='medium'" in shown


def test_the_example_documents_every_option_and_no_other() -> None:
    keys = {line[2:].split(":")[0] for line in EXAMPLE.read_text(encoding="utf-8").splitlines() if _is_option(line)}
    assert keys == {*OPTIONS, "allow"}


def test_every_commented_value_of_the_example_is_valid(tmp_path: Path) -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("# allow:"))
    shown = [line[2:] for number, line in enumerate(lines) if _is_option(line) or number >= start]
    made = load_settings(config(tmp_path, "\n".join(shown)), {}, {})
    examples = {"rules", "only_rule", "exclude_rule", "baseline", "allow", "platform", "base", "base_layers", "ca_file"}
    assert {name for name in Settings._fields if getattr(made, name) != getattr(Settings(), name)} == examples
    empty = AllowEntry()
    unused = [f for f in AllowEntry._fields if all(getattr(e, f) == getattr(empty, f) for e in made.allow)]
    assert unused == []


def _is_option(line: str) -> bool:
    return line.startswith("# ") and line[2:].partition(":")[0] in Settings._fields

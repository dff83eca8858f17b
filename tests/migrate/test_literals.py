"""Values are found where they stand, and only they are replaced."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from secrets_guard.broker.dotenv import read_dotenv
from secrets_guard.errors import SourceError
from secrets_guard.migrate.literal import read_literals, reader_of, with_references

REFERENCE = "vault:secret/app#key"
NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True).filter(lambda name: name not in ("y", "n", "on", "no"))
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
TREES = st.recursive(
    st.one_of(TEXTS, st.integers(), st.booleans(), st.none()),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(NAMES, inner, max_size=4)),
    max_leaves=12,
)


def values(path: str, content: bytes) -> dict[str, str]:
    return {one.name: one.secret.reveal().decode() for one in read_literals(path, content)}


def flat(tree: object, name: str = "") -> dict[str, str]:
    if isinstance(tree, dict):
        return {k: v for key, inner in tree.items() for k, v in flat(inner, f"{name}.{key}" if name else key).items()}
    if isinstance(tree, list):
        parts = (flat(inner, f"{name}.{n}" if name else str(n)).items() for n, inner in enumerate(tree))
        return {k: v for part in parts for k, v in part}
    plain = not isinstance(tree, bool) and tree is not None and tree != "" and name
    return {name: str(tree)} if plain else {}


def replaced(tree: object, wanted: str, name: str = "") -> object:
    if isinstance(tree, dict):
        return {key: replaced(inner, wanted, f"{name}.{key}" if name else key) for key, inner in tree.items()}
    if isinstance(tree, list):
        return [replaced(inner, wanted, f"{name}.{n}" if name else str(n)) for n, inner in enumerate(tree)]
    return REFERENCE if name == wanted else tree


@given(TREES, st.booleans(), st.integers(0, 3))
def test_any_value_of_any_json_is_replaced_and_nothing_else(tree: object, ascii: bool, indent: int) -> None:
    text = json.dumps(tree, ensure_ascii=ascii, indent=indent or None).encode()
    assert values("a.json", text) == flat(tree)
    for one in read_literals("a.json", text):
        new = with_references("a.json", text, {one: REFERENCE})
        assert json.loads(new) == replaced(tree, one.name)


@given(TREES, st.sampled_from([None, '"', "'", "|", ">"]), st.booleans())
def test_any_value_of_any_yaml_is_replaced_and_nothing_else(tree: object, style: str | None, flow: bool) -> None:
    text = yaml.safe_dump(tree, default_style=style, default_flow_style=flow, allow_unicode=True).encode()
    found = read_literals("a.yaml", text)
    assert {one.name for one in found} <= set(flat(tree))
    for one in found:
        try:
            new = with_references("a.yaml", text, {one: REFERENCE})
        except SourceError:
            # A block in a place where no other form of a text can be: told, never written.
            assert style in ("|", ">")
            continue
        assert yaml.safe_load(new) == replaced(yaml.safe_load(text), one.name)


@given(st.dictionaries(st.from_regex(r"[A-Z][A-Z0-9_]{0,8}", fullmatch=True), TEXTS, max_size=6), st.booleans())
def test_any_value_of_a_dotenv_file_is_replaced_and_nothing_else(entries: dict[str, str], crlf: bool) -> None:
    kept = {name: value for name, value in entries.items() if not set("'\r\n") & set(value)}
    lines = [f"{name}='{value}' # and more" for name, value in kept.items()]
    text = "\ufeff# first\n{}\nLAST=1".format("\n".join(lines)).replace("\n", "\r\n" if crlf else "\n").encode()
    for one in read_literals(".env", text):
        new = read_dotenv(with_references(".env", text, {one: REFERENCE}))
        wanted = {**kept, "LAST": "1", one.name: REFERENCE}
        assert {name: value.decode() for name, value in new.items()} == wanted


@pytest.mark.parametrize("name", ["a.json", "a.yaml"])
def test_half_a_character_keeps_no_other_value_from_being_read(name: str) -> None:
    text = b'{"half": "\\ud800", "whole": "x"}\n'
    whole = next(one for one in read_literals(name, text) if one.name == "whole")
    assert with_references(name, text, {whole: REFERENCE}) == text.replace(b'"x"', f'"{REFERENCE}"'.encode())


def test_properties_are_read_as_java_reads_them() -> None:
    text = (
        b"# c = d\n! e = f\n\n a.b = one \\\n      two\n"
        b"c:three\nd four\n e\\ f\\==\\u00e9\\uD83D\\uDE00\\n\\:\ng=\nh\nempty =   \r\nlast=a\\\\"
    )
    assert values("a.properties", text) == {
        "a.b": "one two",
        "c": "three",
        "d": "four",
        "e f=": "é😀\n:",
        "last": "a\\",
    }
    (one,) = (one for one in read_literals("a.properties", text) if one.name == "a.b")
    new = with_references("a.properties", text, {one: REFERENCE})
    assert new == text.replace(b"one \\\n      two", REFERENCE.encode())


@pytest.mark.parametrize(
    "text", ["a: !vault |\n  x\n", "a: &name x\nb: *name\n", "? [a]\n: x\n", "- x\n", "a: true\nb: null\nc:\n"]
)
def test_yaml_that_could_not_be_put_back_is_not_taken(text: str) -> None:
    assert all(one.name.isdigit() for one in read_literals("a.yaml", text.encode()))


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (".env", b"A=1\nnot one\n", "line 2 is no assignment"),
        ("a.yaml", b"a: [\n", "not valid YAML"),
        ("a.yaml", b"a: " + b"[" * 60 + b"]" * 60, "nested"),
        ("a.json", b'{"a": 1,}', "line 1: not valid JSON"),
        ("a.json", b"[" * 100_000, "nested too deep"),
        ("a.yaml", b"a: \xff\n", "not UTF-8"),
        ("a.py", b"a = 1\n", "by hand"),
    ],
)
def test_what_cant_be_read_is_told_in_a_line(name: str, text: bytes, said: str) -> None:
    with pytest.raises(SourceError, match=said) as caught:
        read_literals(name, text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", [".env", ".env.local", "prod.env", "x/.envrc", "a.yml", "A.JSON", "b.properties"])
def test_formats_are_told_by_their_names(name: str) -> None:
    assert reader_of(name) is not None


@pytest.mark.parametrize("name", ["a.py", "env", "environment", "yaml", "a.toml", ".envoy"])
def test_other_names_are_of_no_format(name: str) -> None:
    assert reader_of(name) is None

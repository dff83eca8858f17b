"""A gitleaks config read into our rules and allow entries."""

from __future__ import annotations

import contextlib
import re
import warnings
from pathlib import Path

import hyperscan
import pytest
from hypothesis import given
from hypothesis import strategies as st

from secrets_guard.config import load_settings
from secrets_guard.config_file import AllowEntry
from secrets_guard.errors import RuleError
from secrets_guard.model.rule import Rule
from secrets_guard.rules.import_gitleaks import Imported, allow_yaml, import_gitleaks, to_yaml
from secrets_guard.rules.load import parse_rules
from secrets_guard.rules.re2 import translate
from secrets_guard.rules.template import fill

CONFIG = r"""
title = "acme"
[extend]
useDefault = true
disabledRules = ["some-rule"]

[allowlist]
description = "everywhere"
paths = ['''(?i)\.svg$''']
regexes = ['''^\$\{[A-Z_]+\}$''']
stopWords = ["example"]

[[allowlists]]
targetRules = ["Acme_Key"]
condition = "AND"
paths = ['''^docs/''']
regexes = ['''sample''']
regexTarget = "line"

[[rules]]
id = "Acme_Key"
description = "Acme key"
regex = '''(?i)[\w.-]{0,50}?(?:acme)[ \t\w.-]{0,20}[\s'"]{0,3}(?:=|:)[\x60'"\s=]{0,5}([[:alnum:]]{20})(?:['"\s;]|$)'''
entropy = 3
keywords = ["ACME"]
[[rules.allowlists]]
regexes = ['''^0{20}$''']
stopwords = ["abcd"]

[[rules]]
id = "long-token"
regex = '''\b(lt-(?i)[a-z0-9]{8,})\b'''
secretGroup = 1
path = '''\.env$'''
tags = ["x"]

[[rules]]
id = "path-only"
path = '''\.p12$'''

[[rules]]
id = "unicode"
regex = '''\p{Greek}{10}'''

[[rules]]
id = "parts"
regex = '''(?:(pa-[0-9]{8})|(pb-[0-9]{8}))'''
validate = "x"
[[rules.required]]
id = "long-token"
"""


@pytest.fixture(scope="module")
def imported() -> Imported:
    return import_gitleaks(CONFIG, "acme.toml")


def rule(imported: Imported, rule_id: str) -> Rule:
    return next(rule for rule in imported.rules if rule.id == rule_id)


def test_a_rule_keeps_its_meaning(imported: Imported) -> None:
    acme = rule(imported, "acme-key")
    assert (acme.title, acme.keywords, acme.min_entropy, acme.secret_group) == ("Acme key", ("acme",), 3.0, 1)
    token = fill("<alnum:20>", "acme")
    for text in (f'my.ACME_key = "{token}"', f"acme: {token}"):
        found = re.search(acme.pattern.encode(), text.encode())
        assert found is not None
        assert found[acme.secret_group] == token.encode()
    assert re.search(acme.pattern.encode(), b"acme: " + token[:19].encode()) is None


def test_a_flag_in_the_middle_holds_from_there_on(imported: Imported) -> None:
    pattern = re.compile(rule(imported, "long-token").pattern.encode())
    assert pattern.search(b"lt-ABCDefgh1") is not None
    assert pattern.search(b"LT-ABCDefgh1") is None


def test_rules_left_out_or_changed_are_noted_with_their_id(imported: Imported) -> None:
    assert [rule.id for rule in imported.rules] == ["acme-key", "long-token", "parts"]
    for rule_id, word in (
        ("acme-key", "was 'Acme_Key'"),
        ("acme-key", "end of a line"),
        ("long-token", "no greatest length"),
        ("long-token", "tags"),
        ("path-only", "left out: it has no regex"),
        ("unicode", "left out: its regex or path has the Unicode class"),
        ("parts", "the rules that it requires"),
        ("parts", "'validate'"),
        ("parts", "the whole match"),
        ("some-rule", "disabledRules"),
        ("", "useDefault"),
    ):
        assert any(rule_id in note and word in note for note in imported.notes), (rule_id, word)


def test_allowlists_become_entries_and_patterns_of_the_rule(imported: Imported) -> None:
    assert rule(imported, "acme-key").allow == ("^0{20}$",)
    assert imported.allow == [
        AllowEntry(condition="any", rules=("acme-key",), stopwords=("abcd",)),
        AllowEntry(condition="all", rules=("acme-key",), paths=("regex:^docs/",), lines=("sample",)),
        AllowEntry(
            "everywhere",
            condition="any",
            paths=(r"regex:(?i)\.svg$",),
            secrets=(r"^\$\{[A-Z_]+\}$",),
            stopwords=("example",),
        ),
    ]


def test_a_condition_that_cannot_be_read_never_widens_what_is_allowed() -> None:
    text = "[[allowlists]]\ncondition = 'AND'\npaths = ['a']\nregexes = ['''\\p{Greek}''']\n"
    made = import_gitleaks(text, "x.toml")
    assert made.allow == []
    assert any("does not carry over" in note for note in made.notes)


def test_the_rules_read_back_from_yaml_the_same(imported: Imported) -> None:
    text = to_yaml(imported)
    back = parse_rules([("imported.yaml", text.encode())])
    # The loader works out triggers by itself.
    read = [one._replace(place="", vendor="", trigger="", longest=0, trigger_longest=0) for one in back]
    assert read == [one._replace(place="") for one in imported.rules]
    assert all(f"# {note}" in text for note in imported.notes)
    assert "# allow:" in text


def test_the_allow_part_reads_back_as_a_config(imported: Imported, tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(allow_yaml(imported), encoding="utf-8")
    allow = load_settings(str(path), {}, {}).allow
    assert [entry._replace(place="") for entry in allow] == imported.allow


def test_every_imported_pattern_compiles_in_vectorscan(imported: Imported) -> None:
    for one in imported.rules:
        hyperscan.Database().compile(expressions=[one.pattern.encode()], ids=[0], elements=1, flags=[0])


def test_ids_that_exist_already_get_another_name() -> None:
    text = "[[rules]]\nid = 'a'\nregex = 'xyz'\n[[rules]]\nid = 'A'\nregex = 'uvw'\n"
    made = import_gitleaks(text, "x.toml", taken={"a"})
    assert [one.id for one in made.rules] == ["gitleaks-a", "gitleaks-a-2"]


@pytest.mark.parametrize("text", ["", "a = ", "title = 'x'\n", "[[other]]\na = 1\n"])
def test_what_is_no_gitleaks_config_is_a_rule_error(text: str) -> None:
    with pytest.raises(RuleError, match=r"x\.toml: "):
        import_gitleaks(text, "x.toml")


def test_fields_of_a_wrong_type_are_noted_not_a_crash() -> None:
    text = "rules = 3\nallowlists = 'x'\n[extend]\ndisabledRules = ['q']\n"
    assert import_gitleaks(text, "x.toml").rules == []
    text = (
        "[[rules]]\nid = 3\nregex = 'abc'\nentropy = 'x'\n[[rules]]\nid='b'\nregex='abc'\nkeywords='x'\nsecretGroup=4\n"
    )
    made = import_gitleaks(text, "x.toml")
    assert [(one.id, one.secret_group) for one in made.rules] == [("b", 0)]
    assert len(made.notes) == 3


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        (r"[[:alpha:]_]+x", b"_ax", b"1x"),
        (r"[[:^digit:]]x", b"ax", b"1x"),
        (r"a(?i)b|c", b"C", b"Ab"),
        (r"(?:a(?i)b)c", b"aBc", b"aBC"),
        (r"a\x{2e}b", b"a.b", b"axb"),
        (r"\Qa.b\Ec", b"a.bc", b"axbc"),
        (r"é{2}", "éé".encode(), "é".encode()),
        (r"x[é]", "xé".encode(), b"xe"),
        (r"(?<n>a)b", b"ab", b"b"),
        (r"a{,2}b", b"a{,2}b", b"aab"),
        (r"\Aab\z", b"x\nab\ny", b"xab"),
        (r"[[&&a]x", b"[x", b"bx"),
        (r"[]a]x", b"]x", b"bx"),
        (r"[^é]x", b"ax", b"x"),
        (r"\pL1", b"a1", b"11"),
        (r"\141b", b"ab", b"1b"),
        (r"(?-i:a)(?i)b", b"aB", b"AB"),
        (r"[\--/]x", b".x", b"+x"),
    ],
)
def test_the_syntax_of_re2_is_read_as_go_means_it(pattern: str, matching: bytes, other: bytes) -> None:
    compiled = re.compile(translate(pattern).pattern.encode())
    assert compiled.search(matching) is not None
    assert compiled.search(other) is None


@pytest.mark.parametrize(
    "pattern", [r"\C", r"(?U)a+", r"\p{Greek}", r"[^\pL]", "(", ")", "[a", "a\\", r"(?=a)", r"[+--]"]
)
def test_what_has_no_counterpart_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        translate(pattern)


@pytest.mark.parametrize(
    ("pattern", "bounded"), [("a*", "a{0,9}"), ("a+?", "a{1,9}?"), ("a{3,}", "a{3,9}"), ("a{12,}", "a{12,12}")]
)
def test_endless_repeats_end_at_the_bound(pattern: str, bounded: str) -> None:
    assert translate(pattern, bound=9).pattern == bounded
    assert translate(pattern).pattern == pattern


@given(st.text("ab01[]^-()|?+*{},.\\dwsbzAQE:Pié$ i", max_size=12))
def test_any_pattern_is_translated_or_refused_never_a_crash(pattern: str) -> None:
    try:
        translated = translate(pattern)
    except ValueError:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # What RE2 would refuse as well, such as "**", is refused here; a warning of Python's would fail the test.
        with contextlib.suppress(re.error):
            re.compile(translated.pattern.encode())

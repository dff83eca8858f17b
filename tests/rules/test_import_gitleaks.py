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

from secrets_guard.cache import Cache
from secrets_guard.config import load_settings
from secrets_guard.config_file import AllowEntry
from secrets_guard.errors import RuleError
from secrets_guard.model.rule import Nearby, Rule
from secrets_guard.rules.active import load_rules
from secrets_guard.rules.betterleaks_filter import with_filters
from secrets_guard.rules.gitleaks_toml import Notes
from secrets_guard.rules.import_gitleaks import Imported, import_gitleaks, read_gitleaks
from secrets_guard.rules.imported_yaml import allow_yaml, to_yaml
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
        ("long-token", "near a rule that requires it"),
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


COMPOSITE = r"""
[[rules]]
id = "pair"
regex = '''\b(pk-[0-9]{12})\b'''
[[rules.required]]
id = "Pair_Id"
withinLines = 2
withinColumns = 40
[[rules.required]]
id = "anywhere"

[[rules]]
id = "Pair_Id"
regex = '''\b(pi-[0-9]{6})\b'''
skipReport = true

[[rules]]
id = "anywhere"
regex = '''\b(pj-[0-9]{6})\b'''

[[rules]]
id = "unused"
regex = '''\b(pu-[0-9]{6})\b'''
skipReport = true
"""


def test_what_a_rule_requires_becomes_what_must_be_nearby() -> None:
    made = import_gitleaks(COMPOSITE, "x.toml")
    assert rule(made, "pair").nearby == (Nearby("pair-id", 2, True, 40), Nearby("anywhere", 1000, True))
    assert {one.id: one.alone for one in made.rules} == {"anywhere": True, "pair": True, "pair-id": False}
    assert any("unused" in note and "no rule requires it" in note for note in made.notes)
    (back,) = [one for one in parse_rules([("x.yaml", to_yaml(made).encode())]) if one.id == "pair"]
    assert back.nearby == rule(made, "pair").nearby


def test_a_required_rule_that_is_missing_is_noted() -> None:
    made = import_gitleaks(COMPOSITE.replace('id = "anywhere"\nregex', 'id = "else"\nregex'), "x.toml")
    assert [near.rule for near in rule(made, "pair").nearby] == ["pair-id"]
    assert any("it finds more than before: 'anywhere'" in note for note in made.notes)


BETTERLEAKS = r"""
betterleaksMinVersion = "v1.6.0"
prefilter = '''
matchesAny(attributes["path"], [
  `(?i)\.png$`,
])
'''
filter = '''
(matchesAny(finding["secret"], [`^x+$`]) || containsAny(finding["secret"], ["abcdef", '014df517']))
'''

[[rules]]
id = "acme-secret.1"
regex = '''\b(as-)([0-9a-z]{12})\b'''
valueGroup = 2
confidence = "medium"
filter = '''
// random enough?
entropy(finding["secret"]) <= 3.25 || tokenRatio(finding["secret"]) >= 2.5 ||
filter.matchesAny(get(attributes, "path", ""), ["^docs/"]) || (finding["line"] contains "x" && true)
'''
components = [{ id = "acme-id", within = "5L" }, { id = "acme-region", optional = true, within = "-7L,200C" }]
validate = "http.get()"

[[rules]]
id = "acme-id"
regex = "ai-[0-9]{6}"
skipReport = true

[[rules]]
id = "acme-region"
regex = "ar-[0-9]{6}"
confidence = "low"
"""


def test_betterleaks_expressions_and_components_carry_over_where_they_have_a_counterpart() -> None:
    made = import_gitleaks(BETTERLEAKS, "x.toml")
    acme = rule(made, "acme-secret-1")
    assert (acme.min_entropy, acme.secret_group, acme.confidence) == (3.25, 2, "medium")
    assert acme.nearby == (Nearby("acme-id", 5, True), Nearby("acme-region", 7, False))
    assert made.allow == [
        AllowEntry(condition="any", rules=("acme-secret-1",), paths=("regex:^docs/",)),
        AllowEntry(condition="any", paths=(r"regex:(?i)\.png$",)),
        AllowEntry(condition="any", secrets=("^x+$",)),
        AllowEntry(condition="any", stopwords=("abcdef", "014df517")),
    ]
    for word in ("token efficiency", "a part of its filter", "only the lines", "'validate'", "min-confidence low"):
        assert any(word in note for note in made.notes), word


@pytest.mark.parametrize(
    "text",
    [
        'let x = finding["secret"]; entropy(finding["secret"]) <= 3',
        '!matchesAny(finding["secret"], [`a`])',
        'matchesAny(finding["secret"], words)',
        'entropy(finding["secret"]) <= 3 && true',
        'matchesAny(finding["secret"], ["a"]',
        "(" * 3000 + "||" * 3000,
    ],
)
def test_an_expression_that_cannot_be_read_leaves_out_nothing(text: str) -> None:
    made = import_gitleaks(f"[[rules]]\nid = 'a'\nregex = 'abcd[0-9]'\nfilter = '''{text}'''\n", "x.toml")
    assert (made.allow, made.rules[0].min_entropy, made.rules[0].allow) == ([], 0.0, ())
    assert any("a part of its filter" in note for note in made.notes)


@given(st.text(alphabet="()[]|\"`' \\,amtchesAny{}", max_size=60))
def test_any_expression_is_read_or_noted_never_a_crash(text: str) -> None:
    with_filters({"filter": text, "prefilter": text}, "a", Notes())


def test_an_extended_file_gives_its_rules_and_the_extending_one_wins(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text(
        "[[rules]]\nid = 'a'\nregex = 'abcd[0-9]'\nkeywords = ['abcd']\n[[rules]]\nid = 'b'\nregex = 'bcde[0-9]'\n"
        "[[rules]]\nid = 'c'\nregex = 'cdef[0-9]'\n[allowlist]\nstopwords = ['one']\n"
    )
    (tmp_path / "own.toml").write_text(
        "[extend]\npath = 'base.toml'\ndisabledRules = ['c']\n[[rules]]\nid = 'a'\n"
        "regex = 'xbcd[0-9]'\nkeywords = ['bcd']\n"
        "[[allowlists]]\nstopwords = ['two']\n"
    )
    made = read_gitleaks(str(tmp_path / "own.toml"))
    assert [(one.id, one.pattern, one.keywords) for one in made.rules] == [
        ("a", "xbcd[0-9]", ("abcd", "bcd")),
        ("b", "bcde[0-9]", ()),
    ]
    assert [entry.stopwords for entry in made.allow] == [("one",), ("two",)]
    assert made.notes == []


def test_an_extended_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text("[extend]\npath = 'gone.toml'\n")
    with pytest.raises(RuleError, match=r"gone\.toml"):
        read_gitleaks(str(tmp_path / "own.toml"))


def test_a_change_of_the_extended_file_is_noticed(tmp_path: Path) -> None:
    base, own = tmp_path / "base.toml", tmp_path / "own.toml"
    base.write_text("[[rules]]\nid = 'first'\nregex = 'abcd[0-9]'\n")
    own.write_text("[extend]\npath = 'base.toml'\n")
    cache = Cache(str(tmp_path / "cache"))
    assert load_rules((str(own),), with_builtin=False, cache=cache).get("first")
    base.write_text("[[rules]]\nid = 'second'\nregex = 'abcd[0-9]'\n")
    assert load_rules((str(own),), with_builtin=False, cache=cache).get("second")


def test_a_target_of_an_allowlist_that_is_no_rule_of_the_file_is_noted() -> None:
    made = import_gitleaks("[[allowlists]]\ntargetRules = ['generic-api-key']\nstopwords = ['x']\n", "x.toml")
    assert any("generic-api-key" in note and "targetRules" in note for note in made.notes)


def test_a_generic_rule_gives_way_to_others_as_it_did() -> None:
    text = "[[rules]]\nid = 'generic-api-key'\nregex = 'abcd[0-9]'\n[[rules]]\nid = 'b'\nregex = 'b[0-9]'\n"
    vague = "[[rules]]\nid = 'c'\nregex = 'c[0-9]'\nspecificity = -50\n"
    made = import_gitleaks(text + vague, "x.toml")
    assert {one.id: one.kind for one in made.rules} == {
        "b": "token",
        "c": "assignment",
        "generic-api-key": "assignment",
    }
    assert any(note.startswith("generic-api-key, c: it gives way") for note in made.notes)

"""Every problem of every rule file is listed, each with its file and line."""

from __future__ import annotations

import re

import pytest

from secrets_guard.errors import RuleError
from secrets_guard.model.rule import Nearby
from secrets_guard.rules.load import digest_of, parse_rules

GOOD = "- id: a-b\n  title: T\n  pattern: 'q[0-9]{9}'\n"


def problems(*contents: str | bytes) -> list[str]:
    files = [(f"{n}.yaml", one if isinstance(one, bytes) else one.encode()) for n, one in enumerate(contents)]
    with pytest.raises(RuleError) as caught:
        parse_rules(files)
    assert all(re.match(r"\d\.yaml:\d+: ", problem) for problem in caught.value.problems), caught.value.problems
    return list(caught.value.problems)


def test_a_rule_is_read_with_what_follows_from_its_pattern() -> None:
    (rule,) = parse_rules([("v.yaml", b"- id: a\n  title: T\n  pattern: 'x(a{3})(b)?'\n  keywords: [x]\n")])
    assert (rule.secret_group, rule.max_length, rule.vendor, rule.place) == (1, 5, "v", "v.yaml:1")
    assert rule.trigger
    assert rule.keywords == ("x",)


@pytest.mark.parametrize(
    ("line", "at", "wanted"),
    [
        ("patern: x", 4, "unknown field 'patern' (did you mean 'pattern'?)"),
        ("severity: hgh", 4, "severity 'hgh' is none of low, medium, high, critical"),
        ("confidence: sure", 4, "confidence 'sure' is none of"),
        ("kind: thing", 4, "kind 'thing' is none of"),
        ("keywords: abc", 4, "keywords must be a list, not str"),
        ("keywords: [Abc]", 4, "lower case"),
        ("keywords: [1]", 4, "keywords must be a list of strings"),
        ("secret_group: one", 4, "secret_group must be a whole number, not str"),
        ("secret_group: true", 4, "secret_group must be a whole number, not bool"),
        ("secret_group: 2", 4, "secret_group 2 does not exist"),
        ("min_entropy: high", 4, "min_entropy must be a number, not str"),
        ("title: 5", 4, "duplicate key 'title'"),
        ("checksum: github-crc", 4, "unknown checksum 'github-crc' (did you mean 'github-crc32'?)"),
        ("nearby: [no-such]", 1, "nearby names no rule: 'no-such'"),
        ("nearby: [a-b]", 1, "nearby names a rule twice, or the rule itself"),
        ("nearby: [5]", 4, "nearby must be a list of rule ids, or of mappings"),
        ("nearby: [{within: 5}]", 4, "nearby must be a list of rule ids, or of mappings"),
        ("nearby: [{rule: x, requird: true}]", 4, "unknown field 'requird' in nearby (did you mean 'required'?)"),
        ("nearby: [{rule: x, within: true}]", 4, "within in nearby must be a whole number, not bool"),
        ("nearby: [{rule: x, within: -1}]", 4, "within in nearby must be from 0 to 1000"),
        ("nearby: [{rule: x, required: 1}]", 4, "required in nearby must be true or false, not int"),
        ("alone: 1", 4, "alone must be true or false, not int"),
        ("alone: false", 1, "it does not stand alone, and no rule names it in nearby"),
        ("path: '('", 4, "not a valid regular expression"),
        ("allow: ['[']", 4, "not a valid regular expression"),
        ("trigger: '^x'", 4, "a ^ without (?m)"),
        ("examples: &a [x]\n  references: *a", 5, "aliases (*a) are not accepted"),
        ("path: !!python/name:os.system x", 4, "constructor"),
        ("path: " + "[" * 60, 4, "levels deep"),
        ("path: " + "[" * 20_000, 4, "nest"),  # libyaml may have a limit of its own
    ],
)
def test_a_wrong_field_is_named_with_its_line(line: str, at: int, wanted: str) -> None:
    (problem,) = problems(f"{GOOD}  {line}\n")
    assert problem.startswith(f"0.yaml:{at}: ")
    assert wanted in problem


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        ("(", "not a valid regular expression"),
        ("a(?", "not a valid regular expression"),
        ("^abc", "(?m)"),
        (r"\Aabc", "start or end of a batch"),
        (r"abc\Z", "start or end of a batch"),
        ("a(^b)c", "(?m)"),
        ("a+", "longer than 32768 bytes"),
        ("[[a]b", "not a valid regular expression"),
    ],
)
def test_a_pattern_that_cannot_be_used_is_named_with_its_line(pattern: str, wanted: str) -> None:
    assert any(wanted in problem for problem in problems(f"- id: a\n  title: T\n\n  pattern: '{pattern}'\n"))
    assert all(
        problem.startswith("0.yaml:4: a: ") for problem in problems(f"- id: a\n  title: T\n\n  pattern: '{pattern}'\n")
    )


def test_an_anchor_of_a_line_is_fine() -> None:
    assert parse_rules([("a.yaml", b"- id: a\n  title: T\n  pattern: '(?m)^abc[0-9]$'\n")])


@pytest.mark.parametrize("rule_id", ["A", "a_b", "a--b", "-a", "", "a b", "é"])
def test_an_id_is_lower_case_words_joined_by_hyphens(rule_id: str) -> None:
    (problem,) = problems(f"- id: '{rule_id}'\n  title: T\n  pattern: abc\n")
    assert "must be lower-case words joined by hyphens" in problem


def test_all_problems_of_all_files_are_listed_at_once() -> None:
    found = problems(
        f"{GOOD}  severity: x\n  kind: y\n- just a string\n- title: no id\n",
        "not: a list\n",
        b"- id: \xff\n",
        GOOD,
        "- [unclosed\n",
        "",
        GOOD.replace("a-b", "z-z") + GOOD.replace("a-b", "z-z"),
    )
    assert sorted(problem.partition(": ")[0] for problem in found) == [
        "0.yaml:4", "0.yaml:5", "0.yaml:6", "0.yaml:7", "0.yaml:7",
        "1.yaml:1", "2.yaml:1", "3.yaml:1", "4.yaml:2", "5.yaml:1", "6.yaml:4",
    ]  # fmt: skip


def test_a_duplicate_id_names_both_places() -> None:
    (problem,) = problems(GOOD, "\n" + GOOD)
    assert problem == "1.yaml:2: duplicate rule id 'a-b', first defined at 0.yaml:1"


@pytest.mark.parametrize("content", [b"- id: \xff\xfe\n", "- id: ü\n".encode("latin-1"), b"\xff\xfe-\0"])
def test_a_file_that_is_not_utf_8_is_told_so(content: bytes) -> None:
    (problem,) = problems(content)
    assert "not UTF-8" in problem


@pytest.mark.parametrize("content", ["a: 1\n", "text", "5", "", "null"])
def test_a_file_that_is_no_list_of_rules_is_told_so(content: str) -> None:
    (problem,) = problems(content)
    assert "a rule file is a list of rules" in problem


def test_a_file_of_absurd_size_is_refused() -> None:
    (problem,) = problems("#" * (5 << 20))
    assert "larger than 4 MiB" in problem


def test_the_digest_changes_with_what_is_found_and_not_with_examples_or_places() -> None:
    (rule,) = parse_rules([("a.yaml", GOOD.encode())])
    assert digest_of([rule]) == digest_of([rule._replace(place="x:9", examples=("e",), references=("r",))])
    changed = [
        rule._replace(pattern="x"),
        rule._replace(min_entropy=1.0),
        rule._replace(allow=("x",)),
        rule._replace(severity="low"),
    ]
    assert len({digest_of([one]) for one in [rule, *changed]}) == 5


def test_nearby_takes_an_id_or_what_is_asked_of_it() -> None:
    more = GOOD.replace("a-b", "c") + "  nearby: [a-b, {rule: d, within: 0, required: true}]\n"
    last = GOOD.replace("a-b", "d") + "  alone: false\n"
    rules = {rule.id: rule for rule in parse_rules([("0.yaml", f"{GOOD}{more}{last}".encode())])}
    assert rules["c"].nearby == (Nearby("a-b", 10, False), Nearby("d", 0, True))
    assert [rules[rule_id].alone for rule_id in ("a-b", "c", "d")] == [True, True, False]


def test_a_rule_that_does_not_stand_alone_needs_nothing_itself() -> None:
    wrong = GOOD.replace("a-b", "c") + "  alone: false\n  nearby: [a-b]\n"
    assert any("has no nearby of its own" in problem for problem in problems(f"{GOOD}  nearby: [c]\n{wrong}"))

"""Findings, occurrences, explanations, suppressions, limits."""

from __future__ import annotations

from typing import Any

from secrets_guard.config import Settings
from secrets_guard.config_file import AllowEntry
from secrets_guard.engine import sweep
from secrets_guard.fingerprint import Fingerprinter
from secrets_guard.model.blob import Blob
from secrets_guard.model.rule import Rule
from secrets_guard.origins import MAX_OCCURRENCES
from secrets_guard.rules.load import rule_set
from secrets_guard.tally import MAX_FINDINGS, Tally

TOY = Rule(id="toy-token", title="Toy", pattern=r"\b(toy_[0-9a-z]{24})\b", secret_group=1, max_length=28)


def test_a_finding_says_where_what_and_why(scan: Any, token: Any) -> None:
    (finding,) = scan({"dir/a.env": f"one\n  key = {token(1)} # why\n".encode()}).findings
    assert finding.location == ("dir/a.env", 2, 2, 9, 36)
    assert (finding.rule_id, finding.title, finding.severity, finding.confidence) == (
        "toy-token",
        "Toy",
        "high",
        "high",
    )
    assert finding.context == f"key = {finding.secret} # why"
    assert finding.secret == f"{token(1)[:4]}…{token(1)[-4:]}"
    assert finding.reasons == ("rule of kind token, high confidence",)


def test_findings_are_in_order_of_their_place(scan: Any, token: Any) -> None:
    content = f"{token(1)} {token(2)}\n{token(3)}".encode()
    places = [(one.location.path, one.location.start_line, one.location.start_column) for one in scan(
        {"b": content, "a": content}
    ).findings]  # fmt: skip
    assert places == [(path, *place) for path in "ab" for place in ((1, 1), (1, 30), (2, 1))]


def test_other_places_of_a_secret_are_listed_up_to_ten_and_all_counted(scan: Any, token: Any) -> None:
    contents = {f"f{n:02}": f"{token(1)}\n{token(n + 2)}".encode() for n in range(25)}
    findings = scan(contents).findings
    same = [one for one in findings if one.location.start_line == 1]
    assert {one.occurrences_total for one in same} == {24}
    for one in same:
        paths = [place.path for place in one.occurrences]
        assert len(paths) == MAX_OCCURRENCES == 10
        assert one.location.path not in paths
        assert paths == sorted(set(paths))
    assert {(one.occurrences, one.occurrences_total) for one in findings if one.location.start_line == 2} == {((), 0)}


def test_fingerprints_survive_moved_lines_and_renamed_files(scan: Any, token: Any) -> None:
    before = scan({"old": token(1).encode()}).findings[0]
    after = scan({"new/name": f"\n\n  moved = '{token(1)}' # other words".encode()}).findings[0]
    assert before.fingerprint == after.fingerprint


def test_fingerprints_differ_by_key_rule_and_value(scan: Any, token: Any) -> None:
    content = {"a": token(1).encode()}
    prints = {
        scan(content).findings[0].fingerprint,
        scan(content, fingerprint_key="a project's own").findings[0].fingerprint,
        scan(content, rule_set([TOY._replace(id="other-token")])).findings[0].fingerprint,
        scan({"a": token(2).encode()}).findings[0].fingerprint,
    }
    assert len(prints) == 4
    assert all(len(one) == 32 and int(one, 16) >= 0 for one in prints)


def test_a_fingerprint_does_not_confuse_key_and_rule() -> None:
    assert Fingerprinter("ab").of(Rule("c", "", ""), b"v") != Fingerprinter("a").of(Rule("bc", "", ""), b"v")
    assert Fingerprinter("").of(Rule("c", "", ""), b"v") == Fingerprinter("").of(Rule("c", "", ""), b"v")


def test_every_candidate_is_explained(scan: Any, token: Any) -> None:
    content = "\n".join([token(1), f"{token(2)} # secrets-guard: allow", "toy_" + "example" * 3 + "123", token(3)])
    result = scan({"a": content.encode()}, explain=True, allow=(AllowEntry(paths=("b",), reason="not here"),))
    assert [(one.line, one.outcome, one.by) for one in result.explanations] == [
        (1, "kept", "toy-token"),
        (2, "suppressed", "inline"),
        (3, "dropped", "placeholder"),
        (4, "kept", "toy-token"),
    ]
    assert all(one.reason for one in result.explanations)
    assert (result.stats.suppressed, result.stats.dropped) == ({"inline": 1}, {"placeholder": 1})
    assert [one.location.start_line for one in result.findings] == [1, 4]


def test_without_asking_nothing_is_explained(scan: Any, token: Any) -> None:
    assert scan({"a": token(1).encode()}).explanations == ()


def test_doubtful_findings_count_as_dropped_for_their_confidence(scan: Any, token: Any) -> None:
    doubtful = rule_set(
        [TOY._replace(confidence="low"), TOY._replace(id="sure", pattern="sure_[0-9]{9}", secret_group=0)]
    )
    result = scan({"a": token(1).encode()}, doubtful, min_confidence="low")
    assert [one.confidence for one in result.findings] == ["low"]
    assert scan({"a": token(1).encode()}, doubtful).findings == ()


def test_one_secret_in_one_place_is_one_finding_of_the_most_specific_rule(scan: Any, token: Any) -> None:
    vague = TOY._replace(id="vague", kind="entropy", pattern=r"[0-9a-z_]{20,40}", secret_group=0, max_length=40)
    (finding,) = scan({"a": token(1).encode()}, rule_set([vague, TOY])).findings
    assert finding.rule_id == "toy-token"


def test_inline_comments_are_not_obeyed_when_they_are_turned_off(scan: Any, token: Any) -> None:
    content = {"a": f"{token(1)} # secrets-guard: allow".encode()}
    assert scan(content).findings == ()
    assert len(scan(content, no_inline_allow=True).findings) == 1


def test_too_many_findings_are_a_problem_and_the_rest_is_kept(pipeline: Any, scan: Any, token: Any) -> None:
    made, tally = pipeline(), Tally()
    sweep([Blob("a", token(1).encode(), "a")], made, made.matcher.scratch(), tally)
    tally.found *= MAX_FINDINGS
    sweep([Blob("b", f"{token(2)} {token(3)}".encode(), "b")], made, made.matcher.scratch(), tally)
    assert len(tally.found) == MAX_FINDINGS
    assert [(problem.kind, problem.where) for problem in tally.problems] == [("limit", "b")]


def test_no_line_is_cut_so_that_its_own_secret_is_lost(scan: Any, token: Any) -> None:
    (finding,) = scan({"a": ("é" * 500 + f" {token(1)} " + "x" * 500).encode()}).findings
    assert finding.secret in finding.context
    assert len(finding.context) < 250
    assert finding.location.start_column == 502


def test_the_key_of_the_fingerprints_does_not_show_in_the_settings() -> None:
    assert "my-own" not in repr(Settings(fingerprint_key="my-own"))

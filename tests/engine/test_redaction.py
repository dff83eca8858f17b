"""A secret's value is nowhere in a result unless it was asked for."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest

from secrets_guard import api
from secrets_guard.cache import Cache
from secrets_guard.config import Settings
from secrets_guard.engine import sweep as sweep_batch
from secrets_guard.model.blob import Blob
from secrets_guard.model.result import ScanResult
from secrets_guard.model.rule import Rule, RuleSet
from secrets_guard.report import write_report
from secrets_guard.rules.active import load_rules
from secrets_guard.rules.load import rule_set
from secrets_guard.rules.template import fill
from secrets_guard.sources.memory import MemorySource
from secrets_guard.tally import Tally

TOY = Rule(id="toy-token", title="Toy", pattern=r"\b(toy_[0-9a-z]{24})\b", secret_group=1, max_length=28)
HARMLESS = 8
"""Shorter values (a PIN, a four-letter password) stand in any report by chance."""


@pytest.fixture(scope="module")
def builtin() -> RuleSet:
    return load_rules()


def sweep(contents: dict[str, bytes], rules: RuleSet, *, show: bool) -> ScanResult:
    settings = Settings(show_secrets=show, explain=True, jobs=1, min_confidence="low")
    return api.scan(MemorySource(contents), rules=rules, settings=settings, cache=Cache(None))


def shown(result: ScanResult) -> str:
    stream = io.StringIO()
    write_report(result, "json", stream)
    plain = json.dumps(json.loads(stream.getvalue()), ensure_ascii=False)
    return "\n".join([plain, repr(result), str(result), repr(result.findings), repr(result.explanations)])


def variants(number: int, text: str) -> Iterator[str]:
    yield f"{text} # {text}"
    if number % 3 == 0:
        yield f"x: {base64.b64encode(f'the value is {text}'.encode('utf-8', 'surrogateescape')).decode()} y"


def test_no_value_of_any_rule_s_example_is_in_a_finding_or_an_explanation(builtin: RuleSet, pipeline: Any) -> None:
    texts = [
        text for number, rule in enumerate(builtin.rules) for text in variants(number, fill(rule.examples[0], rule.id))
    ]
    blobs = [Blob(f"{n}.env", text.encode("utf-8", "surrogateescape"), f"{n}.env") for n, text in enumerate(texts)]
    made = pipeline(*builtin.rules)
    made = made._replace(clerk=made.clerk._replace(explain=True, min_confidence="low"))
    tally = Tally()
    sweep_batch(blobs, made, made.matcher.scratch(), tally)
    values: dict[str, set[str]] = {}
    shown: dict[str, str] = {}
    for evidence in tally.found:
        path = evidence.finding.location.path
        values.setdefault(path, set()).add(evidence.secret.reveal().decode("utf-8", "replace"))
        shown[path] = shown.get(path, "") + repr(evidence)
    for one in tally.explanations:
        shown[one.path] = shown.get(one.path, "") + repr(one)
    assert len(values) > len(builtin.rules)
    leaks = [
        (path, value[:4])
        for path, found in values.items()
        for value in found
        if len(value) >= HARMLESS and value in shown[path]
    ]
    assert leaks == []


def test_values_on_one_line_hide_each_other(builtin: RuleSet) -> None:
    chosen = [rule for rule in builtin.rules if rule.kind == "token" and rule.confidence == "high" and rule.examples][
        :200
    ]
    texts = [fill(rule.examples[0], rule.id) for rule in chosen]
    texts = [text for text in texts if "\n" not in text and len(text) < 80]
    lines = [" ; ".join(texts[start : start + 3]) for start in range(0, len(texts), 3)]
    only = rule_set(chosen)
    contents = {f"{n}.env": line.encode() for n, line in enumerate(lines)}
    values = {finding.secret for finding in sweep(contents, only, show=True).findings}
    assert len(values) > 30
    text = shown(sweep(contents, only, show=False))
    assert [value for value in values if len(value) >= HARMLESS and value in text] == []


@pytest.mark.parametrize("form", ["{0} {1}", "{1};{0}", "{0} {0} {1}", "x" * 79 + " {0} {1}", "{0}" + " " * 75 + "{1}"])
def test_neither_of_two_values_shows_beside_the_other(form: str) -> None:
    values = [fill("toy_<loweralnum:24>", str(seed)) for seed in (1, 2)]
    content = form.format(values[0], base64.b64encode(f" the value {values[1]}".encode()).decode())
    result = sweep({"a": content.encode()}, rule_set([TOY]), show=False)
    encoded = base64.b64encode(values[1].encode()).decode()[4:-4]
    for value in (*values, values[0][4:12], encoded):
        assert value not in shown(result)


def test_a_value_that_encloses_another_hides_wholly() -> None:
    outer = Rule(id="outer", title="Outer", pattern=r"begin(.{10,90})end", secret_group=1, max_length=100, kind="url")
    inner = fill("toy_<loweralnum:24>", "1")
    mark = fill("<loweralnum:12>", "2")
    content = f"{inner} begin {mark} {inner} {mark[::-1]} end"
    text = shown(sweep({"a": content.encode()}, rule_set([outer, TOY]), show=False))
    assert inner not in text
    assert mark not in text
    assert mark[::-1] not in text


def test_a_private_key_shows_only_what_it_is(builtin: RuleSet) -> None:
    key = fill("<pem:RSA PRIVATE KEY>", "1")
    keys = builtin._replace(rules=tuple([rule for rule in builtin.rules if rule.kind == "private-key"]))
    text = shown(sweep({"a.pem": key.encode(), "b.json": json.dumps({"key": key}).encode()}, keys, show=False))
    assert text.count("BEGIN RSA PRIVATE KEY") >= 2
    for line in key.splitlines()[1:-1]:
        assert line[8:24] not in text


def test_a_value_shows_when_it_is_asked_for() -> None:
    value = fill("toy_<loweralnum:24>", "1")
    (finding,) = sweep({"a": f"key: {value} # why".encode()}, rule_set([TOY]), show=True).findings
    assert (finding.secret, finding.context) == (value, f"key: {value} # why")

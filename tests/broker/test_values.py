"""Values: composed, checked before a child could see them, and never shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secrets_guard.broker.dotenv import read_dotenv
from secrets_guard.broker.environment import Limits, build
from secrets_guard.broker.plan import render
from secrets_guard.broker.policy import Policy, check
from secrets_guard.broker.providers.memory import MemoryProvider
from secrets_guard.broker.resolve import Resolved, resolve
from secrets_guard.errors import AccessDenied, BadValue, Unresolved
from secrets_guard.rules.template import fill

from .conftest import Values, manifest_of

PEM = fill("<pem:RSA PRIVATE KEY>", "values")


def failures(values: Values, env: dict[str, object], held: dict[str, object]) -> list[str]:
    with pytest.raises(Unresolved) as caught:
        values(env, providers={"memory": MemoryProvider(held)})
    return list(caught.value.failures)


def test_literals_references_and_mixtures_become_values(values: Values) -> None:
    held = {"db": '{"user": "joe", "n": 5, "on": true, "deep": {"er": "x"}, "a.b": "dotted"}', "raw": b"\xff\x01"}
    env = {
        "A": "info", "B": "memory:db#user", "C": "x ${memory:db#user}:${memory:db#n} y", "D": "memory:db#deep.er",
        "E": "memory:db#a.b", "F": "memory:db#on", "G": "memory:raw", "H": "memory:db#/deep/er",
    }  # fmt: skip
    assert values(env, providers={"memory": MemoryProvider(held)}) == {
        "A": "info", "B": "joe", "C": "x joe:5 y", "D": "x", "E": "dotted", "F": "true", "G": "\udcff\x01", "H": "x",
    }  # fmt: skip


def test_a_secret_that_several_variables_want_is_fetched_once(values: Values) -> None:
    memory = MemoryProvider({"a": "one"})
    values({"A": "memory:a", "B": "memory:a", "C": "${memory:a}${memory:a}"}, providers={"memory": memory})
    assert len(memory.asked) == 1


def test_all_failures_are_told_at_once_with_variable_reference_and_time_line(values: Values) -> None:
    held = {"a": AccessDenied("no right"), "b": "changeme", "c": "fine"}
    with pytest.raises(Unresolved) as caught:
        values(
            {"A": "memory:a", "B": "memory:b", "C": "memory:c", "D": "memory:d"},
            providers={"memory": MemoryProvider(held)},
        )
    assert [line.split(":")[0] for line in caught.value.failures] == ["A (memory", "B (memory", "D (memory"]
    assert "A (memory:a): no right" in caught.value.failures
    assert "memory: read 4: ok" in caught.value.timeline[0]


def test_optional_and_default_are_for_what_is_not_there_only(values: Values) -> None:
    held: dict[str, object] = {"denied": AccessDenied("no right")}
    env = {
        "A": {"ref": "memory:nope", "optional": True},
        "B": {"ref": "memory:nope", "default": "x"},
        "C": "memory:nope?default=y%20z",
    }
    assert values(env, providers={"memory": MemoryProvider(held)}) == {"B": "x", "C": "y z"}
    assert failures(values, {"A": {"ref": "memory:denied", "optional": True}}, held) == ["A (memory:denied): no right"]


@pytest.mark.parametrize(
    ("value", "policy", "told"),
    [
        (b"a\0b", Policy(), "NUL"),
        (b"", Policy(), "empty"),
        (b"  \n", Policy(), "empty"),
        (b"x\n", Policy(), "line break"),
        (b"x\r\n", Policy(), "line break"),
        *((text, Policy(), "placeholder") for text in (
            b"changeme", b"ChangeMe!", b"<password>", b"xxxx", b"your-api-key", b"TODO",
        )),
        (b"short", Policy(min_length=6), "shorter than min_length (5 of 6 bytes)"),
        (b"no pem", Policy(format="pem"), "no PEM"),
        (PEM.replace("\n", "").encode(), Policy(format="pem"), "line breaks lost"),
        (b"{torn", Policy(format="json"), "no JSON"),
        (b"no url", Policy(format="url"), "no URL"),
        (b"http://h:99999999/", Policy(format="url"), "no URL"),
    ],
)  # fmt: skip
def test_a_value_that_is_hardly_meant_is_refused_without_being_shown(value: bytes, policy: Policy, told: str) -> None:
    with pytest.raises(BadValue) as caught:
        check(value, policy)
    assert told in str(caught.value)
    if len(value.strip()) > 5:
        assert value.decode() not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "policy"),
    [
        (b"", Policy(allow=("empty",))),
        (b"x\n", Policy(allow=("newline",))),
        (b"changeme", Policy(allow=("placeholder",))),
        (f"{PEM}\n".encode(), Policy(format="pem")),
        (f"{PEM}\n{PEM}".encode(), Policy(format="pem")),
        (b'{"a": 1}\n', Policy(format="json")),
        (b"postgres://u:p@db:5432/app", Policy(format="url")),
        (b"a dummy in a longer value", Policy()),
    ],
)
def test_a_value_that_is_right_or_allowed_passes(value: bytes, policy: Policy) -> None:
    check(value, policy)


def test_an_empty_part_of_a_longer_text_is_refused(values: Values) -> None:
    (told,) = failures(values, {"DSN": "u:${memory:p}@db"}, {"p": ""})
    assert told.startswith("DSN (memory:p): memory:p is empty")


def test_all_fields_of_a_path_become_variables_by_a_pattern(values: Values) -> None:
    held = {"app": '{"api-key": "a", "user": "b", "odd name": "c"}'}
    env = {"APP_*": {"ref": "memory:app#*", "names": {"user": "LOGIN"}}}
    assert values(env, providers={"memory": MemoryProvider(held)}) == {
        "APP_API_KEY": "a",
        "LOGIN": "b",
        "APP_ODD_NAME": "c",
    }


def test_illegal_names_and_fields_that_are_not_there_are_told(values: Values) -> None:
    told = failures(values, {"*": {"ref": "memory:app#*", "names": {"nope": "X"}}}, {"app": '{"1st": "a", "b": ""}'})
    assert ["'1ST', made from field '1st'" in line for line in told] == [True, False, False]
    assert "field 'b' is empty" in told[1]
    assert "no field 'nope'" in told[2]


LIMITS = Limits(200, 1000)


def resolved(folder: Path, env: dict[str, object], held: dict[str, object]) -> Resolved:
    return resolve(manifest_of(folder, {}, env=env), {}, {"memory": MemoryProvider(held)})


def built(
    folder: Path, env: dict[str, object], held: dict[str, object], inherited: dict[str, str] | None = None
) -> dict[str, str]:
    made = build(
        inherited or {},
        resolved(folder, env, held).injected,
        frozenset({"VAULT_TOKEN", "OTHER"}),
        frozenset({"OTHER"}),
        ["cmd"],
        LIMITS,
    )
    return {name: secret.reveal().decode() for name, secret in made.items()}


def test_a_child_gets_what_was_inherited_and_injected_but_no_bootstrap_credential(tmp_path: Path) -> None:
    inherited = {"PATH": "/bin", "A": "old", "VAULT_TOKEN": "t", "OTHER": "kept"}
    assert built(tmp_path, {"A": "memory:a"}, {"a": "new"}, inherited) == {"PATH": "/bin", "A": "new", "OTHER": "kept"}


def test_a_variable_of_a_credential_s_name_that_was_asked_for_is_injected(tmp_path: Path) -> None:
    assert built(tmp_path, {"VAULT_TOKEN": "memory:a"}, {"a": "new"}, {"VAULT_TOKEN": "t"}) == {"VAULT_TOKEN": "new"}


def test_two_that_want_one_name_are_both_named(tmp_path: Path) -> None:
    with pytest.raises(Unresolved) as caught:
        built(
            tmp_path, {"APP_KEY": "memory:k", "APP_*": "memory:app#*"}, {"k": "x1", "app": '{"key": "y", "KEY": "z"}'}
        )
    first, second = caught.value.failures
    assert first.startswith("APP_KEY: both memory:k (")
    assert "memory:app#* field 'key' (" in first
    assert "field 'KEY'" in second


def test_what_the_kernel_would_not_take_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(Unresolved) as caught:
        built(tmp_path, {"BIG": "memory:b"}, {"b": "s" * 196}, {"ALSO": "x" * 300})
    assert ["BIG (memory:b): is too large" in line for line in caught.value.failures] == [False, True]
    assert len(built(tmp_path, {"BIG": "memory:b"}, {"b": "s" * 195})["BIG"]) == 195


def test_all_together_may_be_too_large(tmp_path: Path) -> None:
    with pytest.raises(Unresolved) as caught:
        built(tmp_path, {f"V{n}": f"memory:{n}" for n in range(9)}, {str(n): "ab" * (50 + n) for n in range(9)})
    assert "together are too large" in str(caught.value)
    assert "the largest variables are V8, V7, V6" in str(caught.value)


@given(
    st.dictionaries(
        st.from_regex(r"[A-Z_][A-Z0-9_]{0,8}", fullmatch=True),
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=40),
        max_size=4,
    )
)
def test_what_is_printed_as_dotenv_is_read_back_the_same(
    tmp_path_factory: pytest.TempPathFactory, wanted: dict[str, str]
) -> None:
    folder = tmp_path_factory.mktemp("round")
    allow = ["empty", "newline", "placeholder"]
    env: dict[str, object] = {name: {"ref": f"memory:{name}", "allow": allow} for name in wanted}
    found = resolved(folder, env, dict(wanted))
    assert {name: value.decode() for name, value in read_dotenv(render(found, "dotenv")).items()} == wanted
    assert json.loads(render(found, "json")) == wanted


@given(st.binary(max_size=200))
def test_any_bytes_are_a_dotenv_file_or_an_error_with_a_line(text: bytes) -> None:
    try:
        read_dotenv(text)
    except ValueError as error:
        line = int(str(error))
    else:
        line = 1
    assert 1 <= line <= text.count(b"\n") + 1


def test_dotenv_files_are_read_as_others_read_them() -> None:
    text = (
        b"\xef\xbb\xbf# c\nA=1\nexport B = two words # c\nC='x # $y'\n"
        b'D="l1\\nl2 \\"q\\"\n l3"\nE=\nF=a#b\r\nG="" # c\nA=2\n'
    )
    assert read_dotenv(text) == {
        "A": b"2", "B": b"two words", "C": b"x # $y", "D": b'l1\nl2 "q"\n l3', "E": b"", "F": b"a#b", "G": b"",
    }  # fmt: skip
    with pytest.raises(ValueError, match="2"):
        read_dotenv(b"A=1\nnot a line\n")


def test_the_retry_policy_knows_every_kind_of_failure() -> None:
    from secrets_guard import errors
    from secrets_guard.broker.retry import RETRIED

    every = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.BrokerError)}
    assert set(RETRIED) == every - {errors.BrokerError}
    assert [kind for kind, retried in RETRIED.items() if retried] == [errors.ProviderUnavailable]

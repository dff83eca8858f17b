"""References: what is one, what it says, and what is refused."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secrets_guard.broker.protocol import SecretRef
from secrets_guard.broker.refs import parse, parse_ref
from secrets_guard.errors import ManifestError

ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbCdEf"


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        ("vault:secret/app#api_key", SecretRef("vault", "secret/app", "api_key")),
        ("vault:secret/app#api_key?version=3", SecretRef("vault", "secret/app", "api_key", "3")),
        ("vault:secret/app?version=3#api_key", SecretRef("vault", "secret/app", "api_key", "3")),
        ("vault:secret/data/app#KEY#3", SecretRef("vault", "secret/data/app", "KEY", "3")),
        ("vault:secret/app#a%23b.c", SecretRef("vault", "secret/app", "a#b.c")),
        ("vault:secret/app#*", SecretRef("vault", "secret/app", "*")),
        ("vault:secret/app#k?namespace=a/b", SecretRef("vault", "secret/app", "k", options=(("namespace", "a/b"),))),
        ("vault:transit/decrypt/app?ciphertext=vault:v1:a+b/c==",
         SecretRef("vault", "transit/decrypt/app", "plaintext", data='{"ciphertext": "vault:v1:a+b/c=="}')),
        ('>>vault:pki/issue/web#certificate#{"ttl": "1h", "common_name": "a#b?c"}',
         SecretRef("vault", "pki/issue/web", "certificate", data='{"common_name": "a#b?c", "ttl": "1h"}')),
        (">>vault:sys/tools/random#random_bytes", SecretRef("vault", "sys/tools/random", "random_bytes", data="{}")),
        ("aws-sm:prod/stripe#secret_key?stage=AWSPREVIOUS",
         SecretRef("aws-sm", "prod/stripe", "secret_key", "", "AWSPREVIOUS")),
        ("aws-ssm:/prod/sentry/dsn", SecretRef("aws-ssm", "/prod/sentry/dsn")),
        ("gcp-sm:project/name#key?version=3", SecretRef("gcp-sm", "project/name", "key", "3")),
        ("ref+gcpsecrets://project/name?version=3#/a/b", SecretRef("gcp-sm", "project/name", "/a/b", "3")),
        ("gcp:secretmanager:projects/p/secrets/n/versions/2", SecretRef("gcp-sm", "projects/p/secrets/n/versions/2")),
        ("env-file:.env#KEY", SecretRef("env-file", ".env", "KEY")),
        ("file:/run/secrets/a%20b", SecretRef("file", "/run/secrets/a b")),
        ("ref+vault://kv/foo?namespace=ns1&version=2#/bar",
         SecretRef("vault", "kv/foo", "bar", "2", "", (("namespace", "ns1"),))),
        ("ref+vault://kv/foo#/a/b", SecretRef("vault", "kv/foo", "/a/b")),
        ("ref+vault://kv/foo#/bar+", SecretRef("vault", "kv/foo", "bar")),
        ("ref+awssecrets://team/doc?region=us-west-2&version_stage=AWSPREVIOUS#/a/b",
         SecretRef("aws-sm", "team/doc", "/a/b", "", "AWSPREVIOUS", (("region", "us-west-2"),))),
        ("ref+awsssm://foo/bar", SecretRef("aws-ssm", "/foo/bar")),
        ("ref+awsssm://foo/bar#/BAR", SecretRef("aws-ssm", "/foo/bar/BAR")),
        ("ref+awsssm://foo?recursive=true#/bar/BAR", SecretRef("aws-ssm", "/foo/bar/BAR")),
        ("ref+awsssm://foo/bar?mode=singleparam#/BAR", SecretRef("aws-ssm", "/foo/bar", "BAR")),
        ("ref+awsssm://foo?region=x&mode=singleparam&version=2#/a/b",
         SecretRef("aws-ssm", "/foo", "/a/b", "2", options=(("region", "x"),))),
        ("ref+awsssm://foo?mode=singleparam", SecretRef("aws-ssm", "/foo")),
        ("secretref+vault://kv/foo#/bar", SecretRef("vault", "kv/foo", "bar")),
        ("ref+openbao://kv/foo#/bar+", SecretRef("vault", "kv/foo", "bar")),
        ("aws-ssm:/prod/app/#*", SecretRef("aws-ssm", "/prod/app/", "*")),
        (ARN, SecretRef("aws-sm", ARN)),
        (f"{ARN}:username::", SecretRef("aws-sm", ARN, "username")),
        (f"{ARN}::AWSPREVIOUS:", SecretRef("aws-sm", ARN, "", "", "AWSPREVIOUS")),
        (f"{ARN}:k::v1", SecretRef("aws-sm", ARN, "k", "v1")),
        ("arn:aws:ssm:eu-west-1:123456789012:parameter/a/b",
         SecretRef("aws-ssm", "arn:aws:ssm:eu-west-1:123456789012:parameter/a/b")),
    ],
)  # fmt: skip
def test_a_reference_says_where_a_secret_is(text: str, ref: SecretRef) -> None:
    assert parse(text).sole == ref


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("vault:secret/app", "name one (#key), or all (#*)"),
        ("vault:#key", "no path"),
        ("vault:secret/../sys/raw#key", "'.' or '..'"),
        ("vault:secret/app#k?version=two", "a number"),
        ("vault:secret/app#k?verson=2", "did you mean 'version'?"),
        ("vault:secret/app#${.user}:${.pass}", "templates of bank-vaults"),
        (">>vault:pki/issue/web#certificate#{ttl}", "is no JSON"),
        (">>vault:pki/issue/web#certificate#[1]", "data: must be a mapping"),
        ("aws-sm:x?namespace=y", "unknown option 'namespace'"),
        ("env-file:.env", "name the variable"),
        ("file:/run/x#key", "no keys"),
        ("ref+gkms://p/n", "no provider for it"),
        ("arn:aws:ssm:eu-west-1:123456789012:document/x", "no ARN of a secret"),
        ("a ${vault:secret/app#k?optional=true} b", "of a whole value"),
        ("a ${vault:secret/app#*} b", "no place inside a text"),
    ],
)
def test_a_reference_that_can_not_be_right_is_refused(text: str, told: str) -> None:
    with pytest.raises(ManifestError) as caught:
        parse(text)
    assert told in str(caught.value)


def test_references_inside_a_longer_text_are_found_with_what_stands_around_them() -> None:
    value = parse("postgres://${vault:db/ro#username}:${aws-sm:db#password}@db/app")
    user, password = SecretRef("vault", "db/ro", "username"), SecretRef("aws-sm", "db", "password")
    assert value.parts == ("postgres://", user, ":", password, "@db/app")


def test_references_of_vals_inside_a_longer_text_end_at_a_plus() -> None:
    user, password = SecretRef("vault", "db", "u"), SecretRef("aws-sm", "db", "p")
    text = "postgres://ref+vault://db#/u+:secretref+awssecrets://db#/p+@db/app"
    assert parse(text).parts == ("postgres://", user, ":", password, "@db/app")
    assert parse("ref+vault://db#/u+:ref+awssecrets://db#/p", inherited=True).parts == (user, ":", password)
    assert parse("Bearer ref+vault://db#/u").parts == ("Bearer ", user)
    assert parse("a ${ref+vault://db#/u} b").parts == ("a ", user, " b")
    assert parse("ref+gcpsecrets://p/n?fallback=x") == (
        (SecretRef("gcp-sm", "p/n"),), (("default", "x"),)
    )  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "",
        "$HOME/x",
        "${HOME}",
        "${debian_chroot:+x}",
        "http://vault:8200/x",
        "a ${x",
        "pref+x://y+",
        "a ref+x://y",
    ],
)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert parse(text).parts == (text,)


def test_a_literal_that_begins_like_a_reference_is_escaped() -> None:
    assert parse("literal:vault:secret/app#k").parts == ("vault:secret/app#k",)
    assert parse("literal:literal:x").parts == ("literal:x",)
    assert parse("literal:vault:secret/app#k", inherited=True).parts == ("vault:secret/app#k",)
    # Nobody wrote that for us.
    assert parse("literal:plain", inherited=True).parts == ("literal:plain",)


@pytest.mark.parametrize(
    "text",
    [
        "file:./dev.db",
        ARN,
        "memory:x",
        "vault:login",
        "vault:v1:8SDd3WHDOjf7mq69CyCqYjBXAiQQAVZRkFM13ok481zoCmHnSeDX9vyf7w==",
    ],
)
def test_in_the_environment_ordinary_values_are_left_alone(text: str) -> None:
    assert parse(text, inherited=True).parts == (text,)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30), st.text(min_size=1, max_size=20))
def test_any_path_and_key_can_be_written(path: str, key: str) -> None:
    from urllib.parse import quote

    if not path.strip("/") or "\0" in path or key == "*":
        return
    key = key.encode("utf-8", "replace").decode()
    ref, _ = parse_ref(f"aws-sm:{quote(path, safe='')}#{quote(key, safe='')}")
    assert (ref.path, ref.key) == (path, key)


@given(st.text(max_size=60))
def test_no_text_makes_the_parser_fail_otherwise(text: str) -> None:
    for prefix in ("", "vault:", "aws-sm:", "ref+vault://", "arn:aws:ssm:", "x${vault:", ">>vault:"):
        with suppress(ManifestError):
            assert "".join(map(str, parse(prefix + text).parts)) or not prefix + text


@pytest.mark.parametrize(
    "text", ["https://x/y#z", "mailto:a@b.org#c", "urn:isbn:0#a", "C:/x#y", "vualt://x#y", "a b: c#d"]
)
def test_a_text_that_is_only_somewhat_like_a_reference_is_a_literal(text: str) -> None:
    assert parse(text).parts == (text,)


def test_a_scheme_that_is_misspelt_is_told_and_can_be_escaped() -> None:
    with pytest.raises(ManifestError, match="did you mean 'aws-sm'"):
        parse("aws-smm:prod/db#password")
    assert parse("literal:vualt:x#y").parts == ("vualt:x#y",)
    assert parse("vualt:x#y", inherited=True).parts == ("vualt:x#y",)

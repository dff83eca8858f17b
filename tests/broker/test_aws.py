"""The AWS provider over HTTP against moto: secrets, parameters, batches, what is missing, faults on the way."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import boto3
import pytest

from secrets_guard.broker.deadline import Deadline
from secrets_guard.broker.protocol import Fetched, SecretRef
from secrets_guard.broker.providers import open_provider
from secrets_guard.errors import ManifestError, Unresolved

from .conftest import Values, aws_environment
from .fault_proxy import FaultProxy

Proxies = Callable[..., FaultProxy]


def client(address: str, service: str, region: str = "eu-west-1") -> Any:
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    return boto3.client(service, endpoint_url=address, region_name=region, **keys)


@pytest.fixture
def stripe(aws: str) -> str:
    """Put a JSON secret in two versions and return its ARN."""
    secrets = client(aws, "secretsmanager")
    arn = str(secrets.create_secret(Name="prod/stripe", SecretString='{"secret_key": "one"}')["ARN"])
    secrets.put_secret_value(SecretId=arn, SecretString='{"secret_key": "two", "deep": {"er": 5}}')
    return arn


def failures(values: Values, env: dict[str, object], **options: Any) -> list[str]:
    with pytest.raises(Unresolved) as caught:
        values(env, **options)
    return list(caught.value.failures)


def test_a_secret_is_read_by_name_arn_and_alias_whole_or_by_key(stripe: str, values: Values) -> None:
    env = {
        "A": "aws-sm:prod/stripe#secret_key", "B": f"aws-sm:{stripe}#secret_key", "C": f"{stripe}:secret_key::",
        "D": "ref+awssecrets://prod/stripe#/deep/er", "E": "aws-sm:prod/stripe#deep.er", "F": stripe,
        "G": stripe.rpartition("-")[0],
    }  # fmt: skip
    whole = '{"secret_key": "two", "deep": {"er": 5}}'
    assert values(env) == {"A": "two", "B": "two", "C": "two", "D": "5", "E": "5", "F": whole, "G": whole}


def test_a_stage_or_version_is_what_was_asked_for(aws: str, stripe: str, values: Values) -> None:
    versions = client(aws, "secretsmanager").list_secret_version_ids(SecretId=stripe)["Versions"]
    old = next(one["VersionId"] for one in versions if "AWSPREVIOUS" in one["VersionStages"])
    env = {
        "A": "aws-sm:prod/stripe#secret_key?stage=AWSPREVIOUS",
        "B": f"aws-sm:prod/stripe#secret_key?version={old}",
        "C": f"{stripe}:secret_key:AWSPREVIOUS:",
        "D": {"ref": "aws-sm:prod/stripe#secret_key", "stage": "AWSPREVIOUS"},
    }
    assert set(values(env).values()) == {"one"}


def test_a_binary_secret_is_its_bytes(aws: str, values: Values) -> None:
    client(aws, "secretsmanager").create_secret(Name="bin", SecretBinary=b"\x01\xff")
    assert values({"A": "aws-sm:bin"}) == {"A": "\x01\udcff"}


def test_parameters_are_read_with_versions_and_json_keys(aws: str, values: Values) -> None:
    parameters = client(aws, "ssm")
    parameters.put_parameter(Name="/p/dsn", Value="first", Type="SecureString")
    parameters.put_parameter(Name="/p/dsn", Value='{"a": "second"}', Type="SecureString", Overwrite=True)
    env = {"A": "aws-ssm:/p/dsn?version=1", "B": "aws-ssm:/p/dsn#a", "C": "ref+awsssm://p/dsn?mode=singleparam#/a",
           "D": "ref+awsssm://p?version=1#/dsn"}  # fmt: skip
    assert values(env) == {"A": "first", "B": "second", "C": "second", "D": "first"}


def test_all_parameters_below_a_path_are_read_page_by_page(aws: str, values: Values, proxy: Proxies) -> None:
    parameters = client(aws, "ssm")
    for name in ("db/password", "db/user", *(f"n{number}" for number in range(12))):
        parameters.put_parameter(Name=f"/prod/app/{name}", Value=f"v-{name}", Type="SecureString")
    parameters.put_parameter(Name="/prod/application", Value="of another", Type="SecureString")
    way = proxy(aws)
    env = {"APP_*": "aws-ssm:/prod/app/#*", "A": "aws-ssm:/prod/app/#db/user"}
    found = values(env, {"aws": {"endpoint": way.url}})
    assert len(found) == 15
    assert (found["APP_DB_PASSWORD"], found["APP_N11"], found["A"]) == ("v-db/password", "v-n11", "v-db/user")
    assert len(way.asked) == 2
    told = failures(values, {"A": "aws-ssm:/nope/#x", "B": "aws-ssm:/prod/app/#db/pasword"})
    assert "there is no parameter below /nope/" in told[0]
    assert "did you mean 'db/password'?" in told[1]


def test_many_are_read_in_batches(aws: str, values: Values, proxy: Proxies) -> None:
    secrets, parameters = client(aws, "secretsmanager"), client(aws, "ssm")
    for number in range(25):
        secrets.create_secret(Name=f"s{number}", SecretString=f"sv{number}")
        parameters.put_parameter(Name=f"/p/{number}", Value=f"pv{number}", Type="SecureString")
    way = proxy(aws)
    env = {f"S{n}": f"aws-sm:s{n}" for n in range(25)} | {f"P{n}": f"aws-ssm:/p/{n}" for n in range(25)}
    found = values(env, {"aws": {"endpoint": way.url}})
    assert found == {f"S{n}": f"sv{n}" for n in range(25)} | {f"P{n}": f"pv{n}" for n in range(25)}
    assert len(way.asked) == 2 + 3


def test_where_batches_are_not_allowed_each_is_read_by_itself(aws: str, values: Values, proxy: Proxies) -> None:
    for number in range(3):
        client(aws, "secretsmanager").create_secret(Name=f"s{number}", SecretString=f"sv{number}")
    way = proxy(aws)
    way.faults = {"BatchGetSecretValue": ["denied"]}
    env: dict[str, object] = {f"S{n}": f"aws-sm:s{n}" for n in range(3)}
    assert values(env, {"aws": {"endpoint": way.url}}) == {f"S{n}": f"sv{n}" for n in range(3)}
    assert len(way.asked) == 4


def test_missing_deleted_denied_and_unreadable_are_told_apart(
    aws: str, stripe: str, values: Values, proxy: Proxies
) -> None:
    secrets = client(aws, "secretsmanager")
    secrets.create_secret(Name="gone", SecretString="x")
    secrets.delete_secret(SecretId="gone")
    secrets.create_secret(Name="text", SecretString="no json")
    way = proxy(aws)
    env: dict[str, object] = {
        "A": "aws-sm:gone", "B": "aws-sm:nope", "C": "aws-ssm:/nope", "D": "aws-sm:text#key",
        "E": "aws-sm:prod/stripe#secret_ky",
        "F": "aws-sm:prod/stripe#secret_key?stage=NOSTAGE", "G": "aws-ssm:/nope?version=2",
    }  # fmt: skip
    told = failures(values, env, settings={"aws": {"endpoint": way.url}})
    for line, words in zip(told, (
        "scheduled for deletion", "no such secret", "no parameter /nope", "no JSON", "did you mean 'secret_key'?",
        "no such secret, version or stage", "no parameter /nope:2",
    ), strict=True):  # fmt: skip
        assert words in line
    way.faults = {"GetSecretValue": ["denied", "kms"]}
    assert (
        "AWS refused: AccessDeniedException"
        in failures(values, {"A": "aws-sm:text"}, settings={"aws": {"endpoint": way.url}})[0]
    )
    assert (
        "KMS did not decrypt it" in failures(values, {"A": "aws-sm:text"}, settings={"aws": {"endpoint": way.url}})[0]
    )


@pytest.mark.parametrize("fault", ["throttle", 500, 503, 429, "drop", "torn"])
@pytest.mark.parametrize("service", ["GetSecretValue", "GetParameters"])
def test_a_read_is_tried_again_until_it_works(
    aws: str, values: Values, proxy: Proxies, fault: int | str, service: str
) -> None:
    client(aws, "secretsmanager").create_secret(Name="a", SecretString="safe")
    client(aws, "ssm").put_parameter(Name="a", Value="safe", Type="SecureString")
    way = proxy(aws)
    way.faults = {service: [fault, fault]}
    ref = "aws-sm:a" if service == "GetSecretValue" else "aws-ssm:a"
    assert values({"A": ref}, {"aws": {"endpoint": way.url}}) == {"A": "safe"}
    assert len(way.asked) == 3


def test_the_region_is_that_of_the_reference_its_arn_or_the_manifest(aws: str, values: Values) -> None:
    far = client(aws, "secretsmanager", "us-west-2")
    arn = far.create_secret(Name="far", SecretString="west")["ARN"]
    assert values({"A": "aws-sm:far?region=us-west-2", "B": f"aws-sm:{arn}"}) == {"A": "west", "B": "west"}
    assert values({"A": "aws-sm:far"}, {"aws": {"region": "us-west-2"}}) == {"A": "west"}
    assert "no such secret" in failures(values, {"A": "aws-sm:far"})[0]


def test_a_role_is_assumed_when_asked(stripe: str, values: Values, proxy: Proxies, aws: str) -> None:
    way = proxy(aws)
    settings = {"aws": {"endpoint": way.url, "role_arn": "arn:aws:iam::123456789012:role/web"}}
    assert values({"A": "aws-sm:prod/stripe#secret_key"}, settings) == {"A": "two"}
    assert len(way.asked) == 2


# https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
ASSUMED = """<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
<AccessKeyId>made</AccessKeyId><SecretAccessKey>made</SecretAccessKey><SessionToken>made</SessionToken>
<Expiration>{}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"""


def test_a_role_is_assumed_by_its_external_id_and_again_when_it_is_about_to_end(
    stripe: str, aws: str, proxy: Proxies
) -> None:
    asked: list[dict[str, list[str]]] = []

    def assume(sent: bytes) -> tuple[int, object]:
        asked.append(parse_qs(sent.decode()))
        until = datetime.now(UTC) + timedelta(seconds=30 if len(asked) == 1 else 3600)
        return 200, ASSUMED.format(until.strftime("%Y-%m-%dT%H:%M:%SZ")).encode()

    way = proxy(aws)
    way.own = {"Action=AssumeRole": assume}
    settings = {"endpoint": way.url, "role_arn": "arn:aws:iam::123456789012:role/web", "external_id": "of-a-partner"}
    provider = open_provider("aws", settings, {})
    ref = SecretRef("aws-sm", stripe, "secret_key")
    for times in (1, 2, 2):
        outcome = provider.fetch([ref], Deadline(5))[ref]
        assert isinstance(outcome, Fetched)
        assert outcome.secret.reveal() == b"two"
        assert len(asked) == times
    assert asked[0]["ExternalId"] == ["of-a-partner"]


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("decryption", "KMS did not decrypt it: Secrets Manager can't decrypt"),
        ("kms", "KMS did not decrypt it: Access to KMS is not allowed"),
        ("denied", "AWS refused: AccessDeniedException"),
        ("expired", "AWS refused: ExpiredTokenException"),
        ("deleted", "it is scheduled for deletion"),
    ],
)
@pytest.mark.parametrize("alone", [True, False])
def test_why_a_secret_can_not_be_read_is_told_apart_in_a_batch_as_well(
    aws: str, values: Values, proxy: Proxies, fault: str, told: str, alone: bool
) -> None:
    for name in ("a", "b"):
        client(aws, "secretsmanager").create_secret(Name=name, SecretString="safe")
    way = proxy(aws)
    way.faults = {"secretsmanager.GetSecretValue": [fault, fault]}
    # A batch names what it could not read; moto never does for these reasons.
    errors = [{"SecretId": name, "ErrorCode": "DecryptionFailure", "Message": "of the batch"} for name in "ab"]
    way.own = {"SecretIdList": lambda _sent: (200, {"SecretValues": [], "Errors": errors})}
    env: dict[str, object] = {"A": "aws-sm:a"} if alone else {"A": "aws-sm:a", "B": "aws-sm:b"}
    lines = failures(values, env, settings={"aws": {"endpoint": way.url}})
    assert told in lines[0]


def test_a_parameter_that_kms_does_not_decrypt_harms_no_other_of_its_batch(
    aws: str, values: Values, proxy: Proxies
) -> None:
    for name in ("a", "b"):
        client(aws, "ssm").put_parameter(Name=name, Value="safe", Type="SecureString")
    way = proxy(aws)
    way.faults = {"GetParameters": ["kms", "kms"]}
    lines = failures(values, {"A": "aws-ssm:a", "B": "aws-ssm:b"}, settings={"aws": {"endpoint": way.url}})
    assert len(lines) == 1
    assert "KMS did not decrypt it" in lines[0]


def test_what_stays_throttled_until_the_deadline_is_told_as_that(aws: str, values: Values, proxy: Proxies) -> None:
    way = proxy(aws)
    way.forever = "throttle"
    for ref in ("aws-sm:a", "aws-ssm:a"):
        (line,) = failures(values, {"A": ref}, settings={"aws": {"endpoint": way.url}}, deadline="2s")
        assert "AWS: ThrottlingException (400)" in line


@pytest.mark.parametrize("way_in", ["profile", "process", "web identity", "task"])
def test_credentials_come_from_all_that_boto3_knows(
    stripe: str, aws: str, proxy: Proxies, values: Values, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, way_in: str
) -> None:
    way = proxy(aws)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    keys = {"AccessKeyId": f"of-{way_in.replace(' ', '-')}", "SecretAccessKey": "x"}
    settings: dict[str, str] = {"endpoint": way.url}
    if way_in == "profile":
        (tmp_path / ".aws").mkdir()
        text = f"[shop]\naws_access_key_id = {keys['AccessKeyId']}\naws_secret_access_key = x\n"
        (tmp_path / ".aws" / "credentials").write_text(text)
        settings["profile"] = "shop"
    elif way_in == "process":
        (tmp_path / ".aws").mkdir()
        (tmp_path / "keys.json").write_text(json.dumps({"Version": 1, **keys}))
        (tmp_path / ".aws" / "config").write_text(f"[default]\ncredential_process = cat {tmp_path}/keys.json\n")
    elif way_in == "web identity":
        (tmp_path / "token").write_text("of.the.pod")
        monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))
        monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/web")
    else:
        until = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        way.own = {"/credentials": lambda _sent: (200, {**keys, "Token": "t", "Expiration": until})}
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{way.url}/credentials")
    assert values({"A": "aws-sm:prod/stripe#secret_key"}, {"aws": settings}) == {"A": "two"}
    (by,) = {found.group(1) for found in map(re.compile("Credential=([^/]+)/").search, way.signed) if found}
    assert by == keys["AccessKeyId"] or (way_in == "web identity" and by.startswith("ASIA"))


def test_where_only_fargates_variable_names_the_region_it_counts(
    aws: str, values: Values, monkeypatch: pytest.MonkeyPatch
) -> None:
    client(aws, "secretsmanager", "us-west-2").create_secret(Name="far", SecretString="west")
    assert "no such secret" in failures(values, {"A": "aws-sm:far"}, environment={"AWS_REGION": "us-west-2"})[0]
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert values({"A": "aws-sm:far"}, environment={"AWS_REGION": "us-west-2"}) == {"A": "west"}


def test_no_credentials_and_no_region_are_told(aws: str, values: Values, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/nonexistent")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert "no AWS credentials that work" in failures(values, {"A": "aws-sm:x"})[0]
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(ManifestError, match="region"):
        values({"A": "aws-sm:x"})
    with pytest.raises(ManifestError, match="did you mean 'region'"):
        values({"A": "aws-sm:x"}, {"aws": {"regoin": "x"}})


def test_the_environment_of_these_tests_leads_to_the_server_only(aws: str) -> None:
    assert {name for name in os.environ if name.startswith("AWS_")} == set(aws_environment(aws))

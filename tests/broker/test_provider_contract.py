"""What every provider holds to, whatever is behind it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import boto3
import pytest

from secrets_guard.broker.deadline import Deadline
from secrets_guard.broker.protocol import Fetched, Provider, SecretRef
from secrets_guard.broker.providers import PROVIDERS, open_provider
from secrets_guard.broker.refs import REF_OPTIONS, SCHEMES
from secrets_guard.errors import BadValue, BrokerError, ManifestError, ProviderUnavailable, SecretNotFound

from .conftest import ROOT_TOKEN, Vault
from .fault_proxy import FaultProxy


class Case(NamedTuple):
    """A provider with ``safe`` behind ``there`` and nothing behind ``missing``."""

    provider: Provider
    there: SecretRef
    missing: SecretRef


@pytest.fixture(params=list(PROVIDERS))
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Case:
    name = str(request.param)
    if name == "vault":
        vault: Vault = request.getfixturevalue("vault")
        vault.call("POST", "secret/data/app", {"data": {"key": "safe"}})
        settings = {"address": vault.address, "namespace": vault.namespace}
        environment = {"VAULT_TOKEN": ROOT_TOKEN}
        there = SecretRef("vault", "secret/app", "key")
        return Case(open_provider(name, settings, environment), there, there._replace(path="secret/nope"))
    if name == "aws":
        address = request.getfixturevalue("aws")
        boto3.client("secretsmanager", endpoint_url=address).create_secret(Name="there", SecretString="safe")
        return Case(open_provider(name, {}, {}), SecretRef("aws-sm", "there"), SecretRef("aws-sm", "nope"))
    if name == "gcp":
        gcp = request.getfixturevalue("gcp")
        gcp.put("projects/p/secrets/there", b"safe")
        there = SecretRef("gcp-sm", "p/there")
        return Case(open_provider(name, {"endpoint": gcp.url}, {}), there, there._replace(path="p/nope"))
    if name == "env-file":
        (tmp_path / ".env").write_text("KEY=safe\n")
        there = SecretRef("env-file", str(tmp_path / ".env"), "KEY")
        return Case(open_provider(name, {}, {}), there, there._replace(key="NOPE"))
    if name == "file":
        (tmp_path / "key").write_text("safe\n")
        there = SecretRef("file", str(tmp_path / "key"))
        return Case(open_provider(name, {}, {}), there, there._replace(path=str(tmp_path / "nope")))
    return Case(open_provider(name, {"a": "safe"}, {}), SecretRef("memory", "a"), SecretRef("memory", "b"))


def test_each_reference_has_an_outcome_and_one_that_is_missing_harms_no_other(case: Case) -> None:
    found = case.provider.fetch([case.there, case.missing], Deadline(5))
    assert set(found) == {case.there, case.missing}
    there = found[case.there]
    assert isinstance(there, Fetched)
    assert there.secret.reveal() == b"safe"
    assert isinstance(found[case.missing], SecretNotFound)
    assert "safe" not in repr(found)


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(
    ("name", "settings", "ref"),
    [
        ("vault", {"address": "http://127.0.0.1:1"}, SecretRef("vault", "secret/app", "key")),
        ("aws", {"endpoint": "http://127.0.0.1:1"}, SecretRef("aws-sm", "there")),
        ("gcp", {"endpoint": "http://127.0.0.1:1"}, SecretRef("gcp-sm", "p/there")),
    ],
)
def test_what_can_not_be_reached_is_our_error_within_the_deadline(
    name: str, settings: dict[str, object], ref: SecretRef
) -> None:
    provider = open_provider(name, settings, {"VAULT_TOKEN": ROOT_TOKEN})
    outcome = provider.fetch([ref], Deadline(0.4))[ref]
    assert isinstance(outcome, ProviderUnavailable)


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize("status", [200, 204, 206, 307, 400, 407, 409, 418, 501, 599])
@pytest.mark.parametrize(
    ("name", "ref"),
    [
        ("vault", SecretRef("vault", "secret/app", "key")),
        ("aws", SecretRef("aws-sm", "there")),
        ("aws", SecretRef("aws-ssm", "/there")),
        ("gcp", SecretRef("gcp-sm", "p/there")),
    ],
)
def test_whatever_a_server_answers_is_an_outcome(
    name: str, ref: SecretRef, status: int, proxy: Callable[..., FaultProxy]
) -> None:
    way = proxy("http://127.0.0.1:1")
    place = {"address" if name == "vault" else "endpoint": way.url}
    provider = open_provider(name, place, {"VAULT_TOKEN": ROOT_TOKEN})
    odd = (
        b"<html>", b"[1]", b'{"data": 1}', b'{"__type": 5, "error": "x"}', b'{"payload": 5, "name": "x"}', b"",
        b'{"Parameters": [{"Name": "/there"}, 5]}', b'{"Parameters": [{"Name": "/there"}]}', b'{"SecretString": null}',
    )  # fmt: skip
    for document in odd if status == 200 else odd[:4]:
        way.own = {"": lambda _sent, document=document: (status, document)}  # type: ignore[misc]
        outcome = provider.fetch([ref], Deadline(0.15))[ref]
        assert isinstance(outcome, BrokerError), document


@pytest.mark.parametrize("name", sorted(set(PROVIDERS) - {"memory"}))
def test_an_unknown_setting_is_refused(name: str) -> None:
    with pytest.raises(ManifestError, match="unknown key 'nonsense'"):
        open_provider(name, {"nonsense": "x"}, {})


def test_every_scheme_has_its_provider_and_options() -> None:
    assert set(SCHEMES.values()) == set(PROVIDERS)
    assert set(REF_OPTIONS) == set(SCHEMES)


def test_a_file_that_is_a_folder_a_pipe_or_huge_is_no_secret(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with open(tmp_path / "huge", "wb") as stream:
        stream.truncate(2 << 20)
    refs = [SecretRef("file", str(tmp_path / name)) for name in ("pipe", "huge", "")]
    found = open_provider("file", {}, {}).fetch(refs, Deadline(5))
    assert all(isinstance(outcome, BrokerError) for outcome in found.values())


def test_a_dotenv_file_that_is_none_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=1\n<html>\n")
    ref = SecretRef("env-file", str(tmp_path / ".env"), "A")
    outcome = open_provider("env-file", {}, {}).fetch([ref], Deadline(5))[ref]
    assert isinstance(outcome, BadValue)
    assert ".env:2: no line of a dotenv file" in str(outcome)

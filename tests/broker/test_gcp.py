"""Google's Secret Manager by its own client, against a server of the tests that speaks the documented API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from secrets_guard.errors import ManifestError, Unresolved

from .authority import Authority
from .conftest import Run, Values
from .secret_manager import TOKEN, SecretManager

APP = "projects/shop/secrets/app"


def settings(gcp: SecretManager, **more: str) -> dict[str, Any]:
    return {"gcp": {"endpoint": gcp.url, **more}}


def failures(values: Values, env: dict[str, object], given: dict[str, Any], deadline: str = "5s") -> list[str]:
    with pytest.raises(Unresolved) as caught:
        values(env, given, deadline=deadline)
    return list(caught.value.failures)


def test_a_secret_is_read_whole_or_by_key_by_version_and_by_full_name(gcp: SecretManager, values: Values) -> None:
    gcp.put(APP, b"first", b'{"key": "second", "deep": {"er": 5}}')
    gcp.put("projects/shop/locations/eu/secrets/app", b"of a region")
    env = {
        "A": "gcp-sm:shop/app#key", "B": "gcp-sm:shop/app?version=1", "C": {"ref": "gcp-sm:shop/app", "version": 1},
        "D": f"gcp-sm:{APP}#deep.er", "E": f"gcp-sm:{APP}/versions/1", "F": "ref+gcpsecrets://shop/app?version=2#/key",
        "G": f"gcp:secretmanager:{APP}/versions/1", "H": "gcp-sm:projects/shop/locations/eu/secrets/app",
        "I": "gcp-sm:app#key",
    }  # fmt: skip
    assert values(env, settings(gcp, project="shop")) == {
        "A": "second", "B": "first", "C": "first", "D": "5", "E": "first", "F": "second", "G": "first",
        "H": "of a region", "I": "second",
    }  # fmt: skip


def test_a_name_alone_is_of_the_project_that_the_environment_names(gcp: SecretManager, values: Values) -> None:
    gcp.put(APP, b"safe")
    assert values({"A": "gcp-sm:app"}, settings(gcp), {"GOOGLE_CLOUD_PROJECT": "shop"}) == {"A": "safe"}


def test_two_keys_of_a_secret_are_one_read(gcp: SecretManager, values: Values) -> None:
    gcp.put(APP, b'{"user": "u", "password": "p"}')
    assert values({"A": "${gcp-sm:shop/app#user}:${gcp-sm:shop/app#password}"}, settings(gcp)) == {"A": "u:p"}
    assert values({"APP_*": "gcp-sm:shop/app#*"}, settings(gcp)) == {"APP_USER": "u", "APP_PASSWORD": "p"}
    assert len(gcp.asked) == 2


def test_missing_disabled_denied_and_unreadable_are_told_apart(gcp: SecretManager, values: Values) -> None:
    gcp.put(APP, b"x", (400, f"Secret Version [{APP}/versions/2] is in DISABLED state."), (403, "Permission denied"))
    gcp.put("projects/shop/secrets/text", b"no json")
    env: dict[str, object] = {
        "A": "gcp-sm:shop/nope", "B": "gcp-sm:shop/app?version=9", "C": "gcp-sm:shop/app?version=2",
        "D": "gcp-sm:shop/app", "E": "gcp-sm:shop/text#key", "F": "gcp-sm:nope", "G": "gcp-sm:a/b/c",
    }  # fmt: skip
    told = failures(values, env, settings(gcp))
    for line, words in zip(told, (
        "there is no such secret or version", "not found", "is in DISABLED state", "Google refused: 403",
        "is no JSON", "'nope' is no PROJECT/NAME", "'a/b/c' is no PROJECT/NAME",
    ), strict=True):  # fmt: skip
        assert words in line
    assert values({"A": {"ref": "gcp-sm:shop/nope", "default": "d"}}, settings(gcp)) == {"A": "d"}


@pytest.mark.parametrize("fault", [429, 500, 503, "drop", "not json", "torn"])
def test_a_read_is_tried_again_until_it_works(gcp: SecretManager, values: Values, fault: int | str) -> None:
    gcp.put(APP, b"safe")
    gcp.faults = [fault, fault]
    assert values({"A": "gcp-sm:shop/app"}, settings(gcp)) == {"A": "safe"}
    assert len(gcp.asked) == 3


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SecretManager]:
    """Return a server over TLS that wants the token of a service account, whose key the environment leads to."""
    authority = Authority(tmp_path)
    server = SecretManager(authority.sign("localhost"))
    server.required = TOKEN
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    info = {
        "type": "service_account", "client_email": "web@shop.test", "token_uri": f"{server.url}/token",
        "private_key": private.decode(), "project_id": "shop",
    }  # fmt: skip
    (tmp_path / "account.json").write_text(json.dumps(info))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "account.json"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", authority.certificate)
    yield server
    server.close()


def test_a_service_account_logs_in(account: SecretManager, values: Values) -> None:
    account.put(APP, b"safe")
    assert values({"A": "gcp-sm:shop/app"}, settings(account)) == {"A": "safe"}
    account.required = "another"
    assert "Google refused: 401" in failures(values, {"A": "gcp-sm:shop/app"}, settings(account))[0]


def test_no_token_goes_over_plain_http(account: SecretManager, gcp: SecretManager, values: Values) -> None:
    gcp.put(APP, b"safe")
    assert values({"A": "gcp-sm:shop/app"}, settings(gcp)) == {"A": "safe"}
    gcp.required = TOKEN
    assert "no Google credentials that work" in failures(values, {"A": "gcp-sm:shop/app"}, settings(gcp))[0]


def test_a_certificate_that_is_not_trusted_and_credentials_that_are_none_are_told(
    account: SecretManager, values: Values, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    told = failures(values, {"A": "gcp-sm:shop/app"}, settings(account), deadline="2s")[0]
    assert "certificate" in told
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "nope.json"))
    assert "no Google credentials that work" in failures(values, {"A": "gcp-sm:shop/app"}, settings(account))[0]


@pytest.mark.parametrize(
    ("given", "told"),
    [({"endpoint": "localhost:1"}, "must begin with https://"), ({"projct": "x"}, "did you mean 'project'?")],
)
def test_settings_that_can_not_be_used_are_refused(values: Values, given: dict[str, str], told: str) -> None:
    with pytest.raises(ManifestError) as caught:
        values({"A": "gcp-sm:a/b"}, {"gcp": given})
    assert told in str(caught.value)


def test_the_command_gets_it_and_not_the_way_to_the_credentials(gcp: SecretManager, run: Run, tmp_path: Path) -> None:
    gcp.put(APP, b"safe")
    (tmp_path / "s.yaml").write_text(json.dumps({"version": 1, "providers": settings(gcp)}))
    env = {"A": "gcp-sm:shop/app", "GOOGLE_APPLICATION_CREDENTIALS": "/run/account.json"}
    ran = run("run", "-m", "s.yaml", "--", "env", env=env)
    assert "A=safe" in ran.out
    assert "GOOGLE_APPLICATION_CREDENTIALS" not in ran.out


@pytest.mark.parametrize(
    ("package", "extra", "ref"),
    [("google", "gcp", "gcp-sm:a/b"), ("boto3", "aws", "aws-sm:a"), ("hvac", "vault", "vault:a/b#c")],
)
def test_without_the_client_the_extra_is_named(package: str, extra: str, ref: str, run_without: Run) -> None:
    ran = run_without(package, "run", "--", "true", env={"A": ref})
    assert ran.code == 120
    assert f"needs the package {package}, which is not installed: pip install 'secrets-guard[{extra}]'" in ran.err

"""The login by AWS IAM.

OpenBao has no such method: a server of the tests' own checks what Vault documents, and asks moto's STS as Vault would.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from secrets_guard.broker.deadline import Deadline
from secrets_guard.broker.protocol import SecretRef
from secrets_guard.broker.providers import open_provider
from secrets_guard.errors import AccessDenied, Unresolved

from .conftest import Run, Values, Vault
from .fault_proxy import FaultProxy

SECRET_KEY = "not a real key"


def decoded(body: Mapping[str, str], name: str) -> str:
    return base64.b64decode(body[f"iam_request_{name}"], validate=True).decode()


def signature(headers: Mapping[str, str], host: str, body: str) -> str:
    """Return the signature as AWS computes it: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html."""
    scope, signed = (part.partition("=")[2] for part in headers["authorization"].replace(",", "").split(" ")[1:3])
    scope = scope.partition("/")[2]
    named = {**headers, "host": host}
    lines = "".join(f"{name}:{named[name].strip()}\n" for name in signed.split(";"))
    canonical = f"POST\n/\n\n{lines}\n{signed}\n{hashlib.sha256(body.encode()).hexdigest()}"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{headers['x-amz-date']}\n{scope}\n{digest}"
    key = f"AWS4{SECRET_KEY}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.new(key, text.encode(), "sha256").hexdigest()


class Backend:
    """Vault's side of the login, with what it requires of the header."""

    def __init__(self, token: str, sts: str, required: str = "") -> None:
        self.bodies: list[dict[str, str]] = []
        self._token, self._sts, self._required = token, sts, required

    def __call__(self, sent: bytes) -> tuple[int, object]:
        body = json.loads(sent)
        self.bodies.append(body)
        url, question = decoded(body, "url"), decoded(body, "body")
        headers = {name.lower(): values[0] for name, values in json.loads(decoded(body, "headers")).items()}
        if body["iam_http_request_method"] != "POST" or "Action=GetCallerIdentity" not in question:
            return 400, {"errors": ["not the documented question"]}
        signed = headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
        if self._required and (
            headers.get("x-vault-aws-iam-server-id") != self._required or "x-vault-aws-iam-server-id" not in signed
        ):
            return 400, {"errors": ["error validating X-Vault-AWS-IAM-Server-ID header"]}
        if not headers["authorization"].endswith(f"Signature={signature(headers, url.split('/')[2], question)}"):
            return 400, {"errors": ["the signature does not match"]}
        request = urllib.request.Request(self._sts, question.encode(), headers, method="POST")
        with urllib.request.urlopen(request, timeout=20) as response:
            assert b"GetCallerIdentityResult" in response.read()
        return 200, {"auth": {"client_token": self._token, "lease_duration": 60, "renewable": True}}


@pytest.fixture
def backend(
    vault: Vault, aws: str, proxy: Callable[..., FaultProxy], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[Backend, dict[str, Any]]]:
    vault.call("POST", "secret/data/app", {"data": {"key": "safe"}})
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
    token = vault.token_for('path "secret/data/*" { capabilities = ["read"] }')

    def made(auth: Mapping[str, str], required: str = "") -> tuple[Backend, dict[str, Any]]:
        way = proxy(vault.address)
        answers = Backend(token, aws, required)
        way.own = {"auth/aws/login": answers}
        settings = {"address": way.url, "namespace": vault.namespace, "auth": {"method": "aws", **auth}}
        return answers, {"vault": settings}

    return made


WANTED = {"A": "vault:secret/app#key"}
Backends = Callable[..., tuple[Backend, dict[str, Any]]]


def test_a_signed_identity_logs_in(backend: Backends, values: Values) -> None:
    answers, given = backend({"role": "web"})
    assert values(WANTED, given) == {"A": "safe"}
    (body,) = answers.bodies
    assert (body["role"], decoded(body, "url")) == ("web", "https://sts.amazonaws.com/")


def test_a_role_and_a_method_among_the_variables_log_in(backend: Backends, values: Values) -> None:
    answers, given = backend({})
    del given["vault"]["auth"]
    assert values(WANTED, given, {"VAULT_ROLE": "web", "VAULT_AUTH_METHOD": "aws-iam"}) == {"A": "safe"}
    assert [body["role"] for body in answers.bodies] == ["web"]


def test_the_header_that_names_the_server_is_sent_and_signed(backend: Backends, values: Values) -> None:
    _, given = backend({"role": "web", "header_value": "vault.example.org"}, "vault.example.org")
    assert values(WANTED, given) == {"A": "safe"}
    _, given = backend({"role": "web"}, "vault.example.org")
    with pytest.raises(Unresolved, match="login by aws was refused: error validating X-Vault-AWS-IAM-Server-ID"):
        values(WANTED, given)


def test_a_region_has_its_own_sts(backend: Backends, values: Values) -> None:
    answers, given = backend({"region": "eu-west-1"})
    assert values(WANTED, given) == {"A": "safe"}
    (body,) = answers.bodies
    assert decoded(body, "url") == "https://sts.eu-west-1.amazonaws.com/"
    assert "/eu-west-1/sts/aws4_request" in decoded(body, "headers")


def test_a_session_token_is_part_of_what_is_signed(
    backend: Backends, values: Values, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "of-a-session")
    answers, given = backend({"role": "web"})
    assert values(WANTED, given) == {"A": "safe"}
    assert '"X-Amz-Security-Token": ["of-a-session"]' in decoded(answers.bodies[0], "headers")


def test_without_credentials_nothing_is_sent(
    backend: Backends, values: Values, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/nonexistent")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    answers, given = backend({"role": "web"})
    with pytest.raises(Unresolved, match="no AWS credentials to log in to Vault with"):
        values(WANTED, given)
    assert not answers.bodies


def test_the_child_does_not_see_what_logged_in_and_no_error_shows_it(backend: Backends) -> None:
    _, given = backend({"role": "web"}, "something else")
    provider = open_provider("vault", given["vault"], {})
    assert {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} <= provider.credentials
    with pytest.raises(AccessDenied) as caught:
        provider.fetch([SecretRef("vault", "secret/app", "key")], Deadline(2))
    assert SECRET_KEY not in str(caught.value)


def test_without_botocore_the_extra_is_named(run_without: Run, tmp_path: Path) -> None:
    settings = {"vault": {"address": "http://127.0.0.1:1", "auth": {"method": "aws"}}}
    (tmp_path / "s.yaml").write_text(json.dumps({"version": 1, "providers": settings, "env": WANTED}))
    ran = run_without("botocore", "run", "-m", "s.yaml", "--", "true")
    assert (ran.code, "pip install 'secrets-guard[aws]'" in ran.err) == (120, True)

"""Each issuer in config/verifiers.yaml, as its documentation says that it answers."""

from __future__ import annotations

import base64
import json
import re
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from secrets_guard.model.result import ScanResult
from secrets_guard.rules.active import load_rules
from secrets_guard.rules.template import fill
from secrets_guard.verify.verifier import Verifier, load_verifiers

from .conftest import Asked, Issuer, Told

Verify = Callable[..., ScanResult]
VERIFIERS = {verifier.name: verifier for verifier in load_verifiers()}
RULES = {rule.id: rule for rule in load_rules().rules}
ACCOUNT = "AC" + "0123456789abcdef" * 2
TENANT, CLIENT = "0a1b2c3d-0000-4000-8000-00000000000a", "0a1b2c3d-0000-4000-8000-00000000000b"


class Case(NamedTuple):
    """What the issuer says to a live and to a dead credential; ``sends`` is how it is told the credential."""

    sends: str
    path: str
    live: tuple[int, Any]
    dead: tuple[int, Any]
    near: str = ""


BEARER = "Authorization: Bearer {secret}"
CASES = {
    "github": Case(BEARER, "/user", (200, {"login": "octocat"}), (401, {"message": "Bad credentials"})),
    "gitlab": Case(
        "PRIVATE-TOKEN: {secret}",
        "/api/v4/personal_access_tokens/self",
        (200, {"id": 4, "active": True, "scopes": ["api"], "expires_at": None}),
        (401, {"message": "401 Unauthorized"}),
    ),
    "slack": Case(
        BEARER,
        "/api/auth.test",
        (200, {"ok": True, "team": "Subarachnoid", "user": "grace"}),
        (200, {"ok": False, "error": "invalid_auth"}),
    ),
    "stripe": Case(
        "basic {secret}:",
        "/v1/balance",
        (200, {"object": "balance", "livemode": True}),
        (401, {"error": {"type": "invalid_request_error"}}),
    ),
    "npm": Case(BEARER, "/-/whoami", (200, {"username": "jane"}), (401, {})),
    "pypi": Case(
        "basic __token__:{secret}",
        "/legacy/",
        (400, "Include at least one message digest."),
        (403, "Invalid or non-existent authentication information."),
    ),
    "pypi-test": Case(
        "basic __token__:{secret}",
        "/legacy/",
        (400, "Include at least one message digest."),
        (403, "Invalid or non-existent authentication information."),
    ),
    "datadog": Case(
        "DD-API-KEY: {secret}", "/api/v1/validate", (200, {"valid": True}), (403, {"errors": ["Forbidden"]})
    ),
    "sendgrid": Case(BEARER, "/v3/scopes", (200, {"scopes": ["mail.send"]}), (401, {"errors": []})),
    "openai": Case(
        BEARER, "/v1/models", (200, {"object": "list", "data": []}), (401, {"error": {"code": "invalid_api_key"}})
    ),
    "anthropic": Case(
        "x-api-key: {secret}",
        "/v1/models",
        (200, {"data": []}),
        (401, {"type": "error", "error": {"type": "authentication_error"}}),
    ),
    "anthropic-admin": Case(
        "x-api-key: {secret}",
        "/v1/organizations/me",
        (200, {"name": "Acme"}),
        (401, {"type": "error", "error": {"type": "authentication_error"}}),
    ),
    "huggingface": Case(BEARER, "/api/whoami-v2", (200, {"name": "jane"}), (401, {"error": "Invalid credentials"})),
    "groq": Case(BEARER, "/openai/v1/models", (200, {"data": []}), (401, {"error": {"code": "invalid_api_key"}})),
    "replicate": Case(BEARER, "/v1/account", (200, {"username": "jane"}), (401, {"title": "Unauthenticated"})),
    "digitalocean": Case(
        BEARER, "/v2/account", (200, {"account": {"status": "active"}}), (401, {"id": "Unauthorized"})
    ),
    "heroku": Case(BEARER, "/account", (200, {"id": "x"}), (401, {"id": "unauthorized"})),
    "cloudflare": Case(
        BEARER,
        "/client/v4/user/tokens/verify",
        (200, {"success": True, "result": {"status": "active"}}),
        (401, {"success": False}),
    ),
    "cloudflare-legacy": Case(
        BEARER,
        "/client/v4/user/tokens/verify",
        (200, {"success": True, "result": {"status": "active"}}),
        (200, {"success": True, "result": {"status": "expired"}}),
    ),
    "linode": Case(BEARER, "/v4/profile", (200, {"username": "jane"}), (401, {"errors": []})),
    "netlify": Case(BEARER, "/api/v1/user", (200, {"id": "x"}), (401, {"code": 401})),
    "telegram": Case(
        "",
        "/bot{secret}/getMe",
        (200, {"ok": True, "result": {"username": "shop_bot"}}),
        (401, {"ok": False, "error_code": 401}),
    ),
    "discord": Case("Authorization: Bot {secret}", "/api/v10/users/@me", (200, {"username": "b"}), (401, {"code": 0})),
    "discord-webhook": Case("", "/api/webhooks/{secret}", (200, {"name": "hook"}), (404, {"code": 10015})),
    "postman": Case("X-Api-Key: {secret}", "/me", (200, {"user": {}}), (401, {"error": {}})),
    "airtable": Case(BEARER, "/v0/meta/whoami", (200, {"id": "usr"}), (401, {"error": {}})),
    "figma": Case("X-Figma-Token: {secret}", "/v1/me", (200, {"handle": "jane"}), (403, {"err": "Invalid token"})),
    "notion": Case(BEARER, "/v1/users/me", (200, {"name": "bot"}), (401, {"code": "unauthorized"})),
    "linear": Case(
        "Authorization: {secret}",
        "/graphql",
        (200, {"data": {"viewer": {"id": "x"}}}),
        (401, {"errors": [{"extensions": {"code": "AUTHENTICATION_ERROR"}}]}),
    ),
    "circleci": Case("Circle-Token: {secret}", "/api/v2/me", (200, {"login": "jane"}), (401, {"message": "x"})),
    "buildkite": Case(BEARER, "/v2/access-token", (200, {"scopes": ["read_user"]}), (401, {"message": "x"})),
    "terraform": Case(
        BEARER,
        "/api/v2/account/details",
        (200, {"data": {"attributes": {"username": "jane"}}}),
        (401, {"errors": [{"status": "401"}]}),
    ),
    "doppler": Case(BEARER, "/v3/me", (200, {"workplace": {"name": "shop"}}), (401, {"success": False})),
    "sentry": Case(BEARER, "/api/0/organizations/", (200, []), (401, {"detail": "Invalid token"})),
    "mailchimp": Case(
        "basic key:{secret}", "/3.0/ping", (200, {"health_status": "x"}), (401, {"title": "API Key Invalid"})
    ),
    "mailgun": Case("basic api:{secret}", "/v4/domains?limit=1", (200, {"items": []}), (401, "Forbidden")),
    "brevo": Case("api-key: {secret}", "/v3/account", (200, {"email": "x"}), (401, {"message": "Key not found"})),
    "twilio": Case(
        f"basic {ACCOUNT}:{{secret}}",
        f"/2010-04-01/Accounts/{ACCOUNT}.json",
        (200, {"status": "active"}),
        (401, {"code": 20003}),
        f"TWILIO_ACCOUNT_SID={ACCOUNT}\n",
    ),
    "shopify": Case(
        "X-Shopify-Access-Token: {secret}",
        "/admin/api/2025-01/shop.json",
        (200, {"shop": {}}),
        (401, {"errors": "[API] Invalid API key or access token"}),
        "SHOP=acme-store.myshopify.com\n",
    ),
    "databricks": Case(
        BEARER,
        "/api/2.0/preview/scim/v2/Me",
        (200, {"userName": "jane"}),
        (403, {"error_code": "403", "message": "Invalid access token."}),
        "HOST=dbc-0a1b2c3d-4e5f.cloud.databricks.com\n",
    ),
    "square": Case(BEARER, "/v2/locations", (200, {"locations": []}), (401, {"errors": []})),
    "mapbox": Case(
        "",
        "/tokens/v2?access_token={secret}",
        (200, {"code": "TokenValid", "token": {"user": "jane"}}),
        (200, {"code": "TokenInvalid"}),
    ),
    "pagerduty": Case(
        "Authorization: Token token={secret}", "/users?limit=1", (200, {"users": []}), (401, {"error": {}})
    ),
    "azure-client": Case(
        "form client_secret={secret}",
        f"/{TENANT}/oauth2/v2.0/token",
        (200, {"token_type": "Bearer", "access_token": "x"}),
        (401, {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided."}),
        f"AZURE_TENANT_ID={TENANT}\nAZURE_CLIENT_ID={CLIENT}\n",
    ),
    "vault": Case(
        "X-Vault-Token: {secret}",
        "/v1/auth/token/lookup-self",
        (200, {"data": {"policies": ["root"]}}),
        (403, {"errors": ["permission denied", "invalid token"]}),
    ),
}


def bytes_of(body: Any) -> bytes:
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()


def credential(verifier: Verifier) -> tuple[str, str]:
    """Return a line with a credential of the verifier's first rule, and the credential."""
    rule = RULES[verifier.rules[0]]
    # One of several lines may bring along what belongs to it, and that is the case's to give.
    for example in sorted(rule.examples, key=lambda text: "\n" in text):
        line = fill(example, f"{verifier.name} live")
        found = re.search(rule.pattern.encode(), line.encode())
        if found:
            return line, found.group(rule.secret_group).decode()
    raise AssertionError(rule.id)


def sent(asked: Asked, secret: str, case: Case) -> bool:
    kind, _, text = case.sends.format(secret=secret).partition(" ")
    if kind == "basic":
        return asked.headers["authorization"] == f"Basic {base64.b64encode(text.encode()).decode()}"
    if kind == "form":
        from urllib.parse import quote_plus

        name, _, value = text.partition("=")
        return f"{name}={quote_plus(value)}".encode() in asked.body
    return not kind or asked.headers.get(kind.rstrip(":").lower()) == text


@pytest.mark.parametrize("status", ["live", "dead"])
@pytest.mark.parametrize("name", CASES)
def test_an_issuer_is_asked_as_it_documents_and_its_answer_understood(
    verified: Verify, issuer: Issuer, name: str, status: str
) -> None:
    verifier, case = VERIFIERS[name], CASES[name]
    line, secret = credential(verifier)

    def answer(asked: Asked) -> Told:
        right = sent(asked, secret, case) and asked.path == case.path.format(secret=secret)
        code, body = (case.live if status == "live" else case.dead) if right else (500, "not so")
        return code, {}, bytes_of(body)

    issuer.answer = answer
    result = verified(case.near + line, verifier.rules[0], endpoints={name: issuer.url})
    assert result.findings
    for finding in result.findings:
        assert finding.verification is not None
        assert (finding.verification.status, len(issuer.asked)) == (status, 1), finding.verification
        assert secret not in finding.verification.message
        assert (finding.severity == "critical" and finding.confidence == "high") or status == "dead"


def test_every_verifier_of_the_table_is_tested_here_or_in_code() -> None:
    assert set(CASES) | {name for name, one in VERIFIERS.items() if one.code} == set(VERIFIERS)


@pytest.mark.parametrize("verifier", VERIFIERS.values(), ids=list(VERIFIERS))
def test_a_verifier_names_rules_that_exist_and_words_that_are_known(verifier: Verifier) -> None:
    assert set(verifier.rules) <= set(RULES)
    assert verifier.docs.startswith("https://")
    assert all(endpoint.startswith("https://") for endpoint in verifier.endpoints)
    means = {answer.means for answer in verifier.answers}
    assert verifier.code or {"live", "dead"} <= means
    texts = [verifier.path, *verifier.endpoints, *(verifier.basic or ())]
    texts += [text for _, text in (*verifier.headers, *verifier.form)]
    words = {word for text in texts for _, word, _, _ in string.Formatter().parse(text) if word}
    known = {"secret", *(name for name, _ in verifier.near), *re.compile(verifier.parts).groupindex}
    assert words <= known
    assert all(re.compile(expression).groups == 1 for _, expression in verifier.near)
    assert re.compile(verifier.instance).groups <= 1


def test_every_verifier_is_in_the_documentation() -> None:
    page = (Path(__file__).parents[2] / "docs" / "verify.md").read_text(encoding="utf-8")
    assert {name for name in VERIFIERS if f"`{name}`" not in page} == set()


def test_no_rule_is_asked_about_twice() -> None:
    named = [rule for verifier in VERIFIERS.values() for rule in verifier.rules]
    assert len(named) == len(set(named))

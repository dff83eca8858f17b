"""``doctor --providers``: which providers answer, as whom, and that nothing of a login is left or shown."""

from __future__ import annotations

import json
import urllib.error
from pathlib import Path

import pytest

from .conftest import Run, Vault, aws_environment
from .secret_manager import SecretManager


def providers(run: Run, *arguments: str, **env: str) -> dict[str, tuple[str, str]]:
    """Return state and text of each provider."""
    ran = run("doctor", "--providers", "--format", "json", *arguments, env=env)
    told = [one for one in json.loads(ran.out)["checks"] if one["topic"].startswith(("provider", "manifest"))]
    return {one["topic"].removeprefix("provider "): (one["state"], one["text"]) for one in told}


def test_vault_answers_by_the_token_that_is_there(run: Run, vault: Vault) -> None:
    token = vault.token_for('path "auth/token/lookup-self" {capabilities = ["read"]}', ttl="1h")
    found = providers(run, VAULT_ADDR=vault.address, VAULT_NAMESPACE=vault.namespace, VAULT_TOKEN=token)
    state, text = found["vault"]
    assert state == "ok", text
    assert "login by token works, its token ends in" in text
    assert token not in text
    wrong = providers(run, VAULT_ADDR=vault.address, VAULT_NAMESPACE=vault.namespace, VAULT_TOKEN="wrong")
    assert wrong["vault"][0] == "attention"


def test_a_login_of_ours_is_given_back(run: Run, vault: Vault, tmp_path: Path) -> None:
    vault.call("POST", "sys/auth/approle", {"type": "approle"})
    vault.call("POST", "auth/approle/role/web", {"token_policies": "default", "token_ttl": "1h"})
    role = vault.call("GET", "auth/approle/role/web/role-id")["data"]["role_id"]
    secret = vault.call("POST", "auth/approle/role/web/secret-id", {})["data"]["secret_id"]
    (tmp_path / "secrets.yaml").write_text(
        "version: 1\nproviders:\n  vault:\n    auth: {method: approle, role_id: '${ROLE}', secret_id: '${SECRET}'}\n"
    )
    env = {"VAULT_ADDR": vault.address, "VAULT_NAMESPACE": vault.namespace, "ROLE": role, "SECRET": secret}
    state, text = providers(run, "--manifest", "secrets.yaml", **env)["vault"]
    assert state == "ok", text
    assert "login by approle works" in text
    assert secret not in text
    with pytest.raises(urllib.error.HTTPError, match="404"):  # there is no token in this namespace
        vault.call("LIST", "auth/token/accessors")


def test_a_wrapped_secret_id_is_not_used_up(run: Run, tmp_path: Path) -> None:
    (tmp_path / "secrets.yaml").write_text(
        "version: 1\nproviders:\n  vault:\n    address: http://127.0.0.1:1\n"
        "    auth: {method: approle, role_id: r, wrapped_secret_id: '${W}'}\n"
    )
    state, text = providers(run, "--manifest", "secrets.yaml", W="w")["vault"]
    assert (state, "would use up" in text) == ("note", True)


def test_aws_tells_the_account(run: Run, aws_server: str) -> None:
    state, text = providers(run, **aws_environment(aws_server))["aws"]
    assert state == "ok", text
    assert "eu-west-1: arn:aws:sts::" in text or "eu-west-1: arn:aws:iam::" in text


def test_what_does_not_answer_needs_attention(run: Run) -> None:
    env = {"VAULT_ADDR": "http://127.0.0.1:1", "VAULT_TOKEN": "x", "GOOGLE_APPLICATION_CREDENTIALS": "/nowhere.json"}
    found = providers(run, **env)
    assert {name: state for name, (state, _) in found.items()} == {"gcp": "attention", "vault": "attention"}


def test_a_manifest_that_is_wrong_is_told_with_its_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "secrets.yaml").write_text("version: 1\nenvv: {}\n")
    state, text = providers(run, "--manifest", "secrets.yaml")["manifest"]
    assert (state, "secrets.yaml:2: unknown key 'envv'" in text) == ("attention", True)


def test_without_any_it_says_how_to_name_one(run: Run) -> None:
    assert providers(run)["providers"][0] == "note"


def test_an_emulator_of_google_answers(run: Run, gcp: SecretManager, tmp_path: Path) -> None:
    (tmp_path / "secrets.yaml").write_text(f"version: 1\nproviders: {{gcp: {{endpoint: '{gcp.url}'}}}}\n")
    state, text = providers(run, "--manifest", "secrets.yaml")["gcp"]
    assert state == "ok", text
    assert "an emulator, which knows no login" in text

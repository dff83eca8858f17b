"""The Vault provider against a real OpenBao: engines, versions, what is missing, logins."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from secrets_guard.errors import ManifestError, Unresolved

from .conftest import ROOT_TOKEN, Values, Vault
from .fault_proxy import FaultProxy


def settings(vault: Vault, **more: object) -> dict[str, Any]:
    return {"vault": {"address": vault.address, "namespace": vault.namespace, **more}}


def as_token(token: str) -> Mapping[str, str]:
    return {"VAULT_TOKEN": token}


ROOT = as_token(ROOT_TOKEN)


def failure(values: Values, vault: Vault, ref: str, token: str = ROOT_TOKEN) -> str:
    with pytest.raises(Unresolved) as caught:
        values({"A": ref}, settings(vault), as_token(token), deadline="4s")
    assert token == ROOT_TOKEN or token not in str(caught.value)
    (line,) = caught.value.failures
    return line.removeprefix(f"A ({ref}): ")


@pytest.fixture
def app(vault: Vault) -> Vault:
    """Return a server with a secret in two versions, and one of KV 1."""
    vault.call("POST", "secret/data/app", {"data": {"key": "one"}})
    vault.call("POST", "secret/data/app", {"data": {"key": "two", "user": "joe", "n": 5}})
    vault.call("POST", "old/app", {"key": "v1"})
    return vault


def test_both_versions_of_kv_are_read_by_the_same_spelling(app: Vault, values: Values) -> None:
    env = {
        "A": "vault:secret/app#key",
        "B": "vault:old/app#key",
        "C": "vault:secret/data/app#key",
        "D": "vault:secret/app#n",
    }
    assert values(env, settings(app), ROOT) == {"A": "two", "B": "v1", "C": "two", "D": "5"}


def test_a_version_is_what_was_asked_for(app: Vault, values: Values) -> None:
    env = {
        "A": "vault:secret/app#key?version=1",
        "B": {"ref": "vault:secret/app#key", "version": 1},
        "C": "vault:secret/data/app#key#1",
    }
    assert set(values(env, settings(app), ROOT).values()) == {"one"}


def test_all_fields_are_read_by_a_star(app: Vault, values: Values) -> None:
    assert values({"APP_*": "vault:secret/app#*"}, settings(app), ROOT) == {
        "APP_KEY": "two",
        "APP_USER": "joe",
        "APP_N": "5",
    }


def test_deleted_destroyed_absent_and_a_wrong_path_are_told_apart(app: Vault, values: Values) -> None:
    app.call("POST", "secret/delete/app", {"versions": [2]})
    app.call("POST", "secret/destroy/app", {"versions": [1]})
    assert "version 2 of secret/app was deleted (20" in failure(values, app, "vault:secret/app#key")
    assert "version 1 of secret/app was destroyed" in failure(values, app, "vault:secret/app#key?version=1")
    assert failure(values, app, "vault:secret/app#key?version=9") == "there is no version 9 of a secret at secret/app"
    assert failure(values, app, "vault:secret/nope#key") == "there is no secret at secret/nope"
    assert failure(values, app, "vault:old/nope#key") == "there is no secret at old/nope"
    assert failure(values, app, "vault:nowhere/app#key") == "no secrets engine serves nowhere/app"
    assert "keeps no versions" in failure(values, app, "vault:old/app#key?version=2")


def test_a_key_that_is_not_there_names_the_nearest(app: Vault, values: Values) -> None:
    assert failure(values, app, "vault:secret/app#uesr") == "there is no key 'uesr' in it (did you mean 'user'?)"


@pytest.mark.parametrize(("mount", "path"), [("secret", "secret/app"), ("team/kv", "team/kv/web/app")])
def test_a_right_on_the_path_is_enough(app: Vault, values: Values, mount: str, path: str) -> None:
    """No right on ``sys/mounts``."""
    if mount != "secret":
        app.call("POST", f"sys/mounts/{mount}", {"type": "kv", "options": {"version": "2"}})
    real = path.replace(mount, f"{mount}/data", 1)
    app.call("POST", real, {"data": {"key": "narrow"}})
    token = app.token_for(f'path "{real}" {{ capabilities = ["read"] }}')
    assert values({"A": f"vault:{path}#key"}, settings(app), as_token(token)) == {"A": "narrow"}
    assert "permission denied (403)" in failure(values, app, "vault:secret/other#key", token)


def test_where_the_server_does_not_name_the_engine_it_is_found_by_trying(
    app: Vault, values: Values, proxy: Callable[..., FaultProxy]
) -> None:
    app.call("POST", "sys/mounts/team/kv", {"type": "kv", "options": {"version": "2"}})
    app.call("POST", "team/kv/data/web/app", {"data": {"key": "deep"}})
    app.call("POST", "secret/data/gone", {"data": {"key": "x"}})
    app.call("DELETE", "secret/data/gone")
    paths = ("secret/data/*", "old/*", "team/kv/data/*")
    token = app.token_for("\n".join(f'path "{path}" {{ capabilities = ["read"] }}' for path in paths))
    way = proxy(app.address)
    way.faults = {"internal/ui/mounts": [403] * 10}
    given = settings(app, address=way.url)

    def told(ref: str) -> str:
        with pytest.raises(Unresolved) as caught:
            values({"A": ref}, given, as_token(token), deadline="4s")
        return str(caught.value.failures[0])

    env = {"A": "vault:secret/app#key", "B": "vault:old/app#key", "C": "vault:team/kv/web/app#key"}
    assert values(env, given, as_token(token)) == {"A": "two", "B": "v1", "C": "deep"}
    assert "was deleted" in told("vault:secret/gone#key")
    assert told("vault:secret/nope#key").endswith("there is no secret at secret/nope")
    assert "(403)" in told("vault:elsewhere/app#key")


def test_any_path_that_can_be_read_gives_its_fields(app: Vault, values: Values) -> None:
    app.call("POST", "sys/mounts/transit", {"type": "transit"})
    app.call("POST", "transit/keys/web")
    found = values({"A": "vault:transit/keys/web#type"}, settings(app), ROOT)
    assert found == {"A": "aes256-gcm96"}


def test_a_namespace_below_can_be_asked_for_one_reference(app: Vault, values: Values) -> None:
    app.call("POST", "sys/namespaces/inner")
    inner = Vault(app.address, namespace=f"{app.namespace}/inner")
    inner.call("POST", "sys/mounts/secret", {"type": "kv", "options": {"version": "2"}})
    inner.call("POST", "secret/data/app", {"data": {"key": "inner"}})
    env = {"A": "vault:secret/app#key?namespace=inner", "B": "vault:secret/app#key"}
    assert values(env, settings(app), ROOT) == {"A": "inner", "B": "two"}


READ = 'path "secret/data/*" { capabilities = ["read"] }'


def enable(vault: Vault, method: str) -> None:
    vault.call("POST", f"sys/auth/{method}", {"type": method})
    vault.call("PUT", "sys/policies/acl/web", {"policy": READ})


def logged_in(
    values: Values, vault: Vault, auth: Mapping[str, object], environment: Mapping[str, str] | None = None
) -> dict[str, str]:
    return values({"A": "vault:secret/app#key"}, settings(vault, auth=auth), environment or {}, deadline="3s")


def test_approle_logs_in_and_its_secret_id_is_kept_from_the_child(app: Vault, values: Values, tmp_path: Path) -> None:
    enable(app, "approle")
    app.call("POST", "auth/approle/role/web", {"token_policies": ["web"]})
    role = app.call("GET", "auth/approle/role/web/role-id")["data"]["role_id"]
    secret_id = app.call("POST", "auth/approle/role/web/secret-id")["data"]["secret_id"]
    auth = {"method": "approle", "role_id": role, "secret_id": "${SECRET_ID}"}
    assert logged_in(values, app, auth, {"SECRET_ID": secret_id}) == {"A": "two"}
    (tmp_path / "id").write_text(f"{secret_id}\n")
    assert logged_in(values, app, {"method": "approle", "role_id": role, "secret_id_file": str(tmp_path / "id")}) == {
        "A": "two"
    }
    with pytest.raises(Unresolved) as caught:
        logged_in(values, app, {**auth, "secret_id": "wrong-and-secret"})
    assert "login by approle was refused: invalid role or secret ID" in str(caught.value)
    assert "wrong-and-secret" not in str(caught.value)


def test_userpass_logs_in(app: Vault, values: Values) -> None:
    enable(app, "userpass")
    app.call("POST", "auth/userpass/users/joe", {"password": "correct horse", "token_policies": ["web"]})
    auth = {"method": "userpass", "username": "joe", "password": "correct horse"}
    assert logged_in(values, app, auth) == {"A": "two"}
    with pytest.raises(Unresolved, match="login by userpass was refused"):
        logged_in(values, app, {**auth, "password": "wrong"})


def test_jwt_logs_in_from_a_file(app: Vault, values: Values, tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    enable(app, "jwt")
    app.call("POST", "auth/jwt/config", {"jwt_validation_pubkeys": [public.decode()]})
    role = {"role_type": "jwt", "user_claim": "sub", "bound_audiences": ["vault"], "token_policies": ["web"]}
    app.call("POST", "auth/jwt/role/web", role)
    claims = {"sub": "web", "aud": "vault", "exp": int(time.time()) + 60, "iat": int(time.time())}
    (tmp_path / "jwt").write_text(jwt.encode(claims, key, algorithm="ES256"))
    assert logged_in(values, app, {"method": "jwt", "role": "web", "jwt_file": str(tmp_path / "jwt")}) == {"A": "two"}


def test_a_token_comes_from_the_manifest_a_file_the_environment_or_home(
    app: Vault, values: Values, tmp_path: Path
) -> None:
    token = app.token_for(READ)
    (tmp_path / ".vault-token").write_text(token)
    home = {"HOME": str(tmp_path)}
    assert logged_in(values, app, {}, home) == {"A": "two"}
    assert logged_in(values, app, {"method": "token", "token_file": str(tmp_path / ".vault-token")}) == {"A": "two"}
    assert logged_in(values, app, {"method": "token", "token": "${T}"}, {"T": token}) == {"A": "two"}
    assert logged_in(values, app, {}, {"BAO_TOKEN": token, **home}) == {"A": "two"}
    with pytest.raises(Unresolved, match="there is no token: set VAULT_TOKEN"):
        logged_in(values, app, {}, {"HOME": "/nonexistent"})


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"auth": {"method": "approl"}}, "did you mean 'approle'?"),
        ({"auth": {"method": "approle"}}, "approle needs role_id"),
        ({"auth": {"method": "approle", "role_id": "x"}}, "needs secret_id or secret_id_file"),
        ({"auth": {"method": "userpass", "username": "x", "pasword": "y"}}, "did you mean 'password'?"),
        ({"auth": "token"}, "must be a mapping"),
        ({"adress": "http://x"}, "did you mean 'address'?"),
        ({"address": "localhost:8200"}, "must begin with https://"),
        ({"ca_cert": "/nope.pem"}, "/nope.pem: can't be read"),
        ({"client_cert": __file__}, "go together"),
    ],
)
def test_settings_that_can_not_be_used_are_refused(values: Values, wrong: Mapping[str, object], told: str) -> None:
    with pytest.raises(ManifestError) as caught:
        values({"A": "vault:secret/app#key"}, {"vault": {"address": "http://127.0.0.1:1", **wrong}})
    assert told in str(caught.value)


@pytest.mark.parametrize("token", ["two\nlines", "кириллица", "\udcff"])
def test_a_token_that_no_request_can_carry_is_told_and_not_shown(vault: Vault, values: Values, token: str) -> None:
    told = failure(values, vault, "vault:secret/app#key", token)
    assert told == "the token, namespace or path holds characters that no request can"

"""The login by a service account's token; the API server that OpenBao asks about it is a small one of the tests'."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric import ec

from secrets_guard.errors import Unresolved

from .conftest import ROOT, Run, Values, Vault

WANTED = {"A": "vault:secret/app#api_key"}
# https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-review-v1/
REVIEW = {
    "apiVersion": "authentication.k8s.io/v1",
    "kind": "TokenReview",
    "status": {
        "authenticated": True,
        "audiences": ["vault"],
        "user": {"username": "system:serviceaccount:default:app", "uid": "1", "groups": []},
    },
}


class Reviews(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps(REVIEW).encode()
        self.send_response(201)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Reviews)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def pod(vault: Vault, cluster: str, tmp_path: Path) -> Path:
    """Return the token of a service account with the role ``app``, whose policy reads two secrets."""
    vault.call("POST", "secret/data/app", {"data": {"api_key": "safe"}})
    vault.call("POST", "secret/data/db", {"data": {"user": "joe", "password": "p"}})
    vault.call("PUT", "sys/policies/acl/app", {"policy": 'path "secret/data/*" { capabilities = ["read"] }'})
    vault.call("POST", "sys/mounts/pki", {"type": "pki"})
    authority = vault.call("POST", "pki/root/generate/internal", {"common_name": "test"})["data"]["certificate"]
    role = {
        "bound_service_account_names": ["app"], "bound_service_account_namespaces": ["default"], "audience": "vault",
        "token_policies": ["app"],
    }  # fmt: skip
    for mount in ("kubernetes", "eu/cluster"):
        vault.call("POST", f"sys/auth/{mount}", {"type": "kubernetes"})
        config = {"kubernetes_host": cluster, "kubernetes_ca_cert": authority, "disable_local_ca_jwt": True}
        vault.call("POST", f"auth/{mount}/config", config)
        vault.call("POST", f"auth/{mount}/role/app", role)
    claims = {
        "iss": "kubernetes/serviceaccount", "aud": ["vault"], "sub": "system:serviceaccount:default:app",
        "exp": int(time.time()) + 60,
        "kubernetes.io": {"namespace": "default", "serviceaccount": {"name": "app", "uid": "1"}},
    }  # fmt: skip
    (tmp_path / "token").write_text(jwt.encode(claims, ec.generate_private_key(ec.SECP256R1()), algorithm="ES256"))
    return tmp_path / "token"


def settings(vault: Vault, **more: object) -> dict[str, Any]:
    return {"vault": {"address": vault.address, "namespace": vault.namespace, **more}}


def test_a_pod_logs_in_with_its_own_token(vault: Vault, pod: Path, values: Values) -> None:
    auth = {"method": "kubernetes", "role": "app", "jwt_file": str(pod)}
    assert values(WANTED, settings(vault, auth=auth)) == {"A": "safe"}
    assert values(WANTED, settings(vault, auth={**auth, "mount": "eu/cluster"})) == {"A": "safe"}
    with pytest.raises(Unresolved, match="login by kubernetes was refused"):
        values(WANTED, settings(vault, auth={**auth, "role": "other"}))


def test_a_role_among_the_variables_needs_no_manifest(vault: Vault, pod: Path, run: Run) -> None:
    """As vault-env of bank-vaults has it."""
    env = {
        "VAULT_ADDR": vault.address, "VAULT_NAMESPACE": vault.namespace,
        "VAULT_ROLE": "app", "VAULT_JWT_FILE": str(pod), **WANTED,
    }  # fmt: skip
    for more in ({}, {"VAULT_TOKEN": "vault:login"}, {"VAULT_AUTH_METHOD": "jwt", "VAULT_PATH": "eu/cluster"}):
        ran = run("run", "--", "env", env={**env, **more})
        assert (ran.code, ran.err) == (0, "")
        assert "A=safe" in ran.out
        assert "VAULT_TOKEN" not in ran.out
    ran = run("run", "--", "true", env={**env, "VAULT_AUTH_METHOD": "aws-ec2"})
    assert (ran.code, "VAULT_AUTH_METHOD: 'aws-ec2' is none of" in ran.err) == (121, True)
    ran = run("run", "--", "true", env={**env, "VAULT_TOKEN": "a-token-that-counts-more"})
    assert (ran.code, "(403)" in ran.err) == (120, True)


def test_the_example_for_kubernetes_logs_in(vault: Vault, pod: Path, run: Run, tmp_path: Path) -> None:
    """All but the cluster, and TLS: the manifest of the ConfigMap, for the role that the file's head makes."""
    documents = yaml.safe_load_all((ROOT / "config" / "broker" / "kubernetes.yaml").read_text())
    text = next(one for one in documents if one["kind"] == "ConfigMap")["data"]["secrets.yaml"]
    assert "/var/run/secrets/vault/token" in text
    lines = [line for line in text.splitlines() if "ca_cert:" not in line]
    (tmp_path / "s.yaml").write_text("\n".join(lines).replace("/var/run/secrets/vault/token", str(pod)))
    env = {"VAULT_ADDR": vault.address, "VAULT_NAMESPACE": vault.namespace}
    ran = run("run", "-m", "s.yaml", "--", "sh", "-c", 'echo "$API_KEY $DATABASE_URL"', env=env)
    assert (ran.code, ran.out) == (0, "safe postgres://joe:p@db/app\n")


def test_a_token_that_is_not_mounted_is_told(values: Values) -> None:
    with pytest.raises(Unresolved, match="jwt_file /var/run/secrets/kubernetes"):
        values(
            {"A": "vault:a/b#c"},
            {"vault": {"address": "http://127.0.0.1:1", "auth": {"method": "kubernetes", "role": "x"}}},
        )

"""What Vault makes for what it is sent: decrypted texts, certificates, signed keys; against a real OpenBao."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from secrets_guard.broker.entry import inherited_entries
from secrets_guard.errors import Unresolved

from .conftest import ROOT_TOKEN, Run, Values, Vault
from .fault_proxy import FaultProxy

ROOT = {"VAULT_TOKEN": ROOT_TOKEN}
PLAIN = "ключ\twith + and /"


def settings(vault: Vault, **more: object) -> dict[str, Any]:
    return {"vault": {"address": vault.address, "namespace": vault.namespace, **more}}


def failure(values: Values, env: dict[str, object], given: dict[str, Any], token: str = ROOT_TOKEN) -> str:
    with pytest.raises(Unresolved) as caught:
        values(env, given, {"VAULT_TOKEN": token}, deadline="4s")
    return str(caught.value.failures[0])


@pytest.fixture
def ciphertext(vault: Vault) -> str:
    vault.call("POST", "sys/mounts/transit", {"type": "transit"})
    vault.call("POST", "transit/keys/app")
    sent = {"plaintext": base64.b64encode(PLAIN.encode()).decode()}
    return str(vault.call("POST", "transit/encrypt/app", sent)["data"]["ciphertext"])


def test_a_ciphertext_is_decrypted(vault: Vault, ciphertext: str, values: Values) -> None:
    env = {
        "A": {"ref": "vault:transit/decrypt/app", "ciphertext": ciphertext},
        "B": f"vault:transit/decrypt/app?ciphertext={ciphertext}",
        "C": f"x-${{vault:transit/decrypt/app?ciphertext={ciphertext}}}-y",
        "D": {"ref": "vault:transit/decrypt/app#plaintext", "data": {"ciphertext": ciphertext}},
    }
    assert values(env, settings(vault), ROOT) == {"A": PLAIN, "B": PLAIN, "C": f"x-{PLAIN}-y", "D": PLAIN}


def test_the_right_to_decrypt_is_enough(vault: Vault, ciphertext: str, values: Values) -> None:
    token = vault.token_for('path "transit/decrypt/app" { capabilities = ["update"] }')
    env: dict[str, object] = {"A": {"ref": "vault:transit/decrypt/app", "ciphertext": ciphertext}}
    assert values(env, settings(vault), {"VAULT_TOKEN": token}) == {"A": PLAIN}
    other = vault.token_for('path "transit/decrypt/other" { capabilities = ["update"] }')
    assert "(403)" in failure(values, env, settings(vault), other)


def test_a_ciphertext_in_the_environment_is_decrypted_where_a_key_is_named(
    vault: Vault, ciphertext: str, run: Run
) -> None:
    env = {"VAULT_ADDR": vault.address, "VAULT_NAMESPACE": vault.namespace, **ROOT, "PASSWORD": ciphertext}
    assert f"PASSWORD={ciphertext}" in run("run", "--", "env", env=env).out
    assert f"PASSWORD={PLAIN}" in run("run", "--", "env", env={**env, "VAULT_TRANSIT_KEY_ID": "app"}).out
    (entry,) = inherited_entries({"A": ciphertext, "VAULT_TRANSIT_KEY_ID": "k", "VAULT_TRANSIT_PATH": "eu/transit"})
    assert str(entry.value) == "vault:eu/transit/decrypt/k#plaintext with data"


@pytest.mark.parametrize("wrong", ["vault:v1:AAAA", "vault:v9:", "no ciphertext"])
def test_what_can_not_be_decrypted_is_told(vault: Vault, ciphertext: str, values: Values, wrong: str) -> None:
    told = failure(values, {"A": {"ref": "vault:transit/decrypt/app", "ciphertext": wrong}}, settings(vault))
    assert "transit/decrypt/app can't be read (400: " in told


@pytest.mark.parametrize(("fault", "times"), [(503, 3), ("lost", 3), ("torn", 3)])
def test_decrypting_is_repeated_and_issuing_is_not(
    vault: Vault, ciphertext: str, values: Values, proxy: Callable[..., FaultProxy], fault: int | str, times: int
) -> None:
    authority(vault)
    way = proxy(vault.address)
    way.faults = {"v1/transit/decrypt": [fault, fault], "v1/pki/issue": [fault, fault]}
    given = settings(vault, address=way.url)
    env: dict[str, object] = {"A": {"ref": "vault:transit/decrypt/app", "ciphertext": ciphertext}}
    assert values(env, given, ROOT) == {"A": PLAIN}
    issue: dict[str, object] = {"A": {"ref": "vault:pki/issue/web#certificate", "data": {"common_name": "a.test"}}}
    if fault == 503:
        assert values(issue, given, ROOT)
    else:
        failure(values, issue, given)
    asked = [path for path in way.asked if path.startswith(("/v1/transit/decrypt", "/v1/pki/issue"))]
    assert len([path for path in asked if "decrypt" in path]) == times
    assert len([path for path in asked if "issue" in path]) == (3 if fault == 503 else 1)


def authority(vault: Vault) -> None:
    vault.call("POST", "sys/mounts/pki", {"type": "pki"})
    vault.call("POST", "pki/root/generate/internal", {"common_name": "test", "key_type": "ec", "key_bits": 256})
    vault.call("POST", "pki/roles/web", {"allow_any_name": True, "key_type": "ec", "key_bits": 256, "max_ttl": "1h"})


def test_a_certificate_and_its_key_are_of_one_issuing(vault: Vault, values: Values) -> None:
    authority(vault)
    data = {"common_name": "app.test", "ttl": "10m", "alt_names": "b.test"}
    env = {
        "CERT": {"ref": "vault:pki/issue/web#certificate", "data": data, "format": "pem"},
        "KEY": {"ref": "vault:pki/issue/web#private_key", "data": dict(reversed(data.items()))},
        "CHAIN": {"ref": "vault:pki/issue/web#ca_chain", "data": data, "format": "pem"},
        "OTHER": {"ref": "vault:pki/issue/web#serial_number", "data": {"common_name": "c.test"}},
    }
    token = vault.token_for('path "pki/issue/web" { capabilities = ["update"] }')
    made = values(env, settings(vault), {"VAULT_TOKEN": token})
    certificate = x509.load_pem_x509_certificate(made["CERT"].encode())
    key = serialization.load_pem_private_key(made["KEY"].encode(), None)
    assert key.public_key() == certificate.public_key()
    assert "app.test" in certificate.subject.rfc4514_string()
    assert made["CHAIN"].startswith("-----BEGIN CERTIFICATE-----\n")
    assert made["OTHER"].replace(":", "") != f"{certificate.serial_number:x}"


def test_all_that_is_issued_is_taken_by_a_star_and_bank_vaults_spelling_is_read(vault: Vault, values: Values) -> None:
    authority(vault)
    env = {
        "TLS_*": {"ref": "vault:pki/issue/web#*", "data": {"common_name": "app.test"}},
        "B": '>>vault:pki/issue/web#private_key#{"common_name": "b.test"}',
    }
    made = values(env, settings(vault), ROOT)
    assert {"TLS_CERTIFICATE", "TLS_PRIVATE_KEY", "TLS_CA_CHAIN", "TLS_SERIAL_NUMBER", "B"} <= made.keys()
    assert made["B"].startswith("-----BEGIN EC PRIVATE KEY-----")


def test_an_ssh_key_is_signed(vault: Vault, values: Values) -> None:
    vault.call("POST", "sys/mounts/ssh", {"type": "ssh"})
    vault.call("POST", "ssh/config/ca", {"generate_signing_key": True, "key_type": "ed25519"})
    role = {"key_type": "ca", "allow_user_certificates": True, "allowed_users": "deploy", "default_user": "deploy"}
    vault.call("POST", "ssh/roles/web", role)
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    public = Ed25519PrivateKey.generate().public_key()
    text = public.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()
    env: dict[str, object] = {
        "A": {"ref": "vault:ssh/sign/web#signed_key", "data": {"public_key": text}, "allow": ["newline"]},
        "B": {"ref": "vault:ssh/issue/web#private_key", "data": {"key_type": "ed25519"}, "format": "pem"},
    }
    made = values(env, settings(vault), ROOT)
    assert made["A"].startswith("ssh-ed25519-cert-v01@openssh.com ")
    assert made["B"].startswith("-----BEGIN OPENSSH PRIVATE KEY-----")


@pytest.mark.parametrize("path", ["secret/app", "secret/data/app", "old/app"])
def test_nothing_is_ever_sent_to_a_store(
    vault: Vault, values: Values, proxy: Callable[..., FaultProxy], path: str
) -> None:
    vault.call("POST", "secret/data/app", {"data": {"key": "safe"}})
    vault.call("POST", "old/app", {"key": "safe"})
    env: dict[str, object] = {"A": {"ref": f"vault:{path}#key", "data": {"data": {"key": "overwritten"}}}}
    assert "data would overwrite a secret there" in failure(values, env, settings(vault))
    way = proxy(vault.address)
    way.faults = {"internal/ui/mounts": [403]}
    assert "does not say which engine serves" in failure(values, env, settings(vault, address=way.url))
    assert vault.call("GET", "secret/data/app")["data"]["data"] == {"key": "safe"}
    assert vault.call("GET", "old/app")["data"] == {"key": "safe"}

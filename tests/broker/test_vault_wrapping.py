"""AppRole with a wrapped secret id: looked up, taken out once, and loud where somebody else may have been there."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from secrets_guard.errors import ManifestError, Unresolved

from .conftest import Run, Values, Vault
from .fault_proxy import FaultProxy

WANTED = {"A": "vault:secret/app#key"}


@pytest.fixture
def role(vault: Vault) -> str:
    """Make a role that may read a secret, and return its id."""
    vault.call("POST", "secret/data/app", {"data": {"key": "safe"}})
    vault.call("POST", "sys/auth/approle", {"type": "approle"})
    vault.call("PUT", "sys/policies/acl/web", {"policy": 'path "secret/data/*" { capabilities = ["read"] }'})
    vault.call("POST", "auth/approle/role/web", {"token_policies": ["web"]})
    return str(vault.call("GET", "auth/approle/role/web/role-id")["data"]["role_id"])


def wrapped(vault: Vault, path: str = "auth/approle/role/web/secret-id", body: object = None) -> str:
    headers = {"X-Vault-Token": vault.token, "X-Vault-Namespace": vault.namespace, "X-Vault-Wrap-TTL": "60"}
    url = f"{vault.address}/v1/{path}"
    request = urllib.request.Request(url, json.dumps(body or {}).encode(), headers, method="POST")
    with urllib.request.urlopen(request, timeout=20) as response:
        return str(json.load(response)["wrap_info"]["token"])


def settings(vault: Vault, role_id: str, **more: str) -> dict[str, Any]:
    auth = {"method": "approle", "role_id": role_id, **more}
    return {"vault": {"address": vault.address, "namespace": vault.namespace, "auth": auth}}


def failure(values: Values, given: dict[str, Any]) -> str:
    with pytest.raises(Unresolved) as caught:
        values(WANTED, given, deadline="3s")
    return str(caught.value)


def test_a_wrapped_secret_id_logs_in_from_a_file_or_a_variable(
    vault: Vault, role: str, values: Values, tmp_path: Path
) -> None:
    (tmp_path / "wrapped").write_text(f"{wrapped(vault)}\n")
    given = settings(vault, role, wrapped_secret_id_file=str(tmp_path / "wrapped"), role="web")
    assert values(WANTED, given) == {"A": "safe"}
    given = settings(vault, role, wrapped_secret_id="${WRAPPED}")
    assert values(WANTED, given, {"WRAPPED": wrapped(vault)}) == {"A": "safe"}


def test_the_command_does_not_see_the_wrapping_token(vault: Vault, role: str, run: Run, tmp_path: Path) -> None:
    given = settings(vault, role, wrapped_secret_id="${WRAPPED}")
    (tmp_path / "s.yaml").write_text(json.dumps({"version": 1, "providers": given, "env": WANTED}))
    ran = run("run", "-m", "s.yaml", "--", "env", env={"WRAPPED": wrapped(vault)})
    assert ran.code == 0
    assert "A=safe" in ran.out
    assert "WRAPPED" not in ran.out


def test_a_token_that_was_unwrapped_before_is_told_as_a_possible_interception(
    vault: Vault, role: str, values: Values
) -> None:
    token = wrapped(vault)
    Vault(vault.address, token, vault.namespace).call("POST", "sys/wrapping/unwrap")
    told = failure(values, settings(vault, role, wrapped_secret_id=token))
    assert "it was unwrapped already, or its time is over; treat it as a possible interception" in told
    assert token not in told


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("sys/wrapping/wrap", {"secret_id": "planted"}),
        ("auth/approle/role/other/secret-id", None),
        ("auth/other/role/web/secret-id", None),
        ("auth/approle/role/web/custom-secret-id", {"secret_id": "planted"}),
    ],
)
def test_a_token_that_something_else_made_is_not_unwrapped(
    vault: Vault, role: str, values: Values, path: str, body: object
) -> None:
    vault.call("POST", "auth/approle/role/other", {"token_policies": ["web"]})
    vault.call("POST", "sys/auth/other", {"type": "approle"})
    vault.call("POST", "auth/other/role/web", {})
    token = wrapped(vault, path, body)
    told = failure(values, settings(vault, role, wrapped_secret_id=token, role="web"))
    assert f"was made by '{path}', not by auth/approle/role/web/secret-id" in told
    assert Vault(vault.address, token, vault.namespace).call("POST", "sys/wrapping/unwrap")["data"]["secret_id"]


def test_without_the_name_of_the_role_a_token_of_any_of_the_mount_is_tried(
    vault: Vault, role: str, values: Values
) -> None:
    vault.call("POST", "auth/approle/role/other", {})
    token = wrapped(vault, "auth/approle/role/other/secret-id")
    assert "login by approle was refused" in failure(values, settings(vault, role, wrapped_secret_id=token))
    told = failure(values, settings(vault, role, wrapped_secret_id=wrapped(vault, "sys/wrapping/wrap", {"a": "b"})))
    assert "not by auth/approle/role/ROLE/secret-id" in told


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("lost", "was lost"),
        ("torn", "was lost"),
        (500, "was lost"),
        (503, "was not unwrapped, and that is not tried again"),
        (400, "could not be unwrapped"),
    ],
)
def test_a_failed_unwrapping_is_never_tried_again(
    vault: Vault, role: str, values: Values, proxy: Callable[..., FaultProxy], fault: int | str, told: str
) -> None:
    way = proxy(vault.address)
    # The lookup is harmless, and tried until it works.
    way.faults = {"wrapping/lookup": [503, 503], "wrapping/unwrap": [fault]}
    given = settings(vault, role, wrapped_secret_id=wrapped(vault))
    given["vault"]["address"] = way.url
    said = failure(values, given)
    assert told in said
    assert ("possible interception" in said) == (fault != 503)
    assert len([path for path in way.asked if "unwrap" in path]) == 1
    assert len([path for path in way.asked if "lookup" in path]) == 3


def test_only_one_kind_of_secret_id_is_given(values: Values) -> None:
    auth = {"method": "approle", "role_id": "x", "secret_id": "a", "wrapped_secret_id": "b"}
    with pytest.raises(ManifestError, match="secret_id and wrapped_secret_id: give one of them"):
        values(WANTED, {"vault": {"address": "http://127.0.0.1:1", "auth": auth}})

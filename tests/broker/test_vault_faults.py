"""The Vault provider when the server or the way to it goes wrong: a real proxy before a real server."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

from secrets_guard.errors import Unresolved

from .conftest import ROOT_TOKEN, Values, Vault
from .fault_proxy import FaultProxy

Proxies = Callable[..., FaultProxy]
ROOT = {"VAULT_TOKEN": ROOT_TOKEN}


@pytest.fixture
def faulty(vault: Vault, proxy: Proxies) -> FaultProxy:
    vault.call("POST", "secret/data/app", {"data": {"key": "safe"}})
    made = proxy(vault.address)
    made.namespace = vault.namespace
    return made


def settings(faulty: FaultProxy, **more: object) -> dict[str, Any]:
    return {"vault": {"address": faulty.url, "namespace": faulty.namespace, **more}}


@pytest.mark.parametrize("fault", [412, 429, 473, 500, 502, 503, 504, "drop", "torn", "not json", "lost"])
def test_a_read_is_tried_again_until_it_works(faulty: FaultProxy, values: Values, fault: int | str) -> None:
    faulty.faults = {"mounts": [fault], "data/app": [fault, fault]}
    assert values({"A": "vault:secret/app#key"}, settings(faulty), ROOT) == {"A": "safe"}
    assert len([path for path in faulty.asked if "data/app" in path]) == 3


@pytest.mark.parametrize("fault", [400, 404, 405])
def test_what_will_not_get_better_is_not_tried_again(faulty: FaultProxy, values: Values, fault: int) -> None:
    faulty.faults = {"data/app": [fault] * 5}
    with pytest.raises(Unresolved):
        values({"A": "vault:secret/app#key"}, settings(faulty), ROOT)
    assert len([path for path in faulty.asked if "data/app" in path]) == 1


def test_a_refusal_is_tried_once_more_after_a_fresh_login_only(
    faulty: FaultProxy, vault: Vault, values: Values
) -> None:
    vault.call("POST", "sys/auth/userpass", {"type": "userpass"})
    vault.call("PUT", "sys/policies/acl/web", {"policy": 'path "secret/data/*" { capabilities = ["read"] }'})
    vault.call("POST", "auth/userpass/users/joe", {"password": "p w", "token_policies": ["web"]})
    auth = {"method": "userpass", "username": "joe", "password": "p w"}
    faulty.faults = {"data/app": [403]}
    assert values({"A": "vault:secret/app#key"}, settings(faulty, auth=auth), {}) == {"A": "safe"}
    faulty.faults = {"data/app": [403]}
    with pytest.raises(Unresolved, match=r"\(403\)"):
        values({"A": "vault:secret/app#key"}, settings(faulty), ROOT)


def test_a_login_is_tried_again_until_it_works(faulty: FaultProxy, vault: Vault, values: Values) -> None:
    vault.call("POST", "sys/auth/userpass", {"type": "userpass"})
    vault.call("PUT", "sys/policies/acl/web", {"policy": 'path "secret/data/*" { capabilities = ["read"] }'})
    vault.call("POST", "auth/userpass/users/joe", {"password": "p w", "token_policies": ["web"]})
    faulty.faults = {"login": [503, "lost", 412]}
    auth = {"method": "userpass", "username": "joe", "password": "p w"}
    assert values({"A": "vault:secret/app#key"}, settings(faulty, auth=auth), {}) == {"A": "safe"}


def issuing(vault: Vault) -> str:
    """Return the path of an engine each read of which makes a new credential."""
    vault.call("POST", "sys/mounts/transit", {"type": "transit"})
    vault.call("POST", "transit/keys/web", {"exportable": True})
    return "transit/export/encryption-key/web"


@pytest.mark.parametrize(
    ("fault", "times"), [("lost", 1), ("torn", 1), (500, 1), (502, 1), (429, 3), (412, 3), (503, 3)]
)
def test_a_read_that_may_have_made_a_credential_is_not_repeated(
    faulty: FaultProxy, vault: Vault, values: Values, fault: int | str, times: int
) -> None:
    path = issuing(vault)
    faulty.faults = {"v1/transit/export": [fault, fault]}
    if times == 1:
        with pytest.raises(Unresolved):
            values({"A": f"vault:{path}#name"}, settings(faulty), ROOT)
    else:
        assert values({"A": f"vault:{path}#name"}, settings(faulty), ROOT) == {"A": "web"}
    assert len([asked for asked in faulty.asked if "v1/transit/export" in asked]) == times


def test_the_deadline_holds_for_all_and_the_time_line_says_what_took_it(faulty: FaultProxy, values: Values) -> None:
    faulty.forever = 503
    started = time.monotonic()
    with pytest.raises(Unresolved) as caught:
        values({f"A{n}": f"vault:secret/app{n}#key" for n in range(30)}, settings(faulty), ROOT, deadline="1s")
    assert time.monotonic() - started < 5
    assert len(caught.value.failures) == 30
    assert "vault: read sys/internal/ui/mounts/secret/app0: ProviderUnavailable" in "\n".join(caught.value.timeline)


def test_many_secrets_are_read_at_once_their_engine_asked_for_once(
    vault: Vault, proxy: Proxies, values: Values
) -> None:
    way = proxy(vault.address, delay=0.2)
    way.namespace = vault.namespace
    for number in range(16):
        vault.call("POST", f"secret/data/app{number}", {"data": {"key": f"v{number}", "other": "x"}})
    env = {f"A{n}": f"vault:secret/app{n}#key" for n in range(16)} | {"B": "vault:secret/app0#other"}
    assert values(env, settings(way), ROOT)["A15"] == "v15"
    assert len(way.asked) == 1 + 16
    assert way.most_at_once > 4


def test_a_server_that_accepts_and_says_nothing_is_given_up_at_the_deadline(values: Values) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        started = time.monotonic()
        with pytest.raises(Unresolved) as caught:
            values({"A": "vault:a/b#c", "B": "vault:d/e#f"}, {"vault": {"address": address}}, ROOT, deadline="1s")
        assert time.monotonic() - started < 5
    assert [line.split(" ")[0] for line in caught.value.failures] == ["A", "B"]


def test_a_server_that_is_not_there_is_told(values: Values) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(Unresolved, match="connection refused"):
            values({"A": "vault:a/b#c"}, {"vault": {"address": address}}, ROOT, deadline="500ms")


def test_what_the_server_says_back_never_shows_a_credential(values: Values, proxy: Proxies, vault: Vault) -> None:
    echo = proxy(vault.address)
    echo.forever = "echo"
    with pytest.raises(Unresolved) as caught:
        values({"A": "vault:a/b#c"}, {"vault": {"address": echo.url}}, {"VAULT_TOKEN": "s.very-secret-token"})
    assert "no ****" in str(caught.value)
    assert "very-secret" not in str(caught.value)

"""Credentials that a real database engine makes: their leases are told, shared, renewed and given back."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from secrets_guard.broker.deadline import Deadline
from secrets_guard.broker.lease import Lease
from secrets_guard.broker.lender import Lender
from secrets_guard.broker.protocol import Fetched, SecretRef
from secrets_guard.broker.providers import open_provider
from secrets_guard.broker.resolve import resolve
from secrets_guard.errors import AccessDenied, SecretNotFound

from .conftest import ROOT_TOKEN, Run, Vault, manifest_of
from .postgres import Postgres


def environment(vault: Vault) -> dict[str, str]:
    return {"VAULT_ADDR": vault.address, "VAULT_NAMESPACE": vault.namespace, "VAULT_TOKEN": ROOT_TOKEN}


def test_user_and_password_of_one_read_work_together_and_share_a_lease(
    database: Vault, postgres: Postgres, tmp_path: Path
) -> None:
    env = {"USER_": "vault:database/creds/hour#username", "WORD": "vault:database/creds/hour#password", "K": "x"}
    given = environment(database)
    found = resolve(manifest_of(tmp_path, given, env=env), given)
    values = {one.name: one.secret.reveal().decode() for one in found.injected}
    assert postgres.ask("SELECT current_user", values["USER_"], values["WORD"]) == [values["USER_"]]
    leases = {one.lease for one in found.outcomes.values() if isinstance(one, Fetched)}
    (lease,) = leases
    assert lease is not None
    assert lease._replace(id="") == Lease("", 3600.0, True)
    assert lease.id.startswith("database/creds/hour/")
    assert [one.leases for one in found.injected] == [(lease,), (lease,), ()]


def lender_of(vault: Vault, token: str = ROOT_TOKEN) -> Lender:
    settings = {"address": vault.address, "namespace": vault.namespace}
    lender = open_provider("vault", settings, {"VAULT_TOKEN": token})
    assert isinstance(lender, Lender)
    return lender


def lent(lender: Lender, path: str, namespace: str = "") -> Lease:
    ref = SecretRef("vault", path, "username", options=(("namespace", namespace),) if namespace else ())
    (one,) = lender.fetch([ref], Deadline(5)).values()
    assert isinstance(one, Fetched)
    assert one.lease is not None
    return one.lease


@pytest.mark.parametrize("namespace", ["", "inner"])
def test_a_lease_is_renewed_up_to_its_longest_time_and_ended_where_it_was_given(
    vault: Vault, postgres: Postgres, namespace: str
) -> None:
    place = vault
    if namespace:
        vault.call("POST", f"sys/namespaces/{namespace}")
        place = Vault(vault.address, namespace=f"{vault.namespace}/{namespace}")
    place.call("POST", "sys/mounts/database", {"type": "database"})
    place.call("POST", "database/config/pg", postgres.settings())
    place.call("POST", "database/roles/web", postgres.role("50s", "60s"))
    lender, before = lender_of(vault), postgres.roles()
    lease = lent(lender, "database/creds/web", namespace)
    assert lease.seconds == 50
    granted = lender.renew(lease, Deadline(5))
    assert granted.id == lease.id
    assert granted.seconds == 50
    assert 55 <= lender.renew(lease._replace(seconds=3600.0), Deadline(5)).seconds <= 60
    assert len(postgres.roles()) == len(before) + 1
    lender.revoke(lease, Deadline(5))
    assert postgres.roles() == before
    with pytest.raises(SecretNotFound):
        lender.renew(lease, Deadline(5))


def logged_in(vault: Vault, ttl: str, longest: str) -> Lender:
    vault.call("POST", "sys/auth/userpass", {"type": "userpass"})
    vault.call("POST", "auth/userpass/users/joe", {"password": "a word", "token_ttl": ttl, "token_max_ttl": longest})
    auth = {"method": "userpass", "username": "joe", "password": "a word"}
    lender = open_provider("vault", {"address": vault.address, "namespace": vault.namespace, "auth": auth}, {})
    assert isinstance(lender, Lender)
    return lender


def test_a_token_is_renewed_ended_and_there_is_another_beside_it(vault: Vault) -> None:
    lender = logged_in(vault, "50s", "60s")
    assert not lender.own, "it has not logged in yet"
    first = lender.token(Deadline(5))
    assert first is not None
    assert (first.seconds, first.renewable, first.token, lender.own) == (50, True, True, True)
    other = lender.anew()
    second = other.token(Deadline(5))
    assert second is not None
    assert second.id != first.id
    assert lender.renew(first, Deadline(5)).seconds == 50
    lender.revoke(first, Deadline(5))
    with pytest.raises(AccessDenied):
        lender.token(Deadline(5))
    assert other.token(Deadline(5)) is not None


def test_a_token_past_its_longest_time_is_refused_not_unavailable(vault: Vault) -> None:
    """The server says so with a status of 500, and some time later that there is no such token."""
    lender = logged_in(vault, "2s", "2s")
    lease = lender.token(Deadline(5))
    assert lease is not None
    lender.renew(lease, Deadline(5))
    time.sleep(2.1)
    with pytest.raises(AccessDenied):
        lender.renew(lease, Deadline(5))


def test_a_token_that_never_ends_has_no_lease(vault: Vault) -> None:
    assert lender_of(vault).token(Deadline(5)) is None


def test_a_plan_shows_how_long_a_credential_lives(run: Run, database: Vault, postgres: Postgres) -> None:
    database.call("POST", "database/roles/odd", postgres.role("3725s", "24h"))
    env = {"A": "vault:database/creds/hour#username", "B": "vault:database/creds/odd#password"}
    ran = run("env", "plan", env=environment(database) | env)
    rows = {line.split()[0]: line.split() for line in ran.out.splitlines()}
    assert rows["A"][:4] == ["A", "vault", "-", "1h"]
    assert rows["B"][:4] == ["B", "vault", "-", "1h2m5s"]


def test_what_was_made_for_a_plan_is_given_back(run: Run, database: Vault, postgres: Postgres, tmp_path: Path) -> None:
    env = environment(database) | {"A": "vault:database/creds/hour#username"}
    ran = run("env", "plan", "--audit", "log", env=env)
    assert ran.code == 0
    assert postgres.roles() == set()
    narrow = database.token_for('path "database/creds/hour" { capabilities = ["read"] }')
    ran = run("env", "plan", env=env | {"VAULT_TOKEN": narrow})
    assert ran.code == 0
    assert "not given back: database/creds/hour/" in ran.err
    assert len(postgres.roles()) == 1
    big = {"B": "${vault:database/creds/hour#password}" + "x" * 140_000}
    (tmp_path / "s.yaml").write_text(json.dumps({"version": 1, "env": big}))
    assert run("env", "print", "--force", "-m", "s.yaml", env=env).code == 120
    assert len(postgres.roles()) == 1


def test_kv_of_version_1_has_a_time_and_no_lease(vault: Vault, tmp_path: Path) -> None:
    vault.call("POST", "old/app", {"key": "v", "ttl": "90s"})
    given = environment(vault)
    (one,) = resolve(manifest_of(tmp_path, given, env={"A": "vault:old/app#key"}), given).outcomes.values()
    assert isinstance(one, Fetched)
    assert one.lease is None

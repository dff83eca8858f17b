"""Credentials that a real database engine makes: their leases are told, shared, renewed and given back."""

from __future__ import annotations

import json
from pathlib import Path

from secrets_guard.broker.lease import Lease
from secrets_guard.broker.protocol import Fetched
from secrets_guard.broker.resolve import resolve

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

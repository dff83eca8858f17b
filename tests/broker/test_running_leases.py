"""A running command with credentials of a real database: renewed, replaced, gone back to, and gone in the end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from .conftest import ROOT_TOKEN, Vault
from .postgres import Postgres

# Writes what it got to a file, a line a start; some die at once, as the test wants; a HUP is a line as well.
CHILD = """
import json, os, pathlib, signal, sys, time
seen = pathlib.Path("seen")
def tell(what):
    with seen.open("a") as stream:
        stream.write(json.dumps(what) + "\\n")
def file():
    path = pathlib.Path(os.environ.get("SECRETS_GUARD_FILES", "."), "key")
    return path.read_text() if path.exists() else None
def hung_up(*_):
    tell(["HUP", file()])
    print("now it is", file(), flush=True)
signal.signal(signal.SIGHUP, hung_up)
before = len(seen.read_text().splitlines()) if seen.exists() else 0
tell({name: os.environ.get(name) for name in ("DB_USER", "DB_WORD", "KEY")} | {"file": file()})
if str(before) in sys.argv[1:]:
    sys.exit(9)
time.sleep(60)
"""


class Running:
    """A supervised command; ``starts`` are what its children saw, in turn."""

    def __init__(
        self, folder: Path, environment: Mapping[str, str], manifest: Mapping[str, object], *dying: int
    ) -> None:
        (folder / "s.yaml").write_text(json.dumps({"version": 1, "audit": "log", **manifest}))
        self.folder = folder
        command = [sys.executable, "-c", CHILD, *map(str, dying)]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "secrets_guard", "run", "-m", "s.yaml", "--", *command],
            env=environment, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        self.out = self.err = ""

    @property
    def lines(self) -> list[Any]:
        path = self.folder / "seen"
        whole = path.read_text().rpartition("\n")[0] if path.exists() else ""
        return [json.loads(line) for line in whole.splitlines()]

    @property
    def told(self) -> list[dict[str, Any]]:
        path = self.folder / "log"
        return [json.loads(line) for line in (path.read_text() if path.exists() else "").splitlines()]

    def count(self, action: str, outcome: str = "success", **fields: object) -> int:
        wanted = {"event.action": action, "event.outcome": outcome, **fields}
        return sum(wanted.items() <= line.items() for line in self.told)

    def until(self, happened: Callable[[], bool], seconds: float = 30.0) -> None:
        end = time.monotonic() + seconds
        while not happened():
            if self.process.poll() is not None or time.monotonic() > end:
                self.end()
                raise AssertionError(f"{self.lines}\n{self.err}\n{json.dumps(self.told, indent=1)}")
            time.sleep(0.02)

    def end(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        out, err = self.process.communicate(timeout=30)
        self.err += err.decode()
        self.out += out.decode()
        assert "Traceback" not in self.err, self.err
        return self.process.returncode


Starter = Callable[..., Running]


@pytest.fixture
def start(clean_environment: dict[str, str], vault: Vault, tmp_path: Path) -> Iterator[Starter]:
    """Return a function: a manifest, and which starts die young -> the running command."""
    made: list[Running] = []
    given = {"VAULT_ADDR": vault.address, "VAULT_NAMESPACE": vault.namespace, "VAULT_TOKEN": ROOT_TOKEN}

    def begin(manifest: Mapping[str, object], *dying: int, env: Mapping[str, str] | None = None) -> Running:
        made.append(Running(tmp_path, {**clean_environment, **given, **(env or {})}, manifest, *dying))
        return made[-1]

    yield begin
    for one in made:
        one.process.kill()
        if one.process.stdout and not one.process.stdout.closed:
            one.process.communicate()


CREDENTIALS = {"DB_USER": "vault:database/creds/web#username", "DB_WORD": "vault:database/creds/web#password"}
QUICK = {"debounce": "0s", "settle": "500ms"}


def rights(*paths: str) -> str:
    return "\n".join(f'path "{path}" {{ capabilities = ["read", "update"] }}' for path in paths)


def works(postgres: Postgres, seen: Mapping[str, str]) -> bool:
    try:
        return postgres.ask("SELECT current_user", seen["DB_USER"], seen["DB_WORD"]) == [seen["DB_USER"]]
    except subprocess.CalledProcessError:
        return False


def test_a_short_lease_is_renewed_and_gone_when_the_command_is(
    start: Starter, database: Vault, postgres: Postgres
) -> None:
    database.call("POST", "database/roles/web", postgres.role("2s", "1h"))
    one = start({"env": CREDENTIALS, "rotation": QUICK})
    one.until(lambda: bool(one.lines) and one.count("renew") >= 3)
    (seen,) = one.lines
    assert works(postgres, seen)
    assert one.end() == 128 + signal.SIGTERM
    assert postgres.roles() == set()
    assert not works(postgres, seen)
    assert one.err == ""
    assert one.count("revoke") == 1
    assert one.told[-1]["event.action"] == "end"
    assert database.call("GET", "auth/token/lookup-self")["data"]["ttl"] == 0
    text = (one.folder / "log").read_text()
    assert seen["DB_WORD"] not in text
    assert ROOT_TOKEN not in text.replace('"root"', "")


def test_a_lease_survives_a_server_that_fails_for_a_while(
    start: Starter, database: Vault, postgres: Postgres, proxy: Callable[..., Any]
) -> None:
    database.call("POST", "database/roles/web", postgres.role("4s", "1h"))
    way = proxy(database.address)
    way.faults = {"sys/leases/renew": [503, "drop", "lost", 429]}
    one = start({"env": CREDENTIALS, "rotation": QUICK}, env={"VAULT_ADDR": way.url})
    one.until(lambda: one.count("renew") >= 1)
    assert one.count("renew", "failure") == 4
    (seen,) = one.lines
    assert works(postgres, seen)
    one.end()
    assert one.err.count("is not renewed") == 1


def test_near_its_longest_time_it_is_replaced_and_the_command_started_anew(
    start: Starter, database: Vault, postgres: Postgres
) -> None:
    database.call("POST", "database/roles/web", postgres.role("2s", "4s"))
    one = start({"env": CREDENTIALS, "rotation": QUICK})
    one.until(lambda: len(one.lines) == 2)
    first, second = one.lines
    assert first["DB_USER"] != second["DB_USER"]
    assert works(postgres, second)
    one.until(lambda: len(one.lines) == 3)
    assert not works(postgres, first)
    assert works(postgres, one.lines[2])
    one.end()
    assert postgres.roles() == set()
    assert one.err == ""
    assert one.count("rotate", message="restart") >= 4


def test_a_child_that_dies_young_is_started_again_with_credentials_that_still_work(
    start: Starter, database: Vault, postgres: Postgres
) -> None:
    """Without the right to renew the lease is replaced when two thirds are over: there is time to go back."""
    database.call("POST", "database/roles/web", postgres.role("6s", "1h"))
    paths = ("database/creds/web", "sys/leases/revoke", "auth/token/lookup-self")
    token = database.token_for(rights(*paths))
    rotation = {"debounce": "0s", "settle": "5s"}
    one = start({"env": CREDENTIALS, "rotation": rotation}, 1, env={"VAULT_TOKEN": token})
    one.until(lambda: len(one.lines) == 3)
    first, second, third = one.lines
    assert first == third != second
    assert works(postgres, third)
    one.until(lambda: one.count("revoke") == 1)
    assert not works(postgres, second)
    one.end()
    assert "it is started again with the old ones" in one.err
    assert one.count("roll-back", "failure") == 1
    assert postgres.roles() == set()


def test_a_child_that_ends_by_itself_ends_it_and_its_credentials(
    start: Starter, database: Vault, postgres: Postgres
) -> None:
    database.call("POST", "database/roles/web", postgres.role("1h", "24h"))
    one = start({"env": CREDENTIALS}, 0)
    assert one.process.wait(30) == 9
    assert postgres.roles() == set()


def test_leases_of_a_start_that_fails_are_given_back(start: Starter, database: Vault, postgres: Postgres) -> None:
    database.call("POST", "database/roles/web", postgres.role("1h", "24h"))
    one = start({"env": {**CREDENTIALS, "KEY": "vault:secret/nope#x"}})
    assert one.process.wait(30) == 120
    assert postgres.roles() == set()
    assert one.count("revoke") == 1


@pytest.fixture
def login(database: Vault, postgres: Postgres) -> dict[str, object]:
    """Return the settings of a login that may read the database's role and a secret, and nothing else at all."""
    rules = 'path "database/creds/web" { capabilities = ["read"] } path "secret/data/app" { capabilities = ["read"] }'
    database.call("POST", "database/roles/web", postgres.role("1h", "24h"))
    database.call("POST", "secret/data/app", {"data": {"key": "the-first"}})
    database.call("PUT", "sys/policies/acl/web", {"policy": rules})
    database.call("POST", "sys/auth/userpass", {"type": "userpass"})
    return {"vault": {"auth": {"method": "userpass", "username": "joe", "password": "a word of secret"}}}


def user(vault: Vault, **options: object) -> None:
    vault.call(
        "POST", "auth/userpass/users/joe", {"password": "a word of secret", "token_policies": ["web"], **options}
    )


def test_before_a_login_ends_there_is_a_new_one_and_all_that_hung_by_the_old_is_new(
    start: Starter, database: Vault, postgres: Postgres, login: dict[str, object]
) -> None:
    user(database, token_ttl="2s", token_max_ttl="4s")
    one = start({"env": CREDENTIALS, "providers": login, "rotation": QUICK})
    one.until(lambda: len(one.lines) == 3)
    assert one.count("login") >= 3
    assert works(postgres, one.lines[2])
    assert not works(postgres, one.lines[0])
    one.end()
    assert one.err == ""
    deadline = time.monotonic() + 10
    while postgres.roles() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert postgres.roles() == set()


def test_a_login_of_ours_is_over_at_the_end_and_needs_no_right_to_revoke_leases(
    start: Starter, database: Vault, postgres: Postgres, login: dict[str, object]
) -> None:
    user(database, token_ttl="1h")
    one = start({"env": CREDENTIALS, "providers": login})
    one.until(lambda: bool(one.lines))
    assert one.end() == 128 + signal.SIGTERM
    assert one.err == ""
    assert [line.get("message") for line in one.told if line["event.action"] == "revoke"] == ["token"]
    deadline = time.monotonic() + 10
    while postgres.roles() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert postgres.roles() == set()


def test_a_new_version_of_a_secret_starts_the_command_anew_or_is_signalled(start: Starter, vault: Vault) -> None:
    vault.call("POST", "secret/data/app", {"data": {"key": "the-first"}})
    env = {"KEY": {"ref": "vault:secret/app#key", "refresh": "200ms"}}
    one = start({"env": env, "rotation": QUICK})
    one.until(lambda: bool(one.lines))
    vault.call("POST", "secret/data/app", {"data": {"key": "the-second"}})
    one.until(lambda: len(one.lines) == 2)
    one.end()
    assert [seen["KEY"] for seen in one.lines] == ["the-first", "the-second"]
    os.unlink(one.folder / "seen")
    other = start({"env": env, "rotation": {**QUICK, "on_change": "signal:HUP"}})
    other.until(lambda: bool(other.lines))
    vault.call("POST", "secret/data/app", {"data": {"key": "the-third"}})
    other.until(lambda: len(other.lines) == 2)
    other.end()
    assert other.lines[1] == ["HUP", None]


def test_a_file_has_its_new_value_before_the_signal_and_its_old_one_again_after_a_way_back(
    start: Starter, vault: Vault
) -> None:
    vault.call("POST", "secret/data/app", {"data": {"key": "the-first"}})
    files = {"key": {"ref": "vault:secret/app#key", "refresh": "200ms", "on_change": "signal:HUP"}}
    one = start({"files": files, "rotation": QUICK})
    one.until(lambda: bool(one.lines))
    vault.call("POST", "secret/data/app", {"data": {"key": "the-second"}})
    one.until(lambda: len(one.lines) == 2)
    one.end()
    assert (one.lines[0]["file"], one.lines[1]) == ("the-first", ["HUP", "the-second"])
    assert one.count("rotate", **{"file.name": "key", "message": "signal HUP"}) == 1
    assert one.out == "now it is ****\n"
    os.unlink(one.folder / "seen")
    files["key"].pop("on_change")
    other = start({"files": files, "rotation": {"debounce": "0s", "settle": "20s"}}, 1)
    other.until(lambda: bool(other.lines))
    vault.call("POST", "secret/data/app", {"data": {"key": "the-third"}})
    other.until(lambda: len(other.lines) == 3)
    other.end()
    assert [seen["file"] for seen in other.lines] == ["the-second", "the-third", "the-second"]


def test_with_nothing_to_keep_a_login_is_over_at_once(
    start: Starter, database: Vault, login: dict[str, object]
) -> None:
    user(database, token_ttl="1h")
    one = start({"env": {"KEY": "vault:secret/app#key"}, "providers": login, "run": {"supervise": True}})
    one.until(lambda: one.count("revoke") == 1)
    assert one.process.poll() is None
    one.end()
    assert one.err == ""


def test_a_token_that_was_given_is_never_revoked(start: Starter, database: Vault, postgres: Postgres) -> None:
    database.call("POST", "database/roles/web", postgres.role("1h", "24h"))
    paths = ("database/creds/web", "sys/leases/revoke", "auth/token/lookup-self", "auth/token/renew-self")
    token = database.token_for(rights(*paths), ttl="4s")
    one = start({"env": CREDENTIALS}, env={"VAULT_TOKEN": token})
    one.until(lambda: bool(one.lines) and one.count("renew", message="token") >= 2)
    one.end()
    assert one.err == ""
    assert Vault(database.address, token, database.namespace).call("GET", "auth/token/lookup-self")["data"]["ttl"] > 0
    assert postgres.roles() == set()


def test_an_end_does_not_wait_for_a_server_that_is_gone(
    start: Starter, database: Vault, postgres: Postgres, proxy: Callable[..., Any]
) -> None:
    database.call("POST", "database/roles/web", postgres.role("1h", "24h"))
    way = proxy(database.address)
    one = start({"env": CREDENTIALS}, env={"VAULT_ADDR": way.url})
    one.until(lambda: bool(one.lines))
    way.delay = 30.0
    started = time.monotonic()
    one.process.send_signal(signal.SIGTERM)
    assert one.process.wait(20) == 128 + signal.SIGTERM
    assert time.monotonic() - started < 15
    way.delay = 0.0


def test_a_token_that_may_not_be_looked_up_is_told(start: Starter, database: Vault, postgres: Postgres) -> None:
    database.call("POST", "database/roles/web", postgres.role("1h", "24h"))
    token = database.token_for('path "database/creds/web" { capabilities = ["read"] }')
    one = start({"env": CREDENTIALS}, env={"VAULT_TOKEN": token})
    one.until(lambda: bool(one.lines))
    time.sleep(0.3)
    one.end()
    assert "its token is not kept alive" in one.err
    assert "not given back: database/creds/web/" in one.err
    with pytest.raises(urllib.error.HTTPError):
        Vault(database.address, token, database.namespace).call("GET", "auth/token/lookup-self")

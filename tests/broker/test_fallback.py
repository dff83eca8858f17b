"""Values of an earlier run stand in while a provider can't be reached, and never otherwise."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .conftest import ROOT_TOKEN, Ran, Run, Vault
from .fault_proxy import FaultProxy

Proxies = Callable[..., FaultProxy]
VALUE = "the last good one"


class Kept:
    """A manifest with a fallback, and a server behind a proxy that may go away."""

    def __init__(self, vault: Vault, way: FaultProxy, run: Run, folder: Path) -> None:
        self.vault, self.way, self.place = vault, way, folder
        self.folder, self.key = folder / "kept", folder / "key"
        self.key.write_text("k" * 40)
        self.key.chmod(0o600)
        self.fallback: dict[str, object] = {"folder": str(self.folder), "key_file": str(self.key)}
        self.env: dict[str, object] = {"A": {"ref": "vault:secret/app#key", "fallback": True}}
        self._run = run
        self._stopped = False

    def stop(self) -> None:
        self.way.close()
        self._stopped = True

    def run(self, token: str = ROOT_TOKEN, environment: dict[str, str] | None = None, **keys: object) -> Ran:
        settings = {"vault": {"address": self.way.url, "namespace": self.vault.namespace}}
        deadline = "500ms" if self._stopped or self.way.forever else "10s"
        given = {"version": 1, "deadline": deadline, "providers": settings, "env": self.env, "fallback": self.fallback}
        (self.place / "s.yaml").write_text(json.dumps({**given, **keys}))
        env = {"VAULT_TOKEN": token, **(environment or {})}
        return self._run("run", "-m", "s.yaml", "--", "sh", "-c", 'printf "%s|%s" "$A" "$B"', env=env)

    def sealed(self) -> list[Path]:
        return sorted(self.folder.iterdir())


@pytest.fixture
def kept(vault: Vault, proxy: Proxies, run: Run, tmp_path: Path) -> Kept:
    vault.call("POST", "secret/data/app", {"data": {"key": VALUE, "other": "of it"}})
    return Kept(vault, proxy(vault.address), run, tmp_path)


def test_a_stopped_server_is_stood_in_for_loudly(kept: Kept) -> None:
    ran = kept.run()
    assert (ran.code, ran.out, ran.err) == (0, f"{VALUE}|", "")
    kept.stop()
    ran = kept.run()
    assert (ran.code, ran.out) == (0, f"{VALUE}|")
    assert ran.err.startswith("secrets-guard: warning: vault:secret/app#key: STALE: ")
    assert "connection refused" in ran.err
    assert VALUE not in ran.err


def test_the_audit_tells_that_it_could_not_be_fetched_and_what_stood_in(kept: Kept, tmp_path: Path) -> None:
    kept.run(audit="log")
    kept.stop()
    assert kept.run(audit="log").code == 0
    told = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert [f"{line['event.action']} {line['event.outcome']}" for line in told][-3:] == [
        "fetch failure", "fallback success", "inject success",
    ]  # fmt: skip
    assert told[-2]["secrets_guard.reference"] == "vault:secret/app#key"
    assert told[-2]["secrets_guard.version"] == "1 (stale)"


@pytest.mark.parametrize("fault", [503, "drop", "torn"])
def test_a_server_that_gives_no_answer_in_time_is_stood_in_for(kept: Kept, fault: int | str) -> None:
    assert kept.run().code == 0
    kept.way.forever = fault
    ran = kept.run()
    assert (ran.code, ran.out, "STALE" in ran.err) == (0, f"{VALUE}|", True)


def test_the_plan_says_what_is_stale(kept: Kept, run: Run) -> None:
    kept.run()
    kept.stop()
    kept.run()
    ran = run("env", "plan", "-m", "s.yaml", env={"VAULT_TOKEN": ROOT_TOKEN})
    assert "1 (stale)" in ran.out
    assert "STALE" in ran.err


def test_only_what_asks_for_it_has_a_fallback(kept: Kept) -> None:
    kept.env["B"] = "vault:secret/app#other"
    assert kept.run().out == f"{VALUE}|of it"
    kept.stop()
    ran = kept.run()
    assert ran.code == 120
    assert "B (vault:secret/app#other)" in ran.err
    assert "A (vault:secret/app#key)" not in ran.err
    kept.env["B"] = "vault:secret/app#other?fallback=true"
    ran = kept.run()
    assert ran.code == 120
    assert "no fallback: there is nothing sealed in" in ran.err


def test_all_of_a_path_and_a_longer_text_have_one_too(kept: Kept) -> None:
    kept.env = {
        "A": {"ref": "u:${vault:secret/app#other}@h", "fallback": True},
        "*": {"ref": "vault:secret/app#*", "names": {"key": "B"}, "fallback": True},
    }
    assert kept.run().out == f"u:of it@h|{VALUE}"
    kept.stop()
    ran = kept.run()
    assert (ran.out, ran.err.count("STALE")) == (f"u:of it@h|{VALUE}", 2)


def test_what_is_too_old_is_not_used(kept: Kept) -> None:
    kept.run()
    kept.stop()
    ran = kept.run(fallback={**kept.fallback, "ttl": "1ms"})
    assert ran.code == 120
    assert "no fallback: the sealed value is of 20" in ran.err
    assert "and was good until" in ran.err


@pytest.mark.parametrize("at", [0, 5, 14, 40, -1])
def test_a_sealed_value_that_was_changed_is_not_used(kept: Kept, at: int) -> None:
    kept.run()
    kept.stop()
    (path,) = kept.sealed()
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)
    ran = kept.run()
    assert ran.code == 120
    assert "no fallback: the sealed value " in ran.err
    path.write_bytes(b"")
    assert kept.run().code == 120


def test_sealed_values_can_not_be_swapped(kept: Kept) -> None:
    kept.env["B"] = {"ref": "vault:secret/app#other", "fallback": True}
    kept.run()
    kept.stop()
    first, second = kept.sealed()
    os.replace(first, kept.place / "first")
    os.replace(second, first)
    os.replace(kept.place / "first", second)
    ran = kept.run()
    assert ran.code == 120
    assert ran.err.count("was changed, belongs to something else, or was sealed under another key") == 2


def test_another_key_opens_nothing(kept: Kept) -> None:
    kept.run()
    kept.stop()
    kept.key.write_text("x" * 40)
    assert kept.run().code == 120


def test_what_one_server_gave_stands_in_for_no_other(kept: Kept, vault: Vault, proxy: Proxies) -> None:
    kept.run()
    other = proxy(vault.address)
    other.close()
    settings = {"vault": {"address": other.url, "namespace": vault.namespace}}
    ran = kept.run(providers=settings, deadline="500ms")
    assert ran.code == 120
    assert "there is nothing sealed" in ran.err


@pytest.mark.parametrize("how", ["denied", "deleted", "absent", "token"])
def test_a_refusal_or_a_secret_that_is_gone_is_never_stood_in_for(kept: Kept, vault: Vault, how: str) -> None:
    kept.run()
    token = ROOT_TOKEN
    if how == "denied":
        token = vault.token_for('path "secret/data/other" { capabilities = ["read"] }')
    elif how == "deleted":
        vault.call("DELETE", "secret/data/app")
    elif how == "absent":
        vault.call("DELETE", "secret/metadata/app")
    else:
        token = "no-such-token"
    ran = kept.run(token)
    assert (ran.code, ran.out) == (120, "")
    assert "STALE" not in ran.err


def test_what_is_made_for_each_read_is_refused_and_never_kept(kept: Kept, vault: Vault) -> None:
    vault.call("POST", "sys/mounts/transit", {"type": "transit"})
    vault.call("POST", "transit/keys/web", {"exportable": True})
    kept.env = {"A": {"ref": "vault:transit/export/encryption-key/web#name", "fallback": True}}
    ran = kept.run()
    assert ran.code == 120
    assert "is made for each read, so there is nothing to keep: leave fallback out" in ran.err
    assert not kept.sealed()


def test_a_value_that_is_refused_does_not_replace_a_good_one(kept: Kept, vault: Vault) -> None:
    kept.run()
    vault.call("POST", "secret/data/app", {"data": {"key": "changeme"}})
    assert kept.run().code == 120
    kept.stop()
    assert kept.run().out == f"{VALUE}|"


def test_files_are_private_and_tell_nothing(kept: Kept) -> None:
    kept.run()
    kept.run()
    (path,) = kept.sealed()
    assert (path.stat().st_mode & 0o777, kept.folder.stat().st_mode & 0o777) == (0o600, 0o700)
    assert "app" not in path.name
    content = path.read_bytes()
    for text in (VALUE, "secret/app", "key"):
        assert text.encode() not in content


def test_a_value_that_can_not_be_kept_is_told_and_the_command_runs(kept: Kept) -> None:
    kept.run()
    (path,) = kept.sealed()
    path.unlink()
    path.mkdir()
    ran = kept.run()
    assert (ran.code, ran.out) == (0, f"{VALUE}|")
    assert "secrets-guard: warning: vault:secret/app#key: can't be kept for a fallback: Is a directory" in ran.err
    assert [one.name for one in kept.sealed()] == [path.name]


@pytest.mark.parametrize("what", ["key", "folder", "sealed"])
@pytest.mark.parametrize("wrong", ["mode", "owner"])
def test_what_others_can_get_at_is_an_error(kept: Kept, what: str, wrong: str) -> None:
    if wrong == "owner" and os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    kept.run()
    path = {"key": kept.key, "folder": kept.folder, "sealed": kept.sealed()[0]}[what]
    if wrong == "mode":
        path.chmod(0o740 if path.is_dir() else 0o640)
    else:
        os.chown(path, 1234, -1)
    kept.stop()
    ran = kept.run()
    assert ran.code == (120 if what == "sealed" else 121)
    assert ("others have rights on it" if wrong == "mode" else "belongs to user 1234") in ran.err


def test_a_folder_that_is_a_link_is_an_error(kept: Kept) -> None:
    (kept.place / "real").mkdir(mode=0o700)
    kept.folder.symlink_to(kept.place / "real")
    ran = kept.run()
    assert ran.code == 121
    assert "is no folder that can be used" in ran.err


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (None, "fallback: needs 'fallback: {folder, key_file}' in a manifest"),
        ("x", "must be a mapping"),
        ({"key_file": "k"}, "needs a folder"),
        ({"folder": "f"}, "either key_file or keyring"),
        ({"folder": "f", "key_file": "k", "keyring": "r"}, "either key_file or keyring"),
        ({"folder": "f", "key_file": "k", "ttl": "31d"}, "no time such as"),
        ({"folder": "f", "key_fil": "k"}, "did you mean 'key_file'?"),
        ({"folder": "f", "key_file": "/nope"}, "/nope: can't be read: No such file"),
        ({"folder": "f", "key_file": "/dev/null"}, "is no plain file"),
        ({"folder": "/nope/f", "key_file": "KEY"}, "can't be made: No such file"),
    ],
)
def test_settings_that_can_not_be_used_are_told_before_anything_is_fetched(kept: Kept, given: Any, told: str) -> None:
    if isinstance(given, dict) and given.get("key_file") == "KEY":
        given = {**given, "key_file": str(kept.key)}
    ran = kept.run(fallback=given)
    assert ran.code == 121
    assert told in ran.err
    assert not kept.way.asked


def test_a_key_that_is_too_short_is_told(kept: Kept) -> None:
    kept.key.write_text("short")
    ran = kept.run()
    assert (ran.code, "holds 5 bytes; a key has 32 to 4096" in ran.err) == (121, True)


def test_in_the_environment_alone_there_is_no_fallback(run: Run) -> None:
    ran = run("run", "--", "true", env={"A": "vault:secret/app#key?fallback=true"})
    assert ran.code == 121
    assert "the environment: A: fallback: needs" in ran.err


KEYRING = '''
import json, os
from keyring.backend import KeyringBackend

class Keyring(KeyringBackend):
    """Keeps its secrets in a file; there is no desktop's keyring in a test."""

    name = "of the tests"
    priority = float(os.environ.get("PRIORITY", "5"))
    path = os.environ.get("RING", "")

    def get_password(self, service, username):
        return json.load(open(self.path)).get(f"{service}/{username}") if os.path.exists(self.path) else None

    def set_password(self, service, username, password):
        json.dump({f"{service}/{username}": password}, open(self.path, "w"))
'''


def test_the_key_may_be_in_the_platforms_keyring(kept: Kept, clean_environment: dict[str, str]) -> None:
    (kept.place / "ring_of_tests.py").write_text(KEYRING)
    environment = {
        "PYTHONPATH": f"{kept.place}{os.pathsep}{clean_environment['PYTHONPATH']}",
        "PYTHON_KEYRING_BACKEND": "ring_of_tests.Keyring",
        "RING": str(kept.place / "ring"),
    }
    given = {"folder": str(kept.folder), "keyring": "secrets-guard of app"}
    assert kept.run(environment=environment, fallback=given).code == 0
    made = json.loads((kept.place / "ring").read_text())
    assert [len(key) for key in made.values()] == [64]
    kept.stop()
    ran = kept.run(environment=environment, fallback=given)
    assert (ran.out, "STALE" in ran.err) == (f"{VALUE}|", True)
    ran = kept.run(environment={**environment, "PRIORITY": "0.5"}, fallback=given)
    assert (ran.code, "of the tests keeps no secrets; use key_file" in ran.err) == (121, True)


@pytest.mark.parametrize("package", ["cryptography", "keyring"])
def test_without_the_package_the_extra_is_named(kept: Kept, run_without: Run, package: str) -> None:
    extra = "fallback" if package == "cryptography" else "keyring"
    given = {"folder": str(kept.folder), **({"keyring": "x"} if package == "keyring" else {"key_file": str(kept.key)})}
    (kept.place / "s.yaml").write_text(
        json.dumps({"version": 1, "env": {"A": "memory:a?fallback=true"}, "fallback": given})
    )
    ran = run_without(package, "run", "-m", "s.yaml", "--", "true")
    assert ran.code == 120
    assert f"needs the package {package}, which is not installed: pip install 'secrets-guard[{extra}]'" in ran.err

"""The audit: a line for everything that was done, no value in any, and nothing is done that can't be told."""

from __future__ import annotations

import json
import os
import socket
import stat
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secrets_guard.broker.audit import ACTIONS, Audit, Event
from secrets_guard.broker.audit_target import open_audit, open_target
from secrets_guard.errors import AccessDenied, AuditFailed

from .conftest import ROOT, Run, Vault

DOCUMENTED = (ROOT / "docs" / "broker.md").read_text(encoding="utf-8").partition("## Audit")[2].partition("\n## ")[0]


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def actions(text: str) -> list[str]:
    return [f"{line['event.action']} {line['event.outcome']}" for line in lines(text)]


@pytest.fixture
def env(vault: Vault) -> dict[str, str]:
    vault.call("POST", "secret/data/app", {"data": {"key": "hunter two", "user": "joe-the-user"}})
    vault.call("POST", "sys/auth/userpass", {"type": "userpass"})
    vault.call("PUT", "sys/policies/acl/web", {"policy": 'path "secret/data/*" { capabilities = ["read"] }'})
    vault.call("POST", "auth/userpass/users/joe", {"password": "very secret", "token_policies": ["web"]})
    return {"VAULT_ADDR": vault.address, "VAULT_NAMESPACE": vault.namespace, "WORD": "very secret"}


@pytest.fixture
def manifest(tmp_path: Path) -> str:
    auth = {"method": "userpass", "username": "joe", "password": "${WORD}"}
    env = {"A": "vault:secret/app#key", "URL": "x://pre-${vault:secret/app#user}@h", "PLAIN": "literal-text"}
    path = tmp_path / "s.yaml"
    path.write_text(json.dumps({"version": 1, "providers": {"vault": {"auth": auth}}, "env": env, "audit": "log"}))
    return str(path)


def test_each_login_fetch_and_injection_is_a_line_and_no_value_is_in_any(
    run: Run, env: dict[str, str], manifest: str, tmp_path: Path
) -> None:
    ran = run("run", "-m", manifest, "--", "sh", "-c", "echo $$", env=env)
    assert (ran.code, ran.err) == (0, "")
    text = (tmp_path / "log").read_text()
    assert actions(text) == [f"{name} success" for name in ("open", "login", "fetch", "fetch", "inject", "inject")]
    login, fetched, injected = lines(text)[1], lines(text)[2], lines(text)[5]
    assert login["event.provider"] == "vault"
    assert login["message"] == f"userpass at {env['VAULT_ADDR']}"
    assert fetched["secrets_guard.reference"] == "vault:secret/app#key"
    assert fetched["secrets_guard.version"] == "1"
    assert 0 < fetched["event.duration"] < 60e9
    assert injected["secrets_guard.variable"] == "URL"
    assert {line["process.pid"] for line in lines(text)} == {int(ran.out)}
    assert len({line["trace.id"] for line in lines(text)}) == 1
    for value in ("hunter", "joe-the", "very secret", "pre-", "literal-text", '"hvs.', '"s.'):
        assert value not in text, value
    assert stat.S_IMODE((tmp_path / "log").stat().st_mode) == 0o600


def test_failures_are_told_with_their_reasons(run: Run, env: dict[str, str], manifest: str, tmp_path: Path) -> None:
    ran = run("run", "-m", manifest, "--", "true", env=env | {"B": "vault:secret/nope#x"})
    assert ran.code == 120
    text = (tmp_path / "log").read_text()
    assert actions(text)[-3:] == ["fetch failure", "revoke success", "inject failure"]
    assert lines(text)[-3]["error.type"] == "SecretNotFound"
    assert lines(text)[-3]["error.message"] == "there is no secret at secret/nope"
    assert run("run", "-m", manifest, "--", "true", env=env | {"WORD": "wrong"}).code == 120
    told = [line for line in lines((tmp_path / "log").read_text()) if line["event.action"] == "login"]
    assert told[-1]["error.type"] == "AccessDenied"
    assert "wrong" not in (tmp_path / "log").read_text()
    assert run("run", "-m", manifest, "--", "./nothing", env=env).code == 127
    assert lines((tmp_path / "log").read_text())[-1]["error.type"] == "CommandNotFound"


def test_looking_is_told_as_well(run: Run, env: dict[str, str], manifest: str, tmp_path: Path) -> None:
    assert run("env", "plan", "-m", manifest, "--audit", "plan", env=env).code == 0
    assert run("env", "print", "-m", manifest, "--force", "--audit", "print", env=env).code == 0
    assert "print success" not in actions((tmp_path / "plan").read_text())
    assert actions((tmp_path / "print").read_text())[-2:] == ["print success"] * 2
    assert not (tmp_path / "log").exists()


def test_the_option_comes_before_the_variable_and_that_before_the_manifest(
    run: Run, env: dict[str, str], manifest: str, tmp_path: Path
) -> None:
    for option in (("--audit", "own"), ("--audit=own",)):
        assert run("run", "-m", manifest, *option, "--", "true", env=env | {"SECRETS_GUARD_AUDIT": "var"}).code == 0
    assert run("run", "-m", manifest, "--", "true", env=env | {"SECRETS_GUARD_AUDIT": "var"}).code == 0
    own, variable = ((tmp_path / name).read_text() for name in ("own", "var"))
    assert (own.count('"open"'), variable.count('"open"'), (tmp_path / "log").exists()) == (2, 1, False)


def test_it_can_go_to_standard_error_and_never_to_standard_output(run: Run, env: dict[str, str], manifest: str) -> None:
    ran = run("run", "-m", manifest, "--audit", "stderr", "--", "echo", "out", env=env)
    assert (ran.code, ran.out, actions(ran.err)[0]) == (0, "out\n", "open success")
    ran = run("run", "-m", manifest, "--audit", "-", "--", "echo", "out", env=env)
    assert (ran.code, ran.out) == (120, "")


@pytest.mark.parametrize("target", ["no/such/folder/log", ".", "/dev/full", "pipe", "syslog:nobody"])
def test_what_can_not_be_written_is_an_error_before_anything_is_asked(
    run: Run, manifest: str, tmp_path: Path, target: str
) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.create_server(("127.0.0.1", 0)) as server:
        env = {"VAULT_ADDR": f"http://127.0.0.1:{server.getsockname()[1]}", "WORD": "w"}
        ran = run("run", "-m", manifest, "--audit", target, "--", "echo", "started", env=env)
        server.settimeout(0.01)
        with pytest.raises(TimeoutError):
            server.accept()
    assert (ran.code, ran.out) == (120, "")
    assert f"audit {target.removeprefix('syslog:')}: can't be written: " in ran.err


def test_an_audit_that_breaks_later_starts_nothing(run: Run, env: dict[str, str], manifest: str) -> None:
    """A limit on the size of files lets the first line through."""
    script = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (600, 600)); import os; os.execv(sys.executable, sys.argv[1:])"
    )
    command = [sys.executable, "-m", "secrets_guard", "run", "-m", manifest, "--", "echo", "started"]
    ran = run("run", "--", sys.executable, "-c", script, *command, env=env)
    assert (ran.code, ran.out) == (120, "")
    assert "audit log: " in ran.err


def test_syslog_gets_a_line_with_its_severity(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(tmp_path / "socket"))
        receiver.settimeout(5)
        audit = open_audit(f"syslog:{tmp_path / 'socket'}", "app")
        audit.tell(Event("login", error=AccessDenied("no")))
        first, second = receiver.recv(65536).decode(), receiver.recv(65536).decode()
    assert first.startswith(f"<85>secrets-guard[{os.getpid()}]: {{")
    assert second.startswith("<84>")
    assert json.loads(first.partition(": ")[2])["secrets_guard.command"] == "app"


def test_lines_of_many_writers_do_not_mix_and_what_was_there_stays(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text('{"event.action": "older"}\n')
    audits = [Audit(open_target(str(path)), "app") for _ in range(4)]
    writers = [
        threading.Thread(target=lambda one=one: [one.tell(Event("fetch", detail="x" * 500)) for _ in range(50)])
        for one in audits
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [line["event.action"] for line in lines(path.read_text())] == ["older", *["fetch"] * 200]


def test_the_message_of_an_error_that_is_not_ours_is_left_out() -> None:
    told: list[str] = []
    Audit(lambda line, _failed: told.append(line)).tell(Event("fetch", error=ValueError("holds a value")))
    assert lines(told[0])[0]["error.type"] == "ValueError"
    assert "holds" not in told[0]


def test_while_a_command_runs_what_can_not_be_written_is_a_warning() -> None:
    def full(_line: str, _failed: bool) -> None:
        raise AuditFailed("the disk is full")

    warned: list[str] = []
    audit = Audit(full).lenient(warned.append)
    audit.tell(Event("renew"))
    with audit.timed(Event("renew")):
        pass
    assert warned == ["the disk is full"] * 2
    Audit().lenient(warned.append).tell(Event("renew"))
    assert len(warned) == 2


@given(st.text(), st.text())
def test_whatever_a_reference_is_called_an_event_is_one_line(reference: str, variable: str) -> None:
    told: list[str] = []
    Audit(lambda line, _failed: told.append(line)).tell(Event("fetch", reference=reference, variable=variable))
    assert told[0].isascii()
    assert told[0].splitlines() == told
    assert json.loads(told[0]).get("secrets_guard.reference", "") == reference


def test_nobody_is_told_where_nobody_asked() -> None:
    open_audit("", "app").tell(Event("open"))
    with pytest.raises(AuditFailed):
        open_audit("stdout", "app")


def test_every_field_and_action_is_documented(run: Run, env: dict[str, str], manifest: str, tmp_path: Path) -> None:
    run("run", "-m", manifest, "--", "true", env=env | {"B": "vault:secret/nope#x"})
    fields = {name for line in lines((tmp_path / "log").read_text()) for name in line}
    assert [name for name in sorted(fields) if f"`{name}`" not in DOCUMENTED] == []
    assert [name for name in ACTIONS if f"`{name}`" not in DOCUMENTED] == []

"""``run``: the command starts with its secrets as if nobody had started it, or not at all."""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .conftest import ROOT_TOKEN, Run, Vault

SHOW = "import json, os, sys; print(json.dumps([dict(os.environ), sys.argv[1:]]))"


@pytest.fixture
def env(vault: Vault) -> dict[str, str]:
    vault.call("POST", "secret/data/app", {"data": {"key": "hunter two", "user": "joe"}})
    return {"VAULT_ADDR": vault.address, "VAULT_NAMESPACE": vault.namespace, "VAULT_TOKEN": ROOT_TOKEN}


def shown(out: str) -> dict[str, str]:
    return dict(json.loads(out)[0])


def test_references_among_the_variables_need_no_manifest(run: Run, env: dict[str, str]) -> None:
    given = {
        "A": "vault:secret/app#key",
        "URL": "x://${vault:secret/app#user}@h",
        "PLAIN": "file:x",
        "L": "literal:vault:a#b",
    }
    ran = run("run", "--", sys.executable, "-c", SHOW, env=env | given)
    assert (ran.code, ran.err) == (0, "")
    assert {name: shown(ran.out)[name] for name in given} == {
        "A": "hunter two", "URL": "x://joe@h", "PLAIN": "file:x", "L": "vault:a#b",
    }  # fmt: skip


def test_a_manifest_says_what_is_injected_and_credentials_stay_behind(
    run: Run, env: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "s.yaml").write_text(
        'version: 1\nproviders: {vault: {address: "${VAULT_ADDR}"}}\n'
        "env: {A: 'vault:secret/app#key', B: {ref: 'vault:secret/nope#x', optional: true}}\n"
    )
    for option in (("--manifest", "s.yaml"), ("-m", "s.yaml"), ("--manifest=s.yaml",), ("-ms.yaml",), ()):
        extra = {} if option else {"SECRETS_GUARD_MANIFEST": "s.yaml"}
        ran = run("run", *option, "--", sys.executable, "-c", SHOW, env=env | extra)
        child = shown(ran.out)
        assert child["A"] == "hunter two"
        assert "B" not in child
        assert "VAULT_TOKEN" not in child
        assert child["VAULT_ADDR"] == env["VAULT_ADDR"]
    kept = (tmp_path / "s.yaml").read_text() + "keep: [VAULT_TOKEN]\n"
    (tmp_path / "s.yaml").write_text(kept)
    assert shown(run("run", "-m", "s.yaml", "--", sys.executable, "-c", SHOW, env=env).out)["VAULT_TOKEN"] == ROOT_TOKEN


def test_an_optional_reference_to_what_is_not_there_does_not_reach_the_command(
    run: Run, env: dict[str, str], tmp_path: Path
) -> None:
    given = {**env, "A": "vault:secret/nope#key?optional=true", "B": "a default of the image", "C": "x"}
    (tmp_path / "s.yaml").write_text("version: 1\nenv: {B: {ref: 'vault:secret/nope#key', optional: true}}\n")
    seen = shown(run("run", "-m", "s.yaml", "--", sys.executable, "-c", SHOW, env=given).out)
    assert ("A" in seen, seen["B"], seen["C"]) == (False, "a default of the image", "x")


@pytest.mark.parametrize("locale", ["C", "C.UTF-8", "xx_YY"])
def test_a_command_that_needs_no_secret_keeps_its_environment(
    run: Run, clean_environment: dict[str, str], locale: str
) -> None:
    """Python adds LC_CTYPE in the C locale, and a byte that is no UTF-8 must survive."""
    given = {"VAULT_TOKEN": "its own", "EMPTY": "", "ODD": "\udcff\n=", "LANG": locale}
    ran = run("run", "--", "env", "-0", env=given)
    bare = subprocess.run(["env", "-0"], env=clean_environment | given, capture_output=True, check=True).stdout
    assert sorted(ran.out.encode("utf-8", "surrogateescape").split(b"\0")) == sorted(bare.split(b"\0"))


def test_as_much_as_the_kernel_takes_starts_and_more_is_told(run: Run, tmp_path: Path) -> None:
    soft = resource.getrlimit(resource.RLIMIT_STACK)[0]
    if not 0 < soft <= 8 << 20:
        pytest.skip("the limit of the stack is not the usual one, and so is that of the environment")
    held = {f"V{number}": "ab" * 50_000 for number in range(soft // 4 // 100_100)}
    env: dict[str, object] = {name: f"env-file:{name}.env#{name}" for name in (*held, "LAST")}
    (tmp_path / "s.yaml").write_text(json.dumps({"version": 1, "env": env}))
    for name, value in held.items():
        (tmp_path / f"{name}.env").write_text(f"{name}={value}\n")
    codes = []
    for size in range(1_000, 120_000, 9_000):
        (tmp_path / "LAST.env").write_text(f"LAST={'cd' * (size // 2)}\n")
        codes.append(run("run", "-m", "s.yaml", "--", "true").code)
    assert set(codes) == {0, 120}
    assert codes == sorted(codes)


def test_the_command_has_the_same_pid_arguments_input_and_exit_code(
    run: Run, env: dict[str, str], clean_environment: dict[str, str]
) -> None:
    script = "import os, sys; print(os.getpid(), sys.argv[1:], sys.stdin.read()); sys.exit(7)"
    process = subprocess.Popen(
        [sys.executable, "-m", "secrets_guard", "run", "--", sys.executable, "-c", script, "-x", "--manifest", "a b"],
        env=clean_environment | env | {"A": "vault:secret/app#key"}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    out, _ = process.communicate(b"input", timeout=60)
    assert out.decode() == f"{process.pid} ['-x', '--manifest', 'a b'] input\n"
    assert process.returncode == 7
    assert run("run", "--", "sh", "-c", "kill -TERM $$").code == -signal.SIGTERM


def test_signals_and_descriptors_are_those_of_a_command_that_a_shell_starts(
    env: dict[str, str], clean_environment: dict[str, str]
) -> None:
    script = "grep -E '^Sig(Ign|Blk|Cgt)' /proc/self/status; ls /proc/self/fd | wc -l"
    command = ["sh", "-c", script]
    given = clean_environment | env | {"A": "vault:secret/app#key"}
    started = [sys.executable, "-m", "secrets_guard", "run", "--", *command]
    ours, bare = (subprocess.run(one, env=given, capture_output=True, check=True).stdout for one in (started, command))
    assert b"SigIgn" in bare
    assert ours == bare


def test_a_descriptor_that_was_handed_down_reaches_the_command(clean_environment: dict[str, str]) -> None:
    reading, writing = os.pipe()
    script = "import os, sys; os.write(int(sys.argv[1]), b'here')"
    with open(reading, "rb") as end:
        command = [sys.executable, "-m", "secrets_guard", "run", "--", sys.executable, "-c", script, str(writing)]
        subprocess.run(command, env=clean_environment, pass_fds=[writing], check=True)
        os.close(writing)
        assert end.read() == b"here"


def test_a_command_that_is_not_there_or_can_not_be_executed_exits_127_or_126(run: Run, tmp_path: Path) -> None:
    ran = run("run", "--", "no-such-command")
    assert (ran.code, ran.err) == (127, "secrets-guard: error: no-such-command: no such command\n")
    (tmp_path / "plain").write_text("x")
    ran = run("run", "--", "./plain")
    assert (ran.code, "./plain: can't be executed: Permission denied" in ran.err) == (126, True)
    assert run("run").code == 2
    assert run("run", "--nonsense", "--", "true").code == 2


def test_nothing_starts_when_a_secret_is_missing_and_no_value_is_shown(run: Run, env: dict[str, str]) -> None:
    given = {"A": "vault:secret/app#key", "B": "vault:secret/app#kye", "C": "vault:secret/app#user?min_length=9"}
    ran = run("run", "--", "echo", "started", env=env | given)
    assert (ran.code, ran.out) == (120, "")
    assert "B (vault:secret/app#kye): there is no key 'kye' in it (did you mean 'key'?)" in ran.err
    assert "C (vault:secret/app#user): is shorter than min_length (3 of 9 bytes)" in ran.err
    assert "hunter" not in ran.err
    assert ROOT_TOKEN not in ran.err.replace("root token", "")


@pytest.mark.parametrize("value", ["xy" * (64 * 1024), "a\0b"])
def test_a_value_that_the_kernel_would_refuse_is_told_by_name(
    run: Run, env: dict[str, str], vault: Vault, value: str
) -> None:
    vault.call("POST", "secret/data/big", {"data": {"v": value}})
    ran = run("run", "--", "echo", "started", env=env | {"BIG": "vault:secret/big#v"})
    assert (ran.code, ran.out) == (120, "")
    assert "BIG (vault:secret/big#v): " in ran.err
    assert "xyxy" not in ran.err


def test_the_largest_value_that_is_let_through_starts(run: Run, env: dict[str, str], vault: Vault) -> None:
    size = 32 * os.sysconf("SC_PAGESIZE") - len("BIG=") - 1
    vault.call("POST", "secret/data/big", {"data": {"v": "y" * size, "w": "y" * (size + 1)}})
    ran = run("run", "--", "sh", "-c", "echo ${#BIG}", env=env | {"BIG": "vault:secret/big#v"})
    assert (ran.code, ran.out) == (0, f"{size}\n")
    assert run("run", "--", "true", env=env | {"BIG": "vault:secret/big#w"}).code == 120


@pytest.mark.parametrize("way", [(), ("--supervise",), ("--redact", "--grace", "30s")], ids=" ".join)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_fetching_ends_it_at_once(
    clean_environment: dict[str, str], number: signal.Signals, way: tuple[str, ...]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(30)
        given = {"VAULT_ADDR": f"http://127.0.0.1:{silent.getsockname()[1]}", "VAULT_TOKEN": "t", "A": "vault:a/b#c"}
        command = [sys.executable, "-m", "secrets_guard", "run", *way, "--", "echo", "started"]
        process = subprocess.Popen(
            command, env=clean_environment | given, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        connection, _ = silent.accept()
        started = time.monotonic()
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
        connection.close()
    assert time.monotonic() - started < 5
    assert process.returncode == (-number if number == signal.SIGTERM else 130)
    assert out == b""
    assert b"Traceback" not in err


def test_as_pid_1_it_still_ends_on_term_while_fetching(clean_environment: dict[str, str]) -> None:
    """For PID 1 the kernel has no default action."""
    probe = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--pid", "--fork", "true"], capture_output=True, check=False
    )
    if probe.returncode:
        pytest.skip("no user namespaces here")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(30)
        given = {"VAULT_ADDR": f"http://127.0.0.1:{silent.getsockname()[1]}", "VAULT_TOKEN": "t", "A": "vault:a/b#c"}
        inner = [sys.executable, "-m", "secrets_guard", "run", "--", "echo", "started"]
        command = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child", *inner]
        outer = subprocess.Popen(command, env=clean_environment | given, stdout=subprocess.PIPE)
        connection, _ = silent.accept()
        children = Path(f"/proc/{outer.pid}/task/{outer.pid}/children").read_text().split()
        os.kill(int(children[0]), signal.SIGTERM)
        out, _ = outer.communicate(timeout=60)
        connection.close()
    assert (outer.returncode, out) == (143, b"")


def test_a_provider_whose_client_is_not_installed_says_what_to_install(run: Run, tmp_path: Path) -> None:
    """A folder without hvac and boto3: Python finds nothing of site-packages but what we need."""
    script = (
        "import sys\n"
        "class Missing:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name in ('hvac', 'boto3'):\n"
        "            raise ModuleNotFoundError(f'No module named {name!r}', name=name)\n"
        "sys.meta_path.insert(0, Missing())\n"
    )
    (tmp_path / "sitecustomize.py").write_text(script)
    given = {"A": "vault:a/b#c", "B": "aws-sm:x", "PYTHONPATH": f"{tmp_path}:{Path(__file__).parents[2]}"}
    ran = run("run", "--", "true", env=given)
    assert ran.code == 120
    assert (
        "A (vault:a/b#c): vault: needs the package hvac, which is not installed: pip install 'secrets-guard[vault]'"
        in ran.err
    )
    assert (
        "B (aws-sm:x): aws: needs the package boto3, which is not installed: pip install 'secrets-guard[aws]'"
        in ran.err
    )


def test_a_provider_that_is_not_asked_is_not_imported(run: Run) -> None:
    ran = run("run", "--", "true", env={"PYTHONPROFILEIMPORTTIME": "1"})
    assert ran.code == 0
    names = {line.rpartition("|")[2].strip() for line in ran.err.splitlines()}
    assert "secrets_guard.broker.resolve" in names
    assert names & {"hvac", "boto3", "requests", "hyperscan", "rich", "typer"} == set()

"""``migrate`` against a real OpenBao: what is moved, what is never overwritten, and what is proved."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
from collections.abc import Callable
from pathlib import Path

import pytest

from secrets_guard.broker.dotenv import read_dotenv
from secrets_guard.rules.template import fill

from .conftest import ROOT_TOKEN, Run, Vault
from .fault_proxy import FaultProxy
from .killed import run_until
from .terminal import Terminal


def random(seed: str) -> str:
    return fill("<alnum:28>", seed)


def entries(number: int = 50) -> dict[str, str]:
    """Return secrets of several kinds by their names."""
    made = {}
    for n in range(number):
        value = random(f"migrate {n}")
        name, text = (
            (f"SERVICE_{n:02}_PASSWORD", value),
            (f"SERVICE_{n:02}_API_KEY", value),
            (f"SERVICE_{n:02}_TOKEN", fill("<github:ghp_>", f"migrate {n}")),
            (f"SERVICE_{n:02}_URL", f"postgres://app:{value}@db.internal/app"),
        )[n % 4]
        made[name] = text
    return made


def dotenv(values: dict[str, str]) -> str:
    """Return a file with the values written in every way, and settings that are no secrets between them."""
    forms = ("{}={}", "export {}={}", "{}='{}'  # quoted", '{}="{}"')
    lines = ["# settings of the app", "LOG_LEVEL=info", ""]
    lines += [forms[n % len(forms)].format(name, value) for n, (name, value) in enumerate(values.items())]
    return "\n".join([*lines, "PORT=8080", ""])


@pytest.fixture
def env(vault: Vault) -> dict[str, str]:
    return {"VAULT_ADDR": vault.address, "VAULT_TOKEN": ROOT_TOKEN, "VAULT_NAMESPACE": vault.namespace}


def held(vault: Vault, path: str = "secret/data/app") -> dict[str, str]:
    data = vault.call("GET", path)["data"]
    return dict(data["data"] if "/data/" in path else data)


def keys(values: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in values.items()}


def test_fifty_secrets_move_and_everything_is_proved(
    vault: Vault, run: Run, env: dict[str, str], tmp_path: Path
) -> None:
    values = entries()
    file = tmp_path / ".env"
    file.write_text(dotenv(values))
    file.chmod(0o640)
    vault.call("POST", "secret/data/app", {"data": {"other": "stays"}})
    ran = run("migrate", ".env", "--to", "vault:secret/app", "--yes", env=env)
    assert ran.code == 0, ran.err
    assert held(vault) == {"other": "stays", **keys(values)}
    assert not [value for value in values.values() if value in ran.out + ran.err]
    now = {name: value.decode() for name, value in read_dotenv(file.read_bytes()).items()}
    assert now == {
        "LOG_LEVEL": "info",
        "PORT": "8080",
        **{name: f"vault:secret/app#{name.lower()}" for name in values},
    }
    assert "  # quoted" in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o640
    assert run("scan", "files", ".env").code == 0
    plan = run("env", "plan", "-m", "secrets.yaml", env=env)
    assert plan.code == 0
    assert plan.out.count("vault:secret/app#") == 50
    given = run("run", "-m", "secrets.yaml", "--", sys.executable, "-c", _SHOWN, env=env)
    assert json.loads(given.out).items() >= values.items()
    # One version for all: fifty would push older ones of the secret out.
    assert vault.call("GET", "secret/metadata/app")["data"]["current_version"] == 2


_SHOWN = "import json, os; print(json.dumps(dict(os.environ)))"


def command_in(folder: Path, env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "secrets_guard", *arguments]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, timeout=60, check=False)


def test_killed_at_any_step_nothing_is_lost_and_the_next_run_completes(
    vault: Vault, env: dict[str, str], clean_environment: dict[str, str], tmp_path: Path
) -> None:
    values, work = entries(), tmp_path / "work"
    text, mine = dotenv(values), clean_environment | env
    step = 0
    while True:
        step += 1
        place = f"killed-{step}"
        folder = work / place
        folder.mkdir(parents=True)
        (folder / ".env").write_text(text)
        vault.call("POST", f"secret/data/{place}", {"data": {"other": "stays"}})
        command = ("migrate", ".env", "--to", f"vault:secret/{place}", "--yes")
        killed = run_until(step, *command, cwd=folder, env=mine)
        # Each value is where it was, or can be read from the manager.
        left = {name: value.decode() for name, value in read_dotenv((folder / ".env").read_bytes()).items()}
        kept = held(vault, f"secret/data/{place}")
        for name, value in values.items():
            assert left[name] == value or kept[name.lower()] == value, (step, name)
        again = command_in(folder, mine, *command)
        assert again.returncode == 0, (step, again.stderr)
        assert held(vault, f"secret/data/{place}") == {"other": "stays", **keys(values)}
        assert {path.name for path in folder.iterdir()} == {".env", "secrets.yaml"}, step
        assert not [value for value in values.values() if value in (folder / ".env").read_text()]
        given = command_in(folder, mine, "run", "-m", "secrets.yaml", "--", sys.executable, "-c", _SHOWN)
        assert json.loads(given.stdout).items() >= values.items(), step
        if not killed:
            break
    # Reads, the write, what is read back, two files with a new one and its taking the old one's place each, the proof.
    assert step > 10


@pytest.mark.parametrize("requests", range(1, 8))
def test_killed_while_an_answer_is_on_its_way_the_next_run_completes(
    vault: Vault, run: Run, env: dict[str, str], clean_environment: dict[str, str], tmp_path: Path,
    proxy: Callable[..., FaultProxy], requests: int,
) -> None:  # fmt: skip
    values = entries()
    (tmp_path / ".env").write_text(dotenv(values))
    slow = proxy(vault.address, delay=0.2)
    command = ("migrate", ".env", "--to", "vault:secret/app", "--yes")
    process = subprocess.Popen(
        [sys.executable, "-m", "secrets_guard", *command], cwd=tmp_path, stdout=subprocess.DEVNULL,
        env=clean_environment | env | {"VAULT_ADDR": slow.url},
    )  # fmt: skip
    until = time.monotonic() + 30
    while len(slow.asked) < requests and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    # What has been asked is carried out, though nobody waits for the answer.
    time.sleep(0.4)
    left = {name: value.decode() for name, value in read_dotenv((tmp_path / ".env").read_bytes()).items()}
    assert all(left[name] == value for name, value in values.items()) or held(vault) == keys(values)
    ran = run(*command, env=env)
    assert ran.code == 0, ran.err
    assert held(vault) == keys(values)
    assert vault.call("GET", "secret/metadata/app")["data"]["current_version"] == 1


@pytest.mark.parametrize("fault", ["lost", 503, "drop", "torn"])
def test_a_write_whose_answer_is_lost_is_settled_by_reading(
    vault: Vault, run: Run, env: dict[str, str], tmp_path: Path, proxy: Callable[..., FaultProxy], fault: int | str
) -> None:
    (tmp_path / ".env").write_text(dotenv(entries(3)))
    faulty = proxy(vault.address)
    faulty.wrong_writes = [fault]
    ran = run("migrate", ".env", "--to", "vault:secret/app", "--yes", env={**env, "VAULT_ADDR": faulty.url})
    assert ran.code == 0, ran.err
    assert held(vault) == keys(entries(3))
    assert vault.call("GET", "secret/metadata/app")["data"]["current_version"] == 1


def test_another_value_is_never_overwritten(vault: Vault, run: Run, env: dict[str, str], tmp_path: Path) -> None:
    values = entries(4)
    text = dotenv(values)
    (tmp_path / ".env").write_text(text)
    first = next(iter(values))
    vault.call("POST", "secret/data/app", {"data": {first.lower(): "another value"}})
    for options in (["--yes"], ["--dry-run"]):
        ran = run("migrate", ".env", "--to", "vault:secret/app", *options, env=env)
        assert ran.code == 120
        assert f"vault:secret/app#{first.lower()}: holds another value already" in ran.err
        assert "another value\n" not in ran.err
    assert (tmp_path / ".env").read_text() == text
    assert held(vault) == {first.lower(): "another value"}
    assert not (tmp_path / "secrets.yaml").exists()


def test_a_writer_that_is_faster_is_not_overwritten(
    vault: Vault, run: Run, env: dict[str, str], tmp_path: Path, proxy: Callable[..., FaultProxy]
) -> None:
    values = entries(2)
    first = next(iter(values))
    (tmp_path / ".env").write_text(dotenv(values))
    racing = proxy(vault.address)
    raced = []

    # The first write finds that somebody has been there since it read.
    def answer(body: bytes) -> tuple[int, object]:
        del racing.own['"cas"']
        raced.append(body)
        vault.call("POST", "secret/data/app", {"data": {first.lower(): "of somebody else"}})
        return 400, {"errors": ["check-and-set parameter did not match the current version"]}

    racing.own = {'"cas"': answer}
    ran = run("migrate", ".env", "--to", "vault:secret/app", "--yes", env={**env, "VAULT_ADDR": racing.url})
    assert (ran.code, len(raced)) == (120, 1)
    assert "holds another value already" in ran.err
    assert held(vault) == {first.lower(): "of somebody else"}
    assert (tmp_path / ".env").read_text() == dotenv(values)


def test_kv_version_1_keeps_what_it_holds(vault: Vault, run: Run, env: dict[str, str], tmp_path: Path) -> None:
    values = entries(4)
    (tmp_path / ".env").write_text(dotenv(values))
    vault.call("POST", "old/app", {"other": "stays", "number": 7})
    assert run("migrate", ".env", "--to", "vault:old/app", "--yes", env=env).code == 0
    assert held(vault, "old/app") == {"other": "stays", "number": 7, **keys(values)}


def test_a_deleted_version_is_written_over_as_a_new_one(
    vault: Vault, run: Run, env: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text(dotenv(entries(2)))
    vault.call("POST", "secret/data/app", {"data": {"gone": "x"}})
    vault.call("DELETE", "secret/data/app")
    assert run("migrate", ".env", "--to", "vault:secret/app", "--yes", env=env).code == 0
    assert held(vault) == keys(entries(2))


def test_a_dry_run_changes_nothing(vault: Vault, run: Run, env: dict[str, str], tmp_path: Path) -> None:
    values = entries(3)
    (tmp_path / ".env").write_text(dotenv(values))
    ran = run("migrate", ".env", "--to", "vault:secret/app", "--dry-run", env=env)
    assert ran.code == 0, ran.err
    assert ".env:4: SERVICE_00_PASSWORD -> vault:secret/app#service_00_password: would be written" in ran.out
    assert not [value for value in values.values() if value in ran.out + ran.err]
    assert (tmp_path / ".env").read_text() == dotenv(values)
    assert os.listdir(tmp_path) == [".env"]
    with pytest.raises(urllib.error.HTTPError, match="404"):
        held(vault)


def test_a_manifest_keeps_its_comments_settings_and_entries(
    vault: Vault, run: Run, env: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text(dotenv(entries(2)))
    before = (
        "# ours\nversion: 1\nproviders:\n  vault: {address: " + f'"{vault.address}"' + "}\n"
        'env:\n    A: "literal:x"  # first\n    B:\n      ref: vault:secret/app#service_00_password\n'
        "\n# behind\ndeadline: 10s\n"
    )
    (tmp_path / "secrets.yaml").write_text(before)
    without = {name: value for name, value in env.items() if name != "VAULT_ADDR"}
    unnamed = run("migrate", ".env", "--to", "vault:secret/app", "--yes", env=without)
    assert (unnamed.code, "if it is yours, name it: --manifest secrets.yaml" in unnamed.err) == (121, True)
    ran = run("migrate", ".env", "--to", "vault:secret/app", "--yes", "-m", "secrets.yaml", env=without)
    assert ran.code == 0, ran.err
    added = [f'    {name}: "vault:secret/app#{name.lower()}"\n' for name in entries(2)]
    mark = "      ref: vault:secret/app#service_00_password\n"
    assert (tmp_path / "secrets.yaml").read_text() == before.replace(mark, mark + "".join(added))


def test_a_variable_that_the_manifest_makes_of_something_else_is_an_error(
    vault: Vault, run: Run, env: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text(dotenv(entries(1)))
    (tmp_path / "secrets.yaml").write_text("version: 1\nenv: {SERVICE_00_PASSWORD: 'vault:secret/x#y'}\n")
    ran = run("migrate", ".env", "--to", "vault:secret/app", "--yes", env=env)
    assert ran.code == 121
    assert "secrets.yaml:2: SERVICE_00_PASSWORD is made from vault:secret/x#y already" in ran.err
    assert (tmp_path / ".env").read_text() == dotenv(entries(1))


def test_two_values_under_one_key_are_an_error_before_anything_is_done(
    vault: Vault, run: Run, env: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text(f"DB_PASSWORD={random('a')}\ndb_password={random('b')}\n")
    ran = run("migrate", ".env", "--to", "vault:secret/app", "--yes", env=env)
    assert ran.code == 2
    assert ".env:2: db_password: would be kept as 'db_password', as .env:1: DB_PASSWORD is" in ran.err


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("app.yaml", "# top\ndb:\n  user: app\n  password: '{a}'  # here\n  port: 5432\nkeys:\n- token: {b}\n"),
        ("app.json", '{{"db": {{"user": "app", "password": "{a}", "port": 5432}},\n "keys": [{{"token": "{b}"}}]}}\n'),
        ("app.properties", "# top\ndb.user=app\ndb.password = {a}\nkeys.0.token: {b}\ndb.port=5432\n"),
    ],
)
def test_nested_files_move_too(
    vault: Vault, run: Run, env: dict[str, str], tmp_path: Path, name: str, text: str
) -> None:
    a, b = random("nested"), fill("<github:ghp_>", "nested")
    (tmp_path / name).write_text(text.format(a=a, b=b))
    ran = run("migrate", name, "--to", "vault:secret/app", "--yes", env=env)
    assert ran.code == 0, ran.err
    assert held(vault) == {"db_password": a, "keys_0_token": b}
    references = {"a": "vault:secret/app#db_password", "b": "vault:secret/app#keys_0_token"}
    assert (tmp_path / name).read_text() == text.format(**references)
    plan = run("env", "plan", "-m", "secrets.yaml", env=env)
    assert plan.code == 0
    assert plan.out.splitlines()[1].split()[0] == "DB_PASSWORD"


def test_a_key_over_several_lines_moves_as_it_is(vault: Vault, run: Run, env: dict[str, str], tmp_path: Path) -> None:
    pem = fill("<pem:RSA PRIVATE KEY>", "migrate")
    block = "".join(f"    {line}\n" for line in pem.splitlines())
    (tmp_path / "tls.yaml").write_text(f"tls:\n  key: |\n{block}  port: 443\n")
    ran = run("migrate", "tls.yaml", "--to", "vault:secret/app", "--yes", env=env)
    assert ran.code == 0, ran.err
    assert held(vault)["tls_key"].strip() == pem.strip()
    assert (tmp_path / "tls.yaml").read_text() == "tls:\n  key: vault:secret/app#tls_key\n  port: 443\n"
    assert "allow: [newline]" in (tmp_path / "secrets.yaml").read_text()


def test_what_a_report_names_moves_and_the_rest_is_told(
    vault: Vault, run: Run, env: dict[str, str], tmp_path: Path
) -> None:
    tree = tmp_path / "tree"
    (tree / "a").mkdir(parents=True)
    values = entries(3)
    (tree / "a" / ".env").write_text(dotenv(values))
    code = f'token = "{fill("<github:ghp_>", "in code")}"\n'
    (tree / "main.py").write_text(code)
    assert run("scan", "files", "tree", "-f", "json", "-o", "report.json").code == 1
    # One that nobody has reported stays where it is.
    with open(tree / "a" / ".env", "a") as stream:
        stream.write(f"NEW_PASSWORD={random('unreported')}\n")
    ran = run("migrate", "report.json", "--to", "vault:secret/app", "--yes", env=env)
    assert ran.code == 1
    assert "by hand: tree/main.py:1: github-personal-access-token: not a .env, YAML, JSON or properties file" in ran.out
    assert "tree/a/.env:8: generic-secret-assignment: still there" in ran.out
    assert held(vault) == keys(values)
    assert (tree / "main.py").read_text() == code


def test_a_report_leads_to_nothing_outside_what_was_swept(
    vault: Vault, run: Run, env: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / ".env").write_text(dotenv(entries(1)))
    (tmp_path / ".env").write_text(dotenv(entries(1)))
    run("scan", "files", "tree", "-f", "json", "-o", "report.json")
    report = (tmp_path / "report.json").read_text()
    (tmp_path / "report.json").write_text(report.replace('"path": ".env"', '"path": "../.env"'))
    ran = run("migrate", "report.json", "--to", "vault:secret/app", "--yes", env=env)
    assert "by hand: ../.env:4" in ran.out
    assert (tmp_path / ".env").read_text() == dotenv(entries(1))


def test_a_comment_is_told_and_a_name_that_no_rule_finds_can_be_given(
    vault: Vault, run: Run, env: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text(f"# OLD_PASSWORD={random('old')}\nCODE=sunny day\n")
    ran = run("migrate", ".env", "--to", "vault:secret/app", "--yes", "--also", "CODE", env=env)
    assert ran.code == 1
    assert "by hand: .env:1: generic-secret-assignment: not the value of a setting" in ran.out
    assert held(vault) == {"code": "sunny day"}
    assert "vault:secret/app#code" in (tmp_path / ".env").read_text()


def test_a_name_without_a_letter_and_bytes_are_done_by_hand(
    vault: Vault, run: Run, env: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"пароль": fill("<github:ghp_>", "no key")}))
    (tmp_path / "b.env").write_bytes(f"TOKEN={fill('<github:ghp_>', 'bytes')}".encode() + b"\xff\n")
    for name, said in (("a.json", "has no letter for a key"), ("b.env", "not UTF-8")):
        ran = run("migrate", name, "--to", "vault:secret/app", "--yes", env=env)
        assert ran.code == 1, ran.err
        assert said in ran.out


def test_without_a_terminal_it_does_nothing_unasked(run: Run, env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(dotenv(entries(1)))
    ran = run("migrate", ".env", "--to", "vault:secret/app", env=env)
    assert ran.code == 2
    assert "--yes moves all" in ran.err


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ("gcp-sm:p/n", "can be read from, but not written to"),
        ("nothing", "is no place to write to"),
        ("vault:secret/app#key", "without a key"),
        ("vault:secret/app?version=2", "takes no options"),
        ("vault:sys/policy", "is no KV engine"),
    ],
)
def test_a_place_that_cant_be_written_to_is_told(
    vault: Vault, run: Run, env: dict[str, str], tmp_path: Path, to: str, said: str
) -> None:
    (tmp_path / ".env").write_text(dotenv(entries(1)))
    ran = run("migrate", ".env", "--to", to, "--yes", env=env)
    assert ran.code in (2, 120)
    assert said in ran.err


def test_what_may_only_be_read_is_told_and_the_file_stays(
    vault: Vault, run: Run, env: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text(dotenv(entries(1)))
    token = vault.token_for('path "secret/data/app" { capabilities = ["read"] }')
    ran = run("migrate", ".env", "--to", "vault:secret/app", "--yes", env={**env, "VAULT_TOKEN": token})
    assert ran.code == 120
    assert "permission denied" in ran.err
    assert token not in ran.err
    assert (tmp_path / ".env").read_text() == dotenv(entries(1))


def test_a_file_with_several_names_is_left_alone(vault: Vault, run: Run, env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(dotenv(entries(1)))
    os.link(tmp_path / ".env", tmp_path / "other")
    ran = run("migrate", ".env", "--to", "vault:secret/app", "--yes", env=env)
    assert ran.code == 2
    assert "has 2 hard links" in ran.err


def test_a_link_stays_one(vault: Vault, run: Run, env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "real.env").write_text(dotenv(entries(1)))
    (tmp_path / ".env").symlink_to("real.env")
    assert run("migrate", ".env", "--to", "vault:secret/app", "--yes", env=env).code == 0
    assert (tmp_path / ".env").is_symlink()
    assert "vault:secret/app#" in (tmp_path / "real.env").read_text()


def test_at_a_terminal_each_secret_is_asked_for(
    vault: Vault, env: dict[str, str], clean_environment: dict[str, str], tmp_path: Path
) -> None:
    values = entries(4)
    (tmp_path / ".env").write_text(dotenv(values))
    command = [sys.executable, "-m", "secrets_guard", "migrate", ".env", "--to", "vault:secret/app"]
    terminal = Terminal(command, clean_environment | env, str(tmp_path), shell=False)
    try:
        for name, answer in zip(values, (b"y\n", b"n\n", b"what\n", b"q\n"), strict=True):
            terminal.await_(b"[y/n/a/q] " if answer == b"q\n" else name.encode())
            terminal.type(answer)
        assert b"nothing to move" in terminal.settle()
    finally:
        assert terminal.close() == 1
    assert (tmp_path / ".env").read_text() == dotenv(values)
    terminal = Terminal(command, clean_environment | env, str(tmp_path), shell=False)
    try:
        for answer in (b"n\n", b"a\n"):
            terminal.await_(b"[y/n/a/q] ")
            terminal.type(answer)
        seen = terminal.settle(3)
    finally:
        assert terminal.close() == 1
    assert not [value for value in values.values() if value.encode() in seen]
    first = next(iter(values))
    assert held(vault) == keys({name: value for name, value in values.items() if name != first})
    assert f"{first}={values[first]}\n" in (tmp_path / ".env").read_text()

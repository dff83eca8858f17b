"""``files:`` of a manifest: in memory, for the command only, and gone with it."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

from secrets_guard.broker.manifest import read_manifest
from secrets_guard.broker.private_folder import PrivateFolder, choose_parent, file_system, remove_abandoned
from secrets_guard.errors import BrokerError, ManifestError
from secrets_guard.model.secret import Secret

from .conftest import Run

SHOW = """
import json, os, stat, sys
folder = os.environ["SECRETS_GUARD_FILES"]
found = {}
for name in os.listdir(folder):
    path = os.path.join(folder, name)
    status = os.stat(path)
    found[name] = [oct(stat.S_IMODE(status.st_mode)), status.st_uid, open(path, "rb").read().hex()]
print(json.dumps([folder, oct(stat.S_IMODE(os.stat(folder).st_mode)), found, os.environ.get("KEY_FILE")]))
"""
VALUE = b"first line\nsecond line\n\0\xff"


def manifest(folder: Path, **keys: Any) -> None:
    (folder / "value").write_bytes(VALUE)
    (folder / "s.yaml").write_text(json.dumps({"version": 1, "run": {"redact": False}, **keys}))


def shown(run: Run, *options: str) -> tuple[str, str, dict[str, list[Any]], str | None]:
    ran = run("run", "-m", "s.yaml", *options, "--", sys.executable, "-c", SHOW)
    assert (ran.code, ran.err) == (0, "")
    return tuple(json.loads(ran.out))


def test_the_command_finds_them_with_their_modes_and_they_go_with_it(run: Run, tmp_path: Path) -> None:
    files = {"tls.key": "file:value", "open": {"ref": "file:value", "mode": "0644"}, "text": "user=${file:value}"}
    manifest(tmp_path, files=files, env={"KEY_FILE": "${SECRETS_GUARD_FILES}/tls.key"})
    folder, mode, found, key_file = shown(run)
    assert mode == "0o700"
    uid, content = os.geteuid(), VALUE.removesuffix(b"\n").hex()
    assert found == {
        "tls.key": ["0o400", uid, content], "open": ["0o644", uid, content],
        "text": ["0o400", uid, b"user=".hex() + content],
    }  # fmt: skip
    assert key_file == f"{folder}/tls.key"
    assert not os.path.exists(folder)


def test_they_are_in_memory(run: Run, tmp_path: Path) -> None:
    if file_system("/dev/shm") != "tmpfs":
        pytest.skip("no tmpfs at /dev/shm")
    manifest(tmp_path, files={"a": "file:value"})
    assert file_system(os.path.dirname(shown(run)[0])) == "tmpfs"


def test_their_values_are_hidden_in_output(run: Run, tmp_path: Path) -> None:
    manifest(tmp_path, files={"a": "file:value"}, run={})
    ran = run("run", "-m", "s.yaml", "--", "sh", "-c", 'head -n 1 "$SECRETS_GUARD_FILES/a"')
    assert ran.out == "****\n"


def test_where_there_is_no_memory_a_folder_has_to_be_given(tmp_path: Path) -> None:
    if file_system(str(tmp_path)) in ("tmpfs", "ramfs"):
        pytest.skip("the folder of tests is in memory")
    assert choose_parent(str(tmp_path), "") == str(tmp_path)
    assert choose_parent("", str(tmp_path)) != str(tmp_path)
    with pytest.raises(ManifestError, match="is no absolute path of a folder"):
        choose_parent("nowhere", "")


def test_without_any_memory_it_is_refused_before_anything_is_fetched(
    clean_environment: dict[str, str], tmp_path: Path
) -> None:
    from .inits import namespace

    manifest(tmp_path, files={"a": "file:gone"})
    hidden = ["--mount", "sh", "-c", 'mount --bind . /dev/shm && exec "$@"', "sh"]
    command = [*namespace(), *hidden, sys.executable, "-m", "secrets_guard", "run", "-m", "s.yaml", "--", "true"]
    done = subprocess.run(command, env=clean_environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 121
    assert "files: there is no folder in memory here" in done.stderr
    manifest(tmp_path, files={"a": "file:value"}, files_dir=str(tmp_path))
    assert subprocess.run(command, env=clean_environment, cwd=tmp_path, check=False).returncode == 0


def test_a_folder_of_ones_own_can_be_given(run: Run, tmp_path: Path) -> None:
    manifest(tmp_path, files={"a": "file:value"}, files_dir=str(tmp_path))
    assert os.path.dirname(shown(run)[0]) == str(tmp_path)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["s.yaml", "value"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_leaves_nothing_behind(clean_environment: dict[str, str], tmp_path: Path, number: int) -> None:
    process, folder = running(clean_environment, tmp_path)
    process.send_signal(number)
    process.wait(timeout=30)
    assert not folder.exists()


def running(env: dict[str, str], tmp_path: Path) -> tuple[subprocess.Popen[bytes], Path]:
    manifest(tmp_path, files={"a": "file:value"}, files_dir=str(tmp_path))
    command = [
        sys.executable,
        "-m",
        "secrets_guard",
        "run",
        "-m",
        "s.yaml",
        "--",
        "sh",
        "-c",
        "echo >on; exec sleep 60",
    ]
    process = subprocess.Popen(command, env=env, cwd=tmp_path, start_new_session=True)
    while not (tmp_path / "on").exists():
        assert process.poll() is None
        time.sleep(0.02)
    return process, next(tmp_path.glob("secrets-guard-*"))


def test_what_a_killed_one_left_is_removed_by_the_next_and_what_a_living_one_has_is_not(
    run: Run, clean_environment: dict[str, str], tmp_path: Path
) -> None:
    process, folder = running(clean_environment, tmp_path)
    child = int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text())
    shown(run)
    assert (folder / "a").exists()
    process.kill()
    process.wait(timeout=30)
    assert (folder / "a").exists()
    os.kill(child, signal.SIGKILL)
    (folder / "a folder of the command").mkdir()
    (folder / "a folder of the command" / "x").write_text("")
    shown(run)
    assert not folder.exists()


def test_what_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "secrets-guard-file").write_text("")
    (tmp_path / "secrets-guard-wide").mkdir(mode=0o755)
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / "secrets-guard-link").symlink_to("elsewhere")
    remove_abandoned(str(tmp_path))
    assert len(list(tmp_path.iterdir())) == 4


def test_a_file_is_replaced_in_one_step(tmp_path: Path) -> None:
    folder = PrivateFolder(str(tmp_path), {"a": 0o440})
    folder.write({"a": Secret(b"one"), "b": Secret(b"other")})
    with open(os.path.join(folder.path, "a"), "rb") as before:
        folder.write({"a": Secret(b"two")})
        assert before.read() == b"one"
    assert Path(folder.path, "a").read_bytes() == b"two"
    modes = {name: stat.S_IMODE(os.stat(os.path.join(folder.path, name)).st_mode) for name in os.listdir(folder.path)}
    assert modes == {"a": 0o440, "b": 0o400}
    folder.remove()
    folder.remove()
    assert list(tmp_path.iterdir()) == []


def test_one_that_can_not_be_written_is_an_error_that_names_it(tmp_path: Path) -> None:
    folder = PrivateFolder(str(tmp_path / "gone"), {})
    with pytest.raises(BrokerError, match=r"files: a: can't be written to .*: No such file"):
        folder.write({"a": Secret(b"a value")})


@pytest.mark.parametrize(
    ("name", "given", "problem"),
    [
        ("../x", "file:y", "is no plain name of a file"),
        ("a/b", "file:y", "is no plain name of a file"),
        (".hidden", "file:y", "is no plain name of a file"),
        ("a", {"ref": "file:y", "mode": 400}, 'in quotes: "0400"'),
        ("a", {"ref": "file:y", "mode": "0999"}, 'in quotes: "0400"'),
        ("a", {"ref": "vault:x#*"}, "name one key"),
        ("a", {"ref": "file:y", "moed": "0400"}, "unknown key 'moed'"),
    ],
)
def test_a_wrong_line_is_told_with_its_place(tmp_path: Path, name: str, given: object, problem: str) -> None:
    manifest(tmp_path, files={name: given})
    with pytest.raises(ManifestError) as raised:
        read_manifest(str(tmp_path / "s.yaml"), {})
    assert problem in str(raised.value)
    assert "s.yaml:1: " in str(raised.value)


def test_a_missing_one_is_told_and_an_optional_one_left_out(run: Run, tmp_path: Path) -> None:
    manifest(tmp_path, files={"a": "file:value", "b": {"ref": "file:gone", "optional": True}})
    assert list(shown(run)[2]) == ["a"]
    manifest(tmp_path, files={"b": "file:gone"})
    ran = run("run", "-m", "s.yaml", "--", "true")
    assert (ran.code, "b (file:gone): there is no file gone" in ran.err) == (120, True)


def test_a_plan_shows_them(run: Run, tmp_path: Path) -> None:
    manifest(tmp_path, files={"tls.key": "file:value"})
    ran = run("env", "plan", "-m", "s.yaml")
    assert ran.code == 0
    assert "tls.key" in ran.out


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start for another user")
def test_they_belong_to_the_user_who_runs_the_command(run: Run, tmp_path: Path) -> None:
    manifest(tmp_path, files={"a": "file:value"})
    script = 'cd "$SECRETS_GUARD_FILES" && stat -c "%n %a %u" . a && cat a | wc -c'
    with tempfile.TemporaryDirectory(dir="/dev/shm") as closed:
        env = {"XDG_RUNTIME_DIR": closed}  # which only root may enter
        ran = run("run", "-m", "s.yaml", "--user", "65534:65534", "--", "sh", "-c", script, env=env)
    assert (ran.code, ran.out) == (0, f". 700 65534\na 400 65534\n{len(VALUE)}\n")

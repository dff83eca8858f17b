"""As whom a command runs, what it inherits, what it may gain; and that our own memory stays ours."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from secrets_guard.broker.account import Account, read_account
from secrets_guard.broker.conduct import Conduct
from secrets_guard.broker.inheritance import PLAIN, passed_on
from secrets_guard.errors import ManifestError

from .conftest import Run

WAYS = {"becoming": [], "supervising": ["--supervise"]}
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
STATUS = "grep -E '^(Uid|Gid|Groups|NoNewPrivs)' /proc/self/status; ulimit -S -c; ulimit -H -c"


def status(out: str) -> dict[str, list[str]]:
    lines = out.splitlines()
    return {line.split(":")[0]: line.split(":")[1].split() for line in lines[:-2]} | {"core": lines[-2:]}


@root_only
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("user", "uid", "gid"), [("65534:1", 65534, 1), ("nobody", 65534, 65534), ("daemon:nogroup", 1, 65534)]
)
def test_a_command_runs_as_the_user_it_is_given_and_can_not_go_back(
    run: Run, way: str, user: str, uid: int, gid: int
) -> None:
    ran = run("run", *WAYS[way], "--user", user, "--", "sh", "-c", f"{STATUS}")
    assert ran.code == 0, ran.err
    found = status(ran.out)
    assert found["Uid"] == [str(uid)] * 4
    assert found["Gid"] == [str(gid)] * 4
    assert found["Groups"] == [str(gid)]


@root_only
def test_it_has_the_home_of_that_user_unless_the_manifest_says_another(run: Run, tmp_path: Path) -> None:
    show = ("--user", "daemon", "--", "sh", "-c", "echo $HOME")
    assert run("run", *show).out == "/usr/sbin\n"
    (tmp_path / "s.yaml").write_text("version: 1\nenv: {HOME: /mine}\nrun: {user: daemon}\n")
    assert run("run", "-m", "s.yaml", "--", "sh", "-c", "echo $HOME").out == "/mine\n"


@root_only
@pytest.mark.parametrize("way", WAYS)
def test_one_who_is_not_root_becomes_nobody_else_but_may_name_himself(
    clean_environment: dict[str, str], way: str
) -> None:
    if shutil.which("setpriv") is None:
        pytest.skip("no setpriv: apt-get install util-linux")
    weak = ["setpriv", "--bounding-set", "-setuid,-setgid"]
    for user, code in (("0:0", 0), ("1:1", 126)):
        command = [*weak, sys.executable, "-m", "secrets_guard", "run", *WAYS[way], "--user", user, "--", "true"]
        done = subprocess.run(command, env=clean_environment, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stderr
    assert "user: can't become 1:1: Operation not permitted; only root can" in done.stderr


@pytest.mark.parametrize(
    "user", ["no-such-user", ":", "root:", ":0", "root:no-such-group", "4294967295", "12345678", "-1"]
)
def test_a_user_whom_the_system_does_not_know_is_refused(run: Run, user: str) -> None:
    with pytest.raises(ManifestError):
        read_account(user)
    assert run("run", f"--user={user}", "--", "true").code == 121


def test_a_user_s_other_groups_are_taken_only_with_his_own() -> None:
    assert read_account("root:1") == Account(0, 1, (1,), "/root")
    assert set(read_account("root").groups) == set(os.getgrouplist("root", 0))


@pytest.mark.parametrize("way", WAYS)
def test_new_privileges_and_core_dumps_are_forbidden_only_on_request(run: Run, way: str) -> None:
    ours, bare = (
        status(run("run", *WAYS[way], "--", "sh", "-c", STATUS).out),
        status(subprocess.check_output(["sh", "-c", STATUS], text=True)),
    )
    assert ours == bare
    ran = run("run", *WAYS[way], "--no-new-privs", "--no-core-dumps", "--", "sh", "-c", STATUS)
    assert status(ran.out) == bare | {"NoNewPrivs": ["1"], "core": ["0", "0"]}


def test_the_supervisor_leaves_no_core_and_lets_nobody_read_its_memory(clean_environment: dict[str, str]) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    command = [sys.executable, "-m", "secrets_guard", "run", "--supervise", "--", "sh", "-c", "echo on; exec sleep 60"]
    process = subprocess.Popen(command, env=clean_environment, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"on\n"
        limits = Path(f"/proc/{process.pid}/limits").read_text()
        assert [line.split()[4] for line in limits.splitlines() if line.startswith("Max core")] == ["0"]
        # What is not dumpable belongs to root, and shows no memory to others.
        child = int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text())
        assert resource.prlimit(child, resource.RLIMIT_CORE) == (soft, hard)
        script = "import os, sys; os.setresgid(1, 1, 1); os.setresuid(1, 1, 1); open(f'/proc/{sys.argv[1]}/mem', 'rb')"
        if os.geteuid() == 0:
            spying = subprocess.run([sys.executable, "-c", script, str(process.pid)], capture_output=True, check=False)
            assert b"PermissionError" in spying.stderr
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


def test_while_it_holds_secrets_it_is_not_dumpable_and_what_it_becomes_is() -> None:
    """What is not dumpable leaves no core, and its own user can neither trace it nor read its memory: prctl(2)."""
    look = "import ctypes; print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), flush=True)"  # PR_GET_DUMPABLE
    script = (
        "import os, sys; from secrets_guard.broker.privileges import keep_memory\n"
        "look = sys.argv[1]; exec(look); keep_memory(); exec(look); os.execv(sys.executable, ['python', '-c', look])"
    )
    done = subprocess.run([sys.executable, "-c", script, look], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "0", "1"]


INHERITED = {"PATH": "/bin", "LC_ALL": "C", "APP_A": "1", "APP_B": "2", "OTHER": "3", "VAULT_TOKEN": "t"}


@pytest.mark.parametrize(
    ("conduct", "keep", "passed"),
    [
        (Conduct(), [], "PATH LC_ALL APP_A APP_B OTHER VAULT_TOKEN"),
        (Conduct(pristine=True), [], "PATH LC_ALL"),
        (Conduct(pristine=True), ["VAULT_TOKEN"], "PATH LC_ALL VAULT_TOKEN"),
        (Conduct(allow=("APP_*",)), [], "PATH LC_ALL APP_A APP_B"),
        (Conduct(allow=("APP_?",), deny=("*_B",)), [], "PATH LC_ALL APP_A"),
        (Conduct(deny=("OTHER", "LC_*")), [], "PATH APP_A APP_B VAULT_TOKEN"),
        (Conduct(pristine=True, deny=("PATH",)), [], "LC_ALL"),
        (Conduct(allow=("app_*",)), [], "PATH LC_ALL"),
    ],
)
def test_what_is_inherited_is_what_is_allowed_and_not_denied(conduct: Conduct, keep: list[str], passed: str) -> None:
    assert " ".join(passed_on(INHERITED, conduct, keep)) == passed


def test_a_pristine_command_sees_what_is_injected_and_the_documented_rest(run: Run, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("K=some value\n")
    given = {"KEY": "env-file:.env#K", "NOISE": "x", "APP_A": "y", "PLAIN_B": "z"}
    ran = run("run", "--pristine", "--allow", "APP_*", "--allow=PLAIN_*", "--deny", "*_B", "--", "env", env=given)
    names = {line.partition("=")[0] for line in ran.out.splitlines()}
    assert {"KEY", "PATH", "HOME", "APP_A"} <= names
    assert names <= {"KEY", "APP_A", *PLAIN} | {"LC_ALL"}
    (tmp_path / "s.yaml").write_text("version: 1\nrun: {pristine: true, allow: [APP_*], deny: [HOME]}\n")
    names = {line.partition("=")[0] for line in run("run", "-m", "s.yaml", "--", "env", env=given).out.splitlines()}
    assert names & {"HOME", "NOISE", "APP_A"} == {"APP_A"}


def test_options_before_the_command_are_read_alike_with_and_without_the_quick_way(run: Run) -> None:
    """What the quick way does not know goes to typer, which must come to the same."""
    for options in (
        ["--supervise", "--grace", "5s"],
        ["--supervise", "--grace=5s"],
        ["--pristine", "--deny", "X", "--deny=Y"],
    ):
        quick = run("run", *options, "--", "sh", "-c", "echo $X$Y", env={"X": "x", "Y": "y"})
        slow = run("run", *options, "sh", "-c", "echo $X$Y", env={"X": "x", "Y": "y"})
        assert quick == slow
        assert quick.code == 0


def test_a_key_that_run_does_not_have_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text("version: 1\nrun: {supervize: true}\n")
    ran = run("run", "-m", "s.yaml", "--", "true")
    assert (ran.code, "did you mean 'supervise'?" in ran.err) == (121, True)


def test_the_manifest_can_ask_for_all_of_it(run: Run, tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(
        "version: 1\nrun: {supervise: true, no_new_privs: true, no_core_dumps: true, subreaper: true}\n"
    )
    found = status(run("run", "-m", "s.yaml", "--", "sh", "-c", STATUS).out)
    assert (found["NoNewPrivs"], found["core"]) == (["1"], ["0", "0"])

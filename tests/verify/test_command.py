"""``--verify`` as a user gives it: on every scan, never by a config or the environment, and in no hook."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from secrets_guard.rules.template import fill
from tests.tars import tar

from .conftest import Asked, Issuer, Told

ROOT = Path(__file__).parent.parent.parent
LIVE, DEAD = fill("<github:ghp_>", "live"), fill("<github:ghp_>", "dead")


class Ran(NamedTuple):
    """What a run left behind."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def run(home: Path, tmp_path: Path) -> Run:
    """Return a function that runs a command in a folder with two tokens, one of which is live."""
    (tmp_path / "settings.env").write_text(f"A={LIVE}\nB={DEAD}\n")
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}

    def command(*arguments: str, stdin: str = "", **more: str) -> Ran:
        environment = {**kept, "HOME": str(home), "PYTHONPATH": str(ROOT), "GIT_CONFIG_GLOBAL": os.devnull, **more}
        words = [sys.executable, "-m", *arguments] if arguments[0].startswith("secrets_guard") else list(arguments)
        done = subprocess.run(words, cwd=tmp_path, env=environment, input=stdin, capture_output=True, text=True)
        assert "Traceback" not in done.stderr, done.stderr
        return Ran(done.returncode, done.stdout, done.stderr)

    return command


@pytest.fixture
def github(issuer: Issuer) -> Issuer:
    def answer(asked: Asked) -> Told:
        if LIVE in asked.headers["authorization"]:
            return 200, {}, b'{"login": "octocat"}'
        return 401, {}, b'{"message": "Bad credentials"}'

    issuer.answer = answer
    return issuer


def commit(run: Run) -> None:
    run("git", "init", "-q")
    run("git", "add", ".")
    run("git", "-c", "user.name=J", "-c", "user.email=j@x", "-c", "commit.gpgsign=false", "commit", "-qm", "x")


def statuses(out: str) -> list[str]:
    return [one["verification"]["status"] for one in json.loads(out)["findings"]]


@pytest.mark.parametrize("source", ["files", "git", "stdin"])
def test_each_scan_asks_and_tells(run: Run, github: Issuer, source: str) -> None:
    commit(run)
    target = {"files": ["settings.env"], "git": ["."], "stdin": []}[source]
    words = ["--verify", "--verify-endpoint", f"github={github.url}", "--format", "json"]
    done = run("secrets_guard", "scan", source, *target, *words, stdin=f"A={LIVE}\nB={DEAD}\n")
    assert done.code == 1, done.err
    assert statuses(done.out) == ["live", "dead"]
    assert len(github.asked) == 2
    report = json.loads(done.out)
    assert [one["severity"] for one in report["findings"]] == ["critical", "critical"]
    assert "its issuer says that it is live" in report["findings"][0]["confidence_reasons"]
    assert LIVE not in done.out + done.err


def test_an_image_is_asked_about_too(run: Run, github: Issuer, tmp_path: Path) -> None:
    import hashlib

    layer = tar({"app/.env": f"A={LIVE}\n".encode()})
    config = {
        "architecture": "amd64",
        "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
    }
    manifest = [{"Config": "config.json", "RepoTags": ["shop:1"], "Layers": ["layer.tar"]}]
    content = {
        "layer.tar": layer,
        "config.json": json.dumps(config).encode(),
        "manifest.json": json.dumps(manifest).encode(),
    }
    (tmp_path / "image.tar").write_bytes(tar(content))
    words = ["--verify", "--verify-endpoint", f"github={github.url}", "--format", "json"]
    done = run("secrets_guard", "scan", "image", "image.tar", *words)
    assert statuses(done.out) == ["live"], done.err


def test_the_report_for_people_says_who_is_live(run: Run, github: Issuer) -> None:
    words = ["--verify", f"--verify-endpoint=github={github.url}"]
    done = run("secrets_guard", "scan", "files", "settings.env", *words)
    assert "    verified: live (user octocat, 20" in done.out
    assert "    verified: dead (asked, 20" in done.out
    assert "note: asked the issuers: 1 live, 1 dead" in done.out


def test_only_live_leaves_the_rest_out_and_says_so(run: Run, github: Issuer) -> None:
    words = ["--verify", f"--verify-endpoint=github={github.url}", "--only-live"]
    done = run("secrets_guard", "scan", "files", "settings.env", *words)
    assert done.code == 1
    assert "1 secret found" in done.out
    assert "1 findings that are not known to be live are left out (--only-live)" in done.out
    github.answer = lambda _asked: (401, {}, b'{"message": "Bad credentials"}')
    assert run("secrets_guard", "scan", "files", "settings.env", *words).code == 0


def test_what_the_issuer_said_survives_converting_a_report(run: Run, github: Issuer, tmp_path: Path) -> None:
    words = ["--verify", f"--verify-endpoint=github={github.url}", "--format", "json", "--output", "report.json"]
    run("secrets_guard", "scan", "files", "settings.env", *words)
    sarif = run("secrets_guard", "report", "convert", "report.json", "--format", "sarif")
    told = [one["properties"]["verification"] for one in json.loads(sarif.out)["runs"][0]["results"]]
    assert [(one["status"], one["message"]) for one in told] == [("live", "user octocat"), ("dead", "")]
    again = run("secrets_guard", "report", "convert", "report.json", "--format", "json")
    assert again.out == (tmp_path / "report.json").read_text()


def test_nobody_is_asked_without_the_option(run: Run, github: Issuer) -> None:
    done = run("secrets_guard", "scan", "files", "settings.env", "--format", "json")
    assert "verification" not in done.out
    assert github.asked == []
    done = run("secrets_guard", "scan", "files", "settings.env", f"--verify-endpoint=github={github.url}")
    assert (done.code, "without --verify" in done.err) == (2, True)


def test_an_endpoint_of_nobody_is_told_before_anything_is_swept(run: Run) -> None:
    done = run("secrets_guard", "scan", "files", ".", "--verify", "--verify-endpoint", "githb=https://x.example")
    assert done.code == 2
    assert "did you mean 'github'?" in done.err
    assert done.out == ""


def test_stopping_it_while_issuers_are_asked_still_tells_what_was_found(run: Run, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(60)
        endpoint = f"github=http://127.0.0.1:{silent.getsockname()[1]}"
        words = ["scan", "files", "settings.env", "--verify", "--verify-endpoint", endpoint, "--format", "json"]
        started = subprocess.Popen(
            [sys.executable, "-m", "secrets_guard", *words],
            cwd=tmp_path,
            env={**os.environ, "HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        connection, _ = silent.accept()
        with connection:
            started.send_signal(signal.SIGINT)
            out, err = started.communicate(timeout=30)
    assert started.returncode == 130, err
    assert "asking who issued" in err
    report = json.loads(out)
    assert [one["verification"]["status"] for one in report["findings"]] == ["unknown", "unknown"]
    assert report["scan"]["complete"] is False
    assert LIVE not in out + err


# --- Neither config nor environment nor hook ----------------------------------------------------------------------


@pytest.mark.parametrize("key", ["verify: true", "verify_endpoint: [github=http://x]", "only-live: true"])
@pytest.mark.parametrize("command", [("secrets_guard", "scan", "files", "."), ("secrets_guard.hook", "pre-commit")])
def test_no_config_can_have_secrets_sent(
    run: Run, github: Issuer, tmp_path: Path, command: tuple[str, ...], key: str
) -> None:
    commit(run)
    (tmp_path / ".secrets-guard.yaml").write_text(f"{key}\n")
    (tmp_path / "new.env").write_text(f"A={LIVE}\n")
    run("git", "add", "new.env")
    done = run(*command)
    assert done.code not in (0, 1)
    assert "on the command line only" in done.err
    assert github.asked == []


@pytest.mark.parametrize("command", [("secrets_guard", "scan", "files", "."), ("secrets_guard.hook", "pre-commit")])
def test_no_variable_can_have_secrets_sent(run: Run, tmp_path: Path, command: tuple[str, ...]) -> None:
    commit(run)
    (tmp_path / "new.env").write_text(f"A={LIVE}\n")
    run("git", "add", "new.env")
    done = run(*command, SECRETS_GUARD_VERIFY="1")
    assert done.code not in (0, 1)
    assert "SECRETS_GUARD_VERIFY: this can be given on the command line only" in done.err


@pytest.mark.parametrize("door", [("secrets_guard", "hook"), ("secrets_guard.hook",)])
@pytest.mark.parametrize("hook", ["pre-commit", "pre-push", "pre-receive"])
def test_no_hook_has_the_option(run: Run, door: tuple[str, ...], hook: str) -> None:
    commit(run)
    done = run(*door, hook, "--verify")
    assert done.code not in (0, 1)
    assert "verify" in done.err or "usage:" in done.err


def test_a_hook_never_loads_what_asks(run: Run, tmp_path: Path) -> None:
    commit(run)
    (tmp_path / "new.env").write_text(f"A={LIVE}\n")
    run("git", "add", "new.env")
    script = (
        "import sys; from secrets_guard.hook import guarded\n"
        "assert guarded(['pre-commit']) == 1\n"
        "print([name for name in sys.modules if name.startswith(('secrets_guard.verify', 'http.client', 'ssl'))])"
    )
    done = run(sys.executable, "-c", script)
    assert done.out.splitlines()[-1] == "[]", done

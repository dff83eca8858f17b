"""The command as a process of its own: private home, one shared cache, every outcome checked for tracebacks."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from secrets_guard.rules.template import fill

ROOT = Path(__file__).parent.parent.parent
GOLDEN = ROOT / "tests" / "golden" / "cli"
COMMAND = (sys.executable, "-m", "secrets_guard")


class Ran(NamedTuple):
    """What a run left behind."""

    code: int
    out: str
    err: str

    @property
    def all(self) -> str:
        return self.out + self.err


Run = Callable[..., Ran]
Token = Callable[[str], str]
Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the environment of every run; the cache is shared, so that the database is compiled once."""
    made = {name: value for name, value in os.environ.items() if not name.startswith(("SECRETS_GUARD_", "XDG_"))}
    for name in ("CI", "NO_COLOR", "FORCE_COLOR", "GITHUB_ACTIONS", "PYTHONPATH", "PYTHONWARNINGS", "COLUMNS"):
        made.pop(name, None)
    made |= {"HOME": str(tmp_path_factory.mktemp("home")), "XDG_CACHE_HOME": str(tmp_path_factory.mktemp("cache"))}
    made |= {"PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8", "TERM": "xterm", "GIT_CEILING_DIRECTORIES": "/tmp"}
    installed = subprocess.run(
        [sys.executable, "-c", "import secrets_guard"], cwd=made["HOME"], env=made, capture_output=True, check=False
    )
    if installed.returncode:
        made["PYTHONPATH"] = str(ROOT)
    return made


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """Return the folder that commands run in."""
    folder = tmp_path / "here"
    folder.mkdir()
    return folder


@pytest.fixture
def run(environment: dict[str, str], here: Path) -> Run:
    """Return a function that runs the command in ``here``; ``env`` is added, ``stdin`` is text or bytes."""

    def command(
        *arguments: str | bytes | Path,
        env: Mapping[str, str] | None = None,
        stdin: str | bytes = b"",
        cwd: Path | None = None,
        prefix: tuple[str, ...] = COMMAND,
    ) -> Ran:
        done = subprocess.run(
            [*prefix, *arguments],
            input=stdin.encode() if isinstance(stdin, str) else stdin,
            env=environment | dict(env or {}),
            cwd=cwd or here,
            capture_output=True,
            timeout=120,
            check=False,
        )
        ran = Ran(done.returncode, *(text.decode("utf-8", "surrogateescape") for text in (done.stdout, done.stderr)))
        assert "Traceback" not in ran.all, ran.all
        assert ran.code != 3, ran.all
        return ran

    return command


@pytest.fixture
def start(environment: dict[str, str], here: Path) -> Iterator[Start]:
    """Return a function that starts the command in ``here`` with pipes; what still runs is killed in the end."""
    started: list[subprocess.Popen[bytes]] = []

    def command(*arguments: str, **changes: Any) -> subprocess.Popen[bytes]:
        pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        options = {"env": environment, "cwd": here, **pipes} | changes
        made = subprocess.Popen([*COMMAND, *arguments], **options)
        started.append(made)
        return made

    yield command
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture(scope="session")
def token() -> Token:
    """Return a maker of GitHub tokens with the right checksum, one for each seed."""
    return lambda seed: fill("<github:ghp_>", seed)


@pytest.fixture
def leak(here: Path, token: Token) -> str:
    """Plant a token in ``here/app/settings.py``, line 2, column 10, and return it."""
    value = token("planted")
    (here / "app").mkdir()
    (here / "app" / "settings.py").write_text(f'# settings\ntoken = "{value}"\n')
    return value


@pytest.fixture(scope="session")
def golden() -> Callable[[str, str], None]:
    """Return a check of a text against a golden file; SECRETS_GUARD_GOLDEN=rewrite writes the file instead."""

    def check(name: str, text: str) -> None:
        path = GOLDEN / name
        if os.environ.get("SECRETS_GUARD_GOLDEN") == "rewrite":
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8"), f"{path} differs; SECRETS_GUARD_GOLDEN=rewrite writes it anew"

    return check

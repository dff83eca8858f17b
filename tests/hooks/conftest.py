"""Real repositories with a private home, one shared cache, and the hook as a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from secrets_guard.rules.template import fill

ROOT = Path(__file__).parent.parent.parent
_PLACE = re.compile(r"^  (\S.*?):(\d+):\d+(?:  in [0-9a-f]{12}.*)?$", re.MULTILINE)


class Ran(NamedTuple):
    """What a run left behind."""

    code: int
    out: str
    err: str

    @property
    def places(self) -> list[str]:
        """Return ``path:line`` of each secret that the hook reported, in its order."""
        return [f"{path}:{line}" for path, line in _PLACE.findall(self.err)]


class Repo:
    """A folder with git in it."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self.environment = dict(environment)

    def run(self, *command: str | bytes, stdin: str | bytes = "", env: Mapping[str, str] | None = None) -> Ran:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment | dict(env or {}),
            input=stdin.encode() if isinstance(stdin, str) else stdin,
            capture_output=True,
            timeout=300,
            check=False,
        )
        ran = Ran(done.returncode, *(text.decode("utf-8", "replace") for text in (done.stdout, done.stderr)))
        assert "Traceback" not in ran.out + ran.err, ran.err
        return ran

    def git(self, *arguments: str, stdin: str = "", fine: tuple[int, ...] = (0,)) -> str:
        ran = self.run("git", *arguments, stdin=stdin)
        assert ran.code in fine, ran.err
        return ran.out.strip()

    def write(self, path: str, content: str | bytes) -> Path:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    def stage(self, path: str, content: str | bytes) -> None:
        self.write(path, content)
        self.git("add", "--", path)

    def commit(self, path: str, content: str | bytes, message: str = "work") -> str:
        self.stage(path, content)
        self.git("commit", "--no-verify", "-qm", message)
        return self.head()

    def head(self) -> str:
        return self.git("rev-parse", "HEAD")

    def hook(self, *arguments: str, stdin: str = "", env: Mapping[str, str] | None = None) -> Ran:
        return self.run(sys.executable, "-P", "-m", "secrets_guard.hook", *arguments, stdin=stdin, env=env)

    def cli(self, *arguments: str) -> Ran:
        return self.run(sys.executable, "-P", "-m", "secrets_guard", *arguments)


Make = Callable[..., Repo]
Token = Callable[[str], str]


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the environment that all have in common; the cache is shared, so that the database is made once."""
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR", "LD_LIBRARY_PATH") if name in os.environ}
    return kept | {
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": str(ROOT),
        "SECRETS_GUARD_CACHE": str(tmp_path_factory.mktemp("cache")),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "A U Thor",
        "GIT_AUTHOR_EMAIL": "author@example.com",
        "GIT_COMMITTER_NAME": "C O Mitter",
        "GIT_COMMITTER_EMAIL": "committer@example.com",
        "GIT_EDITOR": "true",
        "GIT_TERMINAL_PROMPT": "0",
    }


@pytest.fixture
def environment(shared: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """Return the environment of one test, with a home of its own."""
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(
        '[init]\n\tdefaultBranch = main\n[commit]\n\tgpgSign = false\n[protocol "file"]\n\tallow = always\n'
    )
    return shared | {"HOME": str(home), "GIT_CEILING_DIRECTORIES": str(tmp_path)}


@pytest.fixture
def make(environment: dict[str, str], tmp_path: Path) -> Make:
    """Return a maker of repositories, by name and ``git init``'s arguments."""

    def made(name: str = "repo", *arguments: str) -> Repo:
        repo = Repo(tmp_path / name, environment)
        repo.folder.mkdir()
        repo.git("init", "-q", *arguments)
        return repo

    return made


@pytest.fixture
def repo(make: Make) -> Repo:
    """Return a repository with one commit."""
    made = make()
    made.commit("README", "a project\n")
    return made


@pytest.fixture(scope="session")
def token() -> Token:
    """Return a maker of GitHub tokens with the right checksum, one for each seed."""
    return lambda seed: fill("<github:ghp_>", seed)

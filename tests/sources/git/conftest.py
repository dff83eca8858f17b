"""Real repositories, made by git in an environment of their own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from secrets_guard.glance import MARGIN
from secrets_guard.model.origin import Origin
from secrets_guard.model.protocols import Standing
from secrets_guard.model.result import Problem, Stats
from secrets_guard.sources.git.history import GitHistorySource
from secrets_guard.sources.git.native import READER_VARIABLE


class Repo:
    """A repository to build histories in; every commit is a day after the one before."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._day = folder, 0

    def git(self, *arguments: str, given: bytes = b"", env: dict[str, str] | None = None) -> str:
        done = subprocess.run(
            ["git", "-C", str(self.folder), *arguments],
            input=given,
            capture_output=True,
            check=True,
            env={**os.environ, **(env or {})},
        )
        return os.fsdecode(done.stdout).rstrip("\n")

    def write(self, **files: str) -> None:
        for name, text in files.items():
            (self.folder / name.replace("__", "/")).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name.replace("__", "/")).write_text(text)

    def clock(self) -> dict[str, str]:
        self._day += 1
        when = f"{1_600_000_000 + 86_400 * self._day} +0200"
        return {"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when}

    def commit(self, message: str = "change", *arguments: str, **files: str) -> str:
        """Write files (``a__b`` is a/b), commit everything, and return the commit's id."""
        self.write(**files)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message, *arguments, env=self.clock())
        return self.git("rev-parse", "HEAD")

    def blob(self, text: str) -> str:
        return self.git("hash-object", "--stdin", given=text.encode())


class Swept:
    """What a source yields when all of it is suspect, and where what holds a needle stood."""

    def __init__(self, source: GitHistorySource, needle: bytes = b"NEEDLE") -> None:
        self.source, self.stats = source, Stats()
        first = source.glance(MARGIN, self.stats)
        if first is not None:
            walk = first.walk()
            owners: set[int] = set()
            while (text := walk.next(1 << 16)) is not None:
                owners.update(memoryview(text.owners).cast("I"))
            first.settle(owners)
        items = list(source.blobs(self.stats))
        self.early = [item for item in items if isinstance(item, Problem)]
        self.blobs = [item for item in items if not isinstance(item, Problem)]
        self.guilty = frozenset(blob.id for blob in self.blobs if needle in blob.data)
        self.standings: list[Standing] = list(source.standings({"key": self.guilty})["key"])
        self.problems = [*self.early, *source.problems]

    @property
    def origins(self) -> list[Origin]:
        return [standing.origin for standing in self.standings]

    @property
    def paths(self) -> list[str]:
        return [origin.path for origin in self.origins]


@pytest.fixture(autouse=True, params=["native", "git"])
def reader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run every test with both readers of packs."""
    if request.param == "native":
        pytest.importorskip("secrets_guard._native", reason="the extension is not built: no Rust toolchain")
    monkeypatch.setenv(READER_VARIABLE, request.param)
    return str(request.param)


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    settings = {"init.defaultBranch": "main", "protocol.file.allow": "always", "gc.auto": "0", "safe.directory": "*"}
    for number, (name, value) in enumerate(settings.items()):
        monkeypatch.setenv(f"GIT_CONFIG_KEY_{number}", name)
        monkeypatch.setenv(f"GIT_CONFIG_VALUE_{number}", value)
    monkeypatch.setenv("GIT_CONFIG_COUNT", str(len(settings)))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "ada@example.com")


@pytest.fixture
def new_repo(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Repo]:
    """Return what makes one more empty repository."""

    def make() -> Repo:
        made = Repo(tmp_path_factory.mktemp("repo"))
        made.git("init", "-q")
        return made

    return make


@pytest.fixture
def repo(new_repo: Callable[[], Repo]) -> Repo:
    return new_repo()


def sweep(repo: Repo | Path, **options: object) -> Swept:
    folder = repo.folder if isinstance(repo, Repo) else repo
    return Swept(GitHistorySource(str(folder), **options))  # type: ignore[arg-type]


@pytest.fixture(name="sweep")
def _sweep() -> object:
    return sweep

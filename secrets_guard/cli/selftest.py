"""``selftest``: plant a token where each source looks, and see that it is found."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer

from secrets_guard.cli import exits


def register(app: typer.Typer, name: str, help_text: str, _arguments: list[str]) -> None:
    """Add the command."""
    app.command(name, help=help_text)(selftest)


def selftest() -> None:
    """Prove that each source still finds a planted token, with a fresh and with a cached database."""
    from secrets_guard.cache import Cache, user_cache
    from secrets_guard.rules.template import fill

    planted = f'token = "{fill("<github:ghp_>", "selftest")}"\n'
    failed = False
    for source, sweep in SOURCES.items():
        if source in ("git", "staged") and shutil.which("git") is None:
            print(f"{source:<6} skipped: git is not installed")
            continue
        for label, cache in (("fresh", Cache(None)), ("cached", user_cache())):
            found = sweep(planted, cache)
            failed = failed or not found
            print(f"{source:<7} {label:<7} {'ok' if found else 'FAILED: the planted token was not found'}")
    raise typer.Exit(exits.BUG if failed else exits.CLEAN)


def _files(planted: str, cache: object) -> bool:
    from secrets_guard.sources.files import FileSource

    with tempfile.TemporaryDirectory(prefix="secrets-guard-") as folder:
        with open(os.path.join(folder, "planted.env"), "w", encoding="utf-8") as stream:
            stream.write(planted)
        return _found(FileSource((folder,)), cache)


def _archive(planted: str, cache: object) -> bool:
    """Plant it in a zip within a tar that is compressed."""
    import tarfile
    import zipfile

    from secrets_guard.sources.files import FileSource

    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("planted.env", planted)
    with tempfile.TemporaryDirectory(prefix="secrets-guard-") as folder:
        with tarfile.open(os.path.join(folder, "outer.tgz"), "w:gz") as outer:
            info = tarfile.TarInfo("inner.zip")
            info.size = len(inner.getvalue())
            outer.addfile(info, io.BytesIO(inner.getvalue()))
        return _found(FileSource((folder,)), cache)


def _git(planted: str, cache: object) -> bool:
    """Plant it in one commit and remove it in the next, so that only the history has it."""
    from secrets_guard.sources.git.history import GitHistorySource

    identity = ("-c", "user.name=selftest", "-c", "user.email=selftest@example.invalid", "-c", "commit.gpgSign=false")
    with _staged_in(planted) as (folder, git):
        git(*identity, "commit", "-qm", "plant")
        git("rm", "-q", "planted.env")
        git(*identity, "commit", "-qm", "remove")
        return _found(GitHistorySource(folder), cache)


def _staged(planted: str, cache: object) -> bool:
    from secrets_guard.sources.staged import StagedSource

    with _staged_in(planted) as (folder, _):
        os.unlink(os.path.join(folder, "planted.env"))
        return _found(StagedSource.at(folder), cache)


@contextmanager
def _staged_in(planted: str) -> Iterator[tuple[str, Callable[..., object]]]:
    """Give a repository that has it staged, and a function that runs git there."""
    with tempfile.TemporaryDirectory(prefix="secrets-guard-") as folder:
        environment = {"PATH": os.environ.get("PATH", ""), "HOME": folder, "GIT_CONFIG_NOSYSTEM": "1"}

        def git(*arguments: str) -> object:
            command = ["git", "-C", folder, *arguments]
            return subprocess.run(command, env=environment, check=True, stdin=subprocess.DEVNULL)

        with open(os.path.join(folder, "planted.env"), "w", encoding="utf-8") as stream:
            stream.write(planted)
        git("init", "-q")
        git("add", "planted.env")
        yield folder, git


def _image(planted: str, cache: object) -> bool:
    """Plant it in one layer and delete it in the next, so that no container would show it."""
    import json
    import tarfile

    from secrets_guard.sources.image.source import ImageSource

    def packed(files: dict[str, bytes]) -> bytes:
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w") as made:
            for name, content in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                made.addfile(member, io.BytesIO(content))
        return stream.getvalue()

    listed = [{"Config": "config.json", "RepoTags": ["selftest:1"], "Layers": ["1.tar", "2.tar"]}]
    files = {
        "1.tar": packed({"app/planted.env": planted.encode()}),
        "2.tar": packed({"app/.wh.planted.env": b""}),
        "config.json": b"{}",
        "manifest.json": json.dumps(listed).encode(),
    }
    with tempfile.TemporaryDirectory(prefix="secrets-guard-") as folder:
        path = os.path.join(folder, "image.tar")
        with open(path, "wb") as stream:
            stream.write(packed(files))
        return _found(ImageSource((path,)), cache)


def _stdin(planted: str, cache: object) -> bool:
    from secrets_guard.sources.stdin import StreamSource

    return _found(StreamSource(io.BytesIO(planted.encode())), cache)


def _found(source: object, cache: object) -> bool:
    from secrets_guard import api

    result = api.scan(source, cache=cache)  # type: ignore[arg-type]
    return [finding.rule_id for finding in result.findings] == ["github-personal-access-token"]


SOURCES: dict[str, Callable[[str, object], bool]] = {
    "files": _files, "archive": _archive, "git": _git, "staged": _staged, "image": _image, "stdin": _stdin,
}  # fmt: skip
"""Source -> (planted text, cache) -> found it. A new source adds its own line."""

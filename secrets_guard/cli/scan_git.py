"""``scan git``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from secrets_guard.cli.options import with_options
from secrets_guard.cli.table import SCAN_OPTIONS, VERIFY_OPTIONS

if TYPE_CHECKING:
    from secrets_guard.config import Settings
    from secrets_guard.model.protocols import Source
    from secrets_guard.suppression.allow import AllowJudge

Config = Annotated[str | None, typer.Option("--config", "-c", metavar="FILE", help="Use this config file.")]
Range = Annotated[str, typer.Option("--range", metavar="A..B", help="Only what B adds to A; A...B for a pull request.")]
Branch = Annotated[str, typer.Option("--branch", metavar="NAME", help="Only the history of this branch.")]
Since = Annotated[str, typer.Option("--since", metavar="DATE", help="Only what the commits since then add.")]
Staged = Annotated[bool, typer.Option("--staged", help="Only what is staged and new, as the pre-commit hook sees it.")]
Submodules = Annotated[bool, typer.Option("--submodules", help="Sweep the repositories of submodules as well.")]
Unreachable = Annotated[
    bool, typer.Option("--unreachable", help="Report what no ref, reflog, stash or index leads to, too.")
]
Require = Annotated[
    list[str] | None,
    typer.Option("--require", metavar="WHAT", help="full-history: refuse a shallow or partial clone (exit 2)."),
]
CleanCache = Annotated[
    str,
    typer.Option("--cache", metavar="DIR", help="Remember here what is clean; it is not read again."),
]
ReposFrom = Annotated[
    str,
    typer.Option("--repos-from", metavar="FILE", help="Sweep the repositories of this list, one a line (- for stdin)."),
]
Mirrors = Annotated[str, typer.Option("--mirrors", metavar="FOLDER", help="Sweep every repository below this folder.")]
Engine = Annotated[
    str, typer.Option("--engine", metavar="URL", help="Where to sweep: dask://HOST:PORT; here, without it.")
]


class Choice(NamedTuple):
    """What of a repository is to be swept, and how; a field each option."""

    range: str = ""
    branch: str = ""
    since: str = ""
    staged: bool = False
    submodules: bool = False
    unreachable: bool = False
    require: tuple[str, ...] = ()
    cache: str = ""

    def check_many(self) -> None:
        """Raise ConfigError for what has no meaning for several repositories."""
        from secrets_guard.errors import ConfigError

        for name in ("range", "staged", "submodules"):
            if getattr(self, name):
                raise ConfigError(f"--{name} is about one repository; sweep it by itself")
        self.check(remote=False)

    @property
    def partial(self) -> bool:
        """Whether this is less than all of the history."""
        return bool(self.range or self.branch or self.since or self.staged)

    def check(self, *, remote: bool) -> None:
        """Raise ConfigError for options that have no meaning together."""
        from secrets_guard.errors import ConfigError

        for word in self.require:
            if word != "full-history":
                raise ConfigError(f"--require {word!r}: unknown; known: full-history")
        given = [name for name in self._fields if name != "staged" and getattr(self, name)]
        if self.staged and given:
            raise ConfigError(f"--staged looks at the index alone, where --{given[0]} has no meaning; give one of them")
        if self.staged and remote:
            raise ConfigError("--staged: nothing is staged at a URL; give the folder of a repository")
        if self.submodules and (self.range or self.branch):
            other = "--range" if self.range else "--branch"
            raise ConfigError(f"{other} is about one repository, --submodules about several; sweep them one by one")
        if self.submodules and remote:
            raise ConfigError(
                "--submodules: the clone of a URL has none; git clone --recurse-submodules, give the folder"
            )


@with_options(SCAN_OPTIONS | VERIFY_OPTIONS)
def git(
    repos: Annotated[list[str] | None, typer.Argument(metavar="[REPO]...", show_default=False)] = None,
    range_: Range = "",
    branch: Branch = "",
    since: Since = "",
    staged: Staged = False,
    submodules: Submodules = False,
    unreachable: Unreachable = False,
    require: Require = None,
    cache: CleanCache = "",
    repos_from: ReposFrom = "",
    mirrors: Mirrors = "",
    engine: Engine = "",
    config: Config = None,
    options: dict[str, object] | None = None,
) -> None:
    """Sweep a repository's whole history, each content once: all refs, stashes, reflogs, notes and messages.

    REPO is a folder, or a URL to clone for this sweep; the current folder by default. Several make one report.
    """
    choice = Choice(range_, branch, since, staged, submodules, unreachable, tuple(require or ()), cache)
    if len(repos or ()) > 1 or repos_from or mirrors or engine:
        from secrets_guard.cli.scan_organisation import sweep_many

        raise typer.Exit(sweep_many(tuple(repos or ()), repos_from, mirrors, engine, choice, options or {}, config))
    raise typer.Exit(_sweep_one(repos[0] if repos else ".", choice, options or {}, config))


def _sweep_one(repo: str, choice: Choice, options: dict[str, object], config: str | None) -> int:
    from contextlib import nullcontext

    from secrets_guard.cli import perform
    from secrets_guard.sources.git.remote import cloned, is_remote, shown_url

    remote = is_remote(repo)
    choice.check(remote=remote)
    prepared = perform.prepare(() if remote else (repo,), options, config)
    with cloned(repo) if remote else nullcontext(repo) as folder:

        def source(settings: Settings, allow: AllowJudge) -> Source:
            make = _index if choice.staged else _history
            return make(folder, shown_url(repo), choice, settings, allow)

        return perform.perform(prepared, source, partial=choice.partial)


def _index(folder: str, target: str, _choice: Choice, settings: Settings, allow: AllowJudge) -> Source:
    from secrets_guard.sources.archive.limits import limits_of
    from secrets_guard.sources.staged import StagedSource

    source = StagedSource.at(folder, target)
    source.limits, source.skip_path = limits_of(settings), allow.path_allowed
    return source


def _history(folder: str, target: str, choice: Choice, settings: Settings, _allow: AllowJudge) -> Source:
    from secrets_guard.sources.archive.limits import limits_of
    from secrets_guard.sources.git.clean import CleanContents
    from secrets_guard.sources.git.history import GitHistorySource
    from secrets_guard.sources.git.superproject import SuperprojectSource
    from secrets_guard.workers import available_cores

    def history(folder: str, target: str, submodule: bool = True) -> GitHistorySource:
        cache = _cache_of(target, choice.cache) if choice.cache and submodule else choice.cache
        return GitHistorySource(
            folder,
            range_=choice.range,
            branch=choice.branch,
            since=choice.since,
            unreachable=choice.unreachable,
            require_full=bool(choice.require),
            max_file_size=settings.max_file_size,
            jobs=settings.jobs or available_cores(),
            target=target,
            clean=CleanContents(cache) if cache else None,
            limits=limits_of(settings),
        )

    superproject = history(folder, target, submodule=False)
    if not choice.submodules:
        return superproject
    return SuperprojectSource(superproject, history, require_all=bool(choice.require))


def _cache_of(submodule: str, folder: str) -> str:
    """Return where to remember what is clean in a submodule: what is kept in a folder is one repository's."""
    import os

    from secrets_guard.digest import blake2b

    return os.path.join(folder, f"submodule-{blake2b(os.fsencode(submodule), digest_size=16).hexdigest()}")

"""``scan git``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from secrets_guard.cli.options import with_options
from secrets_guard.cli.table import SCAN_OPTIONS

if TYPE_CHECKING:
    from secrets_guard.cli.perform import MakeSource
    from secrets_guard.config import Settings
    from secrets_guard.model.protocols import Source
    from secrets_guard.suppression.allow import AllowJudge

Config = Annotated[str | None, typer.Option("--config", "-c", metavar="FILE", help="Use this config file.")]
Range = Annotated[str, typer.Option("--range", metavar="A..B", help="Only what B adds to A; A...B for a pull request.")]
Branch = Annotated[str, typer.Option("--branch", metavar="NAME", help="Only the history of this branch.")]
Since = Annotated[str, typer.Option("--since", metavar="DATE", help="Only what the commits since then add.")]
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


@with_options(SCAN_OPTIONS)
def git(
    repo: Annotated[str, typer.Argument(metavar="[REPO]", show_default=False)] = ".",
    range_: Range = "",
    branch: Branch = "",
    since: Since = "",
    unreachable: Unreachable = False,
    require: Require = None,
    cache: CleanCache = "",
    config: Config = None,
    options: dict[str, object] | None = None,
) -> None:
    """Sweep a repository's whole history, each content once: all refs, stashes, reflogs, notes and messages.

    REPO is a folder, or a URL to clone for this sweep; the current folder by default.
    """
    from contextlib import nullcontext

    from secrets_guard.cli import perform
    from secrets_guard.sources.git.remote import cloned, is_remote

    full = _required(require or [])
    remote = is_remote(repo)
    prepared = perform.prepare(() if remote else (repo,), options or {}, config)
    selected = {"range_": range_, "branch": branch, "since": since}
    with cloned(repo) if remote else nullcontext(repo) as folder:
        make = _source(repo, folder, selected, unreachable=unreachable, full=full, cache=cache)
        code = perform.perform(prepared, make)
    raise typer.Exit(code)


def _required(words: list[str]) -> bool:
    """Tell whether a full history is required. Raises ConfigError for a word that is not known."""
    from secrets_guard.errors import ConfigError

    for word in words:
        if word != "full-history":
            raise ConfigError(f"--require {word!r}: unknown; known: full-history")
    return bool(words)


def _source(
    repo: str, folder: str, selected: dict[str, str], *, unreachable: bool, full: bool, cache: str
) -> MakeSource:
    def make(settings: Settings, _allow: AllowJudge) -> Source:
        from secrets_guard.sources.archive.limits import limits_of
        from secrets_guard.sources.git.clean import CleanContents
        from secrets_guard.sources.git.history import GitHistorySource
        from secrets_guard.sources.git.remote import shown_url
        from secrets_guard.workers import available_cores

        return GitHistorySource(
            folder,
            **selected,
            unreachable=unreachable,
            require_full=full,
            max_file_size=settings.max_file_size,
            jobs=settings.jobs or available_cores(),
            target=shown_url(repo),
            clean=CleanContents(cache) if cache else None,
            limits=limits_of(settings),
        )

    return make

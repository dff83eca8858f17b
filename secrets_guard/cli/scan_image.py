"""``scan image``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from secrets_guard.cli.options import with_options
from secrets_guard.cli.table import IMAGE_OPTIONS, SCAN_OPTIONS, VERIFY_OPTIONS

if TYPE_CHECKING:
    from secrets_guard.config import Settings
    from secrets_guard.model.protocols import Source
    from secrets_guard.suppression.allow import AllowJudge

Targets = Annotated[list[str], typer.Argument(metavar="TARGET...", show_default=False)]
Config = Annotated[str | None, typer.Option("--config", "-c", metavar="FILE", help="Use this config file.")]
CleanCache = Annotated[
    str,
    typer.Option("--cache", metavar="DIR", help="Remember here which layers are clean; they are not read again."),
]


@with_options(SCAN_OPTIONS | VERIFY_OPTIONS | IMAGE_OPTIONS)
def image(
    targets: Targets,
    cache: CleanCache = "",
    config: Config = None,
    options: dict[str, object] | None = None,
) -> None:
    """Sweep container images: every file of every layer, also of what later layers delete or replace, and the config.

    TARGET is what docker save wrote (- for standard input), an OCI layout (folder or archive), a registry's
    name:tag[@digest], docker-daemon:NAME or containers-storage:NAME.
    """
    from secrets_guard.cli import perform

    def source(settings: Settings, allow: AllowJudge) -> Source:
        return _source(targets, settings, allow, cache)

    raise typer.Exit(perform.perform(perform.prepare((), options or {}, config), source))


def _source(targets: list[str], settings: Settings, allow: AllowJudge, cache: str) -> Source:
    from secrets_guard.sources.archive.limits import limits_of
    from secrets_guard.sources.image.access import Access
    from secrets_guard.sources.image.base import read_layer_list
    from secrets_guard.sources.image.clean_layers import CleanLayers
    from secrets_guard.sources.image.platform import parse_platforms
    from secrets_guard.sources.image.source import ImageSource
    from secrets_guard.sources.image.sweep import Rules
    from secrets_guard.workers import available_cores

    return ImageSource(
        targets,
        platforms=parse_platforms(settings.platform),
        base=settings.base,
        base_layers=read_layer_list(settings.base_layers) if settings.base_layers else (),
        ignore_base=settings.ignore_base,
        access=Access(settings.plain_http, settings.insecure_registry, settings.ca_file),
        rules=Rules(limits_of(settings), allow.path_allowed),
        jobs=settings.jobs or available_cores(),
        clean=CleanLayers(cache) if cache else None,
    )

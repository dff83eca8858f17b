"""The table of a scan's options -> typer's parameters."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any, Optional

import typer

from secrets_guard.cli.table import Choice


def with_options(table: dict[str, Choice]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options of ``table``; it receives those that were given as the dict ``options``."""

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        own = inspect.signature(function, eval_str=True)
        kept = [parameter for name, parameter in own.parameters.items() if name != "options"]
        made = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=_annotation(name, choice))
            for name, choice in table.items()
        ]

        def command(**arguments: Any) -> None:
            options = {name: arguments.pop(name) for name in table}
            function(**arguments, options={name: value for name, value in options.items() if value not in (None, [])})

        command.__doc__ = function.__doc__
        command.__signature__ = own.replace(parameters=[*kept, *made])  # type: ignore[attr-defined]
        command.__annotations__ = {parameter.name: parameter.annotation for parameter in (*kept, *made)}
        return command

    return decorate


def _annotation(name: str, choice: Choice) -> Any:
    flags = [f"--{name.replace('_', '-')}", *([choice.short] if choice.short else [])]
    option = typer.Option(*flags, help=choice.help, show_default=False, metavar=choice.metavar or None)
    return Annotated[Optional[choice.type], option]  # noqa: UP045 - built at run time

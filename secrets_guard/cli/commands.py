"""The tree of commands -> plain values: what completion scripts and the manual page are written from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

FILES, RULES, PROGRAMS = "files", "rules", "programs"
"""Kinds of values that a shell or the rules at hand know, beside lists of words."""
_FILE_METAVARS = ("FILE", "PATH", "DIR", "FILE|stderr|syslog")


class Option(NamedTuple):
    """One option: its spellings, the long one first; its value's name, empty for a switch; and what that may be."""

    flags: tuple[str, ...]
    metavar: str
    help: str
    values: str | tuple[str, ...] = ()


class Command(NamedTuple):
    """One command: the words that call it, its help, options and arguments, and what its arguments may be."""

    words: tuple[str, ...]
    help: str
    options: tuple[Option, ...]
    arguments: tuple[str, ...]
    values: str | tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The words with spaces between them."""
        return " ".join(self.words)


def all_commands() -> list[Command]:
    """Return every command, groups and the program itself among them, in the order of its help."""
    from typer.main import get_command

    from secrets_guard.cli.tree import build

    return list(_walk(get_command(build()), ()))


def _walk(command: Any, words: tuple[str, ...]) -> Iterator[Command]:
    inner: dict[str, Any] = getattr(command, "commands", {})
    options = [one for one in command.params if one.param_type_name == "option" and not one.hidden]
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    yield Command(
        words,
        " ".join((command.help or "").split()),
        tuple(_option(one, " ".join(words)) for one in options),
        tuple(one.metavar or one.name.upper() for one in arguments),
        tuple(inner) if inner else _argument_values(words, arguments),
    )
    for name, one in inner.items():
        yield from _walk(one, (*words, name))


def _option(parameter: Any, name: str) -> Option:
    flags = sorted((*parameter.opts, *parameter.secondary_opts), key=lambda flag: not flag.startswith("--"))
    if parameter.is_flag:
        return Option(tuple(flags), "", parameter.help or "")
    metavar = parameter.metavar or parameter.type.name.upper()
    return Option(tuple(flags), metavar, parameter.help or "", _values(flags[0], metavar, name))


def _values(flag: str, metavar: str, command: str) -> str | tuple[str, ...]:
    from secrets_guard.hook_install import HOOKS
    from secrets_guard.model.rule import CONFIDENCES, KINDS, SEVERITIES

    words: dict[str, tuple[str, ...]] = {
        "--format": _formats(command),
        "--min-severity": tuple(SEVERITIES),
        "--min-confidence": tuple(CONFIDENCES),
        "--hook": HOOKS,
        "--kind": tuple(KINDS),
        "--require": ("full-history",),
    }
    if flag in words:
        return words[flag]
    return RULES if metavar == "ID" else FILES if metavar in _FILE_METAVARS else ()


def _formats(command: str) -> tuple[str, ...]:
    from secrets_guard.broker.plan import FORMATS
    from secrets_guard.report import formats

    if command in ("compare", "doctor"):
        return ("human", "json")
    return tuple(FORMATS) if command.startswith("env ") else tuple(formats())


def _argument_values(words: tuple[str, ...], arguments: Sequence[Any]) -> str | tuple[str, ...]:
    from secrets_guard.cli.completion import SHELLS

    if words == ("completion",):
        return tuple(SHELLS)
    if words == ("rules", "show"):
        return RULES
    if words == ("run",):
        return PROGRAMS
    return FILES if arguments else ()

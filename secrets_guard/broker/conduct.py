"""``run:`` of a manifest and the command's options -> how the command is run: as whom, with what, watched or not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from secrets_guard.broker.duration import read_seconds
from secrets_guard.errors import ManifestError
from secrets_guard.located_yaml import nearest

DEFAULT_GRACE = 10.0
_SWITCHES = ("supervise", "subreaper", "no_new_privs", "no_core_dumps", "pristine")
_LISTS = ("allow", "deny")
KEYS = (*_SWITCHES, "redact", "grace", "user", *_LISTS)


class Conduct(NamedTuple):
    """``redact`` is None where nobody has said; ``grace`` in seconds; ``allow`` and ``deny`` are globs of names."""

    supervise: bool = False
    subreaper: bool = False
    redact: bool | None = None
    grace: float = DEFAULT_GRACE
    user: str = ""
    no_new_privs: bool = False
    no_core_dumps: bool = False
    pristine: bool = False
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()

    @property
    def watches(self) -> bool:
        """Whether something was asked for that only a supervisor does."""
        return self.supervise or self.subreaper or self.redact is True


def read_conduct(given: Any) -> Conduct:
    """Return what ``run:`` asks for. Raises ManifestError with all that is wrong."""
    if given is None:
        return Conduct()
    if not isinstance(given, dict):
        raise ManifestError("run: must be a mapping (name: value)")
    made: dict[str, Any] = {}
    problems: list[str] = []
    for name, value in given.items():
        try:
            made[str(name)] = _read(str(name), value)
        except ManifestError as error:
            problems += [f"run.{problem}" for problem in error.problems]
    if problems:
        raise ManifestError(*problems)
    return Conduct(**made)


def _read(name: str, value: Any) -> Any:
    if name not in KEYS:
        raise ManifestError(f"{name}: is no key of run{nearest(name, KEYS)}")
    if name in _SWITCHES or name == "redact":
        if not isinstance(value, bool):
            raise ManifestError(f"{name}: must be true or false")
        return value
    if name == "grace":
        return read_seconds(value, name)
    if name == "user":
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise ManifestError("user: must be uid[:gid] or name[:group]")
        return str(value)
    if not isinstance(value, list) or not all(isinstance(word, str) and word for word in value):
        raise ManifestError(f"{name}: must be a list of names of variables, * and ? stand for letters")
    return tuple(value)


def with_options(conduct: Conduct, options: Mapping[str, Any]) -> Conduct:
    """Return the conduct with the command line's options, by their names in its table. Raises ManifestError."""
    told: dict[str, Any] = {name: True for name in _SWITCHES if options.get(name)}
    if options.get("redact") and options.get("no_redact"):
        raise ManifestError("--redact and --no-redact: choose one")
    if options.get("redact") or options.get("no_redact"):
        told["redact"] = bool(options.get("redact"))
    made = conduct._replace(**told)
    if options.get("grace"):
        made = made._replace(grace=read_seconds(options["grace"], "--grace"))
    if options.get("user"):
        made = made._replace(user=str(options["user"]))
    lists = {name: (*getattr(conduct, name), *options.get(name, ())) for name in _LISTS}
    return made._replace(allow=lists["allow"], deny=lists["deny"])

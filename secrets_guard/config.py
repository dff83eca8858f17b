"""Config file, environment and command line -> Settings: one frozen value that is passed down, never fetched."""

import os
import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from secrets_guard.config_file import ON_THE_COMMAND_LINE, AllowEntry, find_config, read_config
from secrets_guard.errors import ConfigError
from secrets_guard.lazily import Pattern
from secrets_guard.model.rule import CONFIDENCES, SEVERITIES

__all__ = ["FORMATS", "OPTIONS", "AllowEntry", "Settings", "find_config", "load_settings", "parse_size"]

FORMATS = ("human", "json", "jsonl", "sarif", "junit", "csv", "html", "gitlab", "github", "gitleaks")
ENV_PREFIX = "SECRETS_GUARD_"
_OTHERS = ("SECRETS_GUARD_CACHE", "SECRETS_GUARD_CONFIG", "SECRETS_GUARD_DEBUG", "SECRETS_GUARD_READER")
"""Variables of ours that are no options."""


class Settings(NamedTuple):
    """The options of every scan. ``jobs`` 0: all available cores; ``max_file_size`` in bytes, 0: no limit."""

    format: str = "human"
    output: str = ""
    baseline: str = ""
    rules: tuple[str, ...] = ()
    only_rule: tuple[str, ...] = ()
    exclude_rule: tuple[str, ...] = ()
    min_severity: str = "low"
    min_confidence: str = "medium"
    jobs: int = 0
    max_file_size: int = 0
    max_depth: int = 5
    show_secrets: bool = False
    exit_code: int = 1
    explain: bool = False
    no_progress: bool = False
    quiet: bool = False
    strict: bool = False
    no_ignore: bool = False
    follow_symlinks: bool = False
    no_archives: bool = False
    no_inline_allow: bool = False
    fail_on_unused: bool = False
    trust_repo_config: bool = False
    fingerprint_key: str = ""
    platform: tuple[str, ...] = ()
    base: tuple[str, ...] = ()
    base_layers: str = ""
    ignore_base: bool = False
    plain_http: bool = False
    insecure_registry: bool = False
    ca_file: str = ""
    verify: bool = False
    verify_endpoint: tuple[str, ...] = ()
    verify_allow_private: bool = False
    only_live: bool = False
    allow: tuple[AllowEntry, ...] = ()

    def __repr__(self) -> str:
        """Show every setting but the key of the fingerprints."""
        shown = self._asdict() | {"fingerprint_key": "****" if self.fingerprint_key else ""}
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in shown.items())})"


COMMAND_LINE_ONLY = ("verify", "verify_endpoint", "verify_allow_private", "only_live")
"""Names that neither a file nor the environment may set: who sends secrets over the network says so, each time."""

OPTIONS = tuple(name for name in Settings._fields if name not in ("allow", *COMMAND_LINE_ONLY))
"""Names that a file, the environment and the command line may set; ``allow`` is for files alone."""

_PATHS = ("baseline", "base_layers", "ca_file")
_CHOICES = {"format": FORMATS, "min_severity": SEVERITIES, "min_confidence": CONFIDENCES}
_RANGES = {"jobs": (0, 4096), "max_depth": (0, 100), "exit_code": (0, 255)}
_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")
_UNITS = {"": 1, "B": 1, "K": 1000, "M": 1000**2, "G": 1000**3, "T": 1000**4}
_UNITS |= {f"{unit}B": size for unit, size in _UNITS.items() if unit not in ("", "B")}
_UNITS |= {f"{unit}{end}": 1024**power for power, unit in enumerate("KMGT", 1) for end in ("I", "IB")}
_SIZE = Pattern(r"\s*(\d{1,15}(?:\.\d{1,6})?)\s*([A-Za-z]{0,3})\s*")


def load_settings(path: str | None, cli: Mapping[str, object], environ: Mapping[str, str]) -> Settings:
    """Return the settings: a config file's, overridden by ``SECRETS_GUARD_<OPTION>``, overridden by ``cli``.

    ``cli`` holds only the options that were given. ``rules`` of the three add up; other lists replace each other.
    Paths in a file are relative to the file. Raises ConfigError listing every problem: those of a file with
    ``file:line``, the others with the variable or option.
    """
    problems: list[str] = []
    layers: list[dict[str, object]] = []
    allow: tuple[AllowEntry, ...] = ()
    if path is not None:
        raw = read_config(path, OPTIONS, COMMAND_LINE_ONLY)
        allow = raw.allow
        problems += raw.problems
        layers.append(_from_file(os.path.dirname(path), raw.values, problems))
    layers.append(_from_environment(environ, problems))
    layers.append(_from_command_line(cli, problems))
    if problems:
        raise ConfigError(*problems)
    merged: dict[str, object] = {}
    for layer in layers:
        merged |= layer
    merged["rules"] = tuple(rule for layer in layers for rule in _as_tuple(layer.get("rules", ())))
    return Settings(**merged, allow=allow)  # type: ignore[arg-type]


def parse_size(text: str) -> int:
    """Return the bytes that ``10MB``, ``1GiB``, ``512k`` or a bare number mean. Raises ValueError."""
    found = _SIZE.fullmatch(text)
    unit = found and _UNITS.get(found.group(2).upper())
    if not found or not unit:
        raise ValueError(f"{text!r} is no size; write it as 500KB, 10MB or 1GiB (0: no limit)")
    return int(float(found.group(1)) * unit) if "." in found.group(1) else int(found.group(1)) * unit


def _from_file(folder: str, values: dict[str, tuple[object, str]], problems: list[str]) -> dict[str, object]:
    made = _converted({name: (value, f"{place}: {name}") for name, (value, place) in values.items()}, problems)
    for name in _PATHS:
        if made.get(name):
            made[name] = _beside(folder, str(made[name]))
    if "rules" in made:
        made["rules"] = tuple(_beside(folder, rule) for rule in _as_tuple(made["rules"]))
    return made


def _beside(folder: str, path: str) -> str:
    return os.path.normpath(os.path.join(folder, os.path.expanduser(path)))


def _from_environment(environ: Mapping[str, str], problems: list[str]) -> dict[str, object]:
    named = {f"{ENV_PREFIX}{name.upper()}": name for name in (*OPTIONS, *COMMAND_LINE_ONLY)}
    values: dict[str, tuple[object, str]] = {}
    for variable, text in environ.items():
        if not variable.startswith(ENV_PREFIX) or not text.strip():
            continue
        name = named.get(variable)
        if variable in _OTHERS:
            continue
        if name is None or name in COMMAND_LINE_ONLY:
            problems += _misspelt(variable, list(named)) if name is None else [f"{variable}: {ON_THE_COMMAND_LINE}"]
            continue
        try:
            values[name] = (_from_text(name, text.strip()), variable)
        except ValueError as error:
            problems.append(f"{variable}: {error}")
    return _converted(values, problems)


def _misspelt(variable: str, known: list[str]) -> list[str]:
    # Somebody else's variable may share the prefix: only what is nearly an option is wrong.
    import difflib

    names = [name.removeprefix(ENV_PREFIX) for name in known]
    close = difflib.get_close_matches(variable.removeprefix(ENV_PREFIX), names, 1, 0.8)
    return [f"{variable}: no such option (did you mean {ENV_PREFIX}{close[0]}?)"] if close else []


def _from_text(name: str, text: str) -> object:
    default = Settings._field_defaults[name]
    if isinstance(default, bool):
        if text.lower() not in _TRUE + _FALSE:
            raise ValueError(f"must be one of {', '.join(_TRUE + _FALSE)}")
        return text.lower() in _TRUE
    if isinstance(default, tuple):
        return [item.strip() for item in text.split(",") if item.strip()]
    if isinstance(default, int) and name != "max_file_size":
        if not re.fullmatch(r"\d{1,9}", text, re.ASCII):
            raise ValueError("must be a whole number")
        return int(text)
    return text


def _from_command_line(cli: Mapping[str, object], problems: list[str]) -> dict[str, object]:
    values: dict[str, tuple[object, str]] = {}
    for name, value in cli.items():
        if name in (*OPTIONS, *COMMAND_LINE_ONLY):
            values[name] = (value, f"--{name.replace('_', '-')}")
        else:
            problems.append(f"--{name.replace('_', '-')}: no such option")
    return _converted(values, problems)


def _converted(values: dict[str, tuple[object, str]], problems: list[str]) -> dict[str, object]:
    """Return checked values; ``values`` maps an option to (value, what to call it in a complaint)."""
    made: dict[str, object] = {}
    for name, (value, where) in values.items():
        try:
            made[name] = _checker(name)(name, value)
        except ValueError as error:
            problems.append(f"{where}: {error}")
    return made


def _checker(name: str) -> Callable[[str, object], object]:
    default = Settings._field_defaults[name]
    if name == "max_file_size":
        return _size
    if isinstance(default, bool):
        return _flag
    if isinstance(default, int):
        return _number
    return _strings if isinstance(default, tuple) else _string


def _size(_: str, value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if not isinstance(value, str):
        raise ValueError("must be a size such as 500KB, 10MB or 1GiB (0: no limit)")
    return parse_size(value)


def _flag(_: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _number(name: str, value: object) -> int:
    low, high = _RANGES[name]
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueError(f"must be a whole number from {low} to {high}")
    return value


def _string(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("must be a string")
    choices = _CHOICES.get(name)
    if choices and value not in choices:
        from secrets_guard.located_yaml import nearest

        raise ValueError(f"{value!r} is none of {', '.join(choices)}{nearest(value, choices)}")
    return value


def _strings(_: str, value: object) -> tuple[str, ...]:
    # A key whose items are all commented out reads as null.
    items = (value,) if isinstance(value, str) else () if value is None else value
    if not isinstance(items, list | tuple) or not all(isinstance(item, str) and item for item in items):
        raise ValueError("must be a list of strings")
    return tuple(items)


def _as_tuple(value: object) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()

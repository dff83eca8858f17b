"""`.secrets-guard.yaml` -> raw option values with their places, and allow entries; and which such file to obey."""

import os
import stat
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from secrets_guard.errors import ConfigError
from secrets_guard.lazily import Pattern

if TYPE_CHECKING:
    from secrets_guard.located_yaml import Located

CONFIG_NAMES = (".secrets-guard.yaml", ".secrets-guard.yml")
_CRITERIA = ("rules", "paths", "secrets", "lines", "stopwords", "commits", "fingerprints")
ON_THE_COMMAND_LINE = "this can be given on the command line only: it has secrets sent to others"
_COMMIT = Pattern(r"[0-9A-Fa-f]{7,64}")
_WORDS = ("reason", "author", "expires", "condition")


class AllowEntry(NamedTuple):
    """What is allowed to stand. ``rules`` narrows the entry; ``condition`` joins the other criteria that are given.

    ``paths`` are globs (see suppression/glob.py) on the path relative to the target, or ``regex:…`` searched in it;
    ``secrets`` and ``lines`` regexes searched in the secret and in its line; ``stopwords`` substrings of the secret,
    whatever their case; ``expires`` the last day (ISO) on which the entry holds, or "" for ever.
    """

    reason: str = ""
    author: str = ""
    expires: str = ""
    condition: str = "all"
    rules: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    stopwords: tuple[str, ...] = ()
    commits: tuple[str, ...] = ()
    fingerprints: tuple[str, ...] = ()
    place: str = ""
    """``file:line`` where the entry is defined, for messages."""


class RawConfig(NamedTuple):
    """A config file: option -> (value, ``file:line``), the allow entries, and every problem found in them."""

    values: dict[str, tuple[object, str]]
    allow: tuple[AllowEntry, ...]
    problems: list[str]


def read_config(path: str, options: Sequence[str], elsewhere: Sequence[str] = ()) -> RawConfig:
    """Read a config file whose keys are ``options`` (snake_case, hyphens accepted) and ``allow``.

    ``elsewhere`` are options that no file may set.
    """
    from secrets_guard import located_yaml

    try:
        with open(path, encoding="utf-8") as stream:
            document = located_yaml.load(stream.read(), path)
    except OSError as error:
        return RawConfig({}, (), [f"{path}: can't be read: {error.strerror}"])
    except UnicodeDecodeError:
        return RawConfig({}, (), [f"{path}:1: not UTF-8"])
    except ConfigError as error:
        return RawConfig({}, (), list(error.problems))
    if document.value is None:
        return RawConfig({}, (), [])
    if not isinstance(document.value, dict):
        return RawConfig({}, (), [f"{path}:1: a config is a mapping of options, such as 'min_severity: high'"])
    values: dict[str, tuple[object, str]] = {}
    problems: list[str] = []
    known = [*options, "allow"]
    for key, value in document.value.items():
        name, place = str(key).replace("-", "_"), document.place(key)
        if name in elsewhere:
            problems.append(f"{place}: {key}: {ON_THE_COMMAND_LINE}")
        elif name not in known:
            problems.append(f"{place}: unknown key {key!r}{located_yaml.nearest(name, known)}")
        elif name in values:
            problems.append(f"{place}: {key!r} says again what another spelling of it said")
        else:
            values[name] = (value, place)
    allow = _allow_entries(document, values.pop("allow", ([], ""))[0], problems)
    return RawConfig(values, allow, problems)


def _allow_entries(document: "Located", raw: object, problems: list[str]) -> tuple[AllowEntry, ...]:
    if raw is None:
        return ()
    if not isinstance(raw, list):
        problems.append(f"{document.place('allow')}: allow must be a list of entries: start each with '- reason: …'")
        return ()
    entries = []
    for index, item in enumerate(raw):
        if not isinstance(item, dict):
            place = document.place("allow", index)
            problems.append(f"{place}: an allow entry is a mapping, such as 'paths: [tests/**]'")
        else:
            entries.append(_allow_entry(document, index, item, problems))
    return tuple(entries)


def _allow_entry(document: "Located", index: int, raw: dict[Any, Any], problems: list[str]) -> AllowEntry:
    from secrets_guard.located_yaml import nearest

    def place(key: Any) -> str:
        return document.place("allow", index, key)

    fields: dict[str, Any] = {}
    for key, value in raw.items():
        name = "reason" if key == "description" else str(key)
        if name in fields:
            problems.append(f"{place(key)}: give a reason or a description, not both")
        elif name in _WORDS:
            fields[name] = _word(name, value, place(key), problems)
        elif name in _CRITERIA:
            fields[name] = _criterion(name, value, place(key), problems)
        else:
            known = [*_WORDS, "description", *_CRITERIA]
            problems.append(f"{place(key)}: unknown key {key!r} in an allow entry{nearest(name, known)}")
    if not any(name in fields for name in _CRITERIA):
        problems.append(f"{place('')}: this allow entry would allow everything; give one of {', '.join(_CRITERIA)}")
    return AllowEntry(**fields, place=place(""))


def _word(name: str, value: object, place: str, problems: list[str]) -> str:
    import datetime

    if name == "expires" and isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return value.isoformat()
    if not isinstance(value, str):
        problems.append(f"{place}: {name} must be {'a date (2027-01-31)' if name == 'expires' else 'a string'}")
        return ""
    if name == "expires" and value and not is_date(value):
        problems.append(f"{place}: expires {value!r} is no date; write it as 2027-01-31")
    if name == "condition" and value not in ("all", "any"):
        problems.append(f"{place}: condition {value!r} is neither 'all' nor 'any'")
    return value


def _criterion(name: str, value: object, place: str, problems: list[str]) -> tuple[str, ...]:
    from secrets_guard.pattern import pattern_problems

    items = [value] if isinstance(value, str) else value
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items) or not items:
        problems.append(f"{place}: {name} must be a list of strings (quote numbers)")
        return ()
    for item in items:
        pattern = item.removeprefix("regex:")
        if name == "commits" and not _COMMIT.fullmatch(item):
            problems.append(f"{place}: commits: {item!r} is not 7 to 64 hex digits")
        elif not pattern.strip():
            problems.append(f"{place}: {name} holds an empty string, which would allow everything")
        elif name in ("secrets", "lines") or (name == "paths" and item.startswith("regex:")):
            problems += [f"{place}: {name}: {text}" for text in pattern_problems(pattern, anchors=True)]
    return tuple(items)


def is_date(text: str) -> bool:
    """Tell whether ``text`` is a day in the form 2027-01-31."""
    import datetime

    try:
        return datetime.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def find_config(cwd: str, targets: Sequence[str], trust_repo_config: bool) -> tuple[str | None, tuple[str, ...]]:
    """Return the config file to obey, or None, and notes on those that are not obeyed.

    The caller's own is the nearest one from ``cwd`` up to the root of its git work tree, and belongs to this user or
    root. A scanned tree's own config could switch rules off, so it counts only with ``trust_repo_config``.
    """
    cwd = os.path.abspath(cwd)
    notes: list[str] = []
    own = _nearest_config(cwd, notes)
    theirs = []
    for target in targets:
        folder = os.path.join(cwd, target)
        if not os.path.lexists(folder):
            continue
        folder = os.path.abspath(folder if os.path.isdir(folder) else os.path.dirname(folder))
        found = _nearest_config(folder, notes)
        if found and found not in theirs and not (own and os.path.samefile(own, found)):
            theirs.append(found)
    if trust_repo_config and theirs:
        notes += [f"{path}: not obeyed: {theirs[0]} is" for path in [own, *theirs[1:]] if path]
        return theirs[0], tuple(dict.fromkeys(notes))
    trust = "pass --trust-repo-config (or --config with its path) if you trust it"
    notes += [f"{path}: not obeyed, because it belongs to what is scanned; {trust}" for path in theirs]
    return own, tuple(dict.fromkeys(notes))


def _nearest_config(folder: str, notes: list[str]) -> str | None:
    for place in up_to_git_root(folder):
        found = [path for path in (os.path.join(place, name) for name in CONFIG_NAMES) if os.path.lexists(path)]
        if not found:
            continue
        notes += [f"{path}: not obeyed: {found[0]} is; keep one of the two" for path in found[1:]]
        reason = mistrust(found[0])
        if reason:
            notes.append(f"{found[0]}: not obeyed: {reason}")
            return None
        return found[0]
    return None


def up_to_git_root(folder: str) -> list[str]:
    """Return ``folder`` and its parents up to the root of its git work tree; only itself outside of one."""
    walked, place = [folder], folder
    while not os.path.lexists(os.path.join(place, ".git")):
        parent = os.path.dirname(place)
        if parent == place:
            return [folder]
        place = parent
        walked.append(place)
    return walked


def mistrust(path: str) -> str:
    """Return why a file found unasked must not be obeyed, or an empty string."""
    try:
        status = os.stat(path)
        owners = {status.st_uid, os.lstat(path).st_uid}
    except OSError as error:
        return f"it can't be read ({error.strerror})"
    if not stat.S_ISREG(status.st_mode):
        return "it is not a regular file"
    if hasattr(os, "getuid") and not owners <= {os.getuid(), 0}:
        return "it belongs to another user; pass --config with its path if you trust it"
    return ""

"""Our own baseline file, `.secrets-guard-baseline.yaml`: read, and written so that git can merge it line by line.

A line an entry, sorted by fingerprint; nothing that changes by itself (no time, no line numbers), no plain value.
"""

import os
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from secrets_guard.config_file import is_date
from secrets_guard.errors import BaselineError, ConfigError
from secrets_guard.lazily import Pattern
from secrets_guard.suppression.entry import VERDICTS, Suppression

BASELINE_NAME = ".secrets-guard-baseline.yaml"
_KEYS = ("version", "key", "history", "entries")
_FIELDS = ("fingerprint", "rule", "path", "verdict", "reason", "author", "expires")
_FINGERPRINT = Pattern(r"[0-9A-Za-z][0-9A-Za-z:_=+/.-]{7,127}")
_KEY = Pattern(r"[0-9a-f]{32,128}")
_HEADER = """\
# Secrets that Secrets Guard knows about and does not report again: `secrets-guard baseline --help`.
# Fingerprints are keyed hashes: they hold no secret. Keep each entry on a line of its own: so git can merge them.
version: 1
key: '{key}'
"""


class Baseline(NamedTuple):
    """``key`` (hex) is the salt of the fingerprints; ``history``: entries may be of git's history, not of files."""

    key: str
    entries: tuple[Suppression, ...]
    history: bool = False


def read_baseline(path: str) -> Baseline:
    """Return the baseline in a file. Raises BaselineError listing every problem with ``file:line``."""
    return parse_baseline(read_text(path), path)


def read_text(path: str) -> str:
    """Return a file's text. Raises BaselineError when it can't be read."""
    try:
        with open(path, "rb") as stream:
            return stream.read().decode("utf-8-sig")
    except OSError as error:
        raise BaselineError(f"{path}: can't be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise BaselineError(f"{path}: not UTF-8 (byte {error.start})") from None


def parse_baseline(text: str, name: str) -> Baseline:
    """Return the baseline that ``text`` holds. Raises BaselineError listing every problem with ``name:line``."""
    from secrets_guard import located_yaml

    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith(("<<<<<<< ", ">>>>>>> ")):
            raise BaselineError(f"{name}:{number}: an unresolved merge conflict: keep the lines of both sides")
    try:
        document = located_yaml.load(text, name)
    except ConfigError as error:
        raise BaselineError(*error.problems) from None
    value = document.value
    if not isinstance(value, dict) or not isinstance(value.get("entries") or [], list):
        raise BaselineError(f"{name}:1: a baseline has 'version: 1', 'key' and a list of 'entries'")
    problems = [
        f"{document.place(key)}: unknown key {key!r}{located_yaml.nearest(str(key), _KEYS)}"
        for key in value
        if key not in _KEYS
    ]
    if not isinstance(value.get("history", False), bool):
        problems.append(f"{document.place('history')}: history must be true or false")
    if value.get("version") != 1 or isinstance(value.get("version"), bool):
        problems.append(f"{document.place('version')}: version must be 1; this file is of another Secrets Guard")
    key = value.get("key")
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        problems.append(f"{document.place('key')}: key must be 32 to 128 hex digits in quotes; restore it from git")
    entries: dict[Suppression, str] = {}
    for index, raw in enumerate(value.get("entries") or []):
        wrong = _entry_problems(raw)
        problems += [f"{document.place('entries', index, field)}: {text}" for field, text in wrong]
        if not wrong:
            # No verdict: nobody has looked at it yet. A merge by lines may leave a line twice.
            entries.setdefault(Suppression(**{"verdict": "", **raw}), document.place("entries", index))
    if problems:
        raise BaselineError(*problems)
    placed = tuple(entry._replace(place=place) for entry, place in entries.items())
    return Baseline(str(key), placed, value.get("history", False))


def write_baseline(path: str, entries: Iterable[Suppression], key: str, *, history: bool = False) -> None:
    """Replace a baseline at once (never half written), keeping its mode; a symbolic link stays one.

    Raises BaselineError when it can't be written or read back, or an entry is one that a baseline can't hold.
    """
    text = format_baseline(entries, key, history=history)
    kept = _comments(read_text(path)) if os.path.exists(path) else ""
    text = kept + text[len(_comments(text)) :] if kept else text
    parse_baseline(text, path)
    target = os.path.realpath(path)
    made = f"{target}.{os.getpid()}.tmp"
    try:
        with open(made, "x", encoding="utf-8", newline="\n") as stream:
            if os.path.exists(target):
                os.chmod(made, os.stat(target).st_mode & 0o7777)
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(made, target)
    except OSError as error:
        raise BaselineError(f"{path}: can't be written: {error.strerror}") from None
    finally:
        if os.path.lexists(made):
            os.unlink(made)


def format_baseline(entries: Iterable[Suppression], key: str, *, history: bool = False) -> str:
    """Return the text of a baseline: always the same for the same entries, in whatever order and number they come."""
    rows = sorted({tuple(_printable(getattr(entry, field)) for field in _FIELDS) for entry in entries})
    head = _HEADER.format(key=key) + ("history: true\n" if history else "") + "entries:\n"
    return head + "".join(_line(dict(zip(_FIELDS, row, strict=True))) for row in rows)


def _comments(text: str) -> str:
    """Return the comment lines that a file begins with."""
    found = re.match(r"(?:[ \t]*(?:#[^\n]*)?\n)*", text)
    return found[0] if found and "#" in found[0] else ""


def _line(fields: dict[str, str]) -> str:
    """Return an entry on one line: of longer ones git takes lines that two have in common for the same."""
    import yaml

    given = {name: value for name, value in fields.items() if value}
    # Other signs that YAML takes for line ends do not come back from a plain scalar: escape them.
    plain = not any(set(value) & set("\n\x85\u2028\u2029\ufeff") for value in given.values())
    style = None if plain else '"'
    layout: dict[str, Any] = {"sort_keys": False, "width": 2**31 - 1, "default_flow_style": True}
    return f"- {yaml.safe_dump(given, allow_unicode=plain, default_style=style, **layout)}"


def _printable(text: str) -> str:
    # A name that is not UTF-8 comes with lone surrogates, which YAML can't hold; "?" in a glob is any character.
    return "".join("?" if "\ud800" <= character <= "\udfff" else character for character in text)


def _entry_problems(raw: Any) -> list[tuple[str, str]]:
    from secrets_guard.located_yaml import nearest

    if not isinstance(raw, dict):
        return [("", "an entry is a mapping that begins with 'fingerprint:'")]
    problems = [
        (str(field), f"unknown field {field!r}{nearest(str(field), _FIELDS)}") for field in raw if field not in _FIELDS
    ]
    problems += [
        (field, f"{field} must be a string; put it in quotes")
        for field, value in raw.items()
        if field in _FIELDS and not isinstance(value, str)
    ]
    if problems:
        return problems
    if not _FINGERPRINT.fullmatch(raw.get("fingerprint", "")):
        problems.append(("fingerprint", "fingerprint is missing or none: take it from a report"))
    if raw.get("verdict", "accepted") not in VERDICTS:
        problems.append(("verdict", f"verdict {raw['verdict']!r} is none of {', '.join(VERDICTS)}"))
    if raw.get("expires") and not is_date(raw["expires"]):
        problems.append(("expires", f"expires {raw['expires']!r} is no date; write it as '2027-01-31'"))
    return problems

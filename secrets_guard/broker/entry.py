"""One line of ``env:``, or one variable that holds a reference -> what is to be injected under which name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

from secrets_guard.broker.duration import read_seconds
from secrets_guard.broker.policy import OPTIONS, Policy, read_policy
from secrets_guard.broker.protocol import WHOLE, SecretRef
from secrets_guard.broker.refs import DECRYPT, REF_OPTIONS, Value, as_data, is_ciphertext, parse
from secrets_guard.broker.rotation import LONGEST_REFRESH, Rule, read_rule
from secrets_guard.errors import ManifestError
from secrets_guard.located_yaml import nearest

INHERITED = "the environment"
"""The place of an entry that no manifest has, but a variable."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ILLEGAL = re.compile(r"[^A-Za-z0-9_]")
_ASKED = ("version", "stage", "data", "ciphertext")
_OWN = ("ref", *_ASKED, "names", "refresh", "on_change", *OPTIONS)


class Entry(NamedTuple):
    """What one variable is made from; ``place`` is file:line, or where else it was found.

    A name with a ``*`` in it stands for one variable a field of a whole path; ``names`` renames fields.
    """

    name: str
    value: Value
    policy: Policy
    place: str
    names: Mapping[str, str] = {}
    refresh: float | None = None
    """Seconds after which it is looked at again while the command runs; 0: never; None: as for all."""
    on_change: Rule | None = None

    @property
    def whole(self) -> bool:
        """Whether it stands for all fields of a path."""
        return "*" in self.name

    def with_text(self, mark: str, text: str) -> Entry:
        """Return it with ``text`` in place of a mark in what stands between its references."""
        parts = [part.replace(mark, text) if isinstance(part, str) else part for part in self.value.parts]
        return self._replace(value=self.value._replace(parts=tuple(parts)))

    def field_name(self, field: str) -> str:
        """Return the variable for a field: renamed, or in upper case with ``_`` for what a name can't hold."""
        made = self.names.get(field) or self.name.replace("*", _ILLEGAL.sub("_", field).upper())
        if not is_name(made):
            raise ManifestError(f"{made!r}, made from field {field!r}, is no name of a variable; rename it by 'names'")
        return made


def is_name(name: object) -> bool:
    """Tell whether every shell can have a variable of that name."""
    return isinstance(name, str) and _NAME.fullmatch(name) is not None


def read_entry(name: Any, given: Any, place: str) -> Entry:
    """Return one line of ``env:``. Raises ManifestError (without file:line)."""
    whole = isinstance(name, str) and name.count("*") == 1
    if not is_name(name.replace("*", "A") if whole else name):
        raise ManifestError(f"{name!r} is no name of a variable: letters, digits and _, no digit first")
    entry = read_value(name, given, place)
    _check_whole(name, whole, entry.value, entry.policy)
    names = given.get("names") if isinstance(given, dict) else None
    return entry._replace(names=_names(name, names, whole))


def read_value(name: str, given: Any, place: str) -> Entry:
    """Return what stands for a value under a name. Raises ManifestError (without file:line)."""
    if not isinstance(given, dict):
        given = {"ref": given}
    for key in given:
        if key not in _OWN:
            raise ManifestError(f"{name}: unknown key {key!r}{nearest(str(key), _OWN)}")
    text = given.get("ref")
    if not isinstance(text, str):
        raise ManifestError(f"{name}: must be a text (put numbers and true/false in quotes) or {{ref: …}}")
    try:
        value = parse(text)
        value = _pinned(value, {key: given[key] for key in _ASKED if key in given})
        refresh = read_seconds(given["refresh"], "refresh", LONGEST_REFRESH, zero=True) if "refresh" in given else None
        rule = read_rule(given["on_change"]) if "on_change" in given else None
        policy = read_policy({**dict(value.policy), **{key: given[key] for key in OPTIONS if key in given}})
    except ManifestError as error:
        raise ManifestError(f"{name}: {error}") from None
    return Entry(name, value, policy, place, {}, refresh, rule)


def _pinned(value: Value, asked: Mapping[str, Any]) -> Value:
    """Return the value with what stands beside its reference in it."""
    if not asked:
        return value
    ref = value.sole
    if ref is None:
        raise ManifestError(f"{' and '.join(asked)}: only of a value that is one reference, and no more")
    for key, wanted in asked.items():
        if key in ("data", "ciphertext"):
            ref = _sent(ref, key, wanted)
        elif key not in REF_OPTIONS[ref.scheme]:
            raise ManifestError(f"{ref}: there is no {key} of {ref.scheme}")
        else:
            ref = ref._replace(version=str(wanted)) if key == "version" else ref._replace(stage=str(wanted))
    return value._replace(parts=(ref,))


def _sent(ref: SecretRef, key: str, wanted: Any) -> SecretRef:
    if ref.scheme != "vault" or ref.version:
        raise ManifestError(f"{ref}: {key} is of what Vault makes for each read, without a version")
    if ref.data or (key == "ciphertext" and not isinstance(wanted, str)):
        raise ManifestError(f"{ref}: one ciphertext, a text, or one data")
    return ref._replace(data=as_data({"ciphertext": wanted} if key == "ciphertext" else wanted))


def _check_whole(name: str, whole: bool, value: Value, policy: Policy) -> None:
    sole: SecretRef | None = value.sole
    if whole != (sole is not None and sole.key == WHOLE):
        raise ManifestError(f"{name}: a '*' in the name and '#*' in the reference go together (APP_*: vault:path#*)")
    if whole and policy.default is not None:
        raise ManifestError(f"{name}: there is no default for all of a path")


def _names(name: str, given: Any, whole: bool) -> Mapping[str, str]:
    if given is None:
        return {}
    if not whole or not isinstance(given, dict) or not all(is_name(new) for new in given.values()):
        raise ManifestError(f"{name}: names: must map fields of '#*' to names of variables")
    return {str(field): str(new) for field, new in given.items()}


def inherited_entries(environment: Mapping[str, str]) -> tuple[Entry, ...]:
    """Return an entry for each variable that holds a reference or a ``literal:`` before one. Raises ManifestError."""
    entries, problems = [], []
    for name, text in environment.items():
        try:
            value = parse(_decrypting(text, environment), inherited=True)
            if value.refs or value.parts != (text,):
                if any(ref.key == WHOLE for ref in value.refs):
                    raise ManifestError(f"{value}: all of a path needs a manifest, with a name such as {name}_*")
                entries.append(Entry(name, value, read_policy(dict(value.policy)), INHERITED))
        except ManifestError as error:
            problems.append(f"{INHERITED}: {name}: {error}")
    if problems:
        raise ManifestError(*problems)
    return tuple(entries)


def _decrypting(text: str, environment: Mapping[str, str]) -> str:
    """Return the reference that decrypts a ciphertext where bank-vaults' variables name a key for it, else the text."""
    key = environment.get("VAULT_TRANSIT_KEY_ID")
    if not key or not is_ciphertext(text):
        return text
    engine = environment.get("VAULT_TRANSIT_PATH", "transit").strip("/")
    return f"vault:{quote(engine)}{DECRYPT}{quote(key)}?ciphertext={quote(text)}"

"""``vault:secret/app`` -> the place that secrets are moved to, and the reference to each."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import quote

from secrets_guard.broker.protocol import SecretRef
from secrets_guard.broker.refs import REF_OPTIONS, SCHEMES, parse_ref
from secrets_guard.broker.store import STORES
from secrets_guard.errors import ConfigError, ManifestError

_KEY_SIGNS = re.compile(r"[^A-Za-z0-9_]+")
_OPTIONS = ("namespace", "region")


class Target(NamedTuple):
    """A place at a manager that holds several secrets, each under a key."""

    place: SecretRef

    def reference(self, key: str) -> str:
        """Return the reference to a key, as it stands in files: with no character that any format would quote."""
        options = "&".join(f"{name}={quote(value, safe='')}" for name, value in self.place.options)
        path = quote(self.place.path, safe="/:")
        return f"{self.place.scheme}:{path}{f'?{options}' if options else ''}#{quote(key, safe='')}"

    def key_of(self, text: str) -> str:
        """Return the key of a reference of ours to this place; empty for any other text."""
        if not text.startswith(f"{self.place.scheme}:"):
            return ""
        try:
            ref, policy = parse_ref(text)
        except ManifestError:
            return ""
        return ref.key if ref._replace(key="") == self.place and not policy else ""


def read_target(text: str) -> Target:
    """Return the target of ``--to``. Raises ConfigError, saying how it is to be written."""
    example = "write --to vault:MOUNT/PATH or --to aws-sm:NAME"
    scheme = text.partition(":")[0]
    if scheme not in STORES:
        known = "can be read from, but not written to" if scheme in SCHEMES else "is no place to write to"
        raise ConfigError(f"--to {text}: {known}; {example}")
    if "#" in text:
        raise ConfigError(f"--to {text}: without a key: each secret gets its own; {example}")
    try:
        ref, policy = parse_ref(f"{text}#key")
    except ManifestError as error:
        raise ConfigError(f"--to {text}: {error}; {example}") from None
    wrong = [name for name, _ in ref.options if name not in _OPTIONS or name not in REF_OPTIONS[scheme]]
    if policy or wrong or ref.version or ref.stage or ref.data:
        raise ConfigError(f"--to {text}: takes no options but {' and '.join(_OPTIONS)}; {example}")
    return Target(ref._replace(key=""))


def key_for(name: str) -> str:
    """Return the key of a value's name: ``DB_PASSWORD`` and ``db.password`` are ``db_password``."""
    return _KEY_SIGNS.sub("_", name).strip("_").lower()


def variable_for(name: str) -> str:
    """Return the variable of a value's name: ``db.password`` is ``DB_PASSWORD``; one that could be one stays."""
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        return name
    made = _KEY_SIGNS.sub("_", name).strip("_").upper()
    return f"_{made}" if made[:1].isdigit() else made

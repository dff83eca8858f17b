"""One line of ``files:`` -> the file that a command finds: its name, its mode, and what it is made from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from secrets_guard.broker.entry import Entry, read_value
from secrets_guard.broker.protocol import WHOLE
from secrets_guard.errors import ManifestError

DEFAULT_MODE = 0o400
_NAME = re.compile(r"[A-Za-z0-9_][\w.@+-]{0,254}", re.ASCII)
_MODE = re.compile(r"0?[0-7]{3}")


class FileEntry(NamedTuple):
    """What one file is made from; its ``entry`` bears the file's name."""

    entry: Entry
    mode: int = DEFAULT_MODE

    @property
    def name(self) -> str:
        """The file's name in the folder."""
        return self.entry.name


def read_file_entry(name: Any, given: Any, place: str) -> FileEntry:
    """Return one line of ``files:``. Raises ManifestError (without file:line)."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ManifestError(f"{name!r} is no plain name of a file: letters, digits and ._@+-, no folder")
    options: Mapping[str, Any] = given if isinstance(given, dict) else {"ref": given}
    mode = options.get("mode", "0400")
    if not isinstance(mode, str) or not _MODE.fullmatch(mode):
        raise ManifestError(f'{name}: mode: must be three octal digits in quotes: "0400", "0440"')
    entry = read_value(name, {key: value for key, value in options.items() if key != "mode"}, place)
    if entry.value.sole is not None and entry.value.sole.key == WHOLE:
        raise ManifestError(f"{name}: all of a path is for variables: name one key")
    # What only an environment can't carry, or what is part of most files.
    policy = entry.policy._replace(allow=(*entry.policy.allow, "newline", "nul"))
    return FileEntry(entry._replace(policy=policy), int(mode, 8))

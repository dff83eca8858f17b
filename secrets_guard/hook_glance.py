"""What is staged -> whether stage one of the matching sees anything in it at all; most commits end here.

Nothing of rules, judges or settings is loaded for that: only the database, whose name is kept with what it was made of.
Where it has no hit, the whole sweep would have none.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from secrets_guard.cache import Cache, state_of
from secrets_guard.detect.runs import run_finder
from secrets_guard.rules.builtin import rules_folder
from secrets_guard.version import __version__

if TYPE_CHECKING:
    from secrets_guard.cli.perform import Prepared
    from secrets_guard.detect.database import Loaded
    from secrets_guard.model.rule import RuleSet
    from secrets_guard.sources.staged import StagedSource

_CONFIG_NAMES = (".secrets-guard.yaml", ".secrets-guard.yml")
_NOT_OPTIONS = ("SECRETS_GUARD_CONFIG", "SECRETS_GUARD_CACHE", "SECRETS_GUARD_DEBUG", "SECRETS_GUARD_READER")
_MOST = 2 << 20
"""Bytes that are looked at together: what one batch of a sweep holds."""
_WIDE = (b"\xff\xfe", b"\xfe\xff")


class Glance:
    """One look at what is staged, under the rules and the config as they are now."""

    def __init__(self, environ: Mapping[str, str], config: str | None, cache: Cache) -> None:
        """``config``: the file that was named, or None for the one in the current folder, a work tree's root."""
        self._cache = cache
        found, self._find = run_finder()
        self._name = _name(environ, config or environ.get("SECRETS_GUARD_CONFIG") or "", found)
        self.loaded: Loaded | None = None
        """The database, once it is there: a sweep need not load it again."""
        self._rules = ""

    def sees_nothing(self, source: StagedSource) -> bool:
        """Tell whether all that is staged was looked at and held no hit; False says nothing.

        Raises SourceError where git can't read what is staged.
        """
        head = self._cache.read(self._name) if self._name else None
        # What is kept: the number of the control's rule, the control, the names of the database and of the rules.
        words = (head or b"").decode("ascii", "replace").split(" ")
        if len(words) != 4:
            return False
        from secrets_guard.detect.database import load

        index, control, name, self._rules = words
        self.loaded = load(name, self._cache)
        if self.loaded is None:
            return False
        from secrets_guard.sources.archive.glance import suspect

        texts = source.peek(_MOST)
        # UTF-16 is matched on as UTF-8 only, an archive when it is open.
        if texts is None or any(b"\0" in text or text.startswith(_WIDE) or suspect(text) for text in texts):
            return False
        if self._find(b"\n".join([b"", *texts])):
            return False
        return _hits(self.loaded, [bytes.fromhex(control), *texts]) == {int(index)}

    def rules(self) -> RuleSet | None:
        """Return the rules that go with the database, where they are kept."""
        if self.loaded is None:
            return None
        from secrets_guard.rules.active import kept_rules

        return kept_rules(self._rules, self._cache)

    def keep(self, prepared: Prepared) -> None:
        """Keep the database for the next time, unless it is kept or depends on more than we would notice."""
        settings = prepared.settings
        if not self._name or self.loaded is not None or settings.rules or settings.max_file_size or prepared.notes:
            return
        from secrets_guard import api, canary
        from secrets_guard.detect.matcher import Matcher
        from secrets_guard.rules.active import builtin_name, load_rules, select

        rules = select(load_rules(cache=self._cache), settings.only_rule, settings.exclude_rule)
        active = api.active_rules(rules, settings)
        made = Matcher((*active, canary.RULE), self._cache)
        # The token alone: the name before it is what other rules look for.
        control = canary.blob(0).data.split()[-1]
        self._cache.write(
            self._name, f"{len(made.rules) - 1} {control.hex()} {made.database_name} {builtin_name()}".encode()
        )


def _hits(loaded: Loaded, texts: list[bytes]) -> set[int]:
    """Return the numbers of the patterns that match anywhere in the texts."""
    import hyperscan

    hits: set[int] = set()
    add = hits.add

    def on_match(number: int, _start: int, _end: int, _flags: int, _context: object) -> None:
        add(number)

    database = loaded.database
    database.scan(b"\n".join([b"", *texts, b""]), match_event_handler=on_match, scratch=hyperscan.Scratch(database))
    return hits


def _name(environ: Mapping[str, str], config: str, runs: int) -> str:
    """Return the name of what is kept; empty where it would depend on more than files.

    ``runs``: how many decoders the database leaves out, as the extension finds their runs.
    """
    import zlib

    if any(name.startswith("SECRETS_GUARD_") and name not in _NOT_OPTIONS for name in environ):
        return ""
    if config.endswith(".toml"):
        return ""
    folder = rules_folder()
    parts = [__version__, str(runs), folder, os.path.abspath(config) if config else ""]
    try:
        with os.scandir(folder) as found:
            parts += sorted(f"{one.name} {state_of(one.stat())}" for one in found)
        if config:
            parts.append(state_of(os.stat(config)))
    except OSError:
        return ""
    for name in () if config else _CONFIG_NAMES:
        try:
            parts.append(f"{os.path.abspath(name)} {state_of(os.stat(name))}")
        except OSError:
            parts.append("none")
    text = "\0".join(parts).encode("utf-8", "surrogateescape")
    # Two sums of different kinds: a collision would have to be found among one's own files.
    return f"glance-{zlib.crc32(text):08x}{zlib.adler32(text):08x}{len(text):06x}.txt"

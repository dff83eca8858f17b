"""What is staged -> whether stage one of the matching sees anything in it at all; most commits end here.

Nothing of rules, judges or settings is loaded for that: only the database, kept with what it was made of. Where it has
no hit, the whole sweep would have none.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from secrets_guard.cache import Cache, state_of
from secrets_guard.rules.builtin import rules_folder
from secrets_guard.version import __version__

if TYPE_CHECKING:
    from secrets_guard.cli.perform import Prepared
    from secrets_guard.sources.staged import StagedSource

_CONFIG_NAMES = (".secrets-guard.yaml", ".secrets-guard.yml")
_NOT_OPTIONS = ("SECRETS_GUARD_CONFIG", "SECRETS_GUARD_CACHE", "SECRETS_GUARD_DEBUG")
_MOST = 2 << 20
"""Bytes that are looked at together: what one batch of a sweep holds."""
_WIDE = (b"\xff\xfe", b"\xfe\xff")


class Glance:
    """One look at what is staged, under the rules and the config as they are now."""

    def __init__(self, environ: Mapping[str, str], config: str | None, cache: Cache) -> None:
        """``config``: the file that was named, or None for the one in the current folder, a work tree's root."""
        self._cache = cache
        self._name = _name(environ, config or environ.get("SECRETS_GUARD_CONFIG") or "")
        self._kept = False

    def sees_nothing(self, source: StagedSource) -> bool:
        """Tell whether all that is staged was looked at and held no hit; False says nothing.

        Raises SourceError where git can't read what is staged.
        """
        head = self._cache.read(self._name + ".txt") if self._name else None
        dumped = self._cache.read(self._name + ".hs") if head else None
        if head is None or dumped is None:
            return False
        self._kept = True
        from secrets_guard.sources.archive.glance import suspect

        texts = source.peek(_MOST)
        # UTF-16 is matched on as UTF-8 only, an archive when it is open.
        if texts is None or any(b"\0" in text or text.startswith(_WIDE) or suspect(text) for text in texts):
            return False
        return _only_control(head, dumped, texts)

    def keep(self, prepared: Prepared) -> None:
        """Keep the database for the next time, unless it is kept or depends on more than we would notice."""
        settings = prepared.settings
        if not self._name or self._kept or settings.rules or settings.max_file_size or prepared.notes:
            return
        import hyperscan

        from secrets_guard import api, canary
        from secrets_guard.detect.matcher import Matcher
        from secrets_guard.rules.active import load_rules, select

        rules = select(load_rules(cache=self._cache), settings.only_rule, settings.exclude_rule)
        active = api.active_rules(rules, settings)
        made = Matcher((*active, canary.RULE), self._cache)
        # The token alone: the name before it is what other rules look for.
        control = canary.blob(0).data.split()[-1]
        self._cache.write(self._name + ".hs", hyperscan.dumpb(made.database))
        self._cache.write(self._name + ".txt", f"{len(active)} {control.hex()}".encode())


def _only_control(head: bytes, dumped: bytes, texts: list[bytes]) -> bool:
    """Tell whether the texts have no hit, and the positive control, which must have one, has."""
    import hyperscan

    index, control = head.split(b" ")
    hits: set[int] = set()
    add = hits.add

    def on_match(number: int, _start: int, _end: int, _flags: int, _context: object) -> None:
        add(number)

    try:
        database = hyperscan.loadb(dumped, hyperscan.HS_MODE_BLOCK)
        buffer = b"\n".join([b"", bytes.fromhex(control.decode()), *texts, b""])
        database.scan(buffer, match_event_handler=on_match, scratch=hyperscan.Scratch(database))
    except hyperscan.error:  # of another version or processor
        return False
    return hits == {int(index)}


def _name(environ: Mapping[str, str], config: str) -> str:
    """Return the name of what is kept, without an ending; empty where it would depend on more than files."""
    import zlib

    if any(name.startswith("SECRETS_GUARD_") and name not in _NOT_OPTIONS for name in environ):
        return ""
    if config.endswith(".toml"):
        return ""
    folder = rules_folder()
    parts = [__version__, folder, os.path.abspath(config) if config else ""]
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
    return f"glance-{zlib.crc32(text):08x}{zlib.adler32(text):08x}{len(text):06x}"

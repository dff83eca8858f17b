"""A regular expression that is compiled when it is first asked: most runs ask few, and all together cost 10 ms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import AnyStr, Generic


class Pattern(Generic[AnyStr]):
    """Stands for ``re.compile(pattern, flags)``."""

    __slots__ = ("_compiled", "_flags", "_pattern")

    def __init__(self, pattern: AnyStr, flags: int = 0) -> None:
        self._pattern: AnyStr = pattern
        self._flags = flags
        self._compiled: re.Pattern[AnyStr] | None = None

    def _ready(self) -> re.Pattern[AnyStr]:
        if self._compiled is None:
            self._compiled = re.compile(self._pattern, self._flags)
        return self._compiled

    def search(self, text: AnyStr) -> re.Match[AnyStr] | None:
        """Find the pattern anywhere in ``text``."""
        return self._ready().search(text)

    def match(self, text: AnyStr) -> re.Match[AnyStr] | None:
        """Find the pattern at the start of ``text``."""
        return self._ready().match(text)

    def fullmatch(self, text: AnyStr) -> re.Match[AnyStr] | None:
        """Match the whole of ``text``."""
        return self._ready().fullmatch(text)

    def finditer(self, text: AnyStr) -> Iterator[re.Match[AnyStr]]:
        """Find the pattern wherever it is in ``text``."""
        return self._ready().finditer(text)

    def sub(self, replacement: AnyStr, text: AnyStr) -> AnyStr:
        """Return ``text`` with all that the pattern finds replaced."""
        return self._ready().sub(replacement, text)

    def findall(self, text: AnyStr) -> list[AnyStr]:
        """Return all that the pattern finds in ``text`` (a pattern without groups)."""
        return self._ready().findall(text)

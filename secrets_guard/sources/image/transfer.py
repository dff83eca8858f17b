"""A blob of a registry -> its bytes; where the line drops, taken up again at that byte."""

from __future__ import annotations

import time
from collections.abc import Callable

from secrets_guard.errors import SourceError
from secrets_guard.sources.image.http import BROKEN, Answer, broken
from secrets_guard.sources.image.patience import TRIES, pause

_SKIPPED_AT_ONCE = 1 << 20


class Transfer:
    """Reads one blob. ``ask`` asks for it from an offset on; it raises SourceError."""

    def __init__(self, ask: Callable[[int], Answer], size: int, where: str, first_pause: float) -> None:
        """``size``: bytes that it is said to have; ``first_pause``: seconds before the first further try."""
        self._ask, self._size, self._where, self._first_pause = ask, size, where, first_pause
        self._offset = self._failures = 0
        self._answer: Answer | None = ask(0)

    def __call__(self, wanted: int) -> bytes:
        """Return at most ``wanted`` bytes; none at the end. Raises SourceError when the line drops for good."""
        while True:
            try:
                if self._answer is None:
                    self._answer = self._again()
                # What came before a line drops is given, where read() would lose it.
                data = self._answer.read1(wanted, decode_content=False)
                if data or self._offset >= self._size:
                    self._offset += len(data)
                    self._failures = 0 if data else self._failures
                    return data
                reason = "it ended too early"
            except BROKEN as error:
                reason = broken(error)
            self.close()
            self._failures += 1
            if self._failures >= TRIES:
                raise SourceError(
                    f"{self._where}: {reason} after {self._offset:,} of {self._size:,} bytes, {TRIES} times"
                )
            time.sleep(pause(self._failures - 1, self._first_pause))

    def close(self) -> None:
        """Let go of the line."""
        if self._answer is not None:
            self._answer.close()
            self._answer = None

    def _again(self) -> Answer:
        answer = self._ask(self._offset)
        begun = answer.headers.get("Content-Range", "").partition("-")[0].rpartition(" ")[2]
        if answer.status == 206 and begun != str(self._offset):
            answer.close()
            raise SourceError(f"{self._where}: asked for the rest, the registry sent something else")
        # Ranges are optional (RFC 9110, section 14.2): one that sends all of it again is read up to where we were.
        left = self._offset if answer.status == 200 else 0
        while left:
            part = answer.read1(min(left, _SKIPPED_AT_ONCE), decode_content=False)
            if not part:
                break
            left -= len(part)
        return answer

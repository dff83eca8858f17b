"""A compressed stream -> what it holds, by ``read(n)`` in bounded memory; where it breaks, a Problem is left behind."""

from __future__ import annotations

from secrets_guard.model.result import Problem
from secrets_guard.sources.archive.codecs import FORMATS, MEMORY, Decompressor, Format
from secrets_guard.sources.archive.entry import Read, chained
from secrets_guard.sources.archive.limits import Budget

__all__ = ["FORMATS", "Stream"]

_INPUT = 64 << 10


class Stream:
    """What a compressed stream holds. After the end ``problem`` tells what was wrong, if anything.

    A stream of several parts, one behind the other (gzip, bzip2, xz, zstd), is read to the end of the last; ``rest``
    is what follows that is none. ``read`` gives what was there before the place where it broke.
    """

    def __init__(
        self, format_: Format, read: Read, where: str, budget: Budget, begun: bytes = b"", ends_at: int = -1
    ) -> None:
        """``begun``: what was already read; ``ends_at``: bytes that come out, where the stream does not mark its end.

        Raises ImportError where a package is missing.
        """
        self.problem: Problem | None = None
        self.rest = b""
        self._format, self._where, self._budget = format_, where, budget
        self._input = chained(begun, read) if begun else read
        self._part: Decompressor | None = None
        self._data = b""
        self._dry, self._left = False, ends_at
        try:
            self._part = format_.make()
        except ImportError:
            raise
        except Exception as error:  # noqa: BLE001 - properties that can't be
            self._broken(_reason(error))

    def read(self, wanted: int) -> bytes:
        """Return at most ``wanted`` bytes; none at the end, or where it broke, or where the budget is spent."""
        part = self._part
        wanted = min(wanted, self._format.output if self._left < 0 else min(self._left, self._format.output))
        while part is not None and wanted > 0 and not self._budget.reached:
            if part.needs_input and not self._data and not self._dry:
                self._data = self._input(_INPUT)
                self._dry = not self._data
            data, self._data = self._data, b""
            try:
                out = part.decompress(data, wanted)
            except Exception as error:  # noqa: BLE001 - each package has its own
                out = getattr(part, "salvaged", b"")
                self._broken(_reason(error))
            else:
                if part.eof:
                    self._following(part.unused_data or b"")
                elif not out and self._dry:
                    self._broken("cut short")
            if out:
                if self._left > 0:
                    self._left -= len(out)
                return out if self._budget.expand(len(out)) else b""
            part = self._part
        return b""

    def _following(self, behind: bytes) -> None:
        """Go on with the next part of the stream, or end it."""
        magics = self._format.magics
        need = max((len(magic) for magic in magics), default=0)
        while magics:
            # NULs fill the last block of a tape, and the last four bytes of an xz stream.
            behind = behind.lstrip(b"\0")
            if len(behind) >= need:
                break
            more = self._input(_INPUT)
            if not more:
                break
            behind += more
        if magics and behind.startswith(magics):
            self._part, self._data = self._format.make(), behind
        else:
            self._part, self.rest = None, behind

    def read_rest(self, wanted: int) -> bytes:
        """Return at most ``wanted`` bytes of what follows the end of the stream."""
        if self.rest:
            data, self.rest = self.rest[:wanted], self.rest[wanted:]
            return data
        return b"" if self.problem else self._input(wanted)

    def _broken(self, reason: str) -> None:
        self._part = None
        if not self._budget.reached:
            message = f"{self._format.name}: {reason}; what comes before is swept"
            self.problem = Problem("damaged", self._where, message)


def _reason(error: Exception) -> str:
    text = str(error).strip().rstrip(".")
    if "memory" in text.lower() or "window" in text.lower():
        return f"it needs more than {MEMORY >> 20} MiB of memory to be read"
    return f"broken ({text[:80]})" if text else "broken"

"""Rows of text -> a table for the terminal or for Markdown; the machine -> the line that belongs beside it."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Sequence


def render(headers: Sequence[str], rows: Sequence[Sequence[str]], *, markdown: bool = False) -> str:
    """Return the table, first column to the left and the others to the right, without a line break at its end."""
    cells = [list(headers), *(list(row) for row in rows)]
    if markdown:
        cells = [[cell.replace("|", "\\|") for cell in row] for row in cells]
    widths = [max(3, *(len(row[column]) for row in cells)) for column in range(len(headers))]
    lines = [
        [cell.rjust(width) if column else cell.ljust(width) for column, (cell, width) in enumerate(pairs)]
        for pairs in (zip(row, widths, strict=True) for row in cells)
    ]
    if not markdown:
        return "\n".join("  ".join(line).rstrip() for line in lines)
    rule = [("-" * (width - 1) + ":") if column else "-" * width for column, width in enumerate(widths)]
    return "\n".join(f"| {' | '.join(line)} |" for line in [lines[0], rule, *lines[1:]])


def machine() -> str:
    """Return one line: processor, cores this process may use, memory, system, Python, date and load just now."""
    parts = [_processor(), f"{_cores()} cores", f"{_memory_gib():.0f} GiB", f"{platform.system()} {platform.release()}"]
    parts += [f"Python {platform.python_version()}", time.strftime("%Y-%m-%d"), f"load {load()}"]
    return ", ".join(parts)


def load() -> str:
    """Return the load average of the last minute, or a question mark where the system keeps none."""
    try:
        return f"{os.getloadavg()[0]:.2f}"
    except (AttributeError, OSError):
        return "?"


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as stream:
            names = (line.partition(":")[2].strip() for line in stream if line.startswith("model name"))
            return next(names, platform.machine())
    except OSError:
        return platform.processor() or platform.machine()


def _memory_gib() -> float:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    except (AttributeError, ValueError, OSError):
        return 0.0

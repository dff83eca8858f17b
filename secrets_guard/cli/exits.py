"""The exit codes, all of them; README documents them."""

from __future__ import annotations

import os
import sys

CLEAN = 0
FINDINGS = 1
USAGE_OR_INCOMPLETE = 2
"""Wrong use, wrong config, a target that can't be read, or with ``--strict`` any gap in the sweep."""
BUG = 3
INTERRUPTED = 130


def drop_stdout() -> None:
    """Let standard output lead nowhere, so that Python does not complain at its end about what can't be written."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

"""The exit codes, all of them; README documents them."""

from __future__ import annotations

import os
import sys

from secrets_guard.errors import (
    BrokerError,
    CommandNotFound,
    EngineError,
    ManifestError,
    NotExecutable,
    SecretsGuardError,
)

CLEAN = 0
FINDINGS = 1
USAGE_OR_INCOMPLETE = 2
"""Wrong use, wrong config, a target that can't be read, or with ``--strict`` any gap in the sweep."""
BUG = 3
NOT_FETCHED = 120
"""``run`` and ``env``: a secret could not be fetched, or can't be injected."""
MANIFEST = 121
"""``run`` and ``env``: the manifest or a reference is wrong."""
NOT_EXECUTABLE = 126
NOT_FOUND = 127
INTERRUPTED = 130


def of(error: SecretsGuardError) -> int:
    """Return the exit code that stands for an error."""
    kinds: tuple[tuple[type[SecretsGuardError], int], ...] = (
        (EngineError, BUG), (ManifestError, MANIFEST), (CommandNotFound, NOT_FOUND), (NotExecutable, NOT_EXECUTABLE),
        (BrokerError, NOT_FETCHED),
    )  # fmt: skip
    return next((code for kind, code in kinds if isinstance(error, kind)), USAGE_OR_INCOMPLETE)


def drop_stdout() -> None:
    """Let standard output lead nowhere, so that Python does not complain at its end about what can't be written."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

"""A command and the manifest's path -> this process becomes the command, with its secrets."""

from __future__ import annotations

import sys
from typing import NoReturn


def start(command: list[str], manifest: str) -> NoReturn:
    """Fetch, inject, become the command. Raises ManifestError or BrokerError; nothing was started then."""
    from secrets_guard.broker.environment import build
    from secrets_guard.broker.launch import become, end_on_signals, inherited, kernel_limits
    from secrets_guard.broker.manifest import load
    from secrets_guard.broker.resolve import resolve

    end_on_signals()
    environment = inherited()
    wanted = load(manifest, environment)
    resolved = resolve(wanted, environment)
    for line in resolved.warnings:
        print(f"secrets-guard: warning: {line}", file=sys.stderr)
    credentials = resolved.credentials | {"SECRETS_GUARD_FINGERPRINT_KEY"}
    made = build(environment, resolved.injected, credentials, wanted.keep, command, kernel_limits())
    become(command, made)

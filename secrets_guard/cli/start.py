"""A command and the manifest's path -> this process becomes the command, with its secrets."""

from __future__ import annotations

from typing import NoReturn


def start(command: list[str], manifest: str, audit: str) -> NoReturn:
    """Fetch, inject, become the command. Raises ManifestError or BrokerError; nothing was started then.

    ``audit`` is where to tell of it; the manifest's is used where it is empty.
    """
    from secrets_guard.broker.audit_target import open_audit
    from secrets_guard.broker.environment import build
    from secrets_guard.broker.launch import become, end_on_signals, inherited, kernel_limits
    from secrets_guard.broker.manifest import load
    from secrets_guard.broker.resolve import resolve, tell

    end_on_signals()
    environment = inherited()
    wanted = load(manifest, environment)
    told = open_audit(audit or wanted.audit, command[0])
    with told.failing("inject"):
        resolved = resolve(wanted, environment, audit=told)
        credentials = resolved.credentials | {"SECRETS_GUARD_FINGERPRINT_KEY"}
        made = build(environment, resolved.injected, credentials, wanted.keep, command, kernel_limits())
        tell(told, "inject", resolved.injected)
        become(command, made)

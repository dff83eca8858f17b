"""A command, the manifest's path and options -> this process becomes the command, or stays beside it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

if TYPE_CHECKING:
    from secrets_guard.broker.audit import Audit
    from secrets_guard.broker.child.output import Output
    from secrets_guard.broker.conduct import Conduct
    from secrets_guard.broker.manifest import Manifest
    from secrets_guard.broker.private_folder import PrivateFolder
    from secrets_guard.broker.privileges import Privileges
    from secrets_guard.broker.resolve import Resolved
    from secrets_guard.model.secret import Secret


class _Start(NamedTuple):
    """All that is known before anything is fetched."""

    command: list[str]
    inherited: Mapping[str, str]
    manifest: Manifest
    conduct: Conduct
    privileges: Privileges
    folder: PrivateFolder | None


def start(command: list[str], manifest: str, options: Mapping[str, Any]) -> NoReturn:
    """Fetch, inject, start the command. Raises ManifestError or BrokerError; nothing was started then."""
    from secrets_guard.broker.audit_target import open_audit
    from secrets_guard.broker.launch import become, end_on_signals
    from secrets_guard.broker.lender import returning
    from secrets_guard.broker.resolve import resolve, tell

    end_on_signals()
    asked = _read(command, manifest, options)
    audit = open_audit(str(options.get("audit") or asked.manifest.audit), command[0])
    with audit.failing("inject"):
        resolved = resolve(asked.manifest, asked.inherited, audit=audit)
        for line in resolved.warnings:
            print(f"secrets-guard: warning: {line}", file=sys.stderr)
        with returning(resolved.providers, resolved.outcomes, audit):
            made = _environment(asked, resolved)
            tell(audit, "inject", resolved)
            if not _stays(asked, resolved):
                become(command, made, asked.privileges)
            code = _supervise(asked, made, resolved, audit)
    sys.exit(code)


def _stays(asked: _Start, resolved: Resolved) -> bool:
    """Tell whether anything has to be done beside the command while it runs."""
    ends = resolved.leased and asked.manifest.rotation.renew
    return asked.conduct.watches or asked.folder is not None or asked.manifest.polled or ends


def _read(command: list[str], manifest: str, options: Mapping[str, Any]) -> _Start:
    from secrets_guard.broker.conduct import with_options
    from secrets_guard.broker.launch import inherited
    from secrets_guard.broker.manifest import load

    environment = inherited()
    wanted = load(manifest, environment)
    conduct = with_options(wanted.conduct, options)
    privileges = _privileges(conduct)
    if not wanted.files:
        return _Start(command, environment, wanted, conduct, privileges, None)
    from secrets_guard.broker.private_folder import VARIABLE

    folder = _folder(wanted, environment, privileges)
    return _Start(command, environment, wanted.with_text(f"${{{VARIABLE}}}", folder.path), conduct, privileges, folder)


def _privileges(conduct: Conduct) -> Privileges:
    from secrets_guard.broker.account import read_account
    from secrets_guard.broker.privileges import Privileges, keep_memory

    core = keep_memory()
    account = read_account(conduct.user) if conduct.user else None
    return Privileges(account, conduct.no_new_privs, (0, 0) if conduct.no_core_dumps else core)


def _folder(wanted: Manifest, environment: Mapping[str, str], privileges: Privileges) -> PrivateFolder:
    from secrets_guard.broker.private_folder import PrivateFolder, choose_parent

    # Another user may not even pass through ours.
    runtime = "" if privileges.account else environment.get("XDG_RUNTIME_DIR", "")
    parent = choose_parent(wanted.files_dir, runtime)
    return PrivateFolder(parent, {file.name: file.mode for file in wanted.files}, privileges.account)


def _environment(asked: _Start, resolved: Resolved) -> dict[str, Secret]:
    from secrets_guard.broker.environment import build
    from secrets_guard.broker.inheritance import passed_on
    from secrets_guard.broker.launch import kernel_limits

    keep = asked.manifest.keep
    credentials = resolved.credentials | {"SECRETS_GUARD_FINGERPRINT_KEY"}
    passed = passed_on(asked.inherited, asked.conduct, keep)
    if asked.privileges.account and asked.privileges.account.home:
        passed["HOME"] = asked.privileges.account.home
    if asked.folder is not None:
        from secrets_guard.broker.private_folder import VARIABLE

        passed[VARIABLE] = asked.folder.path
    return build(passed, resolved.injected, credentials, keep, asked.command, kernel_limits())


def _output(asked: _Start, resolved: Resolved) -> Callable[[], Output]:
    """Return what makes the way of the command's output: secrets are hidden where there are any and it is wanted."""
    from secrets_guard.broker.child.output import Direct

    secret = [one for one in (*resolved.injected, *resolved.files) if one.secret_values]
    if asked.conduct.redact is False or not secret:
        return Direct
    from secrets_guard.broker.child.redacted import Redacted
    from secrets_guard.broker.redact.forms import SHORTEST, hides

    for one in secret:
        if not hides(one.secret):
            print(
                f"secrets-guard: {one.name}: is shorter than {SHORTEST} bytes, too short to be hidden in output",
                file=sys.stderr,
            )
    names = frozenset(one.name for one in resolved.injected if one.secret_values) | (
        resolved.credentials & asked.manifest.keep
    )
    values = tuple(value for one in secret for value in one.secret_values)
    return lambda: Redacted(names, values, asked.privileges.account)


def _supervise(asked: _Start, made: Mapping[str, Secret], resolved: Resolved, audit: Audit) -> int:
    from secrets_guard.broker.child.supervise import Supervisor, end_as
    from secrets_guard.broker.child.task import Task, Terms
    from secrets_guard.broker.keeping import keep

    conduct, folder = asked.conduct, asked.folder
    output = _output(asked, resolved)
    terms = Terms(conduct.grace, asked.privileges, output, conduct.subreaper, folder.write if folder else None)
    task = Task(made, files={one.name: one.secret for one in resolved.files})

    def build(newer: Resolved) -> dict[str, Secret]:
        return _environment(asked, newer)

    companion = keep(asked.manifest, asked.inherited, resolved, build, audit, _warn)
    try:
        code = Supervisor(asked.command, task, terms, [companion]).run()
    finally:
        if folder:
            folder.remove()
    return end_as(code)


def _warn(words: str) -> None:
    """Tell the user of something while the command runs, by one write."""
    from secrets_guard.report.text import printable

    with suppress(OSError):
        os.write(2, f"secrets-guard: {printable(words)}\n".encode("utf-8", "backslashreplace"))

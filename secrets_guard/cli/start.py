"""A command, the manifest's path and options -> this process becomes the command, or stays beside it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from secrets_guard.broker.audit import Audit
    from secrets_guard.broker.child.output import Output
    from secrets_guard.broker.conduct import Conduct
    from secrets_guard.broker.keeping import Build
    from secrets_guard.broker.manifest import Manifest
    from secrets_guard.broker.privileges import Privileges
    from secrets_guard.broker.resolve import Injected, Resolved
    from secrets_guard.broker.supervised import Companion
    from secrets_guard.model.secret import Secret


def start(command: list[str], manifest: str, options: Mapping[str, Any]) -> NoReturn:
    """Fetch, inject, start the command. Raises ManifestError or BrokerError; nothing was started then."""
    from secrets_guard.broker.audit_target import open_audit
    from secrets_guard.broker.conduct import with_options
    from secrets_guard.broker.launch import become, end_on_signals, inherited
    from secrets_guard.broker.lender import returning
    from secrets_guard.broker.manifest import load
    from secrets_guard.broker.resolve import resolve, tell

    end_on_signals()
    environment = inherited()
    wanted = load(manifest, environment)
    conduct = with_options(wanted.conduct, options)
    privileges = _privileges(conduct)
    audit = open_audit(str(options.get("audit") or wanted.audit), command[0])
    with audit.failing("inject"):
        resolved = resolve(wanted, environment, audit=audit)
        with returning(resolved.providers, resolved.outcomes, audit):

            def build(injected: Sequence[Injected]) -> dict[str, Secret]:
                given = resolved._replace(injected=tuple(injected))
                return _environment(command, environment, wanted, conduct, given, privileges)

            made = build(resolved.injected)
            tell(audit, "inject", resolved.injected)
            if not conduct.watches and not wanted.polled and not (wanted.rotation.renew and resolved.leased):
                become(command, made, privileges)
            companions = [_upkeep(wanted, environment, resolved, build, audit)]
            code = _supervise(command, made, conduct, privileges, _output(conduct, resolved), companions)
    sys.exit(code)


def _upkeep(
    wanted: Manifest, environment: Mapping[str, str], resolved: Resolved, build: Build, audit: Audit
) -> Companion:
    from secrets_guard.broker.keeping import keep

    return keep(wanted, environment, resolved, build, audit, _warn)


def _warn(words: str) -> None:
    """Tell the user of something while the command runs, by one write."""
    from secrets_guard.report.text import printable

    with suppress(OSError):
        os.write(2, f"secrets-guard: {printable(words)}\n".encode("utf-8", "backslashreplace"))


def _privileges(conduct: Conduct) -> Privileges:
    from secrets_guard.broker.account import read_account
    from secrets_guard.broker.privileges import Privileges, keep_memory

    core = keep_memory()
    account = read_account(conduct.user) if conduct.user else None
    return Privileges(account, conduct.no_new_privs, (0, 0) if conduct.no_core_dumps else core)


def _environment(
    command: list[str],
    environment: Mapping[str, str],
    wanted: Manifest,
    conduct: Conduct,
    resolved: Resolved,
    privileges: Privileges,
) -> dict[str, Secret]:
    from secrets_guard.broker.environment import build
    from secrets_guard.broker.inheritance import passed_on
    from secrets_guard.broker.launch import kernel_limits

    credentials = resolved.credentials | {"SECRETS_GUARD_FINGERPRINT_KEY"}
    passed = passed_on(environment, conduct, wanted.keep)
    if privileges.account and privileges.account.home:
        passed["HOME"] = privileges.account.home
    return build(passed, resolved.injected, credentials, wanted.keep, command, kernel_limits())


def _output(conduct: Conduct, resolved: Resolved) -> Callable[[], Output]:
    """Return what makes the way of the command's output: secrets are hidden where there are any and it is wanted."""
    from secrets_guard.broker.child.output import Direct

    secret = [one for one in resolved.injected if one.secret_values]
    if conduct.redact is False or not secret:
        return Direct
    from secrets_guard.broker.child.redacted import Redacted
    from secrets_guard.broker.redact.forms import SHORTEST, hides

    for one in secret:
        if not hides(one.secret):
            print(
                f"secrets-guard: {one.name}: is shorter than {SHORTEST} bytes, too short to be hidden in output",
                file=sys.stderr,
            )
    names = frozenset(one.name for one in secret)
    values = tuple(value for one in secret for value in one.secret_values)
    return lambda: Redacted(names, values)


def _supervise(
    command: list[str],
    made: Mapping[str, Secret],
    conduct: Conduct,
    privileges: Privileges,
    output: Callable[[], Output],
    companions: Sequence[Companion],
) -> int:
    from secrets_guard.broker.child.supervise import Supervisor, Task, Terms, end_as

    terms = Terms(conduct.grace, privileges, output, adopting=conduct.subreaper)
    return end_as(Supervisor(command, Task(made), terms, companions).run())

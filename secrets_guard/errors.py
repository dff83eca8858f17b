"""Every error that leaves this package.

    SecretsGuardError
    ├── ConfigError            the configuration can't be used: say what to change (exit 2)
    │   ├── RuleError          a rule file: every problem listed, each with file:line
    │   ├── BaselineError      a baseline or ignore file
    │   └── ManifestError      the broker's manifest
    ├── SourceError            a target can't be read at all (exit 2)
    ├── EngineError            the matching engine failed, or the positive control was not found (exit 3)
    └── BrokerError
        ├── SecretNotFound
        ├── AccessDenied
        ├── DuplicateName
        ├── OtherValue            the manager holds another value where one is to be written
        ├── BadValue              a value that can't be injected: empty, a placeholder, too large
        ├── ProviderUnavailable   the only one worth a retry
        ├── ProviderMissing       the extra that brings the provider's client is not installed
        ├── AuditFailed           an event can't be written to the audit that was asked for
        ├── Unresolved            all failures of a run, and the time line
        ├── CommandNotFound       the command to run is not there (exit 127)
        └── NotExecutable         it is, but can't be executed (exit 126)

No message ever holds a secret's value.
"""

from __future__ import annotations


class SecretsGuardError(Exception):
    """Base of all errors that a caller of this package may see."""


class ConfigError(SecretsGuardError):
    """A configuration can't be used.

    ``problems`` holds one line each (``file:line: what is wrong``); ``str()`` joins them.
    """

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class RuleError(ConfigError):
    """One or more rules can't be used."""


class BaselineError(ConfigError):
    """A baseline or ignore file can't be used."""


class ManifestError(ConfigError):
    """A broker manifest can't be used."""


class SourceError(SecretsGuardError):
    """A target can't be read at all."""


class EngineError(SecretsGuardError):
    """The matching engine failed, or its positive control was not found."""


class BrokerError(SecretsGuardError):
    """A runtime secret could not be fetched or injected."""


class SecretNotFound(BrokerError):
    """The manager answered that there is no such secret."""


class AccessDenied(BrokerError):
    """The manager refused the credentials or the right to read."""


class DuplicateName(BrokerError):
    """Two references want the same variable."""


class OtherValue(BrokerError):
    """The manager holds another value where one is to be written; nothing is overwritten."""


class BadValue(BrokerError):
    """A value was fetched that can't be injected; the message says why, without it."""


class ProviderUnavailable(BrokerError):
    """The manager could not be reached or is overloaded; retrying may help.

    ``lost``: the request may have been carried out, only its answer was lost.
    """

    def __init__(self, message: str, *, lost: bool = False) -> None:
        self.lost = lost
        super().__init__(message)


class ProviderMissing(BrokerError):
    """The client package of a provider is not installed."""


class AuditFailed(BrokerError):
    """An event can't be written to the audit that was asked for, so nothing goes on."""


class Unresolved(BrokerError):
    """One or more references could not be resolved.

    ``failures`` holds a line each, ``timeline`` what took how long; ``str()`` joins them.
    """

    def __init__(self, failures: tuple[str, ...], timeline: tuple[str, ...] = ()) -> None:
        self.failures = failures
        self.timeline = timeline
        super().__init__("\n".join((*failures, *timeline)))


class CommandNotFound(BrokerError):
    """There is no such command to run."""


class NotExecutable(BrokerError):
    """The command to run can't be executed."""


def broke_at(error: BaseException) -> str:
    """Return an error's type and the file and line that raised it; never its message, which may hold a value."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}" if trace else "?"
    return f"{type(error).__name__} at {place}"

"""ScanResult -> standard output, or a file that is replaced in one step."""

from __future__ import annotations

import os
import stat
import sys
from typing import IO, TYPE_CHECKING

from secrets_guard.cli import exits
from secrets_guard.errors import ConfigError

if TYPE_CHECKING:
    from secrets_guard.config import Settings
    from secrets_guard.model.result import ScanResult


_STDOUT = ("", "-", "/dev/stdout")


def write(result: ScanResult, settings: Settings) -> None:
    """Write the report to ``settings.output``, or to standard output where that is empty or ``-``.

    Raises ConfigError when it can't be written. A reader of standard output that went away is no error.
    """
    if settings.output not in _STDOUT:
        _to_file(result, settings)
    else:
        _to_stdout(result, settings)


def _to_stdout(result: ScanResult, settings: Settings) -> None:
    if settings.format != "human":
        sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]
    try:
        _write(result, settings, sys.stdout)
        sys.stdout.flush()
    except BrokenPipeError:
        exits.drop_stdout()
    except OSError as error:
        exits.drop_stdout()
        raise ConfigError(f"standard output: can't be written: {error.strerror}") from None


def _to_file(result: ScanResult, settings: Settings) -> None:
    # A symbolic link stays one; a device or pipe (/dev/null) is written to, never replaced.
    special = os.path.exists(settings.output) and not stat.S_ISREG(os.stat(settings.output).st_mode)
    target = settings.output if special else os.path.realpath(settings.output)
    made = target if special else f"{target}.{os.getpid()}.tmp"
    try:
        # A report with plain values is nobody else's business.
        mode = 0o600 if settings.show_secrets else 0o666
        descriptor = os.open(made, os.O_WRONLY | (0 if special else os.O_CREAT | os.O_EXCL), mode)
        with open(descriptor, "w", encoding="utf-8", errors="backslashreplace", newline="") as stream:
            _write(result, settings, stream)
        if not special:
            os.replace(made, target)
    except OSError as error:
        raise ConfigError(f"--output {settings.output}: can't be written: {error.strerror}") from None
    finally:
        if not special and os.path.lexists(made):
            os.unlink(made)
    if not settings.quiet:
        state = "" if result.scan.complete else f", INCOMPLETE ({len(result.problems)} problems)"
        print(f"secrets-guard: {len(result.findings)} findings{state}; report in {settings.output}", file=sys.stderr)


def _write(result: ScanResult, settings: Settings, stream: IO[str]) -> None:
    if settings.format == "human":
        from secrets_guard.report.human import write as write_human

        write_human(result, stream, quiet=settings.quiet)
        return
    from secrets_guard.report import write_report

    write_report(result, settings.format, stream)

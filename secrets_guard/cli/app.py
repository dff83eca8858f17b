"""``secrets-guard``: pick the command, run it, turn what it raises into a line and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

from secrets_guard.cli import direct, exits
from secrets_guard.errors import SecretsGuardError, broke_at

if TYPE_CHECKING:
    import re


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit with one of the codes of exits.py."""
    given = sys.argv[1:] if arguments is None else arguments
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # started with it closed (>&-)
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - lives as long as the process
        getattr(sys, name).reconfigure(errors="backslashreplace")
    sys.exit(_flushed(guarded(lambda: _run(given))))


def _run(given: list[str]) -> int:
    command = direct.parse_run(given)
    if command is not None:
        from secrets_guard.cli.start import start

        start(*command)
    plain = direct.parse(given)
    return _invoke(given) if plain is None else _sweep(plain)


def _sweep(plain: direct.Parsed) -> int:
    from secrets_guard.cli.scan_files import sweep_files

    return sweep_files(*plain)


def _flushed(code: int) -> int:
    """Return the exit code, or 2 where what was printed does not go out (a full disk); a reader that left is fine."""
    try:
        sys.stdout.flush()
    except OSError as error:
        exits.drop_stdout()
        if not isinstance(error, BrokenPipeError):
            print(f"secrets-guard: error: standard output: can't be written: {error.strerror}", file=sys.stderr)
            return code or exits.USAGE_OR_INCOMPLETE
    return code


def _invoke(given: list[str]) -> int:
    from secrets_guard.cli.tree import build

    try:
        code = build(given)(args=given, prog_name="secrets-guard", standalone_mode=False)
    except Exception as error:
        # Of click, which typer may bring along under a name of its own: they all format what they say.
        if not hasattr(error, "format_message"):
            raise
        return _wrong_use(error)
    return code if isinstance(code, int) else exits.CLEAN


def _wrong_use(error: Any) -> int:
    """Say on one line what is wrong with a command line, or where it ends too early what can follow."""
    import re

    said, context = str(error.format_message()), getattr(error, "ctx", None)
    if said.startswith("Usage:"):
        print(said, file=sys.stderr)
        return exits.USAGE_OR_INCOMPLETE
    said = re.sub(r"\.? \(Possible options: (.+)\)|\. Did you mean (.+)\?", _nearest, said).rstrip(".")
    see = context.command_path if context else "secrets-guard"
    return fail(SecretsGuardError(f"{said[:1].lower()}{said[1:]}; see: {see} -h"))


def _nearest(found: re.Match[str]) -> str:
    return f" (did you mean {found[1] or found[2]}?)"


def guarded(run: Callable[[], int]) -> int:
    """Return what ``run`` returns; the one place where exceptions become exit codes."""
    try:
        return run()
    except SystemExit as exit_:
        return exit_.code if isinstance(exit_.code, int) else exits.CLEAN
    except KeyboardInterrupt:
        return exits.INTERRUPTED
    except BrokenPipeError:
        exits.drop_stdout()  # the reader went away (| head): not our failure
        return exits.CLEAN
    except SecretsGuardError as error:
        return fail(error)
    except OSError as error:
        # No space, no descriptors, a broken disk: the machine's matter, wherever it strikes.
        exits.drop_stdout()
        return fail(SecretsGuardError(": ".join(str(part) for part in (error.filename, error.strerror) if part)))
    except Exception as error:  # noqa: BLE001 - the last line of defence
        return _bug(error)


def fail(error: SecretsGuardError) -> int:
    """Print an expected error and return its exit code."""
    from secrets_guard.report.text import printable

    for line in str(error).split("\n"):
        print(f"secrets-guard: error: {printable(line) or type(error).__name__}", file=sys.stderr)
    return exits.of(error)


def _bug(error: Exception) -> int:
    """Say where it broke, not with what: a message may hold a value."""
    if os.environ.get("SECRETS_GUARD_DEBUG"):
        raise error
    print(
        f"secrets-guard: this is a bug of ours: {broke_at(error)}; "
        "please report it (SECRETS_GUARD_DEBUG=1 shows the traceback, which may hold what was scanned)",
        file=sys.stderr,
    )
    return exits.BUG

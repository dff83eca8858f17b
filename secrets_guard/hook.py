"""``secrets-guard-hook``, git's fast door: what is staged, pushed or received -> a report, and whether it may pass.

Everything is imported when it is needed, and git already works meanwhile: people take out a hook that they notice.
"""

from __future__ import annotations

import gc
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from secrets_guard.cli.perform import Prepared
    from secrets_guard.hook_glance import Glance
    from secrets_guard.sources.git.command import Git
    from secrets_guard.sources.pushed import PushedSource, Update
    from secrets_guard.sources.staged import StagedSource

HOOKS = ("pre-commit", "pre-push", "pre-receive")
_USAGE = "usage: secrets-guard-hook pre-commit|pre-push|pre-receive [--config FILE] [what git gives the hook]"
_REFUSED, _INCOMPLETE, _BUG = 1, 2, 3
_QUIET_PROBLEMS = ("limit", "too_large", "damaged", "encrypted", "unsupported")
"""What was left out for its size, or could not be opened, is told, but blocks only where the settings are strict."""


def main() -> NoReturn:
    """Run the hook of the command line and exit: 0 lets git go on, 1 found a secret, 2 and 3 could not tell."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - lives as long as the process
    # A process this short is better off without: the rules alone are a hundred thousand objects.
    gc.disable()
    code = guarded(sys.argv[1:])
    try:
        sys.stderr.flush()
    finally:
        # Taking down the interpreter, database and all, takes longer than the sweep of a small commit.
        os._exit(code)


def guarded(arguments: list[str]) -> int:
    """Return the exit code of a hook; whatever fails blocks, and says how to pass."""
    from secrets_guard.errors import EngineError, SecretsGuardError

    try:
        return run(arguments)
    except KeyboardInterrupt:
        return 130
    except SecretsGuardError as error:
        lines = str(error).split("\n")
        code = _BUG if isinstance(error, EngineError) else _INCOMPLETE
    except OSError as error:
        lines = [": ".join(str(part) for part in (error.filename, error.strerror) if part)]
        code = _INCOMPLETE
    except Exception as error:  # the last line of defence; its message may hold a value
        if os.environ.get("SECRETS_GUARD_DEBUG"):
            raise
        from secrets_guard.errors import broke_at

        lines = [f"this is a bug of ours: {broke_at(error)}; please report it"]
        code = _BUG
    from secrets_guard.hook_report import bypass
    from secrets_guard.report.text import printable

    for line in lines:
        _say(f"error: {printable(line)}")
    name = arguments[0] if arguments else ""
    _say(f"nothing was checked, so nothing goes through; {bypass(name)}")
    return code


def run(arguments: list[str]) -> int:
    """Return the exit code of one hook. Raises SecretsGuardError for what can't be checked."""
    name, config, given = _parsed(arguments)
    if name == "pre-commit":
        return _pre_commit(config)
    if name == "pre-push":
        return _pre_push(config, given)
    return _pre_receive(config)


def _parsed(arguments: list[str]) -> tuple[str, str | None, list[str]]:
    """Return the hook, the config file named, and what git said. argparse would take longer than git does."""
    name, given = (arguments[0], list(arguments[1:])) if arguments else ("", [])
    if name in ("-h", "--help"):
        print(_USAGE)
        sys.stdout.flush()
        os._exit(0)
    config = None
    if given and given[0] == "--config":
        config = given[1] if len(given) > 1 else ""
        given = given[2:]
    elif given and given[0].startswith("--config="):
        config = given.pop(0).partition("=")[2]
    if name not in HOOKS or config == "" or any(word.startswith("--") for word in given):
        from secrets_guard.errors import ConfigError

        raise ConfigError(_USAGE)
    return name, config, given


def _pre_commit(config: str | None) -> int:
    from secrets_guard.sources.plumbing import LIST_STAGED, Call, hook_git

    environ = os.environ
    git = hook_git(environ)
    ends = environ.get("PRE_COMMIT_FROM_REF"), environ.get("PRE_COMMIT_TO_REF")
    if ends[0] and ends[1]:  # pre-commit run --from-ref --to-ref
        return _own_push(git, _range(git, ends[0], ends[1]), (), config, "range")
    listing = Call(git, *LIST_STAGED, "HEAD")
    from secrets_guard.sources.staged import StagedSource

    source = StagedSource(git, listing)
    if not source.start():
        return _every_file(git, config) if environ.get("PRE_COMMIT") == "1" else 0
    from secrets_guard.cache import user_cache
    from secrets_guard.hook_glance import Glance

    glance = Glance(environ, config, user_cache())
    if glance.sees_nothing(source):
        return 0
    prepared = _own(config)
    code = _swept(source, prepared, "pre-commit", glance)
    glance.keep(prepared)
    return code


def _every_file(git: Git, config: str | None) -> int:
    """Sweep the whole index: what ``pre-commit run --all-files`` means."""
    from secrets_guard.sources.staged import StagedSource

    source = StagedSource(git, every=True)
    return _swept(source, _own(config), "pre-commit") if source.start() else 0


def _pre_push(config: str | None, given: list[str]) -> int:
    from secrets_guard.hook_report import updates_of
    from secrets_guard.sources.plumbing import hook_git

    git = hook_git(os.environ)
    if os.environ.get("PRE_COMMIT") == "1":
        # The pre-commit framework has read git's lines itself, and tells one of them by variables.
        updates, remote = _told_by_framework(git), os.environ.get("PRE_COMMIT_REMOTE_NAME", "")
    else:
        updates, remote = updates_of(sys.stdin.buffer.read(), pushing=True), given[0] if given else ""
    known = ("--not", f"--remotes={remote}") if remote and not set(remote) & set("*?[\\") else ()
    return _own_push(git, updates, known, config, "pre-push")


def _own_push(git: Git, updates: list[Update], known: tuple[str, ...], config: str | None, name: str) -> int:
    from secrets_guard.sources.pushed import PushedSource

    source = PushedSource(git, updates, known, name)
    return _swept(source, _own(config), "pre-push") if source.start() else 0


def _pre_receive(config: str | None) -> int:
    from secrets_guard.hook_report import updates_of
    from secrets_guard.hook_settings import server_settings
    from secrets_guard.sources.plumbing import hook_git
    from secrets_guard.sources.pushed import PushedSource

    git = hook_git(os.environ, receiving=True)
    updates = updates_of(sys.stdin.buffer.read(), pushing=False)
    source = PushedSource(git, updates, ("--not", "--all"), "pre-receive")
    if not source.start():
        return 0
    folder = os.path.abspath(os.environ.get("GIT_DIR") or ".")
    return _swept(source, server_settings(folder, os.environ, config), "pre-receive")


def _told_by_framework(git: Git) -> list[Update]:
    start, end = os.environ.get("PRE_COMMIT_FROM_REF", ""), os.environ.get("PRE_COMMIT_TO_REF", "")
    return _range(git, start, end or os.environ.get("PRE_COMMIT_LOCAL_BRANCH") or "HEAD")


def _range(git: Git, start: str, end: str) -> list[Update]:
    from secrets_guard.sources.plumbing import answer
    from secrets_guard.sources.pushed import Update

    ids = []
    for name in (start, end):
        word = f"{name}^{{commit}}"
        said = answer(git, "rev-parse", "--verify", "--end-of-options", word) if name else b""
        ids.append(said.decode().strip())
    return [Update(end, ids[1], ids[0] or "0" * len(ids[1]))]


def _own(config: str | None) -> Prepared:
    from secrets_guard.cache import user_cache
    from secrets_guard.hook_settings import own_settings

    return own_settings(os.getcwd(), os.environ, config, user_cache())


def _swept(source: StagedSource | PushedSource, prepared: Prepared, name: str, glance: Glance | None = None) -> int:
    from secrets_guard import api
    from secrets_guard.sources.archive.limits import limits_of
    from secrets_guard.suppression.allow import judge_allow

    settings = prepared.settings
    allow = judge_allow(settings.allow, api.today())
    source.limits, source.skip_path = limits_of(settings), allow.path_allowed
    rules, ready = (glance.rules(), glance.loaded) if glance else (None, None)
    result = api.scan(
        source, settings=settings, suppressions=prepared.suppressions, allow=allow, rules=rules, ready=ready
    )
    for note in prepared.notes:
        _say(f"note: {note}")
    serious = [problem for problem in result.problems if settings.strict or problem.kind not in _QUIET_PROBLEMS]
    if result.findings or result.problems:
        from secrets_guard import hook_report

        situation = hook_report.Situation(name, bool(getattr(source, "unborn", False)))
        hook_report.write(result.findings, result.problems, situation, blocked=bool(result.findings or serious))
    if any(problem.kind == "interrupted" for problem in serious):
        return 130
    if result.findings:
        return _REFUSED
    return _INCOMPLETE if serious else 0


def _say(text: str) -> None:
    print(f"secrets-guard: {text}", file=sys.stderr)


if __name__ == "__main__":
    main()

"""Hook names -> sh shims where git looks for hooks, with what was there kept and run after; and all of it undone."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from typing import NamedTuple

from secrets_guard.errors import ConfigError, SourceError
from secrets_guard.sources.git.command import Git
from secrets_guard.sources.git.repository import open_repository

HOOKS = ("pre-commit", "pre-push", "pre-receive")
_WITH_INPUT = ("pre-push", "pre-receive")
_MARK = "# secrets-guard hook"
_KEPT = ".before-secrets-guard"
# core.hooksPath turns off every hook of the repositories themselves, so all that they may have is passed on to them.
# Left out: those that change git's behaviour by being there at all, and those that run at every write of a ref.
_PASSED_ON = (
    *("applypatch-msg", "pre-applypatch", "post-applypatch", "pre-merge-commit", "prepare-commit-msg", "commit-msg"),
    *("post-commit", "pre-rebase", "post-checkout", "post-merge", "pre-auto-gc", "post-rewrite", "sendemail-validate"),
    *("update", "post-receive", "post-update"),
)
_MANAGERS = {
    "husky": "add a line to .husky/{hook}:  secrets-guard-hook {hook} \"$@\"",
    "lefthook": "add to lefthook.yml:  {hook}: {{commands: {{secrets-guard: {{run: secrets-guard-hook {hook}}}}}}}"
    " (with use_stdin: true for pre-push)",
    "pre-commit": "add to .pre-commit-config.yaml, under this project's repo:  hooks: [{{id: secrets-guard}}]",
    "prek": "add to .pre-commit-config.yaml, under this project's repo:  hooks: [{{id: secrets-guard}}]",
}  # fmt: skip


class Place(NamedTuple):
    """Where git looks for hooks; ``everywhere``: in all repositories of this user, none of which is asked first."""

    folder: str
    everywhere: bool = False
    ours: bool = False
    """The folder is made, and goes, with this installation."""


def install(hooks: Sequence[str], *, everywhere: bool = False, cwd: str = ".") -> list[str]:
    """Install ``hooks`` (none: what fits the repository) and return what was done, a line each.

    Raises ConfigError where another tool manages the hooks, saying what to add there; SourceError outside of git.
    """
    place = _place_for_all() if everywhere else _place_in(cwd)
    wanted = list(dict.fromkeys(hooks)) or ["pre-receive" if not everywhere and _is_bare(cwd) else "pre-commit"]
    for hook in wanted:
        if hook not in HOOKS:
            raise ConfigError(f"--hook {hook}: not one of {', '.join(HOOKS)}")
        _refuse_managed(place.folder, hook)
    _make_folder(place.folder)
    lines = [_add(place, hook, _shim(hook, pass_on=place.ours)) for hook in wanted]
    if place.ours:
        for hook in (*_PASSED_ON, *HOOKS):
            if not os.path.lexists(os.path.join(place.folder, hook)):
                _write(os.path.join(place.folder, hook), _passing_on(hook))
        Git(".").ask("config", "--global", "core.hooksPath", place.folder)
        lines.append(f"core.hooksPath of your git config leads all repositories to {place.folder}")
        lines.append("repositories with a core.hooksPath of their own (husky) are not covered")
    return lines


def uninstall(hooks: Sequence[str], *, everywhere: bool = False, cwd: str = ".") -> list[str]:
    """Take out our hooks (none named: all), bring back what was there before, and return what was done."""
    place = _place_for_all() if everywhere else _place_in(cwd)
    lines = []
    for hook in hooks or HOOKS:
        path = os.path.join(place.folder, hook)
        if not _is_ours(path, acts=True):
            continue
        if os.path.lexists(path + _KEPT):
            os.replace(path + _KEPT, path)
            lines.append(f"{path}: what was there before is back")
            continue
        os.unlink(path)
        if place.ours:
            _write(path, _passing_on(hook))
        lines.append(f"{path}: removed")
    if place.ours and not any(_is_ours(os.path.join(place.folder, hook), acts=True) for hook in HOOKS):
        lines += _remove_folder(place.folder)
    return lines or [f"{place.folder}: no hook of ours is there"]


def standing(cwd: str = ".") -> list[str]:
    """Return the paths of our hooks that git calls in a repository. Raises SourceError outside of git."""
    try:
        place = _place_in(cwd)
    except ConfigError:  # the user's core.hooksPath leads elsewhere
        place = _place_for_all()
    return [path for path in (os.path.join(place.folder, hook) for hook in HOOKS) if _is_ours(path, acts=True)]


def _remove_folder(folder: str) -> list[str]:
    for hook in (*HOOKS, *_PASSED_ON):
        if _is_ours(os.path.join(folder, hook)):
            os.unlink(os.path.join(folder, hook))
    if os.path.isdir(folder) and not os.listdir(folder):
        os.rmdir(folder)
    if _global_path() != folder:
        return []
    Git(".").ask("config", "--global", "--unset", "core.hooksPath")
    return ["core.hooksPath is gone from your git config"]


def _place_in(cwd: str) -> Place:
    git = open_repository(cwd).git
    said = os.fsdecode(git.run("config", "-z", "--show-scope", "--type=path", "--get-all", "core.hooksPath").output)
    words = said.split("\0")[:-1]
    # Our own calls of git set it as well, on their command line.
    paths = [(scope, path) for scope, path in zip(words[::2], words[1::2], strict=True) if scope != "command"]
    common = os.path.join(cwd, _line(git.ask("rev-parse", "--git-common-dir")))
    if not paths:
        return Place(os.path.join(os.path.abspath(common), "hooks"))
    scope, path = paths[-1]
    if scope in ("global", "system"):
        raise ConfigError(
            f"core.hooksPath of your {scope} git config sends git to {path}, so a hook in this repository would never "
            "run; use: secrets-guard hook install --global"
        )
    bare = _is_bare(cwd)
    top = common if bare else _line(git.ask("rev-parse", "--show-toplevel"))
    return Place(os.path.abspath(os.path.join(top, path)))


def _place_for_all() -> Place:
    base = os.environ.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), ".config")
    own = os.path.join(os.path.abspath(base), "secrets-guard", "hooks")
    there = _global_path()
    return Place(own, everywhere=True, ours=True) if there in ("", own) else Place(there, everywhere=True)


def _global_path() -> str:
    return _line(Git(".").run("config", "--global", "--type=path", "--get", "core.hooksPath").output)


def _is_bare(cwd: str) -> bool:
    return _line(Git(cwd).ask("rev-parse", "--is-bare-repository")) == "true"


def _line(output: bytes) -> str:
    return os.fsdecode(output).removesuffix("\n")


def _refuse_managed(folder: str, hook: str) -> None:
    content = _content(os.path.join(folder, hook))
    manager = ""
    if ".husky" in folder.split(os.sep)[-2:] or "husky" in content:
        manager = "husky"
    elif "lefthook" in content:
        manager = "lefthook"
    elif "File generated by prek" in content or "prek hook-impl" in content:
        manager = "prek"
    elif "File generated by pre-commit" in content:
        manager = "pre-commit"
    if manager and _MARK not in content:
        how = _MANAGERS[manager].format(hook=hook)
        if hook == "pre-push":
            how = how.replace("id: secrets-guard}", "id: secrets-guard-push}")
        raise ConfigError(f"{folder}: {manager} manages the hooks here; {how}")


def _add(place: Place, hook: str, text: str) -> str:
    path = os.path.join(place.folder, hook)
    kept = ""
    if os.path.lexists(path) and not _is_ours(path):
        if os.path.lexists(path + _KEPT):
            raise ConfigError(f"{path}: it and {path + _KEPT} are both there and not ours; remove one of the two")
        os.rename(path, path + _KEPT)
        runs = os.access(path + _KEPT, os.X_OK)
        kept = f"; what was there is kept and {'runs after it' if runs else 'not run, as it was not executable'}"
    try:
        _write(path, text)
    except OSError:
        if kept:
            os.replace(path + _KEPT, path)
        raise
    return f"{path}: installed{kept}"


def _make_folder(folder: str) -> None:
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise SourceError(f"{folder}: can't be made: {error.strerror}; is core.hooksPath right?") from None


def _write(path: str, text: str) -> None:
    made = f"{path}.{os.getpid()}.tmp"
    try:
        with open(made, "x", encoding="utf-8", errors="surrogateescape", newline="\n") as stream:
            stream.write(text)
        os.chmod(made, 0o755)  # noqa: S103 - git runs it for whoever shares the repository
        os.replace(made, path)
    finally:
        if os.path.lexists(made):
            os.unlink(made)


def _content(path: str) -> str:
    try:
        with open(path, "rb") as stream:
            return stream.read(65_536).decode("utf-8", "replace")
    except OSError:
        return ""


def _is_ours(path: str, *, acts: bool = False) -> bool:
    """Tell whether a hook is one of our shims; ``acts``: one that does more than pass on."""
    content = _content(path)
    return _MARK in content and not (acts and f"{_MARK}: nothing but" in content)


def _command() -> tuple[str, str]:
    """Return the program that a shim starts, and its whole command line: the fast door of this very installation."""
    door = os.path.join(os.path.dirname(sys.executable), "secrets-guard-hook")
    if os.access(door, os.X_OK):
        return shlex.quote(door), shlex.quote(door)
    # -P: the repository that the hook runs in must not be where Python looks for modules.
    return shlex.quote(sys.executable), f"{shlex.quote(sys.executable)} -P -m secrets_guard.hook"


def _shim(hook: str, *, pass_on: bool) -> str:
    program, command = _command()
    keep = "given=$(cat; echo x)\ngiven=${given%x}\n" if hook in _WITH_INPUT else ""
    feed = 'printf %s "$given" | ' if hook in _WITH_INPUT else ""
    after = f'next="${{0%/*}}/{hook}{_KEPT}"\n'
    call = f'{feed}"$next" "$@"'
    return (
        f"#!/bin/sh\n{_MARK}: 'secrets-guard hook uninstall' takes it out and brings back what was here before.\n{keep}"
        f'if [ -x {program} ]; then\n  {feed}{command} {hook} "$@" || exit $?\n'
        f'elif command -v secrets-guard-hook >/dev/null; then\n  {feed}secrets-guard-hook {hook} "$@" || exit $?\n'
        "else\n  echo 'secrets-guard: error: it is gone from where it was installed; install it again, take out its"
        f" hook ('\"$0\"'), or pass once with --no-verify' >&2\n  exit 2\nfi\n{after}"
        f'if [ -x "$next" ]; then {call} || exit $?; fi\n' + (_pass_on(hook, feed) if pass_on else "")
    )


def _passing_on(hook: str) -> str:
    return f"#!/bin/sh\n{_MARK}: nothing but\n{_pass_on(hook)}"


def _pass_on(hook: str, feed: str = "") -> str:
    return (
        f"# the repository's own hook:\nnext=$(git rev-parse --git-common-dir)/hooks/{hook}\n"
        f'if [ -x "$next" ]; then {feed}"$next" "$@"; fi\n'
    )

"""Commands -> a completion script for fish, with what each command and option does beside it."""

from __future__ import annotations

from collections.abc import Sequence

from secrets_guard.cli.commands import FILES, PROGRAMS, RULES, Command, Option

_HEAD = r"""# fish completion of secrets-guard; made by: secrets-guard completion fish
function __secrets_guard_at
    # Whether the words so far, options left out, begin with those given.
    set -l words (string match -v -- '-*' (commandline -opc)[2..-1])
    test (count $words) -ge (count $argv); and test "$words[1..$(count $argv)]" = "$argv"
end
function __secrets_guard_only
    set -l words (string match -v -- '-*' (commandline -opc)[2..-1])
    test "$words" = "$argv"
end
function __secrets_guard_rules
    command secrets-guard rules list 2>/dev/null | string replace -r ' .*' ''
end
complete -c secrets-guard -f
"""


def script(commands: Sequence[Command]) -> str:
    """Return the script."""
    lines = [line for command in commands for line in _lines(command, commands)]
    return _HEAD + "\n".join(lines) + "\n"


def _lines(command: Command, commands: Sequence[Command]) -> list[str]:
    begin = "complete -c secrets-guard"
    lines = [
        f"{begin} -n '__secrets_guard_only {command.name}' -a {one.words[-1]} -d {_quoted(one.help)}"
        for one in commands
        if one.words and one.words[:-1] == command.words
    ]
    if not lines:
        lines = [f"{begin} -n '__secrets_guard_at {command.name}' {call}" for call in _argument(command)]
    test = "at" if command.words else "only"
    return [
        *lines,
        *(f"{begin} -n '__secrets_guard_{test} {command.name}' {_flags(option)}" for option in command.options),
    ]


def _flags(option: Option) -> str:
    names = [f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}" for flag in option.flags]
    value = "" if not option.metavar else " -r -F" if option.values == FILES else " -x" + _words(option.values)
    return f"{' '.join(names)}{value} -d {_quoted(option.help)}"


def _argument(command: Command) -> list[str]:
    if command.values == FILES:
        return ["-F"]
    if command.values == PROGRAMS:
        return ["-a '(__fish_complete_subcommand --fcs-skip=2)'"]
    return [f"-f{_words(command.values)}"] if command.values else []


def _words(values: str | tuple[str, ...]) -> str:
    if values == RULES:
        return " -a '(__secrets_guard_rules)'"
    return f" -a '{' '.join(values)}'" if values else ""


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"

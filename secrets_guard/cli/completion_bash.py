"""Commands -> a completion script for bash (3.2 or later)."""

from __future__ import annotations

from collections.abc import Sequence

from secrets_guard.cli.commands import FILES, PROGRAMS, RULES, Command

_HEAD = r"""# bash completion of secrets-guard; made by: secrets-guard completion bash
_secrets_guard_words() { COMPREPLY=($(compgen -W "$1" -- "$2")); }
_secrets_guard_files() { compopt -o filenames 2>/dev/null; local IFS=$'\n'; COMPREPLY=($(compgen -f -- "$1")); }
_secrets_guard_rules() {
  _secrets_guard_words "$(command secrets-guard rules list 2>/dev/null | cut -d ' ' -f 1)" "$1"
}
_secrets_guard() {
  local word cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} at="" i
  if [[ $cur == = ]]; then cur=""; elif [[ $prev == = ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if [[ $at == run && $word == -- ]]; then COMPREPLY=($(compgen -c -f -- "$cur")); return; fi
    case "$at/$word" in
"""


def script(commands: Sequence[Command]) -> str:
    """Return the script."""
    words = [command for command in commands if command.words]
    steps = "".join(f"      '{' '.join(one.words[:-1])}/{one.words[-1]}') at='{one.name}' ;;\n" for one in words)
    return (
        f'{_HEAD}{steps}    esac\n  done\n  case "$at/$prev" in\n{_value_cases(commands)}  esac\n'
        f'  case "$at" in\n{_word_cases(commands)}  esac\n}}\ncomplete -F _secrets_guard secrets-guard\n'
    )


def _value_cases(commands: Sequence[Command]) -> str:
    """Return a case for each kind of value, with all the options that take it."""
    places: dict[str, list[str]] = {}
    for command in commands:
        for option in command.options:
            if option.metavar:
                call = _call(option.values) or "return"
                places.setdefault(call, []).extend(f"'{command.name}/{flag}'" for flag in option.flags)
    return "".join(f"    {'|'.join(at)})\n      {call}; return ;;\n" for call, at in places.items())


def _word_cases(commands: Sequence[Command]) -> str:
    lines = []
    for command in commands:
        flags = " ".join(flag for option in command.options for flag in option.flags)
        call = _call(command.values) or "COMPREPLY=()"
        lines.append(
            f"    '{command.name}') if [[ $cur == -* ]]; then _secrets_guard_words '{flags} --help' \"$cur\"; "
            f"else {call}; fi ;;\n"
        )
    return "".join(lines)


def _call(values: str | tuple[str, ...]) -> str:
    if isinstance(values, tuple):
        return f"_secrets_guard_words '{' '.join(values)}' \"$cur\"" if values else ""
    known = {FILES: '_secrets_guard_files "$cur"', RULES: '_secrets_guard_rules "$cur"', PROGRAMS: "COMPREPLY=('--')"}
    return known[values]

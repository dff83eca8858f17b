"""Commands -> a completion script for zsh, with what each command and option does beside it."""

from __future__ import annotations

from collections.abc import Sequence

from secrets_guard.cli.commands import FILES, PROGRAMS, RULES, Command

_HEAD = r"""#compdef secrets-guard
# zsh completion of secrets-guard; made by: secrets-guard completion zsh
_secrets_guard_rules() {
  local -a ids
  ids=(${(f)"$(command secrets-guard rules list 2>/dev/null | cut -d ' ' -f 1)"})
  compadd "$@" -a ids
}
_secrets_guard() {
  local at="" word i
  local -a options inner
  for ((i = 2; i < CURRENT; i++)); do
    word=${words[i]}
    if [[ $at == run && $word == -- ]]; then
      shift $i words; ((CURRENT -= i)); _normal; return
    fi
    case "$at/$word" in
"""
# From a folder of fpath the file is run as the function of its name, at the first TAB; else it is sourced.
_TAIL = r"""if [[ $funcstack[1] == _secrets-guard ]]; then
  _secrets_guard "$@"
else
  compdef _secrets_guard secrets-guard
fi
"""


def script(commands: Sequence[Command]) -> str:
    """Return the script: for ``eval``, or for a file ``_secrets-guard`` in a folder of fpath."""
    steps = "".join(
        f"      '{' '.join(one.words[:-1])}/{one.words[-1]}') at='{one.name}' ;;\n" for one in commands if one.words
    )
    values = "".join(_value_cases(commands))
    words = "".join(_word_case(command, commands) for command in commands)
    return (
        f'{_HEAD}{steps}    esac\n  done\n  case "$at/${{words[CURRENT-1]}}" in\n{values}  esac\n'
        f"  if compset -P '--*='; then\n    case \"$at/${{IPREFIX%=}}\" in\n{values}    esac\n  fi\n"
        f'  case "$at" in\n{words}  esac\n}}\n{_TAIL}'
    )


def _value_cases(commands: Sequence[Command]) -> list[str]:
    places: dict[str, list[str]] = {}
    for command in commands:
        for option in command.options:
            if option.metavar:
                call = _call(option.values) or f"_message '{option.metavar}'"
                places.setdefault(call, []).extend(f"'{command.name}/{flag}'" for flag in option.flags)
    return [f"    {'|'.join(at)})\n      {call}; return ;;\n" for call, at in places.items()]


def _word_case(command: Command, commands: Sequence[Command]) -> str:
    options = " ".join(_described(flag, option.help) for option in command.options for flag in option.flags)
    inner = [one for one in commands if one.words[:-1] == command.words and one.words]
    if inner:
        call = f"inner=({' '.join(_described(one.words[-1], one.help) for one in inner)}); _describe command inner"
    else:
        call = _call(command.values) or "_message 'no more arguments'"
    return (
        f"    '{command.name}')\n      if [[ $PREFIX == -* ]]; then options=({options} '--help:Show help.'); "
        f"_describe option options\n      else {call}; fi ;;\n"
    )


def _described(word: str, text: str) -> str:
    plain = text.replace("'", "'\\''")
    return f"'{word}:{plain}'"


def _call(values: str | tuple[str, ...]) -> str:
    if isinstance(values, tuple):
        return f"compadd {' '.join(values)}" if values else ""
    return {FILES: "_files", RULES: "_secrets_guard_rules", PROGRAMS: "compadd -- --"}[values]

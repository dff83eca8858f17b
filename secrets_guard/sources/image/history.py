"""An image config's history -> the instruction that made each layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from secrets_guard.sources.image import document

_LONGEST = 240
_NO_SHELL = "/bin/sh -c #(nop) "
"""What old builders write before an instruction that runs nothing."""


class Instruction(NamedTuple):
    """One line of a history; ``number`` counts all of them from 0, those that made no layer too."""

    number: int
    text: str
    makes_layer: bool


NO_INSTRUCTION = Instruction(-1, "", True)


def read_history(config: Mapping[str, Any]) -> tuple[Instruction, ...]:
    """Return the history of a config (OCI image-spec, config.md: "history")."""
    return tuple(
        Instruction(number, document.text(entry, "created_by"), entry.get("empty_layer") is not True)
        for number, entry in enumerate(document.objects(config, "history"))
    )


def by_layer(history: tuple[Instruction, ...], layers: int) -> tuple[Instruction, ...]:
    """Return the instruction of each layer; of none where the history tells of more or fewer layers than there are."""
    made = tuple(one for one in history if one.makes_layer)
    return made if len(made) == layers else (NO_INSTRUCTION,) * layers


def shown(instruction: Instruction, secret: bool) -> str:
    """Return an instruction on one short line; of one that holds what may be a ``secret`` only its first word."""
    words = instruction.text.removeprefix(_NO_SHELL).split()
    if secret and words:
        return f"{words[0][:16]} … (not shown: it may hold a secret; see history[{instruction.number}] of the config)"
    line = " ".join(words)
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 2]} …"

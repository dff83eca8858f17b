"""Files and what was found in them -> which value moves where, and what has to be done by hand."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import NamedTuple

from secrets_guard.errors import ConfigError, SourceError
from secrets_guard.migrate.document import Document
from secrets_guard.migrate.literal import Literal, read_literals
from secrets_guard.migrate.target import Target, key_for, variable_for
from secrets_guard.model.finding import Finding

Sweep = Callable[[Document], Sequence[Finding]]
"""Returns what a sweep of a file's content finds."""
Wanted = tuple[str, str]
"""(rule, fingerprint) of a finding of a report."""


class Move(NamedTuple):
    """One value of a file, where it is to be kept and which variable the manifest makes of it."""

    document: Document
    literal: Literal
    line: int
    rule_id: str
    """What found it; empty where it was asked for by its name."""
    key: str
    reference: str
    variable: str
    done: bool = False
    """Whether the file has the reference already: an earlier run put it there."""

    @property
    def told(self) -> str:
        """Where it stands and what it is called."""
        return f"{self.document.path}:{self.line}: {self.literal.name}"


class Plan(NamedTuple):
    """``by_hand`` has a line for each finding that can't be moved: where it is, and why."""

    moves: tuple[Move, ...]
    by_hand: tuple[str, ...]
    gone: int = 0
    """How many of the wanted findings are no longer there."""


def plan(
    documents: Iterable[Document],
    sweep: Sweep,
    target: Target,
    wanted: Collection[Wanted] | None = None,
    also: Collection[str] = (),
) -> Plan:
    """Return what to do about the secrets of some files: those that the sweep finds, or of them the ``wanted``.

    ``also`` are names of values that are moved though no rule finds them. Raises ConfigError where two different
    values would get one key or variable, or none has a name in ``also``.
    """
    moves: list[Move] = []
    by_hand: list[str] = []
    seen: set[Wanted] = set()
    for document in documents:
        found = [one for one in sweep(document) if wanted is None or (one.rule_id, one.fingerprint) in wanted]
        seen |= {(one.rule_id, one.fingerprint) for one in found}
        try:
            literals = read_literals(document.path, document.content)
        except SourceError as error:
            by_hand += [f"{_place(document, one)}: {str(error).partition(': ')[2]}" for one in found]
            continue
        here, more = _moves(document, literals, found, target, also)
        moves += here
        by_hand += more
    absent = set(also) - {move.literal.name for move in moves}
    if absent:
        raise ConfigError(f"--also {', '.join(sorted(absent))}: there is no such value (UTF-8) in the file")
    _check_names(moves)
    return Plan(tuple(moves), tuple(by_hand), len(set(wanted or ()) - seen))


def _moves(
    document: Document, literals: Sequence[Literal], found: Sequence[Finding], target: Target, also: Collection[str]
) -> tuple[list[Move], list[str]]:
    rules: dict[Literal, str] = {one: "" for one in literals if one.name in also and key_for(one.name) and _text(one)}
    by_hand = []
    for one in found:
        offset = offset_of(document.content, one.location.start_line, one.location.start_column)
        holder = next((literal for literal in literals if literal.start <= offset < literal.end), None)
        if holder is None:
            by_hand.append(f"{_place(document, one)}: not the value of a setting, so it has to be done by hand")
        elif not key_for(holder.name):
            by_hand.append(f"{_place(document, one)}: its name has no letter for a key; it has to be done by hand")
        elif not _text(holder):
            by_hand.append(f"{_place(document, one)}: not UTF-8, which no field can hold; it has to be done by hand")
        else:
            rules.setdefault(holder, one.rule_id)
    moves = []
    for literal in literals:
        line = document.content.count(b"\n", 0, literal.start) + 1
        done = target.key_of(_text(literal))
        if done or literal in rules:
            key = done or key_for(literal.name)
            variable = variable_for(literal.name)
            rule = rules.get(literal, "")
            moves.append(Move(document, literal, line, rule, key, target.reference(key), variable, bool(done)))
    return moves, by_hand


def offset_of(content: bytes, line: int, column: int) -> int:
    """Return the byte offset of a 1-based line and column (characters)."""
    start = 0
    for _ in range(line - 1):
        start = content.find(b"\n", start) + 1 or len(content)
    text = content[start:].split(b"\n", 1)[0].decode("utf-8", "surrogateescape")
    return start + len(text[: column - 1].encode("utf-8", "surrogateescape"))


def _check_names(moves: Sequence[Move]) -> None:
    """Raise ConfigError where two values that differ would get the same key, or two references the same variable."""
    keys: dict[str, Move] = {}
    variables: dict[str, Move] = {}
    problems = []
    for move in (one for one in moves if not one.done):
        other = keys.setdefault(move.key, move)
        if other.literal.secret != move.literal.secret:
            problems.append(f"{move.told}: would be kept as {move.key!r}, as {other.told} is, which has another value")
    for move in moves:
        other = variables.setdefault(move.variable, move)
        if other.reference != move.reference and not (other.done and move.done):
            problems.append(f"{move.told}: would be the variable {move.variable}, as {other.told} is")
    if problems:
        raise ConfigError(*problems, "rename one of them, or move the files one by one, each to a place of its own")


def _place(document: Document, finding: Finding) -> str:
    return f"{document.path}:{finding.location.start_line}: {finding.rule_id}"


def _text(literal: Literal) -> str:
    try:
        return literal.secret.reveal().decode()
    except UnicodeDecodeError:
        return ""

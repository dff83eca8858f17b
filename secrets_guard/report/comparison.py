"""Two lists of what was found -> what both found and what only one did, by file, line, and commit where both tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import IO, NamedTuple

from secrets_guard.report.json import laid_out
from secrets_guard.report.peers import Seen
from secrets_guard.report.text import printable, put

SCHEMA = "secrets-guard/comparison/1"
"""Name and version of the JSON form."""
_MOST_LINES = 1000
"""Lines of one finding that count as its place."""


class Comparison(NamedTuple):
    """What both found, in pairs of (ours, theirs), and what only one did, all in the order of places."""

    both: list[tuple[Seen, Seen]]
    only_ours: list[Seen]
    only_theirs: list[Seen]
    notes: list[str]

    @property
    def same(self) -> bool:
        """Tell whether neither found anything that the other did not."""
        return not self.only_ours and not self.only_theirs


def compare(ours: Iterable[Seen], theirs: Iterable[Seen]) -> Comparison:
    """Return what two scanners agree and differ in; paths are brought under one root first, which a note tells."""
    notes: list[str] = []
    mine, others = _tidy(ours), _tidy(theirs)
    mine, others = _under_one_root(mine, others, notes)
    places: dict[tuple[str, int], list[int]] = {}
    for index, seen in enumerate(others):
        for line in _lines(seen):
            places.setdefault((seen.path, line), []).append(index)
        # Whoever tells no line is met by any finding of the file.
        places.setdefault((seen.path, -1), []).append(index)
    both: list[tuple[Seen, Seen]] = []
    met: set[int] = set()
    only: list[Seen] = []
    for seen in mine:
        wanted = [-1] if not seen.line else [0, *_lines(seen)]
        there = {index for line in wanted for index in places.get((seen.path, line), ())}
        there = {index for index in there if _one_commit(seen, others[index])}
        met |= there
        both += [(seen, others[index]) for index in sorted(there)]
        if not there:
            only.append(seen)
    return Comparison(both, only, [seen for index, seen in enumerate(others) if index not in met], notes)


def _tidy(seen: Iterable[Seen]) -> list[Seen]:
    made = {
        one._replace(path=one.path.replace("\\", "/").replace("!/", "!").removeprefix("./"), commit=one.commit.lower())
        for one in seen
    }
    return sorted(made, key=lambda one: (one.path, one.line, one.rule, one))


def _lines(seen: Seen) -> Iterator[int]:
    yield from range(seen.line, min(max(seen.end_line, seen.line), seen.line + _MOST_LINES) + 1)
    yield from seen.parts


def _one_commit(ours: Seen, theirs: Seen) -> bool:
    return not ours.commit or not theirs.commit or ours.commit == theirs.commit


def _under_one_root(ours: list[Seen], theirs: list[Seen], notes: list[str]) -> tuple[list[Seen], list[Seen]]:
    """Take from one side's paths what stands before the other's: ``src/`` where that scanned ``src``."""
    for whose, longer, shorter in (("their", theirs, ours), ("our", ours, theirs)):
        root = _root_before({one.path for one in longer}, {one.path for one in shorter})
        if root:
            notes.append(f"{whose} paths are taken without {root!r} before them")
            cut = [one._replace(path=one.path.removeprefix(root)) for one in longer]
            return (ours, cut) if longer is theirs else (cut, theirs)
    return ours, theirs


def _root_before(longer: set[str], shorter: set[str]) -> str:
    """Return what most often stands before a path of ``shorter`` among ``longer``; empty where paths agree as it is."""
    roots: Counter[str] = Counter()
    for path in longer - shorter:
        at = path.find("/")
        while at >= 0:
            if path[at + 1 :] in shorter:
                roots[path[: at + 1]] += 1
            at = path.find("/", at + 1)
    root, times = min(roots.items(), key=lambda one: (-one[1], one[0]), default=("", 0))
    return root if times > len(longer & shorter) else ""


def counts(comparison: Comparison) -> dict[str, dict[str, dict[str, int]]]:
    """Return for each side and rule how many findings both have, and how many only it has."""
    sides = {}
    for side, number, only in (("ours", 0, comparison.only_ours), ("theirs", 1, comparison.only_theirs)):
        common = Counter(seen.rule for seen in {pair[number] for pair in comparison.both})
        alone = Counter(seen.rule for seen in only)
        sides[side] = {rule: {"both": common[rule], "only": alone[rule]} for rule in sorted({*common, *alone})}
    return sides


def write_json(comparison: Comparison, kinds: tuple[str, str], stream: IO[str]) -> None:
    """Write a comparison as one JSON object; ``kinds`` say whose the two reports are."""
    report = {
        "schema": SCHEMA,
        "ours": kinds[0],
        "theirs": kinds[1],
        "both": [{**_fields(ours), "their_rule": theirs.rule} for ours, theirs in comparison.both],
        "only_ours": [_fields(seen) for seen in comparison.only_ours],
        "only_theirs": [_fields(seen) for seen in comparison.only_theirs],
        "rules": counts(comparison),
        "notes": comparison.notes,
    }
    stream.writelines(laid_out(report, 2))
    stream.write("\n")


def _fields(seen: Seen) -> dict[str, object]:
    made: dict[str, object] = {"rule_id": seen.rule, "path": seen.path, "line": seen.line}
    return {**made, "commit": seen.commit} if seen.commit else made


def write_human(comparison: Comparison, kinds: tuple[str, str], stream: IO[str]) -> None:
    """Write a comparison for people: what only one found, then the counts by rule."""
    sides = (("ours", kinds[0], comparison.only_ours), ("theirs", kinds[1], comparison.only_theirs))
    for side, kind, only in sides:
        if only:
            put(stream, f"only {side} ({printable(kind)}), {len(only):,}:\n")
            for seen in only:
                commit = f"  commit {seen.commit[:12]}" if seen.commit else ""
                put(stream, f"  {printable(f'{seen.path}:{seen.line}  {seen.rule}{commit}')}\n")
            put(stream, "\n")
    for side, rules in counts(comparison).items():
        width = max((len(printable(rule)) for rule in rules), default=0)
        for rule, told in rules.items():
            put(
                stream, f"{side:6}  {printable(rule):{width}}  {told['both']:,} in both, {told['only']:,} only {side}\n"
            )
    common = len({ours for ours, _ in comparison.both})
    put(
        stream,
        f"{common:,} in both, {len(comparison.only_ours):,} only ours, {len(comparison.only_theirs):,} only theirs\n",
    )
    for note in comparison.notes:
        put(stream, f"note: {printable(note)}\n")

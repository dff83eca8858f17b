"""A plan -> secrets kept and read back, the manifest, the files, and the proof: in this order, so that none is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from secrets_guard.broker.deadline import Deadline
from secrets_guard.broker.entry import INHERITED
from secrets_guard.broker.manifest import Manifest, parse_manifest
from secrets_guard.broker.policy import ALLOWED, Policy, check
from secrets_guard.broker.resolve import resolve
from secrets_guard.broker.store import Store, keep, missing, open_store
from secrets_guard.errors import BadValue, ManifestError, SourceError
from secrets_guard.migrate.document import Document, check_replaceable, read_document, replace
from secrets_guard.migrate.literal import with_references
from secrets_guard.migrate.manifest_text import check_extended, extended
from secrets_guard.migrate.moves import Move, Sweep
from secrets_guard.migrate.target import Target
from secrets_guard.model.secret import Secret

Tell = Callable[[str], None]


class Migration(NamedTuple):
    """What all steps have in common; ``manifest`` is the document of the manifest, as it was when we began."""

    target: Target
    manifest: Document
    environment: Mapping[str, str]
    named: bool
    """Whether the user named the manifest: else it may be anyone's, and must not say which server gets the token."""

    def parsed(self, text: str) -> Manifest:
        """Return what a manifest's text says. Raises ManifestError."""
        return parse_manifest(text or "version: 1\n", self.manifest.path, self.environment)

    @property
    def text(self) -> str:
        """The text of the manifest as it was. Raises ManifestError."""
        try:
            return self.manifest.content.decode()
        except UnicodeDecodeError:
            raise ManifestError(f"{self.manifest.path}: can't be read: not UTF-8") from None


class Prepared(NamedTuple):
    """All that can be known before anything is changed: nothing after it fails for what could be told now."""

    moves: tuple[Move, ...]
    wanted: Mapping[str, Secret]
    """By key, what the manager is to hold."""
    new: frozenset[str]
    """Keys that it does not hold yet."""
    store: Store
    manifest: str
    """The manifest's text to be."""
    added: Mapping[str, str]
    files: tuple[tuple[Document, bytes], ...]


def prepare(migration: Migration, moves: Sequence[Move]) -> Prepared:
    """Return what is to be written where; only reads.

    Raises OtherValue where the manager holds another value, ManifestError, SourceError, or another BrokerError.
    """
    text = migration.text
    before = migration.parsed(text)
    if before.providers and not migration.named:
        name = migration.manifest.path
        raise ManifestError(f"{name}: says which server gets your token: if it is yours, name it: --manifest {name}")
    moves, added = _settled(migration, before, moves)
    after = extended(migration.manifest.path, text, added)
    check_extended(migration.manifest.path, before, migration.parsed(after), added)
    to_do = [move for move in moves if not move.done]
    files = []
    for document in dict.fromkeys(move.document for move in to_do):
        check_replaceable(document)
        here = {move.literal: move.reference for move in to_do if move.document is document}
        files.append((document, with_references(document.path, document.content, here)))
    if added:
        check_replaceable(migration.manifest)
    store = open_store(migration.target.place, before.providers, migration.environment)
    wanted = {move.key: move.literal.secret for move in to_do}
    new = missing(store.read(Deadline(before.deadline)), wanted, migration.target.place) if wanted else {}
    return Prepared(moves, wanted, frozenset(new), store, after, added, tuple(files))


def _settled(migration: Migration, before: Manifest, moves: Iterable[Move]) -> tuple[tuple[Move, ...], dict[str, str]]:
    """Return the moves that the manifest allows, and its new variables.

    Raises ManifestError for one that it makes of something else already. A reference that the file has had before
    may be another variable there: that is then none of our work.
    """
    there = {entry.name: entry for entry in before.entries if entry.place != INHERITED}
    kept, added, problems = [], {}, []
    for move in moves:
        entry = there.get(move.variable)
        fits = entry is None or entry.value.sole == migration.target.place._replace(key=move.key)
        kept += [move] if fits else []
        if entry is None:
            added[move.variable] = _entry(move)
        elif not fits and not move.done:
            problems.append(f"{entry.place}: {move.variable} is made from {entry.value} already, not {move.reference}")
    if problems:
        raise ManifestError(*problems)
    return tuple(kept), added


def _entry(move: Move) -> str:
    """Return what the manifest has for a variable, as YAML. Raises BadValue for a value that no variable can hold."""
    value = move.literal.secret.reveal()
    for count in range(len(ALLOWED) + 1):
        for allow in combinations(ALLOWED, count):
            try:
                check(value, Policy(allow=allow))
            except BadValue as error:
                refused = error
                continue
            quoted = f'"{move.reference}"'
            return f"{{ref: {quoted}, allow: [{', '.join(allow)}]}}" if allow and not move.done else quoted
    raise BadValue(f"{move.told}: {refused}")


def migrate(migration: Migration, prepared: Prepared, sweep: Sweep, tell: Tell) -> bool:
    """Do it, and say after each step what is done; return whether the files are clean.

    Whenever it is stopped, each value is in the file or can be read from the manager, and doing it again goes on.
    """
    place = migration.target.place
    if prepared.wanted:
        deadline = Deadline(migration.parsed(migration.text).deadline)
        version = keep(prepared.store, prepared.wanted, place, deadline)
        held = len(prepared.wanted) - len(prepared.new)
        known = f" ({held} of them were there already)" if held else ""
        tell(f"{place}: holds {_count(len(prepared.wanted), 'secret')}{known}, read back, version {version}")
    if prepared.added:
        replace(migration.manifest, prepared.manifest.encode())
        tell(f"{migration.manifest.path}: {_count(len(prepared.added), 'variable')} added")
    for document, content in prepared.files:
        replace(document, content)
        here = sum(move.document is document for move in prepared.moves if not move.done)
        tell(f"{document.path}: {_count(here, 'value')} replaced")
    return _prove(migration, prepared, sweep, tell)


def _prove(migration: Migration, prepared: Prepared, sweep: Sweep, tell: Tell) -> bool:
    """Resolve the manifest as ``env plan`` does, and sweep the files. Raises BadValue where a value is another."""
    after = migration.parsed(read_document(migration.manifest.path).content.decode())
    names = {move.variable for move in prepared.moves}
    ours = tuple(entry for entry in after.entries if entry.name in names)
    resolved = resolve(after._replace(entries=ours, files=(), fallback=None), migration.environment)
    values = {one.name: one.secret for one in resolved.injected}
    wrong = [m.variable for m in prepared.moves if not m.done and values.get(m.variable) != m.literal.secret]
    if wrong:
        raise BadValue(f"{migration.manifest.path}: not what was moved: {', '.join(wrong)}; was it changed meanwhile?")
    tell(f"{migration.manifest.path}: {_count(len(names), 'variable')} resolved")
    clean = True
    for document in dict.fromkeys(move.document for move in prepared.moves):
        left = sweep(read_document(document.path))
        clean = clean and not left
        told = [f"{document.path}:{one.location.start_line}: {one.rule_id}: still there" for one in left]
        for line in told or [f"{document.path}: a sweep finds nothing in it"]:
            tell(line)
    return clean


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def check_manifest_path(manifest: Document, documents: Iterable[Document]) -> None:
    """Raise SourceError where the manifest is one of the files whose secrets are moved."""
    if any(document.real == manifest.real for document in documents):
        raise SourceError(f"{manifest.path}: is the manifest itself; name another by --manifest")

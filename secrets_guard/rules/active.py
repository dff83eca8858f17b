"""Rule paths -> RuleSet, through the cache: YAML is parsed and checked once for each content."""

from __future__ import annotations

import marshal
import os
import sys
from collections.abc import Iterable

from secrets_guard.cache import Cache, state_of
from secrets_guard.digest import blake2b
from secrets_guard.errors import RuleError
from secrets_guard.model.rule import Nearby, Rule, RuleSet
from secrets_guard.rules import builtin
from secrets_guard.version import __version__

_NEARBY = Rule._fields.index("nearby")
_EXAMPLES = [Rule._fields.index("examples"), Rule._fields.index("counterexamples")]


def load_rules(paths: tuple[str, ...] = (), *, with_builtin: bool = True, cache: Cache | None = None) -> RuleSet:
    """Return the built-in rules and those of ``paths`` (files or folders), sorted by id.

    Rules that come from the cache carry no examples. Raises RuleError listing every problem.
    """
    own = _files([builtin.rules_folder()]) if with_builtin else []
    given = _files(list(paths))
    if cache is None:
        return _parse([*own, *given])
    name = _name([*own, *given, *_extended(given)])
    kept = kept_rules(name, cache)
    if kept is not None:
        return kept
    # The built-in rules have an entry of their own: a changed rule of the user's must not cost reading 300 files.
    base = load_rules(cache=cache).rules if own and given else ()
    # What we ship has been linted (`rules check`, the tests); doing it again is most of a first run's time.
    made = _parse(given if base else [*own, *given], base, trusted=bool(own) and not given)
    cache.write(name, _packed(made))
    return made


def builtin_name() -> str:
    """Return the name under which load_rules() keeps the built-in rules as they are now."""
    return _name(_files([builtin.rules_folder()]))


def kept_rules(name: str, cache: Cache) -> RuleSet | None:
    """Return the rules kept under a name; None where there are none."""
    kept = cache.read(name)
    return None if kept is None else _unpacked(kept)


def select(rules: RuleSet, only: tuple[str, ...], exclude: tuple[str, ...]) -> RuleSet:
    """Return the rules named by ``only`` (all where empty) less those named by ``exclude``.

    Raises RuleError for an id that no rule has.
    """
    if not only and not exclude:
        return rules
    from secrets_guard.rules.load import rule_set

    known = [rule.id for rule in rules.rules]
    unknown = [rule_id for rule_id in (*only, *exclude) if rule_id not in known]
    if unknown:
        from secrets_guard.located_yaml import nearest

        raise RuleError(*(f"no rule has the id {rule_id!r}{nearest(rule_id, known)}" for rule_id in unknown))
    kept = [rule for rule in rules.rules if (not only or rule.id in only) and rule.id not in exclude]
    if not kept:
        raise RuleError("no rule is left: --only-rule and --exclude-rule cancel each other out")
    return rule_set(with_helpers(kept, rules.rules))


def with_helpers(kept: list[Rule], every: Iterable[Rule]) -> list[Rule]:
    """Return the rules and those that they name in ``nearby``, which without them do not stand alone, sorted by id."""
    known = {rule.id for rule in kept}
    named = {near.rule for rule in kept for near in rule.nearby} - known
    helpers = [rule._replace(alone=False, nearby=()) for rule in every if rule.id in named]
    return sorted([*kept, *helpers]) if helpers else kept


def _files(paths: list[str]) -> list[str]:
    files: list[str] = []
    for path in paths:
        if not os.path.isdir(path):
            files.append(path)
            continue
        names = sorted(name for name in os.listdir(path) if name.endswith((".yaml", ".yml")))
        if not names:
            raise RuleError(f"{path}: no *.yaml rule file in this folder")
        files += [os.path.join(path, name) for name in names]
    return files


def _extended(files: list[str]) -> list[str]:
    """Return the files that gitleaks configs among ``files`` extend."""
    configs = [path for path in files if path.endswith(".toml")]
    if not configs:
        return []
    from secrets_guard.rules.gitleaks_extend import extended_files

    return [base for path in configs for base in extended_files(path)]


def _name(files: list[str]) -> str:
    """Return a name for the state of the files: reading and hashing hundreds of them would cost more than it is worth.

    A changed file has another size or, what nobody can set back, another time of change.
    """
    digest = blake2b(f"{__version__} {Rule._fields}".encode(), digest_size=16)
    for path in files:
        try:
            info = os.stat(path)
        except OSError as error:
            raise RuleError(f"{path}: can't be read: {error.strerror}") from None
        digest.update(f"\0{path}\0{state_of(info)}".encode("utf-8", "surrogateescape"))
    return f"rules-{digest.hexdigest()}.{sys.implementation.cache_tag}"


def _content(path: str) -> bytes:
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except OSError as error:
        raise RuleError(f"{path}: can't be read: {error.strerror}") from None


def _parse(files: list[str], known: tuple[Rule, ...] = (), *, trusted: bool = False) -> RuleSet:
    from secrets_guard.rules.load import parse_rules, rule_set, with_trigger

    rules = parse_rules(
        [(path, _content(path)) for path in files if not path.endswith(".toml")], known, trusted=trusted
    )
    for path in files:
        if path.endswith(".toml"):
            from secrets_guard.rules.import_gitleaks import read_gitleaks

            rules += [with_trigger(rule) for rule in read_gitleaks(path, [rule.id for rule in rules]).rules]
    return rule_set(sorted(rules))


def _packed(rules: RuleSet) -> bytes:
    """Return rules as marshal keeps plain tuples: a thousand of them are read in a fifth of the time that JSON takes.

    Unlike pickle it runs nothing; what it reads was written by the same user (cache.py) and the same Python (the name).
    """
    rows = [
        tuple([() if index in _EXAMPLES else _plain(index, value) for index, value in enumerate(rule)])
        for rule in rules.rules
    ]
    return marshal.dumps((rules.digest, rows))


def _plain(index: int, value: object) -> object:
    return tuple([tuple(near) for near in value]) if index == _NEARBY and isinstance(value, tuple) else value


def _unpacked(content: bytes) -> RuleSet:
    digest, rows = marshal.loads(content)  # noqa: S302 - see _packed()
    made = [
        Rule._make(row)._replace(nearby=tuple([Nearby(*near) for near in row[_NEARBY]])) if row[_NEARBY] else Rule(*row)
        for row in rows
    ]
    return RuleSet(tuple(made), digest)

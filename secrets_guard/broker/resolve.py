"""The entries of a manifest -> their values, or a line for each that has none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from secrets_guard.broker.audit import Audit, Event
from secrets_guard.broker.deadline import Deadline, Phase
from secrets_guard.broker.entry import Entry
from secrets_guard.broker.fetch import fetch, open_providers
from secrets_guard.broker.lease import Lease, clock
from secrets_guard.broker.lender import returning
from secrets_guard.broker.manifest import Manifest
from secrets_guard.broker.policy import check
from secrets_guard.broker.protocol import Fetched, Outcome, Provider, SecretRef
from secrets_guard.broker.refs import SCHEMES, is_reference
from secrets_guard.errors import BadValue, BrokerError, ManifestError, SecretNotFound, Unresolved
from secrets_guard.model.secret import Secret

if TYPE_CHECKING:
    from secrets_guard.broker.fallback import Fallback

_SHOWN_PHASES = 12


class Injected(NamedTuple):
    """One variable to be: its value, what it is made from, which versions that had and which leases it lives by."""

    name: str
    secret: Secret
    source: Entry
    providers: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    leases: tuple[Lease, ...] = ()
    note: str = ""
    parts: tuple[Secret, ...] = ()
    """What was fetched for it, where it is more than the value: a password inside a URL."""

    @property
    def secret_values(self) -> tuple[Secret, ...]:
        """What must not be shown; nothing of a text that stands in the manifest itself."""
        fetched = self.providers and (self.note != "default" or self.source.whole)
        return (self.secret, *self.parts) if fetched else ()


class Resolved(NamedTuple):
    """What a manifest came to; ``omitted`` are optional variables whose secret is not there."""

    injected: tuple[Injected, ...]
    omitted: tuple[Entry, ...]
    credentials: frozenset[str]
    """Variables that are not for the command: what logged in, and references to optional secrets that are not there."""
    warnings: tuple[str, ...] = ()
    """A line for each value that is an old one, or that could not be kept."""
    files: tuple[Injected, ...] = ()
    providers: Mapping[str, Provider | BrokerError] = {}
    outcomes: Mapping[SecretRef, Outcome] = {}
    """What each reference came to; what was fetched by a lease has to be renewed by whoever keeps it."""
    began: float = 0.0
    """When that was asked for, by the clock of leases."""

    @property
    def leased(self) -> bool:
        """Whether any of it ends unless it is renewed."""
        return any(isinstance(one, Fetched) and one.lease is not None for one in self.outcomes.values())


def resolve(
    manifest: Manifest,
    environment: Mapping[str, str],
    providers: Mapping[str, Provider] | None = None,
    audit: Audit | None = None,
) -> Resolved:
    """Return the value of every entry; ``providers`` are used instead of those of the same name.

    Raises Unresolved, with a line for each variable that failed and the time line; ManifestError for bad settings;
    AuditFailed where what was done can't be told.
    """
    fallback = _fallback(manifest, environment)
    deadline, began = Deadline(manifest.deadline, audit), clock()
    refs = [ref for entry in manifest.everything for ref in entry.value.refs]
    opened = open_providers(refs, manifest.providers, environment, providers or {})
    fetched = fetch(refs, opened, deadline)
    asked = [provider for provider in opened.values() if not isinstance(provider, BrokerError)]
    credentials = frozenset[str]().union(*(one.credentials for one in asked), manifest.used if asked else ())
    with returning(opened, fetched, deadline.audit):
        outcomes, stale = fallback.fill(fetched) if fallback else (fetched, ())
        _tell_stale(deadline.audit, outcomes)
        merged = made_of(manifest, outcomes, deadline.phases())
    unkept = fallback.keep(outcomes) if fallback else ()
    names = frozenset(entry.name for entry in merged.omitted if is_reference(environment.get(entry.name, "")))
    return merged._replace(
        credentials=credentials | names, warnings=(*stale, *unkept), providers=opened, outcomes=outcomes, began=began
    )


def _fallback(manifest: Manifest, environment: Mapping[str, str]) -> Fallback | None:
    """Return what keeps values, where an entry asks for it; what it takes is imported only then."""
    if not any(entry.policy.fallback for entry in manifest.everything):
        return None
    from secrets_guard.broker.fallback import open_fallback

    return open_fallback(manifest.everything, manifest.fallback, manifest.providers, environment)


def _tell_stale(audit: Audit, outcomes: Mapping[SecretRef, Outcome]) -> None:
    for ref, one in outcomes.items():
        if isinstance(one, Fetched) and one.stale:
            audit.tell(Event("fallback", SCHEMES[ref.scheme], str(ref), one.version))


def made_of(manifest: Manifest, outcomes: Mapping[SecretRef, Outcome], phases: Sequence[Phase] = ()) -> Resolved:
    """Return what outcomes come to. Raises Unresolved with a line for each failure, and ``phases`` as its time line."""
    injected, omitted, failures = merge(manifest.entries, outcomes)
    written, missing, more = merge([file.entry for file in manifest.files], outcomes)
    if failures or more:
        raise Unresolved((*failures, *more), tuple(_timeline(phases)))
    return Resolved(injected, (*omitted, *missing), frozenset(), files=written)


def tell(audit: Audit, action: str, resolved: Resolved) -> None:
    """Tell the audit of each variable and file that is made from a secret. Raises AuditFailed."""
    for one in (*resolved.injected, *resolved.files):
        refs = ", ".join(map(str, one.source.value.refs))
        if refs:
            leases = ", ".join(lease.id for lease in one.leases)
            version, detail = ", ".join(one.versions), f"lease {leases}" if leases else ""
            variable, file = ("", one.name) if one in resolved.files else (one.name, "")
            audit.tell(Event(action, ", ".join(one.providers), refs, version, variable, file, detail))


def merge(
    entries: Sequence[Entry], outcomes: Mapping[SecretRef, Outcome]
) -> tuple[tuple[Injected, ...], tuple[Entry, ...], tuple[str, ...]]:
    """Return the variables that outcomes come to, the optional entries without one, and a line for each failure."""
    injected: list[Injected] = []
    omitted: list[Entry] = []
    failures: list[str] = []
    for entry in entries:
        try:
            made = _expanded(entry, outcomes) if entry.whole else _composed(entry, outcomes)
            injected += made
            omitted += [] if made else [entry]
        except (BrokerError, ManifestError) as error:
            failures += [f"{entry.name} ({entry.value}): {line}" for line in str(error).split("\n")]
    return tuple(injected), tuple(omitted), tuple(failures)


def _composed(entry: Entry, outcomes: Mapping[SecretRef, Outcome]) -> list[Injected]:
    """Return the one variable of an entry, or none where it is optional and its secret is not there."""
    found = [outcomes[ref] for ref in entry.value.refs]
    for outcome in found:
        if isinstance(outcome, SecretNotFound) and entry.policy.default is not None:
            return [Injected(entry.name, Secret(_encoded(entry.policy.default)), entry, note="default")]
        if isinstance(outcome, SecretNotFound) and entry.policy.optional:
            return []
        if isinstance(outcome, BrokerError):
            raise outcome
    value = b"".join(
        _encoded(part) if isinstance(part, str) else _revealed(outcomes[part]) for part in entry.value.parts
    )
    if found:
        for ref in entry.value.refs if entry.value.sole is None else ():
            if not _revealed(outcomes[ref]).strip() and "empty" not in entry.policy.allow:
                raise BadValue(f"{ref} is empty; 'allow: [empty]' lets it through")
        check(value, entry.policy)
    parts = () if entry.value.sole else tuple(Secret(_revealed(one)) for one in found)
    return [Injected(entry.name, Secret(value), entry, *_origins(entry, outcomes), parts=parts)]


def _expanded(entry: Entry, outcomes: Mapping[SecretRef, Outcome]) -> list[Injected]:
    """Return a variable for each field of a whole path."""
    outcome = outcomes[entry.value.refs[0]]
    if isinstance(outcome, SecretNotFound) and entry.policy.optional:
        return []
    if isinstance(outcome, BrokerError):
        raise outcome
    made, problems = [], []
    for field, secret in outcome.fields.items():
        try:
            check(secret.reveal(), entry.policy)
            made.append(Injected(entry.field_name(field), secret, entry, *_origins(entry, outcomes), note=field))
        except BadValue as error:
            problems.append(f"field {field!r} {error}")
        except ManifestError as error:
            problems.append(str(error))
    problems += [f"there is no field {field!r} to rename" for field in entry.names if field not in outcome.fields]
    if problems:
        raise BadValue("\n".join(problems))
    return made


def _origins(
    entry: Entry, outcomes: Mapping[SecretRef, Outcome]
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[Lease, ...]]:
    found = [one for one in (outcomes[ref] for ref in entry.value.refs) if isinstance(one, Fetched)]
    providers = dict.fromkeys(SCHEMES[ref.scheme] for ref in entry.value.refs)
    versions = dict.fromkeys(one.version for one in found if one.version)
    return tuple(providers), tuple(versions), tuple(dict.fromkeys(one.lease for one in found if one.lease))


def _revealed(outcome: Outcome) -> bytes:
    return outcome.secret.reveal() if isinstance(outcome, Fetched) else b""


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _timeline(phases: Sequence[Phase]) -> list[str]:
    lines = [f"  {phase.since:7.3f} s  {phase.name}: {phase.outcome}, took {phase.took:.3f} s" for phase in phases]
    if len(lines) > 2 * _SHOWN_PHASES:
        between = f"  … {len(lines) - 2 * _SHOWN_PHASES} more …"
        lines = [*lines[:_SHOWN_PHASES], between, *lines[-_SHOWN_PHASES:]]
    return lines

"""Outcomes of a run -> the same, with values of an earlier run where a provider could not be reached."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from secrets_guard.broker.entry import Entry
from secrets_guard.broker.fallback_key import key_of_file, key_of_keyring
from secrets_guard.broker.fallback_settings import FallbackSettings
from secrets_guard.broker.protocol import Fetched, Outcome, SecretRef
from secrets_guard.broker.refs import SCHEMES
from secrets_guard.errors import BadValue, ManifestError, ProviderMissing, ProviderUnavailable
from secrets_guard.model.secret import Secret

if TYPE_CHECKING:
    from secrets_guard.broker.sealed import SealedFolder

# A clock that was set back this much may be a clock; more may be somebody who wants an old value to last.
_SKEW = 300.0
# What leads a provider to one server or another, where the manifest does not say.
_PLACES = {
    "vault": ("VAULT_ADDR", "BAO_ADDR", "VAULT_NAMESPACE", "BAO_NAMESPACE"),
    "aws": ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ENDPOINT_URL"),
}


class Filled(NamedTuple):
    """The outcomes, and a line for each reference whose value is an old one."""

    outcomes: Mapping[SecretRef, Outcome]
    stale: tuple[str, ...] = ()


class Fallback:
    """Keeps the values of entries that ask for it."""

    def __init__(
        self, entries: Sequence[Entry], settings: FallbackSettings, folder: SealedFolder, places: Mapping[str, object]
    ) -> None:
        """``places``: what tells apart the servers of a provider, by its name."""
        self._refs = tuple(dict.fromkeys(ref for entry in entries for ref in entry.value.refs))
        self._settings = settings
        self._folder = folder
        self._places = places

    def fill(self, outcomes: Mapping[SecretRef, Outcome]) -> Filled:
        """Return the outcomes with a sealed value where its provider was unavailable; never for another failure."""
        filled, stale = dict(outcomes), []
        for ref in self._refs:
            outcome = outcomes[ref]
            if isinstance(outcome, Fetched) and outcome.made:
                filled[ref] = BadValue("is made for each read, so there is nothing to keep: leave fallback out")
            elif isinstance(outcome, ProviderUnavailable):
                filled[ref], told = self._stand_in(ref, outcome)
                stale += [told] if told else []
        return Filled(filled, tuple(stale))

    def keep(self, outcomes: Mapping[SecretRef, Outcome]) -> tuple[str, ...]:
        """Seal what was fetched just now; return a line for each value that could not be."""
        problems = []
        for ref in self._refs:
            outcome = outcomes[ref]
            if isinstance(outcome, Fetched) and not outcome.stale:
                try:
                    self._folder.seal(self._label(ref), _packed(outcome))
                except (OSError, ManifestError) as error:
                    problems.append(f"{ref}: can't be kept for a fallback: {getattr(error, 'strerror', None) or error}")
        return tuple(problems)

    def _stand_in(self, ref: SecretRef, failed: ProviderUnavailable) -> tuple[Outcome, str]:
        """Return the sealed value and what to tell of it, or the failure and why nothing stands in for it."""
        from secrets_guard.broker.sealed import Tampered

        why = f"there is nothing sealed in {self._settings.folder}"
        try:
            text = self._folder.unseal(self._label(ref))
            if text is not None:
                saved, found = _unpacked(text)
                age = time.time() - saved
                if -_SKEW <= age <= self._settings.ttl:
                    return found, self._told(ref, failed, saved)
                why = f"the sealed value is of {_when(saved)}, and was good until {_when(saved + self._settings.ttl)}"
        except Tampered as error:
            why = f"the sealed value {error}"
        except (OSError, ManifestError) as error:
            why = str(error)
        return ProviderUnavailable(f"{failed}; no fallback: {why}", lost=failed.lost), ""

    def _told(self, ref: SecretRef, failed: ProviderUnavailable, saved: float) -> str:
        return (
            f"{ref}: STALE: {failed}; the value of {_when(saved)} stands in for it, "
            f"until {_when(saved + self._settings.ttl)}"
        )

    def _label(self, ref: SecretRef) -> bytes:
        """Return what a sealed value is bound to: its reference and its server."""
        name = SCHEMES[ref.scheme]
        return json.dumps([*ref, self._places.get(name)], sort_keys=True, default=str).encode()


def open_fallback(
    entries: Sequence[Entry],
    settings: FallbackSettings | None,
    providers: Mapping[str, Mapping[str, object]],
    environment: Mapping[str, str],
) -> Fallback | None:
    """Return what keeps values, or None where no entry asks for it.

    Raises ManifestError for a folder or key that others can get at, ProviderMissing without the package.
    """
    own = [entry for entry in entries if entry.policy.fallback and entry.value.refs]
    if not own:
        return None
    if settings is None:
        raise ManifestError(
            *(f"{one.place}: {one.name}: fallback: needs 'fallback: {{folder, key_file}}' in a manifest" for one in own)
        )
    key = key_of_file(settings.key_file) if settings.key_file else key_of_keyring(settings.keyring)
    try:
        from secrets_guard.broker.sealed import SealedFolder
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "cryptography":
            raise
        raise ProviderMissing(
            "fallback: needs the package cryptography, which is not installed: pip install 'secrets-guard[fallback]'"
        ) from None
    places = {
        name: [
            {key: value for key, value in providers.get(name, {}).items() if key != "auth"},
            {key: environment.get(key) for key in _PLACES.get(name, ())},
        ]
        for name in set(SCHEMES.values())
    }
    return Fallback(own, settings, SealedFolder(settings.folder, key), places)


def _packed(fetched: Fetched) -> bytes:
    fields = {name: _encoded(secret) for name, secret in fetched.fields.items()}
    document = {"saved": time.time(), "version": fetched.version, "secret": _encoded(fetched.secret), "fields": fields}
    return json.dumps(document).encode()


def _unpacked(text: bytes) -> tuple[float, Fetched]:
    document = json.loads(text)
    fields = {name: _decoded(value) for name, value in document["fields"].items()}
    version = f"{document['version']} (stale)".strip()
    return float(document["saved"]), Fetched(_decoded(document["secret"]), version, fields, stale=True)


def _encoded(secret: Secret) -> str:
    return base64.b64encode(secret.reveal()).decode()


def _decoded(text: str) -> Secret:
    return Secret(base64.b64decode(text))


def _when(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")

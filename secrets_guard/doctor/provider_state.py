"""The manifest and the environment -> which providers of secrets answer, and as whom; no secret is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from secrets_guard.broker.audit import Audit
from secrets_guard.broker.deadline import Deadline
from secrets_guard.broker.lender import return_all
from secrets_guard.broker.manifest import Manifest, load
from secrets_guard.broker.parallel import each
from secrets_guard.broker.protocol import Answering, Provider
from secrets_guard.broker.providers import open_provider
from secrets_guard.broker.refs import SCHEMES
from secrets_guard.doctor.check import ATTENTION, NOTE, OK, Check
from secrets_guard.errors import BrokerError, ManifestError

_SECONDS = 6.0
_SIGNS = {
    "vault": ("VAULT_ADDR",),
    "aws": ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE"),
    "gcp": ("GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CLOUD_PROJECT"),
}
"""Provider -> the variables that tell that it is meant to be used here."""


def checks(path: str, environ: Mapping[str, str]) -> Iterator[Check]:
    """Yield the state of each provider that the manifest at ``path`` or the variables name."""
    try:
        manifest = load(path, environ)
    except ManifestError as error:
        yield from (Check("manifest", ATTENTION, line, "correct it") for line in str(error).split("\n"))
        return
    names = _names(manifest, environ)
    if not names:
        yield Check("providers", NOTE, "none is named here", "give --manifest FILE, or set VAULT_ADDR or AWS_PROFILE")
        return
    opened: dict[str, Provider | BrokerError] = {}
    for name in names:
        settings = manifest.providers.get(name, {})
        if _used_up(settings):
            yield Check(f"provider {name}", NOTE, "not asked: a login would use up the wrapped secret id")
            continue
        try:
            opened[name] = open_provider(name, settings, environ)
        except ManifestError as error:
            yield Check(f"provider {name}", ATTENTION, str(error), "correct it")
        except BrokerError as error:
            opened[name] = error
    yield from _asked(opened)


def _asked(opened: Mapping[str, Provider | BrokerError]) -> Iterator[Check]:
    deadline = Deadline(_SECONDS)
    able = {name: one for name, one in opened.items() if isinstance(one, Answering)}
    try:
        answers: dict[str, Any] = dict(each(list(able), lambda name: _answer(able[name], deadline), deadline))
    finally:
        return_all(opened, {}, Audit())
    for name, one in opened.items():
        answer = answers.get(name, one)
        if isinstance(answer, BrokerError):
            yield Check(f"provider {name}", ATTENTION, str(answer).split("\n", 1)[0])
        elif name in able:
            yield Check(f"provider {name}", OK, answer)
        else:
            yield Check(f"provider {name}", OK, "reads files of this machine; nothing to log in to")


def _answer(provider: Answering, deadline: Deadline) -> str:
    try:
        return provider.who_am_i(deadline)
    except ManifestError as error:  # of settings that only the client understands
        raise BrokerError(str(error)) from None


def _names(manifest: Manifest, environ: Mapping[str, str]) -> list[str]:
    named = {SCHEMES[ref.scheme] for entry in manifest.everything for ref in entry.value.refs}
    signs = {name for name, variables in _SIGNS.items() if any(environ.get(variable) for variable in variables)}
    return sorted(named | set(manifest.providers) | signs)


def _used_up(settings: Mapping[str, Any]) -> bool:
    auth = settings.get("auth")
    return isinstance(auth, Mapping) and any("wrap" in str(key) for key in auth)

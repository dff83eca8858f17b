"""Google Cloud Secret Manager, by Google's own client and the credentials that it finds."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlsplit

import google.auth
import requests
from google.api_core import exceptions
from google.auth import credentials as google_credentials
from google.auth import exceptions as auth_exceptions
from google.auth.transport import requests as google_requests
from google.cloud import secretmanager_v1
from google.cloud.secretmanager_v1.services.secret_manager_service.transports.rest import (
    SecretManagerServiceRestTransport,
)
from google.protobuf import json_format

from secrets_guard.broker.deadline import Deadline
from secrets_guard.broker.parallel import each
from secrets_guard.broker.protocol import Outcome, SecretRef
from secrets_guard.broker.retry import persist
from secrets_guard.broker.settings import texts
from secrets_guard.broker.stored import Stored, asked_of
from secrets_guard.errors import AccessDenied, BrokerError, ManifestError, ProviderUnavailable, SecretNotFound
from secrets_guard.model.secret import Secret

Answer = TypeVar("Answer")

KEYS = ("project", "endpoint")
_ENDPOINT = "https://secretmanager.googleapis.com"
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
# https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets.versions/access
_FULL = re.compile(r"(projects/[^/]+(?:/locations/[^/]+)?/secrets/[^/]+)(?:/versions/([^/]+))?")


class GcpProvider:
    """Reads secrets of any project that the credentials may read; one request a secret, for there is no batch."""

    def __init__(self, settings: Mapping[str, object], environment: Mapping[str, str]) -> None:
        """Raise ManifestError for settings that can't be used. ``endpoint`` is an emulator's, or one of a region."""
        given = texts(settings, KEYS, "providers.gcp")
        self._project = given.get("project") or environment.get("GOOGLE_CLOUD_PROJECT") or ""
        self._endpoint = urlsplit(given.get("endpoint") or _ENDPOINT)
        if self._endpoint.scheme not in ("https", "http") or not self._endpoint.netloc:
            raise ManifestError("providers.gcp.endpoint: must begin with https:// (or http://, for an emulator)")
        self._made: Any = None
        self.credentials = frozenset(("GOOGLE_APPLICATION_CREDENTIALS",))

    def fetch(self, refs: Sequence[SecretRef], deadline: Deadline) -> Mapping[SecretRef, Outcome]:
        """Return an outcome for each reference; see ``Provider``. Raises AccessDenied without credentials."""
        with deadline.phase("gcp: credentials"):
            client = self._made = self._made or self._client()
        spots = {ref: self._name(ref) for ref in refs}
        names = list(dict.fromkeys(name for name in spots.values() if isinstance(name, str)))
        found = each(names, lambda name: _read(client, name, deadline), deadline)
        return {ref: asked_of(ref, found[spot] if isinstance(spot, str) else spot) for ref, spot in spots.items()}

    def who_am_i(self, deadline: Deadline) -> str:
        """Return as whom the credentials work, once the service has answered; see ``Answering``."""
        address = self._endpoint.geturl()
        who = "an emulator, which knows no login"
        if self._endpoint.scheme == "https":
            request = google_requests.Request()
            found = _translated(_found_credentials)
            _translated(lambda: found.refresh(partial(request, timeout=deadline.wait())))
            who = getattr(found, "service_account_email", "") or "a user's credentials"
        _translated(lambda: requests.get(address, timeout=deadline.wait(), allow_redirects=False))
        return f"{address}: {who}"

    def _client(self) -> Any:
        logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)
        # Nobody's token goes over plain HTTP: what is there is an emulator.
        plain = self._endpoint.scheme == "http"
        found = google_credentials.AnonymousCredentials() if plain else _translated(_found_credentials)
        # REST, for gRPC starts threads of its own, which a process that is about to be replaced has no use for.
        transport = SecretManagerServiceRestTransport(
            host=self._endpoint.netloc, url_scheme=self._endpoint.scheme, credentials=found
        )
        return secretmanager_v1.SecretManagerServiceClient(transport=transport)

    def _name(self, ref: SecretRef) -> str | BrokerError:
        """Return the full name of a version, or why there can be none."""
        full = _FULL.fullmatch(ref.path)
        if full:
            return f"{full.group(1)}/versions/{ref.version or full.group(2) or 'latest'}"
        project, slash, name = ref.path.rpartition("/")
        project = project if slash else self._project
        if not project or not name or "/" in project:
            return SecretNotFound(f"{ref.path!r} is no PROJECT/NAME (or NAME, with 'project' under providers.gcp)")
        return f"projects/{project}/secrets/{name}/versions/{ref.version or 'latest'}"


def _found_credentials() -> Any:
    found, _project = google.auth.default(scopes=[_SCOPE])
    return found


def _read(client: Any, name: str, deadline: Deadline) -> Stored:
    """Return one version. Raises BrokerError."""

    def ask() -> Any:
        # Trying again is our own, under the one deadline.
        return client.access_secret_version(request={"name": name}, retry=None, timeout=deadline.wait())

    answer = persist(lambda: _translated(ask), deadline, f"gcp: read {name}")
    if not answer.name:
        raise ProviderUnavailable("Google: the answer is not whole", lost=True)
    return Stored(Secret(answer.payload.data), answer.name.rpartition("/")[2])


def _translated(call: Callable[[], Answer]) -> Answer:
    """Return what ``call`` returns. Raises BrokerError for all that Google's client may raise."""
    try:
        return call()
    except exceptions.GoogleAPICallError as error:
        raise _of_answer(error) from None
    except (auth_exceptions.TransportError, exceptions.RetryError, requests.exceptions.RequestException) as error:
        if "certificate verify failed" in str(error).casefold():
            raise AccessDenied("Google: its certificate can't be verified; set REQUESTS_CA_BUNDLE") from None
        raise ProviderUnavailable(f"Google: {type(error).__name__}", lost=True) from None
    except auth_exceptions.GoogleAuthError as error:
        raise AccessDenied(f"no Google credentials that work: {_short(error)}") from None
    except (json_format.ParseError, ValueError, AttributeError, TypeError, LookupError):
        # Google's client takes it that what answers is Google, and stumbles over JSON of another form.
        raise ProviderUnavailable("Google: the answer is none of Google's", lost=True) from None


def _of_answer(error: exceptions.GoogleAPICallError) -> BrokerError:
    said, code = _short(error), int(error.code or 0)
    if code == 404:
        return SecretNotFound(f"there is no such secret or version ({said})")
    if code == 400 and re.search(r"\b(DISABLED|DESTROYED)\b", said):
        return SecretNotFound(f"the version can't be read: {said}")
    if code in (408, 429) or code >= 500:
        return ProviderUnavailable(f"Google: {said}", lost=True)
    return AccessDenied(f"Google refused: {said}")


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200]

"""One request to Vault -> its answer, or one of our errors; no exception of hvac or requests gets further."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

import hvac
import hvac.adapters
import requests

from secrets_guard.broker.deadline import Deadline
from secrets_guard.broker.providers import vault_tls
from secrets_guard.broker.providers.vault_answer import Answer
from secrets_guard.broker.providers.vault_redirect import MOST_REDIRECTS, REDIRECTS, check_redirect
from secrets_guard.broker.settings import texts
from secrets_guard.errors import AccessDenied, ManifestError, ProviderUnavailable

KEYS = ("address", "namespace", *vault_tls.KEYS)
_DEFAULT_ADDRESS = "https://127.0.0.1:8200"
# https://developer.hashicorp.com/vault/api-docs#http-status-codes
# 412: a standby that lags; 429: a quota; 472, 473: standbys.
_UNAVAILABLE = frozenset((412, 429, 472, 473, 500, 501, 502, 503, 504))
# With these the server, or one before it, may have done what was asked.
_MAYBE_DONE = frozenset((500, 502, 504))
_LONGEST_SAID = 200


class VaultClient:
    """A connection to one server."""

    def __init__(self, settings: Mapping[str, object], environment: Mapping[str, str]) -> None:
        """Take what the settings leave out from ``VAULT_*`` or ``BAO_*``. Raises ManifestError."""
        given = texts(settings, KEYS, "providers.vault")

        def setting(key: str, variable: str) -> str:
            return given.get(key) or environment.get(f"VAULT_{variable}") or environment.get(f"BAO_{variable}") or ""

        self.address = setting("address", "ADDR") or _DEFAULT_ADDRESS
        if not self.address.startswith(("https://", "http://")):
            raise ManifestError("providers.vault.address: must begin with https:// (or http://)")
        if "@" in urlsplit(self.address).netloc:
            raise ManifestError("providers.vault.address: must hold no user name or password")
        self._namespace = setting("namespace", "NAMESPACE")
        logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)
        session = vault_tls.open_session(given, setting, secure=self.address.startswith("https://"))
        self.certified = session.cert is not None
        self._client = hvac.Client(
            url=self.address, session=session, adapter=hvac.adapters.RawAdapter,
            namespace=self._namespace or None, token="", allow_redirects=False,
        )  # fmt: skip
        self._hidden: list[str] = []

    def use(self, token: str) -> None:
        """Make all further requests with a token."""
        self._client.token = token
        self.hide(token)

    def hide(self, credential: str) -> None:
        """Keep a credential out of everything that the server says back."""
        self._hidden.append(credential)

    def ask(
        self,
        method: str,
        path: str,
        deadline: Deadline,
        *,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
        namespace: str = "",
    ) -> Answer:
        """Return the answer to one request: status 200, 400, 404 or 405. ``namespace`` is one below the settings' own.

        Raises AccessDenied (401, 403, a certificate that is not trusted) or ProviderUnavailable.
        """
        adapter: Any = self._client.adapter
        if namespace:
            adapter = _in_namespace(adapter, "/".join(filter(None, (self._namespace.strip("/"), namespace.strip("/")))))
        try:
            response = adapter.request(
                method, f"/v1/{quote(path)}", raise_exception=False, timeout=deadline.wait(),
                params=dict(params or {}), **({"json": dict(body)} if body is not None else {}),
            )  # fmt: skip
            response = _followed(adapter.session, response, deadline)
        except (UnicodeError, requests.exceptions.InvalidHeader):
            raise AccessDenied("the token, namespace or path holds characters that no request can") from None
        except requests.exceptions.SSLError as error:
            raise AccessDenied(
                f"{self.address}: its certificate can't be verified ({_reason(error)}); set ca_cert or tls_server_name"
            ) from None
        except requests.exceptions.ConnectionError as error:
            unconnected = isinstance(error, requests.exceptions.ConnectTimeout) or "NewConnectionError" in repr(error)
            raise ProviderUnavailable(f"{self.address}: {_reason(error)}", lost=not unconnected) from None
        except requests.exceptions.Timeout:
            raise ProviderUnavailable(f"{self.address}: no answer in time", lost=True) from None
        except requests.exceptions.RequestException as error:
            raise ProviderUnavailable(f"{self.address}: {type(error).__name__}", lost=True) from None
        return self._judged(response, path)

    def _judged(self, response: requests.Response, path: str) -> Answer:
        status = response.status_code
        try:
            document = response.json() if response.content else {}
        except (requests.exceptions.RequestException, ValueError, RecursionError):
            document = None
        said = self._said(document)
        if status in (401, 403):
            raise AccessDenied(f"{self.address}: {path}: {said or 'permission denied'} ({status})")
        if status in _UNAVAILABLE:
            raise ProviderUnavailable(f"{self.address}: {said or 'unavailable'} ({status})", lost=status in _MAYBE_DONE)
        if not isinstance(document, dict):
            raise ProviderUnavailable(f"{self.address}: {path}: the answer ({status}) is no JSON", lost=True)
        if status not in (200, 204, 400, 404, 405):
            raise ProviderUnavailable(f"{self.address}: {path}: unexpected answer ({status})", lost=True)
        return Answer(200 if status == 204 else status, document, said)

    def _said(self, document: object) -> str:
        """Return the server's own words about a failure, on one line and without our credentials."""
        if not isinstance(document, dict):
            return ""
        words = document.get("errors") or document.get("warnings") or []
        text = "; ".join(str(word) for word in words) if isinstance(words, list) else ""
        for credential in self._hidden:
            text = text.replace(credential, "****") if credential else text
        return json.dumps(" ".join(text.split())[:_LONGEST_SAID], ensure_ascii=False)[1:-1]


def _in_namespace(adapter: Any, namespace: str) -> Any:
    """Return an adapter of the same session, bound to another namespace."""
    return type(adapter)(
        base_uri=adapter.base_uri, token=adapter.token, session=adapter.session, namespace=namespace,
        allow_redirects=False,
    )  # fmt: skip


def _followed(session: requests.Session, response: requests.Response, deadline: Deadline) -> requests.Response:
    """Return what an answer leads to, if it leads anywhere: requests would take the token to any server."""
    for _ in range(MOST_REDIRECTS):
        if response.status_code not in REDIRECTS or response.next is None:
            return response
        check_redirect(response.status_code, str(response.request.url), str(response.next.url))
        response = session.send(response.next, timeout=deadline.wait(), allow_redirects=False)
    return response


def _reason(error: BaseException) -> str:
    """Return the innermost cause in words: `Connection refused`."""
    text = str(error)
    for known in (
        "Connection refused", "Name or service not known", "Temporary failure in name resolution", "No route to host",
        "Network is unreachable", "timed out", "Connection reset by peer", "Remote end closed connection",
        "self-signed certificate", "unable to get local issuer certificate", "certificate has expired",
        "doesn't match", "hostname mismatch", "IP address mismatch",
    ):  # fmt: skip
        if known.casefold() in text.casefold():
            return known.lower()
    return type(error).__name__

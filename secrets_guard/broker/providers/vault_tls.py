"""TLS settings of Vault's -> a session of requests that trusts, and shows, what they say."""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Mapping
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from secrets_guard.broker.parallel import AT_ONCE
from secrets_guard.errors import ManifestError

Setting = Callable[[str, str], str]
"""(key of the manifest, variable without its VAULT_ or BAO_) -> what was set, or an empty string."""

KEYS = ("ca_cert", "ca_path", "client_cert", "client_key", "tls_server_name")


def open_session(given: Mapping[str, str], setting: Setting) -> requests.Session:
    """Return a session; ``given`` are the manifest's own settings. Raises ManifestError for files of no use."""
    context = _trusting(given, setting)
    pair = (setting("client_cert", "CLIENT_CERT"), setting("client_key", "CLIENT_KEY"))
    if bool(pair[0]) != bool(pair[1]):
        raise ManifestError("providers.vault: client_cert and client_key go together")
    if pair[0]:
        _check_pair(*pair)
    session = requests.Session()
    session.cert = pair if pair[0] else None
    session.mount("https://", _Adapter(context, setting("tls_server_name", "TLS_SERVER_NAME")))
    session.mount("http://", HTTPAdapter(pool_maxsize=AT_ONCE))
    return session


class _Adapter(HTTPAdapter):  # type: ignore[misc] # requests brings no types
    """Speaks TLS by our own context, and expects the certificate of a name that is not the address."""

    def __init__(self, context: ssl.SSLContext | None, server_name: str) -> None:
        self._context = context
        self._tls: dict[str, object] = {"ssl_context": context} if context else {}
        self._tls |= {"server_hostname": server_name} if server_name else {}
        super().__init__(pool_maxsize=AT_ONCE)

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """See ``HTTPAdapter``."""
        super().init_poolmanager(*arguments, **options, **self._tls)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """See ``HTTPAdapter``."""
        return super().proxy_manager_for(proxy, **options, **self._tls)

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """See ``HTTPAdapter``; it would add the public authorities to those of our context."""
        super().cert_verify(conn, url, verify, cert)
        if self._context is not None:
            conn.ca_certs = conn.ca_cert_dir = None


def _trusting(given: Mapping[str, str], setting: Setting) -> ssl.SSLContext | None:
    """Return a context that trusts a file or a folder of certificates and nothing else; None where none is set.

    A file counts more than a folder, as for the vault command; the manifest's more than the environment's.
    """
    own = given.get("ca_cert") or given.get("ca_path")
    path = own or setting("ca_cert", "CACERT") or setting("ca_path", "CAPATH")
    if not path:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for name in _files(path):
        try:
            context.load_verify_locations(name)
        except OSError as error:
            why = "holds no certificate" if isinstance(error, ssl.SSLError) else "can't be read"
            raise ManifestError(f"providers.vault: {name}: {why}") from None
    return context


def _files(path: str) -> list[str]:
    if not os.path.isdir(path):
        return [path]
    # Kubernetes keeps what it mounts in hidden folders, with links to it beside them.
    names = [os.path.join(path, name) for name in sorted(os.listdir(path)) if not name.startswith(".")]
    files = [name for name in names if os.path.isfile(name)]
    if not files:
        raise ManifestError(f"providers.vault: {path}: there is no certificate in it")
    return files


def _check_pair(certificate: str, key: str) -> None:
    for path in (certificate, key):
        if not os.access(path, os.R_OK):
            raise ManifestError(f"providers.vault: {path}: can't be read")
    try:
        # With an empty password a locked key is an error, and no question at the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(certificate, key, password="")
    except (OSError, ValueError):
        raise ManifestError(
            f"providers.vault: {certificate} and {key}: no certificate and its key in PEM, or the key has a password"
        ) from None

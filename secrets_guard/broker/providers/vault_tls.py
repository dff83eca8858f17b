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


def open_session(given: Mapping[str, str], setting: Setting, *, secure: bool) -> requests.Session:
    """Return a session; ``given`` are the manifest's own settings, ``secure``: it will need TLS.

    Raises ManifestError for files of no use.
    """
    path = _authorities(given, setting)
    context = _trusting(path) if path else _trusting_the_system() if secure else None
    pair = (setting("client_cert", "CLIENT_CERT"), setting("client_key", "CLIENT_KEY"))
    if bool(pair[0]) != bool(pair[1]):
        raise ManifestError("providers.vault: client_cert and client_key go together")
    if pair[0]:
        _check_pair(*pair)
    session = requests.Session()
    session.cert = pair if pair[0] else None
    session.mount("https://", _Adapter(context, bool(path), setting("tls_server_name", "TLS_SERVER_NAME")))
    session.mount("http://", HTTPAdapter(pool_maxsize=AT_ONCE))
    return session


class _Adapter(HTTPAdapter):  # type: ignore[misc] # requests brings no types
    """Speaks TLS by our own context, and expects the certificate of a name that is not the address."""

    def __init__(self, context: ssl.SSLContext | None, exclusive: bool, server_name: str) -> None:
        self._exclusive = exclusive
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
        """See ``HTTPAdapter``; it would add other authorities to those that were asked for, or read them once more."""
        super().cert_verify(conn, url, verify, cert)
        if self._exclusive or verify is True:
            conn.ca_certs = conn.ca_cert_dir = None


def _authorities(given: Mapping[str, str], setting: Setting) -> str:
    """Return the file or folder of what is trusted, or an empty string.

    A file counts more than a folder, as for the vault command; the manifest's more than the environment's.
    """
    own = given.get("ca_cert") or given.get("ca_path")
    return own or setting("ca_cert", "CACERT") or setting("ca_path", "CAPATH")


def _trusting(path: str) -> ssl.SSLContext:
    """Return a context that trusts what is in a file or folder, and nothing else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for name in _files(path):
        try:
            context.load_verify_locations(name)
        except OSError as error:
            why = "holds no certificate" if isinstance(error, ssl.SSLError) else "can't be read"
            raise ManifestError(f"providers.vault: {name}: {why}") from None
    return context


def _trusting_the_system() -> ssl.SSLContext:
    """Return a context that trusts what the system does, as the vault command; where it says nothing, as requests."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_default_certs()
    if not context.get_ca_certs():
        context.load_verify_locations(requests.certs.where())
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

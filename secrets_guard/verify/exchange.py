"""One HTTP request -> one answer, bounded in time and size; redirects are not followed, addresses are those checked.

The standard library's client and no other: it logs nothing (a URL may hold a token), and lets us connect to the very
address that was checked, so that a name which changes its mind in between (DNS rebinding) leads nowhere else.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
import time
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from secrets_guard.verify.outcome import Unanswered
from secrets_guard.version import __version__

_MOST_BYTES = 256 << 10
_PORTS = {"http": 80, "https": 443}


class Request(NamedTuple):
    """What is sent. ``addresses`` are the checked ones to connect to; none: whatever the host's name leads to."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None
    addresses: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Show neither headers nor path: both may hold the credential."""
        return f"Request({self.method} to {urlsplit(self.url).hostname})"


class Reply(NamedTuple):
    """What came back; ``headers`` have lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def document(self) -> Any:
        """Return the body as JSON; None where it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


class _Pinned(http.client.HTTPConnection):
    """Connects to ``to``, through a tunnel where there is one, and speaks TLS in the name of ``host``."""

    def __init__(self, host: str, to: tuple[str, int], timeout: float, context: ssl.SSLContext | None) -> None:
        super().__init__(host, timeout=timeout)
        self._to, self._name, self._context = to, host, context

    def connect(self) -> None:
        self.sock = socket.create_connection(self._to, self.timeout)
        if self._tunnel_host:  # type: ignore[attr-defined]
            self._tunnel()  # type: ignore[attr-defined]
        if self._context is not None:
            # The handshake comes last, so that it too can be cut off by whoever has ``sock``.
            secure = self._context.wrap_socket(self.sock, server_hostname=self._name, do_handshake_on_connect=False)
            self.sock = secure
            secure.do_handshake()


def send(request: Request, timeout: float) -> Reply:
    """Return the answer. Raises Unanswered (after ``timeout`` at last) with a reason that holds no part of it."""
    parts = urlsplit(request.url)
    for value in (parts.path, parts.query, *request.headers.values()):
        if not value.isascii() or not value.isprintable():
            raise Unanswered("it holds characters that can't be sent")
    started = time.monotonic()
    for address in request.addresses or ("",):
        try:
            return _exchange(request, parts, address, max(0.1, timeout - (time.monotonic() - started)))
        except ssl.SSLCertVerificationError:
            raise Unanswered("the certificate of its host is not to be trusted") from None
        except (OSError, http.client.HTTPException, ValueError, AttributeError):
            if time.monotonic() - started >= timeout * 0.95:
                raise Unanswered(f"no answer within {timeout:g} s") from None
    raise Unanswered("its host can't be reached, or does not speak HTTP")


def _exchange(request: Request, parts: SplitResult, address: str, timeout: float) -> Reply:
    connection, target = _connection(parts, address, timeout)
    # A socket's timeout is about one read; an answer that drips is cut off by this, and half an answer is none.
    over = threading.Event()
    alarm = threading.Timer(timeout, _cut, (connection, over))
    alarm.daemon = True
    alarm.start()
    try:
        headers = {"Host": parts.netloc.rpartition("@")[2], "User-Agent": f"secrets-guard/{__version__}"}
        headers |= {"Accept-Encoding": "identity", "Connection": "close", **request.headers}
        connection.request(request.method, target, request.body, headers)
        answer = connection.getresponse()
        told = {name.lower(): value for name, value in answer.getheaders()}
        body = answer.read(_MOST_BYTES)
        if over.is_set() or (answer.length and len(body) < _MOST_BYTES):
            raise TimeoutError
        return Reply(answer.status, told, body)
    finally:
        alarm.cancel()
        connection.close()


def _connection(parts: SplitResult, address: str, timeout: float) -> tuple[_Pinned, str]:
    """Return a connection and what to ask of it: directly, or by the proxy that the environment names."""
    host, secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or _PORTS[parts.scheme]
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    context = ssl.create_default_context() if secure else None
    proxy = None if proxy_bypass(host) else getproxies().get(parts.scheme)
    if not proxy:
        return _Pinned(host, (address or host, port), timeout, context), target
    middle = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    if middle.scheme != "http" or not middle.hostname:
        raise Unanswered("the proxy that the environment names is none that can be used (http://HOST:PORT)")
    login = f"{unquote(middle.username or '')}:{unquote(middle.password or '')}"
    headers = {"Proxy-Authorization": f"Basic {b64encode(login.encode()).decode()}"} if middle.username else {}
    connection = _Pinned(host, (middle.hostname, middle.port or 80), timeout, context)
    if not secure and headers:
        raise Unanswered("a proxy with a login is used for https only")
    if secure:
        connection.set_tunnel(address or host, port, headers)
        return connection, target
    return connection, f"http://{address or host}:{port}{target}"


def _cut(connection: http.client.HTTPConnection, over: threading.Event) -> None:
    over.set()
    if connection.sock is not None:
        try:
            connection.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return

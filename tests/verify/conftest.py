"""Local issuers: servers on loopback that answer as a test says and keep what they were asked."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

import pytest

from secrets_guard import api
from secrets_guard.config import Settings
from secrets_guard.model.result import ScanResult
from secrets_guard.sources.memory import MemorySource
from secrets_guard.verify.checker import Checker
from secrets_guard.verify.pace import Limits

Told = tuple[int, Mapping[str, str], bytes]
QUICK = Limits(timeout=5.0, deadline=20.0, interval=0.0)


class Asked(NamedTuple):
    """One request that a server got, and when."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    at: float


class Server(ThreadingHTTPServer):
    """Says nothing of clients that hang up."""

    def handle_error(self, request: object, client_address: object) -> None:
        pass


class Issuer:
    """A server whose ``answer`` a test may set; ``asked`` are the requests so far."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.answer: Callable[[Asked], Told] = lambda _asked: (200, {}, b"{}")
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked = Asked(self.command, self.path, headers, self.rfile.read(length), time.monotonic())
                issuer.asked.append(asked)
                status, told, body = issuer.answer(asked)
                self.send_response(status)
                for name, value in told.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_GET = do_POST = do_HEAD = do_CONNECT = handle_any  # noqa: N815 - the names that http.server calls

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def close(self) -> None:
        """Stop."""
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    """Return a server."""
    made = Issuer()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take proxies of the machine's own out of the way."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


Verify = Callable[..., ScanResult]


@pytest.fixture
def verified() -> Verify:
    """Return a function: (text, rules, endpoints, …) -> the result of a sweep whose findings were asked about."""

    def verify(
        text: str | Mapping[str, bytes],
        *rules: str,
        endpoints: Mapping[str, str] | None = None,
        limits: Limits = QUICK,
        **settings: object,
    ) -> ScanResult:
        made = Settings(
            only_rule=rules,
            verify=True,
            verify_endpoint=tuple(f"{name}={url}" for name, url in (endpoints or {}).items()),
            min_confidence="low",
            **settings,  # type: ignore[arg-type]
        )
        contents = {"settings.env": text.encode()} if isinstance(text, str) else text
        checker = Checker(made, limits)
        return checker.check(api.scan(MemorySource(contents), settings=made, keep=checker.kept.keep))

    return verify


@contextlib.contextmanager
def dripping(pieces: bytes, *, last: bool = False) -> Iterator[int]:
    """Serve an answer that goes on and on, a byte a moment, or ends with ``pieces``; yields the port."""
    stop = threading.Event()
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            connection, _ = server.accept()
            with connection:
                connection.sendall(pieces)
                while not last and not stop.wait(0.05):
                    connection.sendall(b"a")

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        stop.set()
        # Who still waits for somebody to come is not woken by closing.
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join()

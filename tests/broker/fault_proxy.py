"""A real HTTP proxy in front of a real server that goes wrong as it is told: statuses, drops, delays, torn bodies."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

AWS_ERRORS = {
    "throttle": ("ThrottlingException", "Rate exceeded"),
    "denied": ("AccessDeniedException", "User is not authorized to perform this"),
    "kms": ("AccessDeniedException", "Access to KMS is not allowed"),
    "decryption": ("DecryptionFailure", "Secrets Manager can't decrypt the protected secret text"),
    "expired": ("ExpiredTokenException", "The security token included in the request is expired"),
    "deleted": ("InvalidRequestException", "You can't perform this operation: the secret was marked for deletion."),
}


class FaultProxy:
    """``faults`` maps a part of a path to what happens to the next requests for it, one each; then all goes through.

    A fault is a status (``503``), ``drop``, ``torn``, ``not json``, ``echo`` (of the token), an error of AWS,
    or ``lost``: carried out, but the answer is dropped. ``wrong_writes`` is the same for what
    is sent (POST). ``own`` maps a part of a path or body to what answers in the
    server's place: the body that was sent -> a status and a document, or bytes.
    """

    def __init__(self, target: str, delay: float = 0.0) -> None:
        self.faults: dict[str, list[int | str]] = {}
        self.wrong_writes: list[int | str] = []
        self.asked: list[str] = []
        self.signed: list[str] = []
        self.own: dict[str, Callable[[bytes], tuple[int, object]]] = {}
        self.delay = delay
        self.forever: int | str | None = None
        self.namespace = ""
        self.most_at_once = self._now = 0
        self._target = urlsplit(target)
        self._lock = threading.Lock()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # One packet an answer: the second of two waits 40 ms for the first one to be acknowledged.
            wbufsize = 1 << 16
            disable_nagle_algorithm = True

            def log_message(self, format: str, *args: object) -> None:
                pass

            def handle_any(self) -> None:
                proxy.serve(self)

            do_GET = do_POST = do_PUT = do_HEAD = handle_any  # noqa: N815 - the library's names

        class Server(ThreadingHTTPServer):
            # The library's 5 make the kernel drop connections that come at once; they are tried again a second later.
            request_queue_size = 128

        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def fault(self, path: str) -> int | str | None:
        with self._lock:
            self.asked.append(path)
            if self.forever is not None:
                return self.forever
            for part, faults in self.faults.items():
                if part in path and faults:
                    return faults.pop(0)
        return None

    def serve(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        target = request.headers.get("X-Amz-Target", "")
        self.signed.append(request.headers.get("Authorization", ""))
        fault = self.fault(f"{request.path} {target}")
        if request.command == "POST" and self.wrong_writes:
            fault = self.wrong_writes.pop(0)
        with self._lock:
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        time.sleep(self.delay)
        with self._lock:
            self._now -= 1
        if fault == "drop":
            return self._drop(request)
        if isinstance(fault, int):
            return self._answer(request, fault, b'{"errors":["made by the proxy"]}')
        if fault == "echo":
            token = request.headers.get("X-Vault-Token", "")
            return self._answer(request, 403, json.dumps({"errors": [f"no {token}"]}).encode())
        if fault in AWS_ERRORS:
            kind, message = AWS_ERRORS[fault]
            return self._answer(request, 400, json.dumps({"__type": kind, "message": message}).encode())
        if fault == "not json":
            return self._answer(request, 200, b"<html>a portal</html>")
        for part, answer in self.own.items():
            if part in request.path or part.encode() in body:
                status, document = answer(body)
                content = document if isinstance(document, bytes) else json.dumps(document).encode()
                return self._answer(request, status, content)
        status, content = self._forward(request, body)
        if fault == "lost":
            return self._drop(request)
        return self._answer(request, status, content[: len(content) // 2] if fault == "torn" else content)

    def _forward(self, request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self._target.hostname or "", self._target.port, timeout=20)
        headers = {name: value for name, value in request.headers.items() if name.lower() not in ("connection",)}
        connection.request(request.command, request.path, body, headers)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        return response.status, content

    @staticmethod
    def _drop(request: BaseHTTPRequestHandler) -> None:
        request.close_connection = True

    @staticmethod
    def _answer(request: BaseHTTPRequestHandler, status: int, content: bytes) -> None:
        request.send_response(status)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)

"""A small server that speaks the documented REST API of Google's Secret Manager, and gives tokens as Google does."""

from __future__ import annotations

import base64
import json
import re
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote

from .authority import Pair

# https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets.versions/access
_ACCESS = re.compile(r"/v1/(projects/[^/]+(?:/locations/[^/]+)?/secrets/[^/]+)/versions/([^/:]+):access(?:\?.*)?")
_STATUS = {400: "FAILED_PRECONDITION", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND"}
TOKEN = "a-token-of-the-tests"


class SecretManager:
    """``versions`` maps a secret's full name to its values, or to a status and message instead of one, from 1 on."""

    def __init__(self, pair: Pair | None = None) -> None:
        self.versions: dict[str, list[bytes | tuple[int, str]]] = {}
        self.faults: list[int | str] = []
        self.asked: list[str] = []
        self.required = ""
        manager = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                manager.asked.append(self.path)
                manager.answer(self, *manager.access(self))

            def do_POST(self) -> None:
                sent = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                sound = sent.get("grant_type") == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
                given = {"access_token": TOKEN, "expires_in": 3600, "token_type": "Bearer"}
                manager.answer(self, 200 if sound else 400, given if sound else {"error": "invalid_grant"})

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if pair:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*pair)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        self.url = f"http{'s' if pair else ''}://localhost:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def put(self, name: str, *values: bytes | tuple[int, str]) -> None:
        self.versions[name] = list(values)

    def access(self, request: BaseHTTPRequestHandler) -> tuple[int, object]:
        if self.faults:
            fault = self.faults.pop(0)
            return (fault, _error(fault, "made by the test")) if isinstance(fault, int) else (200, fault)
        if self.required and request.headers.get("Authorization") != f"Bearer {self.required}":
            return 401, _error(401, "Request had invalid authentication credentials.")
        found = _ACCESS.fullmatch(unquote(request.path))
        if not found or found.group(1) not in self.versions:
            return 404, _error(404, f"Secret [{found.group(1) if found else '?'}] not found or has no versions.")
        values, wanted = self.versions[found.group(1)], found.group(2)
        number = len(values) if wanted == "latest" else int(wanted)
        if not 0 < number <= len(values):
            return 404, _error(404, f"Secret Version [{found.group(1)}/versions/{wanted}] not found.")
        value = values[number - 1]
        if isinstance(value, tuple):
            return value[0], _error(*value)
        payload = {"data": base64.b64encode(value).decode()}
        return 200, {"name": f"{found.group(1)}/versions/{number}", "payload": payload}

    @staticmethod
    def answer(request: BaseHTTPRequestHandler, status: int, document: object) -> None:
        if document == "drop":
            return
        content = b"<html>a portal</html>" if document == "not json" else json.dumps(document).encode()
        content = content[: len(content) // 2] if document == "torn" else content
        request.send_response(status)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)


def _error(code: int, message: str) -> object:
    return {"error": {"code": code, "message": message, "status": _STATUS.get(code, "INTERNAL")}}

"""The Docker daemon isn't here: a small real HTTP server on a unix socket speaks the documented endpoints that we use.

The real ``docker`` package talks to it: GET /version, /images/NAME/json and /images/NAME/get (Docker Engine API 1.40+).
"""

from __future__ import annotations

import gc
import json
import socketserver
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from secrets_guard.errors import SourceError

NAME = "team/app:1"
# The docker package forgets sockets of its pool that the other side closed; they go when they are collected.
pytestmark = pytest.mark.filterwarnings("ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning")


class Daemon(socketserver.ThreadingUnixStreamServer):
    """Serves one image."""

    daemon_threads = True
    archive = b""
    layers: tuple[str, ...] = ()
    most = -1


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Daemon

    def address_string(self) -> str:
        return "socket"

    def log_message(self, *_: object) -> None:
        return

    def do_GET(self) -> None:
        path = unquote(self.path.partition("?")[0])
        if path.endswith("/version"):
            self.give(200, {"ApiVersion": "1.45", "MinAPIVersion": "1.24", "Version": "26.0"})
        elif path.endswith(f"/images/{NAME}/json"):
            self.give(
                200,
                {
                    "Id": "sha256:" + "0" * 64,
                    "RepoTags": [NAME],
                    "RootFS": {"Type": "layers", "Layers": self.server.layers},
                },
            )
        elif path.endswith(f"/images/{NAME}/get"):
            self.stream()
        else:
            self.give(404, {"message": f"No such image: {path}"})

    def give(self, status: int, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def stream(self) -> None:
        """Send the archive in chunks, as the daemon does; break off after ``most`` bytes."""
        self.send_response(200)
        self.send_header("Content-Type", "application/x-tar")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        content = self.server.archive[: self.server.most] if self.server.most >= 0 else self.server.archive
        for at in range(0, len(content), 50_000):
            part = content[at : at + 50_000]
            self.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
        if self.server.most < 0:
            self.wfile.write(b"0\r\n\r\n")
        self.close_connection = True


@pytest.fixture
def daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemon]:
    pytest.importorskip("docker")
    server = Daemon(str(tmp_path / "socket"), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/socket")
    monkeypatch.delenv("DOCKER_TLS_VERIFY", raising=False)
    yield server
    server.shutdown()
    server.server_close()
    gc.collect()


def test_the_daemons_image_gives_the_same_findings_as_its_archive(
    kit: Any, daemon: Daemon, sample: Any, tmp_path: Path
) -> None:
    kit.skopeo(f"oci:{sample.name}", f"docker-archive:{tmp_path}/image.tar:{NAME}")
    daemon.archive = (tmp_path / "image.tar").read_bytes()
    result = kit.sweep(f"docker-daemon:{NAME}")
    assert result.problems == ()
    assert kit.places(result) == kit.places(kit.sweep(f"{tmp_path}/image.tar"))


def test_a_stream_that_breaks_off_is_a_problem_and_what_came_is_swept(kit: Any, daemon: Daemon) -> None:
    layer = kit.tar({"token": kit.token("first").encode(), "more": b"x" * 200_000})
    daemon.archive = kit.tar({"a/layer.tar": layer, "b/layer.tar": layer})
    daemon.most = 150_000
    result = kit.sweep(f"docker-daemon:{NAME}")
    assert "unreadable" in {problem.kind for problem in result.problems}
    assert [finding.location.path for finding in result.findings] == [f"docker-daemon:{NAME}: a/layer.tar!/token"]


def test_an_image_that_the_daemon_has_not_is_one_clear_line(kit: Any, daemon: Daemon) -> None:
    with pytest.raises(SourceError, match=r"docker-daemon:other: the daemon has no such image; see docker images"):
        kit.sweep("docker-daemon:other")


def test_a_daemon_that_is_not_there_is_one_clear_line(
    kit: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("docker")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nothing")
    with pytest.raises(SourceError, match=r"the Docker daemon can't be reached: .*; start it") as error:
        kit.sweep("docker-daemon:app")
    assert "\n" not in str(error.value)


def test_the_daemon_can_tell_a_base(kit: Any, daemon: Daemon, sample: Any) -> None:
    own = kit.sweep(f"oci:{sample.name}")
    daemon.layers = tuple({finding.origin.layer_digest for finding in own.findings if finding.origin.kind == "layer"})
    result = kit.sweep(f"oci:{sample.name}", base=[f"docker-daemon:{NAME}"])
    assert {finding.origin.base for finding in result.findings if finding.origin.kind == "layer"} == {True}

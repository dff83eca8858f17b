"""Real images made by umoci, carried by skopeo, served by a real registry; a test skips where a tool is missing."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from secrets_guard import api
from secrets_guard.model.finding import Finding
from secrets_guard.model.origin import ImageConfigOrigin, LayerOrigin
from secrets_guard.model.result import ScanResult
from secrets_guard.rules.template import fill
from secrets_guard.sources.image.source import ImageSource
from tests.tars import tar

LAYER = "application/vnd.oci.image.layer.v1.tar"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
USER, PASSWORD = "jo", "not-a-real-login"


def token(seed: str) -> str:
    """Return a GitHub token that is none, one for each seed."""
    return fill("<github:ghp_>", seed)


def need(*tools: str) -> None:
    """Skip the test where a tool is not installed."""
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)} (apt-get install it)")


def run(*words: str | Path, env: dict[str, str] | None = None) -> str:
    """Run a tool that must succeed, and return what it prints."""
    done = subprocess.run(
        [str(word) for word in words], capture_output=True, text=True, env={**os.environ, **(env or {})}, check=False
    )
    assert done.returncode == 0, f"{words}: {done.stderr}"
    return done.stdout


class Umoci:
    """An image in an OCI layout, built instruction by instruction."""

    def __init__(self, folder: Path, tag: str = "app") -> None:
        need("umoci")
        self.layout, self.tag, self._files = folder / "layout", tag, folder / "files"
        if not self.layout.exists():
            run("umoci", "init", "--layout", self.layout)
        run("umoci", "new", "--image", self.name)

    @property
    def name(self) -> str:
        return f"{self.layout}:{self.tag}"

    def copy(self, path: str, text: str, created_by: str = "") -> None:
        """Add a layer with one file."""
        source = self._files / path
        source.parent.mkdir(parents=True, exist_ok=True)
        source.write_text(text)
        self._insert(str(source), f"/{path}", created_by=created_by or f"COPY {path} /{path}")

    def delete(self, path: str, created_by: str) -> None:
        """Add a layer that takes a path away."""
        self._insert("--whiteout", f"/{path}", created_by=created_by)

    def replace_folder(self, path: str, created_by: str) -> None:
        """Add a layer with an opaque, empty folder."""
        source = self._files / "empty"
        source.mkdir(parents=True, exist_ok=True)
        self._insert("--opaque", str(source), f"/{path}", created_by=created_by)

    def config(self, *words: str) -> None:
        """Set something in the image's config."""
        run("umoci", "config", "--image", self.name, *words)

    def _insert(self, *words: str, created_by: str) -> None:
        run("umoci", "insert", "--rootless", "--image", self.name, "--history.created_by", created_by, *words)


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Umoci:
    """Return an image with secrets that are there, deleted, replaced, hidden by an opaque folder, and in the config."""
    made = Umoci(tmp_path_factory.mktemp("sample"))
    made.copy("etc/base.conf", f"token = {token('base')}\n", "ADD rootfs.tar /")
    made.copy("app/.env", f"# settings\nTOKEN={token('deleted')}\n")
    made.copy("app/settings.py", f'TOKEN = "{token("replaced")}"\n')
    made.copy("data/cache/notes.txt", f"curl -H token:{token('hidden')}\n")
    made.delete("app/.env", "RUN rm /app/.env")
    made.copy("app/settings.py", "TOKEN = None\n", "COPY settings2.py /app/settings.py")
    made.replace_folder("data", "RUN rm -r /data && mkdir /data")
    made.config("--config.env", f"API_TOKEN={token('env')}", "--config.label", f"build={token('label')}")
    made.config("--history.created_by", f"RUN |1 ARG={token('argument')} /bin/sh -c make", "--config.user", "app")
    made.config("--manifest.annotation", f"org.example.note={token('annotation')}")
    return made


class Place(NamedTuple):
    """What of a finding must not depend on how the image was reached."""

    path: str
    line: int
    secret: str
    layer: int
    layer_digest: str
    created_by: str
    removed_by: str
    removed_by_layer: str


def place(finding: Finding) -> Place:
    """Return where a finding is."""
    origin = finding.origin
    where = finding.location
    if isinstance(origin, LayerOrigin):
        own = (origin.layer_index, origin.layer_digest, origin.created_by, origin.removed_by, origin.removed_by_layer)
    else:
        assert isinstance(origin, ImageConfigOrigin)
        own = (-1, "", "", "", "")
    return Place(where.path, where.start_line, finding.secret, *own)


def sweep(*targets: str | Path, **options: Any) -> ScanResult:
    """Sweep images with an environment of their own: no login of this machine is used."""
    options.setdefault("environ", {"HOME": "/nonexistent"})
    return api.scan(ImageSource([str(one) for one in targets], **options))


def places(result: ScanResult) -> list[Place]:
    """Return where the findings are, sorted."""
    return sorted(map(place, result.findings))


@contextmanager
def _serving(folder: Path, settings: dict[str, str]) -> Iterator[str]:
    need("docker-registry")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = folder / "config.yml"
    config.write_text("version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: " + str(folder / "data") + "\n")
    env = {**os.environ, "REGISTRY_HTTP_ADDR": f"127.0.0.1:{port}", "OTEL_TRACES_EXPORTER": "none", **settings}
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(["docker-registry", "serve", str(config)], env=env, stdout=log, stderr=log)
        try:
            for _ in range(200):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                assert server.poll() is None, (folder / "log").read_text()
                time.sleep(0.05)
            yield f"127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait()


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a registry that anybody may use, by http."""
    with _serving(tmp_path_factory.mktemp("registry"), {}) as address:
        yield address


@pytest.fixture(scope="session")
def guarded_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a registry that wants USER and PASSWORD, by http."""
    need("htpasswd")
    folder = tmp_path_factory.mktemp("guarded")
    (folder / "htpasswd").write_text(run("htpasswd", "-Bbn", USER, PASSWORD))
    settings = {"REGISTRY_AUTH_HTPASSWD_REALM": "tests", "REGISTRY_AUTH_HTPASSWD_PATH": str(folder / "htpasswd")}
    with _serving(folder, settings) as address:
        yield address


class Authority(NamedTuple):
    """A certificate authority of the tests, and a certificate of 127.0.0.1 that it signed."""

    ca: Path
    certificate: Path
    key: Path


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Return the authority."""
    need("openssl")
    folder = tmp_path_factory.mktemp("authority")
    made = Authority(folder / "ca.pem", folder / "server.pem", folder / "server.key")
    new = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-batch")
    run(*new, "-keyout", folder / "ca.key", "-out", made.ca, "-subj", "/CN=tests")
    run(
        *new, "-keyout", made.key, "-out", made.certificate, "-subj", "/CN=127.0.0.1", "-CA", made.ca, "-CAkey",
        folder / "ca.key", "-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE",
    )  # fmt: skip
    return made


@pytest.fixture(scope="session")
def tls_registry(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[str]:
    """Return the address of a registry that speaks TLS with a certificate of ``authority``."""
    settings = {
        "REGISTRY_HTTP_TLS_CERTIFICATE": str(authority.certificate),
        "REGISTRY_HTTP_TLS_KEY": str(authority.key),
    }
    with _serving(tmp_path_factory.mktemp("tls"), settings) as address:
        yield address


def skopeo(source: str, target: str, *words: str) -> None:
    """Copy an image as it is."""
    need("skopeo")
    run("skopeo", "--insecure-policy", "copy", "--quiet", *words, source, target)


class Kit:
    """What tests of images do things with."""

    USER, PASSWORD = USER, PASSWORD
    token = staticmethod(token)
    need = staticmethod(need)
    run = staticmethod(run)
    skopeo = staticmethod(skopeo)
    sweep = staticmethod(sweep)
    places = staticmethod(places)
    Umoci = Umoci
    tar = staticmethod(lambda files: tar(files))
    Place = Place


@pytest.fixture(scope="session")
def kit() -> Kit:
    """Return the kit."""
    return Kit()


Push = Callable[..., str]


@pytest.fixture(scope="session")
def push(sample: Umoci, authority: Authority) -> Push:
    """Return a function that pushes the sample to a registry and returns its name there."""

    def pushed(address: str, *words: str, name: str = "team/app:1") -> str:
        skopeo(f"oci:{sample.name}", f"docker://{address}/{name}", "--dest-tls-verify=false", *words)
        return f"{address}/{name}"

    return pushed


class Layout:
    """An OCI layout written by hand, so that anything in it can be wrong."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "blobs" / "sha256").mkdir(parents=True)
        (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')

    def blob(self, content: bytes, media_type: str, **more: Any) -> dict[str, Any]:
        """Store a content and return its descriptor."""
        name = hashlib.sha256(content).hexdigest()
        (self.folder / "blobs" / "sha256" / name).write_bytes(content)
        return {"mediaType": media_type, "digest": f"sha256:{name}", "size": len(content), **more}

    def json(self, value: object, media_type: str, **more: Any) -> dict[str, Any]:
        """Store a JSON document and return its descriptor."""
        return self.blob(json.dumps(value).encode(), media_type, **more)

    def layer(self, content: bytes, media_type: str = LAYER) -> dict[str, Any]:
        """Store a layer and return its descriptor."""
        return self.blob(content, media_type)

    def image(self, layers: list[dict[str, Any]], config: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        """Store config and manifest of an image and return the manifest's descriptor."""
        fields = {"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {"type": "layers"}} | (config or {})
        made = self.json(fields, "application/vnd.oci.image.config.v1+json")
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": made, "layers": layers}
        return self.json(manifest, MANIFEST, **more)

    def index(self, *manifests: dict[str, Any]) -> str:
        """Write the index and return the layout as a target."""
        (self.folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": list(manifests)}))
        return str(self.folder)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """Return an empty layout."""
    return Layout(tmp_path / "by-hand")


@pytest.fixture
def layered(layout: Layout) -> Callable[..., str]:
    """Return a function that makes a target of one image with these layers."""
    return lambda *layers: layout.index(layout.image([layout.layer(one) for one in layers]))


class Proxy:
    """A small real server before a registry: passes on what it gets, except where a test says otherwise.

    ``answer(request) -> bool`` may answer by itself (True) or let the registry (False). Requests are noted.
    """

    def __init__(self, registry: str, answer: Callable[[Any], bool], tls: Authority | None = None) -> None:
        self.requests: list[tuple[str, dict[str, str]]] = []
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                proxy.requests.append((self.path, dict(self.headers)))
                if not answer(self):
                    self.pass_on()

            do_POST = do_GET  # noqa: N815 - the name that the server looks for

            def pass_on(self, most: int = -1, spare: bytes = b"", change: int = -1) -> None:
                """Give the registry's answer: only ``most`` bytes, ``spare`` ones behind, one at ``change`` another."""
                connection = http.client.HTTPConnection(registry)
                kept = {
                    name: value for name, value in self.headers.items() if name.lower() not in ("host", "authorization")
                }
                connection.request("GET", self.path, headers=kept)
                got = connection.getresponse()
                body = got.read()
                connection.close()
                headers = {name: value for name, value in got.getheaders() if name.lower() != "transfer-encoding"}
                if spare:
                    headers["Content-Length"] = str(len(body) + len(spare))
                if change >= 0:
                    body = body[:change] + bytes([body[change] ^ 1]) + body[change + 1 :]
                self.give(got.status, body + spare, headers, most)

            def give(
                self, status: int, body: bytes = b"", headers: dict[str, str] | None = None, most: int = -1
            ) -> None:
                self.send_response(status)
                for name, value in ({"Content-Length": str(len(body))} | (headers or {})).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body if most < 0 else body[:most])
                if most >= 0:
                    self.close_connection = True
                    self.wfile.flush()
                    self.connection.shutdown(socket.SHUT_RDWR)

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls.certificate, tls.key)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.address = f"127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def proxied(registry: str, push: Push) -> Iterator[Callable[..., tuple[Proxy, str]]]:
    """Return a function that puts a proxy before the registry with the sample in it: (proxy, name of the image)."""
    made: list[Proxy] = []
    push(registry)

    def start(answer: Callable[[Any], bool], tls: Authority | None = None) -> tuple[Proxy, str]:
        made.append(Proxy(registry, answer, tls))
        return made[-1], f"{made[-1].address}/team/app:1"

    yield start
    for proxy in made:
        proxy.close()

"""Real servers for the broker: one OpenBao and one moto a test run, on free ports of loopback."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from secrets_guard.broker.manifest import Manifest, read_manifest
from secrets_guard.broker.protocol import Provider
from secrets_guard.broker.resolve import resolve

from . import bao
from .bao import ROOT_TOKEN as ROOT_TOKEN
from .fault_proxy import FaultProxy
from .postgres import Postgres, programs, started
from .secret_manager import SecretManager

ROOT = Path(__file__).parent.parent.parent


class Vault:
    """A client of the tests' own for the server, in the root namespace or one below."""

    def __init__(self, address: str, token: str = ROOT_TOKEN, namespace: str = "") -> None:
        self.address, self.token, self.namespace = address, token, namespace

    def call(self, method: str, path: str, body: object = None) -> Any:
        headers = {"X-Vault-Token": self.token, "X-Vault-Namespace": self.namespace}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.address}/v1/{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=20) as response:
            content = response.read()
        return json.loads(content) if content else {}

    def token_for(self, policy: str, **options: object) -> str:
        """Return a token that may do what ``policy`` says."""
        name = f"p{uuid.uuid4().hex}"
        self.call("PUT", f"sys/policies/acl/{name}", {"policy": policy})
        made = self.call("POST", "auth/token/create", {"policies": [name], "no_default_policy": True, **options})
        return str(made["auth"]["client_token"])


@pytest.fixture(scope="session")
def vault_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start OpenBao in its development mode and return its address."""
    with bao.running(tmp_path_factory.mktemp("bao")) as address:
        yield address


@pytest.fixture
def vault(vault_server: str) -> Vault:
    """Return a client in a namespace of this test's own, with KV 2 at ``secret`` and KV 1 at ``old``."""
    name = f"t{uuid.uuid4().hex[:12]}"
    Vault(vault_server).call("POST", f"sys/namespaces/{name}")
    made = Vault(vault_server, namespace=name)
    made.call("POST", "sys/mounts/secret", {"type": "kv", "options": {"version": "2"}})
    made.call("POST", "sys/mounts/old", {"type": "kv", "options": {"version": "1"}})
    return made


@pytest.fixture(scope="session")
def aws_server() -> Iterator[str]:
    """Start moto as a server and return its address."""
    pytest.importorskip("moto.server", reason="no AWS server: pip install 'moto[server]'")
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def aws(aws_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the address of an AWS with nothing in it; the environment leads there."""
    urllib.request.urlopen(urllib.request.Request(f"{aws_server}/moto-api/reset", method="POST"), timeout=20).close()
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in aws_environment(aws_server).items():
        monkeypatch.setenv(name, value)
    return aws_server


def aws_environment(address: str) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": address,
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@pytest.fixture
def gcp() -> Iterator[SecretManager]:
    """Return a Secret Manager with nothing in it."""
    made = SecretManager()
    yield made
    made.close()


@pytest.fixture
def proxy() -> Iterator[Callable[..., FaultProxy]]:
    """Return a maker of proxies in front of a server."""
    made: list[FaultProxy] = []

    def make(target: str, delay: float = 0.0) -> FaultProxy:
        made.append(FaultProxy(target, delay))
        return made[-1]

    yield make
    for one in made:
        one.close()


Values = Callable[..., dict[str, str]]


@pytest.fixture
def values(tmp_path: Path) -> Values:
    """Return a function: lines of a manifest's ``env`` and settings of providers -> the values by name."""

    def resolved(
        env: Mapping[str, object],
        settings: Mapping[str, object] | None = None,
        environment: Mapping[str, str] | None = None,
        providers: Mapping[str, Provider] | None = None,
        deadline: str = "5s",
    ) -> dict[str, str]:
        manifest = manifest_of(tmp_path, environment or {}, env=env, providers=settings or {}, deadline=deadline)
        found = resolve(manifest, environment or {}, providers)
        return {one.name: one.secret.reveal().decode("utf-8", "surrogateescape") for one in found.injected}

    return resolved


def manifest_of(folder: Path, environment: Mapping[str, str], **keys: object) -> Manifest:
    # JSON is YAML.
    path = folder / "secrets.yaml"
    path.write_text(json.dumps({"version": 1, **keys}, indent=1))
    return read_manifest(str(path), environment)


class Ran(NamedTuple):
    """What a run left behind."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture(scope="session")
def clean_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    return {
        **kept,
        "HOME": str(tmp_path_factory.mktemp("home")),
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


@pytest.fixture
def run(clean_environment: dict[str, str], tmp_path: Path) -> Run:
    """Return a function that runs the command in an empty environment and folder; ``env`` is added."""

    def command(*arguments: str, env: Mapping[str, str] | None = None, **options: Any) -> Ran:
        environment = clean_environment | dict(env or {})
        return _ran([sys.executable, "-m", "secrets_guard", *arguments], environment, tmp_path, **options)

    return command


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Start PostgreSQL."""
    bin = programs()
    if bin is None:
        pytest.skip("no PostgreSQL server: apt-get install postgresql")
    with started(bin) as server:
        yield server


@pytest.fixture
def database(vault: Vault, postgres: Postgres) -> Iterator[Vault]:
    """Return a server with the database engine: ``database/creds/hour`` and other roles that a test adds."""
    vault.call("POST", "sys/mounts/database", {"type": "database"})
    vault.call("POST", "database/config/pg", postgres.settings())
    vault.call("POST", "database/roles/hour", postgres.role("1h", "24h"))
    yield vault
    vault.call("POST", "sys/leases/revoke-prefix/database", {"sync": True})


@pytest.fixture
def run_without(clean_environment: dict[str, str], tmp_path: Path) -> Run:
    """Return a function that runs the command as where a package, the first argument, is not installed."""
    (tmp_path / "absent.py").write_text(_ABSENT)

    def command(package: str, *arguments: str, env: Mapping[str, str] | None = None) -> Ran:
        environment = clean_environment | dict(env or {})
        return _ran([sys.executable, str(tmp_path / "absent.py"), package, *arguments], environment, tmp_path)

    return command


_ABSENT = """
import sys

package = sys.argv.pop(1)

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == package:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
from secrets_guard.cli.app import main
main()
"""


def _ran(command: list[str], env: Mapping[str, str], cwd: Path, stdin: bytes = b"", **options: Any) -> Ran:
    done = subprocess.run(
        command, input=stdin, env=env, cwd=cwd, capture_output=True, timeout=60, check=False, **options
    )  # fmt: skip
    ran = Ran(done.returncode, *(text.decode("utf-8", "surrogateescape") for text in (done.stdout, done.stderr)))
    assert "Traceback" not in ran.err, ran.err
    assert ran.code != 3, ran.err
    return ran

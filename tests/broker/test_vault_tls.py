"""TLS to a real OpenBao: whom we trust, whom we expect, who we are; and where an answer may lead us."""

from __future__ import annotations

import shutil
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from secrets_guard.errors import ManifestError, Unresolved

from . import bao
from .authority import Authority, Pair
from .conftest import ROOT_TOKEN, Values, Vault

ROOT = {"VAULT_TOKEN": ROOT_TOKEN}
NAME = "vault.internal"
WANTED = {"A": "vault:secret/app#key"}


class Secured(NamedTuple):
    """A server whose certificate is for ``NAME`` and not for its address."""

    url: str
    ca: str
    client: Pair
    plain: Vault
    server: Pair


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    folder = tmp_path_factory.mktemp("tls")
    authority = Authority(folder)
    server, place = authority.sign(NAME), f"127.0.0.1:{bao.free_port()}"
    listener = f'address = "{place}"\ntls_cert_file = "{server.certificate}"\ntls_key_file = "{server.key}"'
    (folder / "listener.hcl").write_text(f'listener "tcp" {{\n{listener}\n}}\n')
    with bao.running(folder, f"-config={folder}/listener.hcl") as address:
        plain = Vault(address)
        plain.call("POST", "secret/data/app", {"data": {"key": "safe"}})
        yield Secured(f"https://{place}", authority.certificate, authority.sign("web"), plain, server)


def settings(secured: Secured, **more: object) -> dict[str, Any]:
    return {"vault": {"address": secured.url, "ca_cert": secured.ca, "tls_server_name": NAME, **more}}


def failure(values: Values, given: dict[str, Any], environment: dict[str, str] = ROOT) -> str:
    with pytest.raises(Unresolved) as caught:
        values(WANTED, given, environment, deadline="4s")
    return str(caught.value.failures[0])


def test_the_certificate_must_be_for_the_name_that_is_expected(secured: Secured, values: Values) -> None:
    assert values(WANTED, settings(secured), ROOT) == {"A": "safe"}
    told = failure(values, settings(secured, tls_server_name=""))
    assert "mismatch" in told
    assert "set ca_cert or tls_server_name" in told
    assert "mismatch" in failure(values, settings(secured, tls_server_name="other.internal"))


@pytest.mark.parametrize("prefix", ["VAULT", "BAO"])
def test_the_variables_of_the_vault_command_count(
    secured: Secured, values: Values, tmp_path: Path, prefix: str
) -> None:
    named = {f"{prefix}_ADDR": secured.url, f"{prefix}_TLS_SERVER_NAME": NAME}
    assert values(WANTED, {}, {**ROOT, **named, f"{prefix}_CACERT": secured.ca}) == {"A": "safe"}
    (tmp_path / "cas").mkdir()
    shutil.copy(secured.ca, tmp_path / "cas" / "ours.crt")
    assert values(WANTED, {}, {**ROOT, **named, f"{prefix}_CAPATH": str(tmp_path / "cas")}) == {"A": "safe"}
    enable_cert(secured)
    client = {f"{prefix}_CLIENT_CERT": secured.client.certificate, f"{prefix}_CLIENT_KEY": secured.client.key}
    login: dict[str, Any] = {"vault": {"auth": {"method": "cert"}}}
    assert values(WANTED, login, {**named, f"{prefix}_CACERT": secured.ca, **client}) == {"A": "safe"}


def test_a_folder_of_authorities_is_all_that_is_trusted(secured: Secured, values: Values, tmp_path: Path) -> None:
    folder = tmp_path / "cas"
    folder.mkdir()
    Authority(folder, "other")
    given = settings(secured, ca_path=str(folder))
    del given["vault"]["ca_cert"]
    assert "can't be verified" in failure(values, given)
    shutil.copy(secured.ca, folder / "ours.pem")
    assert values(WANTED, given, ROOT) == {"A": "safe"}
    # What the manifest says counts more than what the environment says.
    assert values(WANTED, given, {**ROOT, "VAULT_CACERT": str(folder / "other.pem")}) == {"A": "safe"}


def test_authorities_that_requests_would_add_are_not_trusted(
    secured: Secured, values: Values, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", secured.ca)
    other = Authority(tmp_path, "other").certificate
    assert "can't be verified" in failure(values, settings(secured, ca_cert=other))
    assert values(WANTED, settings(secured, ca_cert=""), ROOT) == {"A": "safe"}


def test_without_a_setting_the_systems_authorities_are_trusted(
    secured: Secured, values: Values, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "can't be verified" in failure(values, settings(secured, ca_cert=""))
    monkeypatch.setenv("SSL_CERT_FILE", secured.ca)
    assert values(WANTED, settings(secured, ca_cert=""), ROOT) == {"A": "safe"}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"address": "https://joe:secret@127.0.0.1:1"}, "must hold no user name or password"),
        ({"ca_cert": __file__}, "holds no certificate"),
        ({"ca_cert": "/nope.pem"}, "/nope.pem: can't be read"),
        ({"ca_path": "/nope"}, "/nope: can't be read"),
        ({"client_cert": __file__, "client_key": __file__}, "no certificate and its key in PEM"),
        ({"client_cert": "/nope.pem", "client_key": __file__}, "/nope.pem: can't be read"),
        ({"client_key": __file__}, "go together"),
    ],
)
def test_files_of_no_use_are_told_before_anything_is_sent(values: Values, given: dict[str, str], told: str) -> None:
    with pytest.raises(ManifestError) as caught:
        values(WANTED, {"vault": {"address": "https://127.0.0.1:1", **given}}, ROOT)
    assert told in str(caught.value)


def test_an_empty_folder_of_authorities_is_told(values: Values, tmp_path: Path) -> None:
    (tmp_path / "cas").mkdir()
    with pytest.raises(ManifestError, match="there is no certificate in it"):
        values(WANTED, {"vault": {"address": "https://127.0.0.1:1", "ca_path": str(tmp_path / "cas")}}, ROOT)


def enable_cert(secured: Secured) -> None:
    if "cert/" not in secured.plain.call("GET", "sys/auth")["data"]:
        secured.plain.call("POST", "sys/auth/cert", {"type": "cert"})
    secured.plain.call("PUT", "sys/policies/acl/web", {"policy": 'path "secret/data/*" { capabilities = ["read"] }'})
    body = {"certificate": Path(secured.ca).read_text(), "token_policies": ["web"], "allowed_common_names": ["web"]}
    secured.plain.call("POST", "auth/cert/certs/web", body)


def test_a_client_certificate_logs_in(secured: Secured, values: Values) -> None:
    enable_cert(secured)
    pair = {"client_cert": secured.client.certificate, "client_key": secured.client.key}
    auth = {"method": "cert", "role": "web"}
    assert values(WANTED, settings(secured, auth=auth, **pair), {}) == {"A": "safe"}
    assert values(WANTED, settings(secured, auth={"method": "cert"}, **pair), {}) == {"A": "safe"}
    told = failure(values, settings(secured, auth={**auth, "role": "other"}, **pair), {})
    assert "login by cert was refused" in told
    assert "needs client_cert and client_key" in failure(values, settings(secured, auth=auth), {})
    # The server's own pair is of the same authority, but not of an allowed name.
    other = {"client_cert": secured.server.certificate, "client_key": secured.server.key}
    assert "login by cert was refused" in failure(values, settings(secured, auth=auth, **other), {})


class Front:
    """A server that leads each request elsewhere; ``seen`` are the paths and tokens that reached it."""

    def __init__(self, status: int, target: str, pair: Pair | None = None) -> None:
        self.seen: list[tuple[str, str]] = []
        front = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                front.seen.append((self.path, self.headers.get("X-Vault-Token", "")))
                self.send_response(status)
                self.send_header("Location", front.target.replace("PATH", self.path))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        if pair:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*pair)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"http{'s' if pair else ''}://127.0.0.1:{self._server.server_address[1]}"
        self.target = target.replace("SELF", self.url)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def __enter__(self) -> Front:
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def test_a_standby_leads_to_the_active_node_over_tls(secured: Secured, values: Values) -> None:
    with Front(307, f"{secured.url}PATH", secured.server) as standby:
        assert values(WANTED, settings(secured, address=standby.url), ROOT) == {"A": "safe"}
        assert {token for _path, token in standby.seen} == {ROOT_TOKEN}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_token_is_not_taken_to_another_server(values: Values, status: int) -> None:
    with Front(404, "") as other, Front(status, f"{other.url}PATH") as first:
        told = failure(values, {"vault": {"address": first.url}})
        assert "which would get the credentials; if it may have them, make it the address" in told
        assert first.seen
        assert not other.seen


@pytest.mark.parametrize(("status", "path"), [(302, "PATH"), (307, "/v1/sys/elsewhere")])
def test_over_tls_too_only_a_standby_may_lead_elsewhere(
    secured: Secured, values: Values, status: int, path: str
) -> None:
    with Front(404, "", secured.server) as other, Front(status, f"{other.url}{path}", secured.server) as first:
        assert "which would get the credentials" in failure(values, settings(secured, address=first.url))
        assert not other.seen


def test_tls_does_not_lead_to_plain_text(secured: Secured, values: Values) -> None:
    with Front(307, f"{secured.plain.address}PATH", secured.server) as first:
        assert "which would get the credentials" in failure(values, settings(secured, address=first.url))


def test_a_server_that_leads_to_itself_for_ever_is_given_up(values: Values) -> None:
    with Front(307, "SELFPATH") as front:
        with pytest.raises(Unresolved, match=r"unexpected answer \(307\)"):
            values(WANTED, {"vault": {"address": front.url}}, ROOT, deadline="500ms")
        assert len(front.seen) >= 4

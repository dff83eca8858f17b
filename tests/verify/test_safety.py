"""What asking must never do: go elsewhere, go on for ever, ask twice, or give a credential away."""

from __future__ import annotations

import base64
import contextlib
import ipaddress
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secrets_guard.errors import ConfigError
from secrets_guard.model.finding import Verification
from secrets_guard.model.result import ScanResult
from secrets_guard.rules.template import fill
from secrets_guard.verify.address import is_public, public_addresses
from secrets_guard.verify.exchange import Request, send
from secrets_guard.verify.outcome import Unanswered
from secrets_guard.verify.pace import Limits

from .conftest import QUICK, Issuer, dripping

Verify = Callable[..., ScanResult]
RULE = "github-personal-access-token"
TOKEN = fill("<github:ghp_>", "safety")
LINE = f"GITHUB_TOKEN={TOKEN}\n"


def said(result: ScanResult) -> Verification:
    (finding,) = result.findings
    assert finding.verification is not None
    return finding.verification


# --- Where it goes --------------------------------------------------------------------------------------------------


def test_a_redirect_is_not_followed(verified: Verify, issuer: Issuer) -> None:
    issuer.answer = lambda _asked: (302, {"Location": f"{issuer.url}/elsewhere"}, b"")
    found = said(verified(LINE, RULE, endpoints={"github": issuer.url}))
    assert (found.status, "redirect" in found.message) == ("unknown", True)
    assert [asked.path for asked in issuer.asked] == ["/user"]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "192.0.2.1", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "::",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    ],
)  # fmt: skip
def test_an_address_that_is_not_of_the_open_internet_is_private(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "64:ff9b::808:808"])
def test_an_address_of_the_open_internet_is_public(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses(v=4))
def test_no_form_of_writing_a_private_address_makes_it_public(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    mapped = ipaddress.IPv6Address((0xFFFF << 32) | number)
    translated = ipaddress.IPv6Address((0x64FF9B << 96) | number)
    assert is_public(str(mapped)) == is_public(str(translated)) == is_public(str(address))


def resolving(names: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Have names lead to these addresses; return the names that were asked for."""
    asked: list[str] = []

    def getaddrinfo(host: str, port: int, *_more: object, **_options: object) -> list[tuple[object, ...]]:
        asked.append(host)
        if host not in names:
            raise socket.gaierror(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in names[host]]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


def test_a_name_with_a_private_address_among_public_ones_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving({"trap.example": ["93.184.216.34", "10.0.0.7"]}, monkeypatch)
    with pytest.raises(Unanswered, match="private network"):
        public_addresses("trap.example", 443, allow_private=False)
    assert public_addresses("trap.example", 443, allow_private=True) == ["93.184.216.34", "10.0.0.7"]


def test_what_was_checked_is_connected_to_and_the_name_not_asked_for_again(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = resolving({"127.0.0.1": ["127.0.0.1"], "rebind.example": ["127.0.0.9"]}, monkeypatch)
    url = f"http://rebind.example:{issuer.port}/x"
    reply = send(Request("GET", url, {}, addresses=("127.0.0.1",)), 5.0)
    assert reply.status == 200
    assert issuer.asked[0].headers["host"] == f"rebind.example:{issuer.port}"
    assert "rebind.example" not in asked


def test_a_host_that_content_names_is_asked_by_https_alone(verified: Verify, issuer: Issuer) -> None:
    token = fill("hvs.<alnum:90>", "safety")
    found = said(verified(f"VAULT_ADDR=http://vault.example:8200\nVAULT_TOKEN={token}\n", "vault-service-token"))
    assert (found.status, "unencrypted" in found.message) == ("unknown", True)


def test_another_instance_of_gitlab_is_found_in_the_text_and_checked(
    verified: Verify, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = resolving({"gitlab.corp.example": ["10.1.2.3"]}, monkeypatch)
    text = f"CI_SERVER=https://gitlab.corp.example/\nGITLAB_TOKEN={fill('glpat-<alnum:20>', 'x')}\n"
    found = said(verified(text, "gitlab-personal-access-token"))
    assert found.status == "unknown"
    assert set(asked) <= {"gitlab.com", "gitlab.corp.example"}


def test_a_refusal_by_the_well_known_instance_says_nothing_of_others(verified: Verify, issuer: Issuer) -> None:
    issuer.answer = lambda _asked: (401, {}, b'{"message": "Bad credentials"}')
    assert said(verified(LINE, RULE, endpoints={"github": issuer.url})).status == "dead"


# --- How long it takes, and how often ---------------------------------------------------------------------------------


def test_hosts_are_asked_at_a_pace(verified: Verify, issuer: Issuer) -> None:
    text = "".join(f"T{number}={fill('<github:ghp_>', str(number))}\n" for number in range(4))
    verified(text, RULE, endpoints={"github": issuer.url}, limits=QUICK._replace(interval=0.2))
    times = sorted(asked.at for asked in issuer.asked)
    assert len(times) == 4
    # A thread may wake a little late, which brings it nearer to the next.
    assert times[-1] - times[0] >= 0.5


def test_a_credential_is_asked_about_once_however_often_it_stands_there(verified: Verify, issuer: Issuer) -> None:
    result = verified({f"{number}.env": LINE.encode() for number in range(9)}, RULE, endpoints={"github": issuer.url})
    assert len(result.findings) == 9
    assert {one.verification.status for one in result.findings if one.verification} == {"live"}
    assert len(issuer.asked) == 1


@pytest.mark.parametrize(
    "pieces", [b"", b"HTTP/1.1 200 OK\r\nX-A: ", b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n"]
)
def test_an_answer_that_never_ends_is_no_answer(verified: Verify, pieces: bytes) -> None:
    with dripping(pieces) as port:
        started = time.monotonic()
        endpoint = {"github": f"http://127.0.0.1:{port}"}
        found = said(verified(LINE, RULE, endpoints=endpoint, limits=QUICK._replace(timeout=0.6)))
    assert (found.status, found.message) == ("unknown", "no answer within 0.6 s")
    assert time.monotonic() - started < 10


def test_a_handshake_that_never_ends_is_no_answer(verified: Verify) -> None:
    with dripping(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xf0") as port:
        endpoint = {"github": f"https://127.0.0.1:{port}"}
        found = said(verified(LINE, RULE, endpoints=endpoint, limits=QUICK._replace(timeout=0.6)))
    assert (found.status, found.message) == ("unknown", "no answer within 0.6 s")


def test_half_an_answer_is_no_answer(verified: Verify) -> None:
    with dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}", last=True) as port:
        found = said(verified(LINE, RULE, endpoints={"github": f"http://127.0.0.1:{port}"}))
    assert found.status == "unknown"


def test_an_answer_that_is_huge_is_read_in_part(verified: Verify, issuer: Issuer) -> None:
    issuer.answer = lambda _asked: (200, {}, b'{"login": "' + b"x" * 5_000_000 + b'"}')
    found = said(verified(LINE, RULE, endpoints={"github": issuer.url}))
    assert len(found.message) < 200


def test_what_is_left_when_the_time_for_all_is_over_is_unknown(verified: Verify, issuer: Issuer) -> None:
    text = "".join(f"T{number}={fill('<github:ghp_>', str(number))}\n" for number in range(6))
    limits = Limits(timeout=5.0, deadline=1.0, interval=0.45, workers=2)
    result = verified(text, RULE, endpoints={"github": issuer.url}, limits=limits)
    said_of = [one.verification for one in result.findings if one.verification]
    assert {one.status for one in said_of} == {"live", "unknown"}
    assert {one.message for one in said_of if one.status == "unknown"} == {"no time was left to ask"}


# --- What it gives away ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [(200, b"[" * 100_000), (200, b"\xff\xfe"), (500, b""), (204, b""), (429, b"")])
def test_an_answer_that_makes_no_sense_tells_nothing(
    verified: Verify, issuer: Issuer, answer: tuple[int, bytes]
) -> None:
    issuer.answer = lambda _asked: (answer[0], {}, answer[1])
    result = verified(
        f"A={fill('sk_live_<alnum:24>', 'x')}\n", "stripe-live-secret-key", endpoints={"stripe": issuer.url}
    )
    assert said(result).status == "unknown"


def test_an_issuer_that_echoes_the_credential_does_not_get_it_into_the_report(verified: Verify, issuer: Issuer) -> None:
    issuer.answer = lambda _asked: (200, {}, f'{{"login": "x{TOKEN}x"}}'.encode())
    found = said(verified(LINE, RULE, endpoints={"github": issuer.url}))
    assert (found.status, found.message) == ("live", "")


def test_nothing_of_a_credential_is_logged_or_in_a_reason(
    verified: Verify, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    token = fill("<digit:9>:AA<base64url:33>", "bot")
    secret = fill("<alnum:40>", "x")
    text = (
        f"BOT_TOKEN={token}\naws_access_key_id = {fill('AKIA<[A-Z2-7]:16>', 'x')}\naws_secret_access_key = {secret}\n"
    )
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with caplog.at_level(logging.DEBUG):
            rules = ("telegram-bot-token", "aws-secret-access-key")
            result = verified(text, *rules, endpoints={"telegram": nobody, "aws": nobody})
    everything = repr(result) + caplog.text + "".join(capfd.readouterr())
    assert len(result.findings) == 2
    for value in (token, token[10:], secret):
        assert value not in everything


def test_a_credential_that_no_header_can_hold_is_not_sent(verified: Verify) -> None:
    with pytest.raises(Unanswered, match="can't be sent"):
        send(Request("GET", "http://127.0.0.1:9/", {"X-Token": "a\r\nX-Other: b"}), 1.0)
    with pytest.raises(Unanswered, match="can't be sent"):
        send(Request("GET", "http://127.0.0.1:9/", {"X-Token": "caf\u00e9"}), 1.0)
    assert "X-Token" not in repr(Request("GET", "http://127.0.0.1:9/secret", {"X-Token": "a"}))


# --- TLS and proxies ------------------------------------------------------------------------------------------------


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Write a certificate of ``issuer.example`` that no authority signed, with its key."""
    import datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "issuer.example")])
    today = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("issuer.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    path = tmp_path / "issuer.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + pem)
    return path


@pytest.fixture
def secure(issuer: Issuer, certificate: Path) -> Issuer:
    """Return a server that speaks TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    issuer.server.socket = context.wrap_socket(issuer.server.socket, server_side=True)
    return issuer


def test_a_certificate_that_nobody_vouches_for_ends_it(secure: Issuer) -> None:
    request = Request("GET", f"https://issuer.example:{secure.port}/x", {"X": "y"}, addresses=("127.0.0.1",))
    with pytest.raises(Unanswered, match="certificate"):
        send(request, 5.0)
    assert secure.asked == []


def test_the_certificate_is_checked_for_the_name_and_not_for_the_address(
    secure: Issuer, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    request = Request("GET", f"https://issuer.example:{secure.port}/x", {}, addresses=("127.0.0.1",))
    assert send(request, 5.0).status == 200
    other = request._replace(url=f"https://other.example:{secure.port}/x")
    with pytest.raises(Unanswered, match="certificate"):
        send(other, 5.0)


class Proxy:
    """A proxy that opens one tunnel to wherever ``to`` is, and keeps what it was asked for."""

    def __init__(self, to: int) -> None:
        self.asked = b""
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._to = to
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            client, _ = self._server.accept()
            while b"\r\n\r\n" not in self.asked:
                self.asked += client.recv(4096)
            with client, socket.create_connection(("127.0.0.1", self._to)) as server:
                client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                back = threading.Thread(target=self._copy, args=(server, client))
                back.start()
                self._copy(client, server)
                back.join()

    @staticmethod
    def _copy(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self._server.close()
        self._thread.join()


def test_the_environments_proxy_is_used_and_leads_to_the_checked_address(
    secure: Issuer, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = Proxy(secure.port)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.setenv("https_proxy", f"http://jane:pass%40word@127.0.0.1:{proxy.port}")
    request = Request("GET", "https://issuer.example/x", {"X-Token": "abc"}, addresses=("93.184.216.34",))
    try:
        assert send(request, 5.0).status == 200
    finally:
        proxy.close()
    assert proxy.asked.startswith(b"CONNECT 93.184.216.34:443 ")
    assert base64.b64encode(b"jane:pass@word") in proxy.asked
    assert b"abc" not in proxy.asked
    assert secure.asked[0].headers["host"] == "issuer.example"


# --- Options --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    ["nobody=https://x.example", "github", "github=ghe.corp", "github=file:///etc/passwd", "github=https://x/?a=b", "database=https://x.example"],
)  # fmt: skip
def test_an_endpoint_that_makes_no_sense_is_a_clear_error(verified: Verify, given: str) -> None:
    name, _, url = given.partition("=")
    with pytest.raises(ConfigError, match="--verify-endpoint"):
        verified(LINE, RULE, endpoints={name: url})


def test_only_what_is_live_is_reported_where_that_is_asked_for(verified: Verify, issuer: Issuer) -> None:
    live, dead = fill("<github:ghp_>", "live"), fill("<github:ghp_>", "dead")
    issuer.answer = lambda asked: (
        (200, {}, b"{}") if live in asked.headers["authorization"] else (401, {}, b'{"message": "Bad credentials"}')
    )
    result = verified(f"A={live}\nB={dead}\n", RULE, endpoints={"github": issuer.url}, only_live=True)
    assert [one.location.start_line for one in result.findings] == [1]
    assert "asked the issuers: 1 live, 1 dead" in result.notes
    assert "1 findings that are not known to be live are left out (--only-live)" in result.notes


def test_what_nobody_can_be_asked_about_is_unsupported(verified: Verify) -> None:
    text = fill("-----BEGIN OPENSSH PRIVATE KEY-----\\n<base64:400>\\n-----END OPENSSH PRIVATE KEY-----", "x")
    found = said(verified(text, "private-key-pem"))
    assert (found.status, found.message) == ("unsupported", "nobody is known to ask")

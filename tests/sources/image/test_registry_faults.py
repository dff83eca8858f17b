"""Registries that refuse, stall, drop the line, lie or send too much: an error or a Problem, and nothing else lost."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from secrets_guard.errors import SourceError
from secrets_guard.sources.image.access import Access
from secrets_guard.sources.image.patience import TRIES

QUICK = Access(first_pause=0.001)


def is_blob(request: Any) -> bool:
    return "/blobs/" in request.path


def is_manifest(request: Any) -> bool:
    return "/manifests/1" in request.path


def largest_layer(request: Any, sizes: dict[str, int]) -> bool:
    return is_blob(request) and request.path.rpartition("/")[2] == max(sizes, key=lambda one: sizes[one])


@pytest.fixture
def expected(kit: Any, sample: Any) -> list[Any]:
    return list(kit.places(kit.sweep(f"oci:{sample.name}")))


def test_a_proxy_that_only_passes_on_changes_nothing(kit: Any, proxied: Any, expected: list[Any]) -> None:
    proxy, name = proxied(lambda _request: False)
    assert kit.places(kit.sweep(name, access=QUICK)) == expected
    assert proxy.requests


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (401, r"it wants a login \(401\), and there is none for it: docker login 127\.0\.0\.1"),
        (403, r"not without a login, or not at all \(403\)"),
        (404, r"there is no such image \(404\)"),
        (429, r"too many requests, and waiting did not help \(429\)"),
        (500, r"it answers 500, again and again"),
        (418, r"it answers 418"),
    ],
)
def test_a_refusal_is_one_clear_line(status: int, message: str, kit: Any, proxied: Any) -> None:
    def refuse(request: Any) -> bool:
        request.give(status, headers={"Retry-After": "0"})
        return True

    _, name = proxied(refuse)
    with pytest.raises(SourceError, match=message) as error:
        kit.sweep(name, access=QUICK)
    assert "\n" not in str(error.value)
    assert str(error.value).count("team/app") == 1


def test_what_the_registry_says_is_passed_on(kit: Any, proxied: Any) -> None:
    def refuse(request: Any) -> bool:
        request.give(403, b'{"errors": [{"code": "DENIED", "message": "ask the platform team"}]}')
        return True

    with pytest.raises(SourceError, match=r"\(403\); it says 'ask the platform team'"):
        kit.sweep(proxied(refuse)[1], access=QUICK)


def test_a_busy_registry_is_asked_again(kit: Any, proxied: Any, expected: list[Any]) -> None:
    seen: dict[str, int] = {}

    def busy(request: Any) -> bool:
        seen[request.path] = seen.get(request.path, 0) + 1
        if seen[request.path] >= 3 or "/v2/" not in request.path:
            return False
        request.give(429 if seen[request.path] == 1 else 503, headers={"Retry-After": "0"})
        return True

    result = kit.sweep(proxied(busy)[1], access=QUICK)
    assert result.problems == ()
    assert kit.places(result) == expected


def test_a_layer_that_is_refused_is_a_problem_and_the_others_are_swept(
    kit: Any, proxied: Any, registry: str, expected: list[Any]
) -> None:
    broken = expected[-1]

    def refuse_one(request: Any) -> bool:
        if is_blob(request) and request.path.endswith(blob_of[broken.layer].partition(":")[2]):
            request.give(500, headers={"Retry-After": "0"})
            return True
        return False

    _, name = proxied(refuse_one)
    blob_of = _blobs(kit, registry)
    result = kit.sweep(name, access=QUICK)
    assert [problem.kind for problem in result.problems] == ["unreadable"]
    assert f"layer {broken.layer} " in result.problems[0].where
    assert "it answers 500, again and again" in result.problems[0].message
    assert not result.scan.complete
    assert {one.path for one in kit.places(result)} == {one.path for one in expected} - {broken.path}


def _manifest(kit: Any, registry: str) -> Any:
    """Return the manifest of the sample."""
    return json.loads(kit.run("skopeo", "inspect", "--raw", "--tls-verify=false", f"docker://{registry}/team/app:1"))


def _blobs(kit: Any, registry: str) -> list[str]:
    """Return the digests of the sample's layers as the registry stores them."""
    return [layer["digest"] for layer in _manifest(kit, registry)["layers"]]


def test_attached_documents_that_can_not_be_told_are_a_problem_and_the_image_is_swept(
    kit: Any, proxied: Any, expected: list[Any]
) -> None:
    def refuse(request: Any) -> bool:
        if "/referrers/" not in request.path:
            return False
        request.give(500, headers={"Retry-After": "0"})
        return True

    result = kit.sweep(proxied(refuse)[1], access=QUICK)
    assert [problem.kind for problem in result.problems] == ["unreadable"]
    assert "what is attached to it can't be told" in result.problems[0].message
    assert kit.places(result) == expected


def test_a_line_that_drops_is_taken_up_where_it_dropped(kit: Any, proxied: Any, expected: list[Any]) -> None:
    def drop(request: Any) -> bool:
        if is_blob(request) and "Range" not in request.headers:
            request.pass_on(most=60)
            return True
        return False

    proxy, name = proxied(drop)
    result = kit.sweep(name, access=QUICK)
    assert result.problems == ()
    assert kit.places(result) == expected
    assert "bytes=60-" in {headers.get("Range") for _, headers in proxy.requests}


def test_a_registry_that_knows_no_ranges_sends_it_all_again(kit: Any, proxied: Any, expected: list[Any]) -> None:
    dropped: set[str] = set()

    def drop(request: Any) -> bool:
        if not is_blob(request):
            return False
        del request.headers["Range"]
        request.pass_on(most=-1 if request.path in dropped else 60)
        dropped.add(request.path)
        return True

    result = kit.sweep(proxied(drop)[1], access=QUICK)
    assert result.problems == ()
    assert kit.places(result) == expected


def test_a_line_that_drops_for_good_is_a_problem_and_what_came_is_swept(kit: Any, proxied: Any, registry: str) -> None:
    def drop(request: Any) -> bool:
        if is_blob(request) and (request.path not in config or "Range" in request.headers):
            if "Range" in request.headers:
                request.connection.shutdown(socket.SHUT_RDWR)
                request.close_connection = True
            else:
                request.pass_on(most=100)
            return True
        return False

    _, name = proxied(drop)
    raw = _manifest(kit, registry)
    config = f"/v2/team/app/blobs/{raw['config']['digest']}"
    result = kit.sweep(name, access=QUICK)
    assert len(result.problems) == sum(layer["size"] > 100 for layer in raw["layers"])
    assert all(
        f"{TRIES} times" in problem.message or "the line dropped" in problem.message for problem in result.problems
    )
    assert {one.path for one in kit.places(result)} >= {"<image config>/Env", "<image config>/Labels"}


def test_more_than_was_said_is_not_read_and_a_problem(kit: Any, proxied: Any, registry: str) -> None:
    def spare(request: Any) -> bool:
        if is_blob(request) and request.path not in config:
            request.pass_on(spare=b"x" * 5000)
            return True
        return False

    _, name = proxied(spare)
    raw = _manifest(kit, registry)
    config = f"/v2/team/app/blobs/{raw['config']['digest']}"
    result = kit.sweep(name, access=QUICK)
    assert {problem.kind for problem in result.problems} == {"damaged"}
    assert len(result.problems) == len(raw["layers"])
    assert "longer than the" in result.problems[0].message


def test_a_layer_that_is_not_what_its_digest_says_is_a_problem_and_swept(kit: Any, proxied: Any, registry: str) -> None:
    def change(request: Any) -> bool:
        if is_blob(request) and request.path.endswith(digests[0]):
            request.pass_on(change=5)  # the time in gzip's header, which nothing else looks at
            return True
        return False

    _, name = proxied(change)
    digests = _blobs(kit, registry)
    result = kit.sweep(name, access=QUICK)
    assert [problem.kind for problem in result.problems] == ["damaged"]
    assert not result.scan.complete
    assert "etc/base.conf" in {one.path for one in kit.places(result)}


def test_a_manifest_that_is_not_what_its_digest_says_is_refused(kit: Any, proxied: Any) -> None:
    def other(request: Any) -> bool:
        if "/manifests/sha256:" in request.path:
            request.give(200, b'{"schemaVersion": 2}', {"Content-Type": "application/vnd.oci.image.manifest.v1+json"})
            return True
        return False

    name = proxied(other)[1].rpartition(":")[0]
    with pytest.raises(SourceError, match="its manifest is not what its digest says"):
        kit.sweep(f"{name}@sha256:{'0' * 64}", access=QUICK)


def test_a_manifest_without_end_is_refused(kit: Any, proxied: Any) -> None:
    def endless(request: Any) -> bool:
        if is_manifest(request):
            request.give(200, b" " * ((4 << 20) + 100))
            return True
        return False

    with pytest.raises(SourceError, match="a manifest of more than 4,194,304 bytes"):
        kit.sweep(proxied(endless)[1], access=QUICK)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"<html>", "not JSON"),
        (b"[]", "not a JSON object"),
        (b'{"schemaVersion": 1, "fsLayers": []}', "a manifest of schema 1"),
        (b'{"schemaVersion": 2, "mediaType": "application/x"}', "of the unknown type 'application/x'"),
        (b'{"schemaVersion": 2, "layers": []}', "its field 'config' is missing"),
        (b'{"schemaVersion": 2, "layers": [{"digest": "md5:0", "size": 1}], "config": {}}', "its field 'size' is"),
        (b'{"schemaVersion": 2, "config": {"digest": "../../x", "size": 1}, "layers": []}', "its digest is missing"),
        (b"[" * 100_000, "not JSON, or nested too deep"),
    ],
)  # fmt: skip
def test_a_manifest_that_is_none_is_one_clear_line(body: bytes, message: str, kit: Any, proxied: Any) -> None:
    def other(request: Any) -> bool:
        if is_manifest(request):
            request.give(200, body, {"Content-Type": "application/json"})
            return True
        return False

    with pytest.raises(SourceError, match=message):
        kit.sweep(proxied(other)[1], access=QUICK)


def test_a_registry_that_is_not_there_is_one_clear_line(kit: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    with pytest.raises(SourceError, match="the connection was refused"):
        kit.sweep(f"127.0.0.1:{port}/app")


def test_a_certificate_that_nobody_known_signed_is_refused(kit: Any, tls_registry: str, push: Any) -> None:
    with pytest.raises(SourceError, match=r"its certificate is not trusted; see --ca-file"):
        kit.sweep(push(tls_registry), access=QUICK)


def test_a_ca_file_that_is_none_is_refused(kit: Any, tls_registry: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"--ca-file .*none\.pem: can't be used: No such file or directory"):
        kit.sweep(f"{tls_registry}/app", access=Access(ca_file=str(tmp_path / "none.pem")))
    (tmp_path / "empty.pem").write_text("nothing")
    with pytest.raises(SourceError, match=r"--ca-file .*empty\.pem: can't be used: no certificate in it"):
        kit.sweep(f"{tls_registry}/app", access=Access(ca_file=str(tmp_path / "empty.pem")))


Answer = Callable[[Any], bool]


def test_a_redirect_gets_the_content_and_never_the_login(
    kit: Any, proxied: Any, registry: str, expected: list[Any], tmp_path: Path
) -> None:
    storage, _ = proxied(lambda _request: False)

    def guard(request: Any) -> bool:
        if request.headers.get("Authorization") != basic:
            request.give(401, headers={"WWW-Authenticate": 'Basic realm="tests"'})
            return True
        if is_blob(request):
            request.give(307, headers={"Location": f"http://{storage.address}{request.path}"})
            return True
        return False

    basic = "Basic " + base64.b64encode(f"{kit.USER}:{kit.PASSWORD}".encode()).decode()
    proxy, name = proxied(guard)
    auth = {"auths": {proxy.address: {"auth": basic.removeprefix("Basic ")}}}
    (tmp_path / "auth.json").write_text(json.dumps(auth))
    result = kit.sweep(name, access=QUICK, environ={"REGISTRY_AUTH_FILE": str(tmp_path / "auth.json"), "HOME": "/x"})
    assert kit.places(result) == expected
    assert storage.requests
    assert not any("Authorization" in headers for _, headers in storage.requests)
    assert any("Authorization" in headers for _, headers in proxy.requests)


def test_redirects_without_end_are_a_clear_error(kit: Any, proxied: Any) -> None:
    def around(request: Any) -> bool:
        request.give(302, headers={"Location": request.path})
        return True

    with pytest.raises(SourceError, match="it sends us on more than 5 times"):
        kit.sweep(proxied(around)[1], access=QUICK)


def test_a_redirect_from_https_to_http_is_not_followed(kit: Any, proxied: Any, authority: Any) -> None:
    def down(request: Any) -> bool:
        request.give(302, headers={"Location": "http://127.0.0.1:1/"})
        return True

    _, name = proxied(down, authority)
    with pytest.raises(SourceError, match="it sends us on from https to http: not followed"):
        kit.sweep(name, access=Access(ca_file=str(authority.ca), first_pause=0.001))


class Tokens:
    """A registry that wants tokens, and the server that gives them, in one."""

    def __init__(self, kit: Any, lifetime: int = 10_000, realm: str = "", identity: str = "") -> None:
        self._kit, self._lifetime, self.realm, self._identity = kit, lifetime, realm, identity
        self.asked: list[dict[str, list[str]]] = []
        self._uses = 0

    def __call__(self, request: Any) -> bool:
        if request.path.startswith("/token"):
            self._give(request)
            return True
        wanted = f"Bearer token-{len(self.asked)}"
        self._uses += 1
        if self.asked and request.headers.get("Authorization") == wanted and self._uses <= self._lifetime:
            return False
        self._uses = 0
        realm = self.realm or f"http://{request.headers['Host']}/token"
        challenge = f'Bearer realm="{realm}",service="the, registry",scope="repository:team/app:pull"'
        request.give(401, headers={"WWW-Authenticate": challenge})
        return True

    def _give(self, request: Any) -> None:
        if request.command == "POST":
            fields = parse_qs(request.rfile.read(int(request.headers["Content-Length"])).decode())
            right = fields["refresh_token"] == [self._identity] and fields["grant_type"] == ["refresh_token"]
        else:
            fields = parse_qs(urlsplit(request.path).query)
            login = base64.b64encode(f"{self._kit.USER}:{self._kit.PASSWORD}".encode()).decode()
            right = request.headers.get("Authorization") == f"Basic {login}"
        if not right:
            request.give(401)
            return
        self.asked.append(fields)
        request.give(200, json.dumps({"token": f"token-{len(self.asked)}"}).encode())


def _login(folder: Path, address: str, **entry: str) -> dict[str, str]:
    (folder / "config.json").write_text(json.dumps({"auths": {address: entry}}))
    return {"DOCKER_CONFIG": str(folder), "HOME": "/nonexistent"}


def test_a_token_is_fetched_with_the_login_and_used(
    kit: Any, proxied: Any, expected: list[Any], tmp_path: Path
) -> None:
    tokens = Tokens(kit)
    proxy, name = proxied(tokens)
    environ = _login(tmp_path, proxy.address, username=kit.USER, password=kit.PASSWORD)
    assert kit.places(kit.sweep(name, access=QUICK, environ=environ)) == expected
    assert tokens.asked == [{"service": ["the, registry"], "scope": ["repository:team/app:pull"]}]


def test_a_token_that_runs_out_is_fetched_anew(kit: Any, proxied: Any, expected: list[Any], tmp_path: Path) -> None:
    tokens = Tokens(kit, lifetime=2)
    proxy, name = proxied(tokens)
    environ = _login(tmp_path, proxy.address, username=kit.USER, password=kit.PASSWORD)
    result = kit.sweep(name, access=QUICK, environ=environ, jobs=1)
    assert result.problems == ()
    assert kit.places(result) == expected
    assert len(tokens.asked) > 2


def test_an_identity_token_is_exchanged(kit: Any, proxied: Any, expected: list[Any], tmp_path: Path) -> None:
    tokens = Tokens(kit, identity="identity-of-tests")
    proxy, name = proxied(tokens)
    environ = _login(tmp_path, proxy.address, identitytoken="identity-of-tests")
    assert kit.places(kit.sweep(name, access=QUICK, environ=environ)) == expected
    assert tokens.asked[0]["service"] == ["the, registry"]


def test_a_wrong_login_is_one_clear_line_without_the_password(kit: Any, proxied: Any, tmp_path: Path) -> None:
    proxy, name = proxied(Tokens(kit))
    environ = _login(tmp_path, proxy.address, username=kit.USER, password="wrong-but-private")
    with pytest.raises(SourceError, match=r"the login was refused \(401\)") as error:
        kit.sweep(name, access=QUICK, environ=environ)
    assert "wrong-but-private" not in str(error.value)


def test_a_login_is_not_sent_to_a_token_server_in_the_clear(kit: Any, proxied: Any, tmp_path: Path) -> None:
    thief, _ = proxied(lambda _request: False)
    realm = f"http://localhost:{thief.address.rpartition(':')[2]}/token"
    proxy, name = proxied(Tokens(kit, realm=realm))
    environ = _login(tmp_path, proxy.address, username=kit.USER, password=kit.PASSWORD)
    with pytest.raises(SourceError, match="neither by https nor its own host: not asked"):
        kit.sweep(name, access=QUICK, environ=environ)
    assert thief.requests == []

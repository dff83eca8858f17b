"""Logins are found where Docker and podman keep them; what can't be used is a clear line, and no value is in it."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from secrets_guard.errors import SourceError
from secrets_guard.model.secret import Secret
from secrets_guard.sources.image.challenge import Challenge, may_ask, parse_challenges
from secrets_guard.sources.image.credentials import Login, find_login
from secrets_guard.sources.image.patience import pause

PASSWORD = "invented-for-tests"


def encoded(user: str = "jo", password: str = PASSWORD) -> str:
    return base64.b64encode(f"{user}:{password}".encode()).decode()


Docker = Callable[..., dict[str, str]]


@pytest.fixture
def docker(tmp_path: Path) -> Docker:
    """Return a function that writes Docker's config and returns the environment that leads to it."""

    def write(**fields: Any) -> dict[str, str]:
        (tmp_path / "config.json").write_text(json.dumps(fields))
        return {"DOCKER_CONFIG": str(tmp_path), "HOME": "/nonexistent"}

    return write


@pytest.fixture
def helper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return a function that installs ``docker-credential-tests`` as a shell script."""

    def install(script: str) -> None:
        folder = tmp_path / "bin"
        folder.mkdir()
        (folder / "docker-credential-tests").write_text(f"#!/bin/sh\n{script}\n")
        (folder / "docker-credential-tests").chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    return install


@pytest.mark.parametrize(
    ("registry", "key"),
    [
        ("ghcr.io", "ghcr.io"),
        ("ghcr.io", "https://ghcr.io"),
        ("ghcr.io", "https://ghcr.io/v1/"),
        ("docker.io", "https://index.docker.io/v1/"),
        ("docker.io", "docker.io"),
        ("localhost:5000", "localhost:5000"),
        ("ghcr.io", "ghcr.io/team"),
        ("ghcr.io", "ghcr.io/team/app"),
    ],
)
def test_a_login_is_found_under_each_key_that_tools_write(registry: str, key: str, docker: Docker) -> None:
    environ = docker(auths={key: {"auth": encoded()}})
    assert find_login(registry, "team/app", environ) == Login("jo", Secret(PASSWORD.encode()))
    assert find_login("quay.io", "team/app", environ) is None


def test_podmans_file_is_read_and_the_named_one_first(tmp_path: Path, docker: Docker) -> None:
    environ = docker(auths={"ghcr.io": {"auth": encoded("docker")}})
    (tmp_path / "containers").mkdir()
    (tmp_path / "containers" / "auth.json").write_text(json.dumps({"auths": {"ghcr.io": {"auth": encoded("podman")}}}))
    (tmp_path / "named.json").write_text(json.dumps({"auths": {"ghcr.io": {"auth": encoded("named")}}}))
    podman = {"XDG_RUNTIME_DIR": str(tmp_path), "HOME": "/nonexistent"}
    assert (find_login("ghcr.io", "a", podman) or Login("", Secret(b""))).user == "podman"
    named = environ | podman | {"REGISTRY_AUTH_FILE": str(tmp_path / "named.json")}
    assert (find_login("ghcr.io", "a", named) or Login("", Secret(b""))).user == "named"


def test_an_identity_token_is_told_from_a_password(docker: Docker) -> None:
    found = find_login("ghcr.io", "a", docker(auths={"ghcr.io": {"auth": encoded("", ""), "identitytoken": "t"}}))
    assert found is not None
    assert found.identity


def test_a_helper_is_asked_by_its_protocol(docker: Docker, helper: Callable[[str], None]) -> None:
    helper(
        f'read key; test "$1" = get && test "$key" = ghcr.io && echo \'{{"Username": "jo", "Secret": "{PASSWORD}"}}\''
    )
    login = Login("jo", Secret(PASSWORD.encode()))
    assert find_login("ghcr.io", "a", docker(credHelpers={"ghcr.io": "tests"})) == login
    helped = docker(credsStore="tests", auths={"quay.io": {}})
    with pytest.raises(SourceError, match=r"docker-credential-tests: it failed for .* \(exit 1\)"):
        find_login("quay.io", "a", helped)


def test_a_helper_that_has_nothing_leaves_it_to_the_file(docker: Docker, helper: Callable[[str], None]) -> None:
    helper("echo 'credentials not found in native keychain'; exit 1")
    environ = docker(credsStore="tests", auths={"ghcr.io": {"auth": encoded()}})
    assert find_login("ghcr.io", "a", environ) == Login("jo", Secret(PASSWORD.encode()))


def test_a_helpers_token_is_an_identity_token(docker: Docker, helper: Callable[[str], None]) -> None:
    helper('echo \'{"Username": "<token>", "Secret": "t"}\'')
    found = find_login("ghcr.io", "a", docker(credHelpers={"ghcr.io": "tests"}))
    assert found is not None
    assert found.identity


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"credHelpers": {"ghcr.io": "not-there-at-all"}},
            "docker-credential-not-there-at-all, which is not installed",
        ),
        ({"credHelpers": {"ghcr.io": "../../bin/sh"}}, "is no name of a credential helper"),
        ({"auths": {"ghcr.io": {"auth": "%%%"}}}, "no base64 of user:password"),
        ({"auths": {"ghcr.io": {"auth": base64.b64encode(PASSWORD.encode()).decode()}}}, "no base64 of user:password"),
    ],
)
def test_a_login_that_can_not_be_used_is_one_clear_line(fields: dict[str, Any], message: str, docker: Docker) -> None:
    with pytest.raises(SourceError, match=message) as error:
        find_login("ghcr.io", "a", docker(**fields))
    assert PASSWORD not in str(error.value)
    assert "\n" not in str(error.value)


def test_a_helper_that_talks_nonsense_is_one_clear_line(docker: Docker, helper: Callable[[str], None]) -> None:
    helper(f"echo {PASSWORD}")
    with pytest.raises(SourceError, match=r"its answer for ghcr\.io can't be read") as error:
        find_login("ghcr.io", "a", docker(credsStore="tests"))
    assert PASSWORD not in str(error.value)


def test_a_config_that_is_no_json_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(SourceError, match="the logins in it can't be read: it is not JSON"):
        find_login("ghcr.io", "a", {"DOCKER_CONFIG": str(tmp_path), "HOME": "/nonexistent"})


@pytest.mark.parametrize(
    ("header", "challenges"),
    [
        ('Basic realm="a, b"', [Challenge("basic", "a, b")]),
        (
            'Bearer realm="https://t/x?y=1",service="s",scope="a:b:pull,push"',
            [Challenge("bearer", "https://t/x?y=1", "s", "a:b:pull,push")],
        ),
        ('bearer REALM=https://t , service = s', [Challenge("bearer", "https://t", "s")]),
        ('Basic realm="x", Bearer realm="https://t"', [Challenge("basic", "x"), Challenge("bearer", "https://t")]),
        (r'Basic realm="a\"b"', [Challenge("basic", 'a"b')]),
        ("Negotiate", [Challenge("negotiate")]),
        ("", []),
        ("=,=", []),
        ('Bearer realm="' + "x" * 100_000, [Challenge("bearer")]),
    ],
)  # fmt: skip
def test_a_challenge_is_read(header: str, challenges: list[Challenge]) -> None:
    assert parse_challenges(header) == challenges


@pytest.mark.parametrize(
    ("realm", "registry", "may"),
    [
        ("https://auth.docker.io/token", "https://registry-1.docker.io", True),
        ("http://auth.example/token", "https://registry.example", False),
        ("http://registry.example/token", "https://registry.example", False),
        ("http://registry.example:81/token", "http://registry.example", True),
        ("http://other.example/token", "http://registry.example", False),
        ("https://jo:secret@auth.example/token", "https://registry.example", False),
        ("file:///etc/passwd", "https://registry.example", False),
        ("/token", "https://registry.example", False),
        ("", "https://registry.example", False),
    ],
)
def test_a_login_goes_by_https_or_to_the_registry_itself(realm: str, registry: str, may: bool) -> None:
    assert may_ask(realm, registry) is may


def test_pauses_double_and_are_as_long_as_told_within_a_minute() -> None:
    assert [pause(attempt, 0.5) for attempt in range(4)] == [0.5, 1.0, 2.0, 4.0]
    assert pause(0, 0.5, "7") == 7.0
    assert pause(0, 0.5, "86400") == 60.0
    assert pause(20, 0.5) == 60.0
    assert pause(0, 0.5, "Wed, 21 Oct 2015 07:28:00 GMT") == 0.0
    assert pause(1, 0.5, "soon") == 1.0

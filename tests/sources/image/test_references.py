"""Names of images mean what Docker takes them to mean; targets are told apart by their prefix or by what exists."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secrets_guard.errors import ConfigError, SourceError
from secrets_guard.sources.image.platform import is_wanted, normal, parse_platforms
from secrets_guard.sources.image.reference import Reference, parse_reference
from secrets_guard.sources.image.target import Target, parse_target

DIGEST = "sha256:" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("debian", Reference("docker.io", "library/debian", "latest")),
        ("debian:12", Reference("docker.io", "library/debian", "12")),
        ("team/app", Reference("docker.io", "team/app", "latest")),
        ("docker.io/debian", Reference("docker.io", "library/debian", "latest")),
        ("index.docker.io/debian:12", Reference("docker.io", "library/debian", "12")),
        ("ghcr.io/team/app:1.0", Reference("ghcr.io", "team/app", "1.0")),
        ("localhost/app", Reference("localhost", "app", "latest")),
        ("localhost:5000/app:1", Reference("localhost:5000", "app", "1")),
        ("[::1]:5000/app", Reference("[::1]:5000", "app", "latest")),
        ("registry:5000/a/b/c", Reference("registry:5000", "a/b/c", "latest")),
        ("Team/app", Reference("Team", "app", "latest")),
        (f"debian@{DIGEST}", Reference("docker.io", "library/debian", "", DIGEST)),
        (f"debian:12@{DIGEST}", Reference("docker.io", "library/debian", "12", DIGEST)),
        (f"localhost:5000/app@{DIGEST}", Reference("localhost:5000", "app", "", DIGEST)),
    ],
)
def test_a_name_is_read_as_docker_reads_it(text: str, reference: Reference) -> None:
    assert parse_reference(text) == reference


@pytest.mark.parametrize(
    "text",
    [
        *("", ":", "a:b:c", "UPPER", "a//b", "-a", "a@sha256:12", "a@md5:" + "0" * 32, "a:" + "t" * 129, "a b", "é"),
        *(
            "../etc/passwd",
            "host:port/a",
            "host:123456/a",
            "a/../b",
            "a:-x",
            "user:pass@host/a",
            "a\n",
            "http://host/a",
        ),
    ],
)
def test_what_is_no_name_is_one_clear_line(text: str) -> None:
    with pytest.raises(SourceError) as error:
        parse_reference(text)
    assert "\n" not in str(error.value).replace(repr(text), "")


@given(
    st.from_regex(
        r"[a-z0-9]{1,8}(\.[a-z]{2,3})(:[0-9]{2,5})?/[a-z0-9]{1,5}(/[a-z0-9]{1,5})?:[A-Za-z0-9_][A-Za-z0-9_.-]{0,9}",
        fullmatch=True,
    )
)
def test_a_reference_in_full_means_itself(text: str) -> None:
    assert str(parse_reference(text)) == text
    assert parse_reference(str(parse_reference(text))) == parse_reference(text)


def test_a_target_is_told_by_what_exists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "layout").mkdir()
    (tmp_path / "image.tar").write_bytes(b"")
    assert parse_target("layout").transport == "oci"
    assert parse_target("image.tar").transport == "archive"
    assert parse_target("debian").transport == "docker"
    assert parse_target("-").transport == "docker-archive"
    assert parse_target("oci:layout:tag") == Target("oci:layout:tag", "oci", "layout", "tag")
    assert parse_target(f"oci:layout@{DIGEST}") == Target(f"oci:layout@{DIGEST}", "oci", "layout", DIGEST)
    assert parse_target("docker-archive:image.tar:host:5000/a:1")[1:] == (
        "docker-archive",
        "image.tar",
        "host:5000/a:1",
    )
    assert parse_target("docker://localhost:1/a") == Target("docker://localhost:1/a", "docker", "localhost:1/a")
    assert parse_target("docker-daemon:app:1") == Target("docker-daemon:app:1", "docker-daemon", "app:1")


@pytest.mark.parametrize("text", ["missing.tar", "./missing", "/missing/file", "", "docker:app", "oci:", "~/x"])
def test_a_target_that_can_not_be_meant_is_one_clear_line(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SourceError, match=r"no such file|is written docker://|is missing behind"):
        parse_target(text)


def test_platforms_are_compared_by_what_they_mean() -> None:
    assert parse_platforms(["linux/x86_64", "linux/aarch64", "linux/arm64/v8"]) == (
        "linux/amd64",
        "linux/arm64",
        "linux/arm64",
    )
    assert parse_platforms(["linux/amd64", "all"]) == ()
    assert is_wanted("linux/arm64/v8", ("linux/arm64",))
    assert is_wanted("linux/arm/v7", ("linux/arm",))
    assert not is_wanted("linux/arm/v6", ("linux/arm/v7",))
    assert not is_wanted("linux/arm64", ("linux/arm",))
    assert normal("windows/amd64") == "windows/amd64"


@pytest.mark.parametrize("word", ["amd64", "linux/", "/amd64", "a/b/c/d", ""])
def test_a_platform_that_is_none_is_refused(word: str) -> None:
    with pytest.raises(ConfigError, match="write it as linux/amd64"):
        parse_platforms([word])

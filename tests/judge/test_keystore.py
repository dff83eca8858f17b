"""Keystores as keytool and OpenSSL write them: what holds a private key, and what is open to anybody."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secrets_guard import api
from secrets_guard.judge.keystore import Keystore, look_into
from secrets_guard.rules.template import fill_bytes
from secrets_guard.sources.memory import MemorySource

OPEN, LOCKED, NO_KEY = Keystore(True, True), Keystore(True, False), Keystore(False, False)
STRONG = "Nobody-Knows-This-1"
Run = Callable[..., None]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keystores")


@pytest.fixture(scope="module")
def run(folder: Path) -> Run:
    def command(*words: str) -> None:
        if shutil.which(words[0]) is None:
            pytest.skip(f"{words[0]} is not installed")
        subprocess.run(words, cwd=folder, check=True, capture_output=True)

    return command


@pytest.fixture(scope="module")
def certificate(folder: Path, run: Run) -> str:
    run(
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        "k.pem",
        "-out",
        "c.pem",
        "-subj",
        "/CN=x",
    )
    return "c.pem"


def keytool(run: Run, type_: str, name: str, password: str, *more: str) -> None:
    store = ("-storetype", type_, "-keystore", name, "-storepass", password)
    if more:
        run("keytool", *more, *store)
    else:
        key = ("-alias", "a", "-keyalg", "EC", "-keypass", password, "-dname", "CN=x")
        run("keytool", "-genkeypair", *key, *store)


@pytest.mark.parametrize("type_", ["JKS", "JCEKS", "PKCS12"])
def test_what_keytool_writes(folder: Path, run: Run, certificate: str, type_: str) -> None:
    trusted = ("-importcert", "-noprompt", "-alias", "c", "-file", certificate)
    keytool(run, type_, f"open.{type_}", "changeit")
    keytool(run, type_, f"locked.{type_}", STRONG)
    keytool(run, type_, f"trust.{type_}", "changeit", *trusted)
    keytool(run, type_, f"both.{type_}", "changeit", *trusted)
    keytool(run, type_, f"both.{type_}", "changeit")
    told = [look_into((folder / f"{name}.{type_}").read_bytes()) for name in ("open", "locked", "trust", "both")]
    assert told == [OPEN, LOCKED, NO_KEY, OPEN]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("-passout", "pass:"), OPEN),
        (("-passout", "pass:changeit"), OPEN),
        (("-passout", "pass:changeit", "-macalg", "sha1"), OPEN),
        (("-passout", "pass:changeit", "-iter", "10000"), OPEN),
        (("-passout", f"pass:{STRONG}", "-keypbe", "NONE", "-certpbe", "NONE"), OPEN),
        (("-passout", f"pass:{STRONG}"), LOCKED),
        (("-passout", f"pass:{STRONG}", "-nomac"), LOCKED),
        (("-passout", "pass:changeit", "-nokeys"), NO_KEY),
    ],
    ids=str,
)
def test_what_openssl_writes(
    folder: Path, run: Run, certificate: str, options: tuple[str, ...], expected: Keystore
) -> None:
    run("openssl", "pkcs12", "-export", "-inkey", "k.pem", "-in", certificate, "-out", "x.p12", *options)
    assert look_into((folder / "x.p12").read_bytes()) == expected


def test_the_report_says_which_is_open_and_which_is_locked(folder: Path, run: Run, certificate: str) -> None:
    keytool(run, "JKS", "a.jks", "changeit")
    keytool(run, "JKS", "b.jks", STRONG)
    keytool(run, "JKS", "c.jks", "changeit", "-importcert", "-noprompt", "-alias", "c", "-file", certificate)
    contents = {name: (folder / name).read_bytes() for name in ("a.jks", "b.jks", "c.jks")}
    told = [(one.location.path, one.rule_id, one.severity) for one in api.scan(MemorySource(contents)).findings]
    assert told == [("a.jks", "keystore-java-open", "critical"), ("b.jks", "keystore-java", "medium")]


def test_a_keystore_inside_other_content_is_found() -> None:
    store = fill_bytes("<p12:changeit>", "inside")
    (finding,) = api.scan(MemorySource({"a.bin": b"\0" * 100 + store + b"\0" * 5000})).findings
    assert finding.rule_id == "keystore-pkcs12-open"
    assert finding.secret == "****"


def test_the_same_keystore_keeps_its_fingerprint_and_another_has_another() -> None:
    contents = {str(n): fill_bytes("<jks:changeit>", f"{n % 2}") for n in range(3)}
    prints = [one.fingerprint for one in api.scan(MemorySource(contents)).findings]
    assert prints[0] == prints[2] != prints[1]


@pytest.mark.parametrize("template", ["<jks:changeit>", "<p12:changeit>", "<jks:>", "<p12:>"])
def test_a_cut_keystore_is_not_said_to_be_open(template: str) -> None:
    data = fill_bytes(template, "cut")
    assert look_into(data) == OPEN
    for cut in range(1, len(data) - 1, 37):
        assert not look_into(data[:cut]).open


@given(st.binary(max_size=400), st.sampled_from([b"\xfe\xed\xfe\xed\0\0\0\2\0\0", b"\x30\x82\1\0\2\1\3\x30", b""]))
def test_noise_is_no_keystore_that_is_open(noise: bytes, magic: bytes) -> None:
    assert look_into(magic + noise) in (NO_KEY, LOCKED)

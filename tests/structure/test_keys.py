"""Private keys as ssh-keygen and OpenSSL write them: type, size, and whether a passphrase protects them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from secrets_guard.structure import Reading

Ask = Callable[..., Reading]
Make = Callable[..., str]


@pytest.fixture
def made(tmp_path: Path) -> Make:
    def make(*words: str) -> str:
        if shutil.which(words[0]) is None:
            pytest.skip(f"{words[0]} is not installed")
        subprocess.run([*words, str(tmp_path / "key")], check=True, capture_output=True)
        return (tmp_path / "key").read_text()

    return make


@pytest.mark.parametrize("passphrase", ["", "correct horse"])
@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (("rsa", "-b", "2048"), {"type": "ssh-rsa", "bits": "2048"}),
        (("ed25519",), {"type": "ssh-ed25519"}),
        (("ecdsa", "-b", "384"), {"type": "ecdsa-sha2-nistp384"}),
    ],
)
def test_a_key_of_openssh_tells_its_type_even_when_it_is_encrypted(
    ask: Ask, made: Make, kind: tuple[str, ...], told: dict[str, str], passphrase: str
) -> None:
    key = made("ssh-keygen", "-q", "-N", passphrase, "-t", *kind, "-f")
    assert dict(ask("private-key", key).details) == told | {"encrypted": "yes" if passphrase else "no"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("genrsa", "-traditional", "-out"), {"type": "RSA", "bits": "2048", "encrypted": "no"}),
        (
            ("genrsa", "-traditional", "-aes128", "-passout", "pass:secret1", "-out"),
            {"type": "RSA", "encrypted": "yes"},
        ),
        (("genpkey", "-algorithm", "RSA", "-out"), {"type": "RSA", "bits": "2048", "encrypted": "no"}),
        (("genpkey", "-algorithm", "ED25519", "-out"), {"type": "Ed25519", "encrypted": "no"}),
        (
            ("genpkey", "-algorithm", "ED25519", "-aes256", "-pass", "pass:secret1", "-out"),
            {"type": "PKCS#8", "encrypted": "yes"},
        ),
        (
            ("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384", "-out"),
            {"type": "EC", "curve": "P-384", "encrypted": "no"},
        ),
        (
            ("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out"),
            {"type": "EC", "curve": "P-256", "encrypted": "no"},
        ),
    ],
)
def test_a_key_of_openssl_tells_its_type_and_size(
    ask: Ask, made: Make, words: tuple[str, ...], told: dict[str, str]
) -> None:
    assert dict(ask("private-key", made("openssl", *words)).details) == told


@pytest.mark.parametrize(
    "written",
    [
        lambda key: key.replace("\n", "\\n"),
        lambda key: key.replace("\n", "\\\\n"),
        lambda key: '"' + key.strip().replace("\n", '\\n" +\n    "') + '"',
        lambda key: "\n".join(f"    {line}" for line in key.splitlines()),
        lambda key: key.replace("\n", "\r\n"),
        lambda key: __import__("base64").b64encode(key.encode()).decode(),
    ],
)
def test_a_key_in_a_string_of_a_program_is_read_too(ask: Ask, made: Make, written: Callable[[str], str]) -> None:
    key = written(made("openssl", "genrsa", "-traditional", "-out"))
    assert dict(ask("private-key", key).details) == {"type": "RSA", "bits": "2048", "encrypted": "no"}


def test_a_key_that_is_cut_short_tells_nothing(ask: Ask, made: Make) -> None:
    lines = made("openssl", "genrsa", "-traditional", "-out").splitlines()
    assert ask("private-key", "\n".join([*lines[:4], lines[-1]])) == Reading()


def test_a_key_of_putty_tells_its_type(ask: Ask) -> None:
    key = "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: aes256-cbc\nComment: k\n"
    assert dict(ask("private-key", key).details) == {"type": "ssh-ed25519", "encrypted": "yes"}

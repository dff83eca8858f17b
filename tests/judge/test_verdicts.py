"""What all judges together say: kept, dropped or rated, and why."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable

import pytest

from secrets_guard.judge import JUDGES, judge
from secrets_guard.model.match import Context, Match
from secrets_guard.rules.template import fill

Case = Callable[..., tuple[Match, Context]]
RANDOM = fill("<alnum:24>", "judge").encode()
PASSWORD = fill("<[A-Za-z]:7><digit:3>!<alnum:4>", "judge").encode()
HEX = fill("<hex:40>", "judge").encode()
UUID = fill("<hex:8>-<hex:4>-<hex:4>-<hex:4>-<hex:12>", "judge").encode()


@pytest.mark.parametrize(
    ("before", "value", "more"),
    [
        (b"db_password = '", PASSWORD, {}),
        (b"API_KEY=", RANDOM, {}),
        (b"token: ", HEX, {}),
        (b"ADMIN_PASSWORD=", b"white" + b"duke", {}),
        (b"password = ", b"open" + b"sesame7", {"previous": b"user = Aladdin"}),
        (b"x_api_key: ", UUID, {}),
        (b"token: ", UUID, {}),
        (b'define("DB_PASSWORD", "', PASSWORD, {}),
        (b"redis://:", RANDOM, {"kind": "url", "after": b"@localhost:6379"}),
        (b'url = "https://host/?token=', RANDOM, {"hint": "app.py"}),
    ],
)
def test_a_real_looking_secret_is_kept_as_sure_as_its_rule(
    case: Case, before: bytes, value: bytes, more: dict[str, object]
) -> None:
    match, verdict = judge(*case(before, value, **more))
    assert verdict is None
    assert match.confidence == "medium"


DROPPED: list[tuple[bytes, bytes, dict[str, object], str, str]] = [
    (b"password = '", b"x" * 12, {}, "placeholder", "examples"),
    (b"password = '", b"change" + b"me", {}, "placeholder", "examples"),
    (b"api_key = '", b"<the" + b"-real-one>", {}, "placeholder", "template"),
    (b"API_KEY=", b"${API" + b"_KEY}", {}, "placeholder", "template"),
    (b"token: ", b"{{ .Values.token }}", {}, "placeholder", "template"),
    (b"token: ", RANDOM, {"after": b"<base64url:36>"}, "placeholder", "goes on"),
    (b"secret: ", b"vault:secret/" + b"app#key", {}, "placeholder", "elsewhere"),
    (b"secret: ", b"ENC[AES256_GCM,data:" + RANDOM, {}, "placeholder", "encrypted"),
    (b"secret: ", b"AgB" + RANDOM * 8, {}, "placeholder", "encrypted"),
    (b"  ", RANDOM.hex().encode().hex().encode(), {"kind": "entropy"}, "placeholder", "encrypted"),
    (b"key = ", b"AKIA" + b"IOSFODNN7" + b"EXAMPLE", {"kind": "token", "confidence": "high"}, "placeholder", "example"),
    (b"token: ", b"opqrstuv" + b"X1", {}, "placeholder", "in their order"),
    (b'"', UUID, {"kind": "entropy"}, "identifier", "UUID"),
    (b'"integrity": "', RANDOM, {"hint": "package-lock.json"}, "identifier", "lock file"),
    (b"object ", HEX, {"kind": "entropy"}, "identifier", "object id"),
    (b"tokens.py,", b"sha256=" + RANDOM, {}, "identifier", "checksum"),
    (b'"next_token": "', RANDOM, {}, "name", "opens nothing"),
    (b'"PasswordLastUsed": "', RANDOM, {}, "name", "about a secret"),
    (b'"AWS::IAM::AccessKey": "', HEX[:16], {}, "name", "type"),
    (b"run -v $(PWD):", b"/mnt/data0:z", {}, "name", "read"),
    (b"password = ", b"get_password()", {}, "literal", "expression"),
    (b"password = ", b"os.environ.password", {}, "literal", "expression"),
    (b"token = ", RANDOM, {"hint": "main.go"}, "literal", "not quoted"),
    (b'password: "', b"Password must be long", {}, "literal", "more than one word"),
    (b'secret_key: "', b"Optional[str]", {}, "literal", "type"),
    (b'token = "', b"my_access_token" + b"_alias", {}, "placeholder", "examples"),
    (b'token = "', b"refresh-session-handler", {}, "literal", "words"),
    (b'token = "', b"conf/tokens.json", {}, "literal", "file name"),
    (b'token = "', b"%s:%d", {}, "literal", "format"),
    (b'token = "', b"2024-01-31T10:00:00Z", {}, "literal", "date"),
    (b'token = "', b"(?=[a-z]+)" + RANDOM[:4], {}, "literal", "regular expression"),
    (b'"encryption_key": "', b"encryptionkey1024", {}, "literal", "repeats the name"),
    (b"token: ", b"90817263544120", {}, "literal", "number"),
    (b"var a=", RANDOM, {"hint": "app.min.js", "kind": "entropy"}, "surroundings", "minified"),
    (b"db://u:", b"postgres", {"kind": "url"}, "surroundings", "manual"),
    (b'"password": "', "Парола".encode(), {"hint": "i18n/bg.json"}, "confidence", "beyond ascii"),
    (b"value: ", b64encode(b"Change your Password"), {"rule_id": "generic-secret-name-value"}, "literal", "sentence"),
    (b'"license_key": "', b"a1b2c3d4e5f6" + b"g7h8i9j0", {}, "placeholder", "order"),
    (b'"api_key": "', b"abcdef" + RANDOM[:9], {}, "placeholder", "keyboard"),
    (b'enable_password: "', b"enable" + b"Password", {}, "literal", "repeats the name"),
    (b"x = ", RANDOM, {"min_entropy": 6.5}, "entropy", "bits per character"),
    (b"x = ", RANDOM, {"allow": (RANDOM[:6].decode(),)}, "rule", "allows"),
]


@pytest.mark.parametrize(("before", "value", "more", "by", "word"), DROPPED)
def test_what_is_no_secret_is_dropped_with_a_reason(
    case: Case, before: bytes, value: bytes, more: dict[str, object], by: str, word: str
) -> None:
    _, verdict = judge(*case(before, value, **more))
    assert verdict is not None
    assert verdict.keep is False
    assert (verdict.by, word in verdict.reason) == (by, True), verdict


RATED: list[tuple[bytes, bytes, dict[str, object], str, str]] = [
    (b'password = "', PASSWORD, {"hint": "tests/test_login.py"}, "low", "tests"),
    (b'password = "', PASSWORD, {"hint": "docs/setup.md"}, "low", "documentation"),
    (b'#   User.create(password: "', PASSWORD, {"hint": "lib/user.rb"}, "low", "comment"),
    (b'password = "', b"reset_link" + b"_sent", {"hint": "app.py"}, "low", "word parts"),
    (b'api_key = "', b"vAc1", {"hint": "mix.py"}, "low", "short for a key"),
    (b'"password": "', b"Parola" + b"1x", {"hint": "i18n/bg.json"}, "low", "in translations"),
    (b"'password', '", b"blue" + b"berry", {"hint": "app.py"}, "low", "list item"),
    (b"db://u:", b"tiger" + b"s1", {"kind": "url", "after": b"@localhost"}, "low", "local"),
    (b"db://u:", RANDOM, {"kind": "url", "after": b"@db.example.com/x"}, "low", "example"),
    (
        b"",
        b"-----BEGIN" + RANDOM * 9,
        {"kind": "private-key", "confidence": "high", "hint": "test/a.pem"},
        "medium",
        "tests",
    ),
    (b"", RANDOM, {"kind": "token", "hint": "spec/a.rb"}, "low", "tests"),
]


@pytest.mark.parametrize(("before", "value", "more", "confidence", "word"), RATED)
def test_a_doubtful_value_stands_with_less_confidence(
    case: Case, before: bytes, value: bytes, more: dict[str, object], confidence: str, word: str
) -> None:
    match, verdict = judge(*case(before, value, **more))
    assert verdict is None
    assert match.confidence == confidence
    assert word in " ".join(match.reasons)


def test_a_vendor_token_of_a_sure_rule_is_never_doubted_for_its_place(case: Case) -> None:
    match, verdict = judge(*case(b"", RANDOM, kind="token", confidence="high", hint="tests/fixtures/a.md"))
    assert verdict is None
    assert (match.confidence, match.reasons) == ("high", ())


@pytest.mark.parametrize(("template", "check"), [("<github:ghp_>", "github-crc32"), ("<npm>", "npm-crc32")])
def test_a_right_checksum_is_proof_and_a_wrong_one_a_doubt(case: Case, template: str, check: str) -> None:
    token = fill(template, "judge").encode()
    wrong = token[:-1] + (b"A" if token[-1:] != b"A" else b"B")
    right, _ = judge(*case(b"", token, kind="token", confidence="medium", checksum=check, hint="docs/a.md"))
    doubted, _ = judge(*case(b"", wrong, kind="token", confidence="high", checksum=check))
    assert right.confidence == "high"
    assert doubted.confidence == "low"
    assert "never issued" in doubted.reasons[0] or "wrong" in doubted.reasons[0]


def test_the_order_of_judges_has_no_judge_twice() -> None:
    assert len(set(JUDGES)) == len(JUDGES)

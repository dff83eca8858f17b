"""What tokens tell of themselves."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from secrets_guard.model.result import ScanResult
from secrets_guard.model.rule import Rule
from secrets_guard.rules import lint
from secrets_guard.rules.active import load_rules
from secrets_guard.rules.template import fill, fill_bytes
from secrets_guard.structure import STRUCTURES, Around, Reading, look
from secrets_guard.structure.azure_key import marvin32

Ask = Callable[..., Reading]
Sweep = Callable[..., ScanResult]
KEY = "k" * 40
WIF = "5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvh" + "TVqvbTLvyTJ"
"""The private key that the wiki's page on the format gives as an example, and that everybody knows."""


def test_the_structures_a_rule_may_name_are_those_there_are() -> None:
    assert sorted(lint.STRUCTURES) == sorted(STRUCTURES)


def _readings(rule: Rule) -> list[Reading]:
    read = []
    for example in rule.examples:
        text = fill_bytes(example, rule.id)
        for found in re.finditer(rule.pattern.encode(), text):
            at, end = found.span(rule.secret_group)
            read.append(look(rule.structure, text[at:end], Around(text, at)))
    return read


RULES = [rule for rule in load_rules().rules if rule.structure]
# Their examples are random where the real ones are not.
SILENT = (
    *(rule.id for rule in RULES if rule.structure == "azure-key"),
    "private-key-pem",
    "private-key-base64",
    "grafana-cloud-token",
    "jfrog-reference-token",
    "aws-secret-access-key",
)


@pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])
def test_a_rule_with_a_structure_has_an_example_that_tells_something(rule: Rule) -> None:
    read = _readings(rule)
    assert not any(one.wrong or one.doubt for one in read)
    assert rule.id in SILENT or any(one.proof or any(fact for _, fact in one.details) for one in read)


@pytest.mark.parametrize("name", sorted(STRUCTURES))
@given(value=st.binary(max_size=300), before=st.binary(max_size=80), after=st.binary(max_size=80))
def test_a_structure_reads_any_bytes_and_never_tells_the_value(
    name: str, value: bytes, before: bytes, after: bytes
) -> None:
    reading = look(name, value, Around(before + value + after, len(before)))
    facts = [fact for _, fact in reading.details]
    assert all(len(fact) <= 121 for fact in facts)
    assert len(value) < 8 or value not in " ".join(facts).encode()


@pytest.mark.parametrize(
    ("name", "template", "broken"),
    [
        ("gitlab", "<gitlab:glpat->", "glpat-<base64url:60>.01.0z<loweralnum:7>"),
        ("grafana", "<grafana:glsa_>", "glsa_<alnum:32>_<hex:8>"),
        ("age", "<b32check:AGE-SECRET-KEY->", "AGE-SECRET-KEY-1<[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]:58>"),
        ("base58check", WIF, WIF[:-1] + "K"),
    ],
)
def test_a_right_checksum_is_proof_and_a_wrong_one_a_doubt(ask: Ask, name: str, template: str, broken: str) -> None:
    right, wrong = ask(name, fill(template, "right")), ask(name, fill(broken, "wrong"))
    assert (right.proof, right.doubt) == ("its checksum is right", "")
    assert (wrong.proof, wrong.doubt) == ("", "its checksum is wrong: not a token that was ever issued")


def test_grafanas_own_example_has_a_right_checksum(ask: Ask) -> None:
    assert ask("grafana", "glsa_yscW25imSKJIuav8zF37RZmnb" + "iDvB05G_fcaaf58a").proof


@pytest.mark.parametrize(
    ("name", "template", "other"),
    [
        ("atlassian", "<atlassian:ATATT3xFfGF0>", "ATATT3xFfGF0<base64url:172>=<HEX:8>"),
        ("cloudflare", "<cloudflare:cfut_>", "cfut_<alnum:48>"),
    ],
)
def test_a_checksum_that_its_vendor_does_not_publish_proves_but_never_doubts(
    ask: Ask, name: str, template: str, other: str
) -> None:
    assert ask(name, fill(template, "right")).proof
    assert not ask(name, fill(other, "wrong")).doubt


def test_a_token_with_a_wrong_checksum_is_low_confidence_and_shown_where_that_is_asked_for(swept: Sweep) -> None:
    text = fill("T=glsa_<alnum:32>_<hex:8>", "wrong")
    assert not swept(text, "grafana-service-account-token").findings
    (finding,) = swept(text, "grafana-service-account-token", min_confidence="low").findings
    assert finding.confidence == "low"
    assert "never" in str(finding.reasons) or "not a token" in str(finding.reasons)


def test_a_routable_token_of_gitlab_tells_where_it_leads(ask: Ask) -> None:
    details = dict(ask("gitlab", fill("<gitlab:glpat->", "x")).details)
    assert (details["cell"], details["organization"]) == ("1", "1")
    assert details["user"].isdigit()


def test_a_token_of_gitlab_from_before_tells_nothing(ask: Ask) -> None:
    assert ask("gitlab", fill("glpat-<alnum:20>", "x")) == Reading()


def test_an_aws_key_id_holds_its_account(ask: Ask) -> None:
    # The example of https://medium.com/@TalBeerySec/a-short-note-on-aws-key-id-f88cc4317489
    details = dict(ask("aws-key-id", "ASIAQNZGKI" + "QY56JQ7WML").details)
    assert details == {"kind": "temporary", "account": "029608264753"}


def test_an_aws_key_id_of_before_2019_holds_none(ask: Ask) -> None:
    assert dict(ask("aws-key-id", "AKIAI" + "QNZGKIQY56JQ7WM").details) == {"kind": "long-term"}


def test_an_aws_secret_tells_the_account_of_the_key_id_beside_it(ask: Ask) -> None:
    secret = fill("<alnum:40>", "x")
    near = "id = " + "ASIAQNZGKI" + "QY56JQ7WML" + "\nsecret = "
    assert dict(ask("aws-secret", secret, near).details)["account"] == "029608264753"
    assert ask("aws-secret", secret) == Reading()


def test_a_pypi_token_tells_its_place_and_its_projects(ask: Ask) -> None:
    assert dict(ask("pypi-macaroon", fill("<pypi:pypi.org>", "x")).details) == {
        "location": "pypi.org",
        "projects": "shop shop-client",
    }


def test_what_is_no_macaroon_was_never_a_pypi_token(ask: Ask) -> None:
    token = fill("<pypi:pypi.org>", "x")
    for cut in range(9, len(token) - 1, 7):
        assert ask("pypi-macaroon", token[:cut]).doubt == "it is no macaroon: not a token that was ever issued"


def token(claims: dict[str, object], header: dict[str, object] | None = None) -> str:
    return jwt.encode(claims, KEY, "HS256", headers=header)


def test_a_web_token_tells_its_issuer_and_times_but_not_its_subject(ask: Ask) -> None:
    made = token({"iss": "https://id.corp", "sub": "jane@corp", "iat": 1700000000, "exp": 1700003600}, {"kid": "k1"})
    assert dict(ask("jwt", made).details) == {
        "algorithm": "HS256",
        "key id": "k1",
        "issuer": "https://id.corp",
        "issued": "2023-11-14T22:13:20Z",
        "expires": "2023-11-14T23:13:20Z",
    }


def test_a_web_token_of_a_kubernetes_service_account_tells_which(ask: Ask) -> None:
    made = token({"iss": "kubernetes/serviceaccount", "sub": "system:serviceaccount:shop:deployer"})
    assert dict(ask("jwt", made).details)["service account"] == "shop:deployer"


def test_credentials_in_what_a_token_tells_are_not_told(ask: Ask) -> None:
    details = dict(ask("jwt", token({"iss": "https://admin:hunter2@id.corp/x"})).details)
    assert details["issuer"] == "https://****@id.corp/x"


def test_what_has_no_header_of_a_web_token_is_none_and_explain_says_so(swept: Sweep) -> None:
    text = fill("API_TOKEN=eyJ<alnum:33>.eyJ<alnum:60>.<base64url:43>", "no")
    result = swept(text, "json-web-token", explain=True)
    assert not result.findings
    (told,) = result.explanations
    assert (told.outcome, told.by) == ("dropped", "structure")
    assert "no web token" in told.reason


def test_what_is_no_web_token_may_still_be_a_secret_of_another_kind(swept: Sweep) -> None:
    text = fill("api_secret_key = 'eyJ<alnum:33>.eyJ<alnum:60>.<base64url:43>'", "no")
    result = swept(text, "json-web-token", "generic-secret-assignment", explain=True)
    assert all(one.by != "structure" for one in result.explanations if one.rule_id != "json-web-token")


def test_a_web_token_that_nobody_signed_is_low_confidence(swept: Sweep) -> None:
    header = fill('<b64url:{"alg":"none","typ":"JWT"}>', "x")
    signed = token({"iss": "shop", "exp": 4000000000}).partition(".")[2]
    (finding,) = swept(f"API_TOKEN={header}.{signed}", "json-web-token", min_confidence="low").findings
    assert finding.confidence == "low"
    assert any("not signed" in reason for reason in finding.reasons)


@pytest.mark.parametrize(("expires", "word"), [(1700000000, "yes"), (4000000000, "no")])
def test_a_token_that_expires_is_kept_and_told_to_be_expired_or_not(swept: Sweep, expires: int, word: str) -> None:
    (finding,) = swept(f"API_TOKEN={token({'iss': 'shop', 'exp': expires})}", "json-web-token").findings
    assert dict(finding.details)["expired"] == word


def test_a_shared_access_signature_tells_account_permissions_and_expiry(ask: Ask) -> None:
    before = (
        "https://shop.blob.core.windows.net/c/f?sp=rw&st=2026-01-01T00:00:00Z&se=2027-01-01&sv=2022-11-02&sr=b&sig="
    )
    details = dict(ask("azure-sas", fill("<base64:43>%3D", "x"), before, "&spr=https").details)
    assert (details["account"], details["permissions"], details["resource"]) == ("shop", "rw", "b")
    assert (details["starts"], details["expires"]) == ("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z")


def test_a_service_account_tells_project_and_account(ask: Ask) -> None:
    around = json.dumps({"project_id": "shop-1", "client_email": "ci@shop-1.iam.gserviceaccount.com"})
    details = dict(ask("gcp-service-account", "-----BEGIN", after=around).details)
    assert details == {"project": "shop-1", "account": "ci@shop-1.iam.gserviceaccount.com"}


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("xoxb-<digit:12>-<digit:12>-<alnum:24>", {"kind": "bot token"}),
        ("sk_live_<alnum:24>", {"kind": "secret key", "mode": "live"}),
        ("rk_test_<alnum:24>", {"kind": "restricted key", "mode": "test"}),
        ("dp.st.prd.<alnum:42>", {"kind": "service token", "environment": "prd"}),
        ("<hex:32>-us14", {"region": "us14"}),
    ],
)
def test_a_token_tells_the_parts_that_are_not_secret(ask: Ask, template: str, told: dict[str, str]) -> None:
    details = dict(ask("parts", fill(template, "x")).details)
    assert told.items() <= details.items()


def test_a_url_tells_service_and_host(ask: Ask) -> None:
    details = ask("url", "hunter22", "postgres://app:", "@db.corp:5432/shop").details
    assert dict(details) == {"service": "postgres", "host": "db.corp:5432"}


def test_a_discord_token_tells_its_bot(ask: Ask) -> None:
    details = dict(ask("discord", fill("<b64url:175928847299117063>.<alnum:6>.<alnum:27>", "x")).details)
    assert details == {"bot": "175928847299117063", "bot made": "2016-04-30T11:18:25Z"}


def test_a_reference_token_of_jfrog_tells_when_it_expires(ask: Ask) -> None:
    value = fill("<b64:reftkn:01:1700000000:<alnum:27>>", "x")
    assert dict(ask("jfrog-reference", value).details) == {"expires": "2023-11-14T22:13:20Z"}


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        ("", 0x30ED35C100CD3C7D),
        ("af", 0x48E73FC77D75DDC1),
        ("e70f", 0xB5F6E1FC485DBFF8),
        ("37f495", 0xF0B07C789B8CF7E8),
        ("8642dc59", 0x7008F2E87E9CF556),
        ("153fb79826", 0xE6C08C6DA2AFA997),
        ("0932e6246c47", 0x6F04BF1A5EA24060),
        ("ab427ea8d10fc7", 0xE11847E4F0678C41),
    ],
)
def test_marvin_makes_what_its_published_vectors_say(data: str, wanted: int) -> None:
    assert marvin32(bytes.fromhex(data), 0x004FB61A001BDBCC) == wanted >> 32 ^ wanted & 0xFFFFFFFF


@pytest.mark.parametrize(
    ("start", "length", "seed", "kind"),
    [
        ("<base64:76>+ASt", 64, b"Default0", "storage account"),
        ("<base64:76>ACDb", 64, b"MastRO00", "Cosmos DB, read only"),
        ("<base64:33>+ASb", 32, b"Listen00", "Service Bus, listen"),
        ("<base64:42>+ACR", 39, b"ACRDflt0", "Container Registry"),
        ("<base64url:44>AzFu", 40, b"Master00", "Functions, master"),
    ],
)
def test_a_signed_key_of_azure_tells_what_it_is_of_if_its_checksum_is_right(
    ask: Ask, start: str, length: int, seed: bytes, kind: str
) -> None:
    text = fill(start, "azure").replace("-", "+").replace("_", "/")
    data = base64.b64decode(text + "A" * (-len(text) % 4))[: length - 4].ljust(length - 4, b"\0")
    checksum = marvin32(data, int.from_bytes(seed, "big")).to_bytes(4, "little")
    key = base64.b64encode(data + checksum).decode()
    key = key.replace("+", "-").replace("/", "_") if "url" in start else key
    assert ask("azure-key", key) == Reading((("key of", kind),), proof="its checksum is right")
    assert ask("azure-key", base64.b64encode(data + b"abcd").decode()) == Reading()

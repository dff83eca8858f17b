"""An AWS secret key and the key id beside it -> what STS says of them.

GetCallerIdentity needs no permission and changes nothing:
https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from secrets_guard.model.finding import DEAD, LIVE, UNKNOWN
from secrets_guard.structure import Around
from secrets_guard.structure.aws import key_ids
from secrets_guard.verify.candidate import Candidate
from secrets_guard.verify.exchange import Reply, Request
from secrets_guard.verify.net import Net
from secrets_guard.verify.outcome import Alone, Outcome, Unanswered
from secrets_guard.verify.verifier import Verifier

_BODY = b"Action=GetCallerIdentity&Version=2011-06-15"
_SECRET = re.compile(rb"(?<![A-Za-z0-9/+=])([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])")
_TOKEN = re.compile(rb"(?:IQoJb3JpZ2lu|FwoGZXIvYXdz|FQoGZXIvYXdz)[A-Za-z0-9/+=]{80,2400}")
_REGIONS = {"sts.cn-north-1.amazonaws.com.cn": "cn-north-1", "sts.us-gov-west-1.amazonaws.com": "us-gov-west-1"}
_NO_SUCH_KEY = "no such key, or it is switched off"
_NOT_A_PAIR = "the key id is known, but not with the secret near it"
_CODE = re.compile(rb"<Code>([A-Za-z.]{3,60})</Code>")
_ARN = re.compile(rb"<Arn>(arn:[\w:/+=,.@\-]{10,140})</Arn>")
_MOST_PAIRS = 3


def ask(verifier: Verifier, candidate: Candidate, net: Net) -> Outcome:
    """Ask about a secret key with the key ids nearest to it, or about a key id with the secrets nearest to it.

    Which belong together nobody knows: that a secret is not a key id's own says nothing of either.
    """
    last = Outcome(UNKNOWN)
    for key_id, secret in _pairs(candidate)[:_MOST_PAIRS]:
        last = net.once((key_id, secret), partial(_ask_pair, verifier, key_id, secret, _token(candidate, key_id), net))
        if last.status == LIVE or (last.status == DEAD and candidate.value == key_id):
            return last
    return last


def _ask_pair(verifier: Verifier, key_id: str, secret: str, token: str | None, net: Net) -> Outcome:
    """Ask each partition, which all have keys of their own, until one knows the key id."""
    last = Outcome(UNKNOWN)
    for endpoint in (net.chosen("aws"),) if net.chosen("aws") else verifier.endpoints:
        last = _outcome(net.ask(_signed(endpoint, key_id, secret, token)))
        if last.message != _NO_SUCH_KEY:
            return last
    return last


def _pairs(candidate: Candidate) -> list[tuple[str, str]]:
    if candidate.rule_id == "aws-access-key-id":
        found = sorted(_SECRET.finditer(candidate.text), key=lambda one: abs(one.start() - candidate.at))
        secrets = [one.group(1).decode() for one in found if any(byte in b"0123456789" for byte in one.group(1))]
        if not secrets:
            raise Alone("its secret was not found near it")
        return [(candidate.value, secret) for secret in dict.fromkeys(secrets)]
    near = key_ids(Around(candidate.text, candidate.at))
    if not near:
        raise Alone("its key id was not found near it")
    return [(key_id.decode(), candidate.value) for key_id in near]


def _token(candidate: Candidate, key_id: str) -> str | None:
    if not key_id.startswith("ASIA"):
        return None
    found = min(_TOKEN.finditer(candidate.text), key=lambda one: abs(one.start() - candidate.at), default=None)
    if found is None:
        raise Alone("the session token of a temporary key was not found near it")
    return found.group().decode()


def _signed(endpoint: str, key_id: str, secret: str, token: str | None) -> Request:
    try:
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials
    except ImportError:
        raise Unanswered("asking AWS needs botocore: pip install 'secrets-guard[verify]'") from None
    url = f"{endpoint}/"
    content_type = "application/x-www-form-urlencoded; charset=utf-8"
    request: Any = AWSRequest("POST", url, {"Content-Type": content_type}, _BODY)
    region = _REGIONS.get(endpoint.rpartition("://")[2], "us-east-1")
    SigV4Auth(Credentials(key_id, secret, token), "sts", region).add_auth(request)
    return Request("POST", url, dict(request.headers.items()), _BODY)


def _outcome(reply: Reply) -> Outcome:
    if reply.status == 200:
        arn = _ARN.search(reply.body)
        return Outcome(LIVE, arn.group(1).decode() if arn else "")
    code = _CODE.search(reply.body)
    word = code.group(1).decode() if code else ""
    if word == "InvalidClientTokenId":
        return Outcome(DEAD, _NO_SUCH_KEY)
    if word == "ExpiredToken":
        return Outcome(DEAD, "its session is over")
    if word == "SignatureDoesNotMatch":
        return Outcome(UNKNOWN, _NOT_A_PAIR)
    return Outcome(UNKNOWN, f"STS answers {reply.status} {word}".rstrip())

"""A GCP service account's key -> what Google says when a short-lived token is asked for with it; the token is not kept.

https://developers.google.com/identity/protocols/oauth2/service-account#httprest. The token is asked for at Google's own
address, never at the ``token_uri`` beside the key.
"""

from __future__ import annotations

import time
from urllib.parse import urlencode

from secrets_guard.model.finding import DEAD, LIVE, UNKNOWN
from secrets_guard.structure.gcp import fields_of
from secrets_guard.verify.candidate import Candidate
from secrets_guard.verify.exchange import Request
from secrets_guard.verify.net import Net
from secrets_guard.verify.outcome import Alone, Outcome, Unanswered
from secrets_guard.verify.verifier import Verifier

_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_SCOPE = "https://www.googleapis.com/auth/userinfo.email"
_AUDIENCE = "https://oauth2.googleapis.com/token"
_LIFETIME_S = 60
_DEAD = ("account not found", "Invalid JWT Signature")
"""Other refusals come with the same error: a clock that is wrong, for one."""


def ask(verifier: Verifier, candidate: Candidate, net: Net) -> Outcome:
    """Ask for a token that lives a minute and may do no more than read the account's address."""
    fields = fields_of(candidate.text)
    account = fields.get(b"client_email", "")
    if not account:
        raise Alone("its account was not found near it")
    endpoint = net.chosen("gcp") or verifier.endpoints[0]
    form = {"grant_type": _GRANT, "assertion": _assertion(candidate.value, account, fields.get(b"private_key_id", ""))}
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    reply = net.ask(Request("POST", f"{endpoint}/token", headers, urlencode(form).encode()))
    document = reply.document()
    said = document if isinstance(document, dict) else {}
    if reply.status == 200 and said.get("access_token"):
        return Outcome(LIVE, f"account {account}")
    if reply.status in (400, 401) and any(word in str(said.get("error_description")) for word in _DEAD):
        return Outcome(DEAD, "no such key, or no such account")
    return Outcome(UNKNOWN, f"its issuer answers {reply.status}, which tells nothing")


def _assertion(key: str, account: str, key_id: str) -> str:
    try:
        import jwt
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
    except ImportError:
        raise Unanswered("asking Google needs pyjwt and cryptography: pip install 'secrets-guard[verify]'") from None
    plain = key
    while "\\n" in plain:
        plain = plain.replace("\\\\n", "\\n").replace("\\n", "\n")
    now = int(time.time())
    claims = {"iss": account, "scope": _SCOPE, "aud": _AUDIENCE, "iat": now, "exp": now + _LIFETIME_S}
    try:
        private = load_pem_private_key(plain.encode(), None)
        return jwt.encode(claims, private, "RS256", {"kid": key_id} if key_id else None)  # type: ignore[arg-type]
    except (ValueError, TypeError, jwt.PyJWTError):
        raise Unanswered("its key can't be read") from None

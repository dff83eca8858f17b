"""An Azure shared access signature -> what the storage account says when the URL it stands in is asked for (HEAD).

Codes: https://learn.microsoft.com/rest/api/storageservices/common-rest-api-error-codes.
"""

from __future__ import annotations

import re

from secrets_guard.model.finding import DEAD, LIVE, UNKNOWN
from secrets_guard.verify.candidate import Candidate
from secrets_guard.verify.exchange import Request
from secrets_guard.verify.net import Net
from secrets_guard.verify.outcome import Alone, Outcome
from secrets_guard.verify.verifier import Verifier

_URL = re.compile(
    rb"https://([a-z0-9]{3,24}\.(?:blob|file|queue|table|dfs)\.core\.(?:windows\.net|chinacloudapi\.cn|usgovcloudapi\.net))"
    rb"(/[\w\-.~%/$]{0,500})?\?((?:[\w\-.]{1,20}=[\w\-.~%:+/,]{0,300}(?:&amp;|&)?){2,20})"
)
_KNOWN = frozenset(
    {
        "AuthorizationPermissionMismatch", "AuthorizationResourceTypeMismatch", "AuthorizationServiceMismatch",
        "AuthorizationProtocolMismatch", "AuthorizationSourceIPMismatch", "BlobNotFound", "ContainerNotFound",
        "ResourceNotFound", "ShareNotFound", "QueueNotFound", "TableNotFound", "InvalidQueryParameterValue",
    }
)  # fmt: skip
"""Refusals that come after the signature was found right."""


def ask(_verifier: Verifier, candidate: Candidate, net: Net) -> Outcome:
    """Ask for the URL that the signature stands in, without its content."""
    found = next((one for one in _URL.finditer(candidate.text) if one.start() < candidate.at < one.end()), None)
    if found is None:
        raise Alone("the URL that it opens was not found near it")
    host, path, query = (part.decode() if part else "" for part in found.groups())
    query = query.replace("&amp;", "&").rstrip("&")
    chosen = net.chosen("azure-sas")
    base = chosen or f"https://{host}"
    request = Request("HEAD", f"{base}{path or '/'}?{query}", {"x-ms-version": "2023-11-03"})
    reply = net.ask(request) if chosen else net.ask_foreign(request)
    code = reply.headers.get("x-ms-error-code", "")
    if reply.status in (200, 206):
        return Outcome(LIVE, f"opens what is at {host}")
    if code in _KNOWN:
        return Outcome(LIVE, f"the signature is right; {host} answers {code}")
    if reply.status == 403 and code == "AuthenticationFailed":
        return Outcome(DEAD, "expired, revoked, or of another key")
    return Outcome(UNKNOWN, f"{host} answers {reply.status}, which tells nothing")

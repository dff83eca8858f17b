"""A JSON Web Token -> who made it, for whom, until when. RFC 7515, RFC 7519."""

from __future__ import annotations

from secrets_guard.structure import Around, Reading
from secrets_guard.structure.base64 import json_object, told
from secrets_guard.structure.instant import instant

_CLAIMS = (("iss", "issuer"), ("aud", "audience"), ("role", "role"), ("scope", "scope"), ("ref", "project"))
_ACCOUNT = "system:serviceaccount:"


def read(value: bytes, _around: Around) -> Reading:
    """Read header and claims; a token whose header is no JSON object with an ``alg`` is none.

    A subject is told only where it is a Kubernetes service account: of others it may be a person.
    """
    header, _, rest = value[max(0, value.find(b"eyJ")) :].partition(b".")
    head = json_object(header)
    if head is None or not isinstance(head.get("alg"), str):
        return Reading(wrong="its header is no JSON object that names an algorithm: no web token")
    claims = json_object(rest.partition(b".")[0])
    details = [("algorithm", told(head["alg"])), ("key id", told(head.get("kid")))]
    if claims is None:
        return Reading(tuple(details), doubt="its claims are no JSON object: not a token that was ever issued")
    details += [(name, told(claims.get(claim))) for claim, name in _CLAIMS]
    if told(claims.get("sub")).startswith(_ACCOUNT):
        details.append(("service account", told(claims["sub"]).removeprefix(_ACCOUNT)))
    details += [("issued", instant(claims.get("iat"))), ("expires", instant(claims.get("exp")))]
    doubt = "it is not signed (alg none): anybody can make it" if head["alg"].lower() == "none" else ""
    return Reading(tuple(details), doubt=doubt)

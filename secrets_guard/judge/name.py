"""The name a value is assigned to -> does it promise a secret, or something about one (its type, file, age)?"""

from __future__ import annotations

import re

from secrets_guard.lazily import Pattern
from secrets_guard.model.match import Context, Match, Verdict

_WORD = rb"(?:passw(?:or)?d|passwrd|passphrase|pwd|secret|token|api_?key|key|credential|auth)s?"
_TAIL = (
    rb"(?:name|ids?|type|kind|ur[li]s?|endpoint|host|path|file(?:name)?|dir|folder|field|label|prefix|suffix|header"
    rb"|length|len|size|min|max|expir\w*|ttl|timeout|lifetime|max_?age|age|class|spec|format|pattern|regexp?|policy"
    rb"|hint|desc(?:ription)?|message|msg|error|title|prompt|placeholder|help|provider|manager|store|service|version"
    rb"|algo(?:rithm)?|method|mode|status|state|count|limit|index|param(?:eter)?s?|property|attr(?:ibute)?|scopes?"
    rb"|issuer|audience|info|ref|arn|(?:last_?)?(?:used|changed|updated|created|modified)(?:_?(?:at|on|date))?|date"
    rb"|enabled|required|encoding|strength|validators?|generator|helper|reset|set|list|kinds|types|names|hashers?"
    rb"|location|source|(?:env_?)?var(?:iable)?|column|table|selector|locator|xpath|element|input|icon|color|style)"
)
_ABOUT_A_SECRET = Pattern(
    _WORD + rb"[_.-]?" + _TAIL + rb"[_\d]*$|key_?vault\w*$|key(?:ing|ed|board|word|note|frame|stroke)s?$", re.IGNORECASE
)
_OPENS_NOTHING = Pattern(
    rb"(?:next|prev(?:ious)?|page|paging|pagination|continuation|cursor|resume|sync|client_?request|idempotency|csrf|xsrf"
    rb"|csrf_?middleware|authenticity|forgery|verification|cancell?ation|public|publishable|eos|bos|eof|unk|pad|mask|sep"
    rb"|cls|start|stop|special|delimiter|separator|csrf_?param|design|color|operator|punctuation)"
    rb"[_.-]?(?:api[_.-]?)?(?:tokens?|key)$|^client_?token$",
    re.IGNORECASE,
)
_TYPE_AS_KEY = Pattern(rb"['\"]\w+(?:::\w+)+['\"]\s{0,4}(?::|=>)\s{0,4}['\"]?$")
# $(PWD):/mnt:z, $TOKEN:$OTHER: the name is read here, nothing is assigned to it.
_READ = Pattern(rb"\$[({]?\w{1,40}[)}]?[ \t]{0,2}:[ \t]{0,2}['\"]?$")
_IDENTIFIER = Pattern(rb"[\w.\-]+")
PASSWORD_NAME = Pattern(rb"pass|pwd|\bp(?:w|sw)\b|kennwort|contrasena|senha|heslo|netrc|curl", re.IGNORECASE)
"""Names under which only a password can stand, in some languages."""
_QUOTES = (b'"', b"'", b"`")
_FIELDS = (b"value", b"default_value", b"defaultvalue", b"default")


def before_value(match: Match) -> bytes:
    """Return the part of the match that stands before the secret: the name, the separator, an opening quote."""
    return match.text[: max(0, match.text.find(match.secret.reveal()))]


def is_quoted(before: bytes) -> bool:
    """Tell whether what stands before a value ends with a quote."""
    return before[-1:] in _QUOTES


def identifier_of(before: bytes) -> bytes:
    """Return the name in ``before``: what stands there last of letters, digits, ``_``, ``-`` and ``.``."""
    found = _IDENTIFIER.findall(before[-160:])
    return found[-1].lstrip(b"-.") if found else b""


def judge(match: Match, context: Context) -> Verdict | None:
    """Drop values whose name says that they are about a secret, or a token that opens nothing. Assignments only."""
    if match.rule.kind != "assignment":
        return None
    # The line knows the whole identifier; the pattern may begin in the midst of it.
    name = identifier_of(context.before or before_value(match))
    if name.lower() in _FIELDS:
        name = identifier_of(before_value(match).rpartition(name)[0])
    if _TYPE_AS_KEY.search(context.before[-200:]):
        return Verdict(False, "name", "its name is a type's: something about the type, not a secret")
    if _READ.search(context.before[-80:]):
        return Verdict(False, "name", "a variable that is read, not set")
    if _ABOUT_A_SECRET.search(name):
        return Verdict(False, "name", "its name promises something about a secret, not the secret")
    if _OPENS_NOTHING.search(name):
        return Verdict(False, "name", "its name is that of a token that opens nothing")
    return None

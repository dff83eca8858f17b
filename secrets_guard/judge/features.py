"""A generic candidate -> what speaks for and against it, as named numbers from 0 to 1."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from secrets_guard.judge.entropy import shannon
from secrets_guard.judge.identifier import UUID
from secrets_guard.judge.name import PASSWORD_NAME, before_value, identifier_of, is_quoted
from secrets_guard.judge.words import SIGNS, character_kinds, only_words, unpronounceable
from secrets_guard.lazily import Pattern
from secrets_guard.model.match import Context, Match

_LONG = 40
_LEAST_ENTROPY, _ENTROPY_RANGE = 2.0, 3.0
_SHORT = 8
_SHORTEST_KEY = 10
_LONG_LINE = 300
_MIN_HEX = 16
# Base64 has + / and =, names have _ . and -.
_PASSWORD_SIGN = Pattern(rb"[!$@#%*^~?]")
_CODE_SIGN = Pattern(rb"[<>(){}\[\];:,\\|&\"'`]")
_LEET = Pattern(rb"[A-Za-z][\d$@!][A-Za-z]")
_HEX = Pattern(rb"[0-9a-f]+|[0-9A-F]+")
_DOTTED = Pattern(rb"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")
_ACTION = Pattern(rb"[A-Za-z][\w-]*:[A-Za-z][\w/-]*")
_CAPITALS = Pattern(rb"[A-Z][A-Z_]+")
_TYPED = Pattern(rb"12345|abcd|qwert|asdf|987654|1q2w", re.IGNORECASE)
_WORD_SEPARATED = Pattern(rb"[A-Za-z]{2,}(?:[_\-.][A-Za-z]{2,}\d{0,2})+")
COMMON_PASSWORD = Pattern(
    rb"(?:pass(?:word|wd|w)?|secret|pwd|pw|test(?:ing)?|user(?:name)?|admin|root|guest|postgres|mysql|mongo|redis|rabbit"
    rb"|rabbitmq|docker|default|demo|example|foo|bar|baz|token|key|changeit|letmein|abc|x+|\*+|\.+)[\d!@#.]{0,4}",
    re.IGNORECASE,
)
"""Passwords that stand in every manual."""

_NAMES = (
    ("named_password", PASSWORD_NAME),
    ("named_key", Pattern(rb"key", re.IGNORECASE)),
    ("named_token", Pattern(rb"token", re.IGNORECASE)),
    ("named_secret", Pattern(rb"secret|credential", re.IGNORECASE)),
)
_SECRET_WORD_ENDS = Pattern(
    rb"(?:passw(?:or)?d|passwrd|passphrase|pwd|pass|secret|token|key|credentials?|auth)\d{0,3}$", re.IGNORECASE
)
_NAME_IN_CAPITALS = Pattern(rb"[A-Z][A-Z0-9_]+")
_USER = Pattern(
    rb"(?:user(?:[_ ]?(?:name|id))?|login|account|\buid|email)['\"]?\]?[ \t]{0,8}(?:=>|={1,3}|:)[ \t]{0,8}[\\'\"]{0,2}"
    rb"[\w.@-]{2}",
    re.IGNORECASE,
)
_HOST = Pattern(
    rb"(?:host(?:name)?|server|url|uri|port|database|db_?name|endpoint|region)['\"]?\s{0,8}[=:]", re.IGNORECASE
)
_COMPARED = Pattern(rb"(?:={2,3}|!={1,2})[ \t]{0,8}['\"`]?$")
_COMMA = Pattern(rb",[ \t]{0,8}[rbuf@]{0,2}['\"`]{0,3}$")
# define("DB_PASSWORD", "…"), setProperty('api.key', '…'): the name is quoted as well, and the first of a call.
# buildConfigField "String", "API_KEY", "…": Gradle, with or without brackets.
_CALL = Pattern(
    rb"(?:\(|\b(?:buildConfigField|resValue)[ (][ \t]{0,4}['\"]\w{1,20}['\"][ \t]{0,4},)[ \t]{0,4}"
    rb"['\"][\w.\-]{1,60}['\"][ \t]{0,4},[ \t]{0,8}[rbuf@]{0,2}['\"`]{1,3}$"
)
_COMMENT = Pattern(rb"[ \t]{0,40}(?:#|//|\*|--[ \t]|;|<!--|%|>>>)")

_PATHS = (
    (
        "in_translations",
        r"(?:^|/)(?:i18n|locales?|lang|languages?|translations?|messages|l10n|nls)/|\.(?:po|pot|arb|strings|resx)$",
    ),
    (
        "in_code",
        r"\.(?:[ch]|cc|cpp|cxx|hh|hpp|cs|java|kts?|scala|groovy|[cm]?[jt]sx?|vue|svelte|pyi?|pyx|rb|erb|go|rs|swift|mm?|php|p[lm]"
        r"|lua|dart|exs?|erl|hs|ml|clj|jl|r|d|nim|zig|css|scss|less)$",
    ),
    (
        "in_settings",
        r"\.(?:ya?ml|toml|ini|cfg|conf|config|properties|env|tf|tfvars|rsp)$|(?:^|/)(?:\.env[^/]*|Dockerfile[^/]*|docker-compose[^/]*"
        r"|\.\w+rc)$",
    ),
    ("in_data", r"\.(?:json|xml|csv|tsv|sql|jsonl|geojson|plist)$"),
    ("in_a_script", r"\.(?:sh|bash|zsh|fish|ps1|psm1|bat|cmd|mk)$|(?:^|/)Makefile$"),
)  # fmt: skip
_COMPILED = tuple((name, Pattern(text, re.IGNORECASE)) for name, text in _PATHS)


def features(match: Match, context: Context) -> dict[str, float]:
    """Return what is true of a candidate (1.0) and how much of it there is; what is missing is 0.0.

    The names stand in ``weights.py`` and in what ``--explain`` prints.
    """
    value = match.secret.reveal()
    found = dict.fromkeys(_of_value(value), 1.0)
    found["unpronounceable"] = unpronounceable(value)
    found["long"] = min(len(value), _LONG) / _LONG
    found["entropy"] = min(1.0, max(0.0, (shannon(value) - _LEAST_ENTROPY) / _ENTROPY_RANGE))
    found.update(dict.fromkeys(_of_name(match, context), 1.0))
    found.update(dict.fromkeys(_of_place(match, context), 1.0))
    found.update(dict.fromkeys(of_path(context.hint), 1.0))
    found.update(dict.fromkeys(_together(found, value), 1.0))
    return found


def _together(found: dict[str, float], value: bytes) -> Iterator[str]:
    """Yield what only two features together say."""
    if "named_password" not in found:
        if len(value) < _SHORTEST_KEY:
            yield "short_for_a_key"
    elif _LEET.search(value):
        yield "leet"
    if "in_code" in found and ("words" in found or "words_and_signs" in found):
        yield "words_in_code"


def _of_value(value: bytes) -> Iterator[str]:
    kinds = character_kinds(value)
    words = only_words(value)
    tests = {
        "short": len(value) < _SHORT,
        "words": words,
        "words_and_signs": not words and kinds <= 2 and only_words(SIGNS.sub(b" ", value)),
        "one_kind": kinds == 1,
        "three_kinds": kinds == 3,
        "four_kinds": kinds == 4,
        "digits_alone": value.isdigit(),
        "digit_in_it": any(48 <= byte <= 57 for byte in value) and not value.isdigit(),
        "signs_of_passwords": _PASSWORD_SIGN.search(value) is not None,
        "signs_of_code": _CODE_SIGN.search(value) is not None,
        "hex": len(value) >= _MIN_HEX and _HEX.fullmatch(value) is not None,
        "uuid": UUID.fullmatch(value) is not None,
        "common": COMMON_PASSWORD.fullmatch(value) is not None,
        "beyond_ascii": not value.isascii(),
        "dotted": _DOTTED.fullmatch(value) is not None,
        "action": _ACTION.fullmatch(value) is not None,
        "in_capitals": _CAPITALS.fullmatch(value) is not None,
        "word_parts": _WORD_SEPARATED.fullmatch(value) is not None,
        "padded": value.endswith(b"="),
        "typed_in_order": _TYPED.search(value) is not None,
    }
    return (name for name, true in tests.items() if true)


def _of_name(match: Match, context: Context) -> Iterator[str]:
    before = before_value(match)
    for name, pattern in _NAMES:
        if pattern.search(before):
            yield name
    identifier = identifier_of(context.before or before)
    if _SECRET_WORD_ENDS.search(identifier):
        yield "name_ends_so"
    if _NAME_IN_CAPITALS.fullmatch(identifier):
        yield "name_in_capitals"


def _of_place(match: Match, context: Context) -> Iterator[str]:
    before = context.before
    if is_quoted(before):
        yield "quoted"
    if _COMPARED.search(before):
        yield "compared"
    if match.rule.id == "generic-secret-assignment" and _COMMA.search(before) and not _CALL.search(before):
        yield "list_item"
    if _USER.search(before) or _USER.search(context.above):
        yield "user_beside"
    if _HOST.search(before) or _HOST.search(context.above):
        yield "host_beside"
    if _COMMENT.match(before):
        yield "in_a_comment"
    if len(before) + len(context.after) > _LONG_LINE:
        yield "long_line"
    if match.rule.id == "generic-password-prose":
        yield "told_in_a_sentence"
    if match.rule.id == "generic-secret-call-argument":
        yield "argument_of_a_call"


@lru_cache(maxsize=256)
def of_path(hint: str) -> tuple[str, ...]:
    """Return the kinds of place that a path belongs to."""
    return tuple(name for name, pattern in _COMPILED if pattern.search(hint))

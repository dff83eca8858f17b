"""The value of an assignment: a literal that could be a secret, or code, prose, a name, a path?"""

from __future__ import annotations

import re
from binascii import a2b_base64
from functools import lru_cache

from secrets_guard.judge.name import PASSWORD_NAME, before_value, identifier_of, is_quoted
from secrets_guard.judge.words import SIGNS, character_kinds, only_words
from secrets_guard.lazily import Pattern
from secrets_guard.model.match import Context, Match, Verdict

_CODE = Pattern(
    r"\.(?:[ch]|cc|cpp|cxx|hh|hpp|cs|java|kt|kts|scala|groovy|js|jsx|mjs|cjs|ts|tsx|vue|svelte|py|pyi|pyx|rb|erb|go|rs"
    r"|swift|m|mm|ps1|psm1|php|pl|pm|t|lua|dart|ex|exs|erl|hs|ml|clj|jl|r|d|nim|zig|v|sv|vhd|asm|s|css|scss|less|html?|po|pot|svg)$",
    re.IGNORECASE,
)
_NOT_A_VALUE = Pattern(
    rb"(?:true|false|null|nil|none|undefined|void|string|str|bytes|bool|boolean|int|integer|number|float|object|array|any"
    rb"|char|byte|text|optional|required|yes|no|on|off|auto|default|disabled|enabled|empty|unset|unknown|self|this|new"
    rb"|password|passwd|pass|pwd|secret|token|key|apikey|api_key|user|username|admin|root|test|tests|testing|guest|login"
    rb"|hidden|private|public|local|localhost|development|production|staging)\d{0,3}",
    re.IGNORECASE,
)
_EXPRESSION = Pattern(
    rb"[()\[\]{};]|=>|->|::|^&|^\*|^!|^[A-Za-z_]\w*(?:\.\w+)+$|^[A-Za-z_]\w*\.\.\.?$|^process\.|^os\.|^\w+\s*[+|?]\s"
)
_FORMAT = Pattern(rb"%[-+#0 ]?\d{0,3}(?:\.\d{1,2})?[sdifxXuqvrcp@](?![A-Za-z0-9])|^\\[nrt\"']|^\{\d*\}$")
_MOMENT = Pattern(
    rb"\d{4}-\d\d-\d\d(?:[T ][\d:.]{4,16}(?:Z|[+-]\d\d:?\d\d)?)?|\d{1,2}:\d\d(?::\d\d)?"
    rb"|[~^<>=]{0,2}v?\d{1,5}(?:\.\d{1,5}){1,3}|[A-Za-z][\w.-]{1,60}[-:@]v?\d{1,4}(?:\.\d{1,4}){1,3}(?:[-.][A-Za-z]\w{0,11})?"
)
_NUMBER = Pattern(rb"[+-]?\d+(?:\.\d+)?[LlFfDdu]?|0[xX][0-9a-fA-F]{1,8}")
_SELECTOR = Pattern(rb"[#.][A-Za-z][\w-]*|#[0-9a-fA-F]{3,8}|\w*/[\w/]*#\w+")
_URL = Pattern(rb"(?:[a-z][a-z0-9+.-]{1,20}:)?//[\w%.\[\]-]", re.IGNORECASE)
_PATHLIKE = Pattern(rb"(?:\.{0,2}/|~/|[A-Za-z]:\\)?[\w.@+-]+(?:[/\\][\w.@+-]+)*[/\\]?")
_SUBSCRIPT = Pattern(rb"[A-Za-z_][\w.]*\[[^\]]{0,80}\][\w.\[\]-]*")
_REGEX = Pattern(rb"\(\?[:=!<P]|\\[swdbSWD][+*?]?|\[\^|\.\*|\[(?:a-z|A-Z|0-9)")
_GLUE = Pattern(rb"\s?[+,)&;|.]\s?[\w.$@(]")
_EXTENSION = Pattern(
    rb"\.(?:pem|key|o|c|h|so|jar|crt|cer|json|ya?ml|txt|js|ts|py|rb|go|php|html?|xml|conf|cfg|ini|env|sh|png|svg)$",
    re.IGNORECASE,
)
_BARE_TOO = ("generic-secret-assignment", "generic-password-short-name")
_WHOLE_LINE = 400
_SHORTEST_NAME = 5
_SHORTEST_TEXT = 12
_BASE64 = Pattern(rb"[A-Za-z0-9+/]+={0,2}")
_SHORTEST_IN_STRING = 10
_RANDOM_LENGTH = 40


def unquoted(match: Match, context: Context) -> Verdict | None:
    """Drop the value of an assignment in source code that stands without quotes: most candidates are that."""
    if match.rule.kind != "assignment" or match.rule.id not in _BARE_TOO or is_quoted(context.before):
        return None
    if not _is_code(context.hint):
        return None
    if _in_string(match.secret.reveal(), context):
        return None
    return _drop("not quoted, in source code: an expression, not a literal")


@lru_cache(maxsize=64)
def _is_code(hint: str) -> bool:
    return _CODE.search(hint) is not None


def judge(match: Match, context: Context) -> Verdict | None:
    """Drop what is no literal; how likely a literal is a secret is the model's to say. Assignments and bare strings."""
    value = match.secret.reveal()
    if match.rule.kind == "entropy":
        return _bare(value)
    if match.rule.kind != "assignment":
        return None
    reason = _not_a_literal(value, is_quoted(context.before)) or _misread(value, context.before)
    if reason:
        return _drop(reason)
    before = before_value(match)
    if value.lower() in before.lower() or _repeats(value, identifier_of(context.before or before)):
        return _drop("it repeats the name it is assigned to")
    # Where only a password can stand, words are one too.
    if PASSWORD_NAME.search(before) or "password" in match.rule.id:
        return None
    return _no_key(value)


def _bare(value: bytes) -> Verdict | None:
    if not any(48 <= byte <= 57 for byte in value):
        return _drop("no digits in it: a name or words")
    if only_words(value) or (value.count(b"/") > 1 and b"+" not in value and only_words(value.replace(b"/", b" "))):
        return _drop("a path or words")
    return None


def _not_a_literal(value: bytes, quoted: bool) -> str:
    if _NOT_A_VALUE.fullmatch(value) or not value.strip():
        return "a keyword or a type, not a value"
    if not quoted and _EXPRESSION.search(value):
        return "an expression, not a literal"
    if b" " in value.strip():
        return "more than one word"
    if len(value) < _RANDOM_LENGTH and _FORMAT.search(value):
        return "a format string"
    if _MOMENT.fullmatch(value):
        return "a date, a time or a version"
    if _SUBSCRIPT.fullmatch(value):
        return "a type or an element of a list"
    if _REGEX.search(value) and not value.isalnum():
        return "a regular expression"
    if _SELECTOR.fullmatch(value) and only_words(value.lstrip(b"#.").replace(b"#", b"/")):
        return "a selector, a colour or a route"
    if any(byte < 32 or byte == 127 for byte in value):
        return "control characters in it"
    if _is_text(value):
        return "a sentence in base64"
    return "a path, URL or file name" if _is_path(value) else ""


def _is_text(value: bytes) -> bool:
    """Tell whether a value is base64 of words with spaces between, as labels of a portal are kept."""
    if len(value) < _SHORTEST_TEXT or len(value) % 4 or not _BASE64.fullmatch(value):
        return False
    text = a2b_base64(value)
    return text.isascii() and (b" " in text.strip() or text.endswith(b":")) and only_words(text.strip(b".:?! "))


def _is_path(value: bytes) -> bool:
    if _EXTENSION.search(value) or _URL.match(value):
        return True
    if not (b"/" in value or b"\\" in value) or not _PATHLIKE.fullmatch(value):
        return False
    # Base64 has slashes too, but hardly ever no digit in it, and never a full stop or a hyphen.
    return not any(48 <= byte <= 57 for byte in value) or b"." in value or only_words(value)


def _misread(value: bytes, before: bytes) -> str:
    if before.endswith(b'"') and not before.endswith(b'\\"') and len(before) < _WHOLE_LINE:
        marks = before.count(b'"') - before.count(b'\\"')
        if marks % 2 == 0 and _GLUE.match(value):
            return "code between two strings"
    return ""


def _in_string(value: bytes, context: Context) -> bool:
    """Tell whether a bare value in code stands inside a string (a URL, a connection string) and is no word."""
    before = context.before
    open_string = any((before.count(mark) - before.count(b"\\" + mark)) % 2 for mark in (b'"', b"'", b"`"))
    mixed = any(48 <= byte <= 57 for byte in value) and any(byte > 64 for byte in value)
    return open_string and mixed and len(value) >= _SHORTEST_IN_STRING and not only_words(value)


def _no_key(value: bytes) -> Verdict | None:
    if only_words(value) or character_kinds(value) < 2 or _NUMBER.fullmatch(value):
        return _drop("nothing but words, or a number")
    if not value.isascii():
        return _drop("letters beyond ASCII: no key has them")
    return None


def _repeats(value: bytes, name: bytes) -> bool:
    """Tell whether a value is its name in other words: ``enable_password: enablePassword``, ``api_key: my-api-key``."""
    plain, word = SIGNS.sub(b"", value.lower()), SIGNS.sub(b"", name.lower())
    if not word or not plain:
        return False
    # A password may well hold the word; a key that does is none.
    return plain == word or (len(word) >= _SHORTEST_NAME and word in plain and not PASSWORD_NAME.search(name))


def _drop(reason: str) -> Verdict:
    return Verdict(False, "literal", reason)

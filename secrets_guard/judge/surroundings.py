"""Where a doubtful value stands: minified code, tests, documentation, local hosts."""

from __future__ import annotations

import re

from secrets_guard.judge.features import COMMON_PASSWORD
from secrets_guard.judge.words import character_kinds, only_words
from secrets_guard.lazily import Pattern
from secrets_guard.model.match import Context, Match, Verdict

_MINIFIED_NAME = Pattern(r"(?:\.min\.(?:js|css|mjs)|\.map|-min\.js|\.bundle\.js|\.chunk\.js)$", re.IGNORECASE)
_SCRIPT = Pattern(r"\.(?:[cm]?js|jsx|css|html?|svg|json)$", re.IGNORECASE)
_LONG_LINE = 700
_STRONG = 8
# A digit between letters makes a word a password: D1fficult.
_LEET = Pattern(rb"[A-Za-z]\d[A-Za-z]")
_TEST_PATH = Pattern(
    r"(?:^|/)(?:t|tests?|testing|unittests?|specs?|__tests__|testdata|test-data|test_data|fixtures?|mocks?|__mocks__|examples?|samples?|demos?"
    r"|docs?|documentation|[\w-]+[-_]tests?|test[-_][\w-]+|[\w-]+[-_]examples?|recordings|snapshots|__snapshots__|tutorials?|guides?|e2e|cypress|stubs?|benchmarks?|vcr_cassettes|cassettes)/"
    r"|(?:^|/)(?:(?:test|example|sample|demo)s?[-_.][^/]+|conftest\.py|tests?\.\w+|[^/]+[._-](?:test|spec|example|sample|fixture|mock)s?(?:-\d+)?(?:\.[^/]*)?|[^/]+Tests?\.(?:java|kt|cs|php))$"
    r"|\.(?:md|mdx|rst|adoc|po|pot|html?)$|(?:^|/)(?:README|CHANGE(?:S|LOG)|NEWS|HISTORY|RELEASE[\w-]*)(?:\.(?:txt|in|tex|log|\d))?$"
    r"|\.dist-info/METADATA$|(?:^|/)PKG-INFO$",
    re.IGNORECASE,
)
_END = rb"(?=[:/?#\s'\"`,;)\\]|$)"
_LOCAL = Pattern(rb"@(?:localhost|127\.0\.0\.\d{1,3}|\[?::1\]?|0\.0\.0\.0|host|hostname|server)" + _END, re.IGNORECASE)
_EXAMPLE = Pattern(
    rb"@(?:[\w-]{1,63}\.){0,6}(?:example(?:\.(?:com|org|net|edu))?|[\w-]{1,63}\.(?:test|invalid|local|localhost))"
    + _END,
    re.IGNORECASE,
)
_SOURCE = Pattern(
    r"\.(?:[ch]|cc|cpp|hpp|cs|java|kts?|scala|groovy|[cm]?[jt]sx?|vue|pyi?|pyx|rb|go|rs|swift|mm?|php|p[lm]|lua|dart|exs?|erl)$"
)
_DOC_COMMENT = Pattern(rb"[ \t]{0,40}(?:#(?: {3}|\t)|\*[ \t]|/\*\*|//[/!]|//(?: {3}|\t)|>>> |\.\.\. |--- )")


def judge(match: Match, context: Context) -> Verdict | None:
    """Drop values of minified code; doubt those of tests, documentation and local services.

    A vendor's own format is never doubted for its place, unless its rule is unsure itself.
    """
    kind = match.rule.kind
    if kind == "private-key":
        return _rated("in tests, examples or documentation", "medium") if made_up(context.hint) else None
    if kind == "token":
        # A proof (a checksum) is not outweighed; what another judge doubts is, whatever the rule's own confidence.
        unsure = match.confidence != "high"
        return _place(context) if unsure else None
    if _minified(context):
        return Verdict(False, "surroundings", "minified code")
    secret = match.secret.reveal()
    if kind == "url":
        if COMMON_PASSWORD.fullmatch(secret):
            return Verdict(False, "surroundings", "a password that stands in every manual")
        weak = character_kinds(secret) < 2 or len(secret) < _STRONG or (only_words(secret) and not _LEET.search(secret))
        if _EXAMPLE.match(context.after[:200]) or (weak and _LOCAL.match(context.after[:200])):
            return _rated("credentials of a local or example host")
    return _place(context)


def made_up(path: str) -> bool:
    """Tell whether a path is one of tests, examples or documentation, where values are made up as a rule."""
    return _TEST_PATH.search(path) is not None


def _place(context: Context) -> Verdict | None:
    if made_up(context.hint):
        return _rated("in tests, examples or documentation")
    if _SOURCE.search(context.hint) and _DOC_COMMENT.match(context.before):
        return _rated("in a comment that documents code")
    return None


def _minified(context: Context) -> bool:
    if _MINIFIED_NAME.search(context.hint):
        return True
    return len(context.before) + len(context.after) >= _LONG_LINE and bool(_SCRIPT.search(context.hint))


def _rated(reason: str, confidence: str = "low") -> Verdict:
    return Verdict(None, "surroundings", reason, confidence)

"""Placeholders, templates, references and examples are not secrets, whatever rule they match."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from math import ceil

from secrets_guard.judge.words import only_words
from secrets_guard.lazily import Pattern
from secrets_guard.model.match import Context, Match, Verdict

# Words that no issuer puts into a random token; a vendor's own documentation keys carry them (AWS: ...EXAMPLE).
_MARKERS = Pattern(
    rb"example|placeholder|changeme|change[_-]me|redacted|insert[_-]?your|your[_-]?(?:api|token|key|secret|pass|access)"
    rb"|replace[_-]?(?:me|this|with)|dummy|not[_-]?(?:a[_-]?)?real|deadbeef|xxxxxx|######|foo[_-]?bar|\*\*\*\*|\.\.\.",
    re.IGNORECASE,
)
_SOFT_MARKERS = Pattern(
    rb"^(?:my|your|the|some|any|this|enter|put|add|set|use|fake|mock|sample|demo|invalid|wrong|bad|bogus)[ _.-]"
    rb"|(?:fake|mock|sample|invalid|bogus|todo|fixme|secret[_-]?(?:here|value|key)|goes[_-]?here"
    rb"|pass(?:word|wd)[_-]?(?:here|goes|placeholder)|lorem|ipsum)",
    re.IGNORECASE,
)
_TYPED = Pattern(rb"123456|abcdef|qwerty", re.IGNORECASE)
_PASSWORD = Pattern(rb"pass|pwd", re.IGNORECASE)
# Without a sign after it such a word only says something before other words: mypassword, but not mycoin!1.
_FIRST_WORDS = Pattern(rb"(?:my|your|the|some|any|this|enter|put|add|set|use|demo|wrong|bad)[a-z]", re.IGNORECASE)
_TEMPLATES = (
    Pattern(
        rb"\$\{[^}]*\}?|\$\(|\{\{|\}\}|<%|%>|#\{|%\([\w.]+\)[sd]|\$\{\{|@@\w+@@|\{[\w.:\[\]'\"]*\}|<[^<>\s]{1,40}:\d+>"
    ),
    Pattern(rb"^(?:\$[A-Za-z_][\w.:]*|%[\w.]+%?|<[^>]*>?|\[[^\]]*\]?|__\w+__|@\w+@|:\w+|&\w+;|&lt;.*|!\w+)$"),
)
_REFERENCES = Pattern(
    rb"^(?:vault:|secretref|ref\+|op://|aws-sm:|aws-ssm:|gcp-sm:|env-file:|file:|keyring:|arn:aws[\w-]*:"
    rb"|projects/[^/]+/secrets/|ENC\[|sealed:|sops:|\$ANSIBLE_VAULT|env[.:(]|secrets?\.|var\.|local\.|data\.|azurekeyvault|"
    rb"@Microsoft\.KeyVault|/run/secrets/|ssm:|resolve:)",
    re.IGNORECASE,
)
_VARIABLE = Pattern(rb"\$[A-Z_][A-Z0-9_]+(?:[/.:\-\\,;@]|$)")
_GOES_ON = Pattern(rb" ?<[\w.-]{1,40}:[^<>\s]{1,40}>|\$\{|\{\{|\$\(")
# SOPS, Jasypt, Spring, hiera-eyaml, Windows DPAPI, AWS KMS, sealed secrets, ansible-vault (hex of hex digits), Vault.
_ENCRYPTED = Pattern(
    rb"ENC[\[(]|\{cipher\}|01000000d08c9ddf0115d1118c7a00c04fc297eb|AQICAH[A-Za-z0-9+/]{60}|Ag[A-D][A-Za-z0-9+/]{120}"
    rb"|(?:3[0-9]|6[1-6]){30,}$|\$ANSIBLE_VAULT|AGE-ENCRYPTED|vault:v\d",
    re.IGNORECASE,
)
_OTHERS = bytes(byte for byte in range(256) if not chr(byte).isascii() or not chr(byte).isalnum())
_RISING = Pattern(rb"\x01+")
_SHORTEST_STEP = 3
_COUNTED = 8
_WOVEN = 11
_LONGEST_RUN_SHARE = 0.34
_SHORTEST_RUN = 6


def judge(match: Match, context: Context) -> Verdict | None:
    """Drop placeholders: markers, templates, references to a manager, values that repeat or count up."""
    secret = match.secret.reveal()
    if match.rule.kind == "private-key":
        return _private_key(secret)
    found = _MARKERS.search(secret)
    if found:
        return _drop("it holds a word of examples")
    if match.rule.kind != "token":
        if _ENCRYPTED.match(secret):
            return _drop("it is encrypted")
        if _VARIABLE.match(secret.strip(b"'\"")) or any(template.search(secret) for template in _TEMPLATES):
            return _drop("a template or variable, filled in later")
        if _GOES_ON.match(context.after):
            return _drop("a template or variable goes on after it")
        if _REFERENCES.match(secret):
            return _drop("a reference to a secret kept elsewhere")
        if match.rule.kind != "entropy" and (
            _SOFT_MARKERS.search(secret) or (_FIRST_WORDS.match(secret) and only_words(secret))
        ):
            return _drop("it holds a word of examples")
        # People do choose such passwords; no machine makes such a key.
        if match.rule.kind == "assignment" and _TYPED.search(secret) and not _PASSWORD.search(match.text):
            return _drop("typed along the keyboard")
    return _regular(match, secret)


def _regular(match: Match, secret: bytes) -> Verdict | None:
    """Drop what repeats; what is typed in order is dropped too, and under a vendor's own format only doubted."""
    run = max(_SHORTEST_RUN, ceil(len(secret) * _LONGEST_RUN_SHARE))
    if len(set(secret)) <= 2 or repeats(secret, run, b"\0"):
        return _drop("it repeats")
    if repeats(secret, run, b"\1\xff") or (match.rule.kind != "token" and counts_up(secret)):
        if match.rule.kind == "token":
            return Verdict(None, "placeholder", "letters or digits in their order: an example, it may be", "medium")
        return _drop("letters and digits in their order")
    return None


def repeats(value: bytes, length: int, steps: bytes = b"\0\1\xff") -> bool:
    """Tell whether ``length`` bytes in a row are the same, or count up or down by one: ``aaaa``, ``9876``."""
    found = bytes([(after - before) & 0xFF for before, after in pairwise(value)])
    return any(bytes((step,)) * (length - 1) in found for step in steps)


def counts_up(value: bytes) -> bool:
    """Tell whether ``value`` is typed in the order of the alphabet or of digits: ``abc123xyz456def``, ``a1b2c3d4e5``.

    That is so where eight characters in a row count up by one, every other one does for five steps, or runs of
    three and more make up half of it. A random value of 40 characters does so once in some hundred million.
    """
    plain = value.lower().translate(None, _OTHERS)
    runs = [run for run in _ascending(plain) if run >= _SHORTEST_STEP]
    woven = max(_ascending(plain[::2]), default=0) + max(_ascending(plain[1::2]), default=0)
    return max(runs, default=0) >= _COUNTED or woven >= _WOVEN or sum(runs) * 2 > max(len(plain), _COUNTED)


def _ascending(value: bytes) -> Iterator[int]:
    """Yield the lengths of the runs of two and more in which each byte is one more than the one before."""
    steps = bytes([(after - before) & 0xFF for before, after in pairwise(value)])
    return (len(run) + 1 for run in _RISING.findall(steps))


def _private_key(secret: bytes) -> Verdict | None:
    body = re.sub(rb"-----[^-]+-----|\\[nr]|[^A-Za-z0-9+/]", b"", secret)
    if len(set(body)) < 20 or b"EXAMPLE" in body.upper():
        return _drop("no key material in it")
    return None


def _drop(reason: str) -> Verdict:
    return Verdict(False, "placeholder", reason)

"""Is a value made of words only, as names in code and prose are, and random values are not?"""

from __future__ import annotations

import re

from secrets_guard.lazily import Pattern

_PARTS = Pattern(rb"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^A-Za-z0-9]+")
_VOWELS = frozenset(b"aeiouyAEIOUY")
# Letter pairs that hardly occur inside English words and names; a random string of 12 letters has two of them or more.
_RARE = frozenset(
    first + second
    for first, seconds in {
        "b": "cfgkmnpqwxz", "c": "bdfgjmpvwxz", "d": "bckpqxz", "f": "bcdghjkmnpqvwxz", "g": "bcdfjkpqvwxz",
        "h": "bcdfghjkpqvxz", "j": "bcdfghjklmnpqrstvwxyz", "k": "bcdfghjkmpqvxz", "l": "jqxz", "m": "cdfghjkqrtvwxz",
        "n": "bqx", "p": "bcdfgjkqvwxz", "q": "abcdefghijklmnopqrstvwxyz", "r": "jqxz", "s": "bdgjrvxz",
        "t": "bdgjkpqvx",
        "v": "bcdfghjklmnpqrstvwxyz", "w": "bcfgjkmpqtuvxz", "x": "bdfghjklmnqrsvwz", "y": "jqvxyz",
        "z": "bcdfghjkmnpqrstvwx", "a": "q", "i": "jqwy", "u": "qwxyuj", "o": "qz", "e": "j",
    }.items()
    for second in seconds
)  # fmt: skip
SIGNS = Pattern(rb"[^a-z0-9]")
"""All but lower-case letters and digits."""
_MIN_WORD = 3
_FEW_LETTERS = 6
# The case of random letters changes more often than words in camel case do.
_MIN_AVERAGE = 2.6


def only_words(value: bytes) -> bool:
    """Tell whether ``value`` reads as words: every part pronounceable, digits only as a short tail.

    Parts are split at case changes, digits and punctuation: ``userAccessToken``, ``my-secret-name2``, ``open_sesame``.
    """
    parts = _PARTS.findall(value)
    words = [part for part in parts if part.isalpha()]
    digits = [part for part in parts if part.isdigit()]
    if not words or len(digits) > 1 or (digits and (len(digits[0]) > 2 or len(words) > 4)):
        return False
    if any(part not in b"_-. /:" for part in parts if not part.isalnum() and len(part) == 1):
        return False
    if sum(map(len, words)) < _MIN_AVERAGE * len(words):
        return False
    longer = [word for word in words if len(word) >= _MIN_WORD]
    if len(longer) * 2 < len(words):
        return False
    mute = sum(not _VOWELS.intersection(word) for word in longer)
    return mute * 2 <= len(longer) and all(pronounceable(word) for word in longer)


def pronounceable(word: bytes) -> bool:
    """Tell whether a run of letters could be a word: vowels in it, no rare pairs of letters, no long consonant runs."""
    text = word.decode("ascii").lower()
    if word.isupper() and len(word) <= 4:
        return True
    if not _VOWELS.intersection(word):
        return len(word) <= 4
    rare = sum(text[index : index + 2] in _RARE for index in range(len(text) - 1))
    if rare * 6 > len(text):
        return False
    return max(len(run) for run in re.split("[aeiouy]", text)) <= 4


def unpronounceable(value: bytes) -> float:
    """Return the share of letters that stand in no word of three letters or more, 0.0 for a value of few letters."""
    parts = [part for part in _PARTS.findall(value) if part.isalpha()]
    letters = sum(map(len, parts))
    if letters < _FEW_LETTERS:
        return 0.0
    return 1.0 - sum(len(part) for part in parts if len(part) >= _MIN_WORD and pronounceable(part)) / letters


def character_kinds(value: bytes) -> int:
    """Count which of lower case, upper case, digits and other characters occur: 1 to 4."""
    return sum(
        (
            any(97 <= byte <= 122 for byte in value),
            any(65 <= byte <= 90 for byte in value),
            any(48 <= byte <= 57 for byte in value),
            any(not (chr(byte).isascii() and chr(byte).isalnum()) for byte in value),
        )
    )

"""A regular expression in RE2's syntax (Go) -> one that Vectorscan and Python's ``re`` on bytes read alike.

Syntax: https://github.com/google/re2/wiki/Syntax
"""

from __future__ import annotations

import re
from typing import NamedTuple

_POSIX = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": "\\x00-\\x7f",
    "blank": "\\t ",
    "cntrl": "\\x00-\\x1f\\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": "!-/:-@\\[-`{-~",
    "space": "\\t\\n\\x0b\\x0c\\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
_WIDE = "\\x80-\\xff"
_PROPERTIES = {"L": f"A-Za-z{_WIDE}", "Lu": f"A-Z{_WIDE}", "Ll": f"a-z{_WIDE}", "N": f"0-9{_WIDE}", "Nd": f"0-9{_WIDE}"}
_REPEAT = re.compile(r"\{(\d+)(,\d*)?\}", re.ASCII)
_FLAGS = re.compile(r"\(\?([a-zA-Z]*)(?:-([a-zA-Z]+))?([:)])")
_NAMED = re.compile(r"\(\?P?<([A-Za-z_]\w*)>", re.ASCII)
_CODE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|x\{([0-9A-Fa-f]{1,6})\}|([0-7]{3}|0))")
_PROPERTY = re.compile(r"\\([pP])(?:\{(\^?)(\w+)\}|(\w))", re.ASCII)


class Translated(NamedTuple):
    """``pattern`` in our syntax, and in what respects (``changes``) it means something else than the original."""

    pattern: str
    changes: tuple[str, ...]


def translate(pattern: str, *, whole: bool = False, bound: int = 0) -> Translated:
    """Translate one RE2 pattern. Raises ValueError saying which part of it can't be carried over.

    ``whole``: it meets one value at a time, so ``^`` and ``$`` stay what they are; otherwise they become those of a
    line, because content is matched in batches that have no single start and end. ``bound``: where endless repeats
    end; 0 leaves them endless.
    """
    return _Translator(pattern, whole, bound).run()


class _Translator:
    def __init__(self, pattern: str, whole: bool, bound: int) -> None:
        self._text = pattern
        self._whole = whole
        self._bound = bound
        self._at = 0
        self._out: list[str] = []
        self._changes: dict[str, None] = {}
        # Per open group: the flags that were switched on in its middle; in RE2 they hold until the group ends.
        self._switched: list[list[str]] = [[]]
        self._global = ""

    def run(self) -> Translated:
        while self._at < len(self._text):
            self._step(self._text[self._at])
        if len(self._switched) != 1:
            raise ValueError("a group is not closed")
        self._out.append(")" * len(self._switched[0]))
        flags = "".join(flag for flag in "ims" if flag in self._global)
        return Translated((f"(?{flags})" if flags else "") + "".join(self._out), tuple(self._changes))

    def _step(self, character: str) -> None:
        if character == "\\":
            self._escape()
        elif character == "[":
            self._class()
        elif character == "(":
            self._group()
        elif character == ")":
            if len(self._switched) == 1:
                raise ValueError("a ) too many")
            self._emit(")" * len(self._switched.pop()) + ")", 1)
        elif character == "|":
            switched = self._switched[-1]
            self._emit(")" * len(switched) + "|" + "".join(switched), 1)
        elif character in "{*+":
            self._repeat(character)
        elif character in "^$" and not self._whole:
            self._anchor(character, 1)
        else:
            self._emit(_literal(character), 1)

    def _emit(self, text: str, consumed: int) -> None:
        self._out.append(text)
        self._at += consumed

    def _repeat(self, character: str) -> None:
        repeat = _REPEAT.match(self._text, self._at)
        if character == "{" and not repeat:
            self._emit(r"\{", 1)
            return
        whole, least, more = repeat.group(0, 1, 2) if repeat else (character, "0" if character == "*" else "1", ",")
        bounded = f"{{{least},{max(self._bound, int(least))}}}"
        self._emit(bounded if more == "," and self._bound else whole, len(whole))

    def _anchor(self, sign: str, consumed: int) -> None:
        self._global += "" if "m" in self._global else "m"
        edge = "start" if sign == "^" else "end"
        self._changes[f"the {edge} of the text reads as the {edge} of a line"] = None
        self._emit(sign, consumed)

    def _group(self) -> None:
        named, flags = _NAMED.match(self._text, self._at), _FLAGS.match(self._text, self._at)
        if flags:
            self._flags(flags)
        elif named:
            self._open(f"(?P<{named[1]}>", len(named[0]))
        elif self._text.startswith("(?", self._at):
            raise ValueError(f"unknown group {self._text[self._at : self._at + 4]!r}")
        else:
            self._open("(", 1)

    def _open(self, text: str, consumed: int) -> None:
        self._switched.append([])
        self._emit(text, consumed)

    def _flags(self, found: re.Match[str]) -> None:
        on, off, end = found[1], found[2] or "", found[3]
        unknown = set(on + off) - set("ims")
        if unknown:
            raise ValueError(f"the flag {min(unknown)!r} in {found[0]!r}")
        opening = f"(?{on}{'-' + off if off else ''}:"
        if end == ":":
            self._open(opening, len(found[0]))
        elif not self._out and not off and len(self._switched) == 1:
            self._global += on
            self._at += len(found[0])
        else:
            self._switched[-1].append(opening)
            self._emit(opening, len(found[0]))

    def _escape(self) -> None:
        text, at = self._text, self._at
        code, name = _CODE.match(text, at), _PROPERTY.match(text, at)
        if code:
            self._emit(_escaped(_character(code)), len(code[0]))
        elif name:
            self._emit(f"[{self._property(name)}]", len(name[0]))
        elif text.startswith(r"\Q", at):
            end = text.find(r"\E", at + 2)
            inside = text[at + 2 : end if end >= 0 else len(text)]
            self._emit("".join(map(_escaped, inside)), len(inside) + (4 if end >= 0 else 2))
        elif text.startswith((r"\A", r"\z"), at):
            if self._whole:
                self._emit(r"\A" if text[at + 1] == "A" else r"\Z", 2)
            else:
                self._anchor("^" if text[at + 1] == "A" else "$", 2)
        else:
            self._emit(self._plain_escape(), 2)

    def _plain_escape(self) -> str:
        letter = self._text[self._at + 1 : self._at + 2]
        if not letter or (letter.isascii() and letter.isalnum() and letter not in "abBdDfnrstvwWS"):
            raise ValueError(f"the escape \\{letter}" if letter else "a lone backslash at the end")
        return "\\" + letter if letter.isascii() else _literal(letter)

    def _property(self, found: re.Match[str]) -> str:
        made = _PROPERTIES.get(found[3] or found[4])
        if made is None or found[1] == "P" or found[2]:
            raise ValueError(f"the Unicode class {found[0]!r}")
        self._changes[f"{found[0]} reads as ASCII or any byte above 0x7f"] = None
        return made

    def _class(self) -> None:
        self._at += 1
        negated = self._text.startswith("^", self._at)
        self._at += negated
        items: list[str] = []
        while True:
            if self._at >= len(self._text):
                raise ValueError("a [ is not closed")
            character = self._text[self._at]
            if character == "]" and items:
                break
            items.append(self._class_item(character, negated, items))
        inside = "".join(items)
        self._emit(f"[{'^' if negated else ''}{inside}]" if inside else r"[\x00-\xff]", 1)

    def _class_item(self, character: str, negated: bool, items: list[str]) -> str:
        text, at = self._text, self._at
        code, name = _CODE.match(text, at), _PROPERTY.match(text, at)
        posix = re.match(r"\[:(\^?)(\w+):\]", text[at : at + 12])
        self._at += 1
        if code or (name and not negated) or posix:
            self._at = at + len((code or name or posix)[0])  # type: ignore[index]
        if posix:
            return _posix(posix)
        if name:
            if negated:
                raise ValueError(f"the Unicode class {name[0]!r} in a negated class")
            return self._property(name)
        if character == "\\" and not code:
            self._at = at
            made = self._plain_escape() if text[at + 1 : at + 2] != "b" else ""
            if made in ("", r"\B"):
                raise ValueError("\\b in a class")
            self._at += 2
            return made
        value = _character(code) if code else character
        if ord(value) > 127:
            return self._wide(negated, items)
        if value == "-" and items and text[at + 1 : at + 2] == "-":
            raise ValueError("a range that ends in a hyphen in a class")
        # Python reserves doubled signs and a [ in a class for set operations to come.
        special = value in "[]\\^" or (value in "&~|-" and text[at + 1 : at + 2] == value)
        return "\\" + value if special else f"\\x{ord(value):02x}" if not value.isprintable() else value

    def _wide(self, negated: bool, items: list[str]) -> str:
        if items[-1:] == ["-"] or self._text.startswith("-", self._at):
            raise ValueError("a range of non-ASCII characters in a class")
        if negated:
            self._changes["non-ASCII characters in a negated class are not excluded"] = None
            return ""
        self._changes["a non-ASCII character in a class reads as any byte above 0x7f"] = None
        return _WIDE


def _posix(found: re.Match[str]) -> str:
    if found[2] not in _POSIX:
        raise ValueError(f"the class {found[0]!r}")
    if not found[1]:
        return _POSIX[found[2]]
    inside = re.compile(f"[{_POSIX[found[2]]}]".encode())
    return "".join(f"\\x{code:02x}" for code in range(256) if not inside.match(bytes([code])))


def _character(code: re.Match[str]) -> str:
    return chr(int(code[3], 8) if code[3] else int(code[1] or code[2], 16))


def _literal(character: str) -> str:
    if ord(character) > 127:
        return "(?:" + "".join(f"\\x{byte:02x}" for byte in character.encode()) + ")"
    return character if character.isprintable() else f"\\x{ord(character):02x}"


def _escaped(character: str) -> str:
    return re.escape(character) if character.isascii() and character.isprintable() else _literal(character)

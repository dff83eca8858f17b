"""Ids of commits and tags -> who made them, when, and the first line of their message."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from typing import NamedTuple

from secrets_guard.sources.changes import Contents, CutShort, whole
from secrets_guard.sources.git.command import Git
from secrets_guard.sources.git.reader import tag_name

_PERSON = re.compile(rb"^(author|committer|tagger) (.*?) ?<([^<>\n]*)> (-?\d+) ([+-]\d{4})$", re.MULTILINE)

# The charsets that people have committed in; Python knows others, not all of them quick or harmless to decode.
_ENCODING = re.compile(
    rb"^encoding ((?:iso-?8859|windows-125|cp-?125|latin-?|koi8|euc|big5|gb|shift|sjis|utf-?8)[\w-]{0,12})$",
    re.MULTILINE | re.IGNORECASE,
)


class Made(NamedTuple):
    """``date`` is the author's, ``entered`` the committer's; ISO 8601 with offset, '' where unreadable.

    ``seconds`` is ``entered`` since 1970.
    """

    author: str = ""
    email: str = ""
    date: str = ""
    entered: str = ""
    seconds: int = 0
    summary: str = ""
    name: str = ""
    """What a tag's message is called; '' of a commit."""
    target: str = ""
    """The object that a tag is on; '' of a commit."""

    @property
    def told(self) -> tuple[str, str, str, str]:
        """Author, e-mail, date and summary, as an origin has them."""
        return self.author, self.email, self.date, self.summary


def read_metadata(git: Git, names: Iterable[str]) -> dict[str, Made]:
    """Return what is known of each; what can't be read has no entry."""
    wanted = sorted(set(names))
    found: dict[str, Made] = {}
    for name, kind, size, read, _ in Contents(git, wanted) if wanted else ():
        if kind in ("commit", "tag"):
            with suppress(CutShort):
                found[name] = _made(whole(size, read))
    return found


def _made(content: bytes) -> Made:
    header, _, message = content.partition(b"\n\n")
    people = {found[0]: found[1:] for found in _PERSON.findall(header)}
    name, email, when, offset = people.get(b"author") or people.get(b"tagger") or (b"", b"", b"", b"")
    _, _, entered, entered_offset = people.get(b"committer") or (b"", b"", when, offset)
    tag = tag_name(header) if header.startswith(b"object ") else ""
    target = header[7:].partition(b"\n")[0].decode("ascii", "replace") if tag else ""
    named = _ENCODING.search(header)
    encoding = named.group(1).decode("ascii") if named else "utf-8"
    return Made(
        author=_text(name, encoding),
        email=_text(email, encoding),
        date=_iso(when, offset),
        entered=_iso(entered, entered_offset),
        seconds=int(entered) if entered else 0,
        summary=_text(message.lstrip().partition(b"\n")[0], encoding),
        name=tag,
        target=target,
    )


def _text(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding, "replace")
    except LookupError:
        return raw.decode("utf-8", "replace")


def _iso(when: bytes, offset: bytes) -> str:
    import datetime

    try:
        minutes = int(offset[1:3]) * 60 + int(offset[3:5])
        zone = datetime.timezone(datetime.timedelta(minutes=-minutes if offset.startswith(b"-") else minutes))
        return datetime.datetime.fromtimestamp(int(when), zone).isoformat()
    except (ValueError, OverflowError, OSError):
        return ""

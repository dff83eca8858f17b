"""Ids of commits and tags -> who made them, when, and the first line of their message."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from typing import NamedTuple

from secrets_guard.sources.git.command import Git
from secrets_guard.sources.git.reader import tag_name

_PERSON = re.compile(rb"^(author|committer|tagger) (.*?) ?<([^<>\n]*)> (-?\d+) ([+-]\d{4})$", re.MULTILINE)


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


def read_metadata(git: Git, names: Iterable[str]) -> dict[str, Made]:
    """Return what is known of each; what can't be read has no entry."""
    asked = "".join(f"{name}\n" for name in sorted(set(names)))
    if not asked:
        return {}
    output = git.run("cat-file", "--batch", "--buffer", given=asked.encode(), time_limit=None).output
    found: dict[str, Made] = {}
    position = 0
    while (line_end := output.find(b"\n", position)) >= 0:
        words = output[position:line_end].split(b" ")
        position = line_end + 1
        if len(words) != 3:
            continue
        content = output[position : position + int(words[2])]
        position += int(words[2]) + 1
        if words[1] in (b"commit", b"tag"):
            found[words[0].decode()] = _made(content)
    return found


def _made(content: bytes) -> Made:
    header, _, message = content.partition(b"\n\n")
    people = {found[0]: found[1:] for found in _PERSON.findall(header)}
    name, email, when, offset = people.get(b"author") or people.get(b"tagger") or (b"", b"", b"", b"")
    _, _, entered, entered_offset = people.get(b"committer") or (b"", b"", when, offset)
    tag = tag_name(header) if header.startswith(b"object ") else ""
    target = header[7:].partition(b"\n")[0].decode("ascii", "replace") if tag else ""
    return Made(
        author=name.decode("utf-8", "replace"),
        email=email.decode("utf-8", "replace"),
        date=_iso(when, offset),
        entered=_iso(entered, entered_offset),
        seconds=int(entered) if entered else 0,
        summary=message.lstrip().partition(b"\n")[0].decode("utf-8", "replace"),
        name=tag,
        target=target,
    )


def _iso(when: bytes, offset: bytes) -> str:
    try:
        minutes = int(offset[1:3]) * 60 + int(offset[3:5])
        zone = datetime.timezone(datetime.timedelta(minutes=-minutes if offset.startswith(b"-") else minutes))
        return datetime.datetime.fromtimestamp(int(when), zone).isoformat()
    except (ValueError, OverflowError, OSError):
        return ""

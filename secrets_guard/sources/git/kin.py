"""Repositories -> families: those that share objects, told from the lowest object names in the indexes of their packs.

Names are hashes, so the lowest ones are a fair sample of all (a min-hash): what two repositories have in common of
their samples is about what they have in common of all. Nothing but the beginning of each index is read. It decides
only who is swept behind whom, so a wrong guess costs time and no finding.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable

from secrets_guard.lazily import Pattern
from secrets_guard.sources.git.mirrors import Target, git_folder

_SAMPLE = 64
_COMMON = 8
"""So many of 64 in common make two repositories kin; a licence or an empty file is one or two."""
_MAGIC = b"\xfftOc\0\0\0\x02"
_FANOUT = 256 * 4
_NAME = 20
_MOST_PACKS, _MOST_ALTERNATES, _LARGEST_ALTERNATES = 1000, 16, 65_536
_LOOSE = Pattern(r"[0-9a-f]+")


def families(targets: Iterable[Target]) -> list[list[Target]]:
    """Return the targets in groups that share many of their objects; what can't be told is a group of its own."""
    groups: list[list[Target]] = []
    holders: dict[bytes, set[int]] = {}
    for target in targets:
        sample = _sample(target.path)
        common: dict[int, int] = {}
        for name in sample:
            for group in holders.get(name, ()):
                common[group] = common.get(group, 0) + 1
        best = max(common, key=lambda group: common[group], default=-1)
        if best < 0 or common[best] < _COMMON:
            best = len(groups)
            groups.append([])
        groups[best].append(target)
        for name in sample:
            holders.setdefault(name, set()).add(best)
    return groups


def _sample(path: str) -> list[bytes]:
    """Return the lowest object names of a repository and its alternates; none for a URL."""
    lowest: set[bytes] = set()
    for folder in _object_folders(os.path.join(git_folder(path), "objects")):
        packs = os.path.join(folder, "pack")
        for name in [name for name in _listed(packs) if name.endswith(".idx")][:_MOST_PACKS]:
            lowest.update(_first_names(os.path.join(packs, name)))
        loose = 0
        for first in _listed(folder):
            if _LOOSE.fullmatch(first) and loose < _SAMPLE:
                names = [name for name in _listed(os.path.join(folder, first)) if _LOOSE.match(name)]
                lowest.update(bytes.fromhex(first + name)[:_NAME] for name in names if len(name) % 2 == 0)
                loose += len(names)
    return sorted(lowest)[:_SAMPLE]


def _object_folders(folder: str) -> list[str]:
    """Return a folder of objects and those that it borrows from, one step far: forges keep forks so."""
    try:
        with open(os.path.join(folder, "info", "alternates"), encoding="utf-8", errors="surrogateescape") as stream:
            lines = stream.read(_LARGEST_ALTERNATES).splitlines()
    except (OSError, ValueError):
        return [folder]
    return [folder, *(os.path.join(folder, line) for line in lines[:_MOST_ALTERNATES] if "\0" not in line)]


def _listed(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _first_names(path: str) -> list[bytes]:
    # Format: git's Documentation/gitformat-pack, "pack-*.idx", version 2. The names of a SHA-256 repository are
    # longer, so all but its first are cut at odd places: the same ones in its forks, which is all that is asked.
    try:
        with open(path, "rb", buffering=0) as stream:
            head = stream.read(len(_MAGIC) + _FANOUT)
            if head[: len(_MAGIC)] != _MAGIC or len(head) != len(_MAGIC) + _FANOUT:
                return []
            count = min(_SAMPLE, struct.unpack(">I", head[-4:])[0])
            names = stream.read(count * _NAME)
    except OSError:
        return []
    return [names[at : at + _NAME] for at in range(0, len(names) - _NAME + 1, _NAME)]

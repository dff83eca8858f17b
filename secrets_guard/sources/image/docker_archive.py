"""What ``docker save`` writes (its manifest.json) -> the images in it.

Format: github.com/moby/moby, image/tarexport; the members are of any name, so the list says which is what.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from secrets_guard.errors import SourceError
from secrets_guard.model.result import Problem
from secrets_guard.sources.image import document
from secrets_guard.sources.image.image import Content, Image, assemble, image_problem, layer_ids
from secrets_guard.sources.image.members import Members, read_whole
from secrets_guard.sources.image.reference import is_digest

LIST = "manifest.json"
_BLOBS = "blobs/"
_COMPRESSED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ")


def docker_images(members: Members, version: str, known: frozenset[bytes] = frozenset()) -> Iterator[Image | Problem]:
    """Yield the images that a ``manifest.json`` lists; given a name or tag, only those called so.

    ``known`` are configs of images that the archive's index listed already. Raises SourceError for a list that can't
    be read, or when no image is called so.
    """
    listed = document.load(read_whole(members, LIST, document.LARGEST), f"{members.where}: {LIST}")
    if not isinstance(listed, list):
        raise SourceError(f"{members.where}: {LIST}: not a list")
    entries = [entry for entry in listed if isinstance(entry, dict)]
    chosen = [entry for entry in entries if not version or _is_called(entry, version)]
    if version and not chosen:
        there = ", ".join(name for entry in entries for name in document.texts(entry, "RepoTags")) or "nothing"
        raise SourceError(f"{members.where}: no image {version!r} in it; there is: {there}")
    for entry in chosen:
        names = document.texts(entry, "RepoTags")
        name = names[0] if names else members.where
        try:
            config = read_whole(members, document.field(entry, "Config", str, name), document.LARGEST)
            if config not in known:
                yield _image(members, name, config, entry)
        except SourceError as error:
            yield Problem("unreadable", name, image_problem(name, error))


def _is_called(entry: dict[str, Any], version: str) -> bool:
    return any(
        name == version or name.endswith((f":{version}", f"/{version}")) for name in document.texts(entry, "RepoTags")
    )


def _image(members: Members, name: str, config: bytes, entry: dict[str, Any]) -> Image:
    ids = layer_ids(document.load_object(config, f"{name}: config"))
    paths = document.texts(entry, "Layers")
    ids = ids if len(ids) == len(paths) else [""] * len(paths)
    contents = [_content(members, path, diff_id) for path, diff_id in zip(paths, ids, strict=True)]
    return assemble(name, config, contents, {})


def _content(members: Members, path: str, diff_id: str) -> Content:
    digest = digest_of(path)
    if not digest and not _is_compressed(members, path):
        digest = diff_id
    return Content(members.key(path), partial(members.open, path), digest, members.size(path))


def digest_of(path: str) -> str:
    """Return the digest that a member's path says it has; empty where it says none."""
    parts = path.split("/")
    digest = f"{parts[-2]}:{parts[-1]}" if path.startswith(_BLOBS) and len(parts) == 3 else ""
    return digest if is_digest(digest) else ""


def _is_compressed(members: Members, path: str) -> bool:
    if members.size(path) < 0:
        return True
    with members.open(path) as read:
        return read(8).startswith(_COMPRESSED)

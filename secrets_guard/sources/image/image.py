"""An image, resolved: its config, its layers and what is attached to it, each still to be read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

from secrets_guard.errors import SourceError
from secrets_guard.sources.archive.entry import Read
from secrets_guard.sources.image import document
from secrets_guard.sources.image.history import Instruction, by_layer, read_history
from secrets_guard.sources.image.reference import is_digest

Open = Callable[[], AbstractContextManager[Read]]
"""Opens a content as it is stored. Raises SourceError, at once or while it is read, where it can't be."""


class Content(NamedTuple):
    """A content to sweep. What has the same ``key`` is the same and is swept once, whichever images hold it."""

    key: str
    open: Open
    digest: str = ""
    """What it must hash to, as stored; empty where nothing says so."""
    size: int = -1
    """Bytes as stored, -1 where it is not known."""
    media_type: str = ""
    addressed: bool = False
    """Whether the place gives it by its digest alone, so that having the digest is having the content."""


class Layer(NamedTuple):
    """One layer of one image."""

    content: Content
    diff_id: str
    """The digest of the uncompressed layer, which is the same wherever the image lies."""
    instruction: Instruction


class Attachment(NamedTuple):
    """An SBOM, a provenance or another document that belongs to an image."""

    name: str
    content: Content


class Image(NamedTuple):
    """One image for one platform. ``texts`` are small things that hang on it (annotations), by their names."""

    name: str
    platform: str
    config: bytes
    history: tuple[Instruction, ...]
    layers: tuple[Layer, ...]
    texts: Mapping[str, str]
    attachments: tuple[Attachment, ...] = ()


def assemble(
    name: str, config: bytes, contents: Sequence[Content], texts: Mapping[str, str], platform: str = ""
) -> Image:
    """Return the image of a config and its layers' contents. Raises SourceError for a config that is none."""
    fields = document.load_object(config, f"{name}: config")
    history = read_history(fields)
    diff_ids = layer_ids(fields)
    if len(diff_ids) != len(contents):
        diff_ids = [""] * len(contents)
    diff_ids = [diff_id or contents[number].digest or f"layer {number}" for number, diff_id in enumerate(diff_ids)]
    instructions = by_layer(history, len(contents))
    layers = tuple(map(Layer, contents, diff_ids, instructions))
    return Image(name, platform or _platform(fields), config, history, layers, texts)


def layer_ids(config: Mapping[str, Any]) -> list[str]:
    """Return the diff ids that a config lists, bottom first; of what is no digest an empty text."""
    rootfs = config.get("rootfs")
    listed = document.texts(rootfs, "diff_ids") if isinstance(rootfs, dict) else []
    return [one if is_digest(one) else "" for one in listed]


def image_problem(where: str, error: SourceError) -> str:
    """Return an error's text without what its Problem says already: where, or the image that this is in."""
    text = str(error)
    for told in (where, where.partition(": ")[0]):
        text = text.removeprefix(f"{told}: ")
    return text


def _platform(fields: Mapping[str, Any]) -> str:
    parts = (document.text(fields, part) for part in ("os", "architecture", "variant"))
    return "/".join(part for part in parts if part)

"""Where a content comes from: a closed union, told apart in JSON by ``kind``."""

from typing import NamedTuple


class FileOrigin(NamedTuple):
    """A file of a working tree; ``path`` is relative to the target, ``/``-separated."""

    path: str
    kind: str = "file"


class StreamOrigin(NamedTuple):
    """A stream, such as standard input."""

    path: str
    kind: str = "stream"


class StagedOrigin(NamedTuple):
    """A file as it stands in git's index, about to be committed."""

    path: str
    kind: str = "staged"
    repository: str = ""
    """The submodule's, relative to the superproject; '' where it is the repository that is swept."""


class CommitOrigin(NamedTuple):
    """A file as a commit left it: the commit that brought this content to this path."""

    path: str
    commit: str
    """Full object id."""
    author: str = ""
    email: str = ""
    date: str = ""
    """Author date, ISO 8601 with offset."""
    summary: str = ""
    """First line of the message."""
    kind: str = "commit"
    repository: str = ""


class MessageOrigin(NamedTuple):
    """A commit's or tag's own message; ``path`` is ``<commit message>`` or ``<tag NAME>``."""

    path: str
    commit: str
    author: str = ""
    email: str = ""
    date: str = ""
    summary: str = ""
    kind: str = "commit-message"
    repository: str = ""


class UnreachableOrigin(NamedTuple):
    """An object that no ref, reflog or stash reaches; ``path`` is its object id where no name is known."""

    path: str
    kind: str = "unreachable"
    repository: str = ""


class LayerOrigin(NamedTuple):
    """A file as a layer of an image holds it; ``path`` is its place in the image, without a slash in front."""

    path: str
    image: str
    layer_digest: str
    """Of the uncompressed layer (its diff id), which is the same wherever the image lies."""
    layer_index: int
    """From 0, the lowest."""
    created_by: str = ""
    """The instruction that made the layer, on one line; cut short where it may itself hold a secret."""
    removed_by_layer: str = ""
    """Digest of the first layer above that deletes or replaces the file; empty: it can be seen in the image."""
    removed_by: str = ""
    """The instruction that made that layer."""
    base: bool = False
    """Whether the layer belongs to a base image (``--base``)."""
    kind: str = "layer"


class ImageConfigOrigin(NamedTuple):
    """A setting, history line, label or annotation of an image, or a document attached to it."""

    path: str
    image: str
    setting: str = ""
    kind: str = "image-config"


GitOrigin = CommitOrigin | MessageOrigin | StagedOrigin | UnreachableOrigin
"""Where a content of a repository can come from."""

Origin = FileOrigin | StreamOrigin | GitOrigin | LayerOrigin | ImageConfigOrigin
"""Every kind of place a content can come from. Later sources add theirs here."""


class Exposure(NamedTuple):
    """How long a secret of a history has been readable, and where it still is."""

    first_commit: str
    first_date: str
    last_commit: str
    """The last commit that still had it at this path."""
    last_date: str
    days: int
    """Days from the first commit to its removal, or to the tip where it still stands."""
    at_tip: bool
    """Whether a branch's tip still has it."""
    branches: tuple[str, ...] = ()
    """Branches whose history holds it, capped."""
    tags: tuple[str, ...] = ()
    """Tags whose history holds it, capped."""
    refs_total: int = 0


def origin_fields(origin: Origin) -> dict[str, object]:
    """Return the JSON form of an origin: ``kind`` first, then its own fields except the path.

    ``repository`` is told of submodules only.
    """
    fields = origin._asdict()
    kind = fields.pop("kind")
    fields.pop("path")
    if not fields.get("repository"):
        fields.pop("repository", None)
    return {"kind": kind, **fields}

"""A folder or archive of an image, of whichever format, or of both at once -> the images in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from secrets_guard.errors import SourceError
from secrets_guard.model.result import Problem
from secrets_guard.sources.image import docker_archive, layout
from secrets_guard.sources.image.image import Image, image_problem
from secrets_guard.sources.image.members import Members
from secrets_guard.sources.image.resolve import Resolver


def stored_images(
    members: Members, version: str, platforms: Sequence[str], left_out: list[str]
) -> Iterator[Image | Problem]:
    """Yield the images; given a tag, name or digest, only what that means. ``left_out`` gets platforms not asked for.

    What today's ``docker save`` writes has Docker's list and OCI's index: an image that both have is one.
    Raises SourceError for what is neither, or has nothing called so.
    """
    has_index, has_list = members.size(layout.INDEX) >= 0, members.size(docker_archive.LIST) >= 0
    if not has_index and not has_list:
        raise SourceError(
            f"{members.where}: no image in it: neither Docker's {docker_archive.LIST} nor OCI's {layout.INDEX}; "
            "to sweep its files as they are: secrets-guard scan files"
        )
    configs: set[bytes] = set()
    missed: SourceError | None = None
    if has_index:
        try:
            for item in _of_index(members, version, platforms, left_out):
                if isinstance(item, Image):
                    configs.add(item.config)
                yield item
        except SourceError as error:
            if not has_list:
                raise
            missed = error
    if has_list:
        try:
            yield from docker_archive.docker_images(members, version, frozenset(configs))
        except SourceError:
            if missed is not None or not configs:
                raise
    elif missed is not None:
        raise missed


def _of_index(
    members: Members, version: str, platforms: Sequence[str], left_out: list[str]
) -> Iterator[Image | Problem]:
    store = layout.LayoutStore(members)
    resolver = Resolver(store, platforms)
    for name, one in store.roots(version):
        called = f"{members.where}:{name}" if len(store.index.manifests) > 1 else members.where
        try:
            yield from resolver.images(called, one.digest, one.annotations)
        except SourceError as error:
            yield Problem("unreadable", called, image_problem(called, error))
    left_out += resolver.left_out

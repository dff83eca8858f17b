"""Images and lists that say what a base is -> the digests of its layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack

from secrets_guard.errors import ConfigError, SourceError
from secrets_guard.sources.image.access import Access
from secrets_guard.sources.image.reference import is_digest
from secrets_guard.sources.image.target import parse_target
from secrets_guard.sources.image.transports import open_target

_LARGEST = 4 << 20


def base_layers(targets: Sequence[str], access: Access, environ: Mapping[str, str]) -> frozenset[str]:
    """Return the diff ids and digests of the layers of images, of all their platforms; no layer is read.

    Raises SourceError for an image whose layers can't be told without reading all of it.
    """
    found: set[str] = set()
    for text in targets:
        target = parse_target(text)
        if target.transport == "docker-daemon":
            from secrets_guard.sources.image import daemon

            found.update(daemon.layer_ids(target.name))
            continue
        with ExitStack() as stack:
            opened = open_target(target, (), access, environ, stack)
            if opened.passing is not None:
                raise SourceError(f"--base {text}: give it as a registry's image, a layout or an uncompressed archive")
            for image in opened.images:
                found.update(layer.diff_id for layer in image.layers)
                found.update(layer.content.digest for layer in image.layers)
    return frozenset(found - {""})


def read_layer_list(path: str) -> frozenset[str]:
    """Return the digests of a file, one a line, comments behind ``#``. Raises ConfigError naming what is none."""
    try:
        with open(path, encoding="utf-8") as stream:
            lines = stream.read(_LARGEST).splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"--base-layers {path}: {getattr(error, 'strerror', '') or 'not UTF-8'}") from None
    words = [(number, line.partition("#")[0].strip()) for number, line in enumerate(lines, 1)]
    wrong = [f"{path}:{number}: {word[:80]!r} is no digest" for number, word in words if word and not is_digest(word)]
    if wrong:
        raise ConfigError(*wrong)
    return frozenset(word for _, word in words if word)

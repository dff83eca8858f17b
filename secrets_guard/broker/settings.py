"""A provider's part of the manifest -> its settings, each of the right kind or a complaint that names it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from secrets_guard.errors import AccessDenied, ManifestError
from secrets_guard.located_yaml import nearest


def texts(settings: Mapping[str, object], known: Sequence[str], where: str) -> dict[str, str]:
    """Return settings that are texts. Raises ManifestError for an unknown one or another kind of value."""
    for name, value in settings.items():
        if name not in known:
            raise ManifestError(f"{where}: unknown key {name!r}{nearest(name, list(known))}")
        if not isinstance(value, str):
            raise ManifestError(f"{where}.{name}: must be a text")
    return {name: str(value) for name, value in settings.items()}


def read_credential(path: str, what: str) -> str:
    """Return the text of a file that holds a credential. Raises AccessDenied where it can't be read or is empty."""
    try:
        with open(path, encoding="utf-8") as stream:
            text = stream.read(1 << 20).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise AccessDenied(f"{what} {path}: can't be read: {getattr(error, 'strerror', None) or 'not UTF-8'}") from None
    if not text:
        raise AccessDenied(f"{what} {path}: is empty")
    return text

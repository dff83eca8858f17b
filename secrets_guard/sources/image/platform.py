"""``--platform os/architecture[/variant]`` -> which images of an index are meant."""

from __future__ import annotations

from collections.abc import Sequence

from secrets_guard.errors import ConfigError

# What one architecture is called beside Go's name for it (containerd's platforms/database.go).
_ARCHITECTURES = {"x86_64": "amd64", "x86-64": "amd64", "aarch64": "arm64", "armhf": "arm/v7", "armel": "arm/v6"}
_IMPLIED = {"arm64": "v8"}


def parse_platforms(words: Sequence[str]) -> tuple[str, ...]:
    """Return the platforms in the form that indexes use; none for ``all``. Raises ConfigError for what is none."""
    if "all" in words:
        return ()
    made = []
    for word in words:
        parts = word.lower().split("/")
        if not 2 <= len(parts) <= 3 or not all(parts):
            raise ConfigError(f"--platform {word!r}: write it as linux/amd64 or linux/arm/v7, or all")
        made.append(normal("/".join(parts)))
    return tuple(made)


def normal(platform: str) -> str:
    """Return a platform with the names and without the variants that go without saying."""
    system, _, rest = platform.partition("/")
    architecture, _, variant = rest.partition("/")
    architecture = _ARCHITECTURES.get(architecture, architecture)
    if variant and _IMPLIED.get(architecture) == variant:
        variant = ""
    return "/".join(part for part in (system, architecture, variant) if part)


def is_wanted(platform: str, wanted: Sequence[str]) -> bool:
    """Tell whether an image's platform is one of those asked for; ``linux/arm`` means each of its variants."""
    own = normal(platform)
    return not wanted or any(own == one or own.startswith(f"{one}/") for one in wanted)

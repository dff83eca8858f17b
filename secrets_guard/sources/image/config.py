"""An image's config and annotations -> small texts to sweep, by the name of the setting that each is of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from secrets_guard.sources.image import document
from secrets_guard.sources.image.image import Image

PREFIX = "<image config>/"
"""What the path of each begins with: no file of an image is called so."""
_LISTS = ("Cmd", "Entrypoint", "OnBuild", "Shell", "Volumes")
_OBJECTS = ("config", "container_config")
_KNOWN = {"Env", "Labels", "Healthcheck", *_LISTS}
_TOLD_ELSEWHERE = {"history", "rootfs", *_OBJECTS}


def config_texts(image: Image) -> Iterator[tuple[str, str]]:
    """Yield (name, text) for each setting that has anything in it.

    Variables, labels and annotations are lines of ``name=value``, so that rules see what they are called.
    """
    yield from image.texts.items()
    if not image.config:
        return
    fields = document.load_object(image.config, image.name)
    done: set[tuple[str, str]] = set()
    for name in _OBJECTS:
        settings = fields.get(name)
        if isinstance(settings, dict):
            for setting, text in _settings(settings):
                # container_config of Docker's own builder mostly repeats config.
                if text and (setting, text) not in done:
                    done.add((setting, text))
                    yield (setting if name == "config" else f"{name}/{setting}"), text
    for instruction in image.history:
        yield f"history[{instruction.number}]", instruction.text
    for number, entry in enumerate(document.objects(fields, "history")):
        yield f"history[{number}]/comment", document.text(entry, "comment")
    others = {name: value for name, value in fields.items() if name not in _TOLD_ELSEWHERE}
    yield "other", _lines(others)


def _settings(settings: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "Env", "\n".join(document.texts(settings, "Env"))
    yield "Labels", named_lines(document.pairs(settings, "Labels"))
    for name in _LISTS:
        value = settings.get(name)
        yield name, "\n".join(map(str, value)) if isinstance(value, list | dict) else _plain(value)
    check = settings.get("Healthcheck")
    if isinstance(check, dict):
        yield "Healthcheck", " ".join(document.texts(check, "Test"))
    yield "settings", _lines({name: value for name, value in settings.items() if name not in _KNOWN})


def named_lines(values: Mapping[str, str]) -> str:
    """Return ``name=value`` lines."""
    return "\n".join(f"{name}={value}" for name, value in values.items())


def _lines(values: Mapping[str, Any]) -> str:
    return "\n".join(f"{name}={_plain(value)}" for name, value in values.items() if value not in (None, "", [], {}))


def _plain(value: Any) -> str:
    import json

    return value if isinstance(value, str) else "" if value is None else json.dumps(value)

"""YAML text -> plain values, with the line of each, so that every complaint can name file:line."""

from __future__ import annotations

from typing import Any

import yaml

from secrets_guard.errors import ConfigError

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MAX_DEPTH = 40
_MAX_BYTES = 4 << 20

Path = tuple[str | int, ...]
"""Where a value stands: keys and list positions from the top."""


class Located:
    """A parsed document: ``value`` in plain types, ``line(path)`` for messages."""

    def __init__(self, name: str, value: Any, lines: dict[Path, int]) -> None:
        self.name = name
        self.value = value
        self._lines = lines

    def line(self, *path: str | int) -> int:
        """Return the 1-based line of the value at ``path``, or of its nearest ancestor."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)

    def place(self, *path: str | int) -> str:
        """Return ``file:line`` of the value at ``path``."""
        return f"{self.name}:{self.line(*path)}"


def load(text: str, name: str) -> Located:
    """Parse one YAML document, safely: no tags that build objects, no aliases, bounded size and depth.

    Raises ConfigError with ``file:line`` when the text can't be used; a duplicate key is an error too.
    """
    if len(text) > _MAX_BYTES:
        raise ConfigError(f"{name}:1: the file is larger than {_MAX_BYTES >> 20} MiB")
    try:
        _check_events(text, name)
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = getattr(mark, "line", 0) + 1
        if "nesting depth" in str(error.problem):  # PyYAML's own limit, since 6.0.4: its parser reads ahead of ours
            raise ConfigError(f"{name}:{line}: nested more than {_MAX_DEPTH} levels deep") from None
        raise ConfigError(f"{name}:{line}: not valid YAML: {error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{name}:1: not valid YAML: {str(error).splitlines()[0]}") from None
    lines: dict[Path, int] = {}
    value = None if root is None else _build(root, (), lines, name)
    return Located(name, value, lines)


def _check_events(text: str, name: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        line = getattr(event.start_mark, "line", 0) + 1
        if isinstance(event, yaml.AliasEvent):
            raise ConfigError(f"{name}:{line}: aliases (*{event.anchor}) are not accepted here; write the value out")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _MAX_DEPTH:
                raise ConfigError(f"{name}:{line}: nested more than {_MAX_DEPTH} levels deep")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _build(node: yaml.Node, path: Path, lines: dict[Path, int], name: str) -> Any:
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        mapping: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = _build(key_node, (*path, "<key>"), lines, name)
            if not isinstance(key, str | int):
                raise ConfigError(f"{name}:{key_node.start_mark.line + 1}: a key must be a plain word")
            if key in mapping:
                raise ConfigError(f"{name}:{key_node.start_mark.line + 1}: duplicate key {key!r}")
            mapping[key] = _build(value_node, (*path, key), lines, name)
            lines[(*path, key)] = key_node.start_mark.line + 1
        return mapping
    if isinstance(node, yaml.SequenceNode):
        return [_build(item, (*path, index), lines, name) for index, item in enumerate(node.value)]
    return _scalar(node, name)


def _scalar(node: yaml.Node, name: str) -> Any:
    loader = _Loader("")
    try:
        return loader.construct_object(node)
    except (yaml.YAMLError, ValueError) as error:
        problem = getattr(error, "problem", None) or str(error)
        raise ConfigError(f"{name}:{node.start_mark.line + 1}: {problem}") from None
    finally:
        loader.dispose()


def nearest(word: str, known: tuple[str, ...] | list[str]) -> str:
    """Return `` (did you mean 'x'?)`` for the known word closest to ``word``, or an empty string."""
    import difflib

    close = difflib.get_close_matches(word, known, 1)
    return f" (did you mean {close[0]!r}?)" if close else ""

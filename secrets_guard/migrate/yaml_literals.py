"""The content of a YAML file -> its scalar values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import yaml

from secrets_guard.migrate.literal import Literal, byte_spans
from secrets_guard.model.secret import Secret

_LARGEST = 4 << 20
_DEEPEST = 40
_PLAIN = tuple(f"tag:yaml.org,2002:{kind}" for kind in ("str", "int", "float"))


class _Found(NamedTuple):
    name: str
    node: yaml.ScalarNode


def read(content: bytes) -> Iterator[Literal]:
    """Yield each text or number that stands under a name; what has a tag or an anchor is left out.

    See ``literal.Reader``. PyYAML's own parser: that of libyaml does not tell offsets in characters.
    """
    if len(content) > _LARGEST:
        raise ValueError(f"larger than {_LARGEST >> 20} MiB: it has to be done by hand")
    text = content.decode()
    try:
        _check_depth(text)
        documents = list(yaml.compose_all(text, Loader=yaml.SafeLoader))
    except yaml.MarkedYAMLError as error:
        line = getattr(error.problem_mark or error.context_mark, "line", 0) + 1
        raise ValueError(f"line {line}: not valid YAML") from None
    except yaml.YAMLError:
        raise ValueError("not valid YAML") from None
    seen: set[int] = set()
    found = [one for node in documents if node is not None for one in _scalars(node, "", seen)]
    spans = [(one.node.start_mark.index, _end(text, one.node)) for one in found]
    offsets = byte_spans(text, spans)
    for one, (start, end) in zip(found, spans, strict=True):
        style = one.node.style if one.node.style in ("'", '"') else ""
        yield Literal(
            one.name, Secret(one.node.value.encode("utf-8", "surrogatepass")), offsets[start], offsets[end], style
        )


def _check_depth(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise ValueError(f"nested more than {_DEEPEST} levels deep: it has to be done by hand")


def _scalars(node: yaml.Node, name: str, seen: set[int]) -> Iterator[_Found]:
    """Yield the scalars below a node; one that an alias names again is where its anchor is."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                yield from _scalars(value, f"{name}.{key.value}" if name else key.value, seen)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            yield from _scalars(value, f"{name}.{number}" if name else str(number), seen)
    elif isinstance(node, yaml.ScalarNode) and node.value and name and node.tag in _PLAIN:
        mark = node.start_mark
        if mark.buffer is None or mark.buffer[mark.pointer] not in "&!":
            yield _Found(name, node)


def _end(text: str, node: yaml.ScalarNode) -> int:
    """Return where a scalar ends; the line break that ends a block is not part of what is replaced."""
    end = int(node.end_mark.index)
    if node.style in ("|", ">"):
        end = len(text[:end].rstrip())
    return end

"""The text of a manifest -> the same text with more variables in it: nothing else is changed, not even a comment."""

from __future__ import annotations

from collections.abc import Mapping

import yaml

from secrets_guard.broker.entry import INHERITED
from secrets_guard.broker.manifest import Manifest
from secrets_guard.errors import ManifestError

_NEW = "version: 1\nenv:\n"


def extended(path: str, text: str, entries: Mapping[str, str]) -> str:
    """Return the text with ``entries`` (variable -> what it is made from, as YAML) at the end of its ``env``.

    ``text`` is one that the manifest's reader takes, or empty. Raises ManifestError where it can't be added to.
    """
    if not entries:
        return text
    if not text.strip():
        return text + _NEW + "".join(f"  {name}: {entry}\n" for name, entry in entries.items())
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        raise ManifestError(f"{path}: can't be added to: write it as a mapping over several lines")
    pair = next((pair for pair in root.value if pair[0].value == "env"), None)
    if pair is None:
        return _whole_lines(text) + "\nenv:\n" + "".join(f"  {name}: {entry}\n" for name, entry in entries.items())
    env = pair[1]
    if isinstance(env, yaml.MappingNode) and env.flow_style:
        return _in_flow(text, env, entries)
    if isinstance(env, yaml.MappingNode) and env.value:
        return _behind(text, _last(env), entries, env.start_mark.column)
    return _behind(text, pair[0], entries, 2)


def _in_flow(text: str, env: yaml.MappingNode, entries: Mapping[str, str]) -> str:
    end = env.end_mark.index - 1
    listed = ", ".join(f"{name}: {entry}" for name, entry in entries.items())
    return f"{text[:end].rstrip()}{', ' if env.value else ''}{listed}{text[end:]}"


def _behind(text: str, node: yaml.Node, entries: Mapping[str, str], margin: int) -> str:
    """Put a line an entry behind the line on which a node ends; a block ends where its next line begins."""
    end = node.end_mark.index
    if node.end_mark.column or not isinstance(node, yaml.ScalarNode) or node.style not in ("|", ">"):
        end = text.find("\n", end) + 1 or len(text)
    lines = "".join(f"{' ' * margin}{name}: {entry}\n" for name, entry in entries.items())
    return _whole_lines(text[:end]) + lines + text[end:]


def _last(node: yaml.Node) -> yaml.Node:
    """Return what stands last in a node: a block's own end is behind the comments and blank lines that follow it."""
    if node.value and not getattr(node, "flow_style", True):
        inner = node.value[-1]
        return _last(inner[1] if isinstance(node, yaml.MappingNode) else inner)
    return node


def _whole_lines(text: str) -> str:
    return text if not text or text.endswith("\n") else text + "\n"


def check_extended(path: str, before: Manifest, after: Manifest, entries: Mapping[str, str]) -> None:
    """Raise ManifestError unless ``after`` is ``before`` and the entries, and nothing else."""
    was, now = (
        {entry.name: entry._replace(place="") for entry in one.entries if entry.place != INHERITED}
        for one in (before, after)
    )
    kept = all(now.get(name) == entry for name, entry in was.items())
    same = before._replace(entries=(), files=()) == after._replace(entries=(), files=())
    if not (kept and same and set(now) - set(was) == set(entries)):
        raise ManifestError(f"{path}: can't be added to without changing what is there: add the references by hand")

"""A report of ours -> the files that its findings are in, and which findings those are."""

from __future__ import annotations

import json
import os
from typing import NamedTuple

from secrets_guard.migrate.document import Document, read_document
from secrets_guard.migrate.moves import Wanted
from secrets_guard.model.finding import Finding
from secrets_guard.model.result import ScanResult
from secrets_guard.report.json import SCHEMA

_IN_A_TREE = ("file", "staged", "commit")


class Named(NamedTuple):
    """What a report names: files that are there, (rule, fingerprint) of their findings, and what is elsewhere."""

    documents: tuple[Document, ...]
    wanted: frozenset[Wanted]
    by_hand: tuple[str, ...]


def is_report(document: Document) -> bool:
    """Tell whether a file is a JSON report of ours, of any version."""
    if not document.content.lstrip().startswith(b"{"):
        return False
    try:
        parsed = json.loads(document.content)
    except (ValueError, RecursionError):
        return False
    schema = parsed.get("schema") if isinstance(parsed, dict) else None
    return isinstance(schema, str) and schema.startswith(SCHEMA.rpartition("/")[0])


def files_of(result: ScanResult) -> Named:
    """Return the files of a report's findings, read anew. Paths are as the sweep was given them, from this folder.

    Raises SourceError for a file that can't be read.
    """
    documents: dict[str, Document] = {}
    by_hand = []
    for finding in result.findings:
        path = _path(result, finding)
        if path is None:
            by_hand.append(f"{finding.location.path}:{finding.location.start_line}: {finding.rule_id}: not in a file")
        elif path not in documents:
            documents[path] = read_document(path)
    wanted = frozenset((finding.rule_id, finding.fingerprint) for finding in result.findings)
    return Named(tuple(documents.values()), wanted, tuple(by_hand))


def _path(result: ScanResult, finding: Finding) -> str | None:
    """Return the file that a finding is in now; None where it is in none, as in a history, an archive or an image."""
    path, target = finding.location.path, result.scan.target
    if finding.origin.kind not in _IN_A_TREE or "!/" in path:
        return None
    if finding.origin.kind == "commit" and not (finding.exposure and finding.exposure.at_tip):
        return None
    if not os.path.isdir(target):
        return path
    # A report says what its maker wants it to: nothing outside the folder that was swept is touched.
    if os.path.isabs(path) or ".." in path.split("/"):
        return None
    within = os.path.join(target, path)
    return within if os.path.isfile(within) or finding.origin.kind == "file" else None

"""Other tools' lists of known secrets -> suppressions: .gitleaksignore, a gitleaks report, a detect-secrets baseline.

Formats: https://github.com/gitleaks/gitleaks (README, report/finding.go, detect/detect.go) and
https://github.com/Yelp/detect-secrets (core/baseline.py, core/potential_secret.py).
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from secrets_guard.errors import BaselineError
from secrets_guard.suppression.entry import Suppression, secret_tag
from secrets_guard.suppression.glob import escape

_COMMIT = re.compile(r"([0-9a-f]{40}|[0-9a-f]{64}):(.*)", re.IGNORECASE)
_IN_ARCHIVE = re.compile(r"(\.[A-Za-z0-9]{2,5})!(?=[^/])")
_SHA1 = re.compile(r"[0-9a-fA-F]{40}")
_AUDITED = {True: "real", False: "false", None: "accepted"}


def parse_gitleaksignore(text: str, name: str) -> list[Suppression]:
    """Return the entries of a .gitleaksignore: ``file:rule:line`` or ``commit:file:rule:line``, ``#`` comments.

    Raises BaselineError listing every line that is neither.
    """
    made, problems = [], []
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        place = f"{name}:{number}"
        parts = line.rsplit(":", 2)
        if len(parts) != 3 or not all(parts) or not re.fullmatch(r"\d{1,9}", parts[2], re.ASCII):
            problems.append(f"{place}: neither file:rule:line nor commit:file:rule:line, a fingerprint of gitleaks")
            continue
        in_commit = _COMMIT.fullmatch(parts[0])
        commit, path = in_commit.groups() if in_commit else ("", parts[0])
        if not path:
            problems.append(f"{place}: the file name is missing")
            continue
        made.append(Suppression(rule=parts[1], path=_glob(path), line=int(parts[2]), commit=commit, place=place))
    if problems:
        raise BaselineError(*problems)
    # gitleaks gives a path-only rule the line 0; such an entry names no content and can't suppress any.
    return made


def parse_gitleaks_report(text: str, name: str) -> list[Suppression]:
    """Return the entries of a gitleaks JSON report: by the secret and its file, or by file and line if it is redacted.

    Raises BaselineError listing every problem. No plain secret is kept.
    """
    made, problems = [], []
    for item, line in _items(text, name):
        place = f"{name}:{line}"
        wrong = _report_problem(item)
        if wrong:
            problems.append(f"{place}: {wrong}")
            continue
        secret = item.get("Secret", "")
        redacted = not secret or secret == "REDACTED" or secret.endswith("...")  # noqa: S105 - what gitleaks puts there
        made.append(
            Suppression(
                rule=item["RuleID"],
                path=_glob(item["File"]),
                line=item.get("StartLine", 0),
                commit=item.get("Commit", "") if redacted else "",
                tag="" if redacted else secret_tag(_sha1(secret)),
                place=place,
            )
        )
    if problems:
        raise BaselineError(*problems)
    return made


def parse_detect_secrets(text: str, name: str) -> list[Suppression]:
    """Return the entries of a ``.secrets.baseline``: by the SHA-1 of the secret, in its file.

    Audited ones carry their label as the verdict; all are known, so all suppress. Raises BaselineError.
    """
    results = _json(text, name).get("results")
    if not isinstance(results, dict) or not all(isinstance(found, list) for found in results.values()):
        raise BaselineError(f"{name}:1: 'results' must map each file to a list; make it anew with detect-secrets scan")
    made, problems = [], []
    for path, found in results.items():
        start = max(text.find(json.dumps(path)), 0)
        for item in found:
            digest = item.get("hashed_secret") if isinstance(item, dict) else None
            at = text.find(str(digest), start)
            place = f"{name}:{text.count(chr(10), 0, at if at >= 0 else start) + 1}"
            if not isinstance(digest, str) or not _SHA1.fullmatch(digest) or not path:
                problems.append(f"{place}: an entry without a hashed_secret (40 hex digits); make it anew")
                continue
            label = item.get("is_secret")
            verdict = _AUDITED[label if isinstance(label, bool) else None]
            made.append(Suppression(path=_glob(path), verdict=verdict, tag=secret_tag(digest), place=place))
    if problems:
        raise BaselineError(*problems)
    return made


def _json(text: str, name: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except RecursionError:
        raise BaselineError(f"{name}:1: nested too deep") from None
    except json.JSONDecodeError as error:
        raise BaselineError(f"{name}:{error.lineno}: not valid JSON: {error.msg}") from None
    return value if isinstance(value, dict) else {}


def _items(text: str, name: str) -> list[tuple[Any, int]]:
    """Return each item of a JSON array with its line, which ``json`` itself does not tell."""
    decoder, gap = json.JSONDecoder(), re.compile(r"[\s,]*")
    made: list[tuple[Any, int]] = []
    position, line, counted = text.index("[") + 1, 1, 0
    try:
        json.loads(text)
        while True:
            position = gap.match(text, position).end()  # type: ignore[union-attr]
            if text[position] == "]":
                return made
            item, end = decoder.raw_decode(text, position)
            line, counted = line + text.count("\n", counted, position), position
            made.append((item, line))
            position = end
    except RecursionError:
        raise BaselineError(f"{name}:1: nested too deep") from None
    except json.JSONDecodeError as error:
        raise BaselineError(f"{name}:{error.lineno}: not valid JSON: {error.msg}") from None


def _report_problem(item: Any) -> str:
    if not isinstance(item, dict):
        return "not a finding of gitleaks: write the report with gitleaks --report-format json"
    for field, kind in (("RuleID", str), ("File", str), ("Secret", str), ("Commit", str), ("StartLine", int)):
        value = item.get(field, kind())
        if not isinstance(value, kind) or isinstance(value, bool):
            return f"{field} must be a {'string' if kind is str else 'number'}"
    missing = [field for field in ("RuleID", "File") if not item.get(field)]
    return f"{missing[0]} is missing: write the report with gitleaks --report-format json" if missing else ""


def _sha1(secret: str) -> str:
    return hashlib.sha1(secret.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()


def _glob(path: str) -> str:
    """Return a glob for another tool's path, which may be absolute, or have backslashes on Windows."""
    path = path.replace("\\", "/").removeprefix("./")
    path = _IN_ARCHIVE.sub(r"\1!/", path)
    drive = re.match(r"[A-Za-z]:/|/+", path)
    if not drive:
        return escape(path)
    # Where the tool was run is unknown here: any tail of an absolute path may be the path in the target.
    optional = ""
    *folders, last = path[drive.end() :].split("/")
    for folder in folders:
        optional = f"(?:{optional}{re.escape(folder)}/)?"
    return rf"regex:\A{optional}{re.escape(last)}\Z"

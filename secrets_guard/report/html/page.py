"""ScanResult -> one HTML file: style, script and findings inside, nothing fetched, ASCII only.

What is found is embedded as JSON and made visible by script, text nodes only. The verdict and the problems are plain
markup, so that they are seen whatever becomes of the script. The policy names the script and style by their digests.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import IO

from secrets_guard.model.result import ScanResult
from secrets_guard.report.changes import summary
from secrets_guard.report.facts import rules_of, standing, web_links
from secrets_guard.report.json import encoded, finding_fields
from secrets_guard.report.layout import Line, coverage, verdict
from secrets_guard.report.text import is_redacted, printable, tidy

SCRIPTS = ("findings.js", "elements.js", "timeline.js", "table.js", "page.js")
"""The files of the script, in the order in which they build on one another."""

# What would end the script element, or begin a comment in it; U+2028 and the like are escaped by encoded().
_MARKUP = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


def write(result: ScanResult, stream: IO[str]) -> None:
    """Write the page. Secrets are in it as in the JSON report: redacted, unless ``--show-secrets`` asked for them."""
    from string import Template

    style = _part("page.css")
    script = '"use strict";\n(() => {\n' + "\n".join(map(_part, SCRIPTS)) + "})();\n"
    head, tail = _part("page.html").split("$data")
    texts = {
        "policy": _policy(style, script),
        "style": style,
        "title": _text(f"Secrets Guard: {result.scan.target}"),
        "target": _text(result.scan.target),
        "made": _text(_made(result)),
        "outcome": "\n".join(_outcome(result)),
    }
    stream.write(Template(head).substitute(texts))
    stream.writelines(piece.translate(_MARKUP) for piece in _data(result))
    stream.write(Template(tail).substitute(script=script))


def _part(name: str) -> str:
    from importlib.resources import files

    return (files("secrets_guard.report.html") / name).read_text(encoding="ascii")


def _policy(style: str, script: str) -> str:
    """Return the content security policy: this style and this script, and nothing else at all."""
    sources = {
        "style-src": _digest(style),
        "script-src": _digest(script),
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(["default-src 'none'", *(f"{name} {value}" for name, value in sources.items())])


def _digest(text: str) -> str:
    from base64 import b64encode
    from hashlib import sha256

    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _data(result: ScanResult) -> Iterator[str]:
    """Yield the embedded JSON, a finding a line: ``findings``, ``links`` by rule, ``explanations``.

    Its texts hide nothing: what does not print (control, bidirectional characters) is escaped, as for a terminal.
    """
    links = {printable(rule.id): web_links(rule.references) for rule in rules_of(result)}
    explanations = [tidy(explanation._asdict(), printable) for explanation in result.explanations]
    yield f'{{"links": {encoded(links)},\n"explanations": {encoded(explanations)},\n"findings": ['
    for number, finding in enumerate(result.findings):
        context = finding.context.expandtabs(4).rstrip()
        secret = finding.secret.expandtabs(4)
        yield ",\n" if number else "\n"
        yield encoded(tidy(finding_fields(finding._replace(context=context, secret=secret)), printable))
    yield "]}"


def _text(text: str) -> str:
    """Return text as it may stand in markup: visible, escaped, ASCII."""
    from html import escape

    return escape(printable(text)).encode("ascii", "xmlcharrefreplace").decode()


def _made(result: ScanResult) -> str:
    scan, tool = result.scan, result.tool
    return f"{scan.kind}, {scan.started}, by {tool.name} {tool.version}, {tool.rules:,} rules ({tool.rules_digest})"


def _outcome(result: ScanResult) -> Iterator[str]:
    """Yield the banners, what was covered, the problems and the notes; what is missing comes first."""
    still = standing(result)
    for line in reversed(list(verdict(still))):
        text = _joined(line)
        kind = "incomplete" if text.startswith("INCOMPLETE") else "found" if still.findings else "clean"
        yield f'<p class="banner {kind}">{_text(text)}</p>'
    if any(not is_redacted(finding.secret) for finding in result.findings):
        yield '<p class="banner warn">This report holds plain secrets (--show-secrets). Keep it to yourself.</p>'
    compared = [summary(result)] if result.before else []
    for line in (*compared, *coverage(result)):
        yield f'<p class="facts">{_text(_joined(line))}</p>'
    if result.problems:
        told = (f"{problem.kind}: {problem.where}: {problem.message}" for problem in result.problems)
        yield _list("problems", f"Problems: {len(result.problems):,}", told, " open")
    if result.notes:
        yield _list("notes", f"Notes: {len(result.notes):,}", result.notes, " open" if result.before else "")


def _list(kind: str, title: str, items: Iterable[str], opened: str = "") -> str:
    listed = "\n".join(f"<li>{_text(item)}</li>" for item in items)
    return f'<details class="{kind}"{opened}><summary>{_text(title)}</summary>\n<ul>\n{listed}\n</ul></details>'


def _joined(line: Line) -> str:
    return "".join(piece.text for piece in line)

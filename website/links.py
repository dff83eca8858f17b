"""Links between files of the repository -> links between pages of the site."""

from __future__ import annotations

import os
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "bench/README.md": "bench.md",
}
"""Files outside of docs/ that are pages of their own."""
_LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)#\s]+)(#[^)\s]*)?(?=\))")
_FENCE = "`````"


def outside(source: str) -> set[str]:
    """Return the files and folders of the repository that a page links to and that are no pages themselves."""
    text = (ROOT / source).read_text(encoding="utf-8")
    targets = {_resolved(source, found[1]) for found in _LINK.finditer(text)}
    return {one for one in targets if not _is_page(one) and (ROOT / one).exists()}


def page_of(target: str) -> str:
    """Return the name that a file of the repository has on the site."""
    if target in PAGES:
        return PAGES[target]
    if target.startswith("docs/"):
        return target.removeprefix("docs/")
    return f"files/{target}/index.md" if (ROOT / target).is_dir() else f"files/{target}.md"


def shown(target: str) -> str:
    """Return the page that shows a file, or that lists and shows those of a folder."""
    path = ROOT / target
    if not path.is_dir():
        return f"# {target}\n\n{_code(path)}"
    files = sorted(one for one in path.iterdir() if one.is_file())
    return f"# {target}\n\n" + "\n\n".join(f"## {one.name}\n\n{_code(one)}" for one in files)


def led(markdown: str, page: str) -> str:
    """Return a page's text with its links to files of the repository leading to their pages."""
    source = next((source for source, made in PAGES.items() if made == page), f"docs/{page}")
    if not (ROOT / source).exists():
        return markdown

    def lead(found: re.Match[str]) -> str:
        target = _resolved(source, found[1])
        if not (ROOT / target).exists():
            return found[0]  # MkDocs says that it is broken
        return os.path.relpath(page_of(target), os.path.dirname(page) or ".") + (found[2] or "")

    return _LINK.sub(lead, markdown)


def _resolved(source: str, link: str) -> str:
    return os.path.normpath(os.path.join(os.path.dirname(source), link))


def _is_page(target: str) -> bool:
    return target in PAGES or (target.startswith("docs/") and target.endswith(".md"))


def _code(path: Path) -> str:
    language = path.suffix.lstrip(".") or ("dockerfile" if path.name == "Dockerfile" else "text")
    return f"{_FENCE}{language}\n{path.read_text(encoding='utf-8')}\n{_FENCE}\n"

"""The repository -> MkDocs' files: pages from outside of docs/, the reference of all rules, links that fit."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))  # MkDocs loads this file by its path

from website import links, rule_reference  # noqa: E402 - found by the line above

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put pages of docs/ that nav does not name at its end, so that a new page is found at once."""
    named = set(_named(config.nav or []))
    new = sorted(path.name for path in (ROOT / "docs").glob("*.md") if path.name not in named)
    if new:
        config.nav = [*(config.nav or []), {"More": [{_title(ROOT / "docs" / name): name} for name in new]}]
    return config


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the pages that are made: README and its like, the rules, and files of the repository that pages link to."""
    from mkdocs.structure.files import File

    made = {page: (ROOT / source).read_text(encoding="utf-8") for source, page in links.PAGES.items()}
    made |= rule_reference.pages()
    sources = [*links.PAGES, *(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))]
    for target in sorted({one for source in sources for one in links.outside(source)}):
        made[links.page_of(target)] = links.shown(target)
    for name, content in made.items():
        files.append(File.generated(config, name, content=content))
    return files


def on_page_markdown(markdown: str, *, page: Page, **_others: Any) -> str:
    """Lead links to files of the repository to where they are on the site."""
    return links.led(markdown, page.file.src_uri)


def _named(nav: Any) -> list[str]:
    if isinstance(nav, str):
        return [nav]
    parts = nav.values() if isinstance(nav, dict) else nav
    return [name for part in parts for name in _named(part)]


def _title(path: Path) -> str:
    found = re.search(r"^# (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return found.group(1) if found else path.stem

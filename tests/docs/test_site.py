"""The documentation site: it builds without a broken link, shows every rule, and fetches nothing from elsewhere."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from secrets_guard.rules.active import load_rules

from .test_commands_documented import COMMANDS, FLAGS

ROOT = Path(__file__).parent.parent.parent
PARTS = (
    "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "mkdocs.yml", "docs", "config", "website",
    "bench/README.md", "bench/missed.md", "bench/projects.md",
)  # fmt: skip
PAGES = ("tutorial-developer", "tutorial-security", "tutorial-platform", "ci", "threat-model", "comparison", "api")
OTHERS = {"--turbo", "--no-verify"}
"""Options of kingfisher and of git."""


def copied(folder: Path) -> Path:
    """Return a copy of what the site is made of."""
    for name in PARTS:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


def build(folder: Path) -> subprocess.CompletedProcess[str]:
    """Build the site in a folder into its ``site``."""
    pytest.importorskip("mkdocs", reason="no MkDocs: pip install '.[docs]'")
    env = os.environ | {"NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "mkdocs", "build", "--strict"]  # --quiet would make it blind
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the built site, of a tree with a page that nav does not name."""
    folder = copied(tmp_path_factory.mktemp("site"))
    (folder / "docs" / "arrived-later.md").write_text("# Arrived later\n\nSee [hooks](hooks.md#what-counts).\n")
    done = build(folder)
    assert done.returncode == 0, done.stderr
    return folder / "site"


def test_every_rule_is_in_the_reference(site: Path) -> None:
    pages = "".join(path.read_text(encoding="utf-8") for path in (site / "rules").rglob("index.html"))
    missing = [rule.id for rule in load_rules().rules if f"<code>{rule.id}</code>" not in pages]
    assert missing == []


def test_the_search_finds_vendors(site: Path) -> None:
    index = json.loads((site / "search" / "search_index.json").read_text(encoding="utf-8"))
    found = {entry["location"] for entry in index["docs"]}
    assert {"rules/s/#stripe", "broker/#leases-and-rotation", "api/#errors"} <= found


def test_a_page_that_nav_does_not_name_is_found(site: Path) -> None:
    assert 'href="arrived-later/"' in (site / "index.html").read_text(encoding="utf-8")


def test_links_to_files_of_the_repository_lead_to_pages_that_show_them(site: Path) -> None:
    page = (site / "files" / "config" / "secrets-guard.example.yaml" / "index.html").read_text(encoding="utf-8")
    assert "min_severity" in page
    assert "files/config/secrets-guard.example.yaml/" in (site / "index.html").read_text(encoding="utf-8")


def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    for path in site.rglob("*.html"):
        page = path.read_text(encoding="utf-8")
        loaded = re.findall(r"<(?:script|img|iframe)[^>]+src=\"?([^\">\s]+)", page)
        loaded += re.findall(r"<link[^>]+rel=\"?(?:stylesheet|preconnect|preload)[^>]+href=\"?([^\">\s]+)", page)
        assert [one for one in loaded if one.startswith(("http:", "https:", "//"))] == [], path


def test_a_broken_link_fails_the_build(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    with (folder / "docs" / "hooks.md").open("a") as stream:
        stream.write("\n[gone](gone.md) [nowhere](broker.md#nowhere)\n")
    done = build(folder)
    assert done.returncode != 0
    assert "gone.md" in done.stderr
    assert "#nowhere" in done.stderr


@pytest.mark.parametrize("name", PAGES)
def test_a_page_shows_only_commands_and_options_that_exist(name: str) -> None:
    page = (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    flags = {
        flag for line in page.splitlines() if "secrets-guard" in line for flag in re.findall(r" (--[a-z-]+)", line)
    }
    assert flags - FLAGS - OTHERS == set()
    groups = {words.split()[0] for words in COMMANDS}
    for words in re.findall(r"(?:^ +(?:\$ )?|`|run: |'|\")secrets-guard ([a-z]+(?: [a-z-]+)?)\b", page, re.MULTILINE):
        assert words in COMMANDS or words.split()[0] in COMMANDS, f"secrets-guard {words}"
        assert words.split()[0] in groups

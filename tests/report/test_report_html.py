"""The page as a file: its policy, its texts, what it says before any script runs. test_report_browser opens it."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

from secrets_guard import report
from secrets_guard.model.finding import Finding
from secrets_guard.model.result import Problem, ScanResult

Make = Callable[..., ScanResult]
Write = Callable[[ScanResult, str], str]

PARTS = Path(report.__file__).parent / "html"


class Read(HTMLParser):
    """What a parser sees in a page: elements, attributes, and text by the element that it stands in."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def digest(text: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_the_policy_allows_this_script_and_this_style_and_nothing_else(full: ScanResult, written: Write) -> None:
    page = written(full, "html")
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    (policy,) = re.findall(r'Policy" content="([^"]*)"', page)
    sources = f"style-src {digest(style)}; script-src {digest(script)}"
    assert policy == f"default-src 'none'; {sources}; base-uri 'none'; form-action 'none'"
    # It stands before whatever it rules.
    assert page.index("Content-Security-Policy") < page.index("<style>") < page.index("<script")


def test_a_page_has_no_inline_handler_or_style_and_fetches_nothing(full: ScanResult, written: Write) -> None:
    names = {name for name, _ in Read(written(full, "html")).attributes}
    assert not {name for name in names if name.startswith("on")} | names & {"style", "src", "srcset", "background"}
    assert "link" not in Read(written(full, "html")).tags


def test_the_script_makes_no_markup_of_texts_and_asks_for_nothing() -> None:
    script = "".join(path.read_text(encoding="ascii") for path in PARTS.glob("*.js"))
    assert len(script) > 10_000
    for word in (
        "innerHTML",
        "outerHTML",
        "insertAdjacent",
        "document.write",
        "eval(",
        "Function(",
        "fetch(",
        "import(",
    ):
        assert word not in script
    for word in ("XMLHttpRequest", "WebSocket", "localStorage", "cookie", "setTimeout", "srcdoc", "DOMParser"):
        assert word not in script
    style = (PARTS / "page.css").read_text(encoding="ascii")
    assert not re.search(r"url\(|@import|</", style)


def test_what_is_missing_is_told_first_and_without_any_script(result: Make, written: Write) -> None:
    def outcome(made: ScanResult) -> str:
        page = written(made, "html")
        return page.partition('aria-label="Outcome">')[2].partition("</section>")[0]

    clean = result()
    assert "no secrets found" in outcome(clean)
    assert "INCOMPLETE" not in outcome(clean)
    partial = outcome(clean._replace(problems=(Problem("unreadable", "a.py", "Permission denied"),)))
    assert partial.lstrip().startswith('<p class="banner incomplete">INCOMPLETE: not all could be swept (1 unreadable)')
    assert "clean" not in partial
    assert "<li>unreadable: a.py: Permission denied</li>" in partial
    assert "INCOMPLETE" in outcome(clean._replace(scan=clean.scan._replace(complete=False)))


def test_suppressed_secrets_are_counted(full: ScanResult, written: Write) -> None:
    assert "suppressed: 2 baseline, 1 inline" in written(full, "html")


def test_a_page_with_plain_secrets_says_so(
    result: Make, finding: Callable[..., Finding], token: Callable[[str], str], written: Write
) -> None:
    assert "holds plain secrets" not in written(result(finding()), "html")
    assert "holds plain secrets" in written(result(finding(secret=token("plain"))), "html")


def test_hostile_texts_outside_the_data_stay_texts(result: Make, written: Write) -> None:
    attack = "</title></script><script>alert(1)</script><img src=x onerror=alert(1)>\u202e\x00&\"'`"
    made = result(problems=(Problem(attack, attack, attack),), notes=(attack,))
    page = written(made._replace(scan=made.scan._replace(target=attack, started=attack)), "html")
    harmless = written(result(problems=(Problem("a", "a", "a"),), notes=("a",)), "html")
    assert Read(page).tags == Read(harmless).tags
    assert "\\u202e" in page
    assert any("<img src=x onerror=alert(1)>" in text for text in Read(page).texts)

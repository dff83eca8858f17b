"""The page in a real Chromium: it filters, groups, is worked by keys, and lets no text become markup."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from bench.chromium import Chromium, Page, find
from secrets_guard.model.finding import Finding, Location
from secrets_guard.model.origin import CommitOrigin, Exposure, LayerOrigin
from secrets_guard.model.result import Problem, ScanResult
from secrets_guard.report.diff import diff

Make = Callable[..., ScanResult]
Write = Callable[[ScanResult, str], str]
MakeFinding = Callable[..., Finding]
Open = Callable[..., Page]

CHROMIUM = find()
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (apt-get install chromium)")

SHOWN = "[...document.querySelectorAll('tr.finding td.path')].map((cell) => cell.textContent)"
GROUPS = "[...document.querySelectorAll('tr.group')].map((row) => row.textContent)"
COUNT = "document.getElementById('count').textContent"
FOCUSED = "document.activeElement.getAttribute('aria-label') || document.activeElement.id"


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    """Run one Chromium for all tests."""
    with Chromium(str(CHROMIUM)) as running:
        yield running


@pytest.fixture
def opened(browser: Chromium, written: Write, tmp_path: Path) -> Iterator[Open]:
    """Return a function that opens a result's page, pieces of its text replaced by others.

    At the end nothing may have been refused, fetched or thrown.
    """
    pages = []

    def open_page(result: ScanResult, **replaced: str) -> Page:
        path = tmp_path / "report.html"
        text = written(result, "html")
        for piece, other in replaced.items():
            assert piece in text
            text = text.replace(piece, other)
        path.write_text(text, encoding="ascii")
        page = browser.page()
        page.open(path)
        pages.append((page, path))
        return page

    yield open_page
    for page, path in pages:
        assert [one["request"]["url"] for one in page.events("Network.requestWillBeSent")] == [path.as_uri()]
        assert page.events("Audits.issueAdded") == []
        assert page.events("Log.entryAdded") == []
        assert page.events("Runtime.exceptionThrown") == []
        assert page.events("Page.javascriptDialogOpening") == []


def choose(page: Page, name: str, value: str) -> None:
    """Give a control a value as a user would, event included."""
    page.evaluate(
        f"(() => {{ const one = document.getElementById({name!r}); one.value = {value!r};"
        " one.dispatchEvent(new Event('input', {bubbles: true})); })()"
    )


def click(page: Page, selector: str) -> None:
    page.evaluate(f"document.querySelector({selector!r}).click()")


def options(page: Page, name: str) -> list[str]:
    told: list[str] = page.evaluate(f"[...document.getElementById({name!r}).options].map((one) => one.textContent)")
    return told


@pytest.fixture(scope="module")
def history(result: Make, finding: MakeFinding) -> ScanResult:
    """Return a result of a history: two authors, three secrets, one of them gone."""

    def one(path: str, commit: str, author: str, date: str, *, gone: str = "", **changes: Any) -> Finding:
        origin = CommitOrigin(path, commit * 40, author, f"{author}@example.org", f"{date}T10:00:00Z", f"Add {path}")
        exposure = Exposure(commit * 40, origin.date, "e" * 40, gone or "2026-01-01T00:00:00Z", 9, not gone, ("main",))
        return finding(path, origin=origin, exposure=exposure, **changes)

    other = {"rule_id": "aws", "title": "AWS key", "severity": "high", "confidence": "medium"}
    return result(
        one("app/settings.py", "a", "Ada", "2024-01-10", fingerprint="one"),
        one("app/copy.py", "b", "Grace", "2024-03-11", fingerprint="one"),
        one("deploy/prod.env", "c", "Grace", "2024-02-12", fingerprint="two", gone="2024-05-01T00:00:00Z", **other),
        one("deploy/dev.env", "d", "Ada", "2024-06-13", fingerprint="three", severity="low", confidence="low"),
    )


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("rule", "aws", ["deploy/prod.env"]),
        ("author", "Grace", ["app/copy.py", "deploy/prod.env"]),
        ("commit", "CCCC", ["deploy/prod.env"]),
        ("path", "settings", ["app/settings.py"]),
        ("path", "deploy/*.env", ["deploy/prod.env", "deploy/dev.env"]),
        ("path", "*p*p*y", ["app/settings.py", "app/copy.py"]),
        ("path", "prod.*", []),
        ("state", "gone from the tips", ["deploy/prod.env"]),
        ("text", "add DEPLOY/dev", ["deploy/dev.env"]),
    ],
)
def test_a_filter_leaves_what_passes_it(
    opened: Open, history: ScanResult, name: str, value: str, shown: list[str]
) -> None:
    page = opened(history)
    assert len(page.evaluate(SHOWN)) == 4
    choose(page, name, value)
    assert sorted(path.split(":")[0] for path in page.evaluate(SHOWN)) == sorted(shown)
    assert page.evaluate(COUNT).startswith(f"{len(shown)} of 4 findings" if shown else "No finding of 4")
    click(page, "#clear")
    assert len(page.evaluate(SHOWN)) == 4


def test_severities_and_confidences_can_be_left_out(opened: Open, history: ScanResult) -> None:
    page = opened(history)
    click(page, "#severity input[value=critical]")
    assert [path.split(":")[0] for path in page.evaluate(SHOWN)] == ["deploy/prod.env", "deploy/dev.env"]
    click(page, "#confidence input[value=low]")
    assert [path.split(":")[0] for path in page.evaluate(SHOWN)] == ["deploy/prod.env"]


def test_a_filter_that_has_nothing_to_tell_is_not_shown(opened: Open, history: ScanResult) -> None:
    page = opened(history)
    hidden = (
        "['layer', 'change', 'verified', 'author', 'commit'].map((id) => document.getElementById(id).parentNode.hidden)"
    )
    assert page.evaluate(hidden) == [True, True, True, False, False]
    assert options(page, "author") == ["all", "Ada (2)", "Grace (2)"]


def test_findings_are_grouped_by_secret(opened: Open, history: ScanResult) -> None:
    page = opened(history)
    page.press("g")
    groups = page.evaluate(GROUPS)
    assert len(groups) == 3
    assert "2 findings in 2 files, since 2024-01-10" in groups[0]
    assert "1 finding in 1 file, since 2024-02-12, until 2024-05-01" in groups[1]
    assert page.evaluate(SHOWN) == []
    page.press("j", "Enter")
    assert [path.split(":")[0] for path in page.evaluate(SHOWN)] == ["app/settings.py", "app/copy.py"]


def test_the_time_line_tells_when_secrets_entered_and_left_and_filters_by_it(opened: Open, history: ScanResult) -> None:
    page = opened(history)
    bars = page.evaluate("[...document.querySelectorAll('#bars button')].map((bar) => bar.getAttribute('aria-label'))")
    assert bars == [
        "2024-01: 1 entered, 0 left",
        "2024-02: 1 entered, 0 left",
        "2024-03: 0 entered, 0 left",
        "2024-04: 0 entered, 0 left",
        "2024-05: 0 entered, 1 left",
        "2024-06: 1 entered, 0 left",
    ]
    drawn = page.evaluate("[...document.querySelectorAll('#bars i')].filter((bar) => bar.offsetHeight > 0).length")
    assert drawn == 4
    page.evaluate("document.querySelector('#bars button').focus()")
    page.press("ArrowRight", "Enter")
    assert [path.split(":")[0] for path in page.evaluate(SHOWN)] == ["deploy/prod.env"]
    assert page.evaluate(FOCUSED) == "2024-02: 1 entered, 0 left"
    page.press("Enter")
    assert len(page.evaluate(SHOWN)) == 4


@pytest.mark.parametrize(
    "date", ["0000-00-00", "9999-99-99T00:00:00Z", "-1", "yesterday", "2024-02-31", "\u0661\u0662\u0663\u0664-01-01"]
)
def test_an_invented_date_does_no_harm(opened: Open, history: ScanResult, date: str) -> None:
    first, *others = history.findings
    exposure = first.exposure
    assert exposure is not None
    odd = first._replace(exposure=exposure._replace(first_date=date), fingerprint="odd")
    far = first._replace(exposure=exposure._replace(first_date="0001-01-01T00:00:00Z"), fingerprint="far")
    page = opened(history._replace(findings=(odd, far, *others)))
    assert len(page.evaluate(SHOWN)) == 5
    assert 0 < page.evaluate("document.querySelectorAll('#bars button').length") <= 60


def test_the_layers_of_an_image_are_a_column(opened: Open, result: Make, finding: MakeFinding) -> None:
    def one(path: str, index: int, removed: str = "") -> Finding:
        origin = LayerOrigin(path, "app:1", f"sha256:{index}{'0' * 63}", index, f"RUN step {index}", removed)
        return finding(path, origin=origin)

    page = opened(result(one("etc/a.env", 2), one("etc/b.env", 10, f"sha256:{'f' * 64}")))
    assert options(page, "layer") == ["all", "2: sha256:200000000000 (1)", "10: sha256:100000000000 (1)"]
    assert "RUN step 10" in page.evaluate("document.querySelectorAll('td.layer')[1].textContent")
    choose(page, "layer", "10: sha256:100000000000")
    assert page.evaluate(SHOWN) == ["etc/b.env:12:10"]
    assert page.evaluate("document.querySelector('td.state').textContent") == "taken away by a later layer"
    click(page, "#clear")
    click(page, "[data-sort=layer]")
    click(page, "[data-sort=layer]")
    assert page.evaluate(SHOWN) == ["etc/b.env:12:10", "etc/a.env:12:10"]
    assert page.evaluate("document.querySelector('th.layer').getAttribute('aria-sort')") == "descending"


def test_ten_thousand_findings_come_in_pages_and_all_on_paper(opened: Open, result: Make, finding: MakeFinding) -> None:
    page = opened(result(*(finding(f"{number:05}.env", fingerprint=str(number)) for number in range(10_000))))
    assert page.evaluate(COUNT) == "10,000 findings, 10,000 secrets; lines 1 to 100 of 10,000"
    assert len(page.evaluate(SHOWN)) == 100
    page.press("n")
    assert page.evaluate(SHOWN)[0] == "00100.env:12:10"
    assert "00100.env" in page.evaluate(FOCUSED)
    page.press("k")
    assert "00099.env" in page.evaluate(FOCUSED)
    click(page, "#last")
    assert page.evaluate("document.getElementById('page').textContent") == "Page 100 of 100"
    assert page.evaluate("document.getElementById('next').disabled") is True
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert len(page.evaluate(SHOWN)) == 10_000
    assert page.evaluate(COUNT) == "10,000 findings, 10,000 secrets"
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert len(page.evaluate(SHOWN)) == 100


def test_everything_is_reached_by_keys(opened: Open, history: ScanResult) -> None:
    page = opened(history)
    page.press("/")
    assert page.evaluate(FOCUSED) == "text"
    page.press("g", "r", "a", "c", "e")  # letters are text here
    assert page.evaluate(COUNT).startswith("2 of 4 findings")
    page.press("Escape", "x")
    assert page.evaluate(COUNT).startswith("4 findings")
    page.press("j", "ArrowDown", "Enter")
    assert "app/copy.py" in page.evaluate(FOCUSED)
    assert page.evaluate("document.activeElement.getAttribute('aria-expanded')") == "true"
    detail = page.evaluate("document.getElementById(document.activeElement.getAttribute('aria-controls')).textContent")
    assert "b" * 40 in detail
    assert "high; the checksum is right" in detail
    page.press("Enter", "?")
    assert page.evaluate("document.querySelectorAll('tr.details').length") == 0
    assert page.evaluate("document.getElementById('help').open") is True
    click(page, "#keys")
    page.press("Escape", "g")
    assert page.evaluate(GROUPS) == []  # letters were switched off
    assert page.evaluate("document.getElementById('help').open") is False


def test_a_screen_reader_is_told_names_roles_and_counts(opened: Open, history: ScanResult) -> None:
    page = opened(history)
    nodes = page.call("Accessibility.getFullAXTree")["nodes"]
    told = [
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in nodes
        if not node["ignored"] and "role" in node
    ]
    heads = [name for role, name in told if role == "columnheader"]
    assert heads == ["Severity", "Rule and secret", "Place", "Commit", "Author", "Entered", "State", "Confidence"]
    assert ("table", "Findings") in told
    assert ("search", "Filters") in told
    assert ("status", "") in told
    assert ("main", "") in told
    # Nothing that can be worked is without a name.
    assert not [
        role for role, name in told if role in ("button", "checkbox", "combobox", "searchbox", "link") and not name
    ]
    # One row is in the order of Tab, and the link in front leads past the filters.
    assert page.evaluate("document.querySelectorAll('.toggle[tabindex=\"0\"]').length") == 1
    assert page.evaluate("document.querySelector('a').hash") == "#findings"


def test_fields_that_the_page_knows_nothing_of_are_shown(opened: Open, result: Make, finding: MakeFinding) -> None:
    parts = [{"rule_id": "aws-id", "start_line": 11, "scopes": ["repo", "<b>user</b>"]}]
    added = {"details": {"issuer": "someone"}, "verification": {"status": "live", "at": "2026-11-01"}, "parts": parts}
    told = json.dumps(added)[1:-1].replace("<", "\\u003c")
    page = opened(result(finding(fingerprint="PLACE")), PLACE=f'PLACE", {told}, "x": "y')
    assert options(page, "verified") == ["all", "live (1)"]
    page.press("j", "Enter")
    shown = page.evaluate("document.querySelector('tr.details').innerText")
    for text in ("entropy\n4.75", "issuer\nsomeone", "status\nlive", "rule id\naws-id", "<b>user</b>"):
        assert text in shown


def test_a_comparison_is_filtered_by_what_changed(opened: Open, result: Make, finding: MakeFinding) -> None:
    stays = finding("stays.py", fingerprint="1")
    compared = diff(
        result(stays, finding("left.py", fingerprint="2")), result(stays, finding("came.py", fingerprint="3"))
    )
    page = opened(compared)
    assert options(page, "change") == ["all", "gone (1)", "new (1)", "unchanged (1)"]
    outcome = page.evaluate("document.querySelector('main section').innerText")
    assert "1 new, 1 gone, 1 unchanged since the files sweep of ." in outcome
    assert "2 secrets found in 2 files" in outcome
    choose(page, "change", "gone")
    assert page.evaluate(SHOWN) == ["left.py:12:10"]
    assert page.evaluate("document.querySelector('td.state').textContent") == "gone"


ATTACKS = [
    "</script><script>document.title='owned'</script>",
    "<!--<script>",
    "]]></script><img src=x onerror=\"document.title='owned'\">",
    "\"><svg onload=document.title='owned'>",
    "'-alert(1)-'",
    "javascript:document.title='owned'",
    "</td></tr></table><iframe src=//example.org></iframe>",
    "<style>*{display:none}</style><link rel=stylesheet href=//example.org>",
    "<meta http-equiv=refresh content='0;url=//example.org'>",
    "<base href=//example.org><form action=//example.org><button>x",
    "{{constructor.constructor('document.title=1')()}}${document.title='owned'}",
    "__proto__",
    "constructor",
    "a\u2028b\u2029c\x00\x1b[31m\r\n\u202egnp.exe\ud800\udcff",
    "&lt;img src=x onerror=alert(1)&gt;&#60;b&#62;",
    "%3Cscript%3E+ADw-script+AD4-",
]


@pytest.mark.parametrize("attack", ATTACKS, ids=range(len(ATTACKS)))
def test_hostile_text_in_any_field_stays_text(opened: Open, result: Make, finding: MakeFinding, attack: str) -> None:
    origin = CommitOrigin(attack, attack, attack, attack, f"2024-01-01{attack}", attack)
    exposure = Exposure(attack, f"2024-01-01{attack}", attack, attack, 1, False, (attack,), (attack,))
    hostile = finding(
        attack, rule_id=attack, title=attack, reasons=(attack,), location=Location(attack, 1, 2, 3, 4), origin=origin,
        secret=attack, context=f"x {attack} y", decoded=(attack,), fingerprint=attack, exposure=exposure,
    )  # fmt: skip
    made = result(hostile, finding(fingerprint="other"), problems=(Problem(attack, attack, attack),), notes=(attack,))
    made = made._replace(
        scan=made.scan._replace(target=attack),
        rules=((attack, attack, "high", "token", (attack, f"https://{attack}")),),
    )
    page = opened(made)
    title = page.evaluate("document.title")
    harmless = {"IMG", "SVG", "IFRAME", "LINK", "BASE"}
    for keys in (["j", "Enter"], ["j", "Enter"], ["g"], ["j", "Enter"]):
        page.press(*keys)
        names = page.evaluate(
            "[...new Set([...document.querySelectorAll('*')].map((one) => one.tagName.toUpperCase()))]"
        )
        assert not harmless & set(names)
        assert page.evaluate("document.scripts.length + document.styleSheets.length + document.forms.length") == 5
        assert page.evaluate("[...document.links].every((one) => one.protocol === 'https:' || one.hash)") is True
    for name in ("rule", "author", "state"):
        value = page.evaluate(f"document.getElementById({name!r}).options[1].value")
        page.evaluate(f"document.getElementById({name!r}).selectedIndex = 1")
        assert value
    page.evaluate("document.getElementById('filters').dispatchEvent(new Event('input'))")
    page.evaluate("document.querySelector('#bars button').click()")
    assert page.evaluate("document.title") == title
    shown = page.evaluate("document.body.innerText")
    assert not set(shown) & set("\u202e\u2028\u2029\x00\x1b")


def test_an_incomplete_sweep_stands_at_the_top(opened: Open, history: ScanResult) -> None:
    page = opened(history._replace(problems=(Problem("unreadable", "a.py", "Permission denied"),)))
    banner = "document.querySelector('main .banner')"
    assert page.evaluate(f"{banner}.textContent").startswith("INCOMPLETE")
    assert page.evaluate(f"{banner}.getBoundingClientRect().bottom") < 250
    clean = opened(history._replace(findings=()))
    assert clean.evaluate("document.querySelector('.banner').textContent") == "no secrets found"
    assert clean.evaluate("document.getElementById('findings').checkVisibility()") is False


def test_text_can_be_read_in_light_and_dark(opened: Open, history: ScanResult) -> None:
    page = opened(history)
    page.press("j", "Enter")
    # Contrast after WCAG 2.2, 1.4.3, of every text with what lies behind it.
    script = """(() => {
      const numbers = (color) => color.match(/[\\d.]+/g).map(Number);
      const light = ([r, g, b]) => [r, g, b].map((part) => part / 255)
        .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
        .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
      const behind = (one) => { for (; one; one = one.parentElement) {
        const color = numbers(getComputedStyle(one).backgroundColor); if (color[3] !== 0) return color; }
        return numbers(getComputedStyle(document.body).backgroundColor); };
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      const poor = [];
      while (walker.nextNode()) {
        const one = walker.currentNode.parentElement;
        if (!walker.currentNode.textContent.trim() || !one.checkVisibility()) continue;
        if (one.matches("script, option, :disabled")) continue;
        const [a, b] = [light(numbers(getComputedStyle(one).color)), light(behind(one))].sort((x, y) => y - x);
        if ((a + 0.05) / (b + 0.05) < 4.5) poor.push(`${one.tagName} ${one.className} ${one.textContent}`);
      }
      return poor;
    })()"""
    for dark in (False, True):
        page.media(dark=dark)
        assert page.evaluate(script) == []
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert background == ("rgb(20, 24, 29)" if dark else "rgb(255, 255, 255)")


def test_paper_has_no_controls(opened: Open, history: ScanResult) -> None:
    page = opened(history)
    page.media(printed=True, dark=True)
    visible = "['filters', 'table', 'count'].map((id) => document.getElementById(id).checkVisibility())"
    assert page.evaluate(visible) == [False, True, True]
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"

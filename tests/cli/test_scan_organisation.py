"""Many repositories in one report: found, swept each once, none left out in silence."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from .conftest import Ran, Run, Start, Token
from .organisation import commit, git, many_files, mirror, report, told


@pytest.fixture(params=["native", "git"])
def reader(request: pytest.FixtureRequest) -> dict[str, str]:
    if request.param == "native":
        pytest.importorskip("secrets_guard._native", reason="the extension is not built: no Rust toolchain")
    return {"SECRETS_GUARD_READER": "git"} if request.param == "git" else {}


def swept(run: Run, here: Path, *arguments: str | Path, **more: Any) -> tuple[Ran, dict[str, Any]]:
    out = here / "report.json"
    out.unlink(missing_ok=True)
    ran = run("scan", "git", *arguments, "--format", "json", "--output", out, "--no-progress", **more)
    return ran, report(out)


def repositories(made: dict[str, Any], *fields: str) -> list[tuple[Any, ...]]:
    return [tuple(one[field] for field in ("repository", *fields)) for one in made["repositories"]]


def test_every_repository_below_a_folder_is_swept_under_its_name(
    run: Run, here: Path, token: Token, reader: dict[str, str]
) -> None:
    one = commit(here / "m" / "team" / "one", conf__app=f"token = {token('one')}\n")
    commit(here / "m" / "team" / "one" / "vendored", x=f"token = {token('inner')}\n")
    two = mirror(commit(here / "two", app=f"token = {token('two')}\n"), here / "m" / "two.git")
    ran, made = swept(run, here, "--mirrors", "m", env=reader)
    assert ran.code == 1
    assert [path for path, _, _ in told(made)] == ["team/one/conf/app", "team/one/vendored/x", "two.git/app"]
    heads = [git(folder, "rev-parse", "HEAD") for folder in (one, one / "vendored", two)]
    assert [commit for _, commit, _ in told(made)] == heads
    names = ["team/one", "team/one/vendored", "two.git"]
    assert repositories(made, "complete", "findings") == [(name, True, 1) for name in names]
    assert [one["origin"]["repository"] for one in made["findings"]] == names


def test_a_secret_of_several_forks_is_a_finding_in_each_that_names_the_others(
    run: Run, here: Path, token: Token, reader: dict[str, str]
) -> None:
    origin = commit(here / "origin", app=f"token = {token('shared')}\n", **many_files("base"))
    mirror(origin, here / "m" / "a.git")
    mirror(commit(origin, more="more\n"), here / "m" / "b.git")
    _, made = swept(run, here, "--mirrors", "m", env=reader)
    assert [path for path, _, _ in told(made)] == ["a.git/app", "b.git/app"]
    assert len({fingerprint for _, _, fingerprint in told(made)}) == 1
    assert [[other["path"] for other in one["occurrences"]] for one in made["findings"]] == [
        ["b.git/app"],
        ["a.git/app"],
    ]


def test_what_a_fork_shares_is_swept_once(run: Run, here: Path, token: Token, reader: dict[str, str]) -> None:
    origin = commit(here / "origin", app=f"token = {token('shared')}\n", **many_files("base"))
    for name in "abc":
        mirror(origin, here / "m" / f"{name}.git")
    commit(here / "m" / "stranger", **many_files("other"))
    _, made = swept(run, here, "--mirrors", "m", env=reader)
    blobs = sorted(one["blobs"] for one in made["repositories"])
    # 40 files, the guilty one and a message; the guilty one again in each fork, and all of what is no fork.
    assert blobs == [1, 1, 41, 42]
    assert made["stats"]["skipped"]["cached"] == 2 * 41


def test_a_fork_has_the_findings_that_it_has_by_itself(
    run: Run, here: Path, token: Token, reader: dict[str, str]
) -> None:
    """Its packs hold what is its own as deltas to contents that are known from the other fork, and not read again."""
    text = "".join(f"line {number} of a file that changes little\n" for number in range(400))
    origin = commit(here / "origin", text=text, **many_files("base"))
    for name in "ab":
        made = mirror(origin, here / "work" / name)
        git(here, "clone", "-q", str(made), str(here / f"clone-{name}"))
        for turn in range(3):
            leak = f"token = {token(name)}\n" if turn == 1 else f"turn {turn} of {name}\n"
            commit(here / f"clone-{name}", text=text.replace("line 200 of", leak + "line 200 of"))
        target = mirror(here / f"clone-{name}", here / "m" / f"{name}.git")
        git(target, "repack", "-q", "-a", "-d", "-f", "--depth=50")
    _, together = swept(run, here, "--mirrors", "m", env=reader)
    assert together["stats"]["skipped"]["cached"] >= 40
    alone = []
    for name in "ab":
        run("scan", "git", f"m/{name}.git", "--format", "json", "--output", "alone.json", env=reader)
        alone += [(f"{name}.git/{path}", commit_, key) for path, commit_, key in told(report(here / "alone.json"))]
    assert told(together) == alone
    assert len(alone) == 2


def test_a_repository_that_cannot_be_read_is_a_problem_and_not_the_end(run: Run, here: Path, token: Token) -> None:
    commit(here / "m" / "good", app=f"token = {token('good')}\n")
    (here / "m" / "broken" / ".git").mkdir(parents=True)
    ran, made = swept(run, here, "--mirrors", "m", "nowhere", "--strict", "--exit-code", "0")
    assert ran.code == 2
    assert [path for path, _, _ in told(made)] == ["good/app"]
    assert [(one["kind"], one["where"]) for one in made["problems"]] == [
        ("unreadable", "broken"),
        ("unreadable", "nowhere"),
    ]
    assert repositories(made, "complete") == [("broken", False), ("good", True), ("nowhere", False)]


def test_a_list_may_hold_comments_and_urls_and_come_by_standard_input(run: Run, here: Path, token: Token) -> None:
    one = commit(here / "one", app=f"token = {token('one')}\n")
    two = commit(here / "two", app=f"token = {token('two')}\n")
    lines = f"# ours\n\n{one}\n  file://{two}  \n"
    env = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}
    _, by_stdin = swept(run, here, "--repos-from", "-", stdin=lines, env=env)
    (here / "list").write_text(lines)
    _, by_file = swept(run, here, "--repos-from", "list", env=env)
    assert sorted(path for path, _, _ in told(by_stdin)) == sorted([f"{one}/app", f"file://{two}/app"])
    assert told(by_file) == told(by_stdin)
    assert by_file["problems"] == []


def test_one_repository_by_several_paths_is_swept_once(run: Run, here: Path, token: Token) -> None:
    one = commit(here / "one", app=f"token = {token('one')}\n")
    git(one, "worktree", "add", "-q", str(here / "linked"))
    (here / "link").symlink_to(one)
    _, made = swept(run, here, "one", "one/.git", "linked", "link", "./one/")
    assert repositories(made, "findings") == [("one", 1)]


@pytest.mark.parametrize("arguments", [["--mirrors", "empty"], ["--repos-from", "list"]])
def test_no_repository_at_all_is_an_error_and_no_clean_report(run: Run, here: Path, arguments: list[str]) -> None:
    (here / "empty").mkdir()
    (here / "list").write_text("# none\n")
    ran = run("scan", "git", *arguments)
    assert (ran.code, "nothing to sweep" in ran.err) == (2, True)


@pytest.mark.parametrize("option", [["--range", "a..b"], ["--staged"], ["--submodules"]])
def test_what_is_about_one_repository_is_refused_for_several(run: Run, here: Path, option: list[str]) -> None:
    ran = run("scan", "git", "a", "b", *option)
    assert (ran.code, "about one repository" in ran.err) == (2, True)


def test_a_suppression_is_unused_only_where_no_repository_needs_it(run: Run, here: Path, token: Token) -> None:
    commit(here / "one", app=f"token = {token('one')}\n")
    commit(here / "two", app=f"token = {token('two')}\n")
    _, made = swept(run, here, "one", "two")
    needed = next(fingerprint for path, _, fingerprint in told(made) if path == "two/app")
    (here / ".secrets-guard.yaml").write_text(
        f"allow:\n  - fingerprints: ['{needed}']\n    reason: needed\n"
        f"  - fingerprints: ['{'0' * 32}']\n    reason: not needed\n"
    )
    _, made = swept(run, here, "one", "two")
    assert [path for path, _, _ in told(made)] == ["one/app"]
    assert [note for note in made["notes"] if "unused" in note] == [
        note for note in made["notes"] if note.endswith("not needed")
    ]
    assert made["stats"]["suppressed"] == {"allowlist": 1}


def test_with_a_cache_a_second_sweep_reads_only_what_is_not_known(run: Run, here: Path, token: Token) -> None:
    for name in ("one", "two"):
        commit(here / "m" / name, app=f"token = {token(name)}\n", **many_files(name))
    _, first = swept(run, here, "--mirrors", "m", "--cache", "kept")
    _, second = swept(run, here, "--mirrors", "m", "--cache", "kept")
    assert told(second) == told(first)
    assert repositories(second, "blobs", "cached") == [("one", 1, 41), ("two", 1, 41)]


@pytest.mark.parametrize(
    ("options", "said"), [(("--verify",), "one repository at a time"), (("--only-live",), "nothing without --verify")]
)
def test_options_of_verification_are_refused_and_not_passed_over(
    run: Run, here: Path, options: tuple[str, ...], said: str
) -> None:
    ran = run("scan", "git", "one", "two", *options)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_interrupted_sweep_reports_what_it_has_and_says_so(
    start: Start, here: Path, token: Token, tmp_path: Path, environment: dict[str, str], jobs: str
) -> None:
    """The repositories after the first wait in git until ^C, so that it always strikes midway."""
    for name in ("first", "second", "third"):
        commit(here / "m" / name, app=f"token = {token(name)}\n" + ("x\n" * 5000 if name == "first" else ""))
    git(here / "m" / "first", "repack", "-q", "-a", "-d")
    held = tmp_path / "held"
    real = next(Path(one) / "git" for one in os.environ["PATH"].split(":") if (Path(one) / "git").exists())
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    (bin_ / "git").write_text(
        f'#!/bin/sh\ncase "$*" in *m/second*|*m/third*) [ -e {held} ] || {{ touch {held}; sleep 2; }};;'
        f' esac\nexec {real} "$@"\n'
    )
    (bin_ / "git").chmod(0o755)
    process = start(
        *("scan", "git", "--mirrors", "m", "--format", "json", "--output", "out.json", "--no-progress", "-j", jobs),
        env=environment | {"PATH": f"{bin_}:{os.environ['PATH']}"},
    )
    while not held.exists():
        time.sleep(0.02)
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    made = report(here / "out.json")
    assert process.returncode == 130
    assert made["scan"]["complete"] is False
    # Those that were begun say it themselves, of those that were not the whole does.
    stopped = [one for one in made["problems"] if one["kind"] == "interrupted"]
    assert stopped
    assert all("repositories were not swept" in one["message"] for one in stopped if one["where"] == "m")
    assert ("first/app" in [path for path, _, _ in told(made)]) or jobs == "2"

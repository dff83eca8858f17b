"""The shape of the code: imports go down, modules and functions stay small, no public thing is undocumented."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "secrets_guard"
MODULES = sorted(PACKAGE.rglob("*.py"))
# The order is written down once, in the contract that import-linter checks.
LAYERS: list[str] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0][
    "layers"
]
FLOOR = {name.strip(): len(LAYERS) - n for n, layer in enumerate(LAYERS) for name in layer.split("|")}


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def layer_of(module: str) -> str | None:
    return next((name for name in FLOOR if module == name or module.startswith(f"{name}.")), None)


def imported(tree: ast.Module) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name.startswith("secrets_guard.")}


def test_each_module_stands_on_a_floor() -> None:
    lost = [name_of(path) for path in MODULES if layer_of(name_of(path)) is None]
    assert lost == ["secrets_guard"]


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_go_down_the_floors_only(path: Path) -> None:
    own = layer_of(name_of(path))
    others = {layer_of(name) for name in imported(ast.parse(path.read_bytes()))} - {own, None}
    assert [other for other in others if own is not None and other and FLOOR[other] >= FLOOR[own]] == []


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_modules_and_functions_stay_small_and_say_what_they_are(path: Path) -> None:
    text = path.read_text()
    tree = ast.parse(text)
    assert len(text.splitlines()) <= 250
    assert ast.get_docstring(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 40, f"{node.name} is longer than 40 lines"
        if isinstance(node, ast.ClassDef):
            assert node.name.startswith("_") or ast.get_docstring(node), node.name
    assert path.stem not in ("utils", "util", "helpers", "common", "misc")


def test_import_linter_agrees() -> None:
    import os
    import subprocess
    import sys

    # Its own script's entry: the one beside this interpreter may not be on the path.
    entry = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run(
        [sys.executable, "-c", entry, "--no-cache"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-500:]

"""However it is installed, the command brings its rules along."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def environment() -> dict[str, str]:
    """Return this process's environment without what would lead back into the checkout."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "SECRETS_GUARD_"))}
    return kept | {"SECRETS_GUARD_CACHE": "off", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore"}


def call(*command: str | Path, cwd: Path) -> str:
    """Return what a command prints; it must succeed."""
    done = subprocess.run(command, cwd=cwd, env=environment(), capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of what a build reads, so that no build/ or egg-info appears in the checkout."""
    copy = tmp_path_factory.mktemp("source") / "secrets-guard"
    copy.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", "MANIFEST.in"):
        shutil.copy(ROOT / name, copy)
    for name in ("secrets_guard", "config"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


@pytest.fixture(scope="session")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Python of a venv that has what a build needs, fetched once."""
    folder = tmp_path_factory.mktemp("builder")
    python = fresh(folder, with_pip=True)
    call(python, "-m", "pip", "install", "-q", *PROJECT["build-system"]["requires"], "wheel", cwd=folder)
    return python


def fresh(folder: Path, *, with_pip: bool = False) -> Path:
    """Return the Python of a new venv that sees the dependencies that are installed here, and nothing of ours."""
    venv.create(folder / "venv", with_pip=with_pip, symlinks=True)
    python = folder / "venv" / "bin" / "python"
    site = Path(call(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip())
    # Behind its own packages, and without the .pth files there, which could lead to the checkout.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


@pytest.fixture(scope="session")
def wheel(builder: Path, source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel, once."""
    folder = tmp_path_factory.mktemp("wheel")
    options = ("--no-deps", "--no-build-isolation", "-q", "-w", str(folder))
    call(builder, "-m", "pip", "wheel", *options, source, cwd=folder)
    (made,) = folder.glob("*.whl")
    return made


def test_the_wheel_holds_every_package_and_every_file_of_data(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    code = {str(path.relative_to(ROOT)) for path in (ROOT / "secrets_guard").rglob("*.py")}
    data = {f"secrets_guard/_config/rules/{path.name}" for path in (ROOT / "config" / "rules").glob("*.yaml")}
    assert len(data) > 100
    data |= {"secrets_guard/_config/broker.example.yaml", "secrets_guard/_config/verifiers.yaml"}
    data |= {f"secrets_guard/_config/ci/{path.name}" for path in (ROOT / "config" / "ci").glob("*.yml")}
    page = ROOT / "secrets_guard" / "report" / "html"
    data |= {str(path.relative_to(ROOT)) for path in page.iterdir() if path.suffix in (".html", ".css", ".js")}
    typed = {"secrets_guard/py.typed", "secrets_guard/_native.pyi"}
    wanted = code | data | typed | {"secrets_guard/_config/secrets-guard.example.yaml"}
    assert wanted - names == set()
    # The extension is in it where it could be built.
    extra = {name for name in names - wanted if ".dist-info/" not in name and name != "secrets_guard/_native.abi3.so"}
    assert extra == set()
    metadata = next(name for name in names if name.endswith(".dist-info/METADATA"))
    with zipfile.ZipFile(wheel) as archive:
        assert "Requires-Dist: hyperscan" in archive.read(metadata).decode()


def test_every_folder_of_code_is_listed_as_a_package() -> None:
    folders = {path.parent.relative_to(ROOT) for path in (ROOT / "secrets_guard").rglob("*.py")}
    listed = set(PROJECT["tool"]["setuptools"]["packages"]) - {"secrets_guard._config"}
    assert listed == {".".join(folder.parts) for folder in folders}


@pytest.mark.parametrize("way", ["wheel", "folder", "editable"])
def test_an_installed_command_finds_its_rules_from_anywhere(
    builder: Path, source: Path, wheel: Path, tmp_path: Path, way: str
) -> None:
    python = fresh(tmp_path)
    targets: dict[str, list[str | Path]] = {"wheel": [wheel], "folder": [source], "editable": ["-e", source]}
    options = _options(way, builder, python)
    install: list[str | Path] = [builder, "-m", "pip", "--python", python, "install", "-q", "--no-deps", *options]
    call(*install, *targets[way], cwd=tmp_path)
    away = tmp_path / "away"
    away.mkdir()
    out = call(python.parent / "secrets-guard", "rules", "list", cwd=away)
    assert len(re.findall(r"^[a-z0-9-]+  ", out, re.MULTILINE)) >= 120
    (away / "empty.txt").write_text("nothing\n")
    assert "no secrets found" in call(python.parent / "secrets-guard", "scan", "files", ".", "--verify", cwd=away)
    where = call(python, "-c", "import secrets_guard; print(secrets_guard.__file__)", cwd=away)
    assert Path(where.strip()).is_relative_to(source if way == "editable" else tmp_path)


def _options(way: str, builder: Path, python: Path) -> list[str]:
    """Lend what building in a folder needs; a wheel needs nothing."""
    if way == "wheel":
        return []
    site = next((builder.parent.parent / "lib").glob("python3*")) / "site-packages"
    own = next((python.parent.parent / "lib").glob("python3*")) / "site-packages"
    (own / "builder.pth").write_text(f"import sys; sys.path.insert(0, {str(site)!r})\n")
    return ["--no-build-isolation"]


def test_the_python_that_runs_this_is_one_that_is_supported() -> None:
    assert sys.version_info >= tuple(map(int, PROJECT["project"]["requires-python"].removeprefix(">=").split(".")))

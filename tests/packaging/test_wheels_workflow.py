"""The job that builds wheels is what it is said to be; it can only run where GitHub runs it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
WORKFLOW: dict[Any, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / "wheels.yml").read_text())
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
CIBUILDWHEEL = PROJECT["tool"]["cibuildwheel"]


def test_every_system_and_processor_gets_a_wheel() -> None:
    rows = WORKFLOW["jobs"]["wheel"]["strategy"]["matrix"]["include"]
    systems = {(row["runner"].partition("-")[0], row["archs"]) for row in rows}
    assert systems == {
        ("ubuntu", "x86_64"),
        ("ubuntu", "aarch64"),
        ("macos", "arm64"),
        ("macos", "x86_64"),
        ("windows", "AMD64"),
    }
    # One built on the other's processor would be emulated, or fail.
    assert all(("arm" in row["runner"]) == (row["archs"] == "aarch64") for row in rows if "ubuntu" in row["runner"])


def test_what_is_built_is_kept_by_names_that_differ() -> None:
    jobs = WORKFLOW["jobs"]
    uploads = [
        step["with"] for job in jobs.values() for step in job["steps"] if "upload-artifact" in step.get("uses", "")
    ]
    assert [one["if-no-files-found"] for one in uploads] == ["error", "error"]
    assert len({one["name"] for one in uploads}) == 2
    assert "matrix.name" in uploads[0]["name"]
    assert any("build --sdist" in step.get("run", "") for step in jobs["sdist"]["steps"])


def test_the_job_may_read_and_no_more_and_nobody_s_text_reaches_a_shell() -> None:
    assert WORKFLOW["permissions"] == {"contents": "read"}
    steps = [step for job in WORKFLOW["jobs"].values() for step in job["steps"]]
    assert not any("${{" in step.get("run", "") for step in steps)
    checkouts = [step for step in steps if step.get("uses", "").startswith("actions/checkout")]
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_one_wheel_serves_all_versions_and_holds_the_extension() -> None:
    (extension,) = PROJECT["tool"]["setuptools-rust"]["ext-modules"]
    assert extension["py-limited-api"] is True
    cargo = tomllib.loads((ROOT / "native" / "Cargo.toml").read_text())
    assert "abi3-py311" in cargo["dependencies"]["pyo3"]["features"]
    assert CIBUILDWHEEL["build"] == "cp311-*"
    assert CIBUILDWHEEL["config-settings"] == {"--build-option": "--py-limited-api=cp311"}
    assert PROJECT["project"]["requires-python"] == ">=3.11"
    assert extension["target"] in CIBUILDWHEEL["test-command"]


def test_the_toolchain_is_the_oldest_that_the_extension_promises() -> None:
    cargo = tomllib.loads((ROOT / "native" / "Cargo.toml").read_text())
    for system in ("linux", "macos", "windows"):
        assert cargo["package"]["rust-version"] in CIBUILDWHEEL[system]["before-all"]

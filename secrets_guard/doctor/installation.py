"""This installation -> its version, what runs it, and which optional parts are there."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from secrets_guard.doctor.check import ATTENTION, NOTE, OK, Check
from secrets_guard.version import __version__

EXTRAS: dict[str, dict[str, str]] = {
    "vault": {"hvac": "hvac"},
    "aws": {"boto3": "boto3"},
    "gcp": {"google.cloud.secretmanager_v1": "google-cloud-secret-manager"},
    "fallback": {"cryptography": "cryptography"},
    "keyring": {"keyring": "keyring"},
    "image": {"docker": "docker", "urllib3": "urllib3"},
    "archives": {"zstandard": "zstandard", "lz4": "lz4", "inflate64": "inflate64"},
}
"""Extra -> the modules that it brings, and the packages that hold them (pyproject.toml)."""


def checks() -> Iterator[Check]:
    """Yield the version, the program that a shell would start, and each extra."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    yield Check("version", OK, f"{__version__}, in {package}")
    python = f"{platform.python_implementation()} {platform.python_version()}, {platform.system()} {platform.machine()}"
    yield Check("python", OK, f"{python}, {sys.executable}")
    yield _program()
    for extra, modules in EXTRAS.items():
        yield _extra(extra, modules)


def _program() -> Check:
    found = shutil.which("secrets-guard")
    own = os.path.join(os.path.dirname(sys.executable), "secrets-guard")
    if found is None:
        return Check("program", NOTE, "no secrets-guard on the PATH", f"add {os.path.dirname(own)} to it")
    if os.path.exists(own) and not os.path.samefile(own, found):
        return Check("program", ATTENTION, f"a shell starts another one: {found}", f"call {own}, or change the PATH")
    return Check("program", OK, found)


def _extra(extra: str, modules: dict[str, str]) -> Check:
    missing = [package for module, package in modules.items() if not _is_there(module)]
    if missing:
        text = f"not installed: {', '.join(missing)}"
        return Check(f"extra {extra}", NOTE, text, f"pip install 'secrets-guard[{extra}]', if you need it")
    return Check(f"extra {extra}", OK, ", ".join(f"{package} {_version(package)}" for package in modules.values()))


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ImportError:  # a parent package is missing
        return False


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "(version unknown)"

"""The only code that knows where config/rules/ sits: inside an installed wheel, or beside the package in a checkout."""

from __future__ import annotations

import os

from secrets_guard.errors import RuleError


def rules_folder() -> str:
    """Return the folder of the built-in rules. Raises RuleError when the installation is broken."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    for folder in (
        os.path.join(package, "_config", "rules"),
        os.path.join(os.path.dirname(package), "config", "rules"),
    ):
        if os.path.isdir(folder):
            return folder
    raise RuleError(f"{package}: the built-in rules are missing from this installation; reinstall secrets-guard")

"""The caller's folder -> the files of known secrets that are obeyed without being named."""

from __future__ import annotations

import os

from secrets_guard.config_file import mistrust, up_to_git_root
from secrets_guard.suppression.baseline import BASELINE_NAME

NAMES = (BASELINE_NAME, ".gitleaksignore")


def own_files(cwd: str) -> list[str]:
    """Return those that lie in ``cwd`` or above it, up to the root of its git work tree, and belong to this user.

    Never those of a scanned tree: what is scanned must not decide what is reported of it.
    """
    found = []
    for name in NAMES:
        for folder in up_to_git_root(os.path.abspath(cwd)):
            path = os.path.join(folder, name)
            if os.path.isfile(path):
                if not mistrust(path):
                    found.append(path)
                break
    return found

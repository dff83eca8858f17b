"""A baseline's name -> the line in .gitattributes by which git merges it: what two branches add, both keep."""

from __future__ import annotations

import os
import re

from secrets_guard.errors import ConfigError


def let_git_merge(path: str) -> str:
    """Add the line to the .gitattributes beside the baseline, where it is missing, and return what to tell.

    ``union`` is a driver that every git has (gitattributes(5), "Built-in merge drivers"), so no clone needs a setting.
    Raises ConfigError where the line can't be written.
    """
    folder, name = os.path.split(path)
    file = os.path.join(folder, ".gitattributes")
    line = f"/{name} merge=union"
    if not re.fullmatch(r"[\w.-]+", name):
        raise ConfigError(f"{file}: {name!r} can't be named there without escapes; add it by hand, with merge=union")
    if os.path.islink(file):
        raise ConfigError(f"{file}: a symbolic link, which git does not follow; make it a file, or add {line!r} to it")
    try:
        # Opened once, so that nothing is lost that comes in between.
        with open(file, "a+b") as stream:
            stream.seek(0)
            text = stream.read()
            if line.encode() in (one.strip() for one in text.splitlines()):
                return f"{file} has {line!r} already"
            stream.write(b"" if not text or text.endswith(b"\n") else b"\n")
            stream.write(line.encode() + b"\n")
    except OSError as error:
        raise ConfigError(f"{file}: can't be written: {error.strerror}") from None
    return f"{file}: added {line!r}; commit it, and git keeps what both of two branches add"

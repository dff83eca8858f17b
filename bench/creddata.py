"""Samsung's CredData and repositories -> a tree of its labelled files, and labels that bench/confidence.py reads.

    creddata.py CREDDATA OUT REPO=PATH...   REPO as on GitHub (danger/danger), PATH a clone with the labelled commit

CREDDATA is a folder with ``meta/`` and ``snapshot.json`` of https://github.com/Samsung/CredData. Its labels: T looks
like a real value, F does not, X is a test's or an example's. T becomes ``"secret": true``, the others false. Files are
taken from the commit that was labelled, as they are: not obfuscated, so keep OUT to yourself.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import subprocess
from binascii import unhexlify
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

_GIT = ("git", "-c", "safe.directory=*", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")
_COMMIT = 40


def labelled(creddata: Path, out: Path, name: str, repo: Path) -> Iterator[dict[str, Any]]:
    """Write a repository's labelled files below ``out`` and yield their labels."""
    snapshot = json.loads((creddata / "snapshot.json").read_text())
    known = {url.lower().removeprefix("https://github.com/"): key for key, url in snapshot.items()}
    key = known[name.lower()]
    commit, folder = key[:_COMMIT], f"{crc32(unhexlify(key)):08x}"
    with (creddata / "meta" / f"{folder}.csv").open(newline="") as stream:
        told = list(csv.DictReader(stream))
    wanted = {row["FileID"] for row in told}
    paths = _git(repo, "ls-tree", "-r", "-z", "--name-only", commit).decode("utf-8", "replace").split("\0")
    here = {digest: path for path in paths if (digest := hashlib.sha256(path.encode()).hexdigest()[:8]) in wanted}
    for path in here.values():
        target = out / folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(_git(repo, "show", f"{commit}:{path}"))
    secret: dict[tuple[str, int], bool] = {}
    for row in told:
        for line in range(int(row["LineStart"]), int(row["LineEnd"]) + 1) if row["FileID"] in here else ():
            place = (f"{folder}/{here[row['FileID']]}", line)
            secret[place] = secret.get(place, False) or row["GroundTruth"] == "T"
    for (path, line), true in secret.items():
        yield {"path": path, "line": line, "secret": true}


def _git(repo: Path, *arguments: str) -> bytes:
    return subprocess.run((*_GIT, "-C", str(repo), *arguments), check=True, capture_output=True).stdout


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("creddata", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("repos", nargs="+", metavar="REPO=PATH")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    with (asked.out.parent / f"{asked.out.name}.labels.jsonl").open("w", encoding="utf-8") as stream:
        for one in asked.repos:
            name, _, path = one.partition("=")
            for label in labelled(asked.creddata, asked.out, name, Path(path)):
                stream.write(json.dumps(label) + "\n")


if __name__ == "__main__":
    main()

"""A folder -> beginnings for the fuzz targets in it: small packs by git, as each target wants its input.

Usage: python native/fuzz/seeds.py native/fuzz/corpus
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path


def main(corpus: Path) -> None:
    """Write the beginnings, below the name of each target."""
    with tempfile.TemporaryDirectory() as folder:
        for number, options in enumerate((["--depth=50"], ["--depth=0"], ["--delta-base-offset"])):
            _make(Path(folder) / str(number), options, corpus, number)


def _make(folder: Path, options: list[str], corpus: Path, number: int) -> None:
    def git(*arguments: str, given: bytes = b"") -> bytes:
        who = ("-c", "user.name=A", "-c", "user.email=a@example.com")
        return subprocess.run(
            ["git", "-C", folder, *who, *arguments], input=given, capture_output=True, check=True
        ).stdout

    folder.mkdir()
    git("init", "-q")
    for turn in range(6):
        (folder / "text").write_text("\n".join(f"{line} {line == turn}" for line in range(120)))
        (folder / f"other{turn}").write_text(f"{turn}\n")
        git("add", "-A")
        git("commit", "-q", "-m", f"change {turn}")
    git("tag", "-a", "-m", "a tag", "v1")
    names = git("rev-list", "--objects", "--all").split(b"\n")
    wanted = b"\n".join(name.split(b" ")[0] for name in names)
    git("pack-objects", "-q", *options, str(folder / "made"), given=wanted)
    (index,), (pack,) = sorted(folder.glob("made-*.idx")), sorted(folder.glob("made-*.pack"))
    found = index.read_bytes()
    _write(corpus / "index" / f"index{number}", found)
    _write(corpus / "walk" / f"pack{number}", len(found).to_bytes(4, "big") + found + pack.read_bytes())
    # Copy, insert, copy: and the length of the base last, as libFuzzer's own way of splitting wants it.
    delta = bytes([10, 12, 0x90, 4, 2, ord("x"), ord("y"), 0x91, 4, 6])
    _write(corpus / "delta" / f"delta{number}", b"0123456789" + delta + bytes([10]))


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

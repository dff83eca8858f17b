"""The examples of docs/api.md print what stands below them, and the page names all that is public."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import secrets_guard
from secrets_guard.rules.template import fill
from tests.tars import tar

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
GIT = ("git", "-c", "user.name=Jo Doe", "-c", "user.email=jo@example.org", "-c", "commit.gpgsign=false")
RULE = """- id: house-key
  title: A key of the house
  pattern: 'HOUSE-([0-9a-f]{32})'
  secret_group: 1
  keywords: [house-]
  severity: high
  kind: token
  examples: ['k = HOUSE-<hex:32>']
"""


def test_every_public_name_and_no_other_is_on_the_page() -> None:
    table = PAGE.partition("## All public names")[2]
    rows = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == set(secrets_guard.__all__)


def test_every_public_name_has_a_docstring_and_types() -> None:
    import inspect

    for name in secrets_guard.__all__:
        one = getattr(secrets_guard, name)
        if name not in ("__version__", "Origin"):
            assert inspect.getdoc(one), name
        if inspect.isfunction(one):
            signature = inspect.signature(one)
            assert signature.return_annotation is not inspect.Signature.empty, name
            assert all(one.annotation is not inspect.Parameter.empty for one in signature.parameters.values()), name


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """Return the folder that the page tells of."""
    token = f"GITHUB={fill('<github:ghp_>', 'api')}\n"
    (tmp_path / "app.env").write_text(token)
    (tmp_path / "secrets-guard.yaml").write_text("min_severity: high\n")
    (tmp_path / "my-rules.yaml").write_text(RULE)
    (tmp_path / "secrets.yaml").write_text("version: 1\nenv: {DB_PASSWORD: 'env-file:run.env#PASSWORD'}\n")
    (tmp_path / ".gitignore").write_text("run.env\nimage.tar\n.secrets-guard-baseline.yaml\n")
    (tmp_path / "run.env").write_text(f"PASSWORD={fill('<alnum:18>', 'api')}\n")
    image(tmp_path / "image.tar", {"app/.env": token.encode()})
    for command in (("init", "-q", "."), ("add", "."), ("commit", "-qm", "Start")):
        subprocess.run([*GIT, *command], cwd=tmp_path, check=True)
    (tmp_path / "notes.txt").write_text("nothing\n")
    for command in (("add", "."), ("commit", "-qm", "Notes")):
        subprocess.run([*GIT, *command], cwd=tmp_path, check=True)
    baseline = [sys.executable, "-m", "secrets_guard", "baseline", "create", "app.env"]
    subprocess.run(baseline, cwd=tmp_path, check=True, capture_output=True)
    return tmp_path


def image(path: Path, files: dict[str, bytes]) -> None:
    """Write an archive as ``docker save`` does, of one layer."""
    layer = tar(files)
    config = json.dumps({"rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]}})
    manifest = json.dumps([{"Config": "config.json", "RepoTags": ["app:1"], "Layers": ["layer.tar"]}])
    path.write_bytes(
        tar({"manifest.json": manifest.encode(), "config.json": config.encode(), "layer.tar": layer})
    )  # fmt: skip


def test_the_examples_print_what_the_page_says(example: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```(?:\n\n```text\n(.*?)```)?", PAGE, re.DOTALL)
    assert len(blocks) >= 10
    # One process, as a reader would type them; a line between two blocks tells their output apart.
    script = "".join(f"{code}\nprint('-----')\n" for code, _ in blocks)
    done = subprocess.run([sys.executable, "-c", script], cwd=example, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("-----\n")[:-1] == [said for _, said in blocks]

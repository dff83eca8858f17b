"""``scan image`` as users call it: reports, exit codes, options, and errors of one line."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.tars import tar

Run = Callable[..., Any]
Token = Callable[[str], str]


@pytest.fixture
def image(here: Path, token: Token) -> Path:
    """Return what docker save would write of an image that deletes a token in its second layer."""
    layers = {"a.tar": tar({"app/.env": f"TOKEN={token('file')}\n".encode()}), "b.tar": tar({"app/.wh..env": b""})}
    config = {
        "rootfs": {"diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}" for layer in layers.values()]},
        "os": "linux",
        "architecture": "amd64",
        "config": {"Env": ["PATH=/bin", f"NPM_TOKEN={token('env')}"]},
        "history": [{"created_by": "COPY .env /app/.env"}, {"created_by": "RUN rm /app/.env"}],
    }
    listed = [{"Config": "config.json", "RepoTags": ["team/app:1"], "Layers": ["a.tar", "b.tar"]}]
    files = layers | {"config.json": json.dumps(config).encode(), "manifest.json": json.dumps(listed).encode()}
    (here / "image.tar").write_bytes(tar(files))
    return here / "image.tar"


def test_a_report_tells_layer_instruction_and_removal(run: Run, image: Path, token: Token) -> None:
    ran = run("scan", "image", "image.tar")
    assert ran.code == 1
    assert "app/.env:1:7  critical" in ran.out
    assert "in layer 0 of team/app:1: COPY .env /app/.env" in ran.out
    assert "taken away by a later layer (RUN rm /app/.env), but still in the image" in ran.out
    assert "in the config of team/app:1: Env" in ran.out
    assert token("file") not in ran.all
    assert token("env") not in ran.all


def test_the_json_report_holds_the_fields_of_the_contract(run: Run, image: Path) -> None:
    report = json.loads(run("scan", "image", "image.tar", "--format", "json").out)
    assert report["scan"]["kind"] == "image"
    assert report["scan"]["target"] == "image.tar"
    config, layer = report["findings"]
    assert config["origin"] == {"kind": "image-config", "image": "team/app:1", "setting": "Env"}
    assert config["path"] == "<image config>/Env"
    assert set(layer["origin"]) == {
        "kind", "image", "layer_digest", "layer_index", "created_by", "removed_by_layer", "removed_by", "base",
    }  # fmt: skip
    assert layer["origin"]["kind"] == "layer"
    assert layer["path"] == "app/.env"


@pytest.mark.parametrize("form", ["human", "json", "jsonl", "sarif", "junit", "csv", "gitlab", "github"])
def test_every_format_can_tell_of_an_image_and_be_converted_to(run: Run, image: Path, form: str, here: Path) -> None:
    assert run("scan", "image", "image.tar", "--format", "json", "--output", "report.json").code == 1
    direct, converted = (
        run("scan", "image", "image.tar", "-f", form),
        run("report", "convert", "report.json", "-f", form),
    )
    assert direct.code == 1
    assert converted.code == 0
    assert "app/.env" in converted.out
    assert direct.out.count("\n") == converted.out.count("\n")


def test_a_clean_image_ends_with_0(run: Run, here: Path) -> None:
    listed = [{"Config": "c.json", "RepoTags": ["a:1"], "Layers": ["a.tar"]}]
    files = {"a.tar": tar({"x": b"y"}), "c.json": b"{}", "manifest.json": json.dumps(listed).encode()}
    (here / "clean.tar").write_bytes(tar(files))
    ran = run("scan", "image", "clean.tar")
    assert (ran.code, "no secrets found" in ran.out) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("missing.tar",), "'missing.tar': no such file or folder"),
        (("not a name",), "neither a file or folder nor an image's name"),
        (("127.0.0.1:1/app",), "the connection was refused"),
        (("image.tar", "missing.tar"), "no such file or folder"),
        (("docker-archive:image.tar:other:2",), "no image 'other:2' in it; there is: team/app:1"),
        (("image.tar", "--platform", "amd64"), "write it as linux/amd64"),
        (("image.tar", "--base", "missing.tar"), "no such file or folder"),
        (("image.tar", "--base-layers", "missing"), "--base-layers"),
        (("image.tar", "--cache", "image.tar"), "--cache"),
    ],
)
def test_what_can_not_be_done_ends_with_2_and_one_line(
    arguments: tuple[str, ...], message: str, run: Run, image: Path
) -> None:
    ran = run("scan", "image", *arguments)
    assert ran.code == 2
    assert message in ran.err
    assert ran.err.count("\n") == 1
    assert ran.out == ""


def test_nothing_to_scan_is_wrong_use(run: Run) -> None:
    assert run("scan", "image").code == 2


def test_strict_makes_a_gap_an_incomplete_sweep(run: Run, here: Path) -> None:
    listed = [{"Config": "c.json", "RepoTags": ["a:1"], "Layers": ["a.tar", "gone.tar"]}]
    files = {"a.tar": tar({"x": b"y"}), "c.json": b"{}", "manifest.json": json.dumps(listed).encode()}
    (here / "gap.tar").write_bytes(tar(files))
    assert run("scan", "image", "gap.tar").code == 0
    ran = run("scan", "image", "gap.tar", "--strict")
    assert ran.code == 2
    assert "INCOMPLETE" in ran.out


def test_options_can_stand_in_the_config_and_the_environment(run: Run, image: Path, here: Path) -> None:
    report = json.loads(run("scan", "image", "image.tar", "--format", "json").out)
    (here / "layers").write_text(report["findings"][1]["origin"]["layer_digest"])
    (here / ".secrets-guard.yaml").write_text("base_layers: layers\nignore_base: true\n")
    told = json.loads(run("scan", "image", "image.tar", "--format", "json").out)
    assert [finding["path"] for finding in told["findings"]] == ["<image config>/Env"]
    env = {"SECRETS_GUARD_PLATFORM": "amd64"}
    assert run("scan", "image", "image.tar", env=env).code == 2


def test_an_archive_comes_from_standard_input(run: Run, image: Path) -> None:
    ran = run("scan", "image", "-", stdin=image.read_bytes())
    assert ran.code == 1
    assert "app/.env:1:7" in ran.out

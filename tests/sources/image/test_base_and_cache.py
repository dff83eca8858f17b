"""What a base image brought is told from what was added; what is known to be clean is not read again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from secrets_guard import api
from secrets_guard.errors import ConfigError, SourceError
from secrets_guard.sources.image.base import read_layer_list
from secrets_guard.sources.image.clean_layers import CleanLayers
from secrets_guard.sources.image.source import ImageSource
from secrets_guard.sources.image.sweep import Rules


@pytest.fixture
def images(kit: Any, layout: Any) -> tuple[str, str]:
    """Return a base and an image built on it, both with a secret."""
    base = layout.layer(kit.tar({"etc/base": kit.token("base").encode()}))
    own = layout.layer(kit.tar({"app/own": kit.token("own").encode()}))
    name = "org.opencontainers.image.ref.name"
    lower = layout.image([base], annotations={name: "base"})
    upper = layout.image([base, own], annotations={name: "app"})
    folder = layout.index(lower, upper)
    return f"oci:{folder}:base", f"oci:{folder}:app"


def told(result: Any) -> dict[str, bool]:
    return {finding.location.path: finding.origin.base for finding in result.findings}


def test_findings_say_whether_they_come_from_the_base(kit: Any, images: tuple[str, str]) -> None:
    base, app = images
    assert told(kit.sweep(app)) == {"etc/base": False, "app/own": False}
    assert told(kit.sweep(app, base=[base])) == {"etc/base": True, "app/own": False}


def test_the_base_can_be_left_out_and_is_counted(kit: Any, images: tuple[str, str]) -> None:
    base, app = images
    result = kit.sweep(app, base=[base], ignore_base=True)
    assert told(result) == {"app/own": False}
    assert result.stats.skipped["base_layer"] == 1


def test_a_base_can_be_a_list_of_digests(kit: Any, images: tuple[str, str], tmp_path: Path) -> None:
    origin = next(finding.origin for finding in kit.sweep(images[0]).findings)
    (tmp_path / "list").write_text(f"# ours\n\n{origin.layer_digest}  # debian\n")
    layers = read_layer_list(str(tmp_path / "list"))
    assert told(kit.sweep(images[1], base_layers=layers)) == {"etc/base": True, "app/own": False}


def test_a_base_in_another_place_and_compression_is_known_by_its_content(
    kit: Any, sample: Any, registry: str, push: Any, tmp_path: Path
) -> None:
    kit.skopeo(f"oci:{sample.name}", f"docker-archive:{tmp_path}/image.tar:app:1")
    result = kit.sweep(f"{tmp_path}/image.tar", base=[push(registry)])
    assert {finding.origin.base for finding in result.findings if finding.origin.kind == "layer"} == {True}


def test_a_base_that_the_image_was_not_built_from_is_noted(kit: Any, images: tuple[str, str], sample: Any) -> None:
    source = ImageSource([images[1]], base=[f"oci:{sample.name}"])
    api.scan(source)
    assert source.notes == [f"{images[1]}: has no layer of the base: was it built from another version of that?"]


def test_a_list_that_is_none_is_refused_line_by_line(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("sha256:12\nmd5:0\n")
    with pytest.raises(ConfigError, match=r"list:1: 'sha256:12' is no digest") as error:
        read_layer_list(str(tmp_path / "list"))
    assert len(error.value.problems) == 2
    with pytest.raises(ConfigError, match=r"--base-layers .*none: No such file"):
        read_layer_list(str(tmp_path / "none"))


def test_a_base_that_can_not_be_told_without_reading_it_all_is_refused(kit: Any, images: tuple[str, str]) -> None:
    with pytest.raises(SourceError, match="--base containers-storage:x: give it as"):
        kit.sweep(images[1], base=["containers-storage:x"])


@pytest.fixture
def cached(tmp_path: Path) -> Any:
    """Return a function that sweeps with a cache."""

    def sweep(target: str, **options: Any) -> Any:
        return api.scan(ImageSource([target], clean=CleanLayers(str(tmp_path / "cache")), **options))

    return sweep


@pytest.fixture
def half_clean(kit: Any, layout: Any) -> str:
    """Return an image with a clean layer, a guilty one, and a clean one that deletes the secret."""
    layers = [{"a": b"b" * 100}, {"app/own": kit.token("own").encode()}, {"app/.wh.own": b"", "c": b"d" * 100}]
    return str(layout.index(layout.image([layout.layer(kit.tar(files)) for files in layers])))


def test_clean_layers_are_not_swept_again_and_guilty_ones_are(cached: Any, half_clean: str) -> None:
    first, second = cached(half_clean), cached(half_clean)
    assert "cached" not in first.stats.skipped
    assert second.stats.skipped["cached"] == 2
    assert second.findings == first.findings
    assert second.findings[0].origin.removed_by_layer


def test_other_rules_remember_nothing(cached: Any, half_clean: str, tmp_path: Path) -> None:
    from secrets_guard.config import Settings

    cached(half_clean)
    source = ImageSource([half_clean], clean=CleanLayers(str(tmp_path / "cache")))
    result = api.scan(source, settings=Settings(min_confidence="low"))
    assert "cached" not in result.stats.skipped


def test_what_was_not_wholly_swept_is_not_remembered(cached: Any, half_clean: str) -> None:
    rules = Rules(skip_path=lambda path: path == "a")
    cached(half_clean, rules=rules)
    assert cached(half_clean).stats.skipped["cached"] == 1


def test_a_layer_that_only_claims_a_clean_digest_is_swept(cached: Any, half_clean: str, layout: Any, kit: Any) -> None:
    cached(half_clean)
    content = kit.tar({"a": b"b" * 100})
    import hashlib

    path = layout.folder / "blobs" / "sha256" / hashlib.sha256(content).hexdigest()
    path.write_bytes(kit.tar({"a": kit.token("swapped").encode().ljust(100)}))
    result = cached(half_clean)
    assert "a" in {finding.location.path for finding in result.findings}
    assert any("not what its digest says" in problem.message for problem in result.problems)


def test_the_cache_holds_no_secret_and_no_name(cached: Any, half_clean: str, tmp_path: Path, kit: Any) -> None:
    cached(half_clean)
    held = b"".join(path.read_bytes() for path in (tmp_path / "cache").iterdir())
    assert kit.token("own").encode() not in held
    assert b"app" not in held
    assert b"by-hand" not in held

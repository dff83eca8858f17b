"""The same image gives the same findings, however it is reached."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from secrets_guard.errors import SourceError
from secrets_guard.sources.image.access import Access


def _docker_archive(kit: Any, folder: Path, sample: Any) -> str:
    kit.skopeo(f"oci:{sample.name}", f"docker-archive:{folder}/image.tar:team/app:1")
    return f"{folder}/image.tar"


def _compressed_docker_archive(kit: Any, folder: Path, sample: Any) -> str:
    content = Path(_docker_archive(kit, folder, sample)).read_bytes()
    (folder / "image.tar.gz").write_bytes(gzip.compress(content, 1))
    return f"{folder}/image.tar.gz"


def _oci_folder(_kit: Any, _folder: Path, sample: Any) -> str:
    return f"oci:{sample.name}"


def _oci_folder_of_zstd(kit: Any, folder: Path, sample: Any) -> str:
    words = ("--dest-compress-format", "zstd", "--dest-compress")
    kit.skopeo(f"oci:{sample.name}", f"dir:{folder}/plain", "--dest-decompress")
    kit.skopeo(f"dir:{folder}/plain", f"oci:{folder}/zstd:app", *words)
    manifest = json.loads(kit.run("skopeo", "inspect", "--raw", f"oci:{folder}/zstd:app"))
    assert all(layer["mediaType"].endswith("+zstd") for layer in manifest["layers"])
    return f"{folder}/zstd"


def _oci_archive(kit: Any, folder: Path, sample: Any) -> str:
    kit.skopeo(f"oci:{sample.name}", f"oci-archive:{folder}/image.oci:app")
    return f"{folder}/image.oci"


def _containers_storage(kit: Any, folder: Path, sample: Any) -> str:
    kit.need("buildah")
    kit.run("buildah", "pull", "--quiet", f"oci:{sample.name}")
    return "containers-storage:localhost/app:latest"


WAYS = [_docker_archive, _compressed_docker_archive, _oci_folder, _oci_folder_of_zstd, _oci_archive]


@pytest.fixture(scope="module")
def expected(kit: Any, sample: Any) -> list[Any]:
    """Return the findings by the plainest way."""
    result = kit.sweep(f"oci:{sample.name}")
    assert result.problems == ()
    return list(kit.places(result))


def test_a_finding_says_which_layer_brought_it_and_which_took_it_away(kit: Any, expected: list[Any]) -> None:
    found = {(one.path, one.line, one.layer, one.created_by, one.removed_by) for one in expected}
    hidden = "data/cache/notes.txt"
    assert found == {
        ("etc/base.conf", 1, 0, "ADD rootfs.tar /", ""),
        ("app/.env", 2, 1, "COPY app/.env /app/.env", "RUN rm /app/.env"),
        ("app/settings.py", 1, 2, "COPY app/settings.py /app/settings.py", "COPY settings2.py /app/settings.py"),
        (hidden, 1, 3, f"COPY {hidden} /{hidden}", "RUN rm -r /data && mkdir /data"),
        ("<image config>/Env", 1, -1, "", ""),
        ("<image config>/Labels", 1, -1, "", ""),
        ("<image config>/history[8]", 1, -1, "", ""),
        ("<image config>/annotations", 1, -1, "", ""),
    }  # fmt: skip
    removed = {one.path: one.removed_by_layer for one in expected}
    digests = {one.layer: one.layer_digest for one in expected}
    assert removed["etc/base.conf"] == ""
    assert removed["app/.env"].startswith("sha256:")
    assert removed["app/.env"] not in digests.values()


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__.strip("_"))
def test_every_kind_of_file_gives_the_same_findings(
    way: Callable[..., str], kit: Any, tmp_path: Path, sample: Any, expected: list[Any]
) -> None:
    result = kit.sweep(way(kit, tmp_path, sample))
    assert result.problems == ()
    # Docker's archive has no place for annotations.
    kept = [one for one in expected if "docker" not in way.__name__ or not one.path.endswith("/annotations")]
    assert kit.places(result) == kept


def test_an_archive_can_come_through_a_pipe(kit: Any, tmp_path: Path, sample: Any, expected: list[Any]) -> None:
    archive = _docker_archive(kit, tmp_path, sample)
    command = f"cat {archive} | {sys.executable} -m secrets_guard scan image - --format json --no-progress"
    done = subprocess.run(["sh", "-c", command], capture_output=True, check=False)
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    assert report["problems"] == []
    found = {
        (finding["path"], finding["start_line"], finding["origin"].get("removed_by_layer", ""))
        for finding in report["findings"]
    }
    assert found == {
        (one.path, one.line, one.removed_by_layer) for one in expected if not one.path.endswith("/annotations")
    }


def test_a_registry_gives_the_same_findings(kit: Any, registry: str, push: Any, expected: list[Any]) -> None:
    result = kit.sweep(push(registry))
    assert result.problems == ()
    assert kit.places(result) == expected


def test_a_registry_of_docker_manifests_gives_the_same_findings(
    kit: Any, registry: str, push: Any, expected: list[Any]
) -> None:
    result = kit.sweep(push(registry, "--format", "v2s2", name="team/app:docker"))
    assert result.problems == ()
    assert kit.places(result) == [one for one in expected if not one.path.endswith("/annotations")]


def test_an_image_is_found_by_its_digest(kit: Any, registry: str, push: Any, expected: list[Any]) -> None:
    name = push(registry).rpartition(":")[0]
    digest = kit.run("skopeo", "inspect", "--tls-verify=false", "--format", "{{.Digest}}", f"docker://{name}:1").strip()
    assert kit.places(kit.sweep(f"docker://{name}@{digest}")) == expected


def test_a_registry_with_a_login_gives_the_same_findings(
    kit: Any, guarded_registry: str, push: Any, expected: list[Any], tmp_path: Path
) -> None:
    name = push(guarded_registry, "--dest-creds", f"{kit.USER}:{kit.PASSWORD}")
    with pytest.raises(SourceError, match=r"it wants a login \(401\), and there is none for it: docker login 127"):
        kit.sweep(name)
    login = ("skopeo", "login", "--tls-verify=false", "--authfile", tmp_path / "auth.json")
    kit.run(*login, "-u", kit.USER, "-p", kit.PASSWORD, guarded_registry)
    result = kit.sweep(name, environ={"REGISTRY_AUTH_FILE": str(tmp_path / "auth.json"), "HOME": "/nonexistent"})
    assert result.problems == ()
    assert kit.places(result) == expected


def test_a_registry_with_a_certificate_of_ones_own_needs_its_authority(
    kit: Any, tls_registry: str, authority: Any, push: Any, expected: list[Any]
) -> None:
    name = push(tls_registry)
    result = kit.sweep(name, access=Access(ca_file=str(authority.ca)))
    assert kit.places(result) == expected
    assert kit.places(kit.sweep(name, access=Access(insecure=True))) == expected


def test_podmans_storage_gives_the_same_findings(
    kit: Any, tmp_path: Path, sample: Any, expected: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    kit.need("buildah", "skopeo")
    (tmp_path / "storage.conf").write_text(
        f'[storage]\ndriver = "vfs"\ngraphroot = "{tmp_path}/root"\nrunroot = "{tmp_path}/run"\n'
    )
    monkeypatch.setenv("CONTAINERS_STORAGE_CONF", str(tmp_path / "storage.conf"))
    kit.run("skopeo", "--insecure-policy", "copy", "-q", f"oci:{sample.name}", "containers-storage:localhost/app:1")
    result = kit.sweep("containers-storage:localhost/app:1")
    assert result.problems == ()
    assert kit.places(result) == [one for one in expected if not one.path.endswith("/annotations")]


def test_layers_that_several_images_have_are_read_once_and_each_gets_its_findings(
    kit: Any, registry: str, push: Any, tmp_path: Path, sample: Any, expected: list[Any]
) -> None:
    alone = kit.sweep(f"oci:{sample.name}")
    result = kit.sweep(f"oci:{sample.name}", push(registry), push(registry, name="other/app:2"))
    assert len(result.findings) == 3 * len(alone.findings)
    layers = sum(one.layer >= 0 for one in expected)
    settings = len(expected) - layers
    assert result.stats.blobs - alone.stats.blobs < 2 * alone.stats.blobs
    names = {finding.origin.image for finding in result.findings}
    assert len(names) == 3
    assert settings

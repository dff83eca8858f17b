"""Images of several platforms, and what hangs on an image: SBOMs, provenance, signatures, artifacts of other kinds."""

from __future__ import annotations

import json
from typing import Any

import pytest

from secrets_guard.errors import SourceError
from secrets_guard.sources.image.access import Access

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
IN_TOTO = "application/vnd.in-toto+json"
EMPTY = "application/vnd.oci.empty.v1+json"


def found(result: Any) -> set[tuple[str, str]]:
    return {(finding.location.path, finding.origin.image.rpartition("/")[2]) for finding in result.findings}


@pytest.fixture
def platforms(kit: Any, layout: Any) -> str:
    """Return a layout with one image for three platforms; a layer is common to all."""
    common = layout.layer(kit.tar({"common": kit.token("common").encode()}))
    images = []
    for system, architecture, variant in (("linux", "amd64", ""), ("linux", "arm64", "v8"), ("linux", "arm", "v7")):
        own = layout.layer(kit.tar({architecture: kit.token(architecture).encode()}))
        platform = {"os": system, "architecture": architecture} | ({"variant": variant} if variant else {})
        images.append(layout.image([common, own], {"os": system, "architecture": architecture}, platform=platform))
    return str(layout.index(layout.json({"schemaVersion": 2, "manifests": images}, INDEX)))


def test_all_platforms_are_swept_and_what_they_share_once(kit: Any, platforms: str) -> None:
    result = kit.sweep(platforms)
    assert found(result) == {
        (path, f"by-hand ({platform})".rpartition("/")[2])
        for platform, own in (("linux/amd64", "amd64"), ("linux/arm64/v8", "arm64"), ("linux/arm/v7", "arm"))
        for path in ("common", own)
    }


@pytest.mark.parametrize(("wanted", "own"), [("linux/amd64", "amd64"), ("linux/arm64", "arm64"), ("linux/arm", "arm")])
def test_a_platform_can_be_asked_for_and_the_others_are_named(wanted: str, own: str, kit: Any, platforms: str) -> None:
    from secrets_guard.sources.image.source import ImageSource

    result = kit.sweep(platforms, platforms=(wanted,))
    assert {path for path, _ in found(result)} == {"common", own}
    source = ImageSource([platforms], platforms=(wanted,))
    from secrets_guard.model.result import Stats

    list(source.blobs(Stats()))
    source.origins([])
    (note,) = source.notes
    assert "not swept: linux/" in note
    assert wanted not in note.partition("not swept: ")[2].replace("arm/", "").split(", ")


def test_a_platform_that_is_not_there_is_a_clear_error(kit: Any, platforms: str) -> None:
    with pytest.raises(
        SourceError, match=r"no image of this platform; there is: linux/amd64, linux/arm64/v8, linux/arm/v7"
    ):
        kit.sweep(platforms, platforms=("windows/amd64",))


def _attestation(kit: Any, layout: Any, image: dict[str, Any]) -> dict[str, Any]:
    """Return what BuildKit adds to an index for an image."""
    sbom = layout.json({"predicate": {"note": kit.token("sbom")}}, IN_TOTO)
    sbom["annotations"] = {"in-toto.io/predicate-type": "https://spdx.dev/Document"}
    provenance = layout.json({"predicate": {"args": {"build-arg:TOKEN": kit.token("provenance")}}}, IN_TOTO)
    provenance["annotations"] = {"in-toto.io/predicate-type": "https://slsa.dev/provenance/v0.2"}
    return dict(
        layout.image(
            [sbom, provenance],
            {"os": "unknown", "architecture": "unknown"},
            platform={"os": "unknown", "architecture": "unknown"},
            annotations={
                "vnd.docker.reference.type": "attestation-manifest",
                "vnd.docker.reference.digest": image["digest"],
            },
        )
    )


def test_attestations_of_buildkit_are_swept_as_part_of_their_image(kit: Any, layout: Any) -> None:
    image = layout.image([layout.layer(kit.tar({"a": b"b"}))], platform={"os": "linux", "architecture": "amd64"})
    target = layout.index(image, _attestation(kit, layout, image))
    nested = layout.index(
        layout.json({"schemaVersion": 2, "manifests": [image, _attestation(kit, layout, image)]}, INDEX)
    )
    assert target == nested
    for platforms in ((), ("linux/amd64",)):
        result = kit.sweep(nested, platforms=platforms)
        assert result.problems == ()
        assert {path for path, _ in found(result)} == {
            "<attached>/attestation https://spdx.dev/Document",
            "<attached>/attestation https://slsa.dev/provenance/v0.2",
        }
        assert {finding.origin.kind for finding in result.findings} == {"image-config"}


def test_an_attestation_that_is_not_there_is_a_problem(kit: Any, layout: Any) -> None:
    image = layout.image([layout.layer(kit.tar({"a": kit.token("a").encode()}))])
    gone = _attestation(kit, layout, image)
    (layout.folder / "blobs" / "sha256" / gone["digest"].partition(":")[2]).unlink()
    result = kit.sweep(layout.index(layout.json({"schemaVersion": 2, "manifests": [image, gone]}, INDEX)))
    assert [problem.kind for problem in result.problems] == ["unreadable"]
    assert {path for path, _ in found(result)} == {"a"}


def _artifact(layout: Any, subject: dict[str, Any], blob: dict[str, Any]) -> dict[str, Any]:
    plain = {name: subject[name] for name in ("mediaType", "digest", "size")}
    fields = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": "application/spdx+json",
        "subject": plain,
        "layers": [blob],
        "config": layout.blob(b"{}", EMPTY),
    }
    return dict(layout.json(fields, MANIFEST, artifactType="application/spdx+json"))


def test_what_refers_to_an_image_in_a_layout_is_swept_once(kit: Any, layout: Any) -> None:
    image = layout.image([], annotations={"org.opencontainers.image.ref.name": "app"})
    sbom = _artifact(layout, image, layout.json({"note": kit.token("sbom")}, "application/spdx+json"))
    for version in ("", ":app"):
        result = kit.sweep(f"oci:{layout.index(image, sbom)}{version}")
        assert [finding.location.path for finding in result.findings] == ["<attached>/application/spdx+json"]


def test_an_artifact_that_is_no_image_is_swept_file_by_file(kit: Any, layout: Any) -> None:
    chart = layout.blob(
        kit.tar({"chart/values.yaml": kit.token("chart").encode()}),
        "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
    )
    chart["annotations"] = {"org.opencontainers.image.title": "app-1.0.tgz"}
    config = layout.json({"name": "app", "token": kit.token("config")}, "application/vnd.cncf.helm.config.v1+json")
    fields = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [chart]}
    result = kit.sweep(layout.index(layout.json(fields, MANIFEST)))
    assert {path for path, _ in found(result)} == {
        "<attached>/app-1.0.tgz!/chart/values.yaml",
        "<attached>/artifact config",
    }


def test_what_refers_to_an_image_in_a_registry_is_swept(kit: Any, proxied: Any, layout: Any, registry: str) -> None:
    """The registry of Debian knows no referrers: the proxy before it answers for it."""
    manifest = kit.run("skopeo", "inspect", "--raw", "--tls-verify=false", f"docker://{registry}/team/app:1")
    subject = {
        "mediaType": MANIFEST,
        "digest": layout.blob(manifest.encode(), MANIFEST)["digest"],
        "size": len(manifest),
    }
    sbom = layout.json({"note": kit.token("sbom")}, "application/spdx+json")
    attached = _artifact(layout, subject, sbom)
    content = {
        one["digest"]: (layout.folder / "blobs" / "sha256" / one["digest"].partition(":")[2]).read_bytes()
        for one in (sbom, attached)
    }

    def answer(request: Any) -> bool:
        last = request.path.rpartition("/")[2]
        if f"/referrers/{subject['digest']}" in request.path:
            body = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [attached]}).encode()
            request.give(200, body, {"Content-Type": INDEX})
        elif last in content:
            request.give(200, content[last], {"Content-Type": MANIFEST})
        else:
            return False
        return True

    _, name = proxied(answer)
    result = kit.sweep(name, access=Access(first_pause=0.001))
    assert result.problems == ()
    assert "<attached>/application/spdx+json" in {finding.location.path for finding in result.findings}


def test_what_is_attached_by_a_tag_is_swept(kit: Any, registry: str, push: Any, layout: Any, tmp_path: Any) -> None:
    name = push(registry, name="team/tagged:1")
    digest = kit.run("skopeo", "inspect", "--tls-verify=false", "--format", "{{.Digest}}", f"docker://{name}").strip()
    layer = layout.layer(kit.tar({"attestation.json": kit.token("attested").encode()}))
    layout.index(layout.image([layer], annotations={"org.opencontainers.image.ref.name": "att"}))
    tag = f"{registry}/team/tagged:{digest.replace(':', '-')}.att"
    kit.skopeo(f"oci:{layout.folder}:att", f"docker://{tag}", "--dest-tls-verify=false")
    result = kit.sweep(name)
    assert result.problems == ()
    assert any(finding.location.path.endswith("!/attestation.json") for finding in result.findings)

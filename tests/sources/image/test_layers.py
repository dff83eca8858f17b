"""What tar can say in a layer is read as container runtimes read it, and what is hostile is bounded and told."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secrets_guard.errors import SourceError
from secrets_guard.model.result import Problem
from secrets_guard.sources.archive.limits import Limits
from secrets_guard.sources.image.paths import LayerPaths
from secrets_guard.sources.image.sweep import Rules

Files = dict[str, bytes | None]


def tar(files: dict[str, Any], form: int = tarfile.PAX_FORMAT) -> bytes:
    """Return a tar: contents by name; None is a folder, ``->`` begins a symbolic and ``=>`` a hard link."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=form) as made:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            if content is None:
                member.type = tarfile.DIRTYPE
            elif content[:2] in (b"->", b"=>"):
                member.type = tarfile.SYMTYPE if content[:1] == b"-" else tarfile.LNKTYPE
                member.linkname = content[2:].decode()
            else:
                member.size = len(content)
            made.addfile(member, io.BytesIO(content or b"") if member.isreg() else None)
    return stream.getvalue()


@pytest.fixture
def secret(kit: Any) -> bytes:
    return f"TOKEN={kit.token('layer')}\n".encode()


def found(result: Any) -> dict[str, Any]:
    """Return the origins by path."""
    return {finding.location.path: finding.origin for finding in result.findings}


@pytest.mark.parametrize(
    ("above", "removed"),
    [
        ({}, False),
        ({"etc/.wh.app": b""}, True),
        ({"etc/app/.wh.secrets": b""}, True),
        ({"etc/app/secrets/.wh.token": b""}, True),
        ({".wh.etc": b""}, True),
        ({"./etc/.wh.app": b""}, True),
        ({"/etc/.wh.app": b""}, True),
        ({"etc/app/.wh..wh..opq": b""}, True),
        ({".wh..wh..opq": b""}, True),
        ({"etc/app/secrets/token": b"new"}, True),
        ({"etc/app/secrets/token": b"->elsewhere"}, True),
        ({"etc/app/secrets/token": None}, True),
        ({"etc/app": b"->other"}, True),
        ({"etc/app": b"a file now"}, True),
        ({"etc/app": None}, False),
        ({"etc/app/secrets": None}, False),
        ({"etc/app/secrets/.wh.other": b""}, False),
        ({"etc/.wh.ap": b""}, False),
        ({"etc/app/secrets/token/x": b"strange"}, False),
        ({"other/.wh..wh..opq": b""}, False),
        ({"wh.etc": b""}, False),
    ],
)
def test_a_layer_above_takes_a_file_away_or_not(
    above: dict[str, Any], removed: bool, kit: Any, layered: Any, secret: bytes
) -> None:
    origin = found(kit.sweep(layered(tar({"etc/app/secrets/token": secret}), tar({"x": b"y"}), tar(above))))
    assert list(origin) == ["etc/app/secrets/token"]
    assert bool(origin["etc/app/secrets/token"].removed_by_layer) is removed


@given(
    st.sets(st.sampled_from(["a", "a/b", "a/b/c", "a/bc", "d", "d/e"]), min_size=1),
    st.lists(
        st.tuples(
            st.sampled_from(["a", "a/b", "a/b/c", "a/bc", "d", "d/e"]),
            st.sampled_from(["file", "gone", "opaque", "dir"]),
        ),
        max_size=4,
    ),
)
def test_removal_is_what_an_overlay_of_the_two_layers_shows(below: set[str], above: list[tuple[str, str]]) -> None:
    leaves = {one for one in below if not any(other.startswith(f"{one}/") for other in below)}
    paths, visible = LayerPaths(), set(leaves)
    for path, kind in above:
        folder, _, name = path.rpartition("/")
        if kind == "file":
            paths.add(path, "file")
            visible = {one for one in visible if one != path and not one.startswith(f"{path}/")}
        elif kind == "dir":
            paths.add(path, "dir")
            visible.discard(path)
        elif kind == "gone":
            paths.add(f"{folder}/.wh.{name}" if folder else f".wh.{name}", "file")
            visible = {one for one in visible if one != path and not one.startswith(f"{path}/")}
        else:
            paths.add(f"{path}/.wh..wh..opq", "file")
            visible = {one for one in visible if not one.startswith(f"{path}/")}
    assert {one for one in leaves if not paths.takes_away(one)} == visible


def test_a_copy_of_the_file_in_a_later_layer_is_one_finding_with_an_occurrence(
    kit: Any, layered: Any, secret: bytes
) -> None:
    result = kit.sweep(layered(tar({"app/.env": secret}), tar({"app/.env": secret}), tar({"app/.wh..env": b""})))
    (finding,) = result.findings
    assert (finding.origin.layer_index, finding.occurrences_total) == (0, 1)
    assert finding.occurrences[0].origin.layer_index == 1
    digests = {finding.origin.removed_by_layer, finding.occurrences[0].origin.removed_by_layer}
    assert len(digests) == 2
    assert "" not in digests


def test_a_hard_link_is_another_place_of_the_secret(kit: Any, layered: Any, secret: bytes) -> None:
    layers = (tar({"a/token": secret, "b/link": b"=>a/token"}), tar({"a/.wh.token": b""}))
    origins = found(kit.sweep(layered(*layers)))
    assert set(origins) == {"a/token", "b/link"}
    assert origins["a/token"].removed_by_layer
    assert not origins["b/link"].removed_by_layer


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_names_of_any_length_are_read(form: int, kit: Any, layered: Any, secret: bytes) -> None:
    long = "/".join(["a" * 90] * 20) + "/" + "b" * 200
    assert list(found(kit.sweep(layered(tar({long: secret, "é/ü": secret}, form))))) == sorted([long, "é/ü"])


def test_the_values_of_extended_attributes_are_swept(kit: Any, layered: Any, secret: bytes) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as made:
        member = tarfile.TarInfo("bin/tool")
        member.pax_headers = {"SCHILY.xattr.user.note": secret.decode()}
        made.addfile(member)
    result = kit.sweep(layered(stream.getvalue()))
    assert list(found(result)) == ["bin/tool <xattr user.note>"]
    assert result.problems == ()


def test_a_gzip_of_several_members_is_read_to_its_end(kit: Any, layout: Any, secret: bytes) -> None:
    content = tar({"first": b"x" * 5000, "last": secret})
    stargz = b"".join(gzip.compress(content[at : at + 1000]) for at in range(0, len(content), 1000))
    layer = layout.layer(stargz, "application/vnd.oci.image.layer.v1.tar+gzip")
    result = kit.sweep(layout.index(layout.image([layer])))
    assert list(found(result)) == ["last"]
    assert result.problems == ()


def test_what_is_an_archive_inside_a_layer_is_opened(kit: Any, layered: Any, secret: bytes) -> None:
    inner = tar({"etc/token": secret})
    result = kit.sweep(layered(tar({"opt/backup.tar.gz": gzip.compress(inner)}), tar({"opt/.wh.backup.tar.gz": b""})))
    origins = found(result)
    assert list(origins) == ["opt/backup.tar.gz!/etc/token"]
    assert origins["opt/backup.tar.gz!/etc/token"].removed_by_layer


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "a/../../b", "..", "./x", "a\nb", "C:\\x"])
def test_a_path_that_leads_out_is_only_a_name(name: str, kit: Any, layered: Any, secret: bytes, tmp_path: Path) -> None:
    before = set(tmp_path.rglob("*"))
    target = layered(tar({name: secret}))
    result = kit.sweep(target)
    assert len(result.findings) == 1
    after = {path for path in tmp_path.rglob("*") if "by-hand" not in path.parts}
    assert after <= before


def test_devices_and_pipes_are_passed_over_and_the_rest_is_swept(kit: Any, layered: Any, secret: bytes) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as made:
        for kind in (tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE):
            member = tarfile.TarInfo(f"dev/{kind.decode()}")
            member.type, member.devmajor, member.devminor = kind, 1, 3
            made.addfile(member)
        member = tarfile.TarInfo("token")
        member.size = len(secret)
        made.addfile(member, io.BytesIO(secret))
    result = kit.sweep(layered(stream.getvalue()))
    assert list(found(result)) == ["token"]
    assert result.problems == ()


def test_both_of_two_entries_of_one_name_are_swept(kit: Any, layered: Any, secret: bytes) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as made:
        for content in (secret, b"# nothing\n"):
            member = tarfile.TarInfo("token")
            member.size = len(content)
            made.addfile(member, io.BytesIO(content))
    assert list(found(kit.sweep(layered(stream.getvalue())))) == ["token"]


@pytest.mark.parametrize("cut", [700, 1536, 2000, 5000])
def test_a_layer_that_is_cut_short_is_a_problem_and_what_came_is_swept(
    cut: int, kit: Any, layout: Any, secret: bytes
) -> None:
    content = tar({"token": secret, "big": b"x" * 20_000})
    layer = layout.layer(content)
    path = layout.folder / "blobs" / "sha256" / layer["digest"].partition(":")[2]
    path.write_bytes(content[:cut])
    result = kit.sweep(layout.index(layout.image([layer])))
    assert {problem.kind for problem in result.problems} == {"damaged"}
    assert any("bytes are missing" in problem.message for problem in result.problems)
    assert list(found(result)) == (["token"] if cut > 600 else [])


def test_a_compressed_layer_that_is_cut_short_is_a_problem(kit: Any, layout: Any, secret: bytes) -> None:
    content = gzip.compress(tar({"token": secret, "big": hashlib.sha256(b"").digest() * 3000}))
    layer = layout.layer(content[: len(content) // 2], "application/vnd.oci.image.layer.v1.tar+gzip")
    result = kit.sweep(layout.index(layout.image([layer])))
    assert "damaged" in {problem.kind for problem in result.problems}
    assert list(found(result)) == ["token"]


def test_a_layer_under_a_wrong_digest_is_a_problem_and_swept(kit: Any, layout: Any, secret: bytes) -> None:
    layer = layout.layer(tar({"token": b"TOKEN=x" * 20}))
    content = bytearray(tar({"token": secret + b" " * 200})[: layer["size"]])
    (layout.folder / "blobs" / "sha256" / layer["digest"].partition(":")[2]).write_bytes(content)
    result = kit.sweep(layout.index(layout.image([layer])))
    assert any("not what its digest says" in problem.message for problem in result.problems)
    assert list(found(result)) == ["token"]
    assert not result.scan.complete


def test_a_layer_that_is_not_there_is_a_problem_and_the_others_are_swept(kit: Any, layout: Any, secret: bytes) -> None:
    gone = layout.layer(tar({"x": b"y"}))
    target = layout.index(layout.image([gone, layout.layer(tar({"token": secret}))]))
    (layout.folder / "blobs" / "sha256" / gone["digest"].partition(":")[2]).unlink()
    result = kit.sweep(target)
    assert [(problem.kind, "it is not there" in problem.message) for problem in result.problems] == [
        ("unreadable", True)
    ]
    assert list(found(result)) == ["token"]


def test_a_layer_that_is_no_tar_is_swept_as_one_file_and_a_problem(kit: Any, layered: Any, secret: bytes) -> None:
    result = kit.sweep(layered(secret))
    assert [problem.kind for problem in result.problems] == ["unknown"]
    assert len(result.findings) == 1


def test_a_layer_of_an_unknown_type_is_a_problem_and_swept_as_it_looks(kit: Any, layout: Any, secret: bytes) -> None:
    layer = layout.layer(tar({"token": secret}), "application/vnd.example.layer.v9+lzip")
    result = kit.sweep(layout.index(layout.image([layer])))
    assert [problem.kind for problem in result.problems] == ["unknown"]
    assert "of the unknown type 'application/vnd.example.layer.v9+lzip'" in result.problems[0].message
    assert list(found(result)) == ["token"]


def test_a_bomb_ends_at_a_limit_and_the_other_layers_are_swept(kit: Any, layout: Any, secret: bytes) -> None:
    bomb = gzip.compress(tar({"zeros": bytes(40 << 20)}), 9)
    rules = Rules(Limits(free=1 << 20, ratio=50))
    layers = [layout.layer(bomb, "application/vnd.oci.image.layer.v1.tar+gzip"), layout.layer(tar({"token": secret}))]
    result = kit.sweep(layout.index(layout.image(layers)), rules=rules)
    assert "limit" in {problem.kind for problem in result.problems}
    assert list(found(result)) == ["token"]


def test_files_without_end_are_a_limit(kit: Any, layered: Any, secret: bytes) -> None:
    many = tar({f"f{number}": b"" for number in range(500)})
    result = kit.sweep(layered(many, tar({"token": secret})), rules=Rules(Limits(members=100)))
    assert [problem.kind for problem in result.problems] == ["limit"]
    assert "more than 100 members" in result.problems[0].message
    assert list(found(result)) == ["token"]


def test_a_file_over_the_largest_size_is_a_problem(kit: Any, layered: Any, secret: bytes) -> None:
    files = {"big": secret + b"x" * 5000, "token": secret}
    result = kit.sweep(layered(tar(files)), rules=Rules(Limits(largest=1000)))
    assert [problem.kind for problem in result.problems] == ["too_large"]
    assert list(found(result)) == ["token"]


def test_a_large_file_is_swept_in_pieces_to_its_end(kit: Any, layered: Any, secret: bytes) -> None:
    result = kit.sweep(layered(tar({"log": b"a line\n" * 1_400_000 + secret})))
    (finding,) = result.findings
    assert finding.location.start_line == 1_400_001


def test_an_image_without_layers_is_swept_for_its_config(kit: Any, layout: Any) -> None:
    target = layout.index(layout.image([], {"config": {"Env": [f"TOKEN={kit.token('env')}"]}}))
    assert list(found(kit.sweep(target))) == ["<image config>/Env"]


Write = Callable[[Any], str]


MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
NOWHERE: dict[str, Any] = {"mediaType": MANIFEST, "digest": f"sha256:{'0' * 64}", "size": 3}


def _no_index(layout: Any) -> str:
    return str(layout.folder)


def _index_to_nowhere(layout: Any) -> str:
    return str(layout.index(NOWHERE))


def _config_to_nowhere(layout: Any) -> str:
    fields = {"schemaVersion": 2, "config": {**NOWHERE, "mediaType": CONFIG}, "layers": []}
    return str(layout.index(layout.json(fields, MANIFEST)))


def _path_for_digest(layout: Any) -> str:
    return str(layout.index({**NOWHERE, "digest": "sha256:../../../../etc/passwd"}))


def _index_in_itself(layout: Any) -> str:
    one = layout.image([])
    for _ in range(6):
        one = layout.json({"schemaVersion": 2, "manifests": [one]}, "application/vnd.oci.image.index.v1+json")
    return str(layout.index(one))


def _config_no_json(layout: Any) -> str:
    fields = {"schemaVersion": 2, "config": layout.blob(b"nothing", CONFIG), "layers": []}
    return str(layout.index(layout.json(fields, MANIFEST)))


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (_no_index, "no image in it: neither Docker's manifest.json nor OCI's index.json"),
        (_index_to_nowhere, "it is not there"),
        (_config_to_nowhere, "it is not there"),
        (_path_for_digest, "its digest is missing or of an unknown kind"),
        (_index_in_itself, "indexes inside one another, more than 4 deep"),
        (_config_no_json, "config: not JSON"),
    ],
)
def test_a_layout_that_can_not_be_read_is_one_clear_line(write: Write, message: str, kit: Any, layout: Any) -> None:
    with pytest.raises(SourceError, match=message) as error:
        kit.sweep(write(layout))
    assert "\n" not in str(error.value)


def test_of_several_images_one_that_can_not_be_read_is_a_problem(kit: Any, layout: Any, secret: bytes) -> None:
    good = layout.image([layout.layer(tar({"token": secret}))])
    result = kit.sweep(layout.index(NOWHERE, good))
    assert [problem.kind for problem in result.problems] == ["unreadable"]
    assert list(found(result)) == ["token"]


def test_a_docker_archive_that_lists_what_is_not_there_keeps_the_rest(kit: Any, tmp_path: Path, secret: bytes) -> None:
    layer = tar({"token": secret})
    config = {"rootfs": {"diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}", f"sha256:{'1' * 64}"]}}
    listed = [
        {"Config": "config.json", "RepoTags": ["app:1"], "Layers": ["a/layer.tar", "b/layer.tar"]},
        {"Config": "gone.json", "RepoTags": ["other:1"], "Layers": []},
    ]
    (tmp_path / "image.tar").write_bytes(
        tar(
            {
                "a/layer.tar": layer,
                "config.json": json.dumps(config).encode(),
                "manifest.json": json.dumps(listed).encode(),
            }
        )
    )
    for target in (str(tmp_path / "image.tar"), _gzipped(tmp_path / "image.tar")):
        result = kit.sweep(target)
        assert {problem.kind for problem in result.problems} == {"unreadable"}
        assert len(result.problems) == 2
        assert list(found(result)) == ["token"]


def _gzipped(path: Path) -> str:
    path.with_suffix(".tar.gz").write_bytes(gzip.compress(path.read_bytes()))
    return str(path.with_suffix(".tar.gz"))


def test_a_docker_archive_whose_layer_is_another_is_a_problem(kit: Any, tmp_path: Path, secret: bytes) -> None:
    config = {"rootfs": {"diff_ids": [f"sha256:{'1' * 64}"]}}
    listed = [{"Config": "config.json", "RepoTags": ["app:1"], "Layers": ["a/layer.tar"]}]
    files = {"a/layer.tar": tar({"token": secret}), "config.json": json.dumps(config).encode()}
    (tmp_path / "image.tar").write_bytes(tar({**files, "manifest.json": json.dumps(listed).encode()}))
    for target in (str(tmp_path / "image.tar"), _gzipped(tmp_path / "image.tar")):
        result = kit.sweep(target)
        assert [problem.kind for problem in result.problems] == ["damaged"]
        assert "not what its digest says" in result.problems[0].message
        assert list(found(result)) == ["token"]


def test_an_archive_of_no_image_says_what_else_to_do(kit: Any, tmp_path: Path, secret: bytes) -> None:
    (tmp_path / "files.tar").write_bytes(tar({"token": secret}))
    with pytest.raises(SourceError, match=r"no image in it.*secrets-guard scan files"):
        kit.sweep(str(tmp_path / "files.tar"))
    (tmp_path / "random.tar").write_bytes(b"x" * 2000)
    with pytest.raises(SourceError, match="neither a tar archive nor one of an image"):
        kit.sweep(str(tmp_path / "random.tar"))


def test_a_stream_that_breaks_off_keeps_what_came(kit: Any, tmp_path: Path, secret: bytes) -> None:
    files = {"a/layer.tar": tar({"token": secret, "more": hashlib.sha256(b"").digest() * 4000}), "manifest.json": b"[]"}
    content = gzip.compress(tar(files))
    (tmp_path / "image.tar.gz").write_bytes(content[: len(content) * 2 // 3])
    result = kit.sweep(str(tmp_path / "image.tar.gz"))
    assert result.problems
    assert not result.scan.complete
    assert list(found(result)) == [f"{tmp_path}/image.tar.gz: a/layer.tar!/token"]


def test_problems_name_the_layer(kit: Any, layered: Any) -> None:
    result = kit.sweep(layered(tar({"broken.gz": b"\x1f\x8b\x08" + b"x" * 50}), tar({"x": b""})))
    (problem,) = result.problems
    assert isinstance(problem, Problem)
    assert ": layer 0 (sha256:" in problem.where
    assert problem.where.endswith(": broken.gz")


@pytest.mark.parametrize("diff_id", ["sha256:zz", "nonsense:00", "", "sha256:", "md5:" + "0" * 32, "../../etc"])
def test_a_diff_id_that_is_none_is_not_believed(diff_id: str, kit: Any, tmp_path: Path, secret: bytes) -> None:
    config = {"rootfs": {"diff_ids": [diff_id]}}
    listed = [{"Config": "config.json", "RepoTags": ["app:1"], "Layers": ["a/layer.tar"]}]
    files = {"a/layer.tar": tar({"token": secret}), "config.json": json.dumps(config).encode()}
    (tmp_path / "image.tar").write_bytes(tar({**files, "manifest.json": json.dumps(listed).encode()}))
    for target in (str(tmp_path / "image.tar"), _gzipped(tmp_path / "image.tar")):
        result = kit.sweep(target)
        assert result.problems == ()
        assert {path: origin.layer_digest for path, origin in found(result).items()} == {"token": "layer 0"}

"""What an image's config says (variables, labels, commands, build arguments) is swept, and never told in the clear."""

from __future__ import annotations

from typing import Any

import pytest


def paths(result: Any) -> list[str]:
    return sorted(finding.location.path for finding in result.findings)


@pytest.mark.parametrize(
    ("setting", "path"),
    [
        ({"Env": ["PATH=/bin", "TOKEN=SECRET"]}, "<image config>/Env"),
        ({"Labels": {"a": "b", "build.token": "SECRET"}}, "<image config>/Labels"),
        ({"Cmd": ["run", "--token", "SECRET"]}, "<image config>/Cmd"),
        ({"Cmd": "run --token SECRET"}, "<image config>/Cmd"),
        ({"Entrypoint": ["sh", "-c", "curl -H token:SECRET x"]}, "<image config>/Entrypoint"),
        ({"Healthcheck": {"Test": ["CMD", "curl", "-H", "token:SECRET"]}}, "<image config>/Healthcheck"),
        ({"OnBuild": ["RUN echo SECRET"]}, "<image config>/OnBuild"),
        ({"Shell": ["sh", "SECRET"]}, "<image config>/Shell"),
        ({"User": "SECRET"}, "<image config>/settings"),
    ],
)
def test_a_secret_in_a_setting_is_found(setting: dict[str, Any], path: str, kit: Any, layout: Any) -> None:
    token = kit.token("setting")
    filled = _filled(setting, token)
    result = kit.sweep(layout.index(layout.image([], {"config": filled})))
    assert paths(result) == [path]
    (finding,) = result.findings
    assert finding.origin.kind == "image-config"
    assert finding.origin.setting == path.partition("/")[2]
    assert token not in repr(result)


def _filled(value: Any, token: str) -> Any:
    if isinstance(value, dict):
        return {name: _filled(item, token) for name, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, token) for item in value]
    return value.replace("SECRET", token)


def test_a_bare_password_among_the_variables_is_found(kit: Any, layout: Any) -> None:
    target = layout.index(layout.image([], {"config": {"Env": ["DB_PASSWORD=Xk9-mQ2v_Lr7wZp4"]}}))
    assert paths(kit.sweep(target)) == ["<image config>/Env"]


def test_comments_authors_and_the_builders_own_config_are_swept(kit: Any, layout: Any) -> None:
    config = {
        "author": f"jo {kit.token('author')}",
        "container_config": {"Env": [f"TOKEN={kit.token('builder')}"]},
        "history": [{"created_by": "x", "comment": kit.token("comment"), "empty_layer": True}],
    }
    found = paths(kit.sweep(layout.index(layout.image([], config))))
    assert found == ["<image config>/container_config/Env", "<image config>/history[0]/comment", "<image config>/other"]


def test_annotations_of_index_and_manifest_are_swept(kit: Any, layout: Any) -> None:
    one = layout.image([], annotations={"note": kit.token("index")})
    assert paths(kit.sweep(layout.index(one))) == ["<image config>/index annotations"]


def test_a_build_argument_is_found_and_not_told_by_the_layers_that_it_made(kit: Any, layout: Any) -> None:
    argument, inside = kit.token("argument"), kit.token("inside")
    layers = [layout.layer(kit.tar({"a": f"token {inside}".encode()})), layout.layer(kit.tar({".wh.a": b""}))]
    history = [
        {"created_by": f"RUN |1 TOKEN={argument} /bin/sh -c make # buildkit"},
        {"created_by": "ENV X=1", "empty_layer": True},
        {"created_by": f"RUN rm a; curl -H {argument} https://example.org"},
    ]
    result = kit.sweep(layout.index(layout.image(layers, {"history": history})))
    assert paths(result) == ["<image config>/history[0]", "a"]
    layer = next(finding.origin for finding in result.findings if finding.location.path == "a")
    assert layer.created_by.startswith("RUN … (not shown: it may hold a secret; see history[0]")
    assert layer.removed_by.startswith("RUN … (not shown: it may hold a secret; see history[2]")
    assert argument not in repr(result)
    assert inside not in repr(result)


def test_an_allowed_build_argument_is_not_told_either(kit: Any, layout: Any) -> None:
    argument = kit.token("argument")
    layers = [layout.layer(kit.tar({"a": f"token {kit.token('inside')}".encode()}))]
    history = [{"created_by": f"RUN TOKEN={argument} make # secrets-guard: allow"}]
    result = kit.sweep(layout.index(layout.image(layers, {"history": history})))
    assert paths(result) == ["a"]
    assert result.stats.suppressed == {"inline": 1}
    assert argument not in repr(result)


def test_instructions_are_those_that_made_layers(kit: Any, layout: Any) -> None:
    layers = [layout.layer(kit.tar({name: kit.token(name).encode()})) for name in ("a", "b")]
    history = [
        {"created_by": "FROM-like", "empty_layer": True},
        {"created_by": "COPY   a\n/a"},
        {"created_by": "ENV A=1", "empty_layer": True},
        {"created_by": "COPY b /b"},
    ]
    result = kit.sweep(layout.index(layout.image(layers, {"history": history})))
    assert {finding.location.path: finding.origin.created_by for finding in result.findings} == {
        "a": "COPY a /a",
        "b": "COPY b /b",
    }


def test_a_history_that_does_not_fit_tells_nothing_wrong(kit: Any, layout: Any) -> None:
    layers = [layout.layer(kit.tar({name: kit.token(name).encode()})) for name in ("a", "b")]
    result = kit.sweep(layout.index(layout.image(layers, {"history": [{"created_by": "COPY a /a"}]})))
    assert {finding.origin.created_by for finding in result.findings} == {""}


@pytest.mark.parametrize(
    "config",
    [
        {"config": None},
        {"config": []},
        {"config": {"Env": "A=1", "Labels": [1], "Cmd": 3, "Healthcheck": "x", "OnBuild": {"a": 1}}},
        {"history": {"a": 1}},
        {"history": [None, 3, {"created_by": 5, "empty_layer": "yes"}]},
        {"rootfs": []},
        {"rootfs": {"diff_ids": "x"}},
        {"os": 5, "architecture": None},
    ],
)
def test_a_config_of_odd_shape_is_swept_as_far_as_it_goes(config: dict[str, Any], kit: Any, layout: Any) -> None:
    layer = layout.layer(kit.tar({"a": kit.token("a").encode()}))
    assert paths(kit.sweep(layout.index(layout.image([layer], config)))) == ["a"]


def test_a_setting_and_the_history_line_that_made_it_are_one_finding(kit: Any, layout: Any) -> None:
    token = kit.token("env")
    history = [{"created_by": f"/bin/sh -c #(nop) ENV TOKEN={token}", "empty_layer": True}]
    config = {"config": {"Env": [f"TOKEN={token}"]}, "history": history}
    (finding,) = kit.sweep(layout.index(layout.image([], config))).findings
    assert finding.location.path == "<image config>/Env"
    assert [other.path for other in finding.occurrences] == ["<image config>/history[0]"]

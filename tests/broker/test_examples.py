"""The examples in config/broker are what they say: their parts fit together, and what can be run is run."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import kubernetes_validate
import pytest
import yaml

from secrets_guard.broker.entry import inherited_entries
from secrets_guard.broker.manifest import read_manifest

from .conftest import ROOT, Run, Vault, aws_environment

EXAMPLES = ROOT / "config" / "broker"
ENTRY_POINT = ["secrets-guard", "run", "--"]


def dockerfile() -> dict[str, list[str]]:
    """Return the arguments of each instruction of the Dockerfile."""
    made: dict[str, list[str]] = {}
    for line in (EXAMPLES / "Dockerfile").read_text().splitlines():
        if line and not line.startswith("#"):
            word, _, rest = line.partition(" ")
            made.setdefault(word, []).append(rest)
    return made


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((EXAMPLES / "compose.yaml").read_text())
    return document


def test_the_image_is_of_this_tree_runs_as_nobody_special_and_becomes_its_command() -> None:
    found = dockerfile()
    assert json.loads(found["ENTRYPOINT"][0]) == ENTRY_POINT
    assert found["USER"] == ["10001"]
    assert all(json.loads(command) for command in found["CMD"])
    extras = re.search(r"/src\[([a-z,]+)\]", "".join(found["RUN"]))
    assert extras is not None
    project = (ROOT / "pyproject.toml").read_text()
    for extra in extras.group(1).split(","):
        assert f"\n{extra} = [" in project


def test_compose_takes_the_file() -> None:
    command = shutil.which("docker-compose")
    if command is None:
        pytest.skip("no docker-compose")
    done = subprocess.run(
        [command, "-f", str(EXAMPLES / "compose.yaml"), "config"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert set(yaml.safe_load(done.stdout)["services"]) == {"bao", "administrator", "app"}


def test_what_compose_mounts_and_builds_is_there(compose: dict[str, Any]) -> None:
    app = compose["services"]["app"]
    build = app["build"]
    assert (EXAMPLES / build["context"] / build["dockerfile"]).resolve() == EXAMPLES / "Dockerfile"
    for service in compose["services"].values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in compose["volumes"] if "/" not in source else (EXAMPLES / source).is_file()
    targets = {volume.split(":")[1]: volume.split(":")[0] for volume in app["volumes"]}
    assert targets[app["environment"]["SECRETS_GUARD_MANIFEST"]] == "./secrets.yaml"


def test_the_compose_example_runs_against_a_real_server(
    compose: dict[str, Any], vault: Vault, run: Run, tmp_path: Path
) -> None:
    """All but the containers: the administrator's script, the manifest, the command."""
    places = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    script = {"BAO_ADDR": vault.address, "BAO_TOKEN": vault.token, "BAO_NAMESPACE": vault.namespace, "PATH": places}
    subprocess.run(["sh", str(EXAMPLES / "seed.sh"), str(tmp_path)], env={**script, "HOME": str(tmp_path)}, check=True)
    text = (EXAMPLES / "secrets.yaml").read_text()
    assert "/run/approle/" in text
    (tmp_path / "secrets.yaml").write_text(text.replace("/run/approle", str(tmp_path)))
    command = [word.replace("$$", "$") for word in compose["services"]["app"]["command"]]
    env = {"VAULT_ADDR": vault.address, "VAULT_NAMESPACE": vault.namespace, "SECRETS_GUARD_MANIFEST": "secrets.yaml"}
    ran = run("run", "--", *command, env=env)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "started with a key of 32 characters, and no token\n"
    # As the file says: a second start needs a new wrapping.
    ran = run("run", "--", *command, env=env)
    assert (ran.code, "possible interception" in ran.err) == (120, True)


@pytest.fixture(scope="module")
def resources() -> dict[str, dict[str, Any]]:
    documents = yaml.safe_load_all((EXAMPLES / "kubernetes.yaml").read_text())
    return {document["kind"]: document for document in documents}


def test_kubernetes_takes_every_resource(resources: dict[str, dict[str, Any]]) -> None:
    assert set(resources) == {"ServiceAccount", "ConfigMap", "Deployment"}
    for resource in resources.values():
        kubernetes_validate.validate(resource, "1.30", strict=True)
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(resources["ConfigMap"] | {"dta": {}}, "1.30", strict=True)


def test_the_pod_mounts_what_its_manifest_reads(resources: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    pod = resources["Deployment"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    environment = {one["name"]: one["value"] for one in container["env"]}
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    assert set(mounts) == set(volumes)
    assert pod["serviceAccountName"] == resources["ServiceAccount"]["metadata"]["name"]
    assert volumes["manifest"]["configMap"]["name"] == resources["ConfigMap"]["metadata"]["name"]
    ((name, text),) = resources["ConfigMap"]["data"].items()
    assert environment["SECRETS_GUARD_MANIFEST"] == f"{mounts['manifest']}/{name}"
    (tmp_path / name).write_text(text)
    manifest = read_manifest(str(tmp_path / name), environment)
    settings = manifest.providers["vault"]
    token = volumes["vault-token"]["projected"]["sources"][0]["serviceAccountToken"]
    assert settings["auth"]["jwt_file"] == f"{mounts['vault-token']}/{token['path']}"
    assert settings["ca_cert"].startswith(f"{mounts['vault-ca']}/")
    assert settings["address"] == environment["VAULT_ADDR"]
    assert [entry.name for entry in manifest.entries] == ["API_KEY", "DATABASE_URL"]
    assert dockerfile()["USER"] == [str(pod["securityContext"]["runAsUser"])]


def test_ecs_takes_the_task_and_its_command_starts_with_its_secrets(aws: str, run: Run) -> None:
    task = json.loads((EXAMPLES / "ecs-task.json").read_text())
    made = boto3.client("ecs", endpoint_url=aws).register_task_definition(**task)["taskDefinition"]
    (container,) = made["containerDefinitions"]
    assert container["entryPoint"] == ENTRY_POINT
    environment = {one["name"]: one["value"] for one in container["environment"]}
    assert [entry.name for entry in inherited_entries(environment)] == ["API_KEY", "DATABASE_URL", "SENTRY_DSN"]
    secrets = boto3.client("secretsmanager", endpoint_url=aws)
    secrets.create_secret(Name="prod/app", SecretString='{"api_key": "of the app"}')
    secrets.create_secret(Name="prod/db", SecretString='{"user": "joe", "password": "p"}')
    # As in a task of Fargate, which names the region by this variable only.
    given = {**aws_environment(aws), "AWS_REGION": "eu-west-1"}
    del given["AWS_DEFAULT_REGION"]
    show = 'echo "$API_KEY|$DATABASE_URL|${SENTRY_DSN-none}|$AWS_ACCESS_KEY_ID"'
    ran = run(*container["entryPoint"][1:], "sh", "-c", show, env={**given, **environment})
    assert (ran.code, ran.out) == (0, "of the app|postgres://joe:p@db/app|none|\n")


def test_every_example_is_in_the_documentation() -> None:
    guide = (ROOT / "docs" / "broker.md").read_text()
    for path in EXAMPLES.iterdir():
        assert f"config/broker/{path.name}" in guide, path.name

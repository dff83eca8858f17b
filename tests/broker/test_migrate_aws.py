"""``migrate`` to Secrets Manager: moto over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest

from secrets_guard.rules.template import fill

from .conftest import Run, aws_environment
from .fault_proxy import FaultProxy

VALUES = {f"SERVICE_{n}_PASSWORD": fill("<alnum:28>", f"aws {n}") for n in range(5)}
KEYS = {name.lower(): value for name, value in VALUES.items()}
COMMAND = ("migrate", ".env", "--to", "aws-sm:prod/app", "--yes")


@pytest.fixture
def manager(aws: str, tmp_path: Path) -> Any:
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in VALUES.items()))
    return boto3.client("secretsmanager")


def held(manager: Any) -> dict[str, object]:
    # By its label: without one moto takes the version that was last put, wherever the label has moved.
    answer = manager.get_secret_value(SecretId="prod/app", VersionStage="AWSCURRENT")
    return dict(json.loads(answer["SecretString"]))


def test_a_secret_that_is_not_there_is_made(manager: Any, aws: str, run: Run, tmp_path: Path) -> None:
    ran = run(*COMMAND, env=aws_environment(aws))
    assert ran.code == 0, ran.err
    assert held(manager) == KEYS
    assert "SERVICE_0_PASSWORD=aws-sm:prod/app#service_0_password\n" in (tmp_path / ".env").read_text()
    assert not [value for value in VALUES.values() if value in ran.out + ran.err]
    assert run(*COMMAND, env=aws_environment(aws)).code == 0


def test_keys_are_added_and_no_label_is_left_behind(manager: Any, aws: str, run: Run) -> None:
    old = manager.create_secret(Name="prod/app", SecretString='{"other": "stays", "number": 7}')["VersionId"]
    ran = run(*COMMAND, env=aws_environment(aws))
    assert ran.code == 0, ran.err
    assert held(manager) == {"other": "stays", "number": 7, **KEYS}
    labels = manager.describe_secret(SecretId="prod/app")["VersionIdsToStages"]
    assert labels.pop(old) == ["AWSPREVIOUS"]
    assert list(labels.values()) == [["AWSCURRENT"]]


def test_another_value_is_never_overwritten_in_aws(manager: Any, aws: str, run: Run, tmp_path: Path) -> None:
    before = (tmp_path / ".env").read_text()
    manager.create_secret(Name="prod/app", SecretString='{"service_0_password": "another value"}')
    ran = run(*COMMAND, env=aws_environment(aws))
    assert ran.code == 120
    assert "aws-sm:prod/app#service_0_password: holds another value already" in ran.err
    assert "another value\n" not in ran.err
    assert held(manager) == {"service_0_password": "another value"}
    assert (tmp_path / ".env").read_text() == before


@pytest.mark.parametrize("text", ["just a text", '["a list"]'])
def test_a_secret_without_keys_is_left_alone(manager: Any, aws: str, run: Run, text: str) -> None:
    manager.create_secret(Name="prod/app", SecretString=text)
    ran = run(*COMMAND, env=aws_environment(aws))
    assert ran.code == 120
    assert "has no keys" in ran.err
    assert manager.get_secret_value(SecretId="prod/app")["SecretString"] == text


def test_what_becomes_current_meanwhile_stays_so(
    manager: Any, aws: str, run: Run, proxy: Callable[..., FaultProxy], tmp_path: Path
) -> None:
    manager.create_secret(Name="prod/app", SecretString='{"other": "old"}')
    racing = proxy(aws)

    def another_is_faster(_body: bytes) -> tuple[int, object]:
        del racing.own["MoveToVersionId"]
        manager.put_secret_value(SecretId="prod/app", SecretString='{"other": "new"}')
        message = "The parameter RemoveFromVersionId can't be empty or another than where AWSCURRENT is."
        return 400, {"__type": "InvalidParameterException", "message": message}

    racing.own = {"MoveToVersionId": another_is_faster}
    ran = run(*COMMAND, env={**aws_environment(aws), "AWS_ENDPOINT_URL": racing.url})
    assert ran.code == 0, ran.err
    assert held(manager) == {"other": "new", **KEYS}


def test_the_label_moves_from_the_version_that_was_read_and_from_no_other(manager: Any) -> None:
    """What the above stands on: the service's own refusal."""
    old = manager.create_secret(Name="prod/app", SecretString="{}")["VersionId"]
    new = manager.put_secret_value(SecretId="prod/app", SecretString='{"a": "b"}')["VersionId"]
    mine = manager.put_secret_value(SecretId="prod/app", SecretString="{}", VersionStages=["waiting"])["VersionId"]
    with pytest.raises(manager.exceptions.InvalidParameterException):
        manager.update_secret_version_stage(
            SecretId="prod/app", VersionStage="AWSCURRENT", MoveToVersionId=mine, RemoveFromVersionId=old
        )
    assert manager.get_secret_value(SecretId="prod/app", VersionStage="AWSCURRENT")["VersionId"] == new

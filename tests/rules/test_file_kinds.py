"""One realistic file of each kind that people leak, its values made up when the test runs: what must be found, by what.

A line that holds a secret is given with the rule that should report it; every other line must be silent.
"""

from __future__ import annotations

import json
from typing import NamedTuple

import pytest

from secrets_guard import api
from secrets_guard.cache import user_cache
from secrets_guard.model.finding import Finding
from secrets_guard.rules.active import load_rules
from secrets_guard.rules.template import fill_bytes
from secrets_guard.sources.memory import MemorySource


class Kind(NamedTuple):
    """A file: its path, and its text as templates; ``expected`` is a list of (line, rule) in the order of lines."""

    path: str
    text: str
    expected: tuple[tuple[int, str], ...]


_NOTEBOOK = {
    "cells": [
        {"cell_type": "markdown", "source": ["# A report\n"], "metadata": {}},
        {
            "cell_type": "code", "execution_count": 1, "metadata": {},
            "source": ["import os\n", 'TOKEN = "<github:ghp_>"\n', 'db_password = "<[a-zA-Z0-9!]:18>"\n'],
            "outputs": [
                {"output_type": "stream", "name": "stdout", "text": ["AWS_SECRET_ACCESS_KEY=<base64:40>\n"]},
                {"output_type": "execute_result", "data": {"text/plain": ["{'api_key': '<alnum:32>'}"]}},
            ],
        },
    ],
    "metadata": {}, "nbformat": 4, "nbformat_minor": 5,
}  # fmt: skip
_UUID = "<hex:8>-<hex:4>-<hex:4>-<hex:4>-<hex:12>"

KINDS = (
    Kind(
        ".env",
        "# settings\nDEBUG=true\nDB_HOST=db.internal\nDB_PASSWORD=<[a-zA-Z0-9!]:16>\nexport API_TOKEN='<alnum:40>'\n"
        "DATABASE_URL=postgres://app:<alnum:18>@db.internal:5432/app\nSTRIPE_SECRET_KEY=sk_live_<alnum:24>\n"
        "SECRET_KEY_BASE=<hex:128>\nMAIL_FROM=noreply@shop.dev\nJWT_SECRET=<alnum:32>\nREDIS_PASSWORD=${REDIS_PW}\n",
        (
            (4, "generic-secret-assignment"),
            (5, "generic-secret-assignment"),
            (6, "url-credentials"),
            (7, "stripe-live-secret-key"),
            (8, "generic-secret-assignment"),
            (10, "generic-secret-assignment"),
        ),
    ),
    Kind(
        "home/.npmrc",
        "registry=https://registry.npmjs.org/\n//registry.npmjs.org/:_authToken=<npm>\n"
        "//nexus.corp/:_auth=<b64:deploy:<alnum:16>>\n//nexus.corp/:_password=<b64:<alnum:18>>\n"
        f"//nexus.corp/:_authToken={_UUID}\n//x.corp/:_authToken=${{NPM_TOKEN}}\nemail=jo@shop.dev\n",
        (
            (2, "npm-access-token"),
            (3, "npm-registry-basic-auth"),
            (4, "npm-registry-basic-auth"),
            (5, "npm-registry-auth-token"),
        ),
    ),
    Kind(
        "home/.pypirc",
        "[distutils]\nindex-servers = pypi internal\n\n[pypi]\nusername = __token__\n"
        "password = <pypi:pypi.org>\n\n"
        "[internal]\nrepository = https://pypi.corp/\nusername = deploy\npassword = <[a-zA-Z0-9!]:14>\n",
        ((6, "pypi-api-token"), (11, "generic-secret-assignment")),
    ),
    Kind(
        "home/.netrc",
        f"machine api.heroku.com\n  login jo@shop.dev\n  password {_UUID}\n"
        "machine git.corp login deploy password <[a-zA-Z0-9!]:16>\ndefault login anonymous password anonymous\n",
        ((3, "heroku-netrc-key"), (4, "netrc-password")),
    ),
    Kind(
        "home/.docker/config.json",
        '{\n\t"auths": {\n\t\t"https://index.docker.io/v1/": {\n\t\t\t"auth": "<b64:jo:dckr_pat_<base64url:27>>"\n'
        "\t\t},\n"
        '\t\t"registry.corp": {\n\t\t\t"auth": "<b64:deploy:<[a-zA-Z0-9!]:16>>"\n\t\t},\n'
        f'\t\t"x.azurecr.io": {{\n\t\t\t"auth": "<b64:{"0" * 8}-0000-0000-0000-{"0" * 12}:>",\n'
        '\t\t\t"identitytoken": "<jwt>"\n\t\t}\n\t},\n\t"credsStore": "desktop"\n}\n',
        ((4, "docker-config-auth"), (7, "docker-config-registry-auth"), (11, "json-web-token")),
    ),
    Kind(
        "home/.kube/config",
        "apiVersion: v1\nkind: Config\nclusters:\n- cluster:\n    certificate-authority-data: <b64:<pem:CERTIFICATE>>\n"
        "    server: https://10.0.0.1:6443\n  name: prod\nusers:\n- name: admin\n  user:\n"
        "    client-certificate-data: <b64:<pem:CERTIFICATE>>\n    client-key-data: <b64:<pem:RSA PRIVATE KEY>>\n"
        "- name: ci\n  user:\n    token: <jwt>\n- name: old\n  user:\n    username: admin\n    password: <alnum:32>\n",
        ((12, "kubernetes-client-key-data"), (15, "json-web-token"), (19, "generic-secret-assignment")),
    ),
    Kind(
        "home/.aws/credentials",
        "[default]\naws_access_key_id = AKIA<[A-Z2-7]:16>\naws_secret_access_key = <base64:40>\n"
        "[session]\naws_access_key_id = ASIA<[A-Z2-7]:16>\naws_secret_access_key = <base64:40>\n"
        "aws_session_token = IQoJb3JpZ2luX2Vj<base64:300>\n",
        (
            (2, "aws-access-key-id"),
            (3, "aws-access-key-pair"),
            (5, "aws-access-key-id"),
            (6, "aws-access-key-pair"),
            (7, "aws-session-token"),
        ),
    ),
    Kind(
        "gcp/service-account.json",
        '{\n  "type": "service_account",\n  "project_id": "shop",\n  "private_key_id": "<hex:40>",\n'
        '  "private_key": "<pem:PRIVATE KEY>\\n",\n  "client_email": "ci@shop.iam.gserviceaccount.com",\n'
        '  "client_id": "<digit:21>"\n}\n',
        ((5, "gcp-service-account-key"),),
    ),
    Kind(
        "home/.config/gcloud/application_default_credentials.json",
        '{\n  "client_id": "<digit:12>-<loweralnum:32>.apps.googleusercontent.com",\n'
        '  "client_secret": "GOCSPX-<base64url:28>",\n  "refresh_token": "1//0<base64url:100>",\n'
        '  "type": "authorized_user"\n}\n',
        ((3, "gcp-oauth-client-secret"), (4, "gcp-oauth-refresh-token")),
    ),
    Kind(
        "home/.azure/service_principal_entries.json",
        f'[\n {{\n  "client_id": "{_UUID}",\n  "tenant": "{_UUID}",\n'
        '  "client_secret": "<[A-Za-z0-9]:3>8Q~<[A-Za-z0-9_~.]:34>"\n }\n]\n',
        ((5, "azure-client-secret"),),
    ),
    Kind(
        "home/.bash_history",
        "ls -la\ncd shop\nexport GITHUB_TOKEN=<github:ghp_>\nmysql -u root -p<alnum:16> shop\n"
        "curl -u deploy:<[a-zA-Z0-9]:16> https://nexus.corp/repository/\n"
        "curl -H 'Authorization: Bearer <alnum:40>' https://api.corp/v1/me\n"
        "sshpass -p '<[a-zA-Z0-9!]:14>' ssh root@10.0.0.5\ngit clone https://jo:<alnum:20>@git.corp/shop.git\n"
        "psql postgresql://app:<alnum:16>@db/shop\nPGPASSWORD=<alnum:16> psql -h db shop\n"
        "docker login -u jo -p <alnum:20> registry.corp\nwget --user=jo --password=<alnum:16> https://x.corp/f\n"
        "echo $HOME\nmysql -u root -p shop\nredis-cli -a <alnum:24> ping\nvault login hvs.<base64url:95>\n"
        "aws configure set aws_secret_access_key <base64:40>\n",
        (
            (3, "github-personal-access-token"),
            (4, "mysql-client-password"),
            (5, "curl-user-password"),
            (6, "http-authorization-header"),
            (7, "sshpass-password"),
            (8, "url-credentials"),
            (9, "url-credentials"),
            (10, "generic-secret-assignment"),
            (11, "client-option-password"),
            (12, "generic-secret-assignment"),
            (15, "client-option-password"),
            (16, "vault-service-token"),
            (17, "aws-configure-secret"),
        ),
    ),
    Kind(
        "home/.zsh_history",
        ": 1700000000:0;export OPENAI_API_KEY=sk-proj-<alnum:48>T3BlbkFJ<alnum:48>\n: 1700000001:0;ls\n"
        ": 1700000002:0;curl -u deploy:<[a-zA-Z0-9]:16> https://nexus.corp/\n",
        ((1, "openai-project-key"), (3, "curl-user-password")),
    ),
    Kind(
        "home/.local/share/fish/fish_history",
        "- cmd: set -x NPM_TOKEN <npm>\n  when: 1700000000\n- cmd: set -gx DB_PASSWORD <alnum:18>\n",
        ((1, "npm-access-token"), (3, "generic-secret-shell-variable")),
    ),
    Kind(
        "home/.psql_history",
        "\\\\d users\nALTER USER app WITH PASSWORD '<[a-zA-Z0-9!]:16>';\n"
        "CREATE ROLE ro LOGIN PASSWORD '<alnum:16>';\nselect 1;\n",
        ((2, "sql-user-password"), (3, "sql-user-password")),
    ),
    Kind(
        "infra/terraform.tfstate",
        '{\n  "version": 4,\n  "serial": 12,\n  "lineage": "' + _UUID + '",\n  "resources": [\n    {\n'
        '      "type": "aws_iam_access_key",\n      "instances": [{"attributes": {\n'
        '        "id": "AKIA<[A-Z2-7]:16>",\n        "secret": "<base64:40>",\n'
        '        "ses_smtp_password_v4": "B<[A-Za-z0-9+/]:43>"\n      }}]\n    },\n    {\n'
        '      "type": "aws_db_instance",\n      "instances": [{"attributes": {\n        "username": "app",\n'
        '        "password": "<[a-zA-Z0-9!]:20>"\n      }}]\n    },\n    {\n      "type": "random_password",\n'
        '      "instances": [{"attributes": {\n        "bcrypt_hash": "$2a$10$<[A-Za-z0-9./]:53>",\n'
        '        "length": 24,\n'
        '        "result": "<[a-zA-Z0-9!]:24>"\n      }}]\n    },\n    {\n      "type": "tls_private_key",\n'
        '      "instances": [{"attributes": {\n        "private_key_pem": "<pem:RSA PRIVATE KEY>\\n"\n      }}]\n'
        "    }\n  ]\n}\n",
        (
            (9, "aws-access-key-id"),
            (10, "aws-secret-key-near-id"),
            (11, "aws-ses-smtp-password"),
            (18, "generic-secret-assignment"),
            (24, "password-hash-bcrypt"),
            (26, "terraform-random-password"),
            (32, "private-key-pem"),
        ),
    ),
    Kind(
        "analysis/report.ipynb",
        json.dumps(_NOTEBOOK, indent=1),
        (
            (16, "github-personal-access-token"),
            (17, "generic-secret-assignment"),
            (24, "aws-secret-access-key"),
            (31, "generic-secret-assignment"),
        ),
    ),
    Kind(
        "home/.pgpass",
        "# host:port:db:user:password\ndb.corp:5432:shop:app:<[a-zA-Z0-9!]:16>\n*:*:*:postgres:<alnum:14>\n",
        ((2, "postgres-pgpass-password"), (3, "postgres-pgpass-password")),
    ),
    Kind(
        "home/.my.cnf",
        "[client]\nuser = root\npassword = <[a-zA-Z0-9!]:14>\nhost = db\n",
        ((3, "generic-secret-assignment"),),
    ),
    Kind(
        "home/.git-credentials",
        "https://jo:<github:ghp_>@github.com\nhttps://deploy:<alnum:20>@git.corp\n",
        ((1, "github-personal-access-token"), (2, "url-credentials")),
    ),
    Kind(
        "home/.m2/settings.xml",
        "<settings>\n  <servers>\n    <server>\n      <id>nexus</id>\n      <username>deploy</username>\n"
        "      <password><[a-zA-Z0-9!]:16></password>\n    </server>\n  </servers>\n</settings>\n",
        ((6, "generic-secret-xml-element"),),
    ),
    Kind(
        "NuGet.Config",
        '<configuration>\n <packageSourceCredentials>\n  <corp>\n   <add key="Username" value="jo" />\n'
        '   <add key="ClearTextPassword" value="<[a-zA-Z0-9!]:18>" />\n  </corp>\n </packageSourceCredentials>\n'
        "</configuration>\n",
        ((5, "nuget-config-password"),),
    ),
    Kind(
        "auth.json",
        '{"http-basic": {"repo.corp": {"username": "jo", "password": "<[a-zA-Z0-9!]:16>"}},\n'
        ' "github-oauth": {"github.com": "<github:ghp_>"},\n "gitlab-token": {"git.corp": "<base64url:24>"}}\n',
        ((1, "generic-secret-assignment"), (2, "github-personal-access-token"), (3, "packagist-composer-auth")),
    ),
    Kind(
        "home/.config/rclone/rclone.conf",
        "[s3]\ntype = s3\naccess_key_id = AKIA<[A-Z2-7]:16>\nsecret_access_key = <base64:40>\n"
        "[box]\ntype = webdav\nuser = jo\npass = <base64url:40>\n",
        ((3, "aws-access-key-id"), (4, "aws-access-key-pair"), (8, "generic-password-short-name")),
    ),
    Kind(
        "gradle.properties",
        "org.gradle.jvmargs=-Xmx2g\nsigning.keyId=24875D73\nsigning.password=<[a-zA-Z0-9!]:14>\n"
        "mavenCentralPassword=<alnum:44>\n",
        ((3, "generic-secret-assignment"), (4, "sonatype-user-token")),
    ),
    Kind(
        "wp-config.php",
        "<?php\ndefine('DB_NAME', 'wp');\ndefine( 'DB_PASSWORD', '<[a-zA-Z0-9!]:16>' );\n"
        "define('AUTH_KEY',         '<[a-zA-Z0-9!%,;|]:64>');\n$table_prefix = 'wp_';\n",
        ((3, "generic-secret-assignment"), (4, "wordpress-key-or-salt")),
    ),
)


def found(path: str, content: bytes) -> list[Finding]:
    return list(api.scan(MemorySource({path: content})).findings)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.path)
def test_each_kind_of_file_gives_up_all_its_secrets_and_nothing_else(kind: Kind) -> None:
    secrets = {rule.id for rule in load_rules(cache=user_cache()).rules if rule.alone}
    told = [
        (line, rule_id)
        for one in found(kind.path, fill_bytes(kind.text, kind.path))
        for line, rule_id in [
            (one.location.start_line, one.rule_id),
            *((part.start_line, part.rule_id) for part in one.parts),
        ]
        if rule_id in secrets
    ]
    assert sorted(set(told)) == list(kind.expected)

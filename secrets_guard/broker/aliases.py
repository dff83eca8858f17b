"""References as vals and ECS write them -> ours."""

from __future__ import annotations

import re

from secrets_guard.errors import ManifestError

# https://github.com/helmfile/vals#suported-backends
_VALS = {
    "vault": "vault",
    "openbao": "vault",
    "awssecrets": "aws-sm",
    "awsssm": "aws-ssm",
    "gcpsecrets": "gcp-sm",
    "file": "file",
}
_VALS_OPTIONS = {"version_stage": "stage", "version_id": "version"}
VALS = re.compile(r"(?:secret)?ref\+[a-z0-9]+://")
"""How each of theirs begins."""
VALS_INLINE = re.compile(rf"((?:secret)?ref\+(?:{'|'.join(_VALS)})://[^+\s\"]+)(?:\+|$)")
"""One of theirs inside a longer text: it ends at a '+', or where the text ends."""
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
_SECRET_ARN = re.compile(r"(arn:aws[\w-]*:secretsmanager:[\w-]+:\d*:secret:[^:#?]+)((?::[^:#?]*){0,3})([#?].*)?")
_PARAMETER_ARN = re.compile(r"(arn:aws[\w-]*:ssm:([\w-]+):\d*:parameter(/[^#?]+))([#?].*)?")


def from_vals(text: str) -> str:
    """Return ``ref+vault://…#/key`` and its kin as ours. Raises ManifestError for a backend or mode that we lack."""
    scheme, _, rest = text.removeprefix("secret").removeprefix("ref+").partition("://")
    if scheme not in _VALS:
        raise ManifestError(
            f"ref+{scheme}://: no provider for it; there are {', '.join(f'ref+{name}' for name in _VALS)}"
        )
    rest = rest.removesuffix("+")
    # Theirs gives a text where the secret is not there; ours of the same name is something else.
    renamed = _VALS_OPTIONS | ({"fallback": "default"} if scheme == "gcpsecrets" else {})
    for theirs, ours in renamed.items():
        rest = re.sub(rf"(?<=[?&]){theirs}=", f"{ours}=", rest)
    if scheme == "awsssm":
        return f"aws-ssm:{_parameter(rest)}"
    head, hash_, key = rest.partition("#")
    # Theirs is a path into the document; a single name is the same for us without the slash.
    key = key[1:] if key.startswith("/") and "/" not in key[1:] else key
    return f"{_VALS[scheme]}:{head}{hash_}{key}"


def _parameter(rest: str) -> str:
    """Return a parameter of theirs: '#' leads to the end of its name, or with ``mode=singleparam`` to a key in it."""
    rest = rest if rest.startswith(("/", "arn:")) else f"/{rest}"
    of_json = re.sub(r"([?&])mode=singleparam(?:&|(?=#|$))", r"\1", rest)
    head, hash_, key = re.sub(r"([?&])recursive=true(?:&|(?=#|$))", r"\1", of_json).partition("#")
    path, _, query = head.partition("?")
    query = f"?{query.strip('&')}" if query.strip("&") else ""
    if of_json != rest or not hash_:
        key = key.removeprefix("/") if "/" not in key.removeprefix("/") else key
        return f"{path}{query}{hash_}{key}"
    return f"{path.rstrip('/')}/{key.strip('/')}{query}"


def from_arn(text: str) -> str:
    """Return an ARN as ECS's ``valueFrom`` has it (``…:json-key:stage:version-id``) as a reference of ours."""
    secret = _SECRET_ARN.fullmatch(text)
    if secret:
        key, stage, version = ([*secret.group(2).split(":")[1:], "", "", ""])[:3]
        asked = "&".join(f"{name}={value}" for name, value in (("stage", stage), ("version", version)) if value)
        rest = secret.group(3) or ""
        return f"aws-sm:{secret.group(1)}{'#' + key if key else ''}{'?' + asked if asked else ''}{rest}"
    parameter = _PARAMETER_ARN.fullmatch(text)
    if parameter:
        return f"aws-ssm:{parameter.group(1)}{parameter.group(4) or ''}"
    raise ManifestError(f"{text[:60]}: no ARN of a secret (…:secret:NAME) or parameter (…:parameter/NAME)")

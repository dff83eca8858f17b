"""The text of a value -> its references and the literal text around them."""

from __future__ import annotations

import json
import re
from typing import NamedTuple
from urllib.parse import unquote

from secrets_guard.broker.aliases import VALS, VALS_INLINE, from_arn, from_vals
from secrets_guard.broker.policy import OPTIONS as POLICY_OPTIONS
from secrets_guard.broker.protocol import WHOLE, SecretRef
from secrets_guard.errors import ManifestError
from secrets_guard.located_yaml import nearest

SCHEMES = {
    "vault": "vault",
    "aws-sm": "aws",
    "aws-ssm": "aws",
    "gcp-sm": "gcp",
    "env-file": "env-file",
    "file": "file",
    "memory": "memory",
}
"""Scheme -> the provider that serves it."""

REF_OPTIONS = {
    "vault": ("version", "namespace", "ciphertext"),
    "aws-sm": ("version", "stage", "region"),
    "aws-ssm": ("version", "region"),
    "gcp-sm": ("version",),
    "env-file": (),
    "file": (),
    "memory": ("version",),
}
"""Scheme -> the query options that it knows, besides those of the policy."""

_LITERAL = "literal:"
_ALIKE = re.compile(r"([a-z][a-z-]+):(?!//)[^\s#]+#[^\s#]+")
"""A text that is built like a reference, whatever its scheme."""
_NAMES = "|".join(SCHEMES)
_WHOLE = re.compile(
    rf"(?:>>)?vault:|gcp:secretmanager:|(?:{_NAMES}):|{VALS.pattern}|arn:aws[\w-]*:secretsmanager:|arn:aws[\w-]*:ssm:"
)
_INLINE = re.compile(
    rf"\$\{{((?:(?:{_NAMES}|gcp:secretmanager):|{VALS.pattern}|arn:aws)[^}}]*)\}}|{VALS_INLINE.pattern}"
)
# What programs get for themselves every day stays theirs: DATABASE_URL=file:dev.db, SECRET_ARN=arn:aws:….
_INHERITED = re.compile(rf"(?:(?:>>)?vault|aws-sm|aws-ssm|env-file|gcp-sm|gcp:secretmanager):|{VALS.pattern}")
_CIPHERTEXT = re.compile(r"vault:v\d+:")
LOGIN = "vault:login"
"""No reference: what bank-vaults has in VAULT_TOKEN where there is none, and a login is to get one."""
DECRYPT = "/decrypt/"
"""In the path of what the transit engine decrypts."""


class Value(NamedTuple):
    """A value to be: literal text and references in turn; ``policy`` is what a sole reference's query asks for."""

    parts: tuple[str | SecretRef, ...]
    policy: tuple[tuple[str, str], ...] = ()

    @property
    def refs(self) -> tuple[SecretRef, ...]:
        """The references in it."""
        return tuple(part for part in self.parts if isinstance(part, SecretRef))

    @property
    def sole(self) -> SecretRef | None:
        """The reference that is all of it, if one is."""
        return self.parts[0] if len(self.parts) == 1 and isinstance(self.parts[0], SecretRef) else None

    def __str__(self) -> str:
        return ", ".join(str(ref) for ref in self.refs) or "a literal"


def parse(text: str, *, inherited: bool = False) -> Value:
    """Return the parts of a value.

    ``inherited``: it was found in the environment, where ``file:`` and bare ARNs are ordinary values.
    Raises ManifestError (one line, no file) for a reference that can't be right.
    """
    if text.startswith(_LITERAL):
        rest = text[len(_LITERAL) :]
        return Value((rest if not inherited or is_reference(rest) or rest.startswith(_LITERAL) else text,))
    begins = (_INHERITED if inherited else _WHOLE).match(text) and not is_ciphertext(text) and text != LOGIN
    # One of vals' may end at a '+' and have more text behind it.
    if begins and not (VALS.match(text) and VALS_INLINE.search(text) and not VALS_INLINE.fullmatch(text)):
        ref, policy = parse_ref(text)
        return Value((ref,), policy)
    alike = None if inherited else _ALIKE.fullmatch(text)
    if alike and alike[1] not in SCHEMES and (near := nearest(alike[1], list(SCHEMES))):
        # The command would get the misspelt reference for a password.
        raise ManifestError(f"no provider is called {alike[1]!r}{near}; a text like this is written {_LITERAL}…")
    return _inline(text)


def is_ciphertext(text: str) -> bool:
    """Tell whether a value is what the transit engine made of one: ``vault:v1:…``."""
    return _CIPHERTEXT.match(text) is not None


def is_reference(text: str) -> bool:
    """Tell whether a value begins like a reference or holds one."""
    return bool(_WHOLE.match(text) or _INLINE.search(text))


def _inline(text: str) -> Value:
    parts: list[str | SecretRef] = []
    end = 0
    for found in _INLINE.finditer(text):
        parts += [text[end : found.start()]] if found.start() > end else []
        ref, policy = parse_ref(found.group(1) or found.group(2))
        if policy:
            raise ManifestError(f"{ref}: {policy[0][0]} is of a whole value: write {{ref: …, {policy[0][0]}: …}}")
        if ref.key == WHOLE:
            raise ManifestError(f"{ref}: all of a path has no place inside a text: name one key")
        parts.append(ref)
        end = found.end()
    return Value((*parts, text[end:]) if end < len(text) or not parts else tuple(parts))


def parse_ref(text: str) -> tuple[SecretRef, tuple[tuple[str, str], ...]]:
    """Return a reference and the policy in its query. Raises ManifestError, naming what to change."""
    if text.startswith(">>"):
        return _written(text)
    if VALS.match(text):
        text = from_vals(text)
    elif text.startswith("gcp:secretmanager:"):
        # https://bank-vaults.dev/docs/secret-init/: the full name of a version.
        text = f"gcp-sm:{text.removeprefix('gcp:secretmanager:')}"
    elif text.startswith("arn:"):
        text = from_arn(text)
    scheme, _, rest = text.partition(":")
    if scheme not in SCHEMES:
        raise ManifestError(f"unknown scheme {scheme!r}{nearest(scheme, list(SCHEMES))}")
    address, fragment, query = _split(rest)
    own, policy = _sort_out(scheme, query, text)
    path, key = unquote(address), unquote(fragment)
    # bank-vaults: vault:path#KEY#3 is version 3.
    head, hash_, tail = fragment.rpartition("#")
    if scheme == "vault" and hash_ and tail.isdigit():
        key = unquote(head)
        own.setdefault("version", tail)
    if scheme == "vault" and not key and DECRYPT in path:
        key = "plaintext"
    data = as_data({"ciphertext": own.pop("ciphertext")}) if "ciphertext" in own else ""
    ref = SecretRef(scheme, path, key, own.pop("version", ""), own.pop("stage", ""), tuple(sorted(own.items())), data)
    _check(ref)
    return ref, policy


def as_data(given: object) -> str:
    """Return what is sent to get a secret as ``SecretRef.data``. Raises ManifestError for what is no mapping."""
    try:
        if isinstance(given, dict) and all(isinstance(name, str) for name in given):
            return json.dumps(given, sort_keys=True)
    except (TypeError, ValueError, RecursionError):
        pass
    raise ManifestError("data: must be a mapping of names to texts, numbers, true/false or lists of them")


def _written(text: str) -> tuple[SecretRef, tuple[tuple[str, str], ...]]:
    """Return ``>>vault:path#key#{"name": "value"}`` of bank-vaults: send that, take what comes back."""
    address, _, rest = text.removeprefix(">>").partition("#")
    key, _, body = rest.partition("#")
    try:
        sent = json.loads(body or "{}")
    except (ValueError, RecursionError):
        raise ManifestError(f">>{address}#{key}: what stands behind the second '#' is no JSON") from None
    ref, policy = parse_ref(f"{address}#{key}")
    return ref._replace(data=as_data(sent)), policy


def _split(rest: str) -> tuple[str, str, str]:
    """Return address, key and query; the query may stand behind either."""
    address, _, fragment = rest.partition("#")
    address, _, before = address.partition("?")
    fragment, _, behind = fragment.partition("?")
    return address, fragment, "&".join(part for part in (before, behind) if part)


def _sort_out(scheme: str, query: str, text: str) -> tuple[dict[str, str], tuple[tuple[str, str], ...]]:
    own: dict[str, str] = {}
    policy: dict[str, str] = {}
    for pair in filter(None, query.split("&")):
        name, _, value = pair.partition("=")
        if name in POLICY_OPTIONS:
            policy[name] = unquote(value)
        elif name in REF_OPTIONS[scheme]:
            own[name] = unquote(value)
        else:
            known = [*REF_OPTIONS[scheme], *POLICY_OPTIONS]
            raise ManifestError(f"{text.partition('?')[0]}: unknown option {name!r}{nearest(name, known)}")
    return own, tuple(policy.items())


def _check(ref: SecretRef) -> None:
    if not ref.path.strip("/") or "\0" in ref.path:
        raise ManifestError(f"{ref}: there is no path in it")
    if ref.scheme == "vault" and not ref.key:
        raise ManifestError(f"{ref}: a Vault secret has several fields: name one (#key), or all (#*)")
    if ref.scheme == "vault" and any(part in ("", ".", "..") for part in ref.path.strip("/").split("/")):
        raise ManifestError(f"{ref}: a path holds no empty part, '.' or '..'")
    if ref.scheme == "vault" and "${." in ref.key:
        raise ManifestError(
            f"{ref}: templates of bank-vaults in a key are not supported; write ${{vault:…#key}} in the text"
        )
    if ref.scheme == "vault" and ref.version and not ref.version.isdigit():
        raise ManifestError(f"{ref}: a version of Vault's is a number")
    if ref.scheme == "env-file" and not ref.key:
        raise ManifestError(f"{ref}: name the variable in the file: env-file:{ref.path}#NAME")
    if ref.scheme == "file" and ref.key:
        raise ManifestError(f"{ref}: a file has no keys; a '#' in its name is written %23")

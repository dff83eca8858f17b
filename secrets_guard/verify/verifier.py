"""config/verifiers.yaml -> verifiers: which rules' findings are asked about where, how, and what answers mean."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

from secrets_guard.errors import ConfigError


class Answer(NamedTuple):
    """An answer and what it means. All that is given has to fit.

    ``where`` maps a path into the JSON (``data.0.id``) to the values that it may have, ``says`` is a text in the body;
    ``tell`` maps a word for people to a path whose value is shown behind it; ``note`` is shown as it is.
    """

    means: str
    status: tuple[int, ...]
    where: tuple[tuple[str, tuple[Any, ...]], ...] = ()
    says: str = ""
    tell: tuple[tuple[str, str], ...] = ()
    note: str = ""


class Verifier(NamedTuple):
    """One issuer. Texts are templates: ``{secret}`` and what ``parts`` and ``near`` name.

    ``parts`` is an expression with named groups on the credential, ``near`` maps names to expressions with one group
    whose match nearest to it belongs to it. Each of ``endpoints`` is asked until one knows the credential.
    ``instances``: others run this service too, so that a refusal by the endpoint here says nothing of theirs;
    ``instance`` finds the address of one in the text around. ``places``: one value is another credential in each place
    (a password of several databases), so that each is asked about.
    """

    name: str
    rules: tuple[str, ...]
    docs: str
    endpoints: tuple[str, ...] = ()
    code: str = ""
    method: str = "GET"
    path: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    basic: tuple[str, str] | None = None
    form: tuple[tuple[str, str], ...] = ()
    json: str = ""
    parts: str = ""
    near: tuple[tuple[str, str], ...] = ()
    instances: bool = False
    instance: str = ""
    places: bool = False
    answers: tuple[Answer, ...] = ()


def load_verifiers() -> tuple[Verifier, ...]:
    """Return the verifiers. Raises ConfigError when the installation is broken."""
    from secrets_guard.located_yaml import load

    path = _path()
    try:
        with open(path, encoding="utf-8") as stream:
            document = load(stream.read(), path)
        return tuple(_verifier(raw) for raw in document.value)
    except (OSError, TypeError, KeyError, AttributeError):
        raise ConfigError(f"{path}: can't be used; reinstall secrets-guard") from None


def _path() -> str:
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    installed = os.path.join(package, "_config", "verifiers.yaml")
    return (
        installed if os.path.exists(installed) else os.path.join(os.path.dirname(package), "config", "verifiers.yaml")
    )


def _verifier(raw: dict[str, Any]) -> Verifier:
    fields = dict(raw)
    answers = [_answer(means, one) for means in ("live", "dead", "unknown") for one in fields.pop(means, ())]
    for name in ("headers", "form", "near"):
        fields[name] = tuple(fields.get(name, {}).items())
    endpoint = fields.pop("endpoint", ())
    fields["endpoints"] = (endpoint,) if isinstance(endpoint, str) else tuple(endpoint)
    fields["rules"] = tuple(fields["rules"])
    if "basic" in fields:
        user, password = fields["basic"]
        fields["basic"] = (user, password)
    return Verifier(**fields, answers=tuple(answers))


def _answer(means: str, raw: dict[str, Any]) -> Answer:
    fields = dict(raw)
    fields["status"] = tuple(_listed(fields["status"]))
    fields["where"] = tuple((path, tuple(_listed(values))) for path, values in fields.get("where", {}).items())
    fields["tell"] = tuple(fields.get("tell", {}).items())
    return Answer(means, **fields)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]

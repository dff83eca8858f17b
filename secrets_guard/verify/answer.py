"""An issuer's answer -> what it means, by the answers that a verifier knows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from secrets_guard.model.finding import UNKNOWN
from secrets_guard.verify.exchange import Reply
from secrets_guard.verify.outcome import Outcome
from secrets_guard.verify.verifier import Answer

_ABSENT = object()
_REDIRECTS = range(300, 400)
_TOO_OFTEN = 429


def outcome_of(reply: Reply, answers: Iterable[Answer], *values: str) -> Outcome:
    """Return the outcome of the first answer that fits; ``values`` are plain and never become part of a message."""
    document = reply.document()
    for answer in answers:
        if _fits(answer, reply, document):
            told = [f"{word} {_text(_at(document, path))}" for word, path in answer.tell if _text(_at(document, path))]
            return Outcome.of(answer.means, ", ".join([*([answer.note] if answer.note else []), *told]), *values)
    if reply.status in _REDIRECTS:
        return Outcome(UNKNOWN, "its issuer answers with a redirect, which is not followed")
    if reply.status == _TOO_OFTEN:
        return Outcome(UNKNOWN, "its issuer says that it was asked too often")
    return Outcome(UNKNOWN, f"its issuer answers {reply.status}, which tells nothing")


def _fits(answer: Answer, reply: Reply, document: Any) -> bool:
    return (
        reply.status in answer.status
        and answer.says.encode() in reply.body
        and all(_one_of(_at(document, path), values) for path, values in answer.where)
    )


def _one_of(found: Any, values: tuple[Any, ...]) -> bool:
    # True is no 1 here.
    return any(found == value and type(found) is type(value) for value in values)


def _at(document: Any, path: str) -> Any:
    for step in path.split("."):
        if isinstance(document, dict):
            document = document.get(step, _ABSENT)
        elif isinstance(document, list) and step.isdigit() and int(step) < len(document):
            document = document[int(step)]
        else:
            return _ABSENT
    return document


def _text(value: Any) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""

"""A verifier and a credential -> the questions to put to its issuer, and what the answers come to."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from urllib.parse import quote, urlencode

from secrets_guard.model.finding import DEAD, LIVE, UNKNOWN
from secrets_guard.verify.answer import outcome_of
from secrets_guard.verify.candidate import Candidate
from secrets_guard.verify.exchange import Request
from secrets_guard.verify.net import Net
from secrets_guard.verify.outcome import Alone, Outcome, Unanswered
from secrets_guard.verify.verifier import Verifier

_MOST_INSTANCES = 2
_SAFE = "/:"
"""What stands in a path as it is: a Telegram bot's colon, the slash between a webhook's id and its token."""


def ask(verifier: Verifier, candidate: Candidate, net: Net) -> Outcome:
    """Ask each endpoint until one knows the credential. Raises Unanswered."""
    words = words_of(verifier, candidate)
    last: Outcome | None = None
    for endpoint, foreign in _endpoints(verifier, candidate, net, words):
        request = request_for(verifier, endpoint, words)
        reply = net.ask_foreign(request) if foreign else net.ask(request)
        last = outcome_of(reply, verifier.answers, *words.values())
        if last.status == LIVE:
            return last
    if last is None:
        raise Alone("the address of the service that it is for was not found near it")
    if last.status == DEAD and verifier.instances and not net.chosen(verifier.name):
        hint = f"{_host(verifier)} does not know it; another instance may (--verify-endpoint {verifier.name}=URL)"
        return Outcome(UNKNOWN, hint)
    if last.status == DEAD and verifier.near and not last.message:
        return Outcome(DEAD, f"refused with the {' and '.join(name for name, _ in verifier.near)} near it")
    return last


def words_of(verifier: Verifier, candidate: Candidate) -> dict[str, str]:
    """Return what the templates name. Raises Unanswered where something that belongs to the credential is missing."""
    words = {"secret": candidate.value}
    if verifier.parts:
        found = re.search(verifier.parts, candidate.value)
        if found is None:
            raise Unanswered("it is not of the form that its issuer gives")
        words |= found.groupdict("")
    for name, expression in verifier.near:
        value = nearest(expression, candidate)
        if not value:
            raise Alone(f"its {name.replace('_', ' ')} was not found near it")
        words[name] = value
    return words


def nearest(expression: str, candidate: Candidate) -> str:
    """Return what the one group of ``expression`` found nearest to the credential; empty: nothing."""
    found = re.finditer(expression.encode(), candidate.text)
    best = min(found, key=lambda one: abs(one.start(1) - candidate.at), default=None)
    return best.group(1).decode("ascii", "replace") if best else ""


def request_for(verifier: Verifier, endpoint: str, words: Mapping[str, str]) -> Request:
    """Return the request with everything filled in, each word quoted as its place wants it."""
    in_path = {name: quote(value, safe=_SAFE, errors="surrogateescape") for name, value in words.items()}
    headers = {name: text.format(**words) for name, text in verifier.headers}
    if verifier.basic:
        login = ":".join(part.format(**words) for part in verifier.basic)
        headers["Authorization"] = f"Basic {b64encode(login.encode('utf-8', 'surrogateescape')).decode()}"
    body = None
    if verifier.form:
        filled = {name: text.format(**words) for name, text in verifier.form}
        body = urlencode(filled, errors="surrogateescape").encode()
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    elif verifier.json:
        body = json.dumps(json.loads(verifier.json)).encode()
        headers["Content-Type"] = "application/json"
    return Request(verifier.method, endpoint + verifier.path.format(**in_path), headers, body)


def _endpoints(
    verifier: Verifier, candidate: Candidate, net: Net, words: Mapping[str, str]
) -> Iterator[tuple[str, bool]]:
    """Yield (endpoint, whether scanned content names it): the user's choice alone, else the issuer's, then others'."""
    chosen = net.chosen(verifier.name)
    if chosen:
        yield chosen, False
        return
    for endpoint in verifier.endpoints:
        yield endpoint.format(**words), "{" in endpoint
    if verifier.instance:
        found = re.findall(verifier.instance.encode(), candidate.text)
        names = dict.fromkeys(one.decode("ascii", "replace").lower() for one in found)
        known = [_bare(endpoint) for endpoint in verifier.endpoints]
        for name in [name for name in names if _bare(name) not in known][:_MOST_INSTANCES]:
            yield name if "://" in name else f"https://{name}", True


def _host(verifier: Verifier) -> str:
    return _bare(verifier.endpoints[0]) if verifier.endpoints else "the issuer"


def _bare(endpoint: str) -> str:
    return endpoint.rpartition("://")[2].partition("/")[0]

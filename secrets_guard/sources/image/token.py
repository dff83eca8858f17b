"""A registry's challenge and a login -> what to send in ``Authorization``: basic, or a token fetched for it.

Formats: distribution's docs/content/spec/auth/token.md and oauth.md.
"""

from __future__ import annotations

import base64
import json
from urllib.parse import urlencode, urlsplit

from secrets_guard.errors import SourceError
from secrets_guard.sources.image.challenge import Challenge, may_ask, parse_challenges
from secrets_guard.sources.image.credentials import Login
from secrets_guard.sources.image.http import BROKEN, CLIENT, HttpClient, broken

_LARGEST = 1 << 20


def authorization(client: HttpClient, header: str, registry_url: str, login: Login | None, scope: str) -> str:
    """Return the header's value that answers a ``WWW-Authenticate``; empty where nothing can.

    ``scope`` is asked for where the registry names none. Raises SourceError when the token server gives no token.
    """
    challenges = parse_challenges(header)
    bearer = next((one for one in challenges if one.scheme == "bearer"), None)
    if bearer is not None:
        return f"Bearer {_token(client, bearer, registry_url, login, scope)}"
    if login and not login.identity and any(one.scheme == "basic" for one in challenges):
        return _basic(login)
    return ""


def _token(client: HttpClient, challenge: Challenge, registry_url: str, login: Login | None, scope: str) -> str:
    realm, host = challenge.realm, urlsplit(challenge.realm).netloc
    if not may_ask(realm, registry_url):
        raise SourceError(
            f"{urlsplit(registry_url).netloc}: it sends us for a token to {realm[:100]!r}, "
            "neither by https nor its own host: not asked"
        )
    wanted = {"service": challenge.service, "scope": challenge.scope or scope}
    if login is not None and login.identity:
        form = {"grant_type": "refresh_token", "client_id": CLIENT, **wanted, "refresh_token": _text(login)}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = client.send("POST", realm, headers, urlencode(form).encode())
    else:
        joint = "&" if urlsplit(realm).query else "?"
        query = urlencode({name: value for name, value in wanted.items() if value})
        answer = client.send("GET", f"{realm}{joint}{query}", {"Authorization": _basic(login)} if login else {})
    try:
        content = answer.read(_LARGEST)
    except BROKEN as error:
        raise SourceError(f"{host}: {broken(error)}") from None
    finally:
        answer.close()
    if answer.status != 200:
        what = "the login was refused" if answer.status in (400, 401, 403) else "no token was given"
        raise SourceError(f"{host}: {what} ({answer.status})")
    return _in_answer(content, host)


def _in_answer(content: bytes, host: str) -> str:
    try:
        fields = json.loads(content)
        token = fields.get("token") or fields.get("access_token")
    except (ValueError, AttributeError, RecursionError):
        token = None
    # A header's value must not break the header.
    if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
        raise SourceError(f"{host}: its answer holds no token")
    return token


def _basic(login: Login) -> str:
    return "Basic " + base64.b64encode(login.user.encode() + b":" + login.password.reveal()).decode()


def _text(login: Login) -> str:
    return login.password.reveal().decode("utf-8", "replace")

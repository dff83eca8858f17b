"""A path of a registry's API -> its answer: logs in where it must, follows redirects, says what a refusal means."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from urllib.parse import urljoin, urlsplit

from secrets_guard.errors import SourceError
from secrets_guard.sources.image.credentials import Login
from secrets_guard.sources.image.http import BROKEN, Answer, HttpClient
from secrets_guard.sources.image.token import authorization

_REDIRECTS = (301, 302, 303, 307, 308)
_MOST_REDIRECTS = 5
_SAID = 4096


class Refused(SourceError):
    """The registry answered, and not with what was asked for; ``status`` is HTTP's."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)


class Connection:
    """Speaks to one registry as one user, for one repository. Threads may share it."""

    def __init__(self, client: HttpClient, url: str, repository: str, find_login: Callable[[], Login | None]) -> None:
        """``url``: scheme, host and port; the login is looked for when the registry asks for one."""
        self.url, self._client, self._find_login = url, client, find_login
        self._login: Login | None = None
        self._host = urlsplit(url).netloc
        self._scope = f"repository:{repository}:pull"
        self._authorization = ""
        self._lock = threading.Lock()

    def get(self, path: str, headers: Mapping[str, str]) -> Answer:
        """Return the answer (200, 206), its body still to be read; the caller closes it. Raises SourceError."""
        logged_in = 0
        while True:
            used = self._authorization
            answer = self._follow(self.url + path, headers, used)
            if answer.status in (200, 206):
                return answer
            challenge, said = answer.headers.get("WWW-Authenticate", ""), _said(answer)
            answer.close()
            # Once for the login, once more for a token that ran out meanwhile.
            if answer.status != 401 or logged_in == 2 or not self._log_in(challenge, used):
                raise Refused(answer.status, f"{self._host}: {self._meaning(answer.status, said)}")
            logged_in += 1

    def _follow(self, url: str, headers: Mapping[str, str], authorization_: str) -> Answer:
        """Ask, and go where the answer sends us; the login goes to the registry itself alone."""
        for _ in range(_MOST_REDIRECTS):
            own = {"Authorization": authorization_} if authorization_ and _same_origin(url, self.url) else {}
            answer = self._client.send("GET", url, {**headers, **own})
            place = answer.headers.get("Location", "")
            if answer.status not in _REDIRECTS or not place:
                return answer
            answer.close()
            before, url = url, urljoin(url, place)
            if urlsplit(url).scheme not in ("https", urlsplit(before).scheme):
                raise SourceError(f"{self._host}: it sends us on from https to {urlsplit(url).scheme}: not followed")
        raise SourceError(f"{self._host}: it sends us on more than {_MOST_REDIRECTS} times")

    def _log_in(self, challenge: str, used: str) -> bool:
        """Answer a challenge; False where there is nothing (else) to say."""
        with self._lock:
            if self._authorization == used:
                self._login = self._login or self._find_login()
                made = authorization(self._client, challenge, self.url, self._login, self._scope)
                if made == used:
                    return False  # basic, refused
                self._authorization = made
            return True

    def _meaning(self, status: int, said: str) -> str:
        if status == 401:
            if self._login is None:
                return f"it wants a login (401), and there is none for it: docker login {self._host}"
            return f"the login was refused (401): docker login {self._host}"
        meanings = {
            403: "this login may not read it (403)" if self._login else "not without a login, or not at all (403)",
            404: "there is no such image (404)",
            429: "too many requests, and waiting did not help (429)",
        }
        meaning = meanings.get(status, f"it answers {status}" + (", again and again" if status >= 500 else ""))
        return f"{meaning}; it says {said!r}" if said else meaning


def _same_origin(url: str, registry_url: str) -> bool:
    asked, own = urlsplit(url), urlsplit(registry_url)
    return (asked.scheme, asked.netloc) == (own.scheme, own.netloc)


def _said(answer: Answer) -> str:
    """Return the message of an error (distribution spec, "Error Codes"); empty where there is none."""
    try:
        fields = json.loads(answer.read(_SAID))
        message = fields["errors"][0]["message"]
    except (*BROKEN, ValueError, LookupError, TypeError, RecursionError):
        return ""
    return message[:120] if isinstance(message, str) else ""

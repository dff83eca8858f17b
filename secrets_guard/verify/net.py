"""The way to all issuers in one run: endpoints that the user chose, checked addresses, pace and time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from secrets_guard.verify.address import public_addresses
from secrets_guard.verify.exchange import Reply, Request, send
from secrets_guard.verify.outcome import Outcome, Unanswered
from secrets_guard.verify.pace import Limits, Pace


class Net:
    """What verifiers ask through. Threads may share it."""

    def __init__(self, limits: Limits, endpoints: Mapping[str, str], *, allow_private: bool) -> None:
        """``endpoints``: name of a verifier -> the URL that the user wants asked in place of the issuer's own."""
        self.limits = limits
        self.pace = Pace(limits)
        self._endpoints = endpoints
        self._allow_private = allow_private
        self._lock = threading.Lock()
        self._locks: dict[tuple[str, ...], threading.Lock] = {}
        self._told: dict[tuple[str, ...], Outcome] = {}

    def chosen(self, name: str) -> str:
        """Return the endpoint that the user chose for a verifier, without a slash at its end; empty: none."""
        return self._endpoints.get(name, "").rstrip("/")

    def once(self, key: tuple[str, ...], question: Callable[[], Outcome]) -> Outcome:
        """Return what a question came to, put once for each key however many threads wait for it. Raises as it does."""
        with self._lock:
            own = self._locks.setdefault(key, threading.Lock())
        with own:
            if key not in self._told:
                self._told[key] = question()
            return self._told[key]

    def ask(self, request: Request) -> Reply:
        """Send a request to an issuer's own host or to one that the user chose. Raises Unanswered."""
        self.pace.wait(urlsplit(request.url).netloc)
        return send(request, min(self.limits.timeout, self.pace.left()))

    def ask_foreign(self, request: Request) -> Reply:
        """Send a request to a host that scanned content names, at addresses that were checked. Raises Unanswered."""
        parts = urlsplit(request.url)
        if parts.scheme != "https" and not self._allow_private:
            raise Unanswered("it would go over the network unencrypted; not asked")
        addresses = self.addresses(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
        return self.ask(request._replace(addresses=tuple(addresses)))

    def addresses(self, host: str, port: int) -> list[str]:
        """Return the checked addresses of a host that scanned content names. Raises Unanswered."""
        return public_addresses(host, port, allow_private=self._allow_private)

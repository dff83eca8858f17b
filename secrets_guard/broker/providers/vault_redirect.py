"""An answer that leads elsewhere -> whether the token, or what logs in, may go there."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from secrets_guard.errors import AccessDenied

REDIRECTS = frozenset((301, 302, 303, 307, 308))
MOST_REDIRECTS = 3
# https://developer.hashicorp.com/vault/docs/concepts/ha#client-redirection: a standby names the active node.
_OF_A_STANDBY = 307
_PORTS = {"https": 443, "http": 80}


def check_redirect(status: int, asked: str, target: str) -> None:
    """Raise AccessDenied unless ``target`` is the same server, or its active node at the other end of TLS."""
    here, there = urlsplit(asked), urlsplit(target)
    if _origin(here) == _origin(there):
        return
    same = (here.path, here.query) == (there.path, there.query)
    if status == _OF_A_STANDBY and here.scheme == there.scheme == "https" and same:
        return
    raise AccessDenied(
        f"{_shown(here)} leads to {_shown(there)}, which would get the credentials; "
        "if it may have them, make it the address"
    )


def _shown(url: SplitResult) -> str:
    return f"{url.scheme}://{url.netloc.rpartition('@')[2]}"


def _origin(url: SplitResult) -> tuple[str, str, int]:
    return url.scheme, (url.hostname or "").casefold(), url.port or _PORTS.get(url.scheme, 0)

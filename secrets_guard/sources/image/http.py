"""One request -> its answer: TLS, proxies, and patience with a server that is busy or a line that drops."""

from __future__ import annotations

import time
from collections.abc import Mapping
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3 import exceptions

from secrets_guard.errors import SourceError
from secrets_guard.sources.image.access import Access
from secrets_guard.sources.image.patience import TRIES, pause
from secrets_guard.version import __version__

CLIENT = "secrets-guard"
BROKEN = (exceptions.HTTPError, OSError)
"""What a line that drops looks like, while it is made and while it is read."""
_CONNECT_SECONDS, _READ_SECONDS = 10.0, 60.0
_BUSY = (408, 429, 500, 502, 503, 504)

Answer = urllib3.BaseHTTPResponse


class HttpClient:
    """Sends single requests; threads may share it. Proxies are those of the environment."""

    def __init__(self, access: Access) -> None:
        """Raises SourceError for a CA file that can't be used."""
        self.first_pause = access.first_pause
        if access.insecure:
            # The user asked for it in so many words; saying it once more at every connection helps nobody.
            urllib3.disable_warnings(exceptions.InsecureRequestWarning)
        self._options = {
            "timeout": urllib3.Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS),
            "retries": False,
            "maxsize": 8,
            "ssl_context": _tls(access),
        }
        self._pools: dict[str, urllib3.PoolManager] = {}
        self._reached: set[str] = set()

    def send(
        self, method: str, url: str, headers: Mapping[str, str], fields: bytes | None = None, *, once: bool = False
    ) -> Answer:
        """Return the answer, whatever its status, its body still to be read; the caller closes it.

        A busy server (429, 5xx) and a line that drops are tried again, unless ``once``. Raises SourceError when there
        is no answer at all.
        """
        host, headers = urlsplit(url).netloc, {"User-Agent": f"{CLIENT}/{__version__}", **headers}
        for attempt in range(TRIES):
            last = once or attempt == TRIES - 1
            try:
                answer = self._pool(url).request(
                    method, url, headers=headers, body=fields, redirect=False, preload_content=False
                )
            except BROKEN as error:
                # A host that never answered is more likely mistyped than busy.
                if last or host not in self._reached or isinstance(error, exceptions.SSLError):
                    raise SourceError(f"{host}: {broken(error)}") from None
                time.sleep(pause(attempt, self.first_pause))
                continue
            self._reached.add(host)
            if answer.status not in _BUSY or last:
                return answer
            wait = pause(attempt, self.first_pause, answer.headers.get("Retry-After", ""))
            answer.close()
            time.sleep(wait)
        raise SourceError(f"{host}: no answer")

    def _pool(self, url: str) -> urllib3.PoolManager:
        parts = urlsplit(url)
        proxy = getproxies().get(parts.scheme, "")
        if not proxy or proxy_bypass(parts.netloc):
            proxy = ""
        if proxy not in self._pools:
            self._pools[proxy] = _proxy(proxy, self._options) if proxy else urllib3.PoolManager(**self._options)  # type: ignore[arg-type]
        return self._pools[proxy]


def broken(error: Exception) -> str:
    """Return in a few words what went wrong with a line; no URL, which may hold a signature."""
    if isinstance(error, exceptions.ProxyError):
        return "the proxy can't be reached"
    inner = error.args[-1] if error.args and isinstance(error.args[-1], Exception) else error
    text = f"{type(inner).__name__} {inner}".lower()
    if "certificate" in text:
        reason = "its certificate is not trusted"
        return (
            f"{reason}; see --ca-file"
            if "self" in text or "issuer" in text
            else f"{reason}: {_certificate(str(inner))}"
        )
    if isinstance(error, exceptions.SSLError):
        return "it does not speak TLS as it should; for a registry without TLS see --plain-http"
    if isinstance(error, exceptions.NameResolutionError):
        return "there is no such host"
    if "refused" in text:
        return "the connection was refused"
    if isinstance(error, exceptions.TimeoutError):
        return "it did not answer in time"
    return "the line dropped"


def _certificate(text: str) -> str:
    return text.rpartition("certificate verify failed: ")[2].partition(" (_ssl")[0][:100]


def _tls(access: Access) -> object:
    import ssl

    context = ssl.create_default_context()
    if access.insecure:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    elif access.ca_file:
        try:
            context.load_verify_locations(access.ca_file)
        except (OSError, ssl.SSLError) as error:
            reason = "no certificate in it" if isinstance(error, ssl.SSLError) else error.strerror
            raise SourceError(f"--ca-file {access.ca_file}: can't be used: {reason}") from None
    return context


def _proxy(url: str, options: dict[str, object]) -> urllib3.ProxyManager:
    found = urlsplit(url if "://" in url else f"http://{url}")
    headers = None
    if found.username is not None:
        headers = urllib3.make_headers(proxy_basic_auth=f"{found.username}:{found.password or ''}")
    port = f":{found.port}" if found.port else ""
    try:
        return urllib3.ProxyManager(f"{found.scheme}://{found.hostname}{port}", proxy_headers=headers, **options)  # type: ignore[arg-type]
    except exceptions.HTTPError:
        raise SourceError(f"the proxy of the environment can't be used: {found.scheme}://{found.hostname}") from None

"""A registry's repository, over the distribution API -> its manifests and blobs.

Format: OCI distribution-spec 1.1, "Pulling manifests", "Pulling blobs", "Listing Referrers".
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from secrets_guard.errors import SourceError
from secrets_guard.sources.archive.entry import Read
from secrets_guard.sources.image import document
from secrets_guard.sources.image.access import Access
from secrets_guard.sources.image.connection import Connection, Refused
from secrets_guard.sources.image.credentials import find_login
from secrets_guard.sources.image.http import BROKEN, Answer, HttpClient, broken
from secrets_guard.sources.image.manifest import ACCEPTED, OCI_INDEX, Descriptor, Index, parse_manifest
from secrets_guard.sources.image.reference import DOCKER_HUB, Reference, is_digest
from secrets_guard.sources.image.store import Stored
from secrets_guard.sources.image.transfer import Transfer

_HUB_HOST = "registry-1.docker.io"
# What cosign attaches (its specs/SIGNATURE_SPEC.md), for registries without the referrers API.
_TAGGED = ("", ".att", ".sbom")
_NOTHING = (400, 401, 403, 404, 405, 406, 410, 501)


class RegistryStore:
    """Reads one repository."""

    addressed = True

    def __init__(self, reference: Reference, access: Access, environ: Mapping[str, str]) -> None:
        """Raises SourceError when the registry can't be reached."""
        self.where = str(reference)
        self._repository = reference.repository
        client = HttpClient(access)
        self._first_pause = access.first_pause
        try:
            url = _url(reference.registry, access, client)
        except SourceError as error:
            raise SourceError(f"{self.where}: {error}") from None
        login = partial(find_login, reference.registry, reference.repository, environ)
        self._connection = Connection(client, url, reference.repository, login)

    def manifest(self, version: str) -> Stored:
        """Return a manifest by tag or digest. Raises SourceError: refused, not there, not what its digest says."""
        answer = self._get(f"/v2/{self._repository}/manifests/{version}", {"Accept": ACCEPTED})
        content = _whole(answer, self.where)
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        if is_digest(version):
            algorithm, _, wanted = version.partition(":")
            if hashlib.new(algorithm, content).hexdigest() != wanted:
                raise SourceError(f"{self.where}: its manifest is not what its digest says")
            digest = version
        return Stored(content, answer.headers.get("Content-Type", ""), digest)

    @contextmanager
    def open(self, blob: Descriptor) -> Iterator[Read]:
        """Open a blob. Raises SourceError where it is not to be had."""

        def ask(offset: int) -> Answer:
            headers = {"Range": f"bytes={offset}-"} if offset else {}
            # As it is stored: a proxy must not compress it once more.
            return self._get(f"/v2/{self._repository}/blobs/{blob.digest}", {"Accept-Encoding": "identity", **headers})

        transfer = Transfer(ask, blob.size, self.where, self._first_pause)
        try:
            yield transfer
        finally:
            transfer.close()

    def attached(self, digest: str) -> Iterator[Descriptor]:
        """Yield what is attached to a manifest: by the referrers API, or by tags where there is none."""
        algorithm, _, hexadecimal = digest.partition(":")
        tag = f"{algorithm}-{hexadecimal}"
        referrers = self._index(f"/v2/{self._repository}/referrers/{digest}")
        if referrers is not None:
            yield from referrers.manifests
        for suffix in _TAGGED:
            if not suffix and referrers is not None:
                continue
            try:
                stored = self.manifest(tag + suffix)
                parsed = parse_manifest(stored.content, stored.media_type, self.where)
            except Refused as error:
                if error.status not in _NOTHING:
                    raise
                continue
            if isinstance(parsed, Index):
                yield from parsed.manifests
            else:
                yield Descriptor(stored.digest, len(stored.content), stored.media_type)

    def _index(self, path: str) -> Index | None:
        try:
            answer = self._get(path, {"Accept": OCI_INDEX})
        except Refused as error:
            if error.status in _NOTHING:
                return None
            raise
        content = _whole(answer, self.where)
        try:
            parsed = parse_manifest(content, OCI_INDEX, self.where)
        except SourceError:
            return None  # some registries answer any path with a page of their own
        return parsed if isinstance(parsed, Index) else None

    def _get(self, path: str, headers: Mapping[str, str]) -> Answer:
        try:
            return self._connection.get(path, headers)
        except Refused as error:
            raise Refused(error.status, f"{self.where}: {error}") from None
        except SourceError as error:
            raise SourceError(f"{self.where}: {error}") from None


def _whole(answer: Answer, where: str) -> bytes:
    try:
        content = answer.read(document.LARGEST + 1)
    except BROKEN as error:
        raise SourceError(f"{where}: {broken(error)}") from None
    finally:
        answer.close()
    if len(content) > document.LARGEST:
        raise SourceError(f"{where}: a manifest of more than {document.LARGEST:,} bytes, which none has")
    return content


def _url(registry: str, access: Access, client: HttpClient) -> str:
    """Return where the registry is reached: by https, except where told, or where it is this machine's own."""
    host = _HUB_HOST if registry == DOCKER_HUB else registry
    if access.plain_http:
        return f"http://{host}"
    if not (access.insecure or _is_local(host)):
        return f"https://{host}"
    # As Docker does for what it calls insecure registries, its own machine's among them: https, and if not, http.
    for scheme in ("https", "http"):
        try:
            client.send("GET", f"{scheme}://{host}/v2/", {}, once=True).close()
        except SourceError as error:
            # One that speaks TLS with a certificate that can't be trusted is no registry without TLS.
            if scheme == "http" or "certificate" in str(error):
                raise
        else:
            return f"{scheme}://{host}"
    return f"https://{host}"


def _is_local(host: str) -> bool:
    name = host.rpartition(":")[0] or host
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False

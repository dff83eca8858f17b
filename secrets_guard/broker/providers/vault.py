"""HashiCorp Vault and OpenBao, by hvac: KV of both versions and any other path that can be read."""

from __future__ import annotations

import base64
import copy
import json
import time
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import NamedTuple

from secrets_guard.broker.audit import Event
from secrets_guard.broker.deadline import Deadline
from secrets_guard.broker.field import all_fields, pick
from secrets_guard.broker.lease import Lease
from secrets_guard.broker.parallel import each
from secrets_guard.broker.protocol import WHOLE, Fetched, Outcome, SecretRef
from secrets_guard.broker.providers import vault_leases
from secrets_guard.broker.providers.vault_answer import Answer, absent, wrong_engine
from secrets_guard.broker.providers.vault_client import VaultClient
from secrets_guard.broker.providers.vault_login import Login, read_login
from secrets_guard.broker.refs import DECRYPT
from secrets_guard.broker.retry import persist
from secrets_guard.errors import AccessDenied, BadValue, BrokerError, SecretNotFound
from secrets_guard.model.secret import Secret

# A standby may not know a token yet that the active node has just given: https://developer.hashicorp.com/vault/docs/enterprise/consistency
_PAUSE_AFTER_LOGIN = 0.2
_STORES = ("kv", "generic", "cubbyhole")


class Spot(NamedTuple):
    """What one read is of; references to several keys of it share the read, and so belong together."""

    namespace: str
    path: str
    version: str
    data: str = ""


class Mount(NamedTuple):
    """A secrets engine: its path with a slash at the end, its type, and for KV whether it keeps versions."""

    path: str
    type: str
    versioned: bool


class VaultProvider:
    """Reads secrets of one server, with one login."""

    def __init__(self, settings: Mapping[str, object], environment: Mapping[str, str]) -> None:
        """Raise ManifestError for settings that can't be used."""
        own = {name: value for name, value in settings.items() if name != "auth"}
        self._login: Login = read_login(settings.get("auth", {}), environment)
        self._logged_in = False
        self._own, self._environment = own, environment
        self._client = VaultClient(own, environment)
        self._mounts: dict[str, list[Mount]] = {}
        self._gates: dict[tuple[str, str], Lock] = {}
        self._unsaid: set[tuple[str, str]] = set()
        self.credentials = self._login.variables

    def fetch(self, refs: Sequence[SecretRef], deadline: Deadline) -> Mapping[SecretRef, Outcome]:
        """Return an outcome for each reference; see ``Provider``. Raises AccessDenied for a refused login."""
        self._log_in(deadline)
        spots = {ref: Spot(ref.option("namespace"), ref.path.strip("/"), ref.version, ref.data) for ref in refs}
        answers = each(list(dict.fromkeys(spots.values())), lambda spot: self._read(spot, deadline), deadline)
        return {ref: _outcome(ref, spot, answers[spot]) for ref, spot in spots.items()}

    @property
    def own(self) -> bool:
        """Whether the token is of our own login; see ``Lender``."""
        return self._login.fresh and self._logged_in

    def token(self, deadline: Deadline) -> Lease | None:
        """Return the lease of the token; see ``Lender``."""
        self._log_in(deadline)
        return vault_leases.look_up(self._client, deadline)

    def who_am_i(self, deadline: Deadline) -> str:
        """Return where the login leads to, and how long it lasts; see ``Answering``."""
        lease = self.token(deadline)
        lasts = "its token never ends" if lease is None else f"its token ends in {int(lease.left or 0)} s"
        return f"{self._client.address}: login by {self._login.method} works, {lasts}"

    def renew(self, lease: Lease, deadline: Deadline) -> Lease:
        """Return what more was granted; see ``Lender``."""
        return vault_leases.renew(self._client, lease, deadline)

    def revoke(self, lease: Lease, deadline: Deadline) -> None:
        """End a lease; see ``Lender``."""
        vault_leases.revoke(self._client, lease, deadline)

    def anew(self) -> VaultProvider:
        """Return the same provider before its login; see ``Lender``. What was learned of the server is kept."""
        other = copy.copy(self)
        other._client, other._logged_in = VaultClient(self._own, self._environment), False
        return other

    def engine(self, path: str, namespace: str, deadline: Deadline) -> tuple[VaultClient, Mount | None]:
        """Return the connection, logged in, and the engine that serves a path where the server says which; to write."""
        self._log_in(deadline)
        return self._client, self._mount(Spot(namespace, path, ""), deadline)

    def _log_in(self, deadline: Deadline) -> None:
        """Log in once: a credential that is made by a token ends with it."""
        if not self._logged_in:
            with deadline.audit.timed(
                Event("login", "vault", detail=f"{self._login.method} at {self._client.address}")
            ):
                self._login.log_in(self._client, deadline)
            self._logged_in = True

    def _read(self, spot: Spot, deadline: Deadline) -> Answer:
        try:
            return self._read_once(spot, deadline)
        except AccessDenied:
            if not self._login.fresh or deadline.left() <= _PAUSE_AFTER_LOGIN:
                raise
            time.sleep(_PAUSE_AFTER_LOGIN)
            return self._read_once(spot, deadline)

    def _read_once(self, spot: Spot, deadline: Deadline) -> Answer:
        mount = self._mount(spot, deadline)
        if spot.data:
            answer = self._write(mount, spot, deadline).data_or_raise(spot.path)
            return answer._replace(made=DECRYPT not in spot.path)
        if mount is None:
            return self._search(spot, deadline)
        rest = spot.path.removeprefix(mount.path)
        path = f"{mount.path}data/{rest}" if mount.versioned and not rest.startswith("data/") else spot.path
        if spot.version and not mount.versioned:
            raise SecretNotFound(f"{mount.path} ({mount.type}) keeps no versions; leave ?version out")
        stored = mount.type in _STORES
        answer = self._get(path, spot, deadline, repeatable=stored).data_or_raise(spot.path, spot.version)
        return answer._replace(made=not stored)

    def _mount(self, spot: Spot, deadline: Deadline) -> Mount | None:
        """Return the engine that serves a path, or None where the server does not say.

        The vault command asks the same; any right on the path is enough for the answer, ``sys/mounts`` is not needed.
        """
        top = (spot.namespace, spot.path.partition("/")[0])
        # One asks, those for the same engine wait: mostly its answer is theirs.
        with self._gates.setdefault(top, Lock()):
            known = self._mounts.setdefault(spot.namespace, [])
            found = next((mount for mount in known if f"{spot.path}/".startswith(mount.path)), None)
            if found is None and top not in self._unsaid:
                try:
                    found = _as_mount(self._get(f"sys/internal/ui/mounts/{spot.path}", spot, deadline, repeatable=True))
                except AccessDenied:
                    self._unsaid.add(top)
                known += [found] if found else []
            return found

    def _search(self, spot: Spot, deadline: Deadline) -> Answer:
        """Try the path as it is, then as one of KV version 2 under each possible mount."""
        parts = spot.path.split("/")
        paths = [spot.path, *("/".join((*parts[:cut], "data", *parts[cut:])) for cut in range(1, len(parts)))]
        refused: AccessDenied | None = None
        missing: BrokerError | None = None
        for path in paths:
            try:
                answer = self._get(path, spot, deadline, repeatable=path != spot.path)
            except AccessDenied as error:
                refused = refused or error
                continue
            if answer.status == 200 or answer.gone:
                made = bool(answer.document.get("lease_id"))
                return answer.data_or_raise(spot.path, spot.version)._replace(made=made)
            if not wrong_engine(answer):
                missing = absent(answer, spot.path, spot.version)
        raise missing or refused or SecretNotFound(f"no secrets engine serves {spot.path}")

    def _write(self, mount: Mount | None, spot: Spot, deadline: Deadline) -> Answer:
        """Send a reference's data and return what comes back; never to an engine that would store it."""
        if mount is None:
            raise AccessDenied(
                f"the server does not say which engine serves {spot.path}: data may overwrite a secret there"
            )
        if mount.type in _STORES:
            raise AccessDenied(
                f"{mount.path} ({mount.type}) stores what it is sent: data would overwrite a secret there"
            )
        body = json.loads(spot.data)
        return persist(
            lambda: self._client.ask("post", spot.path, deadline, body=body, namespace=spot.namespace),
            deadline, f"vault: write {spot.path}", repeatable=DECRYPT in spot.path, of=(spot.path,),
        )  # fmt: skip

    def _get(self, path: str, spot: Spot, deadline: Deadline, *, repeatable: bool) -> Answer:
        params = {"version": spot.version} if spot.version else {}
        phase = f"vault: read {path}"
        return persist(
            lambda: self._client.ask("get", path, deadline, params=params, namespace=spot.namespace),
            deadline, phase, repeatable=repeatable, of=(spot.path,),
        )  # fmt: skip


def _as_mount(answer: Answer) -> Mount | None:
    data = answer.document.get("data")
    if answer.status != 200 or not isinstance(data, dict) or not data.get("path"):
        return None
    options = data.get("options")
    versioned = isinstance(options, dict) and str(options.get("version")) == "2"
    return Mount(str(data["path"]), str(data.get("type")), versioned)


def _outcome(ref: SecretRef, spot: Spot, answer: Answer | BrokerError) -> Outcome:
    if isinstance(answer, BrokerError):
        return answer
    try:
        lease = answer.lease(spot.namespace)
        if ref.key == WHOLE:
            return Fetched(Secret(b""), answer.version, all_fields(answer.fields), answer.made, lease=lease)
        found = pick(answer.fields, ref.key)
        if ref.data and ref.key == "plaintext" and DECRYPT in ref.path:
            found = Secret(base64.b64decode(found.reveal(), validate=True))
        return Fetched(found, answer.version, made=answer.made, lease=lease)
    except ValueError:
        return BadValue("the plaintext is no base64, which the transit engine always answers with")
    except BrokerError as error:
        return error

"""A database's URL -> whether its server lets this user in: the login alone, then goodbye. PostgreSQL and MySQL."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import unquote

from secrets_guard.model.finding import DEAD, LIVE, UNKNOWN, UNSUPPORTED
from secrets_guard.verify.candidate import Candidate
from secrets_guard.verify.net import Net
from secrets_guard.verify.outcome import Outcome, Unanswered
from secrets_guard.verify.verifier import Verifier

_BEFORE = re.compile(rb"\b(postgres(?:ql)?|mysql2?|mariadb)(?:\+[a-z0-9]{1,20})?://([^\s:@/'\"<>`]{1,80}):\Z")
_AFTER = re.compile(rb"@([\w.\-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::(\d{1,5}))?(?:/([\w\-.]{1,63}))?")
_BAD_LOGIN, _NO_DATABASE, _NO_RIGHT = 1045, 1049, 1044
_NO_TLS = 2026
"""TLS is not there, or its certificate is not to be trusted."""
_LONGEST_START = 160


class Address(NamedTuple):
    """What a URL says besides the password."""

    service: str
    user: str
    host: str
    port: int
    database: str


def address_of(candidate: Candidate) -> Address | None:
    """Return what the URL around a password says; None where it is another service's."""
    before = _BEFORE.search(candidate.text, max(0, candidate.at - _LONGEST_START), candidate.at)
    after = _AFTER.match(candidate.text, candidate.at + len(candidate.secret))
    if before is None or after is None:
        return None
    service = "postgres" if before.group(1).startswith(b"postgres") else "mysql"
    port = int(after.group(2) or {"postgres": 5432, "mysql": 3306}[service])
    return Address(
        service,
        unquote(before.group(2).decode("utf-8", "replace")),
        after.group(1).decode().strip("[]"),
        port,
        (after.group(3) or b"").decode(),
    )


def ask(_verifier: Verifier, candidate: Candidate, net: Net) -> Outcome:
    """Log in at the host that the URL names, at the address that was checked."""
    address = address_of(candidate)
    if address is None:
        return Outcome(UNSUPPORTED, "nobody is known to ask")
    return net.once((*map(str, address), candidate.value), partial(_log_in, address, unquote(candidate.value), net))


def _log_in(address: Address, password: str, net: Net) -> Outcome:
    checked = net.addresses(address.host, address.port)[0]
    net.pace.wait(f"{address.host}:{address.port}")
    timeout = max(1, int(min(net.limits.timeout, net.pace.left())))
    login = _postgres if address.service == "postgres" else _mysql
    return login(address, checked, password, timeout)


def _postgres(address: Address, checked: str, password: str, timeout: int) -> Outcome:
    try:
        import psycopg
    except ImportError:
        raise Unanswered("asking PostgreSQL needs psycopg: pip install 'secrets-guard[verify]'") from None
    try:
        psycopg.connect(
            host=address.host,
            hostaddr=checked,
            port=address.port,
            user=address.user,
            password=password,
            dbname=address.database or address.user,
            connect_timeout=timeout,
            # Ways that prove the password without sending it; a host that wants it in plain does not get it.
            require_auth="scram-sha-256,md5",
            sslmode="prefer",
            sslcertmode="disable",
            gssencmode="disable",
            application_name="secrets-guard",
        ).close()
    except psycopg.ProgrammingError:
        raise Unanswered("asking PostgreSQL needs libpq 16 or later: pip install 'psycopg[binary]'") from None
    except psycopg.Error as error:
        return _postgres_refusal(error)
    return Outcome(LIVE, f"the server lets {address.user} in")


def _postgres_refusal(error: Any) -> Outcome:
    """Tell what a failed login means. libpq has the server's texts only, in the language of the server."""
    text = str(error)
    if "authentication failed" in text:
        return Outcome(DEAD, "the server refuses this password")
    if "database" in text and "does not exist" in text:
        return Outcome(LIVE, "the server takes the password; there is no such database")
    if "permission denied for database" in text:
        return Outcome(LIVE, "the server takes the password, but not for this database")
    if "authentication method requirement" in text:
        return Outcome(UNKNOWN, "the server asks for the password in plain, or for none")
    return Outcome(UNKNOWN, "the server can't be reached, or answers something else")


def _mysql(address: Address, checked: str, password: str, timeout: int, *, tls: bool = True) -> Outcome:
    """Log in by TLS whose certificate is checked; where there is none, without, but never with the plain password."""
    try:
        import pymysql
    except ImportError:
        raise Unanswered("asking MySQL needs pymysql: pip install 'secrets-guard[verify]'") from None
    import ssl

    try:
        connection = pymysql.connect(
            host=address.host,
            user=address.user,
            password=password,
            database=address.database or None,
            read_timeout=timeout,
            write_timeout=timeout,
            auth_plugin_map=dict.fromkeys(("mysql_clear_password", "dialog"), _Refusing),
            ssl=ssl.create_default_context() if tls else None,
            ssl_disabled=not tls,
            defer_connect=True,
        )
        with _within(socket.create_connection((checked, address.port), timeout), timeout) as sock:
            connection.connect(sock)
            connection.close()
    except (pymysql.MySQLError, OSError) as error:
        code = error.args[0] if error.args else 0
        if tls and (code == _NO_TLS or isinstance(error.__cause__ or error.__context__ or error, ssl.SSLError)):
            return _mysql(address, checked, password, timeout, tls=False)
        return _mysql_refusal(code)
    except _InPlain:
        return Outcome(UNKNOWN, "the server asks for the password in plain")
    return Outcome(LIVE, f"the server lets {address.user} in")


@contextmanager
def _within(sock: socket.socket, seconds: float) -> Iterator[socket.socket]:
    """Cut a connection off after so long, whoever has wrapped it meanwhile: each byte resets a socket's own timeout."""
    other = sock.dup()
    alarm = threading.Timer(seconds, _cut, (other,))
    alarm.daemon = True
    alarm.start()
    try:
        yield sock
    finally:
        alarm.cancel()
        other.close()


def _cut(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def _mysql_refusal(code: object) -> Outcome:
    if code == _BAD_LOGIN:
        return Outcome(DEAD, "the server refuses this password")
    if code in (_NO_DATABASE, _NO_RIGHT):
        return Outcome(LIVE, "the server takes the password, but not for this database")
    return Outcome(UNKNOWN, "the server can't be reached, or answers something else")


class _InPlain(Exception):
    """The server wants the password itself."""


class _Refusing:
    """A way of logging in that is not taken."""

    def __init__(self, _connection: object) -> None:
        raise _InPlain

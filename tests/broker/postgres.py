"""A real PostgreSQL on a socket of its own, for OpenBao's database engine: credentials with real leases."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PASSWORD = "of-the-superuser"
_CREATE = """CREATE ROLE "{{name}}" WITH LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}';"""


def programs() -> Path | None:
    """Return the folder of PostgreSQL's server programs, where Debian has them; None where there are none."""
    for found in sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), reverse=True):
        return found.parent
    found_here = shutil.which("postgres")
    return Path(found_here).resolve().parent if found_here else None


class Postgres:
    """A running server; ``folder`` holds its socket."""

    def __init__(self, folder: Path, bin: Path) -> None:
        self.folder, self.bin = folder, bin

    def ask(self, query: str, user: str = "postgres", password: str = PASSWORD) -> list[str]:
        """Return the first column of the answer; a refused login is a CalledProcessError."""
        env = {"PGPASSWORD": password, "PATH": os.environ["PATH"]}
        command = [str(self.bin / "psql"), "-h", str(self.folder), "-U", user, "-d", "postgres", "-XAtc", query]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=True, timeout=20)
        return done.stdout.split()

    def roles(self) -> set[str]:
        """Return the roles that OpenBao made and has not taken back."""
        return set(self.ask("SELECT rolname FROM pg_roles WHERE rolname LIKE 'v-%'"))

    def settings(self) -> dict[str, object]:
        """Return what OpenBao's database engine has to know to make roles here."""
        url = f"postgresql://{{{{username}}}}:{{{{password}}}}@/postgres?host={self.folder}"
        login = {"connection_url": url, "username": "postgres", "password": PASSWORD}
        return {"plugin_name": "postgresql-database-plugin", "allowed_roles": "*", **login}

    @staticmethod
    def role(ttl: str, max_ttl: str) -> dict[str, object]:
        """Return a role of that engine whose credentials live ``ttl`` and by renewal ``max_ttl``."""
        return {"db_name": "pg", "creation_statements": [_CREATE], "default_ttl": ttl, "max_ttl": max_ttl}


@contextmanager
def started(bin: Path) -> Iterator[Postgres]:
    """Start a server as a user without privileges, which PostgreSQL insists on; end it after."""
    folder = Path(tempfile.mkdtemp(prefix="sg-pg-", dir="/tmp"))  # a short path: a socket's has 107 bytes
    user = "nobody" if os.geteuid() == 0 else None
    if user:
        shutil.chown(folder, user)
    folder.chmod(0o755)
    (folder / "password").write_text(PASSWORD)
    (folder / "password").chmod(0o644)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder, "user": user}
    env = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
    initdb = ["initdb", "-D", "data", "-U", "postgres", "-A", "scram-sha-256", "--pwfile", "password", "-N"]
    server = ["postgres", "-D", "data", "-k", str(folder), "-c", "listen_addresses=", "-c", "fsync=off"]
    try:
        subprocess.run([str(bin / initdb[0]), *initdb[1:]], env=env, check=True, **quiet)  # type: ignore[call-overload]
        process = subprocess.Popen([str(bin / server[0]), *server[1:]], env=env, **quiet)  # type: ignore[call-overload]
        try:
            yield _waited_for(Postgres(folder, bin))
        finally:
            process.send_signal(signal.SIGINT)  # at once: OpenBao is still connected
            process.wait(20)
    finally:
        shutil.rmtree(folder)


def _waited_for(server: Postgres) -> Postgres:
    for _ in range(200):
        try:
            server.ask("SELECT 1")
        except subprocess.CalledProcessError:
            time.sleep(0.05)
        else:
            return server
    raise AssertionError("PostgreSQL did not start")

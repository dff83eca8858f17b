"""How a registry is to be reached, as the command line says."""

from __future__ import annotations

from typing import NamedTuple


class Access(NamedTuple):
    """``insecure``: the certificate is not checked; ``ca_file``: more authorities that may sign it."""

    plain_http: bool = False
    insecure: bool = False
    ca_file: str = ""
    first_pause: float = 0.5
    """Seconds before a request is tried again for the first time; then twice as long each time."""

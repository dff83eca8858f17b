"""A host that scanned content names -> addresses that may be connected to: none that is private to this network."""

from __future__ import annotations

import ipaddress
import socket

from secrets_guard.verify.outcome import Unanswered

_MOST = 4
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def public_addresses(host: str, port: int, *, allow_private: bool) -> list[str]:
    """Return the addresses of ``host``, each checked; whoever connects uses these and does not resolve again.

    One that is not public (private, loopback, link-local, shared, multicast, reserved, or any of these inside an IPv6
    form) refuses them all: a name that leads to both is a trap. Raises Unanswered.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Unanswered("its host has no address") from None
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not allow_private and not all(is_public(address) for address in addresses):
        raise Unanswered("its host is in a private network; not asked without --verify-allow-private")
    return addresses[:_MOST]


def is_public(address: str) -> bool:
    """Tell whether an address (IPv4 or IPv6, a zone after %) is one of the open Internet."""
    made = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(made, ipaddress.IPv6Address):
        embedded = made.ipv4_mapped or made.sixtofour
        if made in _NAT64:
            embedded = ipaddress.IPv4Address(int(made) & 0xFFFFFFFF)
        if made.teredo:
            return False
        if embedded is not None:
            return is_public(str(embedded))
    return made.is_global and not made.is_multicast and not made.is_reserved

"""An Azure key with a signature in it (``+ASt``, ``ACDb``, ``AzFu``…) -> what it is a key of, if its checksum is right.

Signatures, seeds and the place of the checksum: IdentifiableMetadata.cs and IdentifiableSecrets.cs in
https://github.com/microsoft/security-utilities; the checksum is Marvin32: Marvin.cs in https://github.com/dotnet/runtime.
"""

from __future__ import annotations

import re

from secrets_guard.structure import RIGHT, Around, Reading
from secrets_guard.structure.base64 import decoded

_SIGNED = re.compile(rb"(\+ASt|ACDb|\+ABa|\+AMC|APIM|\+ASb|\+AEh|\+ARm|AIoT|AzCa|\+ACR|AzSe|AzFu)[\w+/\-]{6}={0,2}\Z")
_MESSAGING = (("send", b"Send0000"), ("manage", b"Manage00"), ("listen", b"Listen00"), ("system", b"System00"))
_KINDS: dict[bytes, tuple[tuple[str, bytes], ...]] = {
    b"+ASt": (("storage account", b"Default0"),),
    b"ACDb": (
        ("Cosmos DB, read and write", b"MastRW00"),
        ("Cosmos DB, read only", b"MastRO00"),
        ("Cosmos DB, one resource", b"Resour00"),
    ),
    b"+ABa": (("Batch account", b"AbAcct00"),),
    b"+AMC": (("Machine Learning", b"Classic0"),),
    b"APIM": (
        ("API Management, direct", b"Tenant00"),
        ("API Management, subscription", b"IoTHub00"),
        ("API Management, gateway", b"Gatewy00"),
        ("API Management, repository", b"GitKey00"),
    ),
    b"+ASb": tuple((f"Service Bus, {right}", seed) for right, seed in _MESSAGING),
    b"+AEh": tuple((f"Event Hubs, {right}", seed) for right, seed in _MESSAGING),
    b"+ARm": tuple((f"Relay, {right}", seed) for right, seed in _MESSAGING),
    b"AIoT": (("IoT hub", b"IoTHub00"), ("IoT provisioning", b"DpsKey00"), ("IoT device", b"Device00")),
    b"AzCa": (("Cache for Redis", b"Access00"),),
    b"+ACR": (("Container Registry", b"ACRDflt0"),),
    b"AzSe": (("Search, query", b"Query000"), ("Search, admin", b"PAdmin00")),
    b"AzFu": (("Functions, master", b"Master00"), ("Functions, system", b"System00"), ("Functions", b"Functi00")),
}
_CHECKSUM, _WORD = 4, 0xFFFFFFFF


def read(value: bytes, _around: Around) -> Reading:
    """Read the kind that the checksum is right for; seeds that are not published make keys of which nothing is told."""
    found, data = _SIGNED.search(value), decoded(value)
    if found is None or data is None:
        return Reading()
    wanted = int.from_bytes(data[-_CHECKSUM:], "little")
    for kind, seed in _KINDS[found.group(1)]:
        if marvin32(data[:-_CHECKSUM], int.from_bytes(seed, "big")) == wanted:
            return Reading((("key of", kind),), proof=RIGHT)
    return Reading()


def marvin32(data: bytes, seed: int) -> int:
    """Return the 32 bits that Marvin makes of ``data`` under a 64-bit seed."""
    low, high = seed & _WORD, seed >> 32
    whole = len(data) // 4 * 4
    last = int.from_bytes(data[whole:] + b"\x80", "little")
    for word in [*(int.from_bytes(data[at : at + 4], "little") for at in range(0, whole, 4)), last, 0]:
        low, high = _block(low + word & _WORD, high)
    return low ^ high


def _block(low: int, high: int) -> tuple[int, int]:
    high ^= low
    low = _rotated(low, 20) + high & _WORD
    high = _rotated(high, 9) ^ low
    low = _rotated(low, 27) + high & _WORD
    return low, _rotated(high, 19)


def _rotated(word: int, by: int) -> int:
    return (word << by | word >> 32 - by) & _WORD

"""An Azure shared access signature -> what it opens, for what, until when.

Source: https://learn.microsoft.com/rest/api/storageservices/create-service-sas and .../create-account-sas.
"""

from __future__ import annotations

import re

from secrets_guard.structure import Around, Reading
from secrets_guard.structure.instant import normal

_PAIR = re.compile(rb"(?:^|[?&;\s\"'=])(se|sp|sr|ss|st|sv|sip|spr|sig)=([\w%:.\-+/~]{1,200})")
_HOST = re.compile(
    rb"https://([\w\-]{3,63})\.((?:blob|file|queue|table|dfs)\.core\.(?:windows\.net|chinacloudapi\.cn))"
)
_NAMES = ("sp", "permissions"), ("sr", "resource"), ("ss", "services"), ("sip", "addresses"), ("sv", "version")
_QUERY = 1000
"""The fields stand before and behind the signature, on its line."""


def read_sas(value: bytes, around: Around) -> Reading:
    """Read the fields around the signature and, where it is there, the account before them."""
    from urllib.parse import unquote

    text, at = around
    start, end = max(text.rfind(b"\n", 0, at) + 1, at - _QUERY), at + len(value) + _QUERY
    line = text[start:end].partition(b"\n")[0].replace(b"&amp;", b"&")
    fields = {name: unquote(told.decode("ascii")) for name, told in _PAIR.findall(line)}
    host = _HOST.search(line)
    details = [("account", host.group(1).decode() if host else "")]
    details += [(name, fields.get(key.encode(), "")) for key, name in _NAMES]
    details += [("starts", normal(fields.get(b"st", ""))), ("expires", normal(fields.get(b"se", "")))]
    return Reading(tuple(details))

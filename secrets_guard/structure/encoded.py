"""Tokens that are, or begin with, base64 of something readable -> the public part of it.

What can't be read tells nothing: none of these forms is promised to stay as it is.
"""

from __future__ import annotations

from typing import Any

from secrets_guard.structure import Around, Reading
from secrets_guard.structure.base64 import decoded, json_object, told
from secrets_guard.structure.instant import instant

_DISCORD_EPOCH_MS = 1420070400000


def read_1password(value: bytes, _around: Around) -> Reading:
    """Read ``ops_<JSON>``. Source: https://developer.1password.com/docs/service-accounts/security/."""
    return _of(json_object(value.removeprefix(b"ops_")), {"address": "signInAddress", "account": "email"})


def read_sentry(value: bytes, _around: Around) -> Reading:
    """Read ``sntrys_<JSON>_<secret>``. Source: https://github.com/getsentry/rfcs/blob/main/text/0091-ci-upload-tokens.md."""
    fields = json_object(value.removeprefix(b"sntrys_").rpartition(b"_")[0])
    names = {"organization": "org", "url": "url", "region": "region_url"}
    reading = _of(fields, names)
    return reading._replace(details=(*reading.details, ("issued", instant((fields or {}).get("iat")))))


def read_grafana_cloud(value: bytes, _around: Around) -> Reading:
    """Read ``glc_<JSON>``, or the JSON of an API key of before (``eyJrIjoi…``)."""
    fields = json_object(value.removeprefix(b"glc_"))
    reading = _of(fields, {"organization": "o" if value.startswith(b"glc_") else "id", "name": "n"})
    region = (fields or {}).get("m")
    return reading._replace(
        details=(*reading.details, ("region", told(region.get("r")) if isinstance(region, dict) else ""))
    )


def read_mapbox(value: bytes, _around: Around) -> Reading:
    """Read ``sk.<JSON>.<signature>``. Source: https://docs.mapbox.com/api/accounts/tokens/."""
    kinds = {b"sk": "secret", b"tk": "temporary", b"pk": "public"}
    prefix, _, rest = value.partition(b".")
    fields = json_object(rest.partition(b".")[0])
    reading = _of(fields, {"user": "u"})
    return reading._replace(
        details=(("kind", kinds.get(prefix, "")), *reading.details, ("expires", instant((fields or {}).get("exp"))))
    )


def read_cloudflare_tunnel(value: bytes, _around: Around) -> Reading:
    """Read the JSON of ``cloudflared``: account, tunnel and secret."""
    return _of(json_object(value), {"account": "a", "tunnel": "t"})


def read_jfrog(value: bytes, _around: Around) -> Reading:
    """Read ``reftkn:<version>:<expiry>:<secret>``; an expiry of 0 is none.

    Source: https://jfrog.com/help/r/jfrog-platform-administration-documentation/reference-token.
    """
    kind, _, rest = (decoded(value) or b"").partition(b":")
    _version, _, rest = rest.partition(b":")
    expiry = rest.partition(b":")[0]
    if kind != b"reftkn" or not expiry.isdigit():
        return Reading()
    return Reading((("expires", instant(int(expiry[:12]))),))


def read_discord(value: bytes, _around: Around) -> Reading:
    """Read ``<base64 of the bot's id>.…``: the id (a snowflake) tells when the bot was made.

    Source: https://docs.discord.com/developers/reference#snowflakes.
    """
    number = decoded(value.partition(b".")[0]) or b""
    if not number.isdigit() or not 16 <= len(number) <= 20:
        return Reading()
    made = ((int(number) >> 22) + _DISCORD_EPOCH_MS) // 1000
    return Reading((("bot", number.decode()), ("bot made", instant(made))))


def _of(fields: dict[str, Any] | None, names: dict[str, str]) -> Reading:
    if fields is None:
        return Reading()
    return Reading(tuple((name, told(fields.get(field))) for name, field in names.items()))

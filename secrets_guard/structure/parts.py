"""Tokens that say in plain text whose and of what kind they are -> those parts, never the secret one."""

from __future__ import annotations

from secrets_guard.lazily import Pattern
from secrets_guard.structure import Around, Reading

_FORMS: tuple[tuple[Pattern[bytes], dict[str, str]], ...] = (
    # https://docs.slack.dev/authentication/tokens; a number of a team or a user is none of the secret's parts.
    (Pattern(rb"xoxb-(?P<team>[0-9]{8,14})-(?P<user>[0-9]{10,14})-."), {"kind": "bot token"}),
    (Pattern(rb"xox[pe]-(?P<team>[0-9]{8,14})-(?P<user>[0-9]{8,14})-[0-9]"), {"kind": "user token"}),
    (Pattern(rb"xox(?:e\.xox)?(?P<kind>[a-z])-"), {}),
    (Pattern(rb"xapp-[0-9]-(?P<app>A[0-9A-Z]{8,12})-"), {"kind": "app token"}),
    (Pattern(rb"(?P<team>[TE][0-9A-Z]{8,12})/(?P<app>[AB][0-9A-Z]{8,12})/"), {"kind": "webhook"}),
    # https://docs.stripe.com/keys
    (Pattern(rb"(?P<kind>[sr]k)_(?P<mode>live|test)_"), {}),
    # https://core.telegram.org/bots/api#authorizing-your-bot
    (Pattern(rb"(?P<bot>[0-9]{8,10}):AA"), {}),
    # https://discord.com/developers/docs/resources/webhook
    (Pattern(rb"(?P<webhook>[0-9]{17,20})/"), {}),
    # https://www.twilio.com/docs/sendgrid/ui/account-and-settings/api-keys
    (Pattern(rb"SG\.(?P<key_id>[0-9A-Za-z_-]{22})\."), {}),
    # https://tailscale.com/kb/1277/key-prefixes
    (Pattern(rb"tskey-(?P<kind>[a-z]{2,10})-(?P<key_id>[0-9A-Za-z]{6,30})-"), {}),
    # https://airtable.com/developers/web/guides/personal-access-tokens
    (Pattern(rb"(?P<key_id>pat[0-9A-Za-z]{14})\."), {}),
    # https://help.salesforce.com/s/articleView?id=000385215: an organisation's id is 15 characters.
    (Pattern(rb"(?P<organization>00D[0-9A-Za-z]{12})!"), {}),
    (Pattern(rb"(?P<app>[0-9]{13,17})(?:\||%7C)"), {}),
    (Pattern(rb"PMAK-(?P<key_id>[0-9a-f]{24})-"), {}),
    # https://mailchimp.com/developer/marketing/docs/fundamentals/: the data centre is what follows the hyphen.
    (Pattern(rb"[0-9a-f]{32}-(?P<region>us[0-9]{1,2})"), {}),
    (Pattern(rb"(?P<key_id>[0-9A-Za-z]{14})\.atlasv1\."), {}),
    # https://docs.doppler.com/reference/auth-token-formats
    (Pattern(rb"dp\.(?P<kind>[a-z]{2,5})\.(?:(?P<environment>[0-9a-z_-]{2,35})\.)?"), {}),
    # https://developer.hashicorp.com/vault/docs/concepts/tokens#token-prefixes
    (Pattern(rb"(?P<kind>hv[sbr])\."), {}),
)
_WORDS = {
    "kind": {
        "sk": "secret key", "rk": "restricted key", "pt": "personal token", "ct": "CLI token", "st": "service token",
        "sa": "service account token", "hvs": "service token", "hvb": "batch token", "hvr": "recovery token",
        "a": "workspace access token", "b": "bot token", "c": "client token", "d": "session cookie",
        "e": "refresh token", "o": "OAuth token", "p": "user token", "r": "refresh token", "s": "session token",
    },
}  # fmt: skip


def read(value: bytes, _around: Around) -> Reading:
    """Read what the first form that fits the value's beginning names."""
    for form, fixed in _FORMS:
        found = form.match(value)
        if found:
            parts = {key: part.decode("ascii") for key, part in found.groupdict().items() if part}
            words = {key.replace("_", " "): _WORDS.get(key, {}).get(part, part) for key, part in parts.items()}
            return Reading(tuple({**fixed, **words}.items()))
    return Reading()

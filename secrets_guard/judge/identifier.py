"""Identifiers that look random but open nothing: UUIDs, object ids, checksums, lock files."""

from __future__ import annotations

import re

from secrets_guard.lazily import Pattern
from secrets_guard.model.match import Context, Match, Verdict

UUID = Pattern(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_DIGEST = Pattern(rb"[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{56}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128}", re.IGNORECASE)
_DIGEST_WORDS = Pattern(
    rb"(?:sha-?(?:1|224|256|384|512)|md5|blake2|digest|integrity|checksum|hash|commit|revision|\brev\b|\bref\b|etag"
    rb"|fingerprint|thumbprint|object|\boid\b|tree|parent|blob|index|merge|cherry|pick|version|build.?id|nonce|uuid|guid"
    rb"|public.?key|pubkey|cert|signature|subresource)[^\r\n]{0,60}$",
    re.IGNORECASE,
)
_PUBLIC = Pattern(
    rb"(?:ssh-(?:rsa|ed25519|dss)|ecdsa-sha2-[\w-]+|publickey|public_key|csrf|xsrf|nonce|author_id|client_id|key_?id)"
    rb"['\"]?[ \t:=]{1,4}['\"]?$",
    re.IGNORECASE,
)
_LOCK_FILE = Pattern(
    r"(?:^|/)(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.ya?ml|Cargo\.lock|poetry\.lock|uv\.lock"
    r"|pdm\.lock|Pipfile\.lock|Gemfile\.lock|composer\.lock|go\.sum|flake\.lock|mix\.lock|pubspec\.lock|Podfile\.lock"
    r"|packages\.lock\.json|gradle\.lockfile|bun\.lockb?|deno\.lock|Package\.resolved|conan\.lock|requirements[\w.-]*\.txt"
    r"|\.terraform\.lock\.hcl|MODULE\.bazel\.lock|verification-metadata\.xml|go\.work\.sum|[\w.-]*sums?(?:\.txt)?"
    r"|checksums?(?:\.\w+)?)$|\.dist-info/RECORD$"
)
_CHECKSUM_PREFIX = Pattern(rb"(?:sha-?\d{1,3}|md5|blake2[bs]?|h1)[-:=]", re.IGNORECASE)


def judge(match: Match, context: Context) -> Verdict | None:
    """Drop identifiers and checksums found by assignment and entropy rules."""
    if match.rule.kind not in ("assignment", "entropy"):
        return None
    if _LOCK_FILE.search(context.hint):
        return Verdict(False, "identifier", "checksums of a lock file")
    value = match.secret.reveal()
    if match.rule.kind == "entropy" and UUID.fullmatch(value):
        return Verdict(False, "identifier", "a UUID")
    if _PUBLIC.search(context.before) or value.startswith((b"AAAAB3NzaC1", b"AAAAC3NzaC1", b"AAAAE2VjZHNh")):
        return Verdict(False, "identifier", "public by its nature")
    if _DIGEST.fullmatch(value) and _DIGEST_WORDS.search(context.before):
        return Verdict(False, "identifier", "a checksum or an object id")
    if _CHECKSUM_PREFIX.match(value):
        return Verdict(False, "identifier", "a checksum or an object id")
    return None

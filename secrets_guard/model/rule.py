"""A rule: what one kind of secret looks like."""

from typing import NamedTuple

SEVERITIES = ("low", "medium", "high", "critical")
"""Severities, weakest first."""

CONFIDENCES = ("low", "medium", "high")
"""Confidences, weakest first."""

KINDS = ("token", "private-key", "url", "assignment", "entropy")
"""What a rule goes by, most specific first: a vendor's own format, a PEM block, credentials in a URL,
a secret-like name with a value, nothing but randomness. Of two matches of one secret the more specific wins."""


class Nearby(NamedTuple):
    """Another rule that must (``required``) or may match near a match, and becomes a part of its finding."""

    rule: str
    within: int = 10
    """Lines between the two at most; 0: the same line."""
    required: bool = False
    columns: int = 0
    """Bytes between where the two begin in their lines, at most; 0: any."""


class Rule(NamedTuple):
    """One kind of secret. See docs/add-a-rule.md for the meaning of each field.

    ``max_length`` is the longest match in bytes; ``min_entropy`` is Shannon's, in bits per character.
    ``trigger`` is the pattern of stage one, derived from ``pattern`` (or from a given trigger) when a rule is loaded:
    it matches wherever the pattern does, ending inside the match.
    A rule that does not stand ``alone`` is looked for only near matches of rules that name it in ``nearby``.
    ``longest`` and ``trigger_longest`` are the most bytes that the pattern, and the trigger inside a match of it, can
    match as they stand: both are found when a rule is loaded; 0 is not known.
    """

    id: str
    title: str
    pattern: str
    kind: str = "token"
    trigger: str = ""
    secret_group: int = 0
    max_length: int = 0
    keywords: tuple[str, ...] = ()
    min_entropy: float = 0.0
    checksum: str = ""
    path: str = ""
    allow: tuple[str, ...] = ()
    nearby: tuple[Nearby, ...] = ()
    alone: bool = True
    severity: str = "high"
    confidence: str = "high"
    examples: tuple[str, ...] = ()
    counterexamples: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    revoke: str = ""
    """The vendor's page on which such a secret is revoked."""
    vendor: str = ""
    longest: int = 0
    trigger_longest: int = 0
    structure: str = ""
    place: str = ""
    """``file:line`` where the rule is defined, for messages."""


class RuleSet(NamedTuple):
    """Rules in the order of their ids, and a digest over everything that decides what they find."""

    rules: tuple[Rule, ...]
    digest: str

    def get(self, rule_id: str) -> Rule | None:
        """Return the rule of that id, or None."""
        return next((rule for rule in self.rules if rule.id == rule_id), None)


def at_least(value: str, floor: str, scale: tuple[str, ...]) -> bool:
    """Tell whether ``value`` is ``floor`` or stronger on ``scale`` (weakest first)."""
    return scale.index(value) >= scale.index(floor)

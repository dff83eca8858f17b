"""Features -> how likely a generic candidate is a secret: a sum of weights, as a probability, and what made it so."""

from __future__ import annotations

from math import exp

from secrets_guard.judge.features import COMMON_PASSWORD, features
from secrets_guard.judge.weights import BIAS, LEAST, MEDIUM, WEIGHTS
from secrets_guard.model.match import Context, Match, Verdict
from secrets_guard.model.rule import Rule

_SHOWN = 5


def judge(match: Match, context: Context) -> Verdict | None:
    """Rate a candidate of a generic or entropy rule by its features; drop what hardly ever is a secret.

    The probability is ``1 / (1 + exp(-(BIAS + sum of weights)))``: logistic regression, fitted by
    bench/confidence.py to labelled lines of real repositories. The reason names what weighed most. Nothing is rated
    above medium: certainty is for formats that a vendor owns.
    """
    if not is_generic(match.rule):
        # A rule of its own (netrc, curl, psexec) knows that a password stands there, be it a word.
        known = match.rule.kind == "assignment" and COMMON_PASSWORD.fullmatch(match.secret.reveal())
        return Verdict(None, "confidence", "a password that stands in every manual", "low") if known else None
    parts = {name: WEIGHTS[name] * much for name, much in features(match, context).items() if name in WEIGHTS}
    likely = probability(parts)
    level = "medium" if likely >= MEDIUM else "low"
    return Verdict(False if likely < LEAST else None, "confidence", explained(likely, parts), level)


def is_generic(rule: Rule) -> bool:
    """Tell whether a rule goes by names and looks alone."""
    return rule.kind == "entropy" or (rule.kind == "assignment" and rule.id.startswith("generic-"))


def probability(parts: dict[str, float]) -> float:
    """Return the probability that weighted features come to."""
    return 1.0 / (1.0 + exp(-(BIAS + sum(parts.values()))))


def explained(likely: float, parts: dict[str, float]) -> str:
    """Return the probability and its greatest parts in words: ``0.12 likely: words -2.1, quoted +0.4``."""
    greatest = sorted(parts.items(), key=lambda one: (-abs(one[1]), one[0]))[:_SHOWN]
    told = ", ".join(f"{name.replace('_', ' ')} {part:+.1f}" for name, part in greatest if abs(part) >= 0.05)
    return f"{likely:.2f} likely: {told}" if told else f"{likely:.2f} likely"

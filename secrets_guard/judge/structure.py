"""Secrets that tell of themselves: what their structure shows is noted, what it can't be is dropped or doubted."""

from __future__ import annotations

from secrets_guard.model.match import Context, Match, Verdict

_AROUND = 4096


def judge(match: Match, _context: Context) -> Verdict | None:
    """Read the structure that the rule names, in the value and the 4 KiB on either side of it."""
    if not match.rule.structure:
        return None
    from secrets_guard.structure import Around, look

    data, at = match.view.data, match.at
    start = max(0, at.start - _AROUND)
    around = Around(data[start : at.end + _AROUND], at.start - start)
    reading = look(match.rule.structure, match.secret.reveal(), around)
    if reading.wrong:
        return Verdict(False, "structure", reading.wrong)
    rated = "low" if reading.doubt else "high" if reading.proof else ""
    return Verdict(None, "structure", reading.doubt or reading.proof, rated, reading.details)

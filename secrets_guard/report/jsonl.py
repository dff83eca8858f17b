"""ScanResult -> its findings, one JSON object a line and nothing else."""

from __future__ import annotations

from typing import IO

from secrets_guard.model.result import ScanResult
from secrets_guard.report.json import encoded, finding_fields


def write(result: ScanResult, stream: IO[str]) -> None:
    """Write a line for each finding, with the fields that the JSON report gives it; no findings, no lines."""
    for finding in result.findings:
        stream.write(f"{encoded(finding_fields(finding))}\n")

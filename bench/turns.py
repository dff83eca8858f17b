"""Short commands -> samples of each, taken in turn so that a busy moment meets them all."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence

from bench import tools
from bench.measure import BenchError, Sample, environment, run

_WARM_UPS = 3


def measured(every: Sequence[tools.Tool], runs: int, folder: str, home: str) -> dict[str, list[Sample]]:
    """Start each in ``folder`` a few times for nothing, then all in turn, each turn from another one on.

    Raises BenchError for one that fails.
    """
    samples: dict[str, list[Sample]] = {tool.label: [] for tool in every}
    log = os.path.join(home, "log")
    for turn in range(-_WARM_UPS, runs):
        for place in range(len(every)):
            tool = every[(turn + place) % len(every)]
            sample = run(tool.command, environment(home, **tool.env), folder, log)
            if sample.code not in tool.codes:
                with open(log, encoding="utf-8", errors="replace") as stream:
                    said = tools.last_line(stream.read())
                raise BenchError(f"{tool.label}: ended with {sample.code}: {said}")
            if turn >= 0:
                samples[tool.label].append(sample)
    return samples


def write(path: str, machine: str, limits: Mapping[str, float], samples: Mapping[str, list[Sample]]) -> None:
    """Write all samples as JSON. Raises BenchError when the file can't be written."""
    rows = {label: [sample._asdict() for sample in runs] for label, runs in samples.items()}
    try:
        with open(path, "w", encoding="utf-8") as stream:
            json.dump({"machine": machine, "limits_s": dict(limits), "rows": rows}, stream, indent=1)
    except OSError as error:
        raise BenchError(f"--json {path}: can't be written: {error.strerror}") from None

"""Labelled lines -> the weights of secrets_guard/judge/weights.py, with precision and recall per threshold.

    confidence.py rows TREE LABELS.jsonl > rows.jsonl   a row of features for each candidate; no label: no secret
    confidence.py rows TREE --words >> rows.jsonl       a tree whose words, names and translations are no secrets
    confidence.py made >> rows.jsonl                    the examples of all rules, which are
    confidence.py fit rows.jsonl [--write]              the table; --write puts the weights into the package

A label is ``{"path": "dir/file", "line": 12, "secret": true}``; bench/creddata.py makes them from Samsung's CredData.
Rows hold no text: features, the label, a hash of the value (one that is repeated a thousand times counts little).
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter
from collections.abc import Iterator
from math import exp, log
from pathlib import Path
from typing import Any
from zlib import crc32

from secrets_guard import load_rules
from secrets_guard.attribute import Places, context_of
from secrets_guard.cache import Cache
from secrets_guard.decode import root_view
from secrets_guard.decode.batch import Batch
from secrets_guard.detect.matcher import Matcher
from secrets_guard.judge import JUDGES, confidence
from secrets_guard.judge.features import features
from secrets_guard.judge.surroundings import made_up
from secrets_guard.model.blob import Blob
from secrets_guard.model.match import Context, Judge, Match
from secrets_guard.model.rule import Rule
from secrets_guard.rules.template import fill_bytes

MOST_BYTES = 4 << 20
ROUNDS = 400
STEP = 0.5
RIDGE = 0.3
FOLDS = 5
PLACES = (
    "settings.conf",
    "app/config.py",
    "deploy.yml",
    ".env",
    "src/client.js",
    "data.json",
    "run.sh",
    "notes.txt",
    "a",
)
WORDS = {"words", "words_and_signs", "word_parts", "dotted", "action", "beyond_ascii", "in_translations"}
SHIPPED = 0.3
"""What a row of a tree without labels weighs."""
MADE = 0.5
"""What a row of an example weighs."""
Row = dict[str, Any]


def rows(tree: Path, labels: dict[tuple[str, int], bool] | None) -> Iterator[Row]:
    """Yield a row for each generic candidate of a tree that no judge but the model drops."""
    matcher = Matcher(load_rules().rules, Cache(None))
    scratch = matcher.scratch()
    hard = [judge for judge in JUDGES if judge is not confidence.judge]
    for path in sorted(tree.rglob("*")):
        if path.is_symlink() or not path.is_file() or path.stat().st_size > MOST_BYTES or ".git" in path.parts:
            continue
        name = path.relative_to(tree).as_posix()
        blob = Blob(name, path.read_bytes(), name)
        view = root_view(blob, 0)
        if view.binary:
            continue
        batch = Batch([view])
        hits, _ = matcher.scan(batch.buffer, scratch)
        places = Places(view)
        for match in sorted(matcher.confirm(batch, hits), key=lambda one: one.secret_span):
            if not measured(match.rule):
                continue
            context = context_of(match, name)
            if not _stands(match, context, hard):
                continue
            line = places.location(match.secret_span).start_line
            known = labels.get((name, line)) if labels is not None else False
            yield {
                "f": features(match, context), "y": int(bool(known)), "told": known is not None,
                "k": match.rule.kind, "r": match.rule.id, "v": crc32(match.secret.reveal()), "p": f"{name}:{line}",
            }  # fmt: skip


def measured(rule: Rule) -> bool:
    """Tell whether the model is fitted to a rule's candidates: the generic ones; bare strings are rated by it alike."""
    return confidence.is_generic(rule) and rule.kind == "assignment"


def made(copies: int) -> Iterator[Row]:
    """Yield rows of the examples of all rules: random tokens under the names that their vendors give them.

    Real repositories hold few of those that are not already a vendor's own rule's, and users' repositories do.
    """
    rule_set = load_rules()
    matcher = Matcher(rule_set.rules, Cache(None))
    scratch = matcher.scratch()
    hard = [judge for judge in JUDGES if judge is not confidence.judge]
    for rule in rule_set.rules:
        for number, template in enumerate(rule.examples):
            for copy in range(copies):
                name = PLACES[(crc32(rule.id.encode()) + number + copy) % len(PLACES)]
                view = root_view(Blob("example", fill_bytes(template, f"{rule.id}/{copy}"), name), 0)
                hits, _ = matcher.scan(view.data, scratch)
                for match in matcher.confirm(Batch([view]), hits):
                    context = context_of(match, name)
                    if not measured(match.rule) or not _stands(match, context, hard):
                        continue
                    yield {
                        "f": features(match, context), "y": 1, "told": True, "k": match.rule.kind, "r": match.rule.id,
                        "v": crc32(match.secret.reveal()), "p": f"made-{rule.id}/{number}:1", "w": MADE,
                    }  # fmt: skip


def _stands(match: Match, context: Context, judges: list[Judge]) -> bool:
    return not any(verdict and verdict.keep is False for verdict in (judge(match, context) for judge in judges))


def read_labels(path: str) -> dict[tuple[str, int], bool]:
    """Return the labels of a file by path and line."""
    with open(path, encoding="utf-8") as stream:
        told = [json.loads(line) for line in stream]
    return {(one["path"], one["line"]): one["secret"] for one in told}


def weighted(data: list[Row]) -> list[float]:
    """Return each row's weight: one value of one label counts as one and a half rows, however often it stands there."""
    counts = Counter((row["v"], row["y"]) for row in data)
    return [
        row.get("w", 1.0) * (1 + 0.5 * min(1, counts[row["v"], row["y"]] - 1)) / counts[row["v"], row["y"]]
        for row in data
    ]


def fit(data: list[Row], weights: list[float]) -> tuple[float, dict[str, float]]:
    """Return bias and weights by gradient descent on the logistic loss with a ridge."""
    names = sorted({name for row in data for name in row["f"]})
    index = {name: at for at, name in enumerate(names)}
    sparse = [[(index[name], much) for name, much in row["f"].items()] for row in data]
    total = sum(weights)
    bias, slopes = 0.0, [0.0] * len(names)
    momentum, bias_momentum = [0.0] * len(names), 0.0
    for _ in range(ROUNDS):
        gradient, bias_gradient = [RIDGE * slope / total for slope in slopes], 0.0
        for row, cells, weight in zip(data, sparse, weights, strict=True):
            error = weight * (1 / (1 + exp(-(bias + sum(slopes[at] * much for at, much in cells)))) - row["y"]) / total
            bias_gradient += error
            for at, much in cells:
                gradient[at] += error * much
        bias_momentum = 0.9 * bias_momentum - STEP * bias_gradient
        bias += bias_momentum
        for at, one in enumerate(gradient):
            momentum[at] = 0.9 * momentum[at] - STEP * one
            slopes[at] += momentum[at]
    return bias, dict(zip(names, slopes, strict=True))


def likely(row: Row, bias: float, slopes: dict[str, float]) -> float:
    """Return the model's probability for a row."""
    return 1 / (1 + exp(-(bias + sum(slopes.get(name, 0.0) * much for name, much in row["f"].items()))))


def crossed(data: list[Row]) -> list[float]:
    """Return for each row the probability by a model that has not seen its file's folder."""
    places = sorted({row["p"].split("/")[0] for row in data})
    random.Random(7).shuffle(places)
    fold = {place: at % FOLDS for at, place in enumerate(places)}
    scores = [0.0] * len(data)
    for one in range(FOLDS):
        seen = [row for row in data if fold[row["p"].split("/")[0]] != one]
        bias, slopes = fit(seen, weighted(seen))
        for at, row in enumerate(data):
            if fold[row["p"].split("/")[0]] == one:
                scores[at] = likely(row, bias, slopes)
    return scores


def table(data: list[Row], scores: list[float]) -> str:
    """Return precision and recall per threshold, in Markdown; of candidates, not of all secrets there are."""
    real = [(row["y"], score) for row, score in zip(data, scores, strict=True) if "w" not in row]
    secrets = sum(secret for secret, _ in real)
    lines = ["| from | candidates | secrets | precision | recall |", "|---|---|---|---|---|"]
    for threshold in (0.02, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95):
        over = [secret for secret, score in real if score >= threshold]
        lines.append(
            f"| {threshold:.2f} | {len(over)} | {sum(over)} | {100 * sum(over) / max(1, len(over)):.1f} % "
            f"| {100 * sum(over) / max(1, secrets):.1f} % |"
        )
    return "\n".join(lines)


def module(bias: float, slopes: dict[str, float], data: list[Row]) -> str:
    """Return the text of weights.py."""
    made = f"{len(data):,} candidates, {sum(row['y'] for row in data):,} of them secrets"
    body = "\n".join(f'    "{name}": {slope:.2f},' for name, slope in sorted(slopes.items(), key=lambda one: -one[1]))
    return (
        '"""What each feature weighs, in log odds. Made by bench/confidence.py; not written by hand.\n\n'
        f'Fitted to {made}.\n"""\n\nBIAS = {bias:.2f}\nWEIGHTS = {{\n{body}\n}}\n'
        'MEDIUM = 0.6\n"""From here on a candidate is of medium confidence."""\n'
        'LEAST = 0.005\n"""Below that it is dropped."""\n'
    )


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    making = commands.add_parser("rows")
    making.add_argument("tree", type=Path)
    making.add_argument("labels", nargs="?")
    making.add_argument("--words", action="store_true", help="only what is words, names, translations outside of tests")
    commands.add_parser("made")
    fitting = commands.add_parser("fit")
    fitting.add_argument("rows", nargs="+")
    fitting.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    if asked.command == "made":
        for row in made(2):
            print(json.dumps(row))
        return
    if asked.command == "rows":
        for row in rows(asked.tree, read_labels(asked.labels) if asked.labels else None):
            if not asked.words:
                print(json.dumps(row))
            elif WORDS & row["f"].keys() and not made_up(row["p"].rpartition(":")[0]):
                print(json.dumps({**row, "w": SHIPPED}))
        return
    data = [json.loads(line) for name in asked.rows for line in Path(name).read_text(encoding="utf-8").splitlines()]
    print(table(data, crossed(data)))
    bias, slopes = fit(data, weighted(data))
    loss = -sum(
        w * log(max(1e-9, likely(r, bias, slopes) if r["y"] else 1 - likely(r, bias, slopes)))
        for r, w in zip(data, weighted(data), strict=True)
    )
    print(f"loss {loss / sum(weighted(data)):.3f}", file=sys.stderr)
    if asked.write:
        Path(confidence.__file__).with_name("weights.py").write_text(module(bias, slopes, data), encoding="utf-8")


if __name__ == "__main__":
    main()

"""``rules list | show | check | import``."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from secrets_guard.cli import exits
from secrets_guard.errors import RuleError
from secrets_guard.model.rule import KINDS

Extra = Annotated[list[str] | None, typer.Option("--rules", metavar="PATH", help="Add rules: a file or folder.")]


def register(app: typer.Typer, name: str, help_text: str, _arguments: list[str]) -> None:
    """Add the group."""
    group = typer.Typer(help=help_text, no_args_is_help=True, rich_markup_mode=None)
    group.command("list")(list_rules)
    group.command()(show)
    group.command()(check)
    group.command("import")(import_rules)
    app.add_typer(group, name=name)


def list_rules(
    extra: Extra = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array instead of a table.")] = False,
    kind: Annotated[str, typer.Option(help="Only rules of this kind.")] = "",
) -> None:
    """List all rules: id, kind, severity, confidence, title."""
    from secrets_guard.cache import user_cache
    from secrets_guard.rules.active import load_rules

    if kind and kind not in KINDS:
        raise RuleError(f"--kind: {kind!r} is none of {', '.join(KINDS)}")
    rules = [rule for rule in load_rules(tuple(extra or ()), cache=user_cache()).rules if kind in ("", rule.kind)]
    if as_json:
        import json

        fields = ("id", "title", "kind", "severity", "confidence", "vendor")
        print(json.dumps([{field: getattr(rule, field) for field in fields} for rule in rules], indent=2))
        return
    width = max(len(rule.id) for rule in rules) if rules else 0
    for rule in rules:
        print(f"{rule.id:<{width}}  {rule.kind:<11}  {rule.severity:<8}  {rule.confidence:<6}  {rule.title}")
    print(f"{len(rules)} rules of {len({rule.vendor for rule in rules})} vendors", file=sys.stderr)


def show(rule_id: Annotated[str, typer.Argument(metavar="ID")], extra: Extra = None) -> None:
    """Show one rule: what it matches, its examples (as templates), where its format is defined."""
    from secrets_guard.rules.active import load_rules, select

    rule = next(one for one in select(load_rules(tuple(extra or ())), (rule_id,), ()).rules if one.id == rule_id)
    for field, value in rule._asdict().items():
        if value in ("", (), 0, 0.0) or (field, value) == ("alone", True):
            continue
        if field == "nearby":
            print("nearby:")
            for near in value:
                print(f"  - {near.rule} ({'must' if near.required else 'may'} match within {near.within} lines)")
        elif isinstance(value, tuple):
            print(f"{field}:")
            for item in value:
                print("  - " + item.replace("\n", "\n    "))
        else:
            print(f"{field}: {value}")


def check(
    files: Annotated[list[str] | None, typer.Argument(metavar="[FILE]...", show_default=False)] = None,
) -> None:
    """Prove rules against their own examples and counterexamples; the built-in ones by default."""
    from secrets_guard.proof import prove
    from secrets_guard.rules.active import load_rules

    rules = load_rules(tuple(files), with_builtin=False) if files else load_rules()
    problems = prove(rules)
    for problem in problems:
        print(problem)
    state = f"{len(problems)} problems" if problems else "all as they say"
    examples = sum(len(rule.examples) + len(rule.counterexamples) for rule in rules.rules)
    print(f"{len(rules.rules)} rules, {examples} examples: {state}")
    raise typer.Exit(exits.FINDINGS if problems else exits.CLEAN)


def import_rules(
    path: Annotated[str, typer.Argument(metavar="FILE.toml", help="A gitleaks or betterleaks config.")],
    output: Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="Write the rules here.")] = "",
) -> None:
    """Turn a gitleaks config into our rules; what does not carry over is listed."""
    from secrets_guard.rules.import_gitleaks import read_gitleaks
    from secrets_guard.rules.imported_yaml import to_yaml

    imported = read_gitleaks(path)
    text = to_yaml(imported)
    if output:
        try:
            with open(output, "w", encoding="utf-8") as stream:
                stream.write(text)
        except OSError as error:
            raise RuleError(f"{output}: can't be written: {error.strerror}") from None
    else:
        sys.stdout.write(text)
    for note in imported.notes:
        print(f"secrets-guard: {path}: {note}", file=sys.stderr)
    counts = f"{len(imported.rules)} rules and {len(imported.allow)} allow entries; {len(imported.notes)} notes"
    print(f"secrets-guard: {counts}", file=sys.stderr)

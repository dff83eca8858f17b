"""What was imported from a gitleaks config -> a rule file of ours, and a piece of our config."""

from __future__ import annotations

from secrets_guard.config_file import AllowEntry
from secrets_guard.model.rule import Rule
from secrets_guard.rules.import_gitleaks import Imported


def to_yaml(imported: Imported) -> str:
    """Return the rules as a rule file of ours, the notes as comments on top and the allow part as one at the end."""
    import yaml

    defaults = Rule("", "", "")._asdict()
    documents = []
    for rule in imported.rules:
        given = {key: value for key, value in rule._asdict().items() if value != defaults[key]}
        given |= {"id": rule.id, "title": rule.title, "pattern": rule.pattern, "secret_group": rule.secret_group}
        given["nearby"] = [
            {k: v for k, v in near._asdict().items() if v} | {"within": near.within} for near in rule.nearby
        ]
        documents.append(
            {k: list(v) if isinstance(v, tuple) else v for k, v in given.items() if k != "place" and v != []}
        )
    body = yaml.safe_dump(documents, sort_keys=False, allow_unicode=True, width=2**31 - 1)
    allow = allow_yaml(imported)
    tail = f"\nFor .secrets-guard.yaml:\n{allow}" if allow else ""
    return _comment("\n".join(imported.notes)) + body + _comment(tail)


def allow_yaml(imported: Imported) -> str:
    """Return the allow part as a piece of `.secrets-guard.yaml`, or an empty string."""
    import yaml

    defaults = AllowEntry()._asdict()
    entries = [
        {k: list(v) if isinstance(v, tuple) else v for k, v in entry._asdict().items() if v != defaults[k]}
        for entry in imported.allow
    ]
    return yaml.safe_dump({"allow": entries}, sort_keys=False, allow_unicode=True, width=2**31 - 1) if entries else ""


def _comment(text: str) -> str:
    return "".join(f"# {line}".rstrip() + "\n" for line in text.splitlines())

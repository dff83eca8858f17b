"""The options that every scan has, as one table; nothing but plain values, so that it costs nothing to read."""

from __future__ import annotations

from typing import Any, NamedTuple


class Choice(NamedTuple):
    """One option: its value's type, its help, and other spellings."""

    type: Any
    help: str
    metavar: str = ""
    short: str = ""


SCAN_OPTIONS: dict[str, Choice] = {
    "format": Choice(
        str, "Report format: human, json, jsonl, sarif, junit, csv, html, gitlab or github.", "FORMAT", "-f"
    ),
    "output": Choice(str, "Write the report to this file instead of standard output.", "FILE", "-o"),
    "baseline": Choice(
        str, "Known secrets: our baseline, .gitleaksignore, a gitleaks report, .secrets.baseline.", "FILE"
    ),
    "rules": Choice(list[str], "Add rules: a YAML file, a folder of them, or a gitleaks TOML (repeatable).", "PATH"),
    "only_rule": Choice(list[str], "Use only this rule (repeatable).", "ID"),
    "exclude_rule": Choice(list[str], "Leave this rule out (repeatable).", "ID"),
    "min_severity": Choice(str, "Report from this severity on: low, medium, high or critical.", "LEVEL"),
    "min_confidence": Choice(str, "Report from this confidence on: low, medium (default) or high.", "LEVEL"),
    "jobs": Choice(int, "Worker threads; default: the cores this process may use.", "N", "-j"),
    "max_file_size": Choice(str, "Leave out larger files, as problems: 10MB, 1GiB. Default: no limit.", "SIZE"),
    "max_depth": Choice(
        int, "How many encodings, or archives, inside one another are undone; 0: none. Default 5.", "N"
    ),
    "no_archives": Choice(bool, "Don't open archives and compressed files; sweep them as they are."),
    "show_secrets": Choice(bool, "Show the values themselves. Careful with logs."),
    "exit_code": Choice(int, "Exit code when something was found; default 1.", "N"),
    "explain": Choice(bool, "Say of each candidate why it was kept or dropped."),
    "no_progress": Choice(bool, "No progress bar or heartbeat."),
    "quiet": Choice(bool, "Findings and problems only.", short="-q"),
    "strict": Choice(bool, "Exit 2 when anything could not be swept."),
    "no_inline_allow": Choice(bool, "Report in spite of 'secrets-guard: allow' and other tools' comments."),
    "fail_on_unused": Choice(bool, "Exit 2 when a suppression is no longer needed."),
    "trust_repo_config": Choice(bool, "Obey a config file that lies in what is scanned."),
    "fingerprint_key": Choice(str, "Key of the fingerprints; better given as SECRETS_GUARD_FINGERPRINT_KEY.", "KEY"),
}
"""Names are fields of Settings; the environment and the config file know them too."""

VERIFY_OPTIONS: dict[str, Choice] = {
    "verify": Choice(bool, "Ask who issued what is found whether it is live. Sends each secret to its issuer."),
    "verify_endpoint": Choice(
        list[str],
        "Ask here in place of the issuer's own address: github=https://ghe.corp/api/v3 (repeatable).",
        "NAME=URL",
    ),
    "verify_allow_private": Choice(bool, "Ask hosts in private networks too, where what is swept names them."),
    "only_live": Choice(bool, "Report only what its issuer says is live; needs --verify."),
}
"""Options of scans that neither the environment nor a config file may set."""

TREE_OPTIONS: dict[str, Choice] = {
    "no_ignore": Choice(bool, "Sweep what .gitignore leaves out too."),
    "follow_symlinks": Choice(bool, "Follow symbolic links."),
}
"""Options of scans that walk a file system."""

IMAGE_OPTIONS: dict[str, Choice] = {
    "platform": Choice(
        list[str], "Only images for this platform: os/arch[/variant] (repeatable). Default: all.", "NAME"
    ),
    "base": Choice(list[str], "An image that these were built from; its layers are marked as the base's.", "IMAGE"),
    "base_layers": Choice(str, "A file of digests of base layers, one a line.", "FILE"),
    "ignore_base": Choice(bool, "Leave the base's layers out."),
    "plain_http": Choice(bool, "Reach registries by http. This machine's own are tried by both anyway."),
    "insecure_registry": Choice(bool, "Don't check registries' certificates; where there is no https, use http."),
    "ca_file": Choice(str, "More authorities (PEM) that may sign registries' certificates.", "FILE"),
}
"""Options of scans that read images."""

RUN_OPTIONS: dict[str, Choice] = {
    "supervise": Choice(bool, "Stay beside the command instead of becoming it: pass signals on, reap, end in time."),
    "redact": Choice(bool, "Hide the secrets in what the command writes; the default when supervising."),
    "no_redact": Choice(bool, "Don't."),
    "grace": Choice(str, "From TERM to KILL, when supervising: 500ms, 10s (default), 2m.", "TIME"),
    "subreaper": Choice(bool, "Reap orphans although this is not PID 1, which always does; supervises."),
    "user": Choice(str, "Run the command as this user: uid[:gid] or name[:group].", "USER"),
    "no_new_privs": Choice(bool, "The command and its children gain nothing from set-user-id programs."),
    "no_core_dumps": Choice(bool, "No core dumps of the command, either."),
    "pristine": Choice(bool, "The command inherits PATH, HOME, LANG and their like only."),
    "allow": Choice(
        list[str], "It inherits this variable, too, and no more than a pristine one: NAME or GLOB.", "NAME"
    ),
    "deny": Choice(list[str], "It does not inherit this variable: NAME or GLOB (repeatable).", "NAME"),
}
"""Options of ``run``; the manifest's ``run:`` knows them, too."""

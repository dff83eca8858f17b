"""The glance at what is staged: it ends most commits early, and never one that a whole sweep would have stopped."""

from __future__ import annotations

import base64
import sys
from pathlib import Path

import pytest

from secrets_guard import api
from secrets_guard.cache import Cache
from secrets_guard.cli.perform import Prepared
from secrets_guard.config import Settings
from secrets_guard.hook_glance import Glance
from secrets_guard.rules.active import load_rules
from secrets_guard.rules.template import fill, fill_bytes

from .conftest import Repo, Token

_START = "import sys; sys.argv[1:] = ['pre-commit']; from secrets_guard.hook import main; main()"


class _Staged:
    """What is staged, without git."""

    def __init__(self, *texts: bytes) -> None:
        self.texts = texts

    def peek(self, most: int) -> list[bytes] | None:
        return list(self.texts) if sum(map(len, self.texts)) <= most else None


@pytest.fixture(scope="module")
def glance(tmp_path_factory: pytest.TempPathFactory) -> Glance:
    """Return a glance whose database is kept."""
    made = Glance({}, None, Cache(str(tmp_path_factory.mktemp("glance"))))
    made.keep(Prepared(Settings(), (), ()))
    return made


def _sees_nothing(glance: Glance, *texts: bytes) -> bool:
    return glance.sees_nothing(_Staged(*texts))  # type: ignore[arg-type]


def test_plain_code_ends_at_the_glance(glance: Glance) -> None:
    assert _sees_nothing(glance, b"def double(number):\n    return number * 2\n", b"", b"x = 1")


def test_what_is_encoded_does_not_pass_the_glance(glance: Glance) -> None:
    text = fill('token = "<github:ghp_>"', "encoded")
    for encoded in (
        base64.b64encode(text.encode()),
        base64.b64encode(text.encode("utf-16-le")),
        text.encode().hex().encode(),
    ):
        assert not _sees_nothing(glance, b"x = 1\n", b'value: "' + encoded + b'"\n')


def test_no_example_of_any_active_rule_passes_the_glance(glance: Glance) -> None:
    # Rules of low confidence are off unless they are asked for.
    rules = api.active_rules(load_rules(), Settings())
    assert len(rules) > 500
    missed = [
        rule.id
        for rule in rules
        if rule.alone
        for number, example in enumerate(rule.examples)
        if _sees_nothing(glance, b"x = 1\n", fill_bytes(example, f"{rule.id} {number}"), b"y = 1\n")
    ]
    assert missed == []


def test_what_has_to_be_undone_first_does_not_pass(glance: Glance, token: Token) -> None:
    line = f'token = "{token("x")}"'
    assert not _sees_nothing(glance, base64.b64encode(line.encode()))
    assert not _sees_nothing(glance, line.encode("utf-16"))
    assert not _sees_nothing(glance, line.encode("utf-16-le"))
    assert not _sees_nothing(glance, line.encode().hex().encode())


def test_more_than_a_batch_is_left_to_the_sweep(glance: Glance) -> None:
    assert not _sees_nothing(glance, b"x = 1\n" * 1_000_000)


def test_a_database_that_does_not_find_the_positive_control_is_not_believed(tmp_path: Path) -> None:
    cache = Cache(str(tmp_path))
    made = Glance({}, None, cache)
    made.keep(Prepared(Settings(), (), ()))
    assert _sees_nothing(made, b"x = 1\n")
    head = next(tmp_path.glob("glance-*.txt")).name
    index, _, *names = (cache.read(head) or b"").split()
    for wrong in ([index, b"00", *names], [b"0", b"00", *names], [index, b"00", b"nothing.hs", names[1]], [index]):
        cache.write(head, b" ".join(wrong))
        assert not _sees_nothing(made, b"x = 1\n")


def test_a_torn_entry_is_not_believed(tmp_path: Path) -> None:
    made = Glance({}, None, Cache(str(tmp_path)))
    made.keep(Prepared(Settings(), (), ()))
    kept = next(tmp_path.glob("database-*.hs"))
    kept.write_bytes(kept.read_bytes()[:-100])
    assert not _sees_nothing(made, b"x = 1\n")


def test_options_in_the_environment_leave_it_to_the_sweep(tmp_path: Path) -> None:
    made = Glance({"SECRETS_GUARD_MIN_CONFIDENCE": "low"}, None, Cache(str(tmp_path)))
    made.keep(Prepared(Settings(), (), ()))
    assert not _sees_nothing(made, b"x = 1\n")
    assert list(tmp_path.iterdir()) == []


def test_a_config_that_leaves_rules_out_has_a_glance_of_its_own(repo: Repo, token: Token) -> None:
    config = repo.write(".secrets-guard.yaml", "only_rule: [gitlab-personal-access-token]\n")
    repo.stage("a.py", f'token = "{token("x")}"\n')
    for _ in range(2):
        assert repo.hook("pre-commit").code == 0
    config.write_text("min_severity: low\n")
    assert repo.hook("pre-commit").code == 1
    config.unlink()
    assert repo.hook("pre-commit").code == 1


def test_a_clean_commit_needs_neither_engine_nor_rules_nor_settings(repo: Repo) -> None:
    repo.stage("a.py", "x = 1\n")
    assert repo.hook("pre-commit").code == 0
    ran = repo.run(sys.executable, "-P", "-X", "importtime", "-c", _START)
    assert ran.code == 0
    assert "hyperscan" in ran.err
    for module in ("secrets_guard.engine", "secrets_guard.config", "secrets_guard.judge", "secrets_guard.rules.active"):
        assert module not in ran.err

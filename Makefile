# One verb each; `make check` is what CI runs.
PYTHON ?= python3

.PHONY: check format lint types floors test native docs golden selfscan bench bench-history bench-parity bench-detection

check: lint types floors test selfscan

format:
	$(PYTHON) -m ruff format .
	$(PYTHON) -m ruff check --fix .

lint:
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .

types:
	$(PYTHON) -m mypy

floors:
	lint-imports

test:
	$(PYTHON) -m pytest

# The documentation site, into site/; fails on a broken link.
docs:
	NO_MKDOCS_2_WARNING=1 $(PYTHON) -m mkdocs build --strict

golden:
	SECRETS_GUARD_GOLDEN=rewrite $(PYTHON) -m pytest tests/cli tests/report

selfscan:
	$(PYTHON) -m secrets_guard rules check
	$(PYTHON) -m secrets_guard selftest
	$(PYTHON) -m secrets_guard scan files . --strict

bench:
	$(PYTHON) bench/speed.py --markdown
	$(PYTHON) bench/startup.py --markdown

# REPO: any repository, for instance a fresh bare clone of git's own.
bench-history:
	$(PYTHON) bench/history.py $(REPO) --markdown

bench-parity:
	$(PYTHON) bench/parity.py $(REPO)

# SETS: labelled examples as JSONL; default: ../shared/bench/*.jsonl.
bench-detection:
	$(PYTHON) bench/detection.py $(SETS) --markdown

# The extension's own tests, without Python.
native:
	cargo test --manifest-path native/Cargo.toml --no-default-features --locked

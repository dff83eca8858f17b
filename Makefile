# One verb each; `make check` is what CI runs.
PYTHON ?= python3

.PHONY: check format lint types floors test golden selfscan bench

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

golden:
	SECRETS_GUARD_GOLDEN=rewrite $(PYTHON) -m pytest tests/cli tests/report

selfscan:
	$(PYTHON) -m secrets_guard rules check
	$(PYTHON) -m secrets_guard selftest
	$(PYTHON) -m secrets_guard scan files . --strict

bench:
	$(PYTHON) bench/speed.py --markdown
	$(PYTHON) bench/startup.py --markdown

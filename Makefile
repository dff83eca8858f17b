# One verb each; `make check` is what CI runs.
PYTHON ?= python3

.PHONY: check format lint types floors test native fuzz docs golden selfscan bench bench-history bench-parity bench-detection \
	bench-curve bench-organisation

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

# SECONDS: how long each target runs. Needs a nightly toolchain and `cargo install cargo-fuzz`.
SECONDS ?= 60
fuzz:
	$(PYTHON) native/fuzz/seeds.py native/fuzz/corpus
	cd native && for target in index delta walk; do \
		cargo +nightly fuzz run -O -a $$target -- -max_total_time=$(SECONDS) -rss_limit_mb=1024 -malloc_limit_mb=256 \
			-timeout=20 -max_len=65536 || exit 1; done

# REPO: cut this repository at five places instead of making five.
bench-curve:
	$(PYTHON) bench/curve.py $(REPO) --markdown

bench-organisation:
	$(PYTHON) bench/organisation.py $(REPO) --markdown

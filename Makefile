# One virtual environment, one target folder; everything that is missing is installed.

PYTHON ?= python3
VENV := .venv
STAMP := $(VENV)/.installed
BIN := $(CURDIR)/$(VENV)/bin
CACHE := $(or $(HOLDFAST_TEST_CACHE),$(shell [ "$$(id -u)" = 0 ] && echo /var/cache/holdfast-tests || echo $(HOME)/.cache/holdfast-tests))
# Tests wait a lot, so one more than there are processors. What one file tests shares servers, and runs on one worker.
WORKERS ?= $(shell expr $$(nproc) + 1)

# PyO3 and maturin build for this interpreter, whatever else is on the PATH.
export VIRTUAL_ENV := $(CURDIR)/$(VENV)
export PATH := $(BIN):$(PATH)
# maturin has pip name every requirement that is met.
export PIP_QUIET := 1
# Servers and client programs of the tests: see scripts/install_test_servers.sh.
export HOLDFAST_TEST_CACHE := $(CACHE)

.PHONY: help demo test test-rust test-python fuzz lint format bench build wheel servers clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  %-12s %s\n", $$1, $$2 }'

demo: build ## Back up and restore a sample blog on SQLite
	examples/blog/demo.sh

test: test-rust test-python ## Install whatever the tests need and run them all

test-rust: servers
	HOLDFAST_TEST_POSTGRES_BIN=$(CACHE)/server-18/bin cargo test --locked

test-python: build servers
	python -m mypy.stubtest --mypy-config-file /dev/null holdfast._core
	pytest --numprocesses $(WORKERS) --dist loadfile

# Readers of files are fuzzed for so many seconds each; a whole test run takes 60.
SECONDS ?= 3600
fuzz: build ## Give the readers of files what nobody has written, for an hour or SECONDS
	HOLDFAST_FUZZ_SECONDS=$(SECONDS) cargo test --locked --test core -- fuzz::
	HOLDFAST_FUZZ_SECONDS=$(SECONDS) pytest tests/unit/test_fuzz.py

lint: $(STAMP) ## Check style, types, licences; warnings are errors
	cargo fmt --check
	cargo clippy --locked --all-targets --all-features -- -D warnings
	cargo deny --log-level error check bans licenses sources
	ruff check
	ruff format --check
	mypy
	check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	zizmor --offline --quiet .github

format: $(STAMP) ## Format all code
	cargo fmt
	ruff format
	ruff check --fix

bench: $(STAMP) servers ## Compare speed, size and memory with pg_dump, pg_restore, gzip and aws s3 cp
	maturin develop --release --locked --quiet
	python benchmarks/run.py

build: $(STAMP) ## Build the Rust module into the virtual environment
	maturin develop --locked --quiet

wheel: $(STAMP) ## Build the wheel and the source distribution of a release into dist
	pip install --group wheel
	rm -rf dist
	maturin build --release --locked --sdist --zig --compatibility manylinux_2_28 --out dist

servers: ## Install PostgreSQL servers, client programs and an S3 store for the tests
	scripts/install_test_servers.sh

$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	pip install --upgrade pip
	pip install --group dev
	touch $(STAMP)

clean: ## Remove what was built
	rm -rf target dist $(VENV) python/holdfast/_core*.so

# What there is to do with kallithea-rs. `make` alone lists it.

# Debian's own Python comes first: uWSGI's plugin and mod_wsgi are built for it, and both must load what the environment holds.
PYTHON ?= $(firstword $(shell for p in /usr/bin/python3 python3 python3.14 python3.13 python3.12 python3.11 python3.10; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null && echo $$p; done; true))
LISTEN ?= 127.0.0.1:5000
FOLDER ?= .

BIN := $(CURDIR)/.venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
SOURCES := Cargo.toml Cargo.lock pyproject.toml $(shell find src bindings python -type f ! -name '*.pyc' ! -name '*.so')
STEP = @printf '\n==> %s\n'

# One profile and one set of build switches for clippy, tests and wheel, so that every dependency is compiled once.
export PYO3_BUILD_EXTENSION_MODULE := 1
# Rust tests compare with the real Mercurial, the one that the program itself uses.
export KALLITHEA_TEST_HG := $(BIN)/hg
# The evolve extension is among the test tools, so that a test that needs it must not do without.
export KALLITHEA_TEST_EVOLVE := 1
CARGO_FLAGS := --release --locked --workspace
# The Python binding has no test binary: linked without an interpreter it could not start. The whole-program tests test it.
RUST_TESTS := $(CARGO_FLAGS) --exclude kallithea-python

.PHONY: help run translations test test-all bench wheel clean lint rust-test rust-test-build python-test test-tools rust-tools
.DELETE_ON_ERROR:
.NOTPARALLEL:

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-12s %s\n", $$1, $$2}' Makefile

run: .venv/installed ## build, install, and serve ./kallithea-data on 127.0.0.1:5000 (LISTEN=host:port, FOLDER=where the data lies)
	@cd '$(FOLDER)' && { [ -e kallithea-data ] || [ -e kallithea.ini ] || [ -n "$$KALLITHEA_CONFIG" ] || KALLITHEA_LOG=error '$(BIN)/python' -m kallithea_rs.demo; }
	@printf 'Serving on http://%s/ - Ctrl-C ends it.\n' '$(LISTEN)'
	@cd '$(FOLDER)' && exec '$(BIN)/gunicorn' --workers 4 --bind '$(LISTEN)' --timeout 3600 kallithea_rs:app

test: lint rust-test-build wheel rust-test python-test ## everything from nothing: format, lints, Rust tests, whole-program tests

test-all: PYTEST_FLAGS := -m 'soak or not soak'
test-all: TEST_FLAGS := --include-ignored
test-all: test ## the same and the minutes-long runs

bench: .venv/test-tools ## figures of every page and of the wire, with four workers
	$(BIN)/python tests/bench/bench.py

wheel: .venv/installed ## the wheel, in target/wheels, installed in .venv

translations: ## bring the catalogues of every language up to date with the texts in the sources
	python3 tests/translations/messages.py

clean: ## forget .venv and target; data stays
	rm -rf .venv target

lint: rust-tools
	$(STEP) 'format'
	cargo fmt --all --check
	$(STEP) 'lints'
	cargo clippy $(CARGO_FLAGS) --all-targets -- -D warnings

# Before the wheel, whose crates are built one after the other: here their tests fill the other processors.
rust-test-build: rust-tools
	$(STEP) 'building the Rust tests'
	cargo test $(RUST_TESTS) --tests --no-run

# The examples in comments stand in src/hg alone. Examples as programs are for measuring; that they compile, clippy has seen.
rust-test: .venv/test-tools
	@.ci/need slapd postgresql mariadb
	$(STEP) 'Rust tests'
	cargo test $(RUST_TESTS) --tests -- $(TEST_FLAGS)
	cargo test $(RUST_TESTS) --doc

python-test: .venv/test-tools
	$(STEP) 'whole-program tests'
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile $(PYTEST_FLAGS)

rust-tools:
	@.ci/need rust cc git
	@cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1 || rustup component add rustfmt clippy

.venv/made:
	@[ -n '$(PYTHON)' ] || { echo 'Python 3.10 or newer is missing: sudo apt-get install python3 python3-venv' >&2; exit 1; }
	@PYTHON='$(PYTHON)' .ci/need rust cc git venv
	$(STEP) 'Python environment in .venv ($(PYTHON))'
	'$(PYTHON)' -m venv .venv
	$(PIP) install --quiet 'maturin>=1.9,<2'
	@touch $@

# `--compatibility linux`: this wheel is for this machine; nothing needs to be bundled for another.
.venv/installed: .venv/made $(SOURCES)
	$(STEP) 'wheel (the first build takes some minutes)'
	@rm -rf target/wheels
	'$(BIN)/maturin' build --release --locked --compatibility linux --interpreter '$(BIN)/python' --out target/wheels
	$(PIP) install --quiet --force-reinstall --no-deps target/wheels/*.whl
	$(PIP) install --quiet target/wheels/*.whl
	@touch $@

.venv/test-tools: .venv/installed pyproject.toml
	@.ci/need uwsgi mod_wsgi nginx sshd chromium cc postgresql
	$(STEP) 'test tools'
	$(PIP) install --quiet "$$(echo target/wheels/*.whl)[test]"
	@touch $@

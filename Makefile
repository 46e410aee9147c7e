# Two commands do everything on a fresh machine: `make demo` and `make test`.
# `make demo DEMO_ARGS="--dir somewhere"` passes options on to the demonstration.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PEERS  ?= .venv-peers
DEMO_ARGS ?=
TEST_ARGS ?=
FUZZ_ARGS ?=

.PHONY: demo test test-frameworks check fuzz bench lock clean help

help:
	@echo "make demo    install what is needed and run the demonstration (DEMO_ARGS=...)"
	@echo "make test    install what is needed and run all tests (TEST_ARGS=...)"
	@echo "make test-frameworks   write fresh files with the newest frameworks and scan them (FRAMEWORKS=venv)"
	@echo "make check   lint, types and import rules, as CI runs them"
	@echo "make fuzz    hold the pickle machine against CPython's (FUZZ_ARGS=...; nightly)"
	@echo "make bench   measure against peers"
	@echo "make lock    compile the hash-pinned requirement files anew"

demo: $(VENV)/.run
	@tools/system-packages bubblewrap:bwrap
	@$(BIN)/sealwright demo --lock requirements/run.txt $(DEMO_ARGS)

test: $(VENV)/.dev
	@tools/system-packages bubblewrap:bwrap chromium:chromium
	@$(BIN)/python -m pytest -n 2 $(TEST_ARGS)

test-frameworks: $(VENV)/.dev
	@tools/test-frameworks $(PYTHON) $(BIN)/python

check: $(VENV)/.dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

fuzz: $(VENV)/.dev
	@$(BIN)/python tools/fuzz-pickle $(FUZZ_ARGS)
	@$(BIN)/python tools/fuzz-readers

bench: $(VENV)/.dev $(PEERS)/.done
	@for script in bench/*.py; do \
	  python=$(BIN)/python; [ "$$script" = bench/fairness.py ] && python=$(PEERS)/bin/python; \
	  echo "== $$script"; PYTHONPATH=. $$python $$script || exit 1; done

lock: $(VENV)/.dev
	@tools/lock $(BIN)/uv

clean:
	rm -rf $(VENV) $(PEERS) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(VENV)/.run: requirements/run.txt pyproject.toml
	@tools/install $(PYTHON) $(VENV) requirements/run.txt
	@touch $@

$(PEERS)/.done: requirements/peers.txt pyproject.toml
	@tools/install $(PYTHON) $(PEERS) requirements/peers.txt
	@touch $@

$(VENV)/.dev: requirements/dev.txt pyproject.toml
	@tools/install $(PYTHON) $(VENV) requirements/dev.txt
	@touch $@ $(VENV)/.run

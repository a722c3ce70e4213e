# Portico. `make help` lists what there is to do.
#
# Everything is made inside this folder (.venv, .sandbox) and in a cache for built tools
# ($XDG_CACHE_HOME or ~/.cache, portico/tools). Every step may be interrupted and run again.

STACK ?= dev
PYTHON ?= python3

VENV := .venv
BIN := $(VENV)/bin
RUN := $(CURDIR)/$(BIN)/python

# The stamps carry the content of what was installed, so that a changed requirement installs again and a
# changed date does not.
RUNTIME := requirements.txt sandbox/requirements.txt
ALL := $(RUNTIME) requirements-dev.txt
RUNTIME_STAMP := $(VENV)/.installed-$(shell cat $(RUNTIME) | cksum | cut -d' ' -f1)
ALL_STAMP := $(VENV)/.installed-dev-$(shell cat $(ALL) | cksum | cut -d' ' -f1)
PIP := $(RUN) -m pip --disable-pip-version-check --no-input

# Two at a time, each file as a whole; with the engine each worker has a sandbox of its own, and mostly waits.
PARALLEL := --numprocesses=2 --dist=loadfile

.DEFAULT_GOAL := help
.SUFFIXES:
.PHONY: help up down test check lint format typecheck unit status clean

help: ## Show this list.
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "  STACK=name      the stack file Pulumi.name.yaml instead of Pulumi.dev.yaml, for up and down"

up: $(RUNTIME_STAMP) ## Bring up the sandbox and the stack; ends with a table of working URLs.
	@$(RUN) -m sandbox deploy $(STACK)

down: $(RUNTIME_STAMP) ## Destroy the stack and stop the sandbox.
	@$(RUN) -m sandbox undeploy $(STACK)

test: check ## Lint, check types, and run all tests on the real engine and a sandbox of their own.
	@$(RUN) -m sandbox tools
	@$(RUN) -m pytest $(PARALLEL) tests/unit tests/docs
	@$(RUN) -m pytest $(PARALLEL) tests/engine
	@$(RUN) -m pytest tests/e2e

check: lint typecheck ## Check style, formatting and types.

lint: $(ALL_STAMP) ## Check style and formatting.
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

format: $(ALL_STAMP) ## Put code into the project's format and mend what can be mended.
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

typecheck: $(ALL_STAMP) ## Check types.
	@$(BIN)/mypy components docs sandbox tests __main__.py

unit: $(ALL_STAMP) ## Run only the tests that need neither engine nor sandbox.
	@$(RUN) -m pytest $(PARALLEL) tests/unit

status: $(RUNTIME_STAMP) ## Show the sandbox's processes.
	@$(RUN) -m sandbox status

clean: ## Remove everything made in this folder; running sandboxes are stopped first. Built tools stay in the cache.
	@if [ -x $(RUN) ]; then \
	  for directory in .sandbox .sandbox-*; do \
	    if [ -d $$directory ]; then PORTICO_SANDBOX_DIR=$$directory $(RUN) -m sandbox down --purge || exit 1; fi; \
	  done; \
	fi
	@rm -rf .sandbox .sandbox-* $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis

# An installation that is cut off may leave half a package that pip takes for whole: then the folder is made anew.
define install
	@if [ -e $(VENV)/.installing ]; then \
	  echo "The last installation was cut off: starting over"; rm -rf $(VENV); $(MAKE) --no-print-directory $(VENV)/.made; \
	fi
	@touch $(VENV)/.installing
	@$(PIP) install $(addprefix -r ,$(1))
	@rm $(VENV)/.installing
	@touch $@
endef

$(RUNTIME_STAMP): | $(VENV)/.made
	@echo "Installing what the program and the sandbox need into $(VENV)"
	$(call install,$(RUNTIME))

$(ALL_STAMP): $(RUNTIME_STAMP)
	@echo "Installing what the tests and linters need into $(VENV)"
	$(call install,$(ALL))

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Portico needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1 || true)." >&2; \
	  echo "Install one, or name it: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "Making $(VENV) with $$($(PYTHON) --version)"
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV) || { \
	  echo "Python's venv module does not work; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@touch $@

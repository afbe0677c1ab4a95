# The project's commands. `make demo` and `make test` are all that a new user needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA ?= retail

.DEFAULT_GOAL := help
.PHONY: help setup demo test check format lock clean

help: ## Show this list.
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

# The stamp makes set-up a no-op until the lock or the package's metadata changes.
$(VENV)/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "parfeed needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

setup: $(VENV)/.ready ## Make .venv with the locked dependencies.

demo: setup ## Start everything and watch real sales live (DATA=grid: a power grid).
	@$(BIN)/parfeed demo --data $(DATA)

check: setup ## Run the linters and the type checker.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/mypy

test: check ## Run the checks and all tests.
	$(BIN)/pytest

format: setup ## Format the code and fix what the linter can fix.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: ## Resolve the dependencies anew into requirements.lock.
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --all-extras --output-file requirements.lock pyproject.toml

clean: ## Remove the environment and the caches.
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis

# make setup | demo | test | check | clean. Only Python 3.11 or newer and make are needed.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' && echo $$p && break; done)
BIN := .venv/bin
ARGS ?=

.PHONY: setup demo up test check clean

setup:
	@test -n "$(PYTHON)" || { echo "senyum: Python 3.11 or newer is needed, and none was found." >&2; exit 1; }
	@$(PYTHON) scripts/bootstrap.py

demo: setup
	@exec $(BIN)/senyum demo $(ARGS)

up: setup
	@exec $(BIN)/senyum up $(ARGS)

# What needs no database and no browser.
check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	SENYUM_DATA=$(CURDIR)/.mypy_cache/hall $(BIN)/mypy src scripts conftest.py
	$(BIN)/bandit -q -ii -r src -c pyproject.toml

test: check
	@$(PYTHON) scripts/bootstrap.py chromium >/dev/null
	$(BIN)/pytest $(ARGS)

clean:
	rm -rf .venv .tools .setup-stamp node_modules src/senyum/surfaces/ui/static/vendor
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist

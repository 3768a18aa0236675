PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: install leaderboard test test-all check clean

install: $(VENV)/installed

leaderboard: install
	$(BIN)/intentbench run harness/plans/quickstart.yaml
	$(BIN)/intentbench report harness/plans/quickstart.yaml

test: $(VENV)/installed-dev check
	$(BIN)/python -m pytest -q

test-all: $(VENV)/installed-dev check
	$(BIN)/python -m pytest -q -m ""

check: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

clean:
	rm -rf $(VENV)

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) --editable .
	$(PIP) --no-deps recbole==1.2.1
	touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(PIP) --editable '.[dev]'
	touch $@

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

# Tests run in one process a core, each with one thread.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n logical --dist worksteal

.PHONY: install leaderboard results test test-all check clean

install: $(VENV)/installed

# Trains the quickstart and writes its tables to reports/quickstart, which git ignores.
leaderboard: install
	$(BIN)/intentbench run quickstart
	$(BIN)/intentbench report quickstart

# Writes the committed tables of the quickstart. results/README.md has the commands of the other studies.
results: install
	$(BIN)/intentbench run quickstart
	$(BIN)/intentbench report quickstart --out results/quickstart

test: $(VENV)/installed-dev check
	$(PYTEST)

test-all: $(VENV)/installed-dev check
	$(PYTEST) -m ""

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

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TOOLS := .venv-lock

# The lock files name every package with its version and the hashes of its files, for Python 3.11 and later.
# Three packages are installed outside them:
# - torch, by version: its CPU and its CUDA build have one version and different hashes. It comes after the
#   locked packages, so that pip takes what torch depends on from them.
# - recbole, by hash and without its dependencies, which pyproject.toml lists as far as they are needed.
# - this project, which is built with the locked setuptools.
# Python 3.10 has no wheel of several locked packages, so pip chooses their versions there.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
PIP_LOCKED := $(PIP) --require-hashes --no-deps --requirement
PIP_FREE := $(PIP) --constraint constraints.txt
IS_LOCKED := $(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))'

# Tests run in one process a core, each with one thread.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n logical --dist worksteal

.PHONY: install leaderboard results test test-all test-page check lock audit clean

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

# Opens the page of a report in Chromium, which must be installed: on Debian, apt-get install chromium.
test-page: $(VENV)/installed-dev
	$(PIP_FREE) playwright axe-playwright-python
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -m slow tests/report/test_page_browser.py

check: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Writes the lock files of this project anew, from pyproject.toml and constraints.txt, with Python 3.11 in some
# minutes. recbole.lock is written by hand.
COMPILE := $(TOOLS)/bin/pip-compile --quiet --generate-hashes --strip-extras --no-annotate --no-header \
	--no-emit-options --unsafe-package torch
lock: $(TOOLS)/installed
	$(COMPILE) --constraint constraints.txt --output-file requirements.lock pyproject.toml
	$(COMPILE) --constraint constraints.txt --extra dev --output-file requirements-dev.lock pyproject.toml

# Looks for published vulnerabilities of the locked packages. A package that the registry does not know,
# or a registry that does not answer, is a failure: nothing was checked then.
AUDIT := $(TOOLS)/bin/pip-audit --strict --disable-pip --require-hashes --progress-spinner off
audit: $(TOOLS)/installed
	@$(AUDIT) --requirement requirements-dev.lock --requirement recbole.lock || { \
		echo "The audit did not pass: the lines above name the vulnerable packages," \
			"or say that the registry did not answer." >&2; exit 1; }

clean:
	rm -rf $(VENV) $(TOOLS)

$(VENV)/installed: pyproject.toml constraints.txt requirements.lock recbole.lock
	$(PYTHON) -m venv $(VENV)
	if $(IS_LOCKED); then $(PIP_LOCKED) requirements.lock; else $(PIP_FREE) --editable .; fi
	$(PIP_FREE) torch setuptools
	$(PIP_LOCKED) recbole.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/installed-dev: $(VENV)/installed requirements-dev.lock
	if $(IS_LOCKED); then $(PIP_LOCKED) requirements-dev.lock; else $(PIP_FREE) --editable '.[dev]'; fi
	touch $@

$(TOOLS)/installed:
	$(PYTHON) -m venv $(TOOLS)
	$(TOOLS)/bin/python -m pip install --quiet --disable-pip-version-check pip-tools==7.6.2 pip-audit==2.10.1
	touch $@

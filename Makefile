# Nothing but Python 3.11 or newer, make and the package registry is needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := $(shell find jaxcollapse -name '*.py' -o -name '*.cc' -o -name '*.inc') setup.py pyproject.toml README.md LICENSE

SCRIPTS := $(filter-out figures/common.py figures/findings.py figures/tables.py,$(wildcard figures/*.py))

.PHONY: demo figures test verify coverage clean

# Real English, 50,000 words, a million tokens a generation, 100 generations.
demo: $(VENV)/installed
	$(BIN)/jaxcollapse report --out report
	@echo "Open report/vocabulary.png first."

# Every figure: data, then drawing. QUICK=1 makes them with fewer chains into figures/quick, in minutes.
figures: $(VENV)/installed
ifdef QUICK
	for script in $(SCRIPTS); do $(BIN)/python $$script --quick || exit 1; done
else
	for script in $(SCRIPTS); do $(BIN)/python $$script || exit 1; done
	$(MAKE) demo
	cp report/vocabulary.png report/words.png report/distance.png report/decay.png report/report.json report/summary.txt figures/english/
endif

# Lint, types, then every test and doctest against the installed wheel (not the source tree).
test: $(VENV)/installed-for-development
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	JAXCOLLAPSE_INSTALLED=1 $(BIN)/pytest -m "not campaign" --numprocesses 2 --dist loadfile --no-loadscope-reorder --durations=10

# The verification campaign: random settings of every regime, whole laws, limits, published numbers, mutants; then the
# tests that are too long for `make test`, and the oldest and newest JAX in environments of their own.
verify: $(VENV)/installed-for-development
	$(BIN)/python tests/verification/campaign --out verification
	JAXCOLLAPSE_INSTALLED=1 $(BIN)/pytest -m campaign --numprocesses 2 --dist loadfile --no-loadscope-reorder --durations=10
	$(BIN)/python tests/verification/jax_versions.py

# How often 95% intervals of every fit hold the truth: 1000 data sets at each of four numbers of chains, half an hour.
coverage: $(VENV)/installed-for-development
	$(BIN)/python tests/verification/coverage.py --out verification

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "jaxcollapse needs Python 3.11 or newer, found " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)

# A wheel is built and installed, so that what is tested and shown is what a user gets.
define install
	rm -rf build
	$(BIN)/python -m pip install --quiet --disable-pip-version-check '.[$(1)]'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --force-reinstall .
	touch $@
endef

$(VENV)/installed: $(VENV)/bin/python $(SOURCES)
	$(call install,english)

$(VENV)/installed-for-development: $(VENV)/bin/python $(SOURCES)
	$(call install,dev)
	touch $(VENV)/installed

clean:
	rm -rf $(VENV) build dist jaxcollapse.egg-info report .pytest_cache .mypy_cache .ruff_cache

# `make demo` and `make test` are all a newcomer needs. Every target first makes .venv when it is
# missing and installs the exact versions of constraints.txt; a second call installs nothing.

VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --constraint constraints.txt --editable
# The first of these that is new enough; `make PYTHON=python3.12 demo` names one instead.
PYTHONS := $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11 python)

.DEFAULT_GOAL := help
.PHONY: help demo test lab notebooks book bench check clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' Makefile

demo: $(VENV)/ready  ## paint a picture on the CPU and show what went on inside
	$(BIN)/fluxlearn demo

# Shape checks cannot be compiled or exported, so the tests that do so have a session of their own.
test: $(VENV)/ready-dev  ## prove that the implementation is exact: all tests, then the notebooks
	FLUXLEARN_SHAPE_CHECKS=0 $(BIN)/python -m pytest -m compile tests
	$(BIN)/python -m pytest --nbval --nbval-current-env --nbval-cell-timeout=180

lab: $(VENV)/ready-lab  ## open the notebooks in JupyterLab
	$(BIN)/jupyter lab notebooks

notebooks: $(VENV)/ready-lab  ## execute the notebooks again and store their outputs
	$(BIN)/fluxlearn notebooks run

# MathJax travels with the book, so that mathematics renders without a network.
book: $(VENV)/ready-book $(VENV)/ready-export  ## build the book from the stored outputs; warnings are errors
	$(BIN)/fluxlearn notebooks solutions book/solutions
	$(BIN)/python book/graph.py
	$(BIN)/python book/tables.py
	$(BIN)/python book/api.py
	$(BIN)/python -m zipfile --create book/_extra/notebooks.zip notebooks/*.ipynb
	cp book/references.bib book/_extra
	mkdir -p book/_mathjax
	cp $(VENV)/lib/python3*/site-packages/sphinx-mathjax-offline/static/mathjax/tex-svg.js book/_mathjax
	$(BIN)/jupyter-book build --quiet --warningiserror --keep-going book

bench: $(VENV)/ready-dev  ## time against diffusers in the same run and write the page of results
	FLUXLEARN_SHAPE_CHECKS=0 $(BIN)/python -m pytest tests/benchmarks/bench_*.py --benchmark-only \
		--benchmark-disable-gc --results tests/benchmarks/RESULTS.md

check: $(VENV)/ready-dev  ## format, lint, types, spelling; changes nothing
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/basedpyright
	$(BIN)/codespell

clean:  ## remove what was built and cached; .venv stays
	rm -rf build dist book/_build book/_extra book/_mathjax book/api book/solutions book/tables
	rm -rf fluxlearn-demo .benchmarks .hypothesis .pytest_cache .ruff_cache
	find fluxlearn notebooks tests -name __pycache__ -prune -exec rm -rf {} +

# The package alone, then one stamp for each extra of pyproject.toml.
$(VENV)/ready: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing fluxlearn into $(VENV). This happens once and takes a few minutes."
	$(INSTALL) .
	@touch $@

$(VENV)/ready-%: $(VENV)/ready
	$(INSTALL) ".[$*]"
	@touch $@

$(BIN)/python:
	@for python in $(PYTHONS); do \
		$$python -c "import sys; sys.exit(sys.version_info < (3, 11))" 2>/dev/null || continue; \
		$$python -m venv $(VENV) && exit 0; \
		rm -rf $(VENV); echo "$$python cannot make $(VENV). On Debian or Ubuntu: apt install python3-venv"; exit 1; \
	done; \
	echo "fluxlearn needs Python 3.11 or newer and found none among: $(PYTHONS)."; \
	echo "Install one, or name it: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1

# `make` lists the commands. `make demo` and `make test` do all the set-up themselves.
PYTHON ?= python3
# Where a CPU build of PyTorch is looked for; set it to your own mirror, or to nothing.
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
ARGS ?=
BIN := .venv/bin

.PHONY: help install install-dev demo test test-all check fix soak bench clean
# Benchmarks build on what the tests share, which has no types.
LOOSE := $(BIN)/mypy --follow-imports=silent --implicit-reexport --allow-untyped-calls --allow-untyped-defs --allow-incomplete-defs --no-warn-return-any
PYTEST := $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

help: ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

install: ## make .venv (the product) and .venv-lab (what experiments import)
	@PYTHON="$(PYTHON)" TORCH_INDEX="$(TORCH_INDEX)" sh scripts/install.sh product lab

install-dev:
	@PYTHON="$(PYTHON)" TORCH_INDEX="$(TORCH_INDEX)" sh scripts/install.sh product lab dev

demo: install ## the whole product on this machine: page, bot, a question, its report
	@$(BIN)/autoreclab demo $(ARGS)

test: install-dev ## set up and run the tests
	@$(PYTEST) -m "not wide" $(ARGS)

test-all: install-dev ## the second tier of tests too: long corpora, storms, whole trainings
	@$(PYTEST) $(ARGS)

check: install-dev ## format, lint, types, layers, and the fast tests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@for script in benchmarks/*.py; do $(LOOSE) $$script || exit 1; done
	@$(BIN)/lint-imports
	@$(PYTEST) -m "not slow and not wide" $(ARGS)

fix: install-dev ## format, and mend what the linter can mend
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: install-dev ## measure; prints ratios of one run
	@for script in $(filter-out benchmarks/soak_%,$(wildcard benchmarks/*.py)); do echo "== $$script"; $(BIN)/python $$script $(ARGS) || exit 1; done

soak: install-dev ## long randomised runs
	@for script in $(wildcard benchmarks/soak_*.py); do echo "== $$script"; $(BIN)/python $$script $(ARGS) || exit 1; done

clean: ## remove the environments
	rm -rf .venv .venv-lab

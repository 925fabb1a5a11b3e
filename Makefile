# run · test · check · bench · clean. Each sets up what it needs: Python 3.11 or later, nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test check bench clean
.DELETE_ON_ERROR:

run: $(VENV)/.run
	$(BIN)/vitrine demo

# One thread of arithmetic a process: there are as many processes as a small machine has cores. Children find bytecode.
test: $(VENV)/.dev
	env -u PYTHONDONTWRITEBYTECODE OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m vitrine.reference --check

bench: $(VENV)/.bench
	$(BIN)/python -m benchmarks $(ARGS)

docs/reference: $(VENV)/.dev
	$(BIN)/python -m vitrine.reference

# One stamp a kind of set-up; a newer pyproject.toml installs again.
$(VENV)/.run $(VENV)/.dev $(VENV)/.bench: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.$(if $(filter %.run,$@),,[$(patsubst .%,%,$(notdir $@))])'
	touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info var .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

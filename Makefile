# make chat: the chat page over the sample corpus. make test: the tests. Both set up what they need.
PYTHON ?= python3
BIN := .venv/bin
INDEX ?= .tricite/index
PORT ?= 7860

# Compiled modules are kept: a second run starts sooner.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup chat ask test check clean

setup: .venv/.installed

.venv/.installed: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet torch==2.13.0
	$(BIN)/pip install --quiet --editable '.[test]'
	touch $@

chat: setup
	$(BIN)/tricite index corpus/sample --index $(INDEX)
	$(BIN)/tricite serve --index $(INDEX) --port $(PORT)

ask: setup
	@test -n "$(Q)" || { echo 'usage: make ask Q="your question"' >&2; exit 2; }
	@test -d $(INDEX) || $(BIN)/tricite index corpus/sample --index $(INDEX)
	@$(BIN)/tricite ask "$(Q)" --index $(INDEX)

test: setup
	$(BIN)/python -m pytest

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:
	rm -rf .tricite .pytest_cache .mypy_cache .ruff_cache .hypothesis

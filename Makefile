# make demo, make test: each alone, on a machine with Python 3.11, git and make; no root.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test slow lint bench hooks clean

demo: $(VENV)/demo
	$(BIN)/trinity-guard demo

test: $(VENV)/dev
	$(BIN)/python -m pytest -n 2 $(ARGS)

slow: $(VENV)/dev
	$(BIN)/python -m pytest -n 2 -m slow $(ARGS)

lint: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/dev
	$(BIN)/python -m benchmarks

# The eight hooks are one text, which asks under which name it runs. Edit pre-commit, then make the others like it.
hooks:
	cd hooks && for name in post-checkout post-commit post-merge post-rewrite pre-applypatch pre-merge-commit pre-push; do cp -p pre-commit "$$name"; done

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)

# The demo trains, logs to MLflow and releases: the extra `train`, without the tools of the tests.
$(VENV)/demo: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[train]'
	@touch $@

$(VENV)/dev: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis dist

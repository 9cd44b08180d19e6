# Needs Python 3.11 or newer, make, and a package registry. Everything lives in .venv and var.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

.PHONY: demo test check bench lock docs clean

demo: $(VENV)/.runtime
	@$(BIN)/gateway demo $(ARGS)

test: $(VENV)/.dev
	@$(BIN)/python -m pytest -n logical --dist worksteal $(ARGS)

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy gateway adapters mappings certs tests bench docs
	$(BIN)/lint-imports
	$(BIN)/python docs/generate.py --check

bench: $(VENV)/.dev
	@$(BIN)/python -m bench $(ARGS)

docs: $(VENV)/.dev
	$(BIN)/python docs/generate.py

# The lock files carry hashes for every platform's wheel and name no index.
lock: $(VENV)/.dev
	$(BIN)/pip-compile -q --generate-hashes --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --strip-extras --no-annotate \
		--no-header -o requirements.lock pyproject.toml
	$(BIN)/pip-compile -q --generate-hashes --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --strip-extras --no-annotate \
		--no-header --allow-unsafe --all-extras -o requirements-dev.lock pyproject.toml

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed" if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: $(BIN)/python requirements.lock pyproject.toml
	@test -f $(VENV)/.dev || $(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -c "import pathlib, site; pathlib.Path(site.getsitepackages()[0], 'lien_thong.pth').write_text(str(pathlib.Path.cwd()))"
	@printf '#!/bin/sh\nexec "%s/$(BIN)/python" -m gateway "$$@"\n' "$(CURDIR)" > $(BIN)/gateway && chmod +x $(BIN)/gateway
	@touch $@

$(VENV)/.dev: $(BIN)/python requirements-dev.lock pyproject.toml
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/python -c "import pathlib, site; pathlib.Path(site.getsitepackages()[0], 'lien_thong.pth').write_text(str(pathlib.Path.cwd()))"
	@printf '#!/bin/sh\nexec "%s/$(BIN)/python" -m gateway "$$@"\n' "$(CURDIR)" > $(BIN)/gateway && chmod +x $(BIN)/gateway
	@touch $@ $(VENV)/.runtime

clean:
	rm -rf $(VENV) var

# Everything runs in a virtual environment that make sets up; all it needs is python3 (3.11 or newer) and make.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
PYTEST_OPTIONS ?=

.PHONY: run test test-lowest soak lint types generate check-generated bench build lock clean

run: $(VENV)/.cli ## import examples/visits.csv into an embedded sandbox
	$(BIN)/python examples/run_main_job.py

test: $(VENV)/.dev ## the whole test suite
	$(BIN)/python -m pytest -q $(PYTEST_OPTIONS)

soak: $(VENV)/.dev ## the same tests, the long ones at full size
	LEAT_SOAK=1 $(BIN)/python -m pytest -q --timeout=7200 $(PYTEST_OPTIONS)

test-lowest: ## with the lowest versions that pyproject.toml allows; best on Python 3.11
	$(MAKE) --no-print-directory $(VENV)-lowest/.lowest VENV=$(VENV)-lowest
	$(VENV)-lowest/bin/python -m pytest -q --tb=native --deselect tests/sandbox/test_fuzz.py \
		$(or $(PYTEST_OPTIONS),tests/core tests/sync tests/sandbox tests/trust)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy
	$(BIN)/pyright

generate: $(VENV)/.dev ## rewrite what is generated: the sync facade and the tables in docs/
	$(BIN)/python -m leat_async.sync.generate
	$(BIN)/python docs/generate_operations.py
	$(BIN)/python docs/generate_sandbox_operations.py

check-generated: $(VENV)/.dev
	$(BIN)/python -m leat_async.sync.generate --check
	$(BIN)/python docs/generate_operations.py --check
	$(BIN)/python docs/generate_sandbox_operations.py --check

bench: $(VENV)-bench/.ready ## all benchmarks; QUICK=1 for less than two minutes
	$(VENV)-bench/bin/python -m benchmarks

build: $(VENV)/.dev ## wheel and sdist
	rm -rf dist
	$(BIN)/python -m build -q

lock: ## pin the newest versions that pyproject.toml allows
	$(PYTHON) -m venv $(VENV)-lock
	$(VENV)-lock/bin/python -m pip --disable-pip-version-check install -q uv
	$(VENV)-lock/bin/uv pip compile -q --universal --python-version 3.11 --all-extras --group dev \
		--no-header --no-annotate --upgrade pyproject.toml -o requirements/dev.txt
	sed -i.bak '1i # Locked development environment, made by `make lock`.' requirements/dev.txt
	$(VENV)-lock/bin/uv pip compile -q --python-version 3.11 --all-extras --resolution lowest-direct \
		--no-header --no-annotate --upgrade pyproject.toml -o requirements/lowest.txt
	sed -i.bak '1i # The lowest versions that pyproject.toml allows, made by `make lock`.' requirements/lowest.txt
	rm -rf requirements/*.bak $(VENV)-lock

clean:
	rm -rf $(VENV) $(VENV)-bench dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; set PYTHON=…, this is $$($(PYTHON) --version)"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.cli: $(VENV)/.python pyproject.toml requirements/dev.txt
	$(PIP) install -q --constraint requirements/dev.txt --editable '.[cli]'
	@touch $@

$(VENV)/.lowest: $(VENV)/.dev requirements/lowest.txt
	$(PIP) install -q --requirement requirements/lowest.txt
	@touch $@

$(VENV)/.dev: $(VENV)/.python pyproject.toml requirements/dev.txt
	$(PIP) install -q --requirement requirements/dev.txt
	$(PIP) install -q --no-deps --editable .
	@touch $@

$(VENV)-bench/.ready: pyproject.toml benchmarks/requirements.txt benchmarks/api.json
	$(PYTHON) -m venv $(VENV)-bench
	$(VENV)-bench/bin/python -m pip --disable-pip-version-check install -q --requirement benchmarks/requirements.txt
	$(VENV)-bench/bin/python -m pip --disable-pip-version-check install -q --editable '.[cli]'
	$(VENV)-bench/bin/openapi-python-client generate --path benchmarks/api.json --meta none --overwrite \
		--output-path $(VENV)-bench/generated
	@touch $@

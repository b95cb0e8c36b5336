# Everything runs in a virtual environment that make sets up; all it needs is python3 (3.11 or newer) and make.
PYTHON ?= python3
VENV ?= .venv
# pip brings uv into the environment, and uv the rest: it keeps what it has fetched and unpacked once.
UV ?= $(VENV)/bin/uv
BIN := $(VENV)/bin
PIP := $(UV) pip install --quiet --python $(VENV)
# Tests wait more than they compute, so two share a core. WORKERS=0: one after the other.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(2 * (os.cpu_count() or 1))')
PYTEST_OPTIONS ?=
# The processes that tests start would compile everything anew.
unexport PYTHONDONTWRITEBYTECODE
# Threads that nothing here gives work to spin for a while in each process that loads numpy.
export OPENBLAS_NUM_THREADS := 1
# Where tests make files: in memory if there is room for programs too, since ledgers wait for a disk at each commit.
PYTEST_DEBUG_TEMPROOT ?= $(shell $(PYTHON) -c 'import os; p = "/dev/shm"; s = os.statvfs(p) if os.path.isdir(p) else None; print(p if s and s.f_bavail * s.f_frsize > 4 << 30 and not s.f_flag & os.ST_NOEXEC else "")')
export PYTEST_DEBUG_TEMPROOT
# pytest's 5 says that no test was chosen, which part of the suite it is told by PYTEST_OPTIONS may well mean.
PYTEST = $(BIN)/python -m pytest -q $(1) $(PYTEST_OPTIONS) $(if $(PYTEST_OPTIONS),|| test $$? = 5)
# To collect all tests takes as long as to run these.
ALONE = $(shell grep -rl --include='test_*.py' 'mark\.alone' tests)
# What reads answers, and so goes through the codec.
DECODES := tests/resources tests/trust/test_decoding.py \
	$(patsubst %,tests/core/test_%.py,answers events lane operation_wire travel verdict)
# What depends on how the packages below us behave. What the sandbox's account does is not among it, how it serves is.
BELOW := tests/core tests/sync tests/trust tests/cli/test_commands.py tests/export/test_parquet.py \
	$(patsubst %,tests/tables/test_%.py,arrow xls xlsx) \
	$(patsubst %,tests/sandbox/test_%.py,browsing control_routes deliveries faults guard load remote routing running \
		watching whole_table wire)
EVERY_EXTRA = $(shell $(PYTHON) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"], sep=",")')
SITE ?= build/site
# Of the run with the lowest versions: test, or a part of it.
PART ?= test

.PHONY: help run test test-together test-alone test-uncompiled test-lowest soak lint types types-inside types-outside api generate check-generated snapshots pictures bench build check-build try-wheel check-workflows sbom audit docs check-docs docs-version docs-serve lock clean

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "make %-16s %s\n", $$1, $$2 }'

run: $(VENV)/.cli ## import examples/visits.csv into an embedded sandbox
	$(BIN)/python examples/run_main_job.py

test: test-together test-alone ## the whole test suite but for the checks of types; PYTEST_OPTIONS="tests/bulk -x" for a part of it

test-together: $(VENV)/.dev ## of it: what may run side by side
	$(call PYTEST,-n $(WORKERS) --dist worksteal -m 'not alone and not types and not site')

test-alone: $(VENV)/.dev ## of it: what measures time, one after the other
	$(call PYTEST,-m alone $(if $(PYTEST_OPTIONS),,$(ALONE)))

test-uncompiled: ## what decodes, without the compiled decoding lane
	LEAT_COMPILED_LANE=0 $(MAKE) --no-print-directory test-together PYTEST_OPTIONS="$(or $(PYTEST_OPTIONS),$(DECODES))"

test-lowest: $(VENV)/.python ## with the lowest versions that pyproject.toml allows; best on Python 3.11
	$(MAKE) --no-print-directory $(VENV)-lowest/.lowest VENV=$(VENV)-lowest UV=$(UV)
	$(MAKE) --no-print-directory $(PART) VENV=$(VENV)-lowest UV=$(UV) \
		PYTEST_OPTIONS="--tb=native $(or $(PYTEST_OPTIONS),$(BELOW))"

soak: $(VENV)/.dev ## the same tests, the long ones at full size, one after the other
	LEAT_SOAK=1 $(BIN)/python -m pytest -q --timeout=7200 -m 'not site' $(PYTEST_OPTIONS)

lint: $(VENV)/.dev ## ruff, spelling, layers and circles of imports, news fragments
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/lint-imports --no-logo
	$(BIN)/towncrier build --draft --version draft >/dev/null

types: types-inside types-outside ## mypy --strict and pyright strict; every public symbol has a type that no checker has to guess

types-inside: $(VENV)/.dev ## of it: the package
	$(BIN)/mypy
	$(BIN)/pyright

types-outside: $(VENV)/.dev ## of it: what users see, which README and examples are written by
	$(BIN)/python -m pytest -q -m types tests/typing
	@# It looks for the package where the first python on the PATH does.
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/pyright --verifytypes leat_async --ignoreexternal >$(VENV)/verifytypes.txt \
		|| { grep -B1 -A2 ' error: ' $(VENV)/verifytypes.txt; tail -3 $(VENV)/verifytypes.txt; exit 1; }

api: $(VENV)/.dev ## what of the public API differs from the last tag such that users' code may break?
	$(BIN)/python -m tools.check_api

generate: $(VENV)/.dev ## rewrite what is generated: the sync facade, the tables in docs/, the command's help
	$(BIN)/python -m tools.generate

check-generated: $(VENV)/.dev ## is what is generated as it would be generated now?
	$(BIN)/python -m tools.generate --check

pictures: $(VENV)/.dev ## make the pictures of the docs anew, in a headless Chromium
	LEAT_SCREENSHOTS=1 $(BIN)/python -m pytest -q tests/reports/test_page.py tests/reports/test_import_page.py tests/sandbox/test_inspector.py

snapshots: $(VENV)/.dev ## record the public API and what goes over the wire anew; read the diff
	$(BIN)/python -m tools.api_snapshot >tests/snapshots/public_api.txt
	LEAT_RECORD=1 $(BIN)/python -m pytest -q tests/resources/test_wire_snapshot.py

bench: $(VENV)-bench/.ready ## all benchmarks; QUICK=1 for less than two minutes
	$(VENV)-bench/bin/python -m benchmarks

build: $(VENV)/.dev ## wheel and sdist, in dist/
	rm -rf dist
	$(UV) build -q

check-build: build $(VENV)-release/.ready ## both built once more are the same; what indexes and installers mind is in order
	$(VENV)-release/bin/python -m tools.check_build dist

try-wheel: build ## the wheel in an empty environment, with each extra alone; EXTRAS="base cli" for some of them
	$(BIN)/python -m tools.try_wheel dist/*.whl $(EXTRAS)

check-workflows: $(VENV)-release/.ready ## are the workflows well-formed, and safe from whom they run for?
	$(VENV)-release/bin/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(VENV)-release/bin/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	$(VENV)-release/bin/zizmor --quiet --offline --no-progress .github

sbom: build $(VENV)-release/.ready ## what comes with the wheel and all its extras, with versions and licences: dist/sbom.cdx.json
	$(UV) venv -q --clear --python $(PYTHON) $(VENV)-wheel
	$(UV) pip install -q --python $(VENV)-wheel --constraint requirements/dev.txt "$$(ls dist/*.whl)[$(EVERY_EXTRA)]"
	$(VENV)-release/bin/cyclonedx-py environment --output-reproducible --output-file dist/sbom.cdx.json $(VENV)-wheel

audit: $(VENV)-release/.ready ## known holes in what we depend on; asks a database on the network
	$(VENV)-release/bin/pip-audit --progress-spinner off --disable-pip --no-deps --requirement requirements/dev.txt

docs: $(VENV)/.dev ## the site, in build/docs/html, to read without a server
	$(BIN)/python -m tools.build_docs build/docs

check-docs: docs ## is the site whole: links, search, accessibility, on a phone and by night, in a headless Chromium
	$(BIN)/python -m pytest -q -m site tests/site $(PYTEST_OPTIONS)

docs-version: $(VENV)/.dev ## add this version's site to the folder SITE, where those of other versions are
	$(BIN)/python -m tools.build_docs build/docs $(SITE)

docs-serve: docs ## the site on http://127.0.0.1:8000
	$(BIN)/python -m http.server --bind 127.0.0.1 --directory build/docs/html 8000

lock: $(VENV)/.python ## pin the newest versions that pyproject.toml allows
	$(UV) pip compile -q --universal --python-version 3.11 --all-extras --group dev \
		--no-header --no-annotate --upgrade pyproject.toml -o requirements/dev.txt
	sed -i.bak '1i # Locked development environment, made by `make lock`.' requirements/dev.txt
	$(UV) pip compile -q --python-version 3.11 --all-extras --resolution lowest-direct \
		--no-header --no-annotate --upgrade pyproject.toml -o requirements/lowest.txt
	sed -i.bak '1i # The lowest versions that pyproject.toml allows, made by `make lock`.' requirements/lowest.txt
	$(UV) pip compile -q --universal --python-version 3.11 --group release \
		--no-header --no-annotate --upgrade -o requirements/release.txt
	sed -i.bak '1i # What looks at a release, made by `make lock`.' requirements/release.txt
	rm -f requirements/*.bak

clean: ## remove environments, builds and caches
	rm -rf $(VENV) $(VENV)-* dist build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; set PYTHON=…, this is $$($(PYTHON) --version)"; exit 2; }
	@if test -x $(UV); then $(UV) venv -q --allow-existing --python $(PYTHON) $(VENV); else $(PYTHON) -m venv $(VENV) \
		&& $(BIN)/python -m pip --disable-pip-version-check install -q --constraint requirements/dev.txt uv; fi
	@touch $@

$(VENV)/.cli: $(VENV)/.python pyproject.toml requirements/dev.txt
	$(PIP) --constraint requirements/dev.txt --editable '.[cli]'
	@touch $@

$(VENV)/.dev: $(VENV)/.python pyproject.toml requirements/dev.txt
	$(PIP) --requirement requirements/dev.txt
	$(PIP) --no-deps --editable .
	@touch $@

$(VENV)/.lowest: $(VENV)/.dev requirements/lowest.txt
	$(PIP) --requirement requirements/lowest.txt
	@touch $@

$(VENV)-release/.ready: $(VENV)/.python requirements/release.txt
	$(UV) venv -q --allow-existing --python $(PYTHON) $(VENV)-release
	$(UV) pip install -q --python $(VENV)-release --requirement requirements/release.txt
	@touch $@

$(VENV)-bench/.ready: $(VENV)/.python pyproject.toml benchmarks/requirements.txt benchmarks/api.json
	$(UV) venv -q --allow-existing --python $(PYTHON) $(VENV)-bench
	$(UV) pip install -q --python $(VENV)-bench --requirement benchmarks/requirements.txt --editable '.[cli]'
	$(VENV)-bench/bin/openapi-python-client generate --path benchmarks/api.json --meta none --overwrite \
		--output-path $(VENV)-bench/generated
	@touch $@

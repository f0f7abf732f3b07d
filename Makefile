# Every habit is a target; bare `make` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MEMBERS := $(patsubst %/pyproject.toml,%,$(wildcard packages/*/pyproject.toml services/*/pyproject.toml clients/*/pyproject.toml training/pyproject.toml))
SERVICES := auth library generator converter
SOURCES := $(wildcard packages/*/src services/*/src clients/*/src training/src)
export MYPYPATH := $(shell echo $(SOURCES) | tr ' ' ':')

.PHONY: help
help: ## Show this help
	@awk 'BEGIN {FS = ":.*## "} \
	  /^##@/ {printf "\n\033[1m%s\033[0m\n", substr($$0, 5)} \
	  /^[a-z][a-z-]*:.*## / {printf "  \033[36m%-18s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ Use it
.PHONY: run
run: web ## Start the whole product at http://localhost:8080 (EUTERPE_PORT, EUTERPE_DATA move it)
	@exec $(BIN)/python -m euterpe_stack

.PHONY: web
web: $(VENV)/.run ## Build the pages, if anything changed in web/
	@scripts/build-web

.PHONY: rotate-keys
rotate-keys: $(VENV)/.run ## Replace the key that signs tokens, in the product that runs; nobody is logged out
	@$(BIN)/python -m euterpe_stack.rotate_keys

##@ Develop
.PHONY: setup
setup: $(VENV)/.dev ## Make the environment for development, torch included

.PHONY: test
test: setup ## Everything that CI checks: lint, types, contracts, all tests
	$(MAKE) --no-print-directory -j2 -O lint typecheck proto-check web
	$(MAKE) --no-print-directory test-fast test-e2e test-web lint-openapi

.PHONY: test-web
test-web: setup web ## The pages: unit tests, then a real browser in front of the whole product
	scripts/test-web
	$(BIN)/python -m pytest -m "web and not slow" -n 2 tests/web

.PHONY: screenshots
screenshots: $(VENV)/.dev web ## Take the pictures of docs/screenshots: every page, of a product of its own
	$(BIN)/python scripts/take-screenshots

.PHONY: test-fast
test-fast: setup ## The tests that do not start the whole product
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not e2e and not web and not images and not observability and not fuzz and not slow"

.PHONY: test-slow
test-slow: setup web ## Long trainings, more interrupted starts, accessibility in every combination
	$(BIN)/python -m pytest -m slow

.PHONY: test-e2e
test-e2e: setup ## The tests that do
	$(BIN)/python -m pytest -m "e2e and not slow"

.PHONY: lint
lint: $(VENV)/.dev ## Check style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

.PHONY: format
format: $(VENV)/.dev ## Mend style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: typecheck
typecheck: $(VENV)/.dev ## Check types (mypy, strict)
	$(BIN)/mypy $(SOURCES)

.PHONY: hooks
hooks: $(VENV)/.dev ## Run lint and typecheck before each commit
	$(BIN)/pre-commit install

##@ Deploy
.PHONY: images
images: web ## Build the container images with podman or docker (BASE_IMAGE, REGISTRY, TAG; see scripts/build-images)
	scripts/build-images

.PHONY: test-images
test-images: setup ## Run the images that were built, confined as in the cluster
	$(BIN)/python -m pytest -m images tests/deploy

.PHONY: chart-schema
chart-schema: $(VENV)/.dev ## Write the services' settings into the chart's values.schema.json
	$(BIN)/python scripts/generate-chart-schema

.PHONY: dashboards
dashboards: $(VENV)/.dev ## Write Grafana's dashboards into the chart
	$(BIN)/python scripts/generate-dashboards

.PHONY: test-observability
test-observability: setup ## Ask a real Prometheus that scrapes the whole product every query (needs prometheus)
	$(BIN)/python -m pytest -m observability tests/deploy

.PHONY: check-custom-resources
check-custom-resources: $(VENV)/.dev ## KEDA's, Prometheus', Gateway's and External Secrets' objects against their schemas (needs npm)
	scripts/check-custom-resources

.PHONY: check-security
check-security: $(VENV)/.dev $(VENV)/.checkov ## checkov over the rendered chart and the Dockerfiles
	scripts/check-security

.PHONY: test-deploy
test-deploy: $(VENV)/.dev ## Check the chart, the Dockerfiles, the rules and the dashboards
	$(BIN)/python -m pytest -m "not images and not observability and not fuzz" tests/deploy

##@ Contracts and locks
.PHONY: proto
proto: $(VENV)/.dev ## Generate the gRPC stubs into packages/protos
	scripts/generate-stubs packages/protos/src

.PHONY: proto-check
proto-check: $(VENV)/.dev ## Lint the contracts, and fail when the committed stubs differ from them
	cd proto && ../$(BIN)/buf lint
	scripts/check-stubs

.PHONY: openapi
openapi: $(VENV)/.dev ## Write the API's OpenAPI document and the Python client from it (ARGS=--accept-breaking)
	$(BIN)/python scripts/generate-openapi $(ARGS)
	$(BIN)/python scripts/generate-client

.PHONY: lint-openapi
lint-openapi: $(VENV)/.dev ## Lint that document with redocly (needs npm)
	scripts/lint-openapi

.PHONY: lock
lock: $(VENV)/.uv ## Pin the requirements of every member anew
	scripts/lock

##@ Models
.PHONY: train
train: $(VENV)/.dev ## Train the default model: make train CORPUS=DIR
	$(BIN)/euterpe-train crnngan --corpus "$(CORPUS)" --out training/runs/default

.PHONY: models
models: $(VENV)/.dev ## Train and export models anew: CORPUS=DIR the C-RNN-GAN ones, NOTTINGHAM=DIR POP909=DIR the melody ones
	@test -n "$(CORPUS)$(NOTTINGHAM)" || { echo "name what to train on: make models CORPUS=DIR, or NOTTINGHAM=DIR POP909=DIR"; exit 2; }
	$(if $(CORPUS),scripts/build-models "$(CORPUS)" $(ARGS))
	$(if $(NOTTINGHAM),scripts/train-melody-models "$(NOTTINGHAM)" "$(POP909)")

.PHONY: samples
samples: $(VENV)/.dev ## Compose the models' samples anew, with a product that runs (ARGS="--server URL")
	$(BIN)/python scripts/compose-samples $(ARGS)

.PHONY: evaluate
evaluate: $(VENV)/.dev ## Judge a bundle by held-out music: make evaluate BUNDLE=models/NAME/VERSION CORPUS=DIR
	$(BIN)/euterpe-train evaluate "$(BUNDLE)" --reference "$(CORPUS)" --cache .data/cache $(ARGS)

##@ Measure
.PHONY: bench-melody
bench-melody: $(VENV)/.dev ## Tokens per second of melody networks, and what each way to choose costs (ARGS="--threads 2")
	$(BIN)/python bench/melody.py $(ARGS)

.PHONY: bench-training
bench-training: $(VENV)/.dev ## Corpus files per second, and seconds of an adversarial epoch (CORPUS=DIR for real files)
	@# Threads that wait by spinning take busy cores from those that work; this much bridges the gap between two operations.
	GOMP_SPINCOUNT=20000 $(BIN)/python bench/training.py $(CORPUS)

.PHONY: bench-melody-training
bench-melody-training: $(VENV)/.dev ## Training on all positions of a window, beside one window for one target
	$(BIN)/python bench/melody_training.py

.PHONY: bench-stack
bench-stack: $(VENV)/.dev ## Start-up, latency and memory of the whole product
	$(BIN)/python bench/stack.py

.PHONY: bench-web
bench-web: $(VENV)/.dev web ## The first visit's kilobytes and first paint, and frames a second of a long piano roll
	$(BIN)/python bench/web.py

.PHONY: bench-api
bench-api: $(VENV)/.dev ## Songs per second of the whole product, and what one request waits
	$(BIN)/python bench/api.py

.PHONY: bench-overload
bench-overload: $(VENV)/.dev ## Twice as many orders as can be served (ARGS="--seconds 30")
	$(BIN)/python bench/overload.py $(ARGS)

.PHONY: chaos
chaos: $(VENV)/.dev ## Kill workers under load for two minutes, and count what was lost
	$(BIN)/python bench/chaos.py

.PHONY: rolling-upgrade
rolling-upgrade: $(VENV)/.dev ## Upgrade, scale and kill the product pod by pod under load, and count what failed or was lost
	$(BIN)/python bench/rolling_upgrade.py

.PHONY: bench-audio
bench-audio: $(VENV)/.dev ## Rendering, beside FluidSynth's command line with pydub (ARGS="--quick")
	$(BIN)/python bench/audio.py $(ARGS)

.PHONY: fuzz-audio
fuzz-audio: $(VENV)/.dev ## A thousand damaged MIDI files through the converter
	$(BIN)/python -m pytest services/converter -m fuzz

.PHONY: fuzz-api
fuzz-api: $(VENV)/.dev ## Five thousand made-up requests to the whole product
	$(BIN)/python -m pytest tests/e2e -m fuzz -s

.PHONY: bench-library
bench-library: $(VENV)/.dev ## Searches over a million songs, and how long listeners wait for their own
	$(BIN)/python bench/library.py

.PHONY: bench-engine
bench-engine: $(VENV)/.dev ## Songs per second of the engine, beside the bare graph
	$(BIN)/python bench/engine.py

.PHONY: bench-balance
bench-balance: $(VENV)/.dev ## A cut-down MNIST study: images made per second, and what DeepSMOTE gains
	$(BIN)/python bench/balance.py $(ARGS)

# --- environments -------------------------------------------------------------------------------------------------

$(VENV)/.uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Euterpe needs Python 3.11 or newer; set PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "This Python cannot make environments; on Debian: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements/uv.txt
	@touch $@

$(VENV)/.run: $(VENV)/.uv requirements/run.txt $(wildcard packages/*/pyproject.toml services/*/pyproject.toml clients/*/pyproject.toml)
	$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements/run.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps $(foreach member,$(filter-out training packages/test_kit packages/contract,$(MEMBERS)),-e $(member))
	@scripts/install-system-packages
	@touch $@

# torch comes through pip, which knows where this machine keeps its CPU build; uv would fetch the CUDA one.
$(VENV)/.dev: $(VENV)/.run requirements/dev.txt training/torch.txt training/pyproject.toml
	$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements/dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -c requirements/dev.txt -r training/torch.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps $(foreach member,$(MEMBERS),-e $(member))
	@scripts/install-system-packages --test
	@touch $@

# checkov wants other versions of almost everything.
$(VENV)/.checkov: requirements/checkov.txt $(VENV)/.uv
	$(BIN)/uv venv --quiet --clear --python $(PYTHON) $(VENV)/checkov
	$(BIN)/uv pip install --quiet --python $(VENV)/checkov/bin/python -r requirements/checkov.txt
	@touch $@

.PHONY: clean
clean: ## Remove the environment and all caches (data stay)
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis

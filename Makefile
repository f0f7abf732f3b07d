# `make` lists the targets.
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

##@ Use
.PHONY: run
run: web ## Start the product at http://localhost:8080 (EUTERPE_PORT, EUTERPE_DATA)
	@exec $(BIN)/python -m euterpe_stack

.PHONY: web
web: $(VENV)/.run ## Build the pages if web/ has changed
	@scripts/build-web

.PHONY: rotate-keys
rotate-keys: $(VENV)/.run ## Replace the signing key of the running product; sessions stay valid
	@$(BIN)/python -m euterpe_stack.rotate_keys

##@ Develop
.PHONY: setup
setup: $(VENV)/.dev ## Create the development environment, including torch

.PHONY: test
test: setup ## Run all checks of CI: lint, types, contracts, tests
	@# Longest first, so that both cores end at the same time.
	$(MAKE) --no-print-directory -j2 -O typecheck web lint-openapi lint proto-check
	$(MAKE) --no-print-directory test-fast test-e2e test-web

.PHONY: test-web
test-web: setup web ## Test the pages: unit tests, then a browser with the running product
	scripts/test-web
	$(BIN)/python -m pytest -m "web and not slow" -n 2 tests/web

.PHONY: screenshots
screenshots: $(VENV)/.dev web ## Take the screenshots of every page for docs/screenshots
	$(BIN)/python scripts/take-screenshots

.PHONY: test-fast
test-fast: setup ## Run the tests that do not start the product
	@# One process per core: further threads of torch and NumPy would take turns with the other process.
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --ignore tests/e2e --ignore tests/web \
	  -m "not images and not observability and not fuzz and not slow"

.PHONY: test-slow
test-slow: setup web ## Run the slow tests: training, interrupted starts, accessibility in all combinations
	$(BIN)/python -m pytest -m slow

.PHONY: test-e2e
test-e2e: setup ## Run the tests that start the product
	$(BIN)/python -m pytest -m "e2e and not slow" -n 2 --dist loadfile tests/e2e

.PHONY: lint
lint: $(VENV)/.dev ## Check style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

.PHONY: format
format: $(VENV)/.dev ## Fix style
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
images: web ## Build the container images and their SBOMs with podman or docker (BASE_IMAGE, REGISTRY, TAG; see scripts/build-images)
	scripts/build-images

.PHONY: test-images
test-images: setup ## Test the built images with the cluster's restrictions
	$(BIN)/python -m pytest -m images tests/deploy

.PHONY: chart-schema
chart-schema: $(VENV)/.dev ## Generate the chart's values.schema.json from the services' settings
	$(BIN)/python scripts/generate-chart-schema

.PHONY: dashboards
dashboards: $(VENV)/.dev ## Generate the chart's Grafana dashboards
	$(BIN)/python scripts/generate-dashboards

.PHONY: test-observability
test-observability: setup ## Run every dashboard query on a Prometheus that scrapes the product (needs prometheus)
	$(BIN)/python -m pytest -m observability tests/deploy

.PHONY: check-custom-resources
check-custom-resources: $(VENV)/.dev ## Validate the chart's custom resources against their schemas (needs npm)
	scripts/check-custom-resources

.PHONY: check-security
check-security: $(VENV)/.dev $(VENV)/.checkov ## Scan the rendered chart and the Dockerfiles with checkov
	scripts/check-security

.PHONY: test-deploy
test-deploy: $(VENV)/.dev ## Test the chart, Dockerfiles, gateways, rules and dashboards
	$(BIN)/python -m pytest -m "not images and not observability and not fuzz" tests/deploy

##@ Contracts and locks
.PHONY: proto
proto: $(VENV)/.dev ## Generate the gRPC stubs into packages/protos
	scripts/generate-stubs packages/protos/src

.PHONY: proto-check
proto-check: $(VENV)/.dev ## Lint the contracts and check that the committed stubs are up to date
	cd proto && ../$(BIN)/buf lint
	scripts/check-stubs

.PHONY: openapi
openapi: $(VENV)/.dev ## Generate api/openapi.json and the Python client (ARGS=--accept-breaking)
	$(BIN)/python scripts/generate-openapi $(ARGS)
	$(BIN)/python scripts/generate-client

.PHONY: names
names: $(VENV)/.dev ## Write the names of instruments and composers for the pages
	$(BIN)/python scripts/generate-names

.PHONY: lint-openapi
lint-openapi: $(VENV)/.dev ## Lint api/openapi.json with redocly (needs npm)
	scripts/lint-openapi

.PHONY: lock
lock: $(VENV)/.uv ## Update the pinned requirements of every member
	scripts/lock

##@ Models
.PHONY: train
train: $(VENV)/.dev ## Train the default model: make train CORPUS=DIR, or follow a plan: make train PLAN=FILE
	$(if $(PLAN),$(BIN)/euterpe-train run "$(PLAN)" --data training/runs/plan,$(BIN)/euterpe-train crnngan --corpus "$(CORPUS)" --out training/runs/default)

.PHONY: models
models: $(VENV)/.dev ## Train and export models: CORPUS=DIR for C-RNN-GAN, NOTTINGHAM=DIR POP909=DIR for melody
	@test -n "$(CORPUS)$(NOTTINGHAM)" || { echo "set a corpus: make models CORPUS=DIR, or NOTTINGHAM=DIR POP909=DIR"; exit 2; }
	$(if $(CORPUS),scripts/build-models "$(CORPUS)" $(ARGS))
	$(if $(NOTTINGHAM),scripts/train-melody-models "$(NOTTINGHAM)" "$(POP909)")

.PHONY: evaluate-ensemble
evaluate-ensemble: $(VENV)/.dev ## Compare an ensemble bundle with real music: BUNDLE=models/ensemble/VERSION DATA=DIR
	scripts/evaluate-ensemble "$(BUNDLE)" $(DATA) $(ARGS)

.PHONY: evaluate-models
evaluate-models: $(VENV)/.dev ## Compare the released music models with real music: CORPORA=DIR holds crnngan-corpus, nottingham, pop909
	@test -n "$(CORPORA)" || { echo "name the corpora: make evaluate-models CORPORA=DIR"; exit 2; }
	scripts/evaluate-models "$(CORPORA)" $(ARGS)

.PHONY: evaluation-table
evaluation-table: $(VENV)/.dev ## Print the committed results of evaluate-models
	@$(BIN)/euterpe-train evaluation table docs/studies/evaluation

.PHONY: evaluation-cards
evaluation-cards: $(VENV)/.dev ## Write these results into the model cards
	$(BIN)/euterpe-train evaluation cards docs/studies/evaluation

.PHONY: samples
samples: $(VENV)/.dev ## Compose the models' samples with a running product (ARGS="--server URL")
	$(BIN)/python scripts/compose-samples $(ARGS)

.PHONY: evaluate
evaluate: $(VENV)/.dev ## Compare a bundle, or a folder of MIDI files, with real music: make evaluate BUNDLE=models/NAME/VERSION CORPUS=DIR
	$(BIN)/euterpe-train evaluate "$(BUNDLE)" --reference "$(CORPUS)" --cache .data/cache $(ARGS)

##@ Measure
# SAVE=1 adds a run to bench/results.
export EUTERPE_BENCH_SAVE := $(SAVE)

.PHONY: bench-history
bench-history: $(VENV)/.dev ## Generate the table of all runs that `make bench-NAME SAVE=1` saved
	$(BIN)/python bench/history.py

.PHONY: bench-melody
bench-melody: $(VENV)/.dev ## Tokens per second of melody networks by sampling strategy (ARGS="--threads 2")
	$(BIN)/python bench/melody.py $(ARGS)

.PHONY: bench-ensemble
bench-ensemble: $(VENV)/.dev ## Events per second of an ensemble bundle (ARGS=models/ensemble/1.4.0)
	$(BIN)/python bench/ensemble.py $(ARGS)

.PHONY: check-gpu
check-gpu: $(VENV)/.dev ## Check and measure everything that runs on CUDA, in ten minutes (ARGS="--tiny --device cpu" rehearses it)
	$(BIN)/python bench/check_gpu.py $(ARGS)

.PHONY: bench-training
bench-training: $(VENV)/.dev ## Corpus files per second, seconds per adversarial epoch (CORPUS=DIR for real files)
	@# Spinning threads take cores from working ones; this spin count covers the gap between two operations.
	GOMP_SPINCOUNT=20000 $(BIN)/python bench/training.py $(CORPUS)

.PHONY: bench-melody-training
bench-melody-training: $(VENV)/.dev ## Speed of training on all positions of a window, compared with one window per target
	$(BIN)/python bench/melody_training.py

.PHONY: bench-stack
bench-stack: $(VENV)/.dev ## Start-up time, latency and memory of the product
	$(BIN)/python bench/stack.py

.PHONY: bench-web
bench-web: $(VENV)/.dev web ## Size and first paint of the first visit, click to sound, frame rates of the piano roll and the editor
	$(BIN)/python bench/web.py

.PHONY: bench-api
bench-api: $(VENV)/.dev ## Songs per second of the product, latency of one request
	$(BIN)/python bench/api.py

.PHONY: bench-midi-cases
bench-midi-cases: $(VENV)/.dev ## What the product makes of 158 odd MIDI files, by kind (ARGS="--formats")
	$(BIN)/python bench/midi_cases.py $(ARGS)

.PHONY: bench-endings
bench-endings: $(VENV)/.dev ## How often composed pieces end on the tonic, by the parameter ending (ARGS=--key)
	@$(BIN)/python bench/endings.py $(ARGS)

.PHONY: bench-form
bench-form: $(VENV)/.dev ## Whether pieces of 64 bars keep their themes and density, beside real ones (ARGS="--rolls FILE")
	@$(BIN)/python bench/form.py $(ARGS)

.PHONY: bench-keys
bench-keys: $(VENV)/.dev ## How often composed pieces are in the requested key (ARGS="--corpora DIR" for real ones)
	@$(BIN)/python bench/keys.py $(ARGS)

.PHONY: bench-parts
bench-parts: $(VENV)/.dev ## How much requested instruments play (ARGS="--data DIR" for real pieces)
	@$(BIN)/python bench/parts.py $(ARGS)

.PHONY: bench-continuation
bench-continuation: $(VENV)/.dev ## How other programs read composed files, and what continued pieces keep, by style
	@$(BIN)/python bench/continuation.py $(ARGS)

.PHONY: bench-collapse
bench-collapse: $(VENV)/.dev ## How many pieces of the melody models loop or stand still, by strategy and temperature
	@$(BIN)/python bench/collapse.py $(ARGS)

.PHONY: decoding-study
decoding-study: $(VENV)/.dev ## Sampling strategies of melody models in a table and piano rolls (ARGS="--models DIR ...")
	@$(BIN)/python bench/decoding_study.py $(ARGS)

.PHONY: bench-overload
bench-overload: $(VENV)/.dev ## Behaviour at twice the sustainable load (ARGS="--seconds 30")
	$(BIN)/python bench/overload.py $(ARGS)

.PHONY: bench-snapshot
bench-snapshot: $(VENV)/.dev ## Speed of the queue while a snapshot is held (ARGS="--minutes 10")
	$(BIN)/python bench/snapshot.py $(ARGS)

.PHONY: chaos
chaos: $(VENV)/.dev ## Kill workers, services, PostgreSQL and S3 under load for ten minutes and count losses (ARGS="--seconds 180")
	$(BIN)/python bench/chaos.py $(ARGS)

.PHONY: soak
soak: $(VENV)/.dev ## Mixed load for one hour: draw the memory of every process, compare it with the tenth minute (ARGS="--seconds 300")
	$(BIN)/python bench/soak.py $(ARGS)

.PHONY: rolling-upgrade
rolling-upgrade: $(VENV)/.dev ## Upgrade, scale and kill pods under load and count failed requests
	$(BIN)/python bench/rolling_upgrade.py

.PHONY: bench-audio
bench-audio: $(VENV)/.dev ## Rendering, compared with FluidSynth's command line and pydub (ARGS="--quick")
	$(BIN)/python bench/audio.py $(ARGS)

.PHONY: fuzz-audio
fuzz-audio: $(VENV)/.dev ## Send a thousand damaged MIDI files to the converter
	$(BIN)/python -m pytest services/converter -m fuzz

.PHONY: fuzz-api
fuzz-api: $(VENV)/.dev ## Send five thousand generated requests to the product
	$(BIN)/python -m pytest tests/e2e -m fuzz -s

.PHONY: bench-library
bench-library: $(VENV)/.dev ## Searches in a million songs, latency of users' own lists
	$(BIN)/python bench/library.py

.PHONY: bench-engine
bench-engine: $(VENV)/.dev ## Songs per second of the engine, compared with the graph alone
	$(BIN)/python bench/engine.py

.PHONY: bench-balance
bench-balance: $(VENV)/.dev ## A reduced MNIST study: synthetic images per second, gain of DeepSMOTE
	$(BIN)/python bench/balance.py $(ARGS)

# --- environments -------------------------------------------------------------------------------------------------

$(VENV)/.uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Euterpe needs Python 3.11 or newer; set PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "This Python has no venv module; on Debian: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

$(VENV)/.run: $(VENV)/.uv requirements/run.txt $(wildcard packages/*/pyproject.toml services/*/pyproject.toml clients/*/pyproject.toml)
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/run.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps $(foreach member,$(filter-out training packages/test_kit packages/contract,$(MEMBERS)),-e $(member))
	@scripts/install-system-packages
	@touch $@

# pip installs torch, as its configuration selects the CPU build; uv would install the CUDA build.
$(VENV)/.dev: $(VENV)/.run requirements/dev.txt training/torch.txt training/pyproject.toml
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/dev.txt
	@# The builds of torch differ between machines, so they have no common hashes. Constraints with hashes would require them.
	$(BIN)/pip install --quiet --disable-pip-version-check -c <(sed 's/ \\$$//; /^ *--hash/d' requirements/dev.txt) -r training/torch.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps $(foreach member,$(MEMBERS),-e $(member))
	@scripts/install-system-packages --test
	@touch $@

# checkov needs other versions of most packages.
$(VENV)/.checkov: requirements/checkov.txt $(VENV)/.uv
	$(BIN)/uv venv --quiet --clear --python $(PYTHON) $(VENV)/checkov
	$(BIN)/uv pip install --quiet --python $(VENV)/checkov/bin/python --require-hashes -r requirements/checkov.txt
	@touch $@

.PHONY: clean
clean: ## Remove the environment and all caches, but no data
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis

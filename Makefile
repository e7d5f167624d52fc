# The dev stack on this machine, and the checks of the code. Real stacks use plain `pulumi`.

PYTHON ?= python3
.DEFAULT_GOAL := help
.PHONY: help up preview diff preflight verify down outputs test lint docs bench
MAKEFLAGS += --no-print-directory

# The environment is ready when the stamp is there that is named after what the requirement files say.
RUN_FILES := requirements.txt lab/requirements.txt verify/requirements.txt
DEV_FILES := $(RUN_FILES) requirements-dev.txt
RUN := .venv/run-$(shell cat $(RUN_FILES) | cksum | cut -d' ' -f1)
DEV := .venv/dev-$(shell cat $(DEV_FILES) | cksum | cut -d' ' -f1)
LAB := .venv/bin/python -m lab

help: ## This list
	@awk -F':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: $(RUN) ## From nothing to a mail domain that answers (OFFICIAL=1: try all downloads again)
	@$(LAB) up $(if $(OFFICIAL),--official)

preview: $(RUN) ## What `make up` would change
	@$(LAB) preview $(if $(OFFICIAL),--official)

diff: $(RUN) ## What changed stack files mean for delivery, in words (BASE=main, STACK=prod, STRICT=1)
	@.venv/bin/python -m changes --base '$(or $(BASE),main)' $(if $(STACK),--stack '$(STACK)') $(if $(STRICT),--strict)

preflight: $(RUN) ## What is in the way of the first `pulumi up` on a live zone (STACK=prod)
ifeq ($(or $(STACK),dev),dev)
	@$(LAB) preflight $(ARGS)
else
	@.venv/bin/python -m preflight --stack $(STACK) $(ARGS)
endif

verify: $(RUN) ## Prove from outside that it is all as it should be (STACK=prod, ARGS="--only records")
ifeq ($(or $(STACK),dev),dev)
	@$(LAB) verify $(ARGS)
else
	@.venv/bin/python -m verify --stack $(STACK) $(ARGS)
endif

down: $(RUN) ## Remove it all but the mail (PURGE=1: the mail too)
	@$(LAB) down $(if $(PURGE),--purge)

outputs: $(RUN) ## What came of it, as JSON (SECRETS=1: with the passwords)
	@$(LAB) outputs $(if $(SECRETS),--secrets)

test: $(DEV) ## All tests (PYTEST="...": arguments for pytest)
	@$(LAB) test $(PYTEST)

lint: $(DEV) ## ruff and mypy; actionlint and zizmor of the workflows
	@.venv/bin/ruff check --quiet
	@.venv/bin/ruff format --check --quiet
	@.venv/bin/mypy
	@.venv/bin/python -m lab.actionlint
	@.venv/bin/zizmor --offline --pedantic --quiet --no-progress .github

docs: $(RUN) ## Write the pages that are made from the code
	@.venv/bin/python -m verify.report.checks_page > docs/checks.md
	@.venv/bin/python -m stack_file.page > docs/configuration.md

bench: $(DEV) ## How fast the program and the checks are, against bare ones
	@.venv/bin/python -m tests.bench
	@.venv/bin/python -m tests.bench_scale
	@.venv/bin/python -m tests.bench_verify

.venv/run-%:
	@$(require-python)
	@$(PYTHON) lab/venv.py $@ $(RUN_FILES)

.venv/dev-%:
	@$(require-python)
	@$(PYTHON) lab/venv.py $@ $(DEV_FILES)

define require-python
command -v $(PYTHON) >/dev/null || { echo "error: $(PYTHON) is missing. Install Python 3.11 or newer, then run this again." >&2; exit 1; }
endef

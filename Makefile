# Everything a newcomer needs, one word each. All targets first bring .venv up to date.

HOLDFAST := .venv/bin/holdfast
READY := .venv/.ready
CODE := services streams enrollment protocols cohorts eligibility
ALL := $(CODE) tests benchmarks examples

.DEFAULT_GOAL := help
.PHONY: help setup test pictures lint types check demo demo-reset up down doctor bench faults lock

help: ## This list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

setup: $(READY) ## Prepare .venv from the lock file
	@:

$(READY): pyproject.toml uv.lock requirements.lock scripts/setup.sh
	@scripts/setup.sh

test: setup ## All tests, on a real Kafka, Redis and browser (ARGS="-k word" for some)
	@$(HOLDFAST) stack fetch
	@scripts/chromium.sh
	.venv/bin/python -m pytest -n 2 --dist loadfile $(ARGS)

pictures: setup ## The pictures of the guides, made anew by the browser tests
	@$(HOLDFAST) stack fetch
	@scripts/chromium.sh
	HOLDFAST_PICTURES=1 .venv/bin/python -m pytest tests/browser -k "day or practice"

lint: setup ## Style, formatting and the direction of imports
	.venv/bin/ruff check $(ALL)
	.venv/bin/ruff format --check $(ALL)
	.venv/bin/lint-imports

types: setup ## mypy in strict mode, tests and benchmarks too
	.venv/bin/mypy

check: lint types test ## Everything that must be clean before a change is offered

demo: setup ## The story of a whole trial on the running service (ONCE=1: stop it all afterwards)
	@$(HOLDFAST) demo $(if $(filter-out 0,$(ONCE)),--once)

demo-reset: setup ## The same story from its beginning
	@$(HOLDFAST) demo --reset $(if $(filter-out 0,$(ONCE)),--once)

up: setup ## Kafka, Redis, web and worker, with their data in .holdfast
	@$(HOLDFAST) up

down: setup ## Stop them; the data stay
	@$(HOLDFAST) down

doctor: setup ## What is there, what is not, and how to mend it
	@$(HOLDFAST) doctor

bench: setup ## Measure the pipeline on a real Kafka and Redis (ARGS for its options)
	@$(HOLDFAST) stack fetch
	.venv/bin/python -m benchmarks.pipeline $(ARGS)

faults: setup ## Break the running service in every way, check what is left (ROUNDS= SEED= SHORT=1)
	@$(HOLDFAST) stack fetch
	.venv/bin/python -m tests.faults $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(SEED),--seed $(SEED)) \
		$(if $(filter-out 0,$(SHORT)),--short) $(ARGS)

lock: ## After a change of dependencies in pyproject.toml: write both lock files again
	uv lock --default-index https://pypi.org/simple
	uv export --locked --all-extras --no-emit-project --quiet --output-file requirements.lock

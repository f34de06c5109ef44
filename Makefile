# Everything a contributor runs; `make` alone lists it. Needs git, GNU make 3.81 or later, and
# Python 3.13. Each command makes the locked Python environments it needs when they are not there.

# The folder of this file, also where SAM runs it from a temporary copy of macro/. Found by the
# shell, since make's own $(dir …) cuts a path at its spaces.
ROOT := $(shell cd "`dirname "$(strip $(MAKEFILE_LIST))"`" && pwd)
BIN = "$(ROOT)/.environments/dev/bin"
PYTEST = cd "$(ROOT)" && $(BIN)/python -m pytest
# Each worker gets a file at a time, whose tests share what they have started.
PARALLEL = --dist=loadfile --no-loadscope-reorder
# A worker more than there are processors, since many tests wait for programs, but no more than four
# LocalStacks.
WORKERS = $$(n=$$(getconf _NPROCESSORS_ONLN); echo $$((n < 4 ? n + 1 : 4)))

# SAM CLI would send usage data from every build; a build of this project sends none.
export SAM_CLI_TELEMETRY := 0

# No package's own scripts run, and npm says only what went wrong.
NPM_OPTIONS = --ignore-scripts --no-audit --no-fund --loglevel=error

# Colours are for people: programs that know NO_COLOR leave them out in CI.
ifdef CI
export NO_COLOR := 1
export PY_COLORS := 0
endif

.DEFAULT_GOAL := help
.PHONY: help setup setup-check demo test check one laws bench bench-hook worst mutants load fuzz scan cdk format lint \
	types lock release owner build dist clean
.NOTPARALLEL:

help:
	@echo 'make demo    Deploy the macro and the example to a local CloudFormation; show what it adds.'
	@echo 'make test    Run everything: lint, types, unit, build, artifact and end-to-end tests.'
	@echo 'make check   Run the quick inner loop: format, lint, types, unit and golden tests.'
	@echo 'make one     Run one file of tests, or one case (TEST="tests/test_cases.py -k one-hook").'
	@echo 'make laws    Hold the laws on random templates (TEMPLATES=20000 SEED=1 say which).'
	@echo 'make bench   Measure what the macro costs, against the JSON round trip of its event.'
	@echo 'make bench-hook  Measure the hook on templates of 1 MB, under the runtime client of Lambda.'
	@echo 'make worst   Answer the worst templates there are, hostile and honest, in limited processes.'
	@echo 'make load    Ask the built function 10,000 times in a row, and four of them side by side.'
	@echo 'make fuzz    Send 200,000 odd requests (REQUESTS=20000 SEED=1 say which).'
	@echo 'make mutants Test the tests: change the core in thousands of ways, list what no test fails on.'
	@echo 'make scan    Let cfn-lint, checkov and, where npm is, cfn-guard look at what the macro adds,'
	@echo '             an evaluator of policies at who may invoke its function and change it, and'
	@echo '             a validator of SARIF at what the command line writes.'
	@echo 'make cdk     Synthesise the golden case of the AWS CDK anew (needs Node.js and npm).'
	@echo 'make format  Let ruff format the code and fix what it can.'
	@echo 'make build   Build what `sam deploy` would deploy, into .aws-sam/build.'
	@echo 'make dist    Make what a release hands out, into dist/: code, templates, package, digests.'
	@echo 'make setup   Only make the Python environments; every other command does so when needed.'
	@echo 'make lock    Pin the environments anew from the .in files (PACKAGES="a b" moves only these).'
	@echo 'make release Set the version everywhere and freeze what it does (VERSION=1.1.0).'
	@echo 'make owner   Name the account on GitHub that this copy is in, everywhere (OWNER=your-account).'
	@echo 'make clean   Remove the environments and all that was built.'
	@echo
	@echo 'To deploy to AWS: sam build && sam deploy'

# $(call environments,NAME…) makes the named environments, or does nothing where they are whole.
environments = @python=$$("$(ROOT)/tools/find-python") && "$$python" "$(ROOT)/tools/environments.py" $(1)

setup:
	$(call environments,dev sam localstack scanners)

setup-check:
	$(call environments,dev)

demo:
	$(call environments,dev sam localstack)
	@cd "$(ROOT)" && PYTHONPATH="$(ROOT)/macro:$(ROOT)/cli:$(ROOT)" $(BIN)/python -m tools.demo

test: setup lint types
	@echo '== tests'
	@$(PYTEST) -n $(WORKERS) $(PARALLEL) -p tools.phases --session-timeout=1800 tests --cov \
		--ignore=tests/scanners/test_guard.py --ignore=tests/scanners/test_sarif_tool.py \
		--ignore=tests/org/test_who_may_change.py \
		--ignore=tests/org/test_who_may_invoke.py \
		--ignore=tests/org/test_who_may_read.py

check: setup-check lint types
	@echo '== unit and golden tests'
	@$(PYTEST) -n logical $(PARALLEL) -m 'not long' tests --ignore=tests/build --ignore=tests/artifact \
		--ignore=tests/e2e --ignore=tests/scanners

one: setup-check
	@$(PYTEST) --no-cov $(TEST)

laws: setup-check
	@cd "$(ROOT)" && PYTHONPATH="$(ROOT)/macro:$(ROOT)" $(BIN)/python -m tests.laws \
		--templates $(or $(TEMPLATES),20000) $(if $(SEED),--seed $(SEED))

bench:
	$(call environments,dev sam)
	@cd "$(ROOT)" && PYTHONPATH="$(ROOT)/macro:$(ROOT)" $(BIN)/python -m benchmarks

bench-hook: setup-check
	@cd "$(ROOT)" && PYTHONPATH="$(ROOT)/macro:$(ROOT)/cli:$(ROOT)/hook:$(ROOT)" $(BIN)/python -m benchmarks.hook

worst: setup-check
	@cd "$(ROOT)" && PYTHONPATH="$(ROOT)/macro:$(ROOT)" $(BIN)/python -m benchmarks.worst

load:
	$(call environments,dev sam)
	@cd "$(ROOT)" && PYTHONPATH="$(ROOT)/macro:$(ROOT)" $(BIN)/python -m benchmarks.load

fuzz: setup-check
	@cd "$(ROOT)" && PYTHONPATH="$(ROOT)/macro:$(ROOT)" $(BIN)/python -m tests.fuzz \
		--requests $(or $(REQUESTS),200000) $(if $(SEED),--seed $(SEED))

# MODULES="conditions intrinsics" looks at these alone.
mutants:
	$(call environments,mutants)
	@"$(ROOT)/.environments/mutants/bin/python" "$(ROOT)/tools/mutants.py" $(MODULES)

# npm brings cfn-guard, and Python alone is enough for everything else: so it is no part of `make test`.
scan:
	$(call environments,dev scanners)
	@if command -v npm >/dev/null; then for folder in guard policies sarif; do \
		(cd "$(ROOT)/tools/$$folder" && npm ci $(NPM_OPTIONS)) || exit 1; done; else \
		echo 'npm is not on this machine: cfn-guard, iam-simulate and sarif-multitool are left out'; fi
	@$(PYTEST) tests/scanners tests/org/test_who_may_change.py tests/org/test_who_may_invoke.py \
		tests/org/test_who_may_read.py

cdk:
	@cd "$(ROOT)/tools/cdk" && npm ci $(NPM_OPTIONS) && node app.mjs

format: setup-check
	@cd "$(ROOT)" && $(BIN)/ruff format && $(BIN)/ruff check --fix

lint: setup-check
	@echo '== format (ruff)'
	@cd "$(ROOT)" && $(BIN)/ruff format --check
	@echo '== lint (ruff)'
	@cd "$(ROOT)" && $(BIN)/ruff check

types: setup-check
	@echo '== types (mypy)'
	@cd "$(ROOT)" && $(BIN)/mypy

lock: setup-check
	@cd "$(ROOT)" && $(BIN)/python tools/lock.py $(PACKAGES)

# AGAIN=1 freezes the cases of a version anew that has no tag yet.
release: setup-check
	@cd "$(ROOT)" && PYTHONPATH="$(ROOT)/macro:$(ROOT)" $(BIN)/python -m tools.release \
		$(if $(AGAIN),--again) $(VERSION)

# In place of the account that is named until now, which HOME of the diagnostics says.
owner:
	@test -n "$(OWNER)" || { echo 'make owner OWNER=your-account'; exit 2; }
	@cd "$(ROOT)" && old=$$(sed -n 's,^HOME: .*github.com/\([^/]*\)/.*,\1,p' \
		macro/auto_lex_permissions/diagnostics.py) && \
		git grep -lF "$$old/auto-lex-permissions" | while read -r file; do \
		sed "s,$$old/auto-lex-permissions,$(OWNER)/auto-lex-permissions,g" "$$file" >"$$file.new" && \
		cat "$$file.new" >"$$file" && rm "$$file.new" && echo "$$file"; done

build:
	$(call environments,sam)
	@cd "$(ROOT)" && .environments/sam/bin/sam build

dist:
	$(call environments,dev sam)
	@cd "$(ROOT)" && PYTHONPATH="$(ROOT)/macro:$(ROOT)" $(BIN)/python -m tools.dist

clean:
	@echo 'Removing the environments and all that was built'
	@cd "$(ROOT)" && rm -rf .environments .aws-sam hook/.aws-sam dist .mypy_cache .ruff_cache .pytest_cache .hypothesis \
		.coverage htmlcov tools/cdk/node_modules tools/guard/node_modules \
		tools/policies/node_modules tools/sarif/node_modules
	@cd "$(ROOT)" && find macro cli hook localcloud tools tests benchmarks -name __pycache__ -type d -prune \
		-exec rm -rf {} + 2>/dev/null || true

# What `sam build` calls (Metadata of the functions in template.yaml and hook/template.yaml), with
# ARTIFACTS_DIR set. Any Python that has pip will do.
.PHONY: build-AutoLexPermissionsFunction build-AutoLexPermissionsHookFunction
build-AutoLexPermissionsFunction: FUNCTION = macro
build-AutoLexPermissionsHookFunction: FUNCTION = hook
build-AutoLexPermissionsFunction build-AutoLexPermissionsHookFunction:
	@python=$$("$(ROOT)/tools/find-python" --with-pip) && \
		"$$python" "$(ROOT)/tools/build_artifact.py" $(FUNCTION) --artifacts "$(ARTIFACTS_DIR)"

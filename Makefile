# Everything from a fresh checkout. Prerequisites: Node.js 20.19 or later with npm, git, and Go 1.24 or
# later for the programs of the test cluster (see test/cluster/README.md); shellcheck for `lint` and `test`, and
# Chromium for `test`.
.DEFAULT_GOAL := help
SHELL := /bin/bash

dependencies := node_modules/.package-lock.json
typescript := node --import ./test/support/typescript.js
generators := $(wildcard crds/scripts/generate-*.mjs lib/*/scripts/generate-*.mjs operator/scripts/generate-*.mjs)
pages := dist/gateway/ui/index.html
page_sources := $(shell find gateway/ui -type f) gateway/pages/state-looks.ts gateway/logs/terminal-text.ts
scripts := .ci/run $(wildcard test/fixtures/*.sh test/cluster/*.sh test/cluster/*/*.sh test/cluster/*/*/*.sh test/e2e/odoo-image/*.sh test/e2e/odoo-image/commands/*)

.PHONY: help run test image e2e e2e-odoo chaos fuzz bench pictures cluster build fmt lint generate generated clean

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## Run everything on a cluster made for it (NODE=real: with real pods); CLUSTER=current uses the one of KUBECONFIG
	@CLUSTER="$(CLUSTER)" NODE="$(NODE)" $(typescript) test/cluster/run.ts

test: $(dependencies) ## Run all checks and tests, and print a summary
	@$(typescript) test/support/run-tests.ts

image: build ## Make the container image as test-output/image.tar, without a Docker daemon
	@$(typescript) test/image/main.ts

e2e: image ## Run builds and helm test end to end on a real node: kubelet, containerd, PostgreSQL; needs root on Linux
	@$(typescript) test/e2e/main.ts webpage $(if $(IF_POSSIBLE),--if-possible)

e2e-odoo: image ## The same with a real Odoo and an addon of the OCA; about 1 GB of downloads the first time
	@$(typescript) test/e2e/main.ts odoo

chaos: build ## Break things at random under the operator; again with RUNBOAT_CHAOS_SEED=...
	@$(typescript) test/chaos/main.ts

fuzz: build ## Send the gateway requests made of its OpenAPI document; FUZZ_SECONDS is how long (180)
	@$(typescript) test/fuzz/main.ts

bench: build ## Run the benchmarks; each prints one line of JSON
	@for benchmark in $(wildcard bench/*.ts); do $(typescript) "$$benchmark" || exit 1; done

pictures: build ## Make the pictures of the README anew, of the pages with made-up builds
	@$(typescript) test/browser/pictures.ts

cluster: $(dependencies) ## Hold a test cluster up until Ctrl-C and print how to use it; NODE=real gives it a real node
	@$(typescript) test/cluster/main.ts $(if $(filter real,$(NODE)),--real)

build: $(dependencies) ## Compile into dist/, which checks types and the walls between folders
	@node_modules/.bin/tsc -b
	@$(MAKE) --no-print-directory $(pages)

fmt: $(dependencies) ## Format all files
	@node_modules/.bin/biome check --write .

lint: $(dependencies) ## Check format, style and scripts, changing nothing
	@node_modules/.bin/biome check .
	@command -v shellcheck > /dev/null || { echo "shellcheck is needed to check scripts: install the package shellcheck." >&2; exit 1; }
	@shellcheck $(scripts)

generate: build ## Write the generated files anew
	@for generator in $(generators); do node "$$generator" || exit 1; done

generated: build ## Check that the generated files are up to date
	@for generator in $(generators); do node "$$generator" --check || exit 1; done

clean: ## Remove what was built; the cached programs of the test cluster stay
	rm -rf dist test-output

# The web pages, only when they have changed.
$(pages): $(dependencies) $(page_sources)
	@node_modules/.bin/vite build --config gateway/ui/vite.config.js --logLevel warn

$(dependencies): package-lock.json
	@node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' \
	  || { echo "Node.js 20.19 or later is needed, with npm: install it from https://nodejs.org." >&2; exit 1; }
	@command -v git > /dev/null || { echo "git is needed: install the package git." >&2; exit 1; }
	npm ci --no-audit --no-fund
	@touch $@

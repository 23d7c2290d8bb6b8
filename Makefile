# make help tells what there is. Everything runs from a fresh clone with Go, git and make; the lab needs Linux and root.

GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
FUZZTIME ?= 5s
plugin  := bin/kubectl-mesh_tls

# One set of flags for every go command, so that what one of them compiled serves the next. Debug information takes a
# quarter of a cold build and is stripped anyway; for a debugger: make build GOFLAGS=
export CGO_ENABLED := 0
export GOFLAGS := -trimpath -gcflags=all=-dwarf=false

# A kubeconfig counts only when it is given on make's command line: one that happens to be in the environment
# may lead to a cluster that nobody wants to test on.
ifneq ($(origin KUBECONFIG),command line)
override KUBECONFIG :=
endif

.DEFAULT_GOAL := help
.PHONY: help
help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z][a-z0-9-]*:.*## / {printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build the plugin: bin/kubectl-mesh_tls
	$(GO) build -ldflags '-s -w -X main.version=$(VERSION)' -o $(plugin) ./cmd/kubectl-mesh_tls

.PHONY: test
test: ## Everything: architecture, lint, unit, fuzz, and e2e on the lab
	$(MAKE) arch
	$(MAKE) lint
	$(MAKE) unit
	$(MAKE) fuzz
	$(MAKE) e2e

.PHONY: unit
unit: ## Unit tests of every package
	$(GO) run ./scripts/gotest -label unit -- ./cmd/... ./pkg/... ./scripts/... ./e2e/...

.PHONY: arch
arch: ## The import table, the house style and the size of the binary
	$(GO) run ./scripts/gotest -label arch -- -count=1 .

.PHONY: lint
lint: ## gofmt, go vet and staticcheck
	scripts/lint

.PHONY: fuzz
fuzz: ## Fuzz the decoders, FUZZTIME (5s) each
	scripts/fuzz $(FUZZTIME)

.PHONY: size
size: ## Only the size of the stripped binary
	$(GO) test -count=1 -v -run '^TestBinaryIsSmall$$' .

.PHONY: e2e
e2e: build $(if $(KUBECONFIG),,lab) ## End-to-end tests on the lab, or on any cluster: make e2e KUBECONFIG=FILE (E2E_RUN=REGEXP picks some)
	scripts/e2e $(KUBECONFIG)

.PHONY: e2e-lab
e2e-lab: build lab ## End-to-end tests on the lab
	scripts/e2e

.PHONY: sabotage
sabotage: build lab ## Break TLS on the lab in every way known, one at a time, and print what verify found (SABOTAGE=REGEXP picks some)
	scripts/sabotage $(SABOTAGE)

.PHONY: mutation
mutation: ## Invert every condition of the packages that judge, one at a time, and print how many the tests notice (MUTATION=-sample 50)
	$(GO) run ./scripts/mutation $(MUTATION)

.PHONY: bench
bench: build lab ## Measure time and memory against istioctl, curl, kubectl and jq, on the lab (BENCH=-pairs 5 -only large)
	scripts/bench $(BENCH)

.PHONY: demo
demo: ## The story on the lab (builds what it needs), or on a cluster with Istio: make demo KUBECONFIG=FILE
	scripts/demo $(KUBECONFIG)

.PHONY: lab
lab: ## Build the lab's program: bin/lab
	$(GO) build -o bin/lab ./e2e/lab

.PHONY: lab-up
lab-up: lab ## Start the lab's cluster a (builds its parts first: about 20 minutes on 2 cold cores)
	bin/lab build
	bin/lab up a

.PHONY: lab-down
lab-down: lab ## Stop the lab's cluster a and leave nothing behind
	bin/lab down a

.PHONY: release
release: ## Archives and krew manifests of a version: make release VERSION=v0.1.0
	$(GO) run ./scripts/release -version '$(VERSION)'

.PHONY: clean
clean: ## Remove what was built in the tree (not the lab's cache)
	rm -rf bin dist

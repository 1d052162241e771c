# Each target works on a fresh Debian machine that has the Swift toolchain and make. `make` alone tells what there is.

HOST ?= 127.0.0.1
PORT ?= 8080
DATA ?= ./data
STEP := scripts/step

.DEFAULT_GOAL := help
.PHONY: help run build test test-swift test-page test-kill lint format

help: ## Tell what there is
	@echo 'VibeTalk. make …'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo 'Settings of run: HOST=$(HOST) PORT=$(PORT) DATA=$(DATA), e.g. `make run PORT=9000`.'

run: build ## Install what is missing, build, and start a server with its data under ./data
	@echo
	@echo '==> Starting. Once it says "listening", open http://$(HOST):$(PORT) in a browser, better in two. Control-C ends it.'
	@exec .build/release/vibetalk serve --host '$(HOST)' --port '$(PORT)' --data '$(DATA)'

build: ## Build the release binary, .build/release/vibetalk
	@scripts/bootstrap run
	@$(STEP) 60 'Build (release)' swift build --configuration release --product vibetalk

test: ## Run everything: lint, rules, builds, Swift tests, browsers, SIGKILL
	@scripts/test

test-swift: ## Run the Swift tests alone
	@scripts/bootstrap test
	@$(STEP) 60 'Swift tests' swift test

test-page: build ## Run the tests of the plain page alone (pictures: .build/screenshots)
	@scripts/bootstrap test
	@$(STEP) 5 "The page's sync, by scripted frames" .build/venv/bin/python Tests/browser/sync_test.py
	@$(STEP) 15 'Two browsers on the real binary' .build/venv/bin/python Tests/browser/page_test.py

test-kill: build ## Run the SIGKILL test alone
	@scripts/bootstrap test
	@$(STEP) 15 'SIGKILL while thirty connections send' .build/venv/bin/python Tests/browser/sigkill_test.py

lint: ## Check the format and the rules of the tree
	@$(STEP) 5 'Format and lint' swift format lint --strict --parallel --recursive Sources Tests Package.swift
	@$(STEP) 5 'Rules of the tree' scripts/check-imports.py

format: ## Format the Swift source in place
	@$(STEP) 5 'Format' swift format --in-place --parallel --recursive Sources Tests Package.swift

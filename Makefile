# `make demo` and `make test` do everything on a fresh machine: Debian packages (when root), .venv, the program.
# Elsewhere than on Debian, or not as root, they say in one line what to install.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?=
WORKERS ?= 2
BIN := .venv/bin
STAMP := .venv/.installed
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# What is found as a program or a file, and the Debian package it comes from.
NEEDED := gpg:gnupg gpg-agent:gnupg
FONTS := /usr/share/fonts
NEEDED_BY_TESTS := $(NEEDED) postfix:postfix smtp-sink:postfix swaks:swaks mutt:mutt neomutt:neomutt \
    $(FONTS)/truetype/noto/NotoSans-Regular.ttf:fonts-noto-core \
    $(FONTS)/opentype/noto/NotoSansCJK-Regular.ttc:fonts-noto-cjk \
    $(FONTS)/truetype/dejavu/DejaVuSans.ttf:fonts-dejavu-core

.PHONY: help demo test bench format clean tools test-tools

help:  ## what can be made
	@grep -hE '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 10

demo: tools $(STAMP)  ## the whole service with made-up people, in a temporary directory
	@$(BIN)/tldops-bot demo

test: test-tools $(STAMP)  ## everything that must hold: format, lint, types, imports, tests, coverage
	@step() { echo "== $$1"; shift; "$$@" || { echo "FAILED: $$*"; exit 1; }; }
	step "format" $(BIN)/ruff format --check --quiet .
	step "lint" $(BIN)/ruff check --quiet .
	step "types" $(BIN)/mypy --no-error-summary
	step "imports" $(BIN)/lint-imports --no-logo
	step "tests" $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -q --cov --cov-report= $(TESTS)
	step "coverage" $(BIN)/python -m tests.coverage_rooms
	echo "PASSED: format, lint, types, imports, tests, coverage"

bench: tools $(STAMP)  ## the figures of benchmarks/README.md, as ratios
	@$(BIN)/python -m benchmarks

format: $(STAMP)  ## put the code into its usual form, mend what lint can mend
	@$(BIN)/ruff check --fix --quiet . || true
	$(BIN)/ruff format .

clean:  ## remove what was made here
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage .coverage.* build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamp is made last: a broken installation is tried again.
$(STAMP): pyproject.toml
	@python=""
	for one in $(PYTHON) python3.13 python3.12 python3.11 python3; do
	    if "$$one" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python="$$one"; break; fi
	done
	if [ -z "$$python" ]; then echo "Python 3.11 or newer is needed; PYTHON=… names one"; exit 1; fi
	if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then
	    if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	        echo "installing python3-venv"
	        apt-get update -qq
	        version="$$("$$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
	        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$$version" >/dev/null
	    else
	        echo "please install python3-venv (Debian: apt-get install python3-venv)"; exit 1
	    fi
	fi
	echo "making .venv with $$("$$python" --version)"
	"$$python" -m venv --clear .venv
	echo "installing tldops-bot and its tools into .venv"
	$(BIN)/pip install --quiet --editable '.[dev,postgresql]'
	touch $@

tools:
	@$(call install,$(NEEDED))

test-tools:
	@$(call install,$(NEEDED_BY_TESTS))

define install
	missing=""
	for pair in $(1); do
	    [ -e "$${pair%%:*}" ] || PATH="$$PATH:/usr/sbin" command -v "$${pair%%:*}" >/dev/null || missing="$$missing $${pair##*:}"
	done
	missing="$$(echo $$missing | tr ' ' '\n' | sort -u | tr '\n' ' ')"
	if [ -n "$${missing// /}" ]; then
	    if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	        echo "installing $$missing"
	        apt-get update -qq
	        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null
	    else
	        echo "please install: $$missing(Debian: apt-get install $$missing)"; exit 1
	    fi
	fi
endef

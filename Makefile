# `make demo` and `make test` do everything on a fresh machine: Debian packages (when root), .venv, the program.
# Elsewhere than on Debian, or not as root, they say in one line what to install.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?=
UPGRADE ?=
FROM ?=
# One more than there are processors: some tests wait for a process or a clock.
WORKERS ?= $(shell expr $$(nproc || echo 1) + 1)
BIN := .venv/bin
STAMP := .venv/.installed
DEB := build/deb
EXIM := .venv/exim/usr/sbin/exim4
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Without it every process that a test starts compiles the program anew.
unexport PYTHONDONTWRITEBYTECODE

# What is found as a program or a file, and the Debian package it comes from.
NEEDED := gpg:gnupg gpg-agent:gnupg
FONTS := /usr/share/fonts
INITDB := $(firstword $(wildcard /usr/lib/postgresql/*/bin/initdb) initdb)
NEEDED_BY_TESTS := $(NEEDED) postfix:postfix smtp-sink:postfix opendkim:opendkim swaks:swaks mutt:mutt neomutt:neomutt \
    systemd-analyze:systemd \
    mandoc:mandoc man:man-db $(INITDB):postgresql \
    $(FONTS)/truetype/noto/NotoSans-Regular.ttf:fonts-noto-core \
    $(FONTS)/opentype/noto/NotoSansCJK-Regular.ttc:fonts-noto-cjk \
    $(FONTS)/truetype/dejavu/DejaVuSans.ttf:fonts-dejavu-core

# What is run line by line, under a watch that makes it half as slow again: enough to know each room by.
COVERED := $(addprefix tests/,domain config mail store roster commands intake jobs adapters checks cli) \
    $(addprefix tests/test_,conversations.py serve.py mended_keys.py too_large.py entry_life.py wake_story.py)

.PHONY: help demo test test-postgresql bench faults docs format lock audit sbom release deb deb-check upgrade-check container-check clean tools test-tools

help:  ## what can be made
	@grep -hE '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 10

demo: tools $(STAMP)  ## the whole service with made-up people, in a temporary directory
	@$(BIN)/tldops-bot demo

test: test-tools $(STAMP) $(EXIM)  ## everything that must hold: format, lint, types, imports, tests, coverage
	@step() { echo "== $$1"; shift; "$$@" || { echo "FAILED: $$*"; exit 1; }; }
	step "format" $(BIN)/ruff format --check --quiet .
	step "lint" $(BIN)/ruff check --quiet .
	step "types" $(BIN)/mypy --no-error-summary
	step "imports" $(BIN)/lint-imports --no-logo
	pytest="$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -q"
	step "tests of the rooms" $$pytest --cov --cov-report= $(TESTS) $(COVERED)
	step "coverage" $(BIN)/python -m tests.coverage_rooms
	step "stories, attacks, faults, papers" $$pytest $(TESTS) tests $(addprefix --ignore=,$(COVERED))
	echo "PASSED: format, lint, types, imports, tests, coverage"

bench: tools $(STAMP)  ## the figures of benchmarks/README.md, as ratios
	@$(BIN)/python -m benchmarks

faults: tools $(STAMP)  ## the service killed and starved for half an hour, and every mail accounted for
	@$(BIN)/python -m faults
	$(BIN)/python -m faults.resources

docs: $(STAMP)  ## the handbook as a site in build/site, the manual pages and the pictures
	@$(BIN)/python -m docs.make_man
	$(BIN)/python -m docs.draw_life
	$(BIN)/python -m docs.draw_ways
	$(BIN)/mkdocs build --quiet
	echo "build/site/index.html, docs/man/"

test-postgresql: test-tools $(STAMP)  ## the tests of what is stored, with PostgreSQL in place of SQLite
	@TLDOPS_TESTS_ON=postgresql $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -q tests/store tests/commands \
	    tests/intake tests/jobs tests/attacks tests/adapters/test_outbox_delivery.py \
	    tests/adapters/test_outbox_exchange.py tests/postgresql tests/test_entry_life.py tests/test_exercise.py tests/test_conversations.py

format: $(STAMP)  ## put the code into its usual form, mend what lint can mend
	@$(BIN)/ruff check --fix --quiet . || true
	$(BIN)/ruff format .

# Versions already locked stay, unless UPGRADE=--upgrade says otherwise. The first file is what operators install.
lock: $(STAMP)  ## write down the version and hash of every library (UPGRADE=--upgrade: the newest)
	@compile() { $(BIN)/uv pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes \
	    --custom-compile-command "make lock" $(UPGRADE) "$$@"; }
	compile pyproject.toml --extra postgresql --output-file requirements.lock
	compile pyproject.toml --all-extras --constraint requirements.lock --output-file requirements-dev.lock
	echo setuptools | compile - --output-file requirements-build.lock

audit: $(STAMP)  ## known weaknesses in what operators install; asks PyPI
	@failed=""
	said="$$($(BIN)/pip-audit --strict --disable-pip --require-hashes --requirement requirements.lock 2>&1)" || failed=yes
	echo "$$said"
	case "$$failed$$said" in
	    yes*"Found "*"known vulnerabilit"*) echo "FAILED: a weakness is known: the lines above say in what, and since which version it is mended"; exit 1 ;;
	    yes*) echo "FAILED: https://pypi.org could not be asked from here, so nothing is known, good or bad"; exit 1 ;;
	esac

# An environment with nothing else in it, so that the list holds what operators get.
sbom: $(STAMP)  ## what is inside, with versions and licences, as CycloneDX: dist/tldops-bot.cdx.json
	@echo "installing what operators install"
	rm -rf build/sbom; mkdir -p dist
	$(BIN)/python -m venv build/sbom
	build/sbom/bin/pip install --quiet --require-hashes --requirement requirements-build.lock
	build/sbom/bin/pip install --quiet --require-hashes --no-build-isolation --requirement requirements.lock
	build/sbom/bin/pip uninstall --quiet --yes pip setuptools
	$(BIN)/cyclonedx-py environment --output-reproducible --pyproject pyproject.toml \
	    --output-file dist/tldops-bot.cdx.json build/sbom/bin/python
	rm -rf build/sbom

release: $(STAMP)  ## wheel, source, SBOM and their sums in dist/; everybody who builds this commit gets the same
	@if [ -n "$$(git status --porcelain)" ]; then echo "commit first: a release is made of a commit"; exit 1; fi
	rm -rf build/release dist; mkdir -p build/release
	git archive HEAD | tar -x -C build/release
	export SOURCE_DATE_EPOCH="$$(git log -1 --format=%ct)"
	(cd build/release && "$(CURDIR)/$(BIN)/python" -m hatchling build --directory "$(CURDIR)/dist")
	rm -rf build/release
	$(MAKE) sbom
	cd dist
	sha256sum -- * | tee SHA256SUMS

# With the Python of this Debian, and the libraries of the lock inside.
deb: $(STAMP)  ## a Debian package in dist/
	@export SOURCE_DATE_EPOCH="$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct 2>/dev/null || date +%s)}"
	rm -rf $(DEB) dist/*.deb; mkdir -p $(DEB)/tree/usr/lib dist
	$(BIN)/python -m hatchling build --target wheel --directory "$(abspath $(DEB))" >/dev/null 2>&1
	/usr/bin/python3 -m venv --without-pip $(DEB)/tree/usr/lib/tldops-bot
	inside() { $(BIN)/pip --python $(DEB)/tree/usr/lib/tldops-bot/bin/python "$$@" --quiet; }
	inside install --no-compile --require-hashes --requirement requirements-build.lock
	inside install --no-compile --require-hashes --no-build-isolation --requirement requirements.lock
	inside install --no-compile --no-deps $(DEB)/*.whl
	inside uninstall --yes setuptools
	packaging/debian/pack.sh $(DEB)/tree dist
	rm -rf $(DEB)

# Once more in another folder, since what it is made of must not show where.
deb-check: deb  ## that package made twice, installed on a copy of this machine, its unit run by a systemd of its own (root)
	@rm -rf build/first; mkdir -p build/first; mv dist/*.deb build/first/
	$(MAKE) deb DEB=build/deb-once-more
	cmp build/first/*.deb dist/*.deb && rm -rf build/first
	packaging/try_unit.sh dist/*.deb

upgrade-check: $(STAMP)  ## from the version of FROM=commit to this one, with people and mail in it
	@[ -n "$(FROM)" ] || { echo "FROM=commit says from which version, such as FROM=v0.1.0"; exit 1; }
	$(BIN)/python packaging/try_upgrade.py "$(FROM)"

container-check: $(STAMP)  ## the container file's steps in a chroot, and the program run there (root; debootstrap)
	@rm -f dist/*.whl; mkdir -p dist
	$(BIN)/python -m hatchling build --target wheel --directory "$(CURDIR)/dist" >/dev/null 2>&1
	$(BIN)/python packaging/try_containerfile.py

clean:  ## remove what was made here
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage .coverage.* build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamp is made last: a broken installation is tried again.
$(STAMP): pyproject.toml requirements-dev.lock
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
	$(BIN)/pip install --quiet --require-hashes --requirement requirements-dev.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

# Exim cannot be installed beside Postfix. Its program alone is enough to try the configuration in the docs.
$(EXIM): $(STAMP)
	@folder="$$(mktemp -d)"
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	    (cd "$$folder"; apt-get download -qq exim4-daemon-light || { apt-get update -qq; apt-get download -qq exim4-daemon-light; }
	    dpkg-deb -x exim4-daemon-light_*.deb "$(CURDIR)/.venv/exim") >/dev/null 2>&1 || true
	fi
	rm -rf "$$folder"
	[ -e $@ ] || echo "no Exim: what it would be tried with is skipped"

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

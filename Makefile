# Patchbay's commands. Each sets up what it needs: `make run`, `make demo`, `make test`, `make bench`, `make prove`.
SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
BIN := $(VENV)/bin
PORT ?= 8080
DATA ?= data
DEMO_DATA ?= demo-data
CONFIG ?= config
# Most tests wait for something, so five run at once on two cores. A file stays whole: its browser or server is started once.
# A busy machine is no proof against the code: up to three that failed beside others are run once more, alone, and named; what
# fails alone fails. A test that stands still for ten minutes is ended, and says where it stood; the longest takes one.
TEST := $(BIN)/python -m tests.again -n 5 --dist loadfile --no-loadscope-reorder --durations=25 \
  -o faulthandler_timeout=600 -o faulthandler_exit_on_timeout=true
# Hundreds of tests start a process, and each test worker reads every test: what Python has compiled is kept, whatever the surroundings say.
export PYTHONDONTWRITEBYTECODE :=
# Tests without a mark of their own that start whole servers, or play for longer than a quick look may take.
WHOLE := tests/e2e tests/badinput tests/cluster tests/cli/test_serve.py tests/cli/test_site_key.py tests/channels/prism \
  tests/channels/test_email_imap.py tests/channels/test_ninth_channel.py tests/sandbox/test_demo_day.py tests/sandbox/test_every_channel.py \
  tests/sandbox/test_guard.py tests/planning/test_gates.py tests/planning/test_against_ciw.py tests/core/test_two_weeks.py tests/views/test_rebuild.py
# What the tests have from npm: each lock has versions and hashes and, as .npmrc says, no address of any registry.
PRISM := tests/channels/prism
JSDOC := tests/web/jsdoc
SUDO := $(shell [ "$$(id -u)" = 0 ] || command -v sudo)
# $(call debian,COMMAND TO TEST,PACKAGES): install Debian packages when the test fails.
define debian
	@$(1) >/dev/null 2>&1 || { echo "installing $(2) from Debian's packages"; \
	  $(SUDO) apt-get update -qq && DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -y -qq --no-install-recommends $(2) >/dev/null; }
endef
# $(call npm,FOLDER OF A LOCK,NAME): install what it locks beside the virtual environment's own.
define npm
	@mkdir -p $(VENV)/$(2) && cp $(1)/package.json $(1)/package-lock.json $(1)/.npmrc $(VENV)/$(2)/
	@cd $(VENV)/$(2) && npm ci --ignore-scripts --loglevel=error >/dev/null
endef
define install
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Patchbay needs Python 3.11 or newer; found $$($(PYTHON) -V)"; exit 1; }
	@[ -x $(BIN)/pip ] || $(PYTHON) -m venv $(VENV)
	@echo "installing locked dependencies from $(1)"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r $(1)
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
endef

.PHONY: run demo test suite quick lint bench prove lock clean setup setup-test screens

run: setup
	@exec $(BIN)/patchbay serve --port $(PORT) --data $(DATA) --config $(CONFIG) --demo-people

# Everything played: a page for the customers of each channel, and a day of made-up customers and agents.
demo: setup
	@exec $(BIN)/patchbay serve --sandbox --demo-day --demo-people --port $(PORT) --data $(DEMO_DATA) --config $(CONFIG)

setup: $(VENV)/.run
setup-test: $(VENV)/.test

$(VENV)/.run: requirements.lock pyproject.toml
	$(call debian,$(PYTHON) -c 'import venv; import ensurepip',python3 python3-venv)
	$(call install,requirements.lock)
	@touch $@

$(VENV)/.test: requirements-test.lock pyproject.toml $(PRISM)/package-lock.json $(JSDOC)/package-lock.json
	$(call debian,$(PYTHON) -c 'import venv; import ensurepip',python3 python3-venv)
	$(call debian,[ -x /usr/sbin/mosquitto ] || command -v mosquitto,mosquitto)
	$(call debian,[ -x /usr/sbin/dovecot ] && [ -x /usr/lib/dovecot/imap ] && [ -x /usr/lib/dovecot/lmtp ] && command -v openssl,\
	  dovecot-imapd dovecot-lmtpd openssl)
	$(call debian,command -v chromium-headless-shell,chromium-headless-shell fonts-noto-cjk fonts-thai-tlwg)
	$(call debian,command -v redis-server,redis-server)
	$(call debian,[ -x /usr/sbin/nginx ] || command -v nginx,nginx-light)
	$(call debian,ls /usr/lib/postgresql/*/bin/initdb || command -v initdb,postgresql)
	$(call debian,command -v node && command -v npm,nodejs npm)
	$(call install,requirements-test.lock)
	@echo "installing the mock server of OpenAPI documents and TypeScript from the package-lock.json of $(PRISM) and $(JSDOC)"
	$(call npm,$(PRISM),prism)
	$(call npm,$(JSDOC),web-types)
	@rm -rf $(VENV)/lib/python3*/site-packages/tests  # Ciw ships its own tests under this name; they would stand before ours.
	@touch $@ $(VENV)/.run

lint: setup-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Everything there is to check. The types are looked at beside the tests, and each says what it has found.
test: setup-test
	@$(MAKE) --no-print-directory --jobs=2 --keep-going lint suite

# On a fresh machine the tests are compiled here once, not by six at the same time; what cannot be read is said by those.
suite: setup-test
	@$(BIN)/python -m pytest --collect-only -qq >/dev/null || true
	$(TEST)

# Without browsers, kills and whole servers: under a minute.
quick: setup-test
	$(TEST) -m "not browser and not crash" $(WHOLE:%=--ignore=%)

bench: setup-test
	$(BIN)/python -m bench

# The pictures of docs/screens, of a real floor with people on it.
screens: setup-test
	$(BIN)/python -m tests.e2e.take_screens

# The long proofs: many more rounds of the same tests.
prove: setup-test
	HYPOTHESIS_PROFILE=prove PATCHBAY_ROUNDS=140 PATCHBAY_INPUTS=1000000 $(BIN)/pytest

# Write the lock files anew. Only versions and hashes: no address of any registry may be in them.
lock: setup-test
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --no-emit-index-url --extra cluster --extra speed --extra build pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --no-emit-index-url --all-extras pyproject.toml -o requirements-test.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

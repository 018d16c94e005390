# The two commands: `make up` runs Taskcast, `make test` runs every check that CI runs.
PYTHON ?= python3
RUN := .venv/bin/python

.PHONY: up test check lock

up:
	@$(PYTHON) tools/install.py
	@exec $(RUN) tools/start.py --under-make

# The fast part: lint, types, unit tests.
check:
	@$(PYTHON) tools/install.py --tests
	@exec $(RUN) -m tools.checks --fast

test:
	@$(PYTHON) tools/install.py --tests
	@$(RUN) -m tools.test_needs
	@exec $(RUN) -m tools.checks

# Compile the locked requirements anew. Commit the result.
LOCK := .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock"
lock:
	@$(PYTHON) tools/install.py --tests
	$(LOCK) requirements.in -o requirements.txt
	$(LOCK) requirements-dev.in -o requirements-dev.txt
	$(LOCK) requirements-node.in -o requirements-node.txt

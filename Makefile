# The two commands: `make up` runs Taskcast, `make test` runs every check that CI runs.
# Beside them, `make faults SECONDS=600 SEED=7` breaks a running instance and checks what was promised.
PYTHON ?= python3
RUN := .venv/bin/python

.PHONY: up test check faults bench lock

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

SECONDS ?= 600
faults:
	@$(PYTHON) tools/install.py --tests
	@exec $(RUN) -m tests.nemesis --seconds $(SECONDS) $(if $(SEED),--seed $(SEED)) $(if $(REPORT),--report $(REPORT))

# Measure what is claimed about speed, against floors and against what people use instead; ONLY=track for a part of it.
bench:
	@$(PYTHON) tools/install.py --tests
	@exec $(RUN) -m bench $(if $(ONLY),--only $(ONLY)) $(if $(WRITE),--write $(WRITE))

# Compile the locked requirements anew. Commit the result.
LOCK := .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock"
lock:
	@$(PYTHON) tools/install.py --tests
	$(LOCK) requirements.in -o requirements.txt
	$(LOCK) requirements-dev.in -o requirements-dev.txt
	$(LOCK) requirements-node.in -o requirements-node.txt

"""Pictures of every page, from a running instance with lifelike jobs: ``python -m tests.screens [FOLDER]``."""

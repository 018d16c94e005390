"""`make up`: embedded Redis, daphne, a worker and beat under one supervisor (docs/decisions/0001-supervisor.md)."""

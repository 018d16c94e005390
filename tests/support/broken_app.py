"""A module for TASKCAST_APPS that cannot be imported."""

raise RuntimeError("broken on purpose")

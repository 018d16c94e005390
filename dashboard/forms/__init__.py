"""A task's launch form: from its signature to fields, and from what was typed to arguments."""

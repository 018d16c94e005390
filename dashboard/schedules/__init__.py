"""Tasks that are launched again and again: what is kept of a schedule, its pages, and when it runs."""

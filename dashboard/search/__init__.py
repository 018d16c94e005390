"""Searching jobs: the language of the search box, what fits it, and the pages and files that show it."""

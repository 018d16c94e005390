"""What ends `make up` with one line."""

from __future__ import annotations


class CannotStart(Exception):
    """Something outside prevents the start; the message says what and what to do."""


class GaveUp(Exception):
    """A part died too often; the message names it and its last words."""

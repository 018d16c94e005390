"""What fits a search; frontend/tests/fits.test.ts has the same examples."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dashboard.search import fits
from dashboard.search.language import parse

EXAMPLES: dict[str, Any] = json.loads(Path("tests/data/search.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("text", "is_found"), EXAMPLES["fits"])
def test_a_job_fits_what_is_searched_for(text: str, is_found: bool) -> None:
    search = parse(text, datetime.now(UTC))
    assert search.misread == ()
    assert fits.fits(EXAMPLES["job"], search, search.phrases) == is_found
    assert fits.is_needed(search, search.phrases) == bool(text)


def test_a_queue_is_named_whole() -> None:
    job = {**EXAMPLES["job"], "queue": "mail"}
    assert fits.fits(job, parse("queue:mail", datetime.now(UTC)), ())
    assert not fits.fits(job, parse("queue:mai", datetime.now(UTC)), ())


def test_a_job_without_any_of_it_does_not_fit() -> None:
    job = {"task": "t", "args": {}, "error": None, "worker": None, "queue": ""}
    for text in ("args.n:1", "worker:w", "queue:q", '"x"'):
        search = parse(text, datetime.now(UTC))
        assert not fits.fits(job, search, search.phrases)

"""`tasks.testing.run`: a task is tested in three lines, without Redis, a worker or a database."""

import logging
from datetime import date
from typing import Annotated

import pytest
from celery import shared_task
from celery.exceptions import Ignore
from pydantic import Field, SecretStr

from tasks import cancelled, log, progress, publish, track
from tasks.catalog import BadArguments
from tasks.testing import run

logger = logging.getLogger("somebody.elses")


@shared_task
def resize(count: int, b: int = 0) -> int:
    for number in track(range(count), "Resizing"):
        log(f"resized {number}")
    return count + b


@shared_task
def in_steps(rows: list[int]) -> None:
    with progress(total=2, description="All") as whole:
        for _ in track(rows, "Rows"):
            logger.info("a row")
        whole.advance(2)


@shared_task
def publishing(size: int) -> str:
    publish({"a": 1}, name="numbers")
    publish([{"x": number} for number in range(size)], name="table")
    publish("# Title", name="words")
    return "x" * size * 100


@shared_task
def failing(password: str) -> None:
    log(f"with {password}")
    raise ValueError(f"not {password}")


@shared_task(bind=True, autoretry_for=(OSError,), retry_kwargs={"max_retries": 2, "countdown": 0})
def flaky(self) -> int:
    if self.request.retries < 2:
        raise OSError("not yet")
    return self.request.retries


@shared_task
def ignoring() -> None:
    raise Ignore


@shared_task
def polite() -> int:
    turns = 0
    with progress() as step:
        while not cancelled():
            turns += 1
            step.current += 1
    return turns


@shared_task
def typed(day: date, most: Annotated[int, Field(le=10)], key: SecretStr | None = None) -> str:
    return f"{day.year} {most} {key.get_secret_value() if key else ''}"


@pytest.fixture(autouse=True)
def nobody_is_asked(monkeypatch):
    """Neither Redis nor a broker: no connection is even tried. (The database is closed to unit tests.)"""
    tried = []
    monkeypatch.setattr("socket.socket.connect", lambda self, address: tried.append(address))
    yield
    assert tried == []


def test_result_progress_and_lines():
    job = run(resize, 10, b=2)
    assert (job.state, job.result, job.error) == ("succeeded", 12, None)
    assert (job.progress.current, job.progress.total, job.progress.description) == (10, 10, "Resizing")
    assert (job.lines[0].text, len(job.lines)) == ("resized 0", 10)
    assert job.as_dict()["args"] == {"count": 10, "b": 2}
    assert [event["seq"] for event in job.events] == list(range(1, len(job.events) + 1))


def test_steps_and_standard_logging():
    job = run(in_steps, [1, 2, 3])
    assert job.progress.steps[0].description == "Rows"
    assert [line.text for line in job.lines] == ["a row"] * 3


def test_what_is_published_small_and_large():
    job = run(publishing, 5_000)
    assert job.outputs["numbers"] == {"a": 1}
    assert job.outputs["table"][-1] == {"x": 4999}
    assert job.outputs["words"] == "# Title"
    assert job.result == "x" * 500_000


def test_a_failure_is_told_and_secrets_are_masked():
    job = run(failing, "hunter2")
    assert (job.state, job.error["type"]) == ("failed", "ValueError")
    assert "in failing" in job.error["traceback"]
    assert "hunter2" not in f"{job.as_dict()} {job.lines}"
    assert "ValueError" in repr(job)


def test_retries_follow_at_once_and_ignore_is_no_success():
    assert run(flaky).result == 2
    assert run(ignoring).state == "cancelled"


@pytest.mark.parametrize("at", [0, 5])
def test_a_cancel_comes_exactly_where_it_is_asked_for(at):
    job = run(resize, 10, cancel_at=at)
    assert (job.state, len(job.lines)) == ("cancelled", at)
    assert (job.progress.current if job.progress else 0) == at
    assert job.as_dict()["cancel"] == "seen"
    polite_job = run(polite, cancel_at=at)
    assert (polite_job.state, polite_job.result) == ("succeeded", at) if at else True


def test_arguments_as_a_launch_has_them():
    job = run(typed, "2030-01-02", most="7", key="hunter2", as_launched=True)
    assert job.result.startswith("2030 7 ")
    assert job.as_dict()["args"]["key"] == "********"
    with pytest.raises(BadArguments, match="most"):
        run(typed, "2030-01-02", most=11, as_launched=True)


def test_what_is_no_task_is_refused():
    with pytest.raises(TypeError, match="@shared_task"):
        run(lambda: 1)


def test_nothing_is_left_behind():
    from tasks import reporter

    before = reporter._reporter
    run(resize, 1)
    assert reporter._reporter is before
    assert track([1]) is not None
    assert not cancelled()

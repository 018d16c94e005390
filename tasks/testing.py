"""Testing a task in three lines, in the test's own process: no Redis, no worker, no database.

    job = run(resize, "holiday", width=200)
    assert job.result == 12 and job.progress.current == 12
    assert job.lines[0].text == "resized 1.jpg"

What the task says goes the way that it goes in a worker (`track`, `log`, `publish`, the masks of secrets, the fold of
the events), and ends in this process instead of the event log.
"""

from __future__ import annotations

import json
import logging
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from celery.exceptions import Ignore
from django.conf import settings
from django.test.utils import override_settings

from tasks import catalog, ends, events, joblog, reporter, result_files
from tasks.attempt import Attempt
from tasks.eventlog import Change
from tasks.events import EventDict, JobDict
from tasks.progress import JobCancelled, Recording, activate

__all__ = ["JobRun", "Line", "Progress", "run"]


@dataclass(frozen=True)
class Line:
    """A line of the job's log."""

    text: str
    level: str
    time: str


@dataclass(frozen=True)
class Progress:
    """A bar, as the page shows it at the end; `total` None: unknown."""

    current: float
    total: float | None
    description: str
    steps: list[Progress]


@dataclass
class JobRun:
    """What the page would show of the job once it has ended. The attributes are a job's, `as_dict()` is the whole job.

    `events` are those of its log, `outputs` what it published, by name: the value of JSON and tables, the text of
    Markdown, the bytes of images and files.
    """

    job: JobDict
    events: list[EventDict]
    lines: list[Line]
    outputs: dict[str, Any] = field(repr=False)

    def __repr__(self) -> str:
        # What a test that fails shows.
        error = self.error and f", error={self.error['type']}: {self.error['message']}"
        return f"<job {self.job['task']} {self.state}, result={self.result!r}{error or ''}>"

    @property
    def state(self) -> str:
        """`succeeded`, `failed` or `cancelled`."""
        return str(self.job["state"])

    @property
    def result(self) -> Any:
        """What the task returned, as JSON has it."""
        return self.job["result"]

    @property
    def error(self) -> dict[str, str] | None:
        """`type`, `message` and `traceback` of what the task raised."""
        error: dict[str, str] | None = self.job["error"]
        return error

    @property
    def progress(self) -> Progress | None:
        """The bar; None where the task opened none."""
        return _progress(self.job["progress"]) if self.job["progress"] else None

    def as_dict(self) -> JobDict:
        """The job as the API shows it."""
        return dict(self.job)


def run(task: Any, /, *args: Any, as_launched: bool = False, cancel_at: float | None = None, **kwargs: Any) -> JobRun:
    """Run a Celery task with these arguments and return how its job ended; what the task raises is in `error`.

    `as_launched` has the arguments checked and typed as those of a launch, from JSON: raises
    `tasks.catalog.BadArguments`. `cancel_at` asks the job to stop as soon as its progress has come so far (0: before
    anything). Attempts that the task asks for follow at once. A job that the task sends is sent, unless Celery's
    `task_always_eager` is set.
    """
    if not callable(getattr(task, "apply", None)):
        raise TypeError(f"{task!r} is no Celery task: give run() what @shared_task made")
    if as_launched:
        args, kwargs = _as_launched(task.name, args, kwargs)
    job_id = str(uuid.uuid4())
    secrets = catalog.secret_values(task.name, args, kwargs)
    base = events.blank_job(
        job_id, task=task.name, args=catalog.shown(task.name, args, kwargs), created_at=events.now()
    )
    voice = _Voice()
    with _folder(), _hearing(), reporter.speaking(voice):
        attempt = voice.open(job_id, 1, base=base, secrets=secrets)
        attempt.recording = _Recording(cancel_at)
        joblog.listen(secrets)
        with activate(attempt.recording):
            attempt.end(_end_of(lambda: task.apply(args, kwargs, task_id=job_id, throw=False), attempt))
        started = Change("state", {"state": "started", "started_at": events.now(), "attempt": 1})
        log = [_event(seq, change) for seq, change in enumerate([started, *attempt.collect()], start=1)]
        job = events.fold_all(base, log)
        outputs = {each["name"]: _output(job_id, each) for each in job["outputs"]}
        if job["state"] == "succeeded" and job["result"] is None and _is_kept(job_id):
            job["result"] = _output(job_id, {"name": result_files.RESULT, "kind": "json"})
    lines = [Line(line["text"], line["level"], line["time"]) for event in log for line in event.get("lines", ())]
    return JobRun(job, log, lines, outputs)


def _as_launched(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[Any, Any]:
    spec = catalog.get(name)
    typed = spec.validate(spec.named(args, kwargs))
    positional, named = json.loads(json.dumps(spec.call(spec.wire(typed))))
    return spec.call(spec.revive(spec.named(positional, named)))


class _Voice(reporter.Reporter):
    """A reporter that says nothing: what there is to say is collected at the end."""

    def wake(self) -> None:
        pass

    def finish(self, key: int) -> None:
        pass


class _Recording(Recording):
    """Asked to stop as soon as the job's progress has come to `at`. Looks before each item of each loop."""

    def __init__(self, at: float | None) -> None:
        self._at = at
        super().__init__()
        self.ticks = bytes(1) if at is not None else self.ticks

    @property
    def cancelled(self) -> bool:
        return self._at is not None and (self.sample() or {"current": 0})["current"] >= self._at

    @cancelled.setter
    def cancelled(self, value: bool) -> None:
        """It is known by itself."""


@contextmanager
def _folder() -> Iterator[None]:
    """What is published lies in a folder of its own meanwhile."""
    storages = {name: each for name, each in settings.STORAGES.items() if name != "results"}
    with (
        tempfile.TemporaryDirectory(prefix="taskcast-test-") as folder,
        override_settings(TASKCAST_HOME=folder, STORAGES=storages),
    ):
        yield


@contextmanager
def _hearing() -> Iterator[None]:
    """Standard `logging` is heard from the level of a worker on."""
    root = logging.getLogger()
    before = root.level
    root.setLevel(min(before, logging.INFO))
    try:
        yield
    finally:
        root.setLevel(before)


def _end_of(call: Callable[[], Any], attempt: Attempt) -> Change:
    try:
        done = call()
    except JobCancelled:
        return ends.cancelled()
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return ends.failed(error, attempt.secrets)
    if done.state == "SUCCESS":
        return ends.succeeded(attempt.job_id, done.result, attempt)
    if not isinstance(done.result, BaseException) or isinstance(done.result, Ignore):
        return ends.ignored()
    return ends.failed(done.result, attempt.secrets, done)


def _event(seq: int, change: Change) -> EventDict:
    event: EventDict = {"seq": seq, "time": events.now(), "kind": change.kind}
    event |= {"set": dict(change.set)} if change.set else {}
    event |= {"lines": list(change.lines)} if change.lines else {}
    events.check_event(event)
    return event


def _is_kept(job_id: str) -> bool:
    try:
        result_files.open_file(job_id, result_files.RESULT)[0].close()
    except FileNotFoundError:
        return False
    return True


def _output(job_id: str, descriptor: Mapping[str, Any]) -> Any:
    if "value" in descriptor:
        return descriptor["value"]
    file = result_files.open_file(job_id, descriptor["name"])[0]
    with file:
        content = file.read()
    if descriptor["kind"] in ("json", "table"):
        return json.loads(content)
    return content.decode() if descriptor["kind"] == "markdown" else content


def _progress(shown: Mapping[str, Any]) -> Progress:
    return Progress(
        shown["current"], shown["total"], shown["description"], [_progress(each) for each in shown["steps"]]
    )

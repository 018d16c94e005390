"""What goes in and out of the API, for its checks and for OpenAPI. Jobs and events are contract section 4."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Schema
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    StrictBool,
    WithJsonSchema,
)

from dashboard import listing
from tasks import batch
from tasks.events import STATES, Kind, State
from tasks.uploads_pieces import WAITING_BYTES

_FARTHEST = timedelta(days=3660)
_NUMBER = re.compile(r"[+-]?[0-9]*\.?[0-9]*(?:e[+-]?[0-9]+)?", re.IGNORECASE)


class Problem(Schema):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list["Fault"] | None = Field(default=None, description="For bad arguments: what is wrong with each.")
    received: int | None = Field(default=None, description="Where an upload goes on, if the piece was misplaced.")


class Fault(Schema):
    """One bad argument: where, and why."""

    loc: list[str | int]
    msg: str


class Task(Schema):
    """A task that the caller may launch."""

    name: str
    title: str
    description: str
    arguments: dict[str, JsonValue] = Field(description="JSON Schema of the arguments")


class Tasks(Schema):
    """What the caller may launch."""

    tasks: list[Task]


class Error(Schema):
    """Why a job failed."""

    type: str
    message: str
    traceback: str


class Output(Schema):
    """A partial result; what is too large to stand in `value` is a file of the job."""

    model_config = ConfigDict(extra="allow")
    name: str
    kind: Literal["json", "table", "markdown", "image", "file"]


class Job(Schema):
    """One launch of a task."""

    id: UUID
    task: str
    args: dict[str, JsonValue]
    state: State
    reason: str | None
    cancel: Literal["asked", "seen"] | None
    owner: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    progress: dict[str, JsonValue] | None = Field(description="current, total, description, steps")
    result: JsonValue
    error: Error | None
    outputs: list[Output]
    worker: str | None
    attempt: int
    parent: UUID | None
    root: UUID | None
    group: UUID | None
    row: int | None = Field(description="Of a batch: which row of its table it is, as people count them")
    retry_of: UUID | None
    children: dict[str, int] | None
    seq: int = Field(description="The last event that is folded in")
    truncated: list[str] | None = Field(default=None, description="Fields that are null here and files of the job")


class Jobs(Schema):
    """Jobs, newest first; `next` is the cursor of the page after."""

    jobs: list[Job]
    next: str | None


class Line(Schema):
    """A line of a job's log."""

    time: datetime
    level: str
    text: str


class Event(Schema):
    """Something that happened to a job: merge `set` and `seq` into the job; `lines` belong to its log."""

    seq: int
    time: datetime
    kind: Kind
    set: dict[str, JsonValue] | None = None
    lines: list[Line] | None = None


class Events(Schema):
    """Events after a cursor; `seq` is the job's last, `archived` says that some come from the archive."""

    events: list[Event]
    seq: int
    archived: bool


class Worker(Schema):
    """A worker, as it said of itself every 2 s."""

    name: str
    alive: bool = Field(description="False: it was killed, within the last hour")
    state: Literal["idle", "working", "draining", "silent", "gone"]
    heartbeat_age: float = Field(description="Seconds since it last spoke")
    heard_at: datetime = Field(description="When it last spoke")
    started: datetime | None
    host: str | None
    pid: int | None = Field(description="Of its main process")
    celery: str | None = Field(description="Celery's version there")
    taskcast: str | None = Field(description="Taskcast's version there; null: not known")
    pool: str | None
    size: int | None = Field(description="Processes of its pool")
    resizable: bool = Field(description="Whether its pool can be made larger and smaller")
    wanted_size: int | None = Field(description="Processes that its pool was asked to have and has not yet")
    draining: bool = Field(description="It takes nothing more, and ends what it has")
    asked: Literal["drain", "take"] | None = Field(description="What it was asked to do and does not yet say it does")
    queues: list[str]
    busy: int | None = Field(description="Jobs that it runs, also those that the caller may not see; null: not known")
    active: list[str] | None = Field(description="Ids of the jobs that it runs and the caller may see")
    prefetched: int | None = Field(description="Jobs that it has taken and does not run yet; null: not known")
    had: list[str] = Field(description="Of one that is gone: ids of the jobs that it ran and the caller may see")
    memory: int | None = Field(description="Bytes of its main process; null: not known")
    pool_memory: int | None = Field(description="Bytes of its pool's processes; null: not known")
    load: float | None = Field(description="Of its machine, over the last minute; null: not known")


class Queue(Schema):
    """A queue of the broker."""

    name: str
    length: int = Field(description="Messages that wait; what a worker has taken is not counted")
    oldest: datetime | None = Field(description="Since when the job waits that has waited longest; null: none does")
    rate: float = Field(description="Its jobs that ended in a minute, over the last five")
    workers: int = Field(description="Workers that listen to it and are alive")
    draining: int = Field(description="Workers that would listen to it and drain")
    paused: bool = Field(description="Whether workers take nothing from it until somebody resumes it")
    paused_at: datetime | None
    paused_by: str | None = Field(description="Username, for those who may pause queues; empty: code did it")


class Workers(Schema):
    """Workers and queues, each in the order of their names."""

    workers: list[Worker]
    queues: list[Queue]


def _no_number(value: Any) -> Any:
    # Pydantic would take seconds since 1970, also as text, though the schema says that a time is a text like
    # 2026-05-31T12:00:00Z.
    if isinstance(value, int | float) or (isinstance(value, str) and _NUMBER.fullmatch(value.strip())):
        raise ValueError("this is a number, and no time such as 2026-05-31T12:00:00+09:00")
    return value


def _in_reach(moment: datetime) -> datetime:
    # Databases and offsets know fewer years than Python; before and after these there are no jobs.
    low, high = datetime(1970, 1, 2, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
    # PostgreSQL knows no offset of more than 16 hours.
    return min(max(moment, low), high).astimezone(UTC)


_Moment = Annotated[AwareDatetime, BeforeValidator(_no_number), AfterValidator(_in_reach)]

_BOTH_TIMES: dict[str, Any] = {
    "properties": {"eta": {"type": "string"}, "countdown": {"type": "number"}},
    "required": ["eta", "countdown"],
}


_Notify = Annotated[
    Literal["default", "always", "never"],
    Field(description="Whether its owner is told of its end, by mail and webhook; default: as he has chosen"),
]


class Launch(Schema):
    """A task, its arguments by name, and when and where to run it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"not": _BOTH_TIMES})
    task: str = Field(max_length=255)
    args: dict[str, Any] = Field(default_factory=dict)
    eta: _Moment | None = Field(default=None, description="Not before this time; with offset")
    countdown: float | None = Field(
        default=None, ge=0, le=_FARTHEST.total_seconds(), allow_inf_nan=False, description="Seconds from now"
    )
    queue: str | None = Field(default=None, max_length=255, pattern=r"^[A-Za-z0-9_.-]+$")
    priority: Literal["high", "normal", "low"] = Field(default="normal", description="What is taken from a queue first")
    notify: _Notify = "default"


class Batch(Schema):
    """A task, the arguments of each of its jobs, and when and where to run them."""

    model_config = ConfigDict(extra="forbid")
    task: str = Field(max_length=255)
    rows: list[dict[str, Any]] = Field(min_length=1, max_length=batch.MOST, description="Arguments by name")
    eta: _Moment | None = Field(default=None, description="Not before this time; with offset")
    queue: str | None = Field(default=None, max_length=255, pattern=r"^[A-Za-z0-9_.-]+$")
    priority: Literal["high", "normal", "low"] = Field(default="normal", description="What is taken from a queue first")
    notify: _Notify = "default"


def _a_number(value: Any) -> Any:
    # Pydantic would take true, and "5"; 5.0 is an integer in JSON Schema.
    if isinstance(value, bool | str):
        raise ValueError("this is not a number")
    return value


class NewUpload(Schema):
    """A file that is to come: what it is called, and how many bytes it has."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(max_length=1000, description="Shown to people; folders in it are left out")
    size: Annotated[int, BeforeValidator(_a_number)] = Field(ge=0, le=WAITING_BYTES, description="Bytes")


class Upload(Schema):
    """A file that comes in pieces; a launch names it by its id once it is complete."""

    id: UUID
    name: str
    size: int = Field(description="Bytes")
    received: int = Field(description="Bytes that are there, and where the next piece begins")


class Cancel(Schema):
    """How to stop a job."""

    model_config = ConfigDict(extra="forbid")
    force: StrictBool = Field(default=False, description="End its process, should it not stop by itself")


class Retry(Schema):
    """What to change about a job that is launched once more."""

    model_config = ConfigDict(extra="forbid")
    args: dict[str, Any] = Field(default_factory=dict, description="Arguments in the place of the old ones")


def _none_if_empty(value: Any) -> Any:
    # `?state=&task=`: a form that was not filled in narrows nothing.
    if isinstance(value, list):
        return [one for one in value if one != ""]
    return None if value == "" else value


def _plus_again(value: Any) -> Any:
    # "+09:00" arrives as " 09:00" from whoever did not encode it.
    return value.replace(" ", "+") if isinstance(value, str) and value.count(" ") == 1 and "T" in value else value


_Empty = BeforeValidator(_none_if_empty)
_Text = Annotated[Annotated[str, Field(max_length=255, pattern=r"^[^\x00]*$")] | None, _Empty]
_Id = Annotated[
    UUID | None,
    _Empty,
    WithJsonSchema({"anyOf": [{"type": "string", "format": "uuid"}, {"type": "string", "maxLength": 0}]}),
]
_Cursor = Annotated[
    Annotated[str, Field(max_length=50, pattern=listing.CURSOR)] | None,
    _Empty,
    WithJsonSchema({"type": "string", "pattern": f"{listing.CURSOR}|^$"}),
]
_Time = Annotated[
    _Moment | None,
    BeforeValidator(_plus_again),
    _Empty,
    WithJsonSchema({"anyOf": [{"type": "string", "format": "date-time"}, {"type": "string", "maxLength": 0}]}),
]
_States = Annotated[
    list[State],
    _Empty,
    WithJsonSchema({"type": "array", "items": {"type": "string", "enum": [*STATES, ""]}, "maxItems": 8}),
]


class Filters(Schema):
    """What a list of jobs is narrowed to."""

    state: _States = Field(default=[], max_length=8, description="One or several")
    task: _Text = Field(default=None, description="The task's whole name")
    owner: _Text = Field(default=None, description="Username")
    q: _Text = Field(default=None, description="Beginning of an id, or words of a task's name and title")
    parent: _Id = Field(default=None, description="The job or batch that they were launched by")
    group: _Id = Field(default=None, description="Celery's id of the group that they were sent in")
    since: _Time = Field(default=None, description="Created at or after this time; with offset")
    until: _Time = Field(default=None, description="Created before this time; with offset")
    order: Literal["newest", "oldest"] = Field(default="newest", description="Which stand first")
    cursor: _Cursor = Field(default=None, description="`next` of the page before")
    limit: int = Field(default=50, ge=1, le=listing.MOST)

    def listing(self, tasks: Sequence[str] | None = None) -> listing.Filters:
        """As the read side takes them; `tasks` in the place of the one named here."""
        return listing.Filters(
            states=tuple(dict.fromkeys(self.state)),
            tasks=tuple(tasks) if tasks is not None else (self.task,) if self.task else (),
            owner=self.owner or "",
            q=self.q or "",
            parent=self.parent,
            group=self.group,
            since=self.since,
            until=self.until,
            is_oldest_first=self.order == "oldest",
        )

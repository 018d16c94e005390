"""Appending to the log. One Lua script does it all: numbering, folding, refusing; see joblog.lua."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgpack

from tasks import events
from tasks.eventlog.connection import (
    DIRTY,
    EPOCH,
    PARENTS,
    RUNNING,
    LogUnavailable,
    ask,
    hash_key,
    stream_key,
    watched_key,
)
from tasks.eventlog.line import Asked, Call, Script, Unanswered

# As the script takes them.
_SOURCES = {state: events.dumps(sorted(sources)) for state, sources in events.SOURCES.items()}
_script = Script((Path(__file__).parent / "joblog.lua").read_text())


@dataclass(frozen=True)
class Change:
    """One event to be: what it sets, and the state it brings the job into, if any.

    `kept` names fields whose value was too large and lies in a file; their value here is None. `only` are the states in
    which it may be written, where it brings none and is not for any.
    """

    kind: events.Kind
    set: Mapping[str, Any] = field(default_factory=dict)
    lines: Sequence[Mapping[str, str]] = ()
    kept: frozenset[str] = frozenset()
    only: Collection[events.State] = ()

    def wire(self) -> dict[str, Any]:
        """As the script takes it: every value as JSON text, so that Lua never decodes one."""
        state = self.set.get("state", "")
        return {
            "kind": self.kind,
            "to": state,
            "from": _SOURCES[state] if state else events.dumps(sorted(self.only)) if self.only else "",
            "set": [[name, events.dumps(value), name in self.kept] for name, value in self.set.items()],
            "lines": events.dumps(list(self.lines)) if self.lines else "",
        }


@dataclass(frozen=True)
class Reply:
    """What the log answered: `status` is "ok", or why not ("absent", "fenced", "final", "refused", "duplicate",
    "cancelled", "lost"; "started" for a start; "again", "lost" or "moved" for an orphan); `written` holds (seq, event's
    JSON text without seq) of what was appended, and `before` the time of the event before that, "" for none; `watched`
    says that somebody follows the job, and `told` that he has been told already."""

    status: str
    epoch: int
    seq: int
    attempt: int
    cancel: str | None
    before: str
    watched: bool
    told: bool
    written: list[tuple[int, str]]


def append(
    job_id: str,
    changes: Sequence[Change],
    *,
    writer: str,
    n: int,
    attempt: int = 0,
    lease: str = "",
    create: bool = False,
    late: bool = False,
) -> Reply:
    """Append `changes` to the job's log as the events `n`, `n+1`, … of `writer`.

    `attempt` 0 is for those who write outside of an attempt; a worker that tells how one of its attempts ended names
    its `lease`. Of a job that has ended, lines are refused as well, unless they are `late`. With `create`, a job that
    the log does not know comes into being. Raises LogUnavailable.
    """
    request = prepared(job_id, changes, writer=writer, n=n, attempt=attempt)
    return run_all([request | {"lease": lease, "create": create, "late": late}])[0]


def prepared(job_id: str, changes: Sequence[Change], *, writer: str, n: int, attempt: int) -> dict[str, Any]:
    """An `append` for `run_all`. Raises ValueError for a value that JSON has not."""
    wired = [change.wire() for change in changes]
    return _request(job_id, op="append", writer=writer, n=n, attempt=attempt, events=wired)


def run_all(requests: Sequence[dict[str, Any]]) -> list[Reply]:
    """What the log answers to these requests, in one round trip. Raises LogUnavailable."""
    calls = [_call(request) for request in requests]
    return [_reply(raw) for raw in ask(lambda redis_: _script(redis_, calls))]


class Sent:
    """Requests that nobody waits for: `send` them, and some time later look at all their `replies` at once.

    For one thread at a time.
    """

    def __init__(self) -> None:
        self._line = Unanswered(_script)
        self._whose: list[Any] = []

    def send(self, whose: Any, request: dict[str, Any]) -> None:
        """Send somebody's request, made by `prepared`. Raises LogUnavailable."""
        self._whose.append(whose)
        try:
            ask(lambda redis_: self._line.send(redis_, _call(request)))
        except BaseException:
            self._whose.pop()
            raise

    def __len__(self) -> int:
        return len(self._whose)

    def replies(self) -> list[tuple[Any, Reply | None]]:
        """Whose request was answered by what, of all sent since the last time; None: it is to be made again."""
        whose, self._whose = self._whose, []
        if not whose:
            return []
        try:
            answers = ask(lambda _: self._line.answers(len(whose)))
            return [(each, _reply(raw)) for each, raw in zip(whose, answers, strict=True)]
        except LogUnavailable:
            self._line.drop()
            return [(each, None) for each in whose]


def announce(
    job: Mapping[str, Any],
    *,
    owner_id: Any = None,
    queue: str = "",
    schedule: str = "",
    batch: int | None = None,
) -> Reply:
    """Make the job known to the log as it was launched, if it is not known yet. Raises LogUnavailable.

    `queue` is the one that the message was sent to, and `schedule` what sent it, where no row knows them; `batch` the
    number of jobs whose parent this one is.
    """
    private = {} if batch is None else {"batch": str(batch), "c:queued": str(batch)}
    return run_all([announcement(job, owner_id=owner_id, queue=queue, schedule=schedule, private=private)])[0]


def announcement(
    job: Mapping[str, Any],
    *,
    owner_id: Any = None,
    queue: str = "",
    schedule: str = "",
    private: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, Any]:
    """An `announce` for `run_all` or to be `Sent`; `private` are more fields that no event bears."""
    known = {**_private(owner_id, queue, schedule), **private}
    event = _launched(job).wire()
    return _request(job["id"], op="append", writer="launch", n=1, create=True, private=known, events=[event])


def announce_all(jobs: Iterable[tuple[Mapping[str, Any], Any]]) -> list[Reply]:
    """`announce` each of these jobs, with its owner's key, in one round trip. Raises LogUnavailable."""
    return run_all([announcement(job, owner_id=owner_id) for job, owner_id in jobs])


def _launched(job: Mapping[str, Any]) -> Change:
    return Change("state", {name: value for name, value in job.items() if name in events.JOB_FIELDS})


class Start:
    """An attempt that is about to start, by compare-and-set: of several copies of one message, one gets "started".

    The log is asked at once, and works while the caller prepares what else there is to do; `reply` is its answer.
    `started` is what is set where it may start; `token` names this call, so that it may be repeated; `retries` is how
    often Celery has retried the job; `rerun` says that a job whose worker is dead may start again, two more times at
    most, and `orphaned` that the process of this attempt is. Raises LogUnavailable.
    """

    def __init__(
        self,
        job_id: str,
        *,
        started: Mapping[str, Any],
        lease: str,
        pid: int,
        token: str,
        retries: int,
        rerun: bool,
        orphaned: int = 0,
    ) -> None:
        self._request = _request(
            job_id,
            op="start",
            writer="gate",
            retries=retries,
            events=[Change("state", started).wire()],
            lease=lease,
            pid=pid,
            token=token,
            rerun=rerun,
            orphaned=orphaned,
        )
        self._asked: Asked = ask(lambda redis_: Asked(_script, redis_, [_call(self._request)]))

    def reply(
        self,
        job: Mapping[str, Any],
        *,
        cancelled: Mapping[str, Any],
        lost: Mapping[str, Any],
        owner_id: Any = None,
        queue: str = "",
        schedule: str = "",
    ) -> Reply:
        """What the log says. `job`, `owner_id`, `queue` and `schedule` are what the message itself tells, for a job
        that nobody announced; `cancelled` and `lost` are set where it may not start. Raises LogUnavailable.
        """
        (raw,) = ask(lambda _: self._asked.answers())
        reply = _reply(raw)
        if reply.status == "untold":
            # Mostly it was announced, and may start: this need not go there for each.
            self._request |= {
                "private": _private(owner_id, queue, schedule),
                "base": _launched(job).wire(),
                "cancelled": Change("state", cancelled).wire(),
                "lost": Change("state", lost).wire(),
            }
            (reply,) = run_all([self._request])
        return reply


def orphan(job_id: str, *, lease: str, attempt: int, again: Mapping[str, Any] | None, lost: Mapping[str, Any]) -> Reply:
    """Take a started job off the worker with this lease, which is gone, unless it has moved on in the meantime.

    It gets the fields `again`, to be started once more, where they are given and it has not been started too often
    already; the fields `lost` otherwise. What the old attempt may still say is refused. Raises LogUnavailable.
    """
    return _run(
        job_id,
        op="orphan",
        writer="watch",
        lease=lease,
        attempt=attempt,
        lost=Change("state", lost).wire(),
        **({"again": Change("state", again).wire()} if again is not None else {}),
    )


def cancel(job_id: str, *, asked: Mapping[str, Any], cancelled: Mapping[str, Any]) -> Reply:
    """Ask a started job to stop (`asked` is set), or end a waiting one (`cancelled` is). Raises LogUnavailable."""
    return _run(
        job_id,
        op="cancel",
        writer="control",
        asked=Change("state", asked).wire(),
        cancelled=Change("state", cancelled).wire(),
    )


def tell_children(job_id: str) -> Reply:
    """Tell readers of the job how many of its children are in which state, where that has changed.

    Of a batch its progress too. Raises LogUnavailable.
    """
    return _run(job_id, op="children", writer="children", states=events.STATES)


def _private(owner_id: Any, queue: str, schedule: str) -> dict[str, str]:
    fields = {"owner_id": "" if owner_id is None else str(owner_id), "queue": queue, "schedule": schedule}
    return {name: value for name, value in fields.items() if value}


def _run(job_id: str, **request: Any) -> Reply:
    return run_all([_request(job_id, **request)])[0]


def _request(job_id: str, **request: Any) -> dict[str, Any]:
    usual = {"private": {}, "attempt": 0, "lease": "", "late": False, "token": "", "events": []}
    return {"id": job_id, "time": events.now(), **usual, **request}


def _call(request: dict[str, Any]) -> Call:
    return _keys(request["id"]), msgpack.packb(request, unicode_errors="replace")


def _keys(job_id: str) -> list[str]:
    return [hash_key(job_id), stream_key(job_id), DIRTY, RUNNING, EPOCH, PARENTS, watched_key(job_id)]


def _reply(raw: Any) -> Reply:
    status, epoch, seq, attempt, cancel_json, first, before, watched, *bodies = raw
    if status == "noepoch":
        raise LogUnavailable("the event log has begun anew and is not open yet")
    asked = json.loads(cancel_json) if cancel_json else None
    written = list(enumerate(bodies, start=first))
    return Reply(status, epoch, seq, attempt, asked, before, watched > 0, watched == 2, written)

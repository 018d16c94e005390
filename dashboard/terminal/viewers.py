"""How a job is shown while it is followed: not at all, by lines, or as JSON. `live` has the one with bars."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Protocol, TextIO

from dashboard.templatetags.taskcast import clock
from dashboard.templatetags.taskcast_progress import has_total, percent
from dashboard.terminal import lines
from dashboard.terminal.following import Connection, Event, Item
from dashboard.terminal.visible import visible_json
from tasks.events import JobDict, dumps, now

_EVERY = timedelta(seconds=1)  # between two lines about progress, unless there are ten percent more


class Viewer(AbstractContextManager["Viewer", None], Protocol):
    """Shows what is found out about one job. `shows_log`: what its log had before is wanted too."""

    shows_log: bool

    def begin(self, job: JobDict, log: Sequence[Mapping[str, Any]]) -> None:
        """The job that is about to be followed, and the lines of its log until now."""

    def take(self, item: Item) -> None:
        """The next item of `follow`."""

    def end(self, job: JobDict) -> None:
        """The job has ended."""


class _Quiet:
    shows_log = False

    def __enter__(self) -> "Any":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        """Nothing to put away."""

    def begin(self, job: JobDict, log: Sequence[Mapping[str, Any]]) -> None:
        """Not shown."""

    def take(self, item: Item) -> None:
        """Not shown."""


class Silent(_Quiet):
    """Nothing until the end: then the result, as JSON and alone on `out`."""

    def __init__(self, out: TextIO, err: TextIO) -> None:
        self.out, self.err = out, err

    def end(self, job: JobDict) -> None:
        """How it ended; a result that is a file is not read."""
        self.err.write(f"{job['id']} {lines.state_line(job)}\n")
        if text := lines.result_text(job):
            self.out.write(f"{text}\n")


class JsonLines(_Quiet):
    """A JSON object on each line: the job (it has an `id`), then each event (it has a `kind`), last the whole job.

    Another job between them takes the place of what was folded until then. Without `all_of_it` the last one alone.
    """

    def __init__(self, out: TextIO, err: TextIO, *, all_of_it: bool) -> None:
        self.out, self.err, self.all_of_it = out, err, all_of_it

    def take(self, item: Item) -> None:
        """A line for each job and event."""
        if isinstance(item, Connection):
            self.err.write(f"{connection_line(item)}\n")
        elif self.all_of_it:
            write_json(self.out, item.event if isinstance(item, Event) else item.job)

    def end(self, job: JobDict) -> None:
        """The whole job."""
        write_json(self.out, job)


class PlainLines(_Quiet):
    """A line for each change of state, log line and output, and now and then one for progress; for a pipe, a file."""

    shows_log = True

    def __init__(self, out: TextIO) -> None:
        self.out = out
        self.told = Told()

    def begin(self, job: JobDict, log: Sequence[Mapping[str, Any]]) -> None:
        """Which job it is, and its log."""
        self._write([lines.head_line(job), *(text for line in log for text in lines.log_lines(line))])

    def take(self, item: Item) -> None:
        """Tell what is new."""
        if isinstance(item, Connection):
            self._write([f"{clock(now())} {connection_line(item)}"])
            return
        if isinstance(item, Event):
            for line in item.event.get("lines", ()):
                self._write(lines.log_lines(line))
        at = item.event["time"] if isinstance(item, Event) else now()
        self._write([f"{clock(at)} {text}" for text in self.told.news(item.job, at, progress=True)])

    def end(self, job: JobDict) -> None:
        """The result, or the traceback."""
        self._write(lines.end_lines(job))

    def _write(self, texts: list[str]) -> None:
        if texts:
            self.out.write("".join(f"{text}\n" for text in texts))
            self.out.flush()


class Told:
    """What has been told of a job, so that only what is new is told."""

    def __init__(self) -> None:
        self._job: JobDict | None = None
        self._state = self._progress = self._step = ""
        self._tenth = -1
        self._at: datetime | None = None

    def news(self, job: JobDict, at: str, *, progress: bool) -> list[str]:
        """The lines that are new with `job`, at the time `at`."""
        found = self._of_progress(job, datetime.fromisoformat(at)) if progress else []
        found += lines.output_lines(self._job, job)
        state = lines.state_line(job)
        if state != self._state:
            found.append(state)
        self._job, self._state = job, state
        return found

    def _of_progress(self, job: JobDict, at: datetime) -> list[str]:
        line = lines.progress_line(job)
        if not line or line == self._progress:
            return []
        tenth = percent(job["progress"]) // 10 if has_total(job["progress"]) else -1
        if tenth == self._tenth and self._at is not None and at - self._at < _EVERY:
            return []
        self._progress, self._tenth, self._at = line, tenth, at
        return [line]


def connection_line(item: Connection) -> str:
    """What is told of a Redis that is away or back."""
    return "Redis or the database does not answer: reconnecting" if item.is_away else "connected again"


def write_json(out: TextIO, value: Any) -> None:
    """`value` as a line of strict JSON, at once."""
    out.write(f"{visible_json(dumps(value))}\n")
    out.flush()

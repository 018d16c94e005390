"""A job on a terminal: its log goes by, below it stand its state and a bar for each step."""

from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from dashboard.templatetags.taskcast import children_words, ran
from dashboard.templatetags.taskcast_progress import has_total, is_over, with_names
from dashboard.terminal import lines
from dashboard.terminal.following import Connection, Event, Item
from dashboard.terminal.viewers import Told, connection_line
from dashboard.terminal.visible import visible
from tasks.events import FINAL, JobDict, now

STATE_STYLES = {
    "started": "cyan",
    "retrying": "yellow",
    "succeeded": "green",
    "failed": "red",
    "cancelled": "yellow",
    "lost": "magenta",
}
_LINE_STYLES = {"debug": "dim", "warning": "yellow", "error": "red", "critical": "bold red"}
_BAR = 30  # cells
_KEPT_FREE = 6  # lines of the terminal that are no bars


class LiveBars:
    """The viewer for people."""

    shows_log = True

    def __init__(self, console: Console) -> None:
        self.console = console
        self.told = Told()
        self._job: JobDict | None = None
        self._is_away = False
        self._live = Live(console=console, get_renderable=self._render, refresh_per_second=8)

    def __enter__(self) -> "LiveBars":
        self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._live.stop()

    def begin(self, job: JobDict, log: Sequence[Mapping[str, Any]]) -> None:
        """Which job it is, and its log."""
        self._print([lines.head_line(job)], "bold")
        self._print_log(log)

    def take(self, item: Item) -> None:
        """Show it."""
        if isinstance(item, Connection):
            self._is_away = item.is_away
            self._print([connection_line(item)], "yellow")
            return
        if isinstance(item, Event):
            self._print_log(item.event.get("lines", ()))
        self._job = item.job
        style = STATE_STYLES.get(item.job["state"], "")
        self._print(self.told.news(item.job, now(), progress=False), style)

    def end(self, job: JobDict) -> None:
        """The bars as they are at the end, and below them the result or the traceback."""
        self._job = job
        self._live.stop()
        self._print(lines.end_lines(job), "red" if job["state"] == "failed" else "")

    def _print_log(self, log: Iterable[Mapping[str, Any]]) -> None:
        for line in log:
            self._print(lines.log_lines(line), _LINE_STYLES.get(line["level"], ""))

    def _print(self, texts: Iterable[str], style: str) -> None:
        for text in texts:
            self.console.print(Text(text, style=style))

    def _render(self) -> Group:
        return show(self._job, self.console.height - _KEPT_FREE, is_away=self._is_away) if self._job else Group()


def show(job: JobDict, most: int, *, is_away: bool = False) -> Group:
    """The job's state, and at most so many bars."""
    state = job["state"]
    head = Text.assemble((state, f"bold {STATE_STYLES.get(state, 'default')}"), " ", visible(job["task"]))
    for more in (ran(job), children_words(job["children"]) if job["children"] else "", _asked(job, is_away=is_away)):
        if more:
            head.append(f" · {more}", style="dim")
    return Group(*_bars(job, max(3, most)), head)


def _asked(job: JobDict, *, is_away: bool) -> str:
    if is_away:
        return "reconnecting"
    return "asked to stop" if job["cancel"] and job["state"] not in FINAL else ""


def _bars(job: JobDict, most: int) -> list[Table]:
    rows = list(_steps(lines.top(job), 0))
    # What is over makes room first, the oldest first.
    spare = len(rows) - most
    for row in list(rows):
        if spare > 0 and is_over(row[1], job["state"]):
            rows.remove(row)
            spare -= 1
    if not rows:
        return []
    table = Table.grid(padding=(0, 1))
    table.add_column()  # may be narrowed, as long as the others need the room
    table.add_column(width=_BAR)
    table.add_column(no_wrap=True)
    for depth, step in rows[-most:]:
        name = Text("  " * depth + lines.name(step), no_wrap=True, overflow="ellipsis")
        table.add_row(name, _bar(step, job["state"]), Text(lines.amount(step)))
    return [table]


def _steps(steps: list[Any], depth: int) -> Iterable[tuple[int, Any]]:
    for step in steps:
        yield depth, step
        yield from _steps(with_names(step["steps"]), depth + 1)


def _bar(step: Mapping[str, Any], state: str) -> ProgressBar | Text:
    if has_total(step):
        done = min(max(step["current"], 0), step["total"])
        return ProgressBar(step["total"], done, _BAR, complete_style="cyan", finished_style="green")
    # Nobody knows how much there is: something moves as long as the job does.
    return Text() if state in FINAL else ProgressBar(None, width=_BAR, pulse=True, pulse_style="cyan")

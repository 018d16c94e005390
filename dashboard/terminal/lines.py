"""A job in words, a line for each thing. What is a task's own text comes out `visible`."""

from collections.abc import Iterator, Mapping
from typing import Any

from dashboard.forms.fields import show_json
from dashboard.templatetags.taskcast import clock, count, is_cut, ran
from dashboard.templatetags.taskcast_progress import has_total, is_over, is_summary, percent, with_names
from dashboard.terminal.visible import visible, visible_json, visible_lines
from tasks.events import JobDict, dumps

_LONGEST = 4000  # characters of a result; scripts take it from --json


def head_line(job: JobDict) -> str:
    """Which job it is."""
    return visible(f"{job['task']} {job['id']}")


def state_line(job: JobDict) -> str:
    """`started on celery@host`, `failed after 1.2 s: ValueError: broken`."""
    state, took = job["state"], ran(job) if job["finished_at"] else ""
    words = state + (f" on {job['worker']}" if state == "started" and job["worker"] else "")
    words += f", attempt {job['attempt']}" if state == "started" and job["attempt"] > 1 else ""
    words += f" after {took}" if took else ""
    why = job["reason"]
    if state == "failed" and job["error"]:
        why = f"{job['error']['type']}: {job['error']['message']}"
    words += f": {why}" if why else ""
    if job["cancel"] and not job["finished_at"]:
        words += " (has seen the cancel)" if job["cancel"] == "seen" else " (asked to stop)"
    return visible(words)


def log_lines(line: Mapping[str, Any]) -> list[str]:
    """A line of the job's log; what follows on its first line is indented, so that it passes for no other."""
    first, *rest = visible_lines(line["text"].rstrip()).split("\n")
    return [f"{clock(line['time'])} {line['level']}: {first}", *(f"  | {text}" for text in rest)]


def progress_line(job: JobDict) -> str:
    """`Files › Rows 10 of 100 (10 %)`: the steps at work, and how far the innermost one is."""
    path = list(_at_work(job))
    if not path:
        return ""
    return f"{' › '.join(name(step) for step in path)} {amount(path[-1])}".strip()


def _at_work(job: JobDict) -> Iterator[Mapping[str, Any]]:
    steps = top(job)
    while steps:
        step = next((step for step in steps if not is_over(step, job["state"])), steps[-1])
        yield step
        steps = with_names(step["steps"])


def top(job: JobDict) -> list[Any]:
    """The outermost steps of the job."""
    progress = job["progress"]
    if not progress:
        return []
    return with_names(progress["steps"]) if is_summary(progress) else [progress]


def name(step: Mapping[str, Any]) -> str:
    """What a step is called."""
    return visible(step["description"])


def amount(step: Mapping[str, Any]) -> str:
    """`10 of 100 (10 %)`, `10` where nobody knows of how many."""
    if not has_total(step):
        return count(step["current"])
    return f"{count(step['current'])} of {count(step['total'])} ({percent(step)} %)"


def output_lines(before: JobDict | None, job: JobDict) -> list[str]:
    """A line for each partial result of a new name; that another takes its place may happen many times a second."""
    known = {one["name"] for one in (before or {}).get("outputs") or ()}
    new = [one for one in job["outputs"] or () if one["name"] not in known]
    return [visible(f"output {one['name']} ({one['kind']})") for one in new]


def end_lines(job: JobDict) -> list[str]:
    """The result, or where the task failed."""
    if job["state"] == "failed" and job["error"]:
        return visible_lines(job["error"]["traceback"].rstrip()).split("\n") if job["error"]["traceback"] else []
    if is_cut(job, "result"):
        return ["result: too long to be kept here; the job's page has it as a file"]
    if job["state"] != "succeeded" or job["result"] is None:
        return []
    text = visible_lines(show_json(job["result"]))
    return [f"result: {text[:_LONGEST]}{'…' if len(text) > _LONGEST else ''}"]


def result_text(job: JobDict) -> str:
    """The result for whatever reads standard output: as JSON; nothing for None."""
    return "" if job["result"] is None else visible_json(dumps(job["result"]))

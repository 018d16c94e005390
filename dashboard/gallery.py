"""PURE. The fixed data of the gallery: a job in every state, with everything that a page can show of one."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tasks.events import STATES, JobDict, blank_job
from tasks.models import BATCH

_BEGIN = datetime(2025, 11, 22, 5, 0, tzinfo=UTC)
_PROFILE = "tasks.samples.tables.profile_csv"
_STEPS = [
    {"current": 3, "total": 3, "description": "Opening", "steps": []},
    {"current": 840, "total": 2000, "description": "Reading sales/2025.csv", "steps": []},
    {"current": 7, "total": None, "description": "열 분석", "steps": []},
]
_ROWS = [{"name": "customer", "kind": "text", "missing": 12}, {"name": "amount", "kind": "number", "missing": 0}]
_VALUES: dict[str, Any] = {
    "number": 1_234_567.25,
    "text": "A line of text, and 한국어도 한 줄",
    "long text": "\n".join(f"line {n}" for n in range(40)),
    "nothing": None,
    "yes": True,
    "list": [1, 2, 3],
    "table": [{"region": "Seoul", "orders": 120, "share": 0.4}, {"region": "부산", "orders": 80, "share": 0.27}],
    "nested": {"mean": 4.5, "columns": _ROWS, "notes": {"empty": [], "deep": [[1, [2]]]}},
}
_TRACEBACK = (
    'Traceback (most recent call last):\n  File "shop/tasks.py", line 12, in profile\nValueError: no column amount'
)


def jobs() -> dict[str, JobDict]:
    """By name: one job in each state, and others that look different."""
    made = {state: _job(n, state) for n, state in enumerate(STATES, 1)}
    made["retrying"]["reason"] = "It raised ValueError"
    made["started"] |= {"progress": _progress(840), "cancel": None}
    made["failed"] |= {
        "progress": _progress(840),
        "error": {"type": "ValueError", "message": "no column “amount”", "traceback": _TRACEBACK},
    }
    made["cancelled"] |= {"progress": _progress(600), "cancel": "seen"}
    made["lost"]["reason"] = "The worker that had it is gone"
    made["succeeded"] |= {
        "progress": _progress(2000),
        "result": _VALUES["nested"],
        "outputs": [_output(name) for name in ("table", "number")],
    }
    made["unknown"] = _job(20, "started") | {"progress": {**_progress(0), "total": None, "steps": []}}
    made["asked"] = _job(21, "started") | {"progress": _progress(1200), "cancel": "asked"}
    made["batch"] = _job(22, "started") | {
        "task": BATCH,
        "args": {"task": _PROFILE, "rows": 40},
        "progress": {"current": 26, "total": 40, "description": "", "steps": []},
        "children": {"queued": 8, "started": 6, "succeeded": 21, "failed": 3, "lost": 1, "cancelled": 1},
    }
    made["long"] = _job(23, "queued") | {
        "task": "a_module_with_a_long_name.that_goes_on.and_on.a_task_whose_name_does_not_end_where_one_expects_it",
        "args": {"text": "그리고 아주 긴 인수가 있습니다 " * 12, "n": 4},
    }
    return made


def values() -> dict[str, Any]:
    """A value of each kind, by its name."""
    return _VALUES


def lines(job: JobDict) -> list[dict[str, str]]:
    """The job's log."""
    if job["started_at"] is None:
        return []
    levels = ("debug", "info", "warning", "error")
    return [{"time": _at(60 + n), "level": level, "text": f"a line at level {level}"} for n, level in enumerate(levels)]


def _job(n: int, state: str) -> JobDict:
    began = state not in ("scheduled", "queued")
    ended = state in ("succeeded", "failed", "cancelled", "lost")
    return blank_job(
        f"00000000-0000-4000-8000-{n:012}",
        task=_PROFILE,
        args={"path": "sales/2025.csv", "columns": ["customer", "region", "amount"]},
        state=state,
        owner="alice",
        created_at=_at(0),
        started_at=_at(2) if began else None,
        finished_at=_at(754.5) if ended else None,
        worker="worker@here" if began else None,
        attempt=1 if began else 0,
    )


def _progress(current: int) -> dict[str, Any]:
    return {"current": current, "total": 2000, "description": "Reading", "steps": _STEPS}


def _output(name: str) -> dict[str, Any]:
    value = _VALUES[name]
    return {"name": name, "kind": "table" if isinstance(value, list) else "json", "value": value}


def _at(seconds: float) -> str:
    return (_BEGIN + timedelta(seconds=seconds)).isoformat(timespec="microseconds")

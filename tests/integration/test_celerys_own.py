"""The tasks of Celery's own integration tests, unmodified: launched, and ended as Celery says that they ended."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tasks.events import FINAL
from tests.support.celerys_own import MODULE, unpack
from tests.support.stack import Stack, wait_for

TWO = {"x": 1, "y": 2}
TWO_NAMED = {"foo": 1, "bar": 2}
NUMBERS = {"nums": [1, 2, 3], "val": 10}
CELERYS = {"succeeded": "SUCCESS", "failed": "FAILURE"}

# Task, arguments, and what is left of the job: the result, or the error's type.
ENDS = [
    ("identity", {"x": [1, {"a": None}]}, [1, {"a": None}]),
    *((name, TWO, 3) for name in ("add", "add_not_typed", "add_ignore_result", "add_with_result")),
    ("mul", {"x": 2, "y": 3}, 6),
    ("tsum", {"nums": [1, 2]}, 3),
    ("xsum", {"nums": [1, [2, 3]]}, 6),
    ("delayed_sum", {"numbers": [1, 2], "pause_time": 0}, 3),
    ("print_unicode", {}, None),
    ("sleeping", {"i": 0.1}, None),
    ("add_pydantic", {"data": TWO}, {"result": 3}),
    ("add_pydantic_string_annotations", {"data": TWO}, {"result": 3}),
    ("return_priority", {}, "Priority: 3"),
    # Another task takes the job's place, with its id.
    ("add_replaced", TWO, 3),
    ("add_replaced_with_chain", TWO, 3),
    ("replace_with_chain", {"args": [7]}, 7),
    ("replace_with_chain_which_contains_a_group", {}, [4, 4]),
    ("add_to_all", NUMBERS, [11, 12, 13]),
    ("replace_with_chain_which_raises", {"args": [7]}, "ValueError"),
    ("fail_replaced", {}, "ExpectedException"),
    ("replace_with_empty_chain", {}, "ImproperlyConfigured"),
    # Attempts.
    ("retry_once", {}, 1),
    ("retry_once_ignore_result", {}, 1),
    ("retry_once_with_result", {}, 1),
    ("retry_once_priority", {}, 3),
    ("retry", {}, "ExpectedException"),
    ("retry_with_args_after_kwargs", TWO_NAMED, {"foo": 2, "bar": 3, "label": None, "retries": 1, "is_eager": False}),
    ("reject_then_succeed", {}, "second-pass"),
    ("store_success_then_reject", {}, "dedup-pass"),
    # Failures of all kinds.
    ("raise_error", {}, "ValueError"),
    ("fail", {}, "ExpectedException"),
    ("fail_unpickleable", TWO_NAMED, "UnpickleableExceptionWrapper"),
    ("reject_without_requeue", {}, "Reject"),
    ("retry_with_kwargs_after_args", TWO_NAMED, "TypeError"),
    ("add_to_all_to_chord", NUMBERS, "ValueError"),
]
FAILED = {
    "ValueError",
    "ExpectedException",
    "ImproperlyConfigured",
    "UnpickleableExceptionWrapper",
    "Reject",
    "TypeError",
}
# Celery stores nothing of these: the setting, or the rejected message.
UNSTORED = {"add_ignore_result", "retry_once_ignore_result", "reject_without_requeue", "retry_with_kwargs_after_args"}

# Task, arguments, and how its children end.
PARENTS = [
    ("chain_add", TWO, {"succeeded": 2}),
    ("add_to_all", NUMBERS, {"succeeded": 3}),
    # A list and a number are not to be added; Celery's own chain ends so too.
    ("chord_add", TWO, {"succeeded": 1, "failed": 1}),
    ("build_chain_inside_task", {}, {"succeeded": 4, "failed": 1}),
]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    path = unpack(tmp_path_factory.mktemp("celery"))
    running = Stack(TASKCAST_APPS=MODULE, PYTHONPATH=str(path), WORKERS="3")
    try:
        running.up()
        running.user("alice", launch=True)
        yield running
    finally:
        running.down()


@pytest.fixture(scope="module")
def api(stack: Stack) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {stack.token('alice')}"}
    with httpx.Client(base_url=f"{stack.url}/api/v1/", headers=headers, timeout=30) as client:
        yield client


@pytest.fixture(scope="module")
def launched(api: httpx.Client) -> dict[str, str]:
    """All of them at once: ids by name."""
    ids = {}
    for name, args, _ in [*ENDS, *PARENTS]:
        sent = api.post("jobs", json={"task": f"{MODULE}.{name}", "args": args})
        assert sent.status_code == 201, (name, sent.text)
        ids[name] = sent.json()["id"]
    return ids


def ended(api: httpx.Client, job_id: str) -> dict:
    def look() -> dict | None:
        job = api.get(f"jobs/{job_id}").json()
        return job if job["state"] in FINAL else None

    return wait_for(look, f"{job_id} ends", 60)


def test_all_are_in_the_catalogue(api: httpx.Client) -> None:
    names = {task["name"].removeprefix(f"{MODULE}.") for task in api.get("tasks").json()["tasks"]}
    assert {name for name, _, _ in [*ENDS, *PARENTS]} <= names
    assert len([name for name in names if "." not in name]) > 70
    for name in names:
        assert api.get(f"tasks/{name if '.' in name else f'{MODULE}.{name}'}").status_code == 200, name


_OF_CELERY = "from celery.result import AsyncResult\nanswer = AsyncResult(id).state"


@pytest.mark.parametrize(
    ("name", "expected"), [(name, end) for name, _, end in ENDS], ids=[name for name, _, _ in ENDS]
)
def test_it_ends_as_celery_says(stack: Stack, api: httpx.Client, launched: dict[str, str], name, expected) -> None:
    job = ended(api, launched[name])
    if isinstance(expected, str) and expected in FAILED:
        assert (job["state"], job["error"]["type"]) == ("failed", expected)
    else:
        assert (job["state"], job["result"]) == ("succeeded", expected)
    assert job["task"] == f"{MODULE}.{name}"
    if name not in UNSTORED:
        assert stack.run(_OF_CELERY, id=job["id"]) == CELERYS[job["state"]]


@pytest.mark.parametrize(("name", "children"), [(name, children) for name, _, children in PARENTS])
def test_what_it_sends_are_its_children(api: httpx.Client, launched: dict[str, str], name, children) -> None:
    ended(api, launched[name])
    wait_for(lambda: api.get(f"jobs/{launched[name]}").json()["children"] == children, f"{name} has {children}")


def test_nothing_is_left_waiting(api: httpx.Client, launched: dict[str, str]) -> None:
    for job_id in launched.values():
        ended(api, job_id)
    query = "jobs?state=queued&state=started&state=retrying&limit=50"
    wait_for(lambda: api.get(query).json()["jobs"] == [], "all have ended", 60)

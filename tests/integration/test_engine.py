"""Any task, wherever it was launched from: a real worker, and what the log holds afterwards."""

import re
import time
import uuid
from datetime import datetime

import pytest

from tasks.events import FINAL
from tests.support.live import Follower, Reader
from tests.support.stack import Stack, wait_for

PLAIN = "tests.support.plain_tasks"

_SNAPSHOT = """
from tasks import eventlog
s = eventlog.snapshot(id)
answer = s and s.job
"""
_LAUNCH_AS = """
from django.contrib.auth import get_user_model
from tasks.launching import launch
answer = str(launch(name, args, user=get_user_model().objects.get(username="alice")).pk)
"""
_EVENTS = """
from tasks import eventlog
page = eventlog.read(id, 0, 100000)
answer = page and page.events
"""


@pytest.fixture(scope="module")
def stack():
    running = Stack(TASKCAST_APPS=PLAIN)
    try:
        running.up()
        yield running
    finally:
        running.down()


def send(stack: Stack, name: str, *args, **options) -> str:
    code = "from celery import current_app\nanswer = current_app.send_task(name, args, **options).id"
    return stack.run(code, name=name, args=args, options=options)


def launch(stack: Stack, name: str, **args) -> str:
    return stack.run("from tasks.launching import launch\nanswer = str(launch(name, args).pk)", name=name, args=args)


def job(stack: Stack, job_id: str) -> dict | None:
    return stack.run(_SNAPSHOT, id=job_id)


def events(stack: Stack, job_id: str) -> list[dict]:
    return stack.run(_EVENTS, id=job_id)


def ended(stack: Stack, job_id: str, seconds: float = 20) -> dict:
    def final():
        found = job(stack, job_id)
        return found if found and found["state"] in FINAL else None

    return wait_for(final, f"job {job_id} ends", seconds)


def texts(stack: Stack, job_id: str) -> list[str]:
    return [line["text"] for event in events(stack, job_id) for line in event.get("lines", [])]


def test_add_from_a_shell_is_eight_and_recorded(stack):
    code = "from tasks.samples.arithmetic import add\nr = add.delay(4, 4)\nanswer = [r.id, r.get(timeout=10)]"
    job_id, result = stack.run(code)
    assert result == 8
    found = ended(stack, job_id)
    assert found["state"] == "succeeded"
    assert found["result"] == 8
    assert found["args"] == {"x": 4, "y": 4}
    assert found["task"] == "tasks.samples.arithmetic.add"
    assert found["attempt"] == 1
    assert found["owner"] is None
    assert found["created_at"] <= found["started_at"] <= found["finished_at"]
    assert [e["set"]["state"] for e in events(stack, job_id) if e["kind"] == "state"] == [
        "queued",
        "started",
        "succeeded",
    ]
    wait_for(lambda: f"{job_id}] received" in stack.log("worker"), "the worker's log has the received line")
    wait_for(lambda: re.search(rf"{job_id}\] succeeded in .*: 8", stack.log("worker")), "and the succeeded line")


def test_a_job_of_a_strange_module_is_launched_typed_and_live(stack):
    job_id = launch(stack, f"{PLAIN}.describe", day="2026-11-22", kind="b", tags=["x", "y"])
    found = ended(stack, job_id)
    assert found["result"] == "date 2026-11-22 b ['x', 'y']"
    assert found["args"] == {"day": "2026-11-22", "kind": "b", "tags": ["x", "y"]}


def test_progress_goes_out_first_and_last_at_once_and_at_most_twenty_a_second(stack):
    began = time.monotonic()
    job_id = launch(stack, f"{PLAIN}.count", to=400, pause=0.005)
    found = ended(stack, job_id)
    seconds = time.monotonic() - began
    samples = [e["set"]["progress"] for e in events(stack, job_id) if e["kind"] == "progress"]
    assert samples[-1]["current"] == samples[-1]["total"] == found["progress"]["current"] == 400
    assert samples[0]["current"] <= 40
    assert 5 < len(samples) <= 20 * seconds + 2
    assert [s["current"] for s in samples] == sorted(s["current"] for s in samples)


def test_a_million_steps_cost_a_few_events(stack):
    job_id = launch(stack, f"{PLAIN}.count", to=1_000_000)
    assert ended(stack, job_id)["result"] == 1_000_000
    assert len(events(stack, job_id)) < 60


def test_lines_by_log_and_by_logging_and_outputs_arrive_in_order(stack):
    job_id = launch(stack, f"{PLAIN}.talk")
    found = ended(stack, job_id)
    lines = [line for event in events(stack, job_id) for line in event.get("lines", [])]
    assert [(line["level"], line["text"]) for line in lines] == [("warning", "by logging: 한글"), ("error", "by log")]
    assert found["outputs"][0]["name"] == "table"
    assert found["outputs"][0]["value"] == [{"a": 1}, {"a": 2}]
    assert events(stack, job_id)[-1]["set"]["state"] == "succeeded"


def test_a_failure_says_what_and_where(stack):
    job_id = launch(stack, f"{PLAIN}.fail", text="구멍")
    found = ended(stack, job_id)
    assert found["state"] == "failed"
    assert found["error"]["type"] == "ValueError"
    assert found["error"]["message"] == "구멍"
    assert "plain_tasks.py" in found["error"]["traceback"]


def test_a_huge_failure_is_cut_in_frames_and_bounded(stack):
    job_id = launch(stack, f"{PLAIN}.fail", text="가" * 50_000)
    found = ended(stack, job_id)
    assert 16_000 < len(found["error"]["message"]) < 16_100
    assert "error" in found["truncated"]


def test_no_line_of_many_is_lost(stack):
    job_id = launch(stack, f"{PLAIN}.shout", lines=20_000)
    ended(stack, job_id, 30)
    assert [text.split()[0] for text in texts(stack, job_id)] == [str(i) for i in range(20_000)]


def test_celerys_retries_are_attempts_of_one_job_and_none_loses_a_word(stack):
    # The message of a retry may be taken by the other pool process before this one has said all: several, to see it.
    jobs = [send(stack, f"{PLAIN}.flaky", 3) for _ in range(10)]
    for job_id in jobs:
        ended(stack, job_id)
        said = [text for text in texts(stack, job_id) if text.startswith("run ")]
        assert said == ["run 0", "run 1", "run 2"]
    found = job(stack, job_id)
    assert (found["state"], found["attempt"], found["result"]) == ("succeeded", 3, 2)
    assert [o["name"] for o in found["outputs"]] == ["attempt-0", "attempt-1", "attempt-2"]
    states = [e["set"]["state"] for e in events(stack, job_id) if "state" in e.get("set", {})]
    assert states[0] == "queued"
    assert states[-1] == "succeeded"
    assert states.count("started") == 3


def test_a_task_that_asks_to_be_ignored_does_not_stay_started(stack):
    assert ended(stack, send(stack, f"{PLAIN}.ignore"))["state"] == "cancelled"


def test_a_killed_pool_process_is_a_failure_with_the_signals_name(stack):
    found = ended(stack, send(stack, f"{PLAIN}.kill_own_process"))
    assert found["state"] == "failed"
    assert "SIGKILL" in found["reason"]


@pytest.mark.parametrize(("how", "reason"), [("SIGTERM", "SIGTERM"), ("SIGSEGV", "SIGSEGV"), ("exit", "exit code 3")])
def test_a_pool_process_that_ends_is_no_cancel(stack, how, reason):
    found = ended(stack, send(stack, f"{PLAIN}.end_own_process", how))
    assert found["state"] == "failed"
    assert reason in found["reason"]


def test_a_task_that_asks_for_too_much_memory_fails_alone(stack):
    """Celery's worker ends by a MemoryError of a task."""
    before = stack.pid("worker")
    found = ended(stack, send(stack, f"{PLAIN}.swell"))
    assert (found["state"], found["error"]["type"]) == ("failed", "OutOfMemory")
    assert ended(stack, send(stack, f"{PLAIN}.double", 4))["result"] == 8
    assert stack._running["worker"].poll() is None
    assert stack.pid("worker") == before


def test_an_unknown_task_fails_with_advice(stack):
    found = ended(stack, send(stack, "nobody.knows"))
    assert found["state"] == "failed"
    assert "TASKCAST_APPS" in found["error"]["message"]


def test_a_worker_that_is_quicker_than_the_announcement_tells_the_end_all_the_same(stack):
    """Whoever sends says so a moment later; here nobody does, as when the sender dies in between."""
    job_id = str(uuid.uuid4())
    code = """
from celery import current_app
from celery.signals import after_task_publish, before_task_publish
kept = [(signal, list(signal.receivers)) for signal in (before_task_publish, after_task_publish)]
for signal, _ in kept:
    signal.receivers = []
current_app.send_task("nobody.knows", [1], {"x": 2}, task_id=id)
for signal, receivers in kept:
    signal.receivers = receivers
"""
    stack.run(code, id=job_id)
    found = ended(stack, job_id)
    assert (found["state"], found["task"]) == ("failed", "nobody.knows")
    assert found["args"] == {"args": [1], "kwargs": {"x": 2}}


def test_a_second_copy_of_a_message_does_nothing(stack):
    job_id = str(uuid.uuid4())
    code = "from celery import current_app\nfor _ in range(3): current_app.send_task(name, [21], task_id=id)"
    stack.run(code, name=f"{PLAIN}.double", id=job_id)
    wait_for(lambda: stack.log("worker").count(f"{job_id}] received") == 3, "three copies are received")
    found = ended(stack, job_id)
    assert (found["result"], found["attempt"]) == (42, 1)
    wait_for(lambda: stack.log("worker").count(f"job {job_id} was not started: duplicate") == 2, "two are dropped")


def test_children_bear_their_parent_links_of_a_chain_included(stack):
    parent_id = launch(stack, f"{PLAIN}.launch_children")
    alone, second, first = ended(stack, parent_id)["result"]
    for child_id in (alone, first, second):
        assert ended(stack, child_id)["parent"] == parent_id
        assert job(stack, child_id)["root"] == parent_id


def test_links_of_a_chain_from_a_shell_have_no_parent(stack):
    code = (
        "from celery import chain, signature\n"
        "c = chain(signature(name, (1,)), signature(name)).delay()\nanswer = [c.parent.id, c.id]"
    )
    first, second = stack.run(code, name=f"{PLAIN}.double")
    assert ended(stack, second)["result"] == 4
    assert job(stack, first)["parent"] is None
    assert job(stack, second)["parent"] is None


def test_tasks_called_as_functions_are_no_jobs(stack):
    job_id = launch(stack, f"{PLAIN}.call_directly")
    found = ended(stack, job_id)
    assert (found["state"], found["result"]) == ("succeeded", 6)


def test_numbers_that_json_has_not_become_null(stack):
    found = ended(stack, launch(stack, f"{PLAIN}.not_a_number"))
    assert found["result"] == {"nan": None, "deep": [None], "text": "\x1b[31m\n"}


def test_what_became_null_is_said_in_the_jobs_log(stack):
    job_id = launch(stack, f"{PLAIN}.not_a_number")
    ended(stack, job_id)
    assert any("the result holds 2 numbers that JSON does not have" in text for text in texts(stack, job_id))


@pytest.mark.parametrize(
    ("what", "kind"), [("speechless", "Speechless"), ("escaped", "NoException"), ("generator", "NoException")]
)
def test_whatever_a_task_raises_is_told(stack, what, kind):
    found = ended(stack, launch(stack, f"{PLAIN}.raise_strangely", what=what), 10)
    assert (found["state"], found["error"]["type"]) == ("failed", kind)


def test_a_secret_that_a_task_returns_or_publishes_is_masked(stack):
    job_id = launch(stack, f"{PLAIN}.give_away", password='hunter2"PW')
    found = ended(stack, job_id)
    assert found["result"] == {"pw": "********", "deep": ["is ********"], "********": 1}
    code = "from tasks.outputs import open_file\nanswer = open_file(id, 'table')[0].read().decode()"
    assert "hunter2" not in stack.run(code, id=job_id)


@pytest.mark.parametrize("depth", [30, 500])
def test_a_deep_result_is_shown(stack, depth):
    found = ended(stack, launch(stack, f"{PLAIN}.dig", depth=depth))
    assert found["state"] == "succeeded"
    code = "from dashboard.templatetags.taskcast import compact\nanswer = compact(value)"
    assert ("…" in stack.run(code, value=found["result"])) == (depth > 64)


def test_a_cancel_is_asked_seen_and_done(stack):
    job_id = launch(stack, f"{PLAIN}.count", to=100_000, pause=0.01)
    wait_for(lambda: (job(stack, job_id) or {}).get("progress"), "it counts")
    stack.run("from tasks.control import cancel\ncancel(id)", id=job_id)
    found = ended(stack, job_id, 5)
    assert found["state"] == "cancelled"
    cancels = [e["set"]["cancel"] for e in events(stack, job_id) if "cancel" in e.get("set", {})]
    assert cancels[1:] in (["asked", "seen"], ["asked", "seen", "seen"])
    code = "from celery.result import AsyncResult\nanswer = AsyncResult(id).state"
    wait_for(lambda: stack.run(code, id=job_id) == "REVOKED", "Celery's own result says revoked")


def test_a_task_without_track_sees_a_cancel_too(stack):
    job_id = launch(stack, f"{PLAIN}.wait_for_cancel")
    wait_for(lambda: (job(stack, job_id) or {}).get("state") == "started", "it runs")
    stack.run("from tasks.control import cancel\ncancel(id)", id=job_id)
    assert ended(stack, job_id, 5)["result"] == "saw it"


def test_a_cancel_is_seen_when_the_task_itself_has_looked(stack):
    def begin(task):
        job_id = launch(stack, f"{PLAIN}.{task}")
        wait_for(lambda: (job(stack, job_id) or {}).get("state") == "started", "it runs")
        stack.run("from tasks.control import cancel\ncancel(id)", id=job_id)
        return job_id

    busy = begin("clean_up")
    wait_for(lambda: job(stack, busy)["cancel"] == "seen", "it puts things away")
    assert job(stack, busy)["state"] == "started"
    assert ended(stack, busy)["state"] == "cancelled"
    found = ended(stack, begin("deaf"))
    assert (found["state"], found["cancel"]) == ("succeeded", "asked")


def test_a_cancel_is_no_exception_to_be_swallowed_or_retried(stack):
    job_id = launch(stack, f"{PLAIN}.stubborn")
    wait_for(lambda: (job(stack, job_id) or {}).get("progress"), "it runs")
    stack.run("from tasks.control import cancel\ncancel(id)", id=job_id)
    found = ended(stack, job_id, 5)
    assert (found["state"], found["attempt"]) == ("cancelled", 1)


@pytest.mark.parametrize("by", ["launch", "shell"])
def test_a_secret_is_shown_nowhere(stack, by):
    secret = f"open-sesame-{by}"
    name = f"{PLAIN}.leak"
    job_id = launch(stack, name, password=secret) if by == "launch" else send(stack, name, secret)
    found = ended(stack, job_id)
    assert found["args"] == {"password": "********"}
    assert found["error"]["message"] == "no entry with ********"
    assert sorted(texts(stack, job_id)) == ["log ********", "logging ********"]
    assert secret not in str([found, events(stack, job_id)])
    wait_for(lambda: f"{job_id}] raised" in stack.log("worker"), "the worker tells the failure")
    assert secret not in stack.log("worker")


def test_force_ends_what_does_not_listen(stack):
    job_id = launch(stack, f"{PLAIN}.wait_for_cancel")
    wait_for(lambda: (job(stack, job_id) or {}).get("state") == "started", "it runs")
    stack.run("from tasks.control import cancel\ncancel(id, force=True)", id=job_id)
    found = ended(stack, job_id, 10)
    assert found["state"] in ("cancelled", "succeeded")
    job_id = launch(stack, f"{PLAIN}.deaf", seconds=60)
    wait_for(lambda: (job(stack, job_id) or {}).get("state") == "started", "it runs")
    stack.run("from tasks.control import cancel\ncancel(id, force=True)", id=job_id)
    found = ended(stack, job_id, 10)
    assert (found["state"], found["reason"]) == ("cancelled", "terminated by SIGTERM")


def test_a_queued_job_that_is_cancelled_never_starts(stack):
    stack.kill("worker")
    job_id = launch(stack, f"{PLAIN}.double", x=1)
    answer = stack.run("from tasks.control import cancel\nanswer = cancel(id)", id=job_id)
    assert answer["state"] == "cancelled"
    stack.start("worker")
    wait_for(lambda: f"job {job_id} was not started: cancelled" in stack.log("worker"), "the worker refuses it")
    assert job(stack, job_id)["state"] == "cancelled"
    assert job(stack, job_id)["started_at"] is None


def test_cancelling_what_has_ended_is_refused(stack):
    job_id = launch(stack, f"{PLAIN}.double", x=1)
    ended(stack, job_id)
    code = (
        "from tasks.control import cancel, NotCancellable\n"
        "try: cancel(id)\nexcept NotCancellable as error: answer = error.state"
    )
    assert stack.run(code, id=job_id) == "succeeded"


def test_a_job_for_later_waits_as_a_row_and_runs_when_it_is_due(stack):
    code = "from tasks.launching import launch\nanswer = str(launch(name, {'x': 4}, countdown=2).pk)"
    job_id = stack.run(code, name=f"{PLAIN}.double")
    assert job(stack, job_id)["state"] == "scheduled"
    found = ended(stack, job_id)
    assert found["result"] == 8
    began, due = (datetime.fromisoformat(found[name]) for name in ("started_at", "created_at"))
    assert (began - due).total_seconds() >= 2


def test_ten_thousand_events_at_once_reach_a_browser_in_few_frames(stack):
    stack.user("alice", launch=True)
    arrived, follower = [], Follower()
    with Reader(stack, "alice") as reader:
        # No line before the reader is there: what is in its first snapshot comes as no event.
        there = stack.home / "shout"
        job_id = stack.run(_LAUNCH_AS, name=f"{PLAIN}.shout", args={"lines": 10_000, "after": str(there)})
        reader.subscribe(f"job:{job_id}")
        follower.take(reader.next())
        there.touch()
        lines: list[str] = []
        while follower.job is None or follower.job["state"] not in FINAL:
            frame = reader.next()
            arrived.append(time.monotonic())
            follower.take(frame)
            lines += [line["text"] for event in frame.get("events", ()) for line in event.get("lines", ())]
    assert [text.split()[0] for text in lines] == [str(i) for i in range(10_000)]
    assert follower.job == job(stack, job_id)
    # Not "in any second": how they arrive is also up to this process.
    assert len(arrived) <= 20 * (arrived[-1] - arrived[0]) + 22

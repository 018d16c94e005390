"""A real worker: its lease, its recorder process, and what becomes of its jobs when it dies."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid

import pytest

from tasks import leases, recorder_process
from tests.support.stack import Stack, wait_for

TASK = "tests.support.lasting_tasks.wait_for_file"

_ROW = """
from tasks.models import Job
found = Job.objects.select_related("owner").filter(pk=id).first()
answer = found and {**found.as_dict(), "archived": found.archived, "epoch": found.epoch}
"""


@pytest.fixture(scope="module")
def instance():
    running = Stack(WORKERS="1", TASKCAST_APPS="tests.support.lasting_tasks")
    try:
        yield running.up()
    finally:
        running.down()


@pytest.fixture
def stack(instance):
    """The module's instance, with a worker that has nothing to do."""
    yield instance
    if "worker" in instance._running:
        instance.kill("worker")
    with instance.redis() as client:
        client.flushall()
    instance.start("worker")


def send(stack: Stack, path: str) -> str:
    code = "from celery import current_app\nanswer = current_app.send_task(name, args).id"
    return stack.run(code, name=TASK, args=[path])


def row(stack: Stack, job_id: str) -> dict:
    return stack.run(_ROW, id=job_id) or {"state": None}


def reaches(stack: Stack, job_id: str, state: str, seconds: float = 30) -> dict:
    found = {}

    def is_there():
        found.update(row(stack, job_id))
        return found["state"] == state

    try:
        wait_for(is_there, f"{job_id} is {state}", seconds)
    except AssertionError as error:
        raise AssertionError(f"{error}: {found}\n{stack.log('worker')[-3000:]}") from None
    return found


def recorder_pid(stack: Stack) -> int | None:
    """The recorder process of the stack's worker."""
    for pid in _children(stack.pid("worker")):
        with open(f"/proc/{pid}/cmdline") as file:
            if "tasks.recorder_main" in file.read():
                return pid
    return None


def _children(pid: int) -> list[int]:
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return [int(word) for word in file.read().split()]
    except FileNotFoundError:
        return []


def lease_keys(stack: Stack) -> list[str]:
    with stack.redis() as client:
        return list(client.scan_iter(leases.PREFIX + "*"))


def stack_said(client, key) -> dict:
    return json.loads(client.hget(leases.WORKERS, key))


def test_a_busy_worker_keeps_its_lease_and_its_recorder_until_its_last_job_has_ended(stack: Stack):
    path = str(stack.home / uuid.uuid4().hex)
    job_id = send(stack, path)
    reaches(stack, job_id, "started")
    with stack.redis() as client:
        (key,) = lease_keys(stack)
        assert client.hget("taskcast:running", job_id) == key

        # The main loop renews while the pool is busy: the recorder alone would let it fall below 6 s.
        def lowest(seconds):
            until, found = time.monotonic() + seconds, 10_000
            while time.monotonic() < until:
                found = min(found, client.pttl(key))
                time.sleep(0.05)
            return found

        assert lowest(5) > 7000
        wait_for(lambda: job_id in (stack_said(client, key)["active"] or ()), "the lease names the job")
        said = stack_said(client, key)
        assert (said["pid"], said["pool"], said["size"]) == (stack.pid("worker"), "prefork", 1)
        assert said["queues"] == ["celery"]

        # Connections killed: the consumer starts anew, the lease and the job stay.
        for connection in client.client_list():
            if connection["cmd"] != "client|list":
                client.client_kill_filter(_id=connection["id"])
        assert lowest(5) > 5000
        wait_for(lambda: job_id in (stack_said(client, key)["active"] or ()), "the worker still has the job")

        # The recorder dies: another one takes over, and nothing is missing.
        old = wait_for(lambda: recorder_pid(stack), "a recorder runs")
        os.kill(old, signal.SIGKILL)
        other = send(stack, path)
        new = wait_for(lambda: recorder_pid(stack) not in (None, old) and recorder_pid(stack), "another recorder")
        assert reaches(stack, other, "queued")["archived"] == 1
        assert "the recorder (process of this worker) ended with -9" in stack.log("worker")

        # Warm shutdown: the lease holds until the job has ended, and the recorder records its end.
        worker = stack.pid("worker")
        os.kill(worker, signal.SIGTERM)
        wait_for(lambda: "Warm shutdown" in stack.log("worker"), "the worker shuts down")
        assert lowest(7) > 3000
        assert row(stack, job_id)["state"] == "started"
        with open(path, "w"):
            pass
        wait_for(lambda: not os.path.exists(f"/proc/{new}"), "the recorder has ended")
        assert row(stack, job_id)["state"] == "succeeded"
        wait_for(lambda: lease_keys(stack) == [], "the lease is given back")
        assert client.hgetall(leases.WORKERS) == {}
        stack.kill("worker", signal.SIGTERM)  # it has ended: the stack is told


def test_beat_has_the_watch_too():
    code = """
import django
django.setup()
import threading
import project.celery
from celery.signals import beat_init
beat_init.send(None)
assert "taskcast-watch" in [thread.name for thread in threading.enumerate()]
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_the_jobs_of_a_killed_worker_are_lost_within_twenty_seconds(stack: Stack):
    job_id = send(stack, str(stack.home / "never"))
    reaches(stack, job_id, "started")
    recorder = recorder_pid(stack)
    stack.kill("worker")
    killed = time.monotonic()
    wait_for(lambda: not os.path.exists(f"/proc/{recorder}"), "its recorder ends with it", 10)
    # No worker is left: daphne has the watch, and records.
    job = reaches(stack, job_id, "lost", 20 - (time.monotonic() - killed))
    assert "stopped answering at" in job["reason"]
    assert lease_keys(stack) == []


def test_a_frozen_worker_loses_its_job_and_cannot_take_it_back(stack: Stack):
    path = stack.home / uuid.uuid4().hex
    job_id = send(stack, str(path))
    reaches(stack, job_id, "started")
    stack.pause("worker")
    frozen = time.monotonic()
    # Another process of ours has the watch: daphne's or beat's thread in earnest.
    code = """
import threading
from tasks import watch
watch.run_in_thread()
watch.run_in_thread()
answer = [thread.name for thread in threading.enumerate()].count("taskcast-watch")
"""
    assert stack.run(code) == 1

    def lost():
        code = "from tasks import eventlog\nanswer = eventlog.snapshot(id).job['state']"
        return stack.run(code, id=job_id) == "lost"

    wait_for(lost, "the job is lost", 25)
    assert time.monotonic() - frozen > 5
    path.touch()
    stack.resume("worker")
    job = reaches(stack, job_id, "lost")
    assert job["result"] is None
    wait_for(lambda: "succeeded in" in stack.log("worker"), "the worker ends the task all the same")
    assert row(stack, job_id)["state"] == "lost"


def test_an_outage_of_redis_costs_no_job(stack: Stack):
    """Longer away than a lease lives: the worker is back before anybody takes it for dead."""
    path = stack.home / uuid.uuid4().hex
    job_id = send(stack, str(path))
    reaches(stack, job_id, "started")
    stack.kill("redis")
    wait_for(lambda: stack.log("worker").count("Trying again in 1.00 second") > 12, "the worker has waited long", 40)
    stack.start("redis")
    with stack.redis() as client:
        wait_for(lambda: lease_keys(stack), "the lease is back", 4)
        (key,) = lease_keys(stack)
        wait_for(lambda: list(stack_said(client, key)["active"] or ()) == [job_id], "the worker is back")
    path.touch()
    reaches(stack, job_id, "succeeded")
    said = stack.log("worker")
    assert said.count("recording does not work") == 1, "said once, not ten times a second"
    assert "recording works again" in said


def test_flushall_begins_anew_and_the_running_job_ends_well(stack: Stack):
    path = stack.home / uuid.uuid4().hex
    job_id = send(stack, str(path))
    epoch = reaches(stack, job_id, "started")["epoch"]
    with stack.redis() as client:
        client.flushall()
        wait_for(lambda: client.get("taskcast:epoch") == str(epoch + 1), "the log is open again", 5)
        assert client.hget("taskcast:running", job_id)
        path.touch()
        job = reaches(stack, job_id, "succeeded")
        assert (job["epoch"], job["archived"]) == (epoch + 1, job["seq"])


def test_a_job_whose_end_was_flushed_away_does_not_stay_started(stack: Stack):
    path = stack.home / uuid.uuid4().hex
    job_id = send(stack, str(path))
    reaches(stack, job_id, "started")
    recorder = recorder_pid(stack)
    os.kill(recorder, signal.SIGSTOP)  # the end is written to the log, and never recorded
    path.touch()
    code = "from tasks import eventlog\nanswer = eventlog.snapshot(id).job['state']"
    wait_for(lambda: stack.run(code, id=job_id) == "succeeded", "the job has ended")
    with stack.redis() as client:
        client.flushall()
    os.kill(recorder, signal.SIGCONT)
    job = reaches(stack, job_id, "lost", 40)
    assert "no longer has this job" in job["reason"]


def test_a_frozen_process_does_not_run():
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        assert leases.is_running(process.pid)
        process.send_signal(signal.SIGSTOP)
        wait_for(lambda: not leases.is_running(process.pid), "it is seen to be frozen", 5)
        process.send_signal(signal.SIGCONT)
        wait_for(lambda: leases.is_running(process.pid), "it is seen to run again", 5)
        process.kill()
        wait_for(lambda: not leases.is_running(process.pid), "it is seen to be dead", 5)
    finally:
        process.kill()
        process.wait()
    assert not leases.is_running(process.pid)


def test_the_recorder_finds_the_workers_celery_app():
    from celery.utils.imports import symbol_by_name

    from project.celery import app

    assert symbol_by_name(recorder_process.find_app(app)) is app
    assert recorder_process.find_app(object()) is None

"""The topic `jobs` on a real daphne: the newest jobs that somebody may see, then every change, live."""

from __future__ import annotations

import pytest

from dashboard.live.frames import MOST_ROWS
from tests.support.live import Reader
from tests.support.stack import Stack

W = "from tests.support import writing as w; "


@pytest.fixture(autouse=True)
def empty(web: Stack) -> None:
    web.run("from tasks.models import Job; Job.objects.all().delete()")


def test_changes_arrive_live_in_their_latest_state(web):
    with Reader(web, "alice") as reader:
        reader.subscribe("jobs")
        assert reader.next() == {"type": "jobs", "jobs": [], "removed": [], "more": False}
        job = web.run(W + "answer = w.row(state='queued', args={'x': 1})")
        (shown,) = reader.next()["jobs"]
        assert (shown["id"], shown["state"], shown["args"], shown["owner"]) == (job, "queued", {"x": 1}, "alice")
        web.run(
            W + "w.row(job_id=job, state='started'); w.row(job_id=job, state='succeeded', result='x' * 9000)", job=job
        )
        frames = reader.until(lambda frame: frame["jobs"][-1]["state"] == "succeeded")
        assert frames[-1]["jobs"][-1]["result"] is None
        assert frames[-1]["jobs"][-1]["truncated"] == ["result"]
        # One whose message is lost arrives all the same.
        web.run(W + "w.row(job_id=job, reason='late', echo=False)", job=job)
        assert reader.next(5)["jobs"][0]["reason"] == "late"


def test_everybody_gets_the_jobs_that_they_may_see(web):
    before = web.run(W + "answer = {'alice': w.row('alice'), 'bob': w.row('bob'), 'nobody': w.row(None)}")
    sees = {"alice": ["alice"], "bob": ["bob"], "charlie": [], "dora": ["alice", "bob", "nobody"]}
    readers = {name: Reader(web, name) for name in sees}
    for name, reader in readers.items():
        with reader:
            reader.subscribe("jobs")
            assert {job["id"] for job in reader.next()["jobs"]} == {before[owner] for owner in sees[name]}
    with (
        Reader(web, "alice") as alice,
        Reader(web, "bob") as bob,
        Reader(web, "charlie") as charlie,
        Reader(web, "dora") as dora,
    ):
        together = {"alice": alice, "bob": bob, "charlie": charlie, "dora": dora}
        for reader in together.values():
            reader.subscribe("jobs")
            reader.next()
        after = web.run(W + "answer = {o: w.row(None if o == 'nobody' else o) for o in ('alice', 'bob', 'nobody')}")
        last = web.run(W + "answer = [w.row(o) for o in ('alice', 'bob', 'charlie')]")
        for name, reader in together.items():
            final = {"alice": last[0], "bob": last[1], "charlie": last[2], "dora": last[2]}[name]
            shown = {
                job["id"]
                for frame in reader.until(lambda f, final=final: f["jobs"][-1]["id"] == final)
                for job in frame["jobs"]
            }
            assert shown - set(last) == {after[owner] for owner in sees[name]}, name


MANY = """
from django.utils import timezone
from datetime import timedelta
from tasks.models import Job
now = timezone.now()
alice = w.owner_id('alice')
def rows(n, state, at):
    times = [now - timedelta(seconds=at + i) for i in range(n)]
    return [Job(task='t', state=state, created_at=time, owner_id=alice) for time in times]
made = Job.objects.bulk_create(rows(250, 'queued', 0) + rows(70, 'succeeded', 1000) + rows(20, 'failed', 990))
answer = [str(job.id) for job in made]
"""


def test_the_first_answer_is_the_newest(web):
    made = web.run(W + MANY)
    with Reader(web, "alice") as reader:
        reader.subscribe("jobs")
        seen: list[str] = []
        while len(seen) < 250:
            frame = reader.next()
            assert len(frame["jobs"]) <= MOST_ROWS
            assert frame["more"] is True
            seen += [job["id"] for job in frame["jobs"]]
    assert seen[:200] == made[:200]
    newest_finished = sorted(
        [*range(250, 320), *range(320, 340)], key=lambda n: n - 250 + 1000 if n < 320 else n - 320 + 990
    )
    assert set(seen[200:]) == {made[n] for n in newest_finished[:50]}


def test_a_burst_is_few_frames_and_none_is_missed(web):
    with Reader(web, "dora") as reader:
        reader.subscribe("jobs")
        reader.next()
        made = web.run(W + "answer = [w.row(reason='x' * 500, echo=n % 50 == 0) for n in range(500)]")
        seen: set[str] = set()
        frames = 0
        while len(seen) < 500:
            frame = reader.next()
            frames += 1
            seen |= {job["id"] for job in frame["jobs"]}
    assert seen == set(made)
    assert frames < 100


def test_deleted_jobs_are_taken_off(web):
    with Reader(web, "alice") as alice, Reader(web, "bob") as bob:
        for reader in (alice, bob):
            reader.subscribe("jobs")
            reader.next()
        job = web.run(W + "answer = w.row('alice')")
        assert alice.next()["jobs"][0]["id"] == job
        web.run("from tasks.models import Job; Job.objects.filter(pk=job).delete()", job=job)
        assert alice.next(8)["removed"] == [job]
        web.run(W + "w.row('bob')")
        frames = bob.until(lambda frame: frame["jobs"])
        assert not any(job in frame["removed"] for frame in frames), "what he could not see he is not told of"

"""The children of a job, all at once: the cells of its map, how they failed, and who may know."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dashboard import failures
from tasks.events import STATES
from tasks.models import BATCH, Job
from tests.support.cast import Cast, make_cast, new_job

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_server", "static_files")]

ADD = "tasks.samples.arithmetic.add"


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def parent_of(owner, **children):
    count = sum(children.values())
    progress = {"current": 0, "total": count, "description": "", "steps": []}
    args = {"task": ADD, "rows": count}
    return new_job(owner, task=BATCH, state="started", args=args, children=children, progress=progress)


def brood(parent, states, **fields):
    """A child in each of the `states`, by bulk rows, in the order of their rows."""
    now, last = timezone.now(), Job.objects.count()
    made = [
        Job(task=ADD, args={"x": n, "y": 0}, state=state, owner=parent.owner, parent=parent.pk, row=n + 1,
            created_at=now + timedelta(microseconds=n), finished_at=now + timedelta(seconds=n), seq=2, epoch=1,
            change=last + n, **fields)
        for n, state in enumerate(states)
    ]  # fmt: skip
    return Job.objects.bulk_create(made, batch_size=500)


def cells(cast, who, parent, query=""):
    response = cast.pages(who).get(f"/jobs/{parent.pk}/children/{query}")
    assert response.status_code == 200
    return response.json()


def fail(job, kind, message):
    error = {"type": kind, "message": message, "traceback": "x" * 2000}
    Job.objects.filter(pk=job.pk).update(state="failed", error=error)


def test_ten_thousand_children_are_told_in_few_bytes_and_queries(cast):
    parent = parent_of(cast.users["alice"], queued=10_000)
    states = [STATES[n % len(STATES)] for n in range(10_050)]
    made = brood(parent, states)
    browser = cast.pages("alice")
    with CaptureQueriesContext(
        connection,
    ) as asked:
        response = browser.get(f"/jobs/{parent.pk}/children/")
    said = response.json()
    assert said["whole"] is True
    assert said["ids"] == "".join(job.pk.hex for job in made[:10_000])
    assert [STATES[int(digit)] for digit in said["states"]] == states[:10_000]
    assert said["rows"] == list(range(1, 10_001))
    assert said["change"] == made[-1].change
    assert len(response.content) < 500_000
    assert len(asked) <= 8


def test_what_has_changed_since_is_told_alone(cast):
    alice = cast.users["alice"]
    parent, other = parent_of(alice, queued=3), parent_of(alice, queued=1)
    made = brood(parent, ["queued"] * 3)
    brood(other, ["queued"])
    first = cells(cast, "alice", parent)
    top = first["change"]
    Job.objects.filter(pk=made[1].pk).update(
        state="started", change=top + 1, progress={"current": 3, "total": 4, "description": "", "steps": []}
    )
    Job.objects.filter(parent=other.pk).update(state="started", change=top + 2)
    said = cells(cast, "alice", parent, f"?since={top}")
    assert said == {
        "change": top + 2, "whole": False, "ids": made[1].pk.hex, "states": str(STATES.index("started")), "rows": [2],
        "shares": {"0": 0.75},
    }  # fmt: skip
    assert cells(cast, "alice", parent, f"?since={top + 2}")["ids"] == ""
    # Who is too far behind, or knows a change that is not there, is told all.
    for text in (str(top + 10), "-1", "x", "9" * 30, "١"):
        assert cells(cast, "alice", parent, f"?since={text}")["whole"] is True
    new_job(alice, change=top + 100_000)
    assert cells(cast, "alice", parent, f"?since={top}")["whole"] is True


def test_of_the_children_only_those_that_may_be_seen(cast):
    alice, bob = cast.users["alice"], cast.users["bob"]
    parent = parent_of(alice, queued=2)
    own, theirs = brood(parent, ["failed", "failed"])
    for job in (own, theirs):
        fail(job, "ValueError", "bad")
    Job.objects.filter(pk=theirs.pk).update(owner=bob)
    assert cells(cast, "alice", parent)["ids"] == own.pk.hex
    page = cast.pages("alice").get(f"/jobs/{parent.pk}/failures/").content.decode()
    assert '<strong class="failure-count">1</strong>' in page
    assert cast.pages("bob").get(f"/jobs/{parent.pk}/failures/").status_code == 404


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("17 fails", "… fails"),
        ("row 3, column 4.5: 2026-01-02 12:30:00", "row …, column …: …"),
        ("no job 7b1c0b0e-4f2a-4b0e-9a51-0d2a6f5f4c11", "no job …"),
        ("<object at 0x7f0a>", "<object at …>"),
        ("commit deadbeef12 is facade", "commit … is facade"),
        ("silent since 2026-11-28T08:33:28.5+00:00 so far", "silent since … so far"),
        ("'name'", "'name'"),
        ("", ""),
    ],
)
def test_what_differs_in_messages_of_a_kind_is_left_blank(message, told):
    assert failures.pattern(message) == told


def test_failures_stand_by_what_was_wrong_and_most_frequent_first(cast):
    alice = cast.users["alice"]
    parent = parent_of(alice, failed=7, lost=1)
    made = brood(parent, ["failed"] * 6 + ["lost", "succeeded"])
    for n, job in enumerate(made[:4]):
        fail(job, "ValueError", f"{n} fails\nand more of it")
    fail(made[4], "KeyError", "<b>&")
    Job.objects.filter(pk=made[6].pk).update(reason="its process died")
    browser = cast.pages("alice")
    page = browser.get(f"/jobs/{parent.pk}/").content.decode()
    assert re.findall(r'<strong class="failure-count">(\d+)</strong>', page) == ["4", "1", "1", "1"]
    assert re.findall(r'class="failure-message">.*?<span>(.*?)</span></p>', page)[0] == "… fails"
    assert f'<a href="/jobs/{made[3].pk}/">row 4</a> <q>3 fails</q>' in page
    assert "&lt;b&gt;&amp;" in page
    assert "its process died" in page
    assert f'href="/jobs/?parent={parent.pk}&amp;order=oldest&amp;state=lost"' in page
    korean = browser.get(f"/jobs/{parent.pk}/failures/", headers={"Accept-Language": "ko"}).content.decode()
    assert "무엇이 잘못되었나" in korean
    assert "프로세스가 종료되었습니다" in korean


def test_those_that_failed_alike_are_run_again_together(cast):
    parent = parent_of(cast.users["alice"], failed=4)
    made = brood(parent, ["failed"] * 4)
    for n, job in enumerate(made[:3]):
        fail(job, "ValueError", f"{n} fails")
    fail(made[3], "KeyError", "other")
    browser = cast.pages("alice")
    page = browser.get(f"/jobs/{parent.pk}/failures/").content.decode()
    address = re.search(r'class="button" href="([^"]+)"', page)[1]
    group = browser.get(address).content.decode()
    assert re.findall(r'name="job" value="([^"]+)"', group) == [str(job.pk) for job in made[2::-1]]
    done = browser.post(address, {"action": "retry", "job": [str(job.pk) for job in made[:3]]}).content.decode()
    assert "3 jobs are launched again" in done
    again = Job.objects.filter(retry_of__in=[job.pk for job in made])
    assert {job.retry_of for job in again} == {job.pk for job in made[:3]}
    assert cast.pages("dora").post(address, {"action": "retry", "job": [str(made[0].pk)]}).status_code == 200
    assert Job.objects.filter(retry_of=made[0].pk).count() == 1  # she sees them and may not launch
    assert browser.post(address, {"action": "retry"}).status_code == 302
    gone = browser.get(f"/jobs/{parent.pk}/failures/nonsense/", follow=True)
    assert "No child of this job fails like this any more." in gone.content.decode()


def test_all_of_a_group_are_run_again_also_those_that_are_not_shown(cast):
    parent = parent_of(cast.users["alice"], failed=230)
    Job.objects.filter(parent=parent.pk).delete()
    brood(parent, ["failed"] * 230, error={"type": "ValueError", "message": "bad", "traceback": ""})
    browser = cast.pages("alice")
    address = re.search(r'href="([^"]+/failures/[^"]+)"', browser.get(f"/jobs/{parent.pk}/").content.decode())[1]
    page = browser.get(address).content.decode()
    assert page.count('name="job"') == 200
    assert "All 230 that failed like this" in page
    assert "230 jobs are launched again" in browser.post(address, {"action": "retry", "all": "1"}).content.decode()


def test_ten_thousand_failures_are_grouped_in_few_queries(cast):
    alice = cast.users["alice"]
    parent = parent_of(alice, failed=10_001)
    for kind in range(25):
        error = {"type": f"Error{kind:02}", "message": f"in row {kind}: no value", "traceback": "x" * 500}
        brood(parent, ["failed"] * (401 if kind else 400), error=error)
    browser = cast.pages("alice")
    with CaptureQueriesContext(connection) as asked:
        page = browser.get(f"/jobs/{parent.pk}/failures/").content.decode()
    assert page.count("<li ") == failures.GROUPS
    assert "more failed in other ways" in page
    assert "More have failed than are looked at here" in page
    assert len(asked) <= 8

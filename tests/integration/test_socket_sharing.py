"""A socket that is opened by a link: follows that one job, for as long as the link lets anybody in."""

from __future__ import annotations

import time

import pytest

from tests.support.live import Reader
from tests.support.stack import Stack

SIGNED_OUT = 4401
MAKE = """
from datetime import timedelta
from django.contrib.auth import get_user_model
from dashboard import queries, shares
from tests.support.cast import in_log, new_job
alice = get_user_model().objects.get(username="alice")
job, other = new_job(alice), new_job(alice)
in_log(job), in_log(other)
token = shares.make(alice, queries.find(job.pk), timedelta(seconds=seconds))
answer = {"token": token, "job": str(job.pk), "other": str(other.pk)}
"""


@pytest.fixture
def shared(web: Stack) -> dict[str, str]:
    return web.run(MAKE, seconds=3600)


def opened(web: Stack, token: str, **more: object) -> Reader:
    return Reader(web, path=f"/ws/?share={token}", **more)


def test_it_follows_the_one_job_and_nothing_else(web, shared):
    with opened(web, shared["token"]) as reader:
        reader.subscribe(f"job:{shared['other']}")
        assert reader.next()["code"] == "not_found"
        reader.subscribe("jobs")
        assert reader.next()["code"] == "not_found"
        reader.subscribe(f"job:{shared['job']}")
        assert reader.next()["job"]["id"] == shared["job"]
        web.run("from tests.support import writing as w; w.lines(job, 1, 1, echo=True)", job=shared["job"])
        assert reader.next()["events"][0]["lines"][0]["text"].startswith("line 1")


def test_who_is_signed_in_is_a_guest_by_the_link(web, shared):
    with opened(web, shared["token"], cookies=web.cookies("alice")) as reader:
        reader.subscribe(f"job:{shared['other']}")
        assert reader.next()["code"] == "not_found"
    with opened(web, "nothing", cookies=web.cookies("alice")) as reader:
        assert reader.close_code() == SIGNED_OUT


def test_others_who_follow_the_job_let_nobody_in(web, shared):
    with Reader(web, "alice") as owner, opened(web, web.run(MAKE, seconds=3600)["token"]) as guest:
        owner.subscribe(f"job:{shared['job']}")
        owner.next()
        guest.subscribe(f"job:{shared['job']}")
        assert guest.next()["code"] == "not_found"


@pytest.mark.parametrize(
    "loss",
    [
        "link = ShareLink.objects.get(job=job); shares.revoke(alice, queries.find(job), link)",
        "ShareLink.objects.filter(job=job).update(revoked_at=timezone.now())",  # nobody tells of this one
        "ShareLink.objects.filter(job=job).update(expires_at=timezone.now())",
        "Job.objects.filter(pk=job).update(owner=get_user_model().objects.get(username='bob'))",
    ],
)
def test_the_end_of_the_link_ends_an_open_socket(web, shared, loss):
    names = """
from django.contrib.auth import get_user_model
from django.utils import timezone
from dashboard import queries, shares
from dashboard.models import ShareLink
from tasks.models import Job
alice = get_user_model().objects.get(username="alice")
"""
    with opened(web, shared["token"]) as reader:
        reader.subscribe(f"job:{shared['job']}")
        reader.next()
        web.run(names + loss, job=shared["job"])
        began = time.monotonic()
        assert reader.close_code(10) == SIGNED_OUT
        assert time.monotonic() - began < 5
    with opened(web, shared["token"]) as reader:
        assert reader.close_code() == SIGNED_OUT


def test_a_guest_stays_through_looks_at_rights(web, shared):
    with opened(web, shared["token"]) as reader:
        reader.subscribe(f"job:{shared['job']}")
        reader.next()
        time_of_two_ticks = time.monotonic() + 12
        while len(reader.ticks) < 2 and time.monotonic() < time_of_two_ticks:
            frame = reader.read()
            assert frame["type"] in ("tick", "events"), frame
            reader.ticks += [frame] if frame["type"] == "tick" else []
        web.run("from tests.support import writing as w; w.lines(job, 1, 1, echo=True)", job=shared["job"])
        assert reader.next()["events"][0]["lines"][0]["text"].startswith("line 1")

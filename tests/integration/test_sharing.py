"""Links to one job for people without an account: who makes them, what they open, and when they open nothing."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from dashboard import access, limits, queries, shares
from dashboard.models import ShareLink
from tasks import audit, result_files
from tasks.models import AuditEntry
from tests.support.cast import in_log, make_cast, new_job

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_server", "static_files"), pytest.mark.database]


@pytest.fixture
def cast():
    return make_cast()


@pytest.fixture(autouse=True)
def _nobody_has_guessed(monkeypatch):
    monkeypatch.setattr(limits, "LINKS", limits.Limit(60, 1 / 2))


@pytest.fixture
def job(cast):
    found = new_job(cast.users["alice"], args={"x": 1, "y": 2}, parent=None)
    in_log(found)
    result_files.save(str(found.pk), "report", "file", b"content")
    return found


@pytest.fixture
def anybody():
    return Client(raise_request_exception=False)


def linked(cast, job, who="alice", **lifetime):
    """The token of a new link."""
    return shares.make(cast.users[who], queries.find(job.pk), timedelta(**lifetime or {"hours": 1}))


def test_the_owner_makes_a_link_that_is_shown_once(cast, job, anybody):
    browser = cast.pages("alice")
    assert f'href="/jobs/{job.pk}/share/"' in browser.get(f"/jobs/{job.pk}/").content.decode()
    made = browser.post(f"/jobs/{job.pk}/share/", {"hours": "24"})
    address = made.context["link"]
    assert address in made.content.decode()
    assert made.headers["Cache-Control"].count("no-store") == 1
    token = address.rstrip("/").rpartition("/")[2]
    assert len(token) >= 43
    link = ShareLink.objects.get()
    assert token not in (link.digest, str(vars(link)))
    assert timedelta(hours=23) < link.expires_at - timezone.now() < timedelta(hours=25)
    assert token not in browser.get(f"/jobs/{job.pk}/share/").content.decode()
    assert anybody.get(address.removeprefix("http://testserver")).status_code == 200
    assert AuditEntry.objects.get(action=audit.SHARED).job == job.pk


def test_a_lifetime_that_is_not_offered_is_refused(cast, job):
    assert cast.pages("alice").post(f"/jobs/{job.pk}/share/", {"hours": "99999"}).status_code == 422
    assert not ShareLink.objects.exists()


def test_who_sees_a_job_without_steering_it_does_not_share_it(cast, job):
    bob, alice = cast.users["bob"], cast.users["alice"]
    group = bob.groups.create(name="analysts")
    alice.groups.add(group)
    bob.user_permissions.add(Permission.objects.get(codename="view_group_jobs"))
    browser = cast.pages("bob")
    assert "/share/" not in browser.get(f"/jobs/{job.pk}/").content.decode()
    assert browser.post(f"/jobs/{job.pk}/share/", {"hours": "1"}).status_code == 403
    bob.user_permissions.add(Permission.objects.get(codename="steer_jobs"))
    assert browser.post(f"/jobs/{job.pk}/share/", {"hours": "1"}).status_code == 200


def test_a_link_shows_the_job_and_no_way_to_anything_else(cast, job, anybody):
    parent = new_job(cast.users["alice"])
    child = new_job(
        cast.users["alice"],
        parent=parent.pk,
        group=parent.pk,
        retry_of=parent.pk,
        outputs=[{"name": "a b/c", "kind": "file", "size": 3}],
    )
    token = linked(cast, child)
    answer = anybody.get(f"/shared/{token}/")
    page = answer.content.decode()
    assert f'data-share="{token}"' in page
    assert f'<taskcast-job job="{child.pk}"' in page
    assert f'href="/shared/{token}/files/a%20b%2Fc"' in page
    links = [part.split('"')[0] for part in page.split('href="')[1:]]
    assert [link for link in links if not link.startswith(("/static/", f"/shared/{token}/"))] == []
    assert "<form" not in page
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert "no-store" in answer.headers["Cache-Control"]
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert not answer.cookies


def test_only_the_embedded_page_stands_in_frames(cast, job, anybody):
    answer = anybody.get(f"/shared/{linked(cast, job)}/embed/")
    assert "frame-ancestors *" in answer.headers["Content-Security-Policy"]
    assert "script-src" not in answer.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in answer.headers
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_the_script_is_given_the_job_its_events_and_its_files(cast, job, anybody):
    token = linked(cast, job)
    assert anybody.get(f"/shared/{token}/job").json()["id"] == str(job.pk)
    events = anybody.get(f"/shared/{token}/events?after=0&limit=5").json()
    assert [event["seq"] for event in events["events"]] == [1]
    assert anybody.get(f"/shared/{token}/events?after=x&limit=-1").status_code == 200
    assert anybody.get(f"/shared/{token}/files/report").getvalue() == b"content"
    assert anybody.get(f"/shared/{token}/files/nothing").status_code == 404
    assert anybody.post(f"/shared/{token}/").status_code == 405


def test_the_token_of_one_job_opens_nothing_of_another(cast, job, anybody):
    other = new_job(cast.users["alice"])
    result_files.save(str(other.pk), "secret", "file", b"other")
    token = linked(cast, job)
    assert anybody.get(f"/shared/{token}/files/secret").status_code == 404
    for path in (f"/jobs/{other.pk}/", f"/jobs/{job.pk}/", f"/api/v1/jobs/{job.pk}", "/jobs/"):
        assert anybody.get(f"{path}?share={token}").status_code in (302, 401)
    guest = shares.guest(token)
    assert access.may_follow(guest, str(job.pk), job.owner_id)
    assert not access.may_follow(guest, str(other.pk), other.owner_id)
    assert not access.may_follow_lists(guest)
    assert not access.may_see(guest, job.owner_id)
    assert not access.jobs_for(guest).exists()
    assert not access.may_steer(guest, job.owner_id)


def test_a_link_that_never_was_is_not_found(anybody):
    answer = anybody.get("/shared/nothing/")
    assert answer.status_code == 404
    assert "This link opens nothing" in answer.content.decode()


@pytest.mark.parametrize("rest", ["", "embed/", "job", "events", "files/report"])
def test_a_link_that_is_over_says_so(cast, job, anybody, rest):
    expired, revoked = linked(cast, job), linked(cast, job)
    first, second = ShareLink.objects.order_by("pk")
    ShareLink.objects.filter(pk=first.pk).update(expires_at=timezone.now())
    assert cast.pages("alice").post(f"/jobs/{job.pk}/share/{second.pk}/revoke/").status_code == 302
    for token in (expired, revoked):
        answer = anybody.get(f"/shared/{token}/{rest}")
        assert answer.status_code == 410
        assert "This link is over" in answer.content.decode()
        assert str(job.pk) not in answer.content.decode()
    assert AuditEntry.objects.get(action=audit.UNSHARED).job == job.pk


@pytest.mark.parametrize("loss", ["switched off", "right lost", "job gone"])
def test_a_link_lets_nobody_in_whose_maker_may_not_share_any_more(cast, job, anybody, loss):
    dora = cast.users["dora"]
    token = linked(cast, job, "dora")
    assert anybody.get(f"/shared/{token}/").status_code == 200
    if loss == "switched off":
        dora.is_active = False
    elif loss == "right lost":
        dora.is_staff = False
    else:
        job.delete()
    dora.save()
    assert anybody.get(f"/shared/{token}/").status_code == 410
    if loss == "right lost":
        assert "may not share this job any more" in cast.pages("alice").get(f"/jobs/{job.pk}/share/").content.decode()


def test_a_link_is_not_revoked_by_way_of_another_job(cast, job):
    linked(cast, job)
    other = new_job(cast.users["alice"])
    link = ShareLink.objects.get()
    assert cast.pages("alice").post(f"/jobs/{other.pk}/share/{link.pk}/revoke/").status_code == 404
    assert ShareLink.objects.get().revoked_at is None


def test_it_is_noted_when_a_link_was_used_to_within_a_minute(cast, job, anybody, django_assert_num_queries):
    token = linked(cast, job)
    anybody.get(f"/shared/{token}/job")
    used = ShareLink.objects.get().last_used_at
    assert used is not None
    anybody.get(f"/shared/{token}/job")
    assert ShareLink.objects.get().last_used_at == used


def test_a_job_has_so_many_links_at_a_time(cast, job, monkeypatch):
    monkeypatch.setattr(shares, "MOST", 1)
    linked(cast, job)
    answer = cast.pages("alice").post(f"/jobs/{job.pk}/share/", {"hours": "1"})
    assert answer.status_code == 422
    assert "revoke one first" in answer.content.decode()


def test_who_guesses_has_to_wait_and_is_told_the_truth(cast, job, anybody, monkeypatch):
    monkeypatch.setattr(limits, "LINKS", limits.Limit(2, 1 / 60))
    token = linked(cast, job)
    for _ in range(5):  # who has a link that opens something is not counted
        assert anybody.get(f"/shared/{token}/job").status_code == 200
    assert [anybody.get("/shared/guess/").status_code for _ in range(3)] == [404, 404, 429]
    answer = anybody.get(f"/shared/{token}/")
    assert (answer.status_code, int(answer.headers["Retry-After"]) > 0) == (429, True)
    assert "<h1>Too many tries</h1>" in answer.content.decode()
    assert "opens nothing</h1>" not in answer.content.decode()

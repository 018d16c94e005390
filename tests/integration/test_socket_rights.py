"""Who may open the socket, and that whoever loses a right loses it within 5 s on sockets that are open."""

from __future__ import annotations

import time

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from tests.support.live import Reader
from tests.support.stack import Stack

W = "from tests.support import writing as w; "
USER = "from django.contrib.auth.models import User; u = User.objects.get(username=name); "
SIGNED_OUT = 4401


@pytest.fixture
def somebody(web: Stack) -> str:
    """An account of the test's own."""
    name = f"u{time.monotonic_ns()}"
    web.user(name, staff=True)
    return name


@pytest.mark.parametrize("origin", ["null", "http://evil.example", "https://127.0.0.1", "http://127.0.0.1:1"])
def test_foreign_origins_are_refused_before_anything_is_accepted(web, origin):
    with pytest.raises(InvalidStatus) as caught, Reader(web, "alice", origin=origin):
        pass
    assert caught.value.response.status_code == 403


def test_our_own_origin_and_none_are_fine(web):
    for origin in (web.url, None):
        with Reader(web, "alice", origin=origin) as reader:
            reader.subscribe("jobs")
            assert reader.next()["type"] == "jobs"


@pytest.mark.parametrize(
    "credentials", [{}, {"token": "taskcast_nobody"}, {"cookies": {"sessionid": "x" * 32}}, {"token": "é"}]
)
def test_strangers_are_let_in_to_be_told_the_reason(web, credentials):
    with Reader(web, **credentials) as reader:
        assert reader.close_code() == SIGNED_OUT


def test_an_unknown_path_is_refused_without_a_traceback(web):
    with Reader(web, "alice", path="/ws/nothing/") as reader:
        assert reader.close_code() == 4404


def within_five_seconds(reader: Reader) -> int:
    began = time.monotonic()
    code = reader.close_code(10)
    assert time.monotonic() - began < 5
    return code


@pytest.mark.parametrize(
    "loss",
    [
        "u.is_active = False; u.save()",
        "User.objects.filter(pk=u.pk).update(is_active=False)",  # no signal tells of this one
        "u.delete()",
        "u.set_password('another'); u.save()",
        "from django.contrib.sessions.models import Session; Session.objects.filter(pk=key).delete()",
    ],
)
def test_losing_the_session_closes(web, somebody, loss):
    cookies = web.cookies(somebody)
    with Reader(web, cookies=cookies) as reader:
        reader.subscribe("jobs")
        reader.next()
        web.run(USER + loss, name=somebody, key=next(iter(cookies.values())))
        assert within_five_seconds(reader) == SIGNED_OUT


def test_logging_out_closes_every_socket_of_that_session_only(web, somebody):
    cookies, other = web.cookies(somebody), web.cookies(somebody)
    with Reader(web, cookies=cookies) as reader, Reader(web, cookies=other) as stays:
        for each in (reader, stays):
            each.subscribe("jobs")
            each.next()
        with httpx.Client(base_url=web.url, cookies=cookies) as client:
            page = client.get("/", follow_redirects=True)
            token = client.cookies.get("csrftoken")
            answer = client.post(
                "/accounts/logout/", headers={"X-CSRFToken": token or "", "Referer": web.url + "/", "Origin": web.url}
            )
            assert answer.status_code in (200, 302), (page.status_code, answer.status_code)
        assert within_five_seconds(reader) == SIGNED_OUT
        stays.subscribe("jobs")
        assert stays.next()["type"] == "jobs"


def test_a_revoked_token_closes(web, somebody):
    with Reader(web, token=web.token(somebody)) as reader:
        reader.subscribe("jobs")
        reader.next()
        web.run(USER + "from dashboard.models import ApiToken; ApiToken.objects.filter(user=u).delete()", name=somebody)
        assert within_five_seconds(reader) == SIGNED_OUT


def test_a_token_that_is_revoked_on_the_page_closes_its_own_sockets_only(web, somebody):
    token, other = (web.manage("token", somebody, "--name", name).split()[-1] for name in ("a", "b"))
    with Reader(web, token=token) as reader, Reader(web, token=other) as stays:
        for each in (reader, stays):
            each.subscribe("jobs")
            each.next()
        pk = web.run(USER + "from dashboard.models import ApiToken; "
                     "answer = ApiToken.objects.get(user=u, name='a').pk", name=somebody)  # fmt: skip
        with httpx.Client(base_url=web.url, cookies=web.cookies(somebody)) as client:
            client.get("/accounts/tokens/")
            fields = {"csrfmiddlewaretoken": client.cookies["csrftoken"]}
            headers = {"Origin": web.url}
            assert client.post(f"/accounts/tokens/{pk}/revoke/", data=fields, headers=headers).status_code == 302
        assert within_five_seconds(reader) == SIGNED_OUT
        stays.subscribe("jobs")
        assert stays.next()["type"] == "jobs"


def test_a_token_that_expires_closes(web, somebody):
    token = web.run(USER + "from dashboard import accounts; from datetime import timedelta; "
                    "answer = accounts.new_token(u, lifetime=timedelta(seconds=2))", name=somebody)  # fmt: skip
    with Reader(web, token=token) as reader:
        reader.subscribe("jobs")
        assert reader.next()["type"] == "jobs"
        assert reader.close_code(2 + 5) == SIGNED_OUT


def test_a_token_that_may_not_read_follows_nothing(web, somebody):
    with Reader(web, token=web.manage("token", somebody, "--scope", "launch").split()[-1]) as reader:
        assert reader.close_code() == SIGNED_OUT


def test_losing_the_right_to_see_a_job_ends_its_subscription(web, somebody):
    job = web.run(W + "answer = w.job('alice')")
    own = web.run(W + "answer = w.job(name)", name=somebody)
    row = web.run(W + "answer = w.row('alice')")
    with Reader(web, somebody) as reader:
        for each in (job, own):
            reader.subscribe(f"job:{each}")
            assert reader.next()["type"] == "snapshot"
        reader.subscribe("jobs")
        reader.until(lambda frame: row in [each["id"] for each in frame["jobs"]])
        began = time.monotonic()
        web.run(USER + "User.objects.filter(pk=u.pk).update(is_staff=False)", name=somebody)
        ended, taken = set(), set()
        while not (ended and row in taken):
            frame = reader.next(6)
            if frame["type"] == "error":
                ended.add((frame["topic"], frame["code"]))
            else:
                taken |= set(frame["removed"])
        assert time.monotonic() - began < 5
        assert ended == {(f"job:{job}", "not_found")}
        web.run(W + "w.lines(job, 1, 1, echo=True); w.row(job_id=row, reason='secret'); w.lines(own, 1, 1, echo=True)",
                job=job, own=own, row=row)  # fmt: skip
        frames = reader.until(lambda frame: frame["type"] == "events", 6)
        assert frames[-1]["topic"] == f"job:{own}"
        assert {each["id"] for frame in frames for each in frame.get("jobs", [])} <= {own}, "nothing of others"
        # And the other way: who becomes staff sees the list of everybody.
        web.run(USER + "User.objects.filter(pk=u.pk).update(is_staff=True)", name=somebody)
        reader.until(lambda frame: row in [each["id"] for each in frame.get("jobs", [])], 6)

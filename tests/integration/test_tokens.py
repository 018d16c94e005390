"""Tokens of programs: their scopes, their end, and the page on which somebody makes and revokes them."""

import re
from datetime import timedelta

import pytest
from django.core.management import CommandError
from django.test import Client
from django.utils import timezone

from dashboard import accounts, scopes
from dashboard.models import ApiToken
from tests.integration.test_accounts import said
from tests.support.cast import Cast, in_log, make_cast, new_job
from tests.support.problems import assert_problem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_server", "static_files")]

ADD = "tasks.samples.arithmetic.add"
LAUNCH = {"task": ADD, "args": {"x": 1, "y": 2}}
PAGE = "/accounts/tokens/"
# Which one scope each call needs, and what it answers to who has it.
CALLS = [
    ("GET", "tasks", None, scopes.READ, 200),
    ("GET", f"tasks/{ADD}", None, scopes.READ, 200),
    ("GET", "jobs", None, scopes.READ, 200),
    ("GET", "jobs/JOB", None, scopes.READ, 200),
    ("GET", "jobs/JOB/events", None, scopes.READ, 200),
    ("GET", "jobs/JOB/files/args", None, scopes.READ, 200),
    ("GET", "workers", None, scopes.READ, 200),
    ("POST", "jobs", LAUNCH, scopes.LAUNCH, 201),
    ("POST", "batches", {"task": ADD, "rows": [LAUNCH["args"]]}, scopes.LAUNCH, 201),
    ("POST", "uploads", {"name": "a.csv", "size": 2}, scopes.LAUNCH, 201),
    ("POST", "jobs/JOB/cancel", {}, scopes.STEER, 202),
    ("POST", "jobs/ENDED/retry", {}, scopes.STEER, 201),
]


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def token_of(cast, name, **options):
    cast.tokens[name] = accounts.new_token(cast.users[name], **options)
    return cast.tokens[name]


# --- scopes


@pytest.mark.parametrize("scope", scopes.ALL)
@pytest.mark.parametrize(("method", "path", "body", "needed", "status"), CALLS, ids=[f"{c[0]} {c[1]}" for c in CALLS])
def test_a_token_does_what_its_scope_says_and_nothing_else(cast, method, path, body, needed, status, scope):
    alive, ended = new_job(cast.users["alice"]), new_job(cast.users["alice"], state="failed")
    in_log(alive)
    token_of(cast, "alice", scopes=[scope])
    path = path.replace("JOB", str(alive.pk)).replace("ENDED", str(ended.pk))
    response = cast.api("alice", method, path, body)
    if scope == needed:
        assert response.status_code == status, response.content
    else:
        assert f"“{needed}”" in assert_problem(response, 403)["detail"]
        assert f'error="insufficient_scope", scope="{needed}"' in response.headers["WWW-Authenticate"]


def test_every_call_says_which_scopes_it_needs():
    document = Client().get("/api/v1/openapi.json").json()
    needed = {
        (method.upper(), path.removeprefix("/api/v1/")): call["security"]
        for path, methods in document["paths"].items()
        for method, call in methods.items()
    }
    known = {"JOB": "{job_id}", "ENDED": "{job_id}", ADD: "{name}", "files/args": "files/{name}"}
    for method, path, _body, scope, _status in CALLS:
        for ours, theirs in known.items():
            path = path.replace(ours, theirs)
        assert needed[method, path] == [{"Token": [scope]}, {"Session": []}]


def test_a_scope_gives_nobody_a_right(cast):
    token_of(cast, "charlie", scopes=[scopes.LAUNCH])
    problem = assert_problem(cast.api("charlie", "POST", "jobs", LAUNCH), 403)
    assert "scope" not in problem["detail"]


@pytest.mark.parametrize(("scope", "status"), [(scopes.READ, 200), (scopes.LAUNCH, 401)])
def test_numbers_about_all_jobs_need_the_scope_to_read(cast, scope, status):
    token = token_of(cast, "dora", scopes=[scope])
    assert Client().get("/metrics", headers={"Authorization": f"Bearer {token}"}).status_code == status


def test_a_token_that_was_made_before_scopes_has_all(cast):
    assert ApiToken.objects.create(user=cast.users["alice"], digest="d").scopes.split() == list(scopes.ALL)


# --- the end, and the last use


def test_an_expired_token_is_none(cast):
    secret = token_of(cast, "alice", lifetime=timedelta(days=30))
    assert cast.api("alice", "GET", "tasks").status_code == 200
    ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert_problem(cast.api("alice", "GET", "tasks"), 401)
    assert accounts.live_token(secret) is None


def test_the_last_use_is_written_once_a_minute(cast, django_assert_num_queries):
    secret = cast.tokens["alice"]
    mine = ApiToken.objects.filter(user=cast.users["alice"])
    assert mine.get().last_used_at is None
    accounts.live_token(secret)
    first = mine.get().last_used_at
    with django_assert_num_queries(2):
        accounts.live_token(secret)
    assert mine.get().last_used_at == first
    mine.update(last_used_at=timezone.now() - timedelta(seconds=61))
    accounts.live_token(secret)
    assert mine.get().last_used_at > first


def test_many_are_looked_up_together(cast, django_assert_num_queries):
    ApiToken.objects.update(last_used_at=timezone.now())
    with django_assert_num_queries(2):
        found = accounts.live_tokens([*cast.tokens.values(), "taskcast_wrong"])
    assert {token.user for token in found.values()} == set(cast.users.values())


# --- the page


def make(browser, **fields):
    return browser.post(PAGE, {"name": "nightly", "scopes": ["read", "launch"], "days": "90", **fields})


def test_a_token_is_made_shown_once_and_works(cast):
    browser = cast.pages("alice")
    response = make(browser)
    assert response.status_code == 200
    assert "no-store" in response.headers["Cache-Control"]
    secret = re.search(r"taskcast_[\w-]{43}", response.content.decode())[0]
    token = accounts.live_token(secret)
    assert (token.user, token.name, token.scopes) == (cast.users["alice"], "nightly", "read launch")
    assert timedelta(days=89) < token.expires_at - timezone.now() < timedelta(days=91)
    page = browser.get(PAGE).content.decode()
    assert "nightly" in page
    assert secret not in page
    assert token.digest not in page


def test_sending_the_form_again_makes_no_second_token(cast):
    browser = cast.pages("alice")
    make(browser)
    again = make(browser)
    assert again.status_code == 422
    assert "You have a token of this name already." in again.content.decode()
    assert 'value="nightly"' in again.content.decode()
    assert ApiToken.objects.filter(name="nightly").count() == 1
    assert make(cast.pages("bob")).status_code == 200  # a name is somebody's own


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["all"]}, "scopes"),
        ({"days": "1"}, "days"),
        ({"days": ""}, "days"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(cast, fields, place):
    response = make(cast.pages("alice"), **fields)
    assert response.status_code == 422
    assert f'id="id_{place}_error"' in response.content.decode()
    assert not ApiToken.objects.filter(user=cast.users["alice"]).exclude(name="").exists()


def test_one_without_an_end(cast):
    make(cast.pages("alice"), days="0")
    assert ApiToken.objects.get(name="nightly").expires_at is None


def test_a_revoked_token_is_none_at_once(cast):
    browser = cast.pages("alice")
    mine, theirs = (ApiToken.objects.get(user=cast.users[name]) for name in ("alice", "bob"))
    assert browser.post(f"{PAGE}{mine.pk}/revoke/").headers["Location"] == PAGE
    assert_problem(cast.api("alice", "GET", "tasks"), 401)
    assert "The token is revoked." in browser.get(PAGE).content.decode()
    assert browser.post(f"{PAGE}{theirs.pk}/revoke/").status_code == 404
    assert browser.get(f"{PAGE}{theirs.pk}/revoke/").status_code == 405
    assert cast.api("bob", "GET", "tasks").status_code == 200


def test_the_page_is_in_korean_too(cast):
    page = cast.pages("alice").get(PAGE, headers={"Accept-Language": "ko"}).content.decode()
    assert "API 토큰" in page
    assert "태스크 실행" in page


# --- the command


def test_the_command_narrows_too(cast):
    secret = said("token", "alice", "--scope", "read", "--scope", "steer", "--days", "7", "--name", "ops")
    token = accounts.live_token(secret)
    assert (token.name, token.scopes) == ("ops", "read steer")
    assert timedelta(days=6) < token.expires_at - timezone.now() < timedelta(days=8)
    whole = accounts.live_token(said("token", "alice"))
    assert (whole.name, whole.scopes, whole.expires_at) == ("", "read launch steer", None)
    assert said("token", "alice", "--name", "ops", "--revoke") == "1 tokens taken back"
    assert accounts.live_token(secret) is None
    assert cast.api("alice", "GET", "tasks").status_code == 200


@pytest.mark.parametrize("options", [("--days", "0"), ("--days", "4000"), ("--scope", "all"), ("--name", "x" * 101)])
def test_the_command_names_a_wrong_option(cast, options):
    with pytest.raises(CommandError, match=options[0]):
        said("token", "alice", *options)

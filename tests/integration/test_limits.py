"""Who asks too often is told when to go on; nobody from another site is let in by the browser."""

import pytest
from django.test import Client

from dashboard import limits
from dashboard.limits import Limit
from tests.support.cast import Cast, make_cast
from tests.support.problems import assert_problem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_server", "static_files")]

PASSWORD = "correct horse battery"


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def few(monkeypatch):
    """Limits that a test reaches: 5 calls of one caller, 3 of a stranger, 4 sign-ins as one user, 6 in all."""
    for name, at_once in (("CALLS", 5), ("STRANGERS", 3), ("SIGN_INS_AS", 4), ("SIGN_INS_FROM", 6)):
        monkeypatch.setattr(limits, name, Limit(at_once, 1 / 3600))


def assert_too_many(response):
    problem = assert_problem(response, 429)
    assert 1 <= int(response.headers["Retry-After"]) <= 3600
    assert response.headers["Retry-After"] in problem["detail"]


def test_each_credential_has_its_own(cast, few):
    for _ in range(5):
        assert cast.api("alice", "GET", "tasks").status_code == 200
    assert_too_many(cast.api("alice", "GET", "tasks"))
    assert cast.api("bob", "GET", "tasks").status_code == 200
    browser = cast.pages("alice")
    assert [browser.get("/api/v1/jobs").status_code for _ in range(6)] == [200] * 5 + [429]
    assert browser.get("/jobs/").status_code == 200  # pages are for people


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer taskcast_wrong"}, {"Authorization": "Basic eDp5"}])
def test_strangers_are_counted_by_address(few, headers):
    for number in range(3):
        headers = {**headers, "X-Forwarded-For": f"198.51.100.{number}"}
        assert_problem(Client().get("/api/v1/tasks", headers=headers), 401)
    assert_too_many(Client().get("/api/v1/tasks", headers=headers))
    assert_too_many(Client().get("/api/v1/openapi.json"))
    assert_problem(Client(REMOTE_ADDR="192.0.2.7").get("/api/v1/tasks"), 401)


def sign_in(name, password, address="192.0.2.1"):
    return Client(REMOTE_ADDR=address).post("/accounts/login/", {"username": name, "password": password})


def test_passwords_cannot_be_guessed_quickly(cast, few):
    alice = cast.users["alice"]
    alice.set_password(PASSWORD)
    alice.save()
    for _ in range(4):
        assert sign_in("alice", "wrong").status_code == 200
    refused = sign_in("ALICE", PASSWORD)  # the right one is not looked at either
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 3600
    page = refused.content.decode()
    assert "Too many attempts: try again in " in page
    assert 'value="ALICE"' in page
    assert sign_in("alice", PASSWORD, "192.0.2.2").status_code == 302
    assert [sign_in(f"user{n}", "wrong").status_code for n in range(2)] == [200, 429]


def test_who_knows_the_password_signs_in_as_often_as_needed(cast, few):
    alice = cast.users["alice"]
    alice.set_password(PASSWORD)
    alice.save()
    for _ in range(3):
        assert sign_in("alice", "wrong").status_code == 200
    assert {sign_in("alice", PASSWORD).status_code for _ in range(20)} == {302}
    assert [sign_in("alice", "wrong").status_code for _ in range(4)] == [200, 200, 200, 429]


def test_the_admin_has_no_sign_in_page_of_its_own():
    response = Client().post("/admin/login/?next=/admin/", {"username": "alice", "password": "wrong"})
    assert (response.status_code, response.headers["Location"]) == (302, "/accounts/login/?next=/admin/")


@pytest.mark.parametrize("path", ["/api/v1/tasks", "/api/v1/jobs", "/api/v1/openapi.json", "/metrics", "/"])
def test_no_other_site_may_read_or_send(cast, path):
    """Without these headers a browser shows another site nothing, and does not send what it has to ask for before."""
    origin = {"Origin": "https://evil.example"}
    ask_first = {
        **origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    for client in (Client(), cast.pages("alice")):
        answer = client.get(path, headers=origin)
        preflight = client.options(path, headers=ask_first)
        for response in (answer, preflight):
            assert not [name for name in response.headers if name.lower().startswith("access-control-")]
        assert preflight.status_code in (302, 401, 405)

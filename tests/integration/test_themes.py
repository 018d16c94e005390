"""The theme is chosen for a browser, without scripts, and also pages that know nothing of their reader have it."""

import pytest
from django.db import OperationalError
from django.test import Client, RequestFactory

from dashboard import middleware
from tests.support.cast import make_cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_server", "static_files")]


def test_a_choice_is_kept_and_taken_back():
    browser = make_cast().pages("alice")
    assert b"data-theme" not in browser.get("/tasks/").content
    answer = browser.post("/theme/", {"theme": "dark", "next": "/tasks/?a=1"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/tasks/?a=1")
    page = browser.get("/tasks/").content.decode()
    assert '<html lang="en" data-theme="dark"' in page
    assert '<meta name="color-scheme" content="dark">' in page
    assert 'value="dark" aria-current="true"' in page
    browser.post("/theme/", {"theme": "system"})
    assert b"data-theme" not in browser.get("/tasks/").content


@pytest.mark.parametrize("page", ["https://elsewhere.example/", "//elsewhere.example", ""])
def test_it_leads_nowhere_else(page):
    assert Client().post("/theme/", {"theme": "dark", "next": page}).headers["Location"] == "/"


def test_what_is_no_theme_is_none():
    browser = Client()
    browser.cookies["taskcast_theme"] = '"><script>'
    assert b"data-theme" not in browser.get("/accounts/login/").content


def test_it_takes_a_token_against_forgery():
    assert Client(enforce_csrf_checks=True).post("/theme/", {"theme": "dark"}).status_code == 403


@pytest.mark.parametrize("path", ["/no/such/page/", "/accounts/login/"])
def test_every_page_has_it(path):
    browser = Client()
    browser.cookies["taskcast_theme"] = "light"
    assert b'data-theme="light"' in browser.get(path).content


def test_also_without_a_database():
    request = RequestFactory().get("/")
    request.COOKIES["taskcast_theme"] = "dark"
    assert b'data-theme="dark"' in middleware.database_away(request, OperationalError("away")).content

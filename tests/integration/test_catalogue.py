"""The catalogue: what is found by words, favourites, and what the reader launched last."""

import json
import re
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dashboard import catalogue
from dashboard.models import Favourite
from tests.support.cast import make_cast, new_job

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_server", "static_files"), pytest.mark.database]

ADD, MUL = "tasks.samples.arithmetic.add", "tasks.samples.arithmetic.mul"


@pytest.fixture
def cast():
    return make_cast()


@pytest.fixture
def browser(cast):
    return cast.pages("alice")


def section(page: str, mark: str) -> list[str]:
    """The tasks of a section of the catalogue, in order."""
    found = re.search(rf"<section [^>]*{mark}.*?</section>", page, re.DOTALL)
    return re.findall(r'<li id="([^"]+)"', found[0]) if found else []


@pytest.mark.parametrize("example", json.loads(Path("tests/data/catalogue.json").read_text(encoding="utf-8")))
def test_tasks_answer_to_words_as_in_the_script(example):
    words = catalogue.fold(example["query"]).split()
    points = catalogue.score(words, example["title"], example["name"], example["description"])
    assert points == example["score"]


def test_words_narrow_the_catalogue_without_a_script(browser):
    page = browser.get("/tasks/", {"q": " Add "}).content.decode()
    found = section(page, "task-found")
    assert found[0] == ADD
    assert MUL not in found
    assert page.count(f'<li id="{ADD}"') == page.count(f'<li id="{MUL}"') == 1
    assert re.search(r'<section [^>]*data-home="[^"]*"[^>]* hidden>', page)
    none = browser.get("/tasks/", {"q": "no such words"}).content.decode()
    assert section(none, "task-found") == []
    assert re.search(r'<p class="panel empty">No task', none)


def test_a_favourite_is_kept_and_let_go(cast, browser):
    answer = browser.post("/tasks/", {"task": ADD, "keep": "1", "q": "ad d"})
    assert answer.headers["Location"] == f"/tasks/?q=ad+d#{ADD}"
    browser.post("/tasks/", {"task": ADD, "keep": "1"})
    assert section(browser.get("/tasks/").content.decode(), "data-kept") == [ADD]
    assert section(cast.pages("bob").get("/tasks/").content.decode(), "data-kept") == []
    answer = browser.post("/tasks/", {"task": ADD, "keep": "0"}, headers={"Accept": "application/json"})
    assert (answer.status_code, Favourite.objects.count()) == (204, 0)


def test_only_what_one_may_launch_is_kept(cast, browser):
    assert cast.pages("charlie").post("/tasks/", {"task": ADD, "keep": "1"}).status_code == 403
    assert browser.post("/tasks/", {"task": "no.such", "keep": "1"}).status_code == 404
    assert browser.post("/tasks/").status_code == 404
    assert not Favourite.objects.exists()


def test_the_last_launches_are_the_readers_own_by_hand(cast, browser):
    alice, bob = cast.users["alice"], cast.users["bob"]
    new_job(alice, task=MUL, state="failed")
    last = new_job(alice, task=ADD, state="succeeded")
    new_job(alice, task=ADD, state="lost", schedule="every hour")
    new_job(bob, task=ADD, state="cancelled")
    page = browser.get("/tasks/").content.decode()
    assert re.findall(r'class="task-last" href="/jobs/([^/]+)/"', page)[0] == str(last.pk)
    recent = re.search(r'<nav class="task-recent".*?</nav>', page, re.DOTALL)[0]
    assert re.findall(r'href="/tasks/([^/]+)/".*?data-state="(\w+)"', recent) == [(ADD, "succeeded"), (MUL, "failed")]


def test_the_last_launches_cost_one_query_by_an_index(cast):
    alice = cast.users["alice"]
    new_job(alice)
    assert catalogue.last_launches(alice, [MUL]) == {}  # her rights are known from here on
    with CaptureQueriesContext(connection) as queries:
        assert set(catalogue.last_launches(alice, [ADD, MUL])) == {ADD}
    assert len(queries) == 1
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {queries[0]['sql']}")
            plan = " ".join(str(row[-1]) for row in cursor.fetchall())
        assert plan.count("job_by_hand") == 2, plan
        assert "SCAN" not in plan.replace("SCAN CONSTANT ROW", ""), plan


def test_who_may_launch_nothing_is_told_whom_to_ask(cast, monkeypatch):
    assert "An administrator can give you the right to" in cast.pages("charlie").get("/tasks/").content.decode()
    monkeypatch.setattr("tasks.catalog.launchables", list)
    assert "TASKCAST_APPS" in cast.pages("alice").get("/tasks/").content.decode()

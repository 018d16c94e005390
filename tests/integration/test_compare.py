"""Two runs of a task side by side."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.support.cast import Cast, make_cast, new_job

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_server", "static_files")]
NOW = timezone.now()


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def run(owner, age, took, **fields):
    begun = NOW - timedelta(seconds=age)
    times = {"created_at": begun, "started_at": begun, "finished_at": begun + timedelta(seconds=took)}
    return new_job(owner, **{"state": "succeeded", **times, **fields})


def rows(page):
    """Name, both values and the difference of each row."""
    found = {}
    for line in re.findall(r'<tr data-mark="[^"]+">(.*?)</tr>', page, re.DOTALL):
        cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", line, re.DOTALL)
        name, *rest = [re.sub(r"<[^>]+>", "", cell).strip() for cell in cells]
        found[name] = rest
    return found


def test_what_differs_is_said_in_words(cast):
    alice = cast.users["alice"]
    before = run(alice, 500, 100, args={"x": 1, "old": True}, result={"rows": 100, "ok": True})
    job = run(alice, 100, 150, args={"x": 2, "new": "a"}, result={"rows": 120, "ok": True})
    run(alice, 50, 1)
    page = cast.pages("alice").get(f"/jobs/{job.pk}/compare/").content.decode()
    assert str(before.pk)[:8] in page
    found = rows(page)
    assert found["x"] == ["2", "1", "≠ +1 (+100 %)"]
    assert found["old"] == ["–", "true", "≠ only in the other run"]
    assert found["new"] == ["a", "–", "≠ only in this run"]
    assert found["rows"] == ["120", "100", "≠ +20 (+20 %)"]
    assert found["ok"] == ["true", "true", "= same"]
    assert found["Ran"] == ["2 min 30 s", "1 min 40 s", "≠ +50 s (+50 %)"]
    assert found["State"][2] == "= same"


def test_steps_and_errors_stand_side_by_side(cast):
    alice = cast.users["alice"]

    def steps(seconds):
        step = {"current": 5, "total": 5, "steps": [], "started": 100.0}
        return {**step, "description": "all", "steps": [{**step, "description": "Reading", "finished": 100 + seconds}]}

    failed = {"error": {"type": "OSError", "message": "gone", "traceback": "secret locals"}, "state": "failed"}
    other = run(alice, 500, 10, progress=steps(20))
    job = run(alice, 100, 10, progress=steps(15), **failed)
    page = cast.pages("alice").get(f"/jobs/{job.pk}/compare/?with={other.pk}").content.decode()
    assert rows(page)["Reading"] == ["15 s", "20 s", "≠ −5.0 s (-25 %)"]
    assert rows(page)["Message"] == ["gone", "–", "≠ only in this run"]
    assert "secret locals" not in page
    korean = cast.pages("alice").get(f"/jobs/{job.pk}/compare/", headers={"Accept-Language": "ko"}).content.decode()
    assert "≠ 이 실행에만 있음" in re.sub(r"<[^>]+>", "", korean)


def test_nobody_compares_with_what_they_may_not_see(cast):
    mine, theirs = (run(cast.users[name], 100, 10) for name in ("alice", "bob"))
    browser = cast.pages("alice")
    assert browser.get(f"/jobs/{mine.pk}/compare/?with={theirs.pk}").status_code == 404
    assert browser.get(f"/jobs/{mine.pk}/compare/?with=nonsense").status_code == 404
    alone = browser.get(f"/jobs/{mine.pk}/compare/").content.decode()
    assert str(theirs.pk)[:8] not in alone
    assert "There is no other run of this task that you may see." in alone


def test_jobs_of_two_tasks_are_not_compared(cast):
    alice = cast.users["alice"]
    job, other = run(alice, 100, 10), run(alice, 50, 10, task="elsewhere.sweep")
    answer = cast.pages("alice").get(f"/jobs/{job.pk}/compare/?with={other.pk}", follow=True)
    assert answer.redirect_chain == [(f"/jobs/{job.pk}/compare/", 302)]
    assert "These two jobs are not of the same task: nothing to compare." in answer.content.decode()

"""The table of docs/steering.md: every action, in every state, by everybody."""

import html
import re
from pathlib import Path

import pytest
from django.contrib.auth.models import Group, Permission

from dashboard import accounts
from tasks import eventlog
from tasks.events import FINAL, STATES
from tests.support.cast import Cast, in_log, make_cast, new_job

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_server", "static_files")]

ADD = "tasks.samples.arithmetic.add"
DOCUMENT = Path(__file__).parents[2] / "docs" / "steering.md"
WHO = {"owner": "alice", "colleague who steers": "bob", "colleague": "carol", "stranger": "charlie", "staff": "dora"}


def read_table() -> list[tuple[str, str, str, str]]:
    """(action, state, who, outcome) of each cell."""
    lines = [line for line in DOCUMENT.read_text().splitlines() if line.startswith("|")]
    head, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert head[2:] == list(WHO)
    return [
        (action, state, who, outcome)
        for action, states, *outcomes in rows
        for state in states.split(", ")
        for who, outcome in zip(head[2:], outcomes, strict=True)
    ]


TABLE = read_table()


def test_the_table_names_every_state_of_every_action():
    for action in {action for action, *_ in TABLE}:
        assert {state for each, state, *_ in TABLE if each == action} in ({*STATES}, {"any"}), action


@pytest.fixture
def cast() -> Cast:
    eventlog.open_epoch(1)
    cast = make_cast()
    users = cast.users
    users["carol"] = type(users["alice"]).objects.create_user("carol")
    cast.tokens["carol"] = accounts.new_token(users["carol"])
    grant(cast, ["launch_job"], "alice", "bob", "carol", "charlie", "dora")
    grant(cast, ["view_group_jobs"], "bob", "carol")
    grant(cast, ["steer_jobs"], "bob", "charlie")
    Group.objects.create(name="analysts").user_set.add(users["alice"], users["bob"], users["carol"])
    return cast


def grant(cast, codenames, *names):
    for name in names:
        cast.users[name].user_permissions.add(*Permission.objects.filter(codename__in=codenames))


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("action", dict.fromkeys(action for action, *_ in TABLE))
def test_it_is_as_the_table_says(cast, action, who):
    wanted = {state: outcome for *key, outcome in TABLE for state in [key[1]] if key == [action, state, who]}
    assert wanted
    assert {state: DO[action](cast, WHO[who], a_job(cast, state)) for state in wanted} == wanted


def a_job(cast, state):
    if state == "any":
        return None
    job = new_job(cast.users["alice"], state=state)
    in_log(job)
    return job


def cancel(cast, who, job, body=None):
    answer = cast.api(who, "POST", f"jobs/{job.pk}/cancel", body)
    return f"{answer.status_code} {became(answer.json())}" if answer.status_code == 202 else explained(answer)


def became(job):
    return job["state"] if job["state"] == "cancelled" else job["cancel"]


def explained(answer):
    assert answer.json()["detail"], "it says why"
    return str(answer.status_code)


def retry(cast, who, job, args=None):
    answer = cast.api(who, "POST", f"jobs/{job.pk}/retry", args and {"args": args})
    if answer.status_code != 201:
        return explained(answer)
    assert answer.json()["retry_of"] == str(job.pk)
    assert answer.json()["args"] == {"x": 1, "y": 2, **(args or {})}
    return "201"


def several(action, query="", **ticked):
    def do(cast, who, job):
        data = {"action": action, **{name: value.format(job=job.pk) for name, value in ticked.items()}}
        path = f"/jobs/several/{query.format(id=job.pk)}"
        page = cast.pages(who).post(path, data, follow=True).content.decode()
        told = ("Nothing was done: tick at least one job.", "To 1 job nothing was done", "1 job is")
        found = [text in page for text in told]
        assert sum(found) == 1, page
        return ("not among them", "told why not", "done")[found.index(True)]

    return do


def edit(cast, who, job):
    browser = cast.pages(who)
    page = browser.get(f"/jobs/{job.pk}/")
    if page.status_code != 200:
        return str(page.status_code)
    link = re.search(r'<a class="button" href="([^"]+)">Edit and run (again|another)…</a>', page.content.decode())
    assert link
    assert (link[2] == "again") is (job.state in FINAL)
    form = browser.get(html.unescape(link[1]))
    assert form.status_code == 200
    assert 'name="x" value="1"' in form.content.decode()
    return "the form"


def pause_and_resume(cast, who, job):
    answers = [cast.api(who, "POST", f"queues/celery/{verb}") for verb in ("pause", "resume")]
    [status] = {answer.status_code for answer in answers}
    return str(status)


def launch_first(cast, who, job):
    body = {"task": ADD, "args": {"x": 1, "y": 2}, "priority": "high"}
    return str(cast.api(who, "POST", "jobs", body).status_code)


DO = {
    "cancel": cancel,
    "cancel by force": lambda cast, who, job: cancel(cast, who, job, {"force": True}),
    "retry": retry,
    "retry with other arguments": lambda cast, who, job: retry(cast, who, job, {"y": 40}),
    "cancel those that are ticked": several("cancel", job="{job}"),
    "cancel all that fit a filter": several("cancel", "?q={id}", all="1"),
    "retry those that are ticked": several("retry", job="{job}"),
    "retry all that fit a filter": several("retry", "?q={id}", all="1"),
    "edit and run again, or another": edit,
    "pause a queue, resume it": pause_and_resume,
    "launch before others (priority)": launch_first,
}

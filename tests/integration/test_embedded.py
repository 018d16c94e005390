"""Taskcast in an existing project: its own users, names, prefix, Celery app; no part of our own project runs there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import httpx
import pytest
from websockets.sync.client import connect

from tests.support.shop import Shop
from tests.support.stack import wait_for

ALICE = "alice@shop.example"
GREET = "shop.people.tasks.greet"


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    running = Shop()
    try:
        running.up()
        running.user(ALICE, launch=True)
        yield running
    finally:
        running.down()


@pytest.fixture(scope="module")
def api(shop: Shop) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {shop.token(ALICE)}"}
    with httpx.Client(base_url=f"{shop.pages}api/v1/", headers=headers, timeout=30) as client:
        yield client


def ended(api: httpx.Client, job_id: str) -> dict:
    def look() -> dict | None:
        job = api.get(f"jobs/{job_id}").json()
        return job if job.get("state") in ("succeeded", "failed", "cancelled", "lost") else None

    return wait_for(look, f"{job_id} ends")


def test_nothing_of_our_own_project_is_needed(shop: Shop) -> None:
    assert "no issues" in shop.manage("check")
    assert shop.run("import sys\nanswer = 'project' in sys.modules") is False
    assert "No changes" in shop.manage("makemigrations", "--check", "--dry-run")


def test_the_catalogue_has_the_projects_tasks_and_no_others(api: httpx.Client) -> None:
    names = {task["name"] for task in api.get("tasks").json()["tasks"]}
    assert names == {GREET, "shop.people.tasks.greet_all"}


def test_the_projects_own_pages_stay_as_they_are(shop: Shop) -> None:
    own = httpx.get(shop.url)
    assert "The shop" in own.text
    assert "content-security-policy" not in own.headers
    assert httpx.get(f"{shop.url}/nowhere").text.count("Taskcast") == 0, "the project has no page for 404 of its own"
    assert 'href="/enter/"' in own.text, "its names are its own"
    # More than Taskcast's own pages take: the shop has its own limits.
    assert httpx.post(shop.url, content=b"x" * 13_000_000, timeout=30).status_code == 403
    assert httpx.post(shop.pages, content=b"x" * 13_000_000, timeout=30).status_code == 413


def test_who_is_not_signed_in_is_sent_to_the_projects_page(shop: Shop) -> None:
    answer = httpx.get(shop.pages)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/enter/?next=/jobs-ui/")
    assert "content-security-policy" in answer.headers
    assert httpx.get(f"{shop.pages}api/v1/jobs").headers["Content-Type"] == "application/problem+json"
    assert httpx.get(f"{shop.pages}api/v2/jobs").json()["status"] == 404
    assert httpx.get(f"{shop.pages}readyz").json() == {"ready": True, "failed": {}}


def test_the_pages_are_below_the_prefix(shop: Shop) -> None:
    with httpx.Client(cookies=shop.cookies(ALICE), timeout=30) as browser:
        for path in ("", "tasks/", f"tasks/{GREET}/", "jobs/", "workers/", "accounts/tokens/", "api/v1/docs"):
            page = browser.get(shop.pages + path)
            assert page.status_code == 200, path
            assert "content-security-policy" in page.headers
            links = set(re.findall(r'(?:href|src|action)="(/[^"]*)"', page.text))
            assert links
            assert {link for link in links if not link.startswith(("/jobs-ui/", "/assets/"))} == set(), path
        missing = browser.get(f"{shop.pages}jobs/00000000-0000-4000-8000-000000000000/")
        assert missing.status_code == 404
        assert "There is nothing here" in missing.text
        assert browser.get(f"{shop.pages}schedules/").status_code == 404, "without django-celery-beat there are none"


def test_a_job_launched_by_the_form_runs(shop: Shop, api: httpx.Client) -> None:
    with httpx.Client(cookies=shop.cookies(ALICE), timeout=30) as browser:
        page = browser.get(f"{shop.pages}tasks/{GREET}/")
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)[1]
        fields = {"name": "Bob", "times": "4", "pause": "0", "csrfmiddlewaretoken": token}
        sent = browser.post(f"{shop.pages}tasks/{GREET}/", data=fields)
        assert sent.status_code == 302, sent.text
        assert sent.headers["Location"].startswith("/jobs-ui/jobs/")
    job = ended(api, sent.headers["Location"].split("/")[-2])
    assert (job["result"], job["owner"]) == ("Bob was greeted 4 times", ALICE)
    assert job["progress"]["current"] == 4


def test_head_is_answered_on_a_connection_that_goes_on(shop: Shop, api: httpx.Client) -> None:
    head, get = api.head("jobs"), api.get("jobs")
    assert (head.status_code, head.content) == (200, b"")
    assert get.json()["jobs"] is not None


def test_a_job_launched_by_the_api_is_followed_live(shop: Shop, api: httpx.Client) -> None:
    sent = api.post("jobs", json={"task": GREET, "args": {"name": "Bob", "times": 20, "pause": 0.05}})
    assert sent.status_code == 201, sent.text
    seen, lines = [], []
    with connect(shop.ws_url, additional_headers=api.headers, max_size=2**16) as socket:
        socket.send(json.dumps({"type": "subscribe", "topic": f"job:{sent.json()['id']}"}))
        while not seen or seen[-1] not in ("succeeded", "failed"):
            frame = json.loads(socket.recv(timeout=30))
            if frame["type"] == "snapshot":
                seen.append(frame["job"]["state"])
            for event in frame.get("events", ()):
                lines += [line["text"] for line in event.get("lines", ())]
                seen += [event["set"]["state"]] if "state" in event.get("set", {}) else []
    assert seen[-1] == "succeeded"
    assert "hello Bob, 20" in lines


def test_a_job_is_its_owners_whatever_the_keys_of_users_are(shop: Shop, api: httpx.Client) -> None:
    sent = api.post("jobs", json={"task": GREET, "args": {"name": "Bob", "times": 200, "pause": 0.1}}).json()
    shop.user("bob@shop.example", launch=True)
    stranger = {"Authorization": f"Bearer {shop.token('bob@shop.example')}"}
    assert httpx.get(f"{shop.pages}api/v1/jobs/{sent['id']}", headers=stranger).status_code == 404
    assert httpx.get(f"{shop.pages}api/v1/jobs", headers=stranger).json()["jobs"] == []
    with connect(shop.ws_url, additional_headers=stranger, max_size=2**16) as socket:
        socket.send(json.dumps({"type": "subscribe", "topic": f"job:{sent['id']}"}))
        assert json.loads(socket.recv(timeout=30))["code"] == "not_found"
    assert sent["id"] in {job["id"] for job in api.get("jobs").json()["jobs"]}
    wait_for(lambda: api.get(f"jobs/{sent['id']}").json()["state"] == "started", "it runs")
    assert api.post(f"jobs/{sent['id']}/cancel").status_code == 202
    assert ended(api, sent["id"])["state"] == "cancelled"
    assert "notice a change of rights late" not in shop.log("daphne")


def test_a_job_sent_from_the_projects_shell_is_on_the_dashboard(shop: Shop) -> None:
    code = (
        "from shop.people.tasks import greet\nresult = greet.delay('Eve')\nanswer = [result.id, result.get(timeout=20)]"
    )
    job_id, result = shop.run(code)
    assert result == "Eve was greeted 3 times"
    shop.user("boss@shop.example", staff=True)
    with httpx.Client(cookies=shop.cookies("boss@shop.example"), timeout=30) as browser:
        wait_for(lambda: job_id in browser.get(f"{shop.pages}jobs/").text, "it is in the list")


def test_a_job_that_launches_others_is_their_parent(shop: Shop, api: httpx.Client) -> None:
    sent = api.post("jobs", json={"task": "shop.people.tasks.greet_all", "args": {"names": ["Bob", "Eve"]}}).json()
    made = [ended(api, job_id) for job_id in ended(api, sent["id"])["result"]]
    assert [(job["parent"], job["owner"], job["state"]) for job in made] == [(sent["id"], ALICE, "succeeded")] * 2
    assert wait_for(lambda: api.get(f"jobs/{sent['id']}").json()["children"] == {"succeeded": 2}, "they are counted")


def test_the_project_hears_once_that_a_job_has_ended(shop: Shop, api: httpx.Client) -> None:
    sent = api.post("jobs", json={"task": GREET, "args": {"name": "Bob", "times": 0}}).json()
    ended(api, sent["id"])
    told = shop.home / "ended.txt"
    wait_for(lambda: told.exists() and sent["id"] in told.read_text(), "the receiver was called")
    lines = told.read_text().splitlines()
    assert len(lines) == len(set(lines))
    assert f"{sent['id']} succeeded {ALICE}" in lines


def test_a_file_comes_in_pieces_whatever_the_projects_limits(shop: Shop, api: httpx.Client) -> None:
    size = 3_000_000  # over Django's own limit of 2.5 MB
    upload = api.post("uploads", json={"name": "a.bin", "size": size}).json()
    sent = api.put(f"uploads/{upload['id']}?offset=0", content=b"x" * size)
    assert (sent.status_code, sent.json()["received"]) == (200, size)

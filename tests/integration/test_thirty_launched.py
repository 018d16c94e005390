"""The thirty signatures by their doors into a real worker: page, API, command line and table give a task the very same
values."""

from __future__ import annotations

import csv
import io
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.signatures_thirty import THIRTY, Bad, Signature
from tests.support.stack import Stack, wait_for

MODULE = "tests.support.signatures_thirty"
BAD = [pytest.param(one, bad, id=f"{one.name.rpartition('.')[2]} {bad.at}") for one in THIRTY for bad in one.bad]

_RESULTS = """
from tasks import eventlog
found = {job: eventlog.snapshot(job) for job in jobs}
answer = {job: (one.job["state"], one.job["result"]) for job, one in found.items() if one}
"""
_COMMAND = """
import io
from django.core.management import CommandError, call_command
out = io.StringIO()
try:
    call_command("launch", task, *words, stdout=out)
    answer = 0, out.getvalue().strip()
except CommandError as error:
    answer = error.returncode, str(error)
"""
_CHILDREN = """
from tasks.models import Job
answer = [str(pk) for pk in Job.objects.filter(parent=id).values_list("pk", flat=True)]
"""


class Launcher:
    """Alice at an instance: by its pages, by its API and by `manage.py launch`."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self._token = stack.token("alice")
        guard = "a" * 32  # against forgery: any, as long as cookie and form have the same
        self._guard = guard
        self._cookie = "; ".join(f"{k}={v}" for k, v in {**stack.cookies("alice"), "csrftoken": guard}.items())

    def by_page(self, one: Signature, changes: dict[str, Any]) -> tuple[int, str, str]:
        """Send the form: status, where it leads, the page."""
        fields = {"csrfmiddlewaretoken": self._guard, **one.form, **changes}
        given = {name: value for name, value in fields.items() if value is not None}
        body = urllib.parse.urlencode(given, doseq=True).encode()
        return self._ask(f"/tasks/{one.name}/", body, Cookie=self._cookie)

    def by_api(self, one: Signature, changes: dict[str, Any]) -> tuple[int, str, str]:
        """Launch: status, nothing, the answer."""
        body = json.dumps({"task": one.name, "args": {**one.args, **changes}}).encode()
        head = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        return self._ask("/api/v1/jobs", body, **head)

    def by_command(self, one: Signature, bad: Bad | None = None) -> tuple[int, str]:
        """Launch: the command's exit code, and the job's id or what is wrong."""
        words = [f"{name}={text}" for name, text in one.texts(bad).items()]
        code, said = self.stack.run(_COMMAND, task=one.name, words=words)
        return code, said

    def by_table(self, one: Signature, bad: Bad | None = None) -> tuple[int, str, str]:
        """Send a table with one row: status, where it leads, the page."""
        texts, out = one.texts(bad, in_table=True), io.StringIO()
        csv.writer(out).writerows([texts.keys(), texts.values()])
        body = urllib.parse.urlencode({"csrfmiddlewaretoken": self._guard, "table": out.getvalue()}).encode()
        return self._ask(f"/tasks/{one.name}/batch/", body, Cookie=self._cookie)

    def _ask(self, path: str, body: bytes, **head: str) -> tuple[int, str, str]:
        request = urllib.request.Request(self.stack.url + path, body, headers=head)
        try:
            with urllib.request.build_opener(_Stay).open(request, timeout=30) as answer:
                return answer.status, "", answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.headers.get("Location", ""), error.read().decode()


class _Stay(urllib.request.HTTPRedirectHandler):
    """Tells where a page leads instead of going there."""

    def redirect_request(self, *_: Any) -> None:
        return None


@pytest.fixture(scope="module")
def launcher() -> Iterator[Launcher]:
    running = Stack(TASKCAST_APPS=MODULE)
    try:
        running.up()
        running.user("alice", launch=True)
        yield Launcher(running)
    finally:
        running.down()


@pytest.fixture(scope="module")
def results(launcher: Launcher) -> dict[tuple[str, str], list[Any]]:
    """(task, door) -> the job's end and result; all of them run before the first is looked at."""
    jobs: dict[str, tuple[str, str]] = {}
    for one in THIRTY:
        status, there, page = launcher.by_page(one, {})
        assert status == 302, (one.name, page)
        jobs[there.split("/")[-2]] = (one.name, "page")
        status, _there, answer = launcher.by_api(one, {})
        assert status == 201, (one.name, answer)
        jobs[json.loads(answer)["id"]] = (one.name, "api")
        code, said = launcher.by_command(one)
        assert code == 0, (one.name, said)
        jobs[said] = (one.name, "command")
        status, there, page = launcher.by_table(one)
        assert status == 302, (one.name, page)
        (job,) = launcher.stack.run(_CHILDREN, id=there.split("/")[-2])
        jobs[job] = (one.name, "table")

    def ended() -> Any:
        found = launcher.stack.run(_RESULTS, jobs=list(jobs))
        return found if {state for state, _result in found.values()} <= {"succeeded", "failed"} else None

    return {jobs[job]: end for job, end in wait_for(ended, "all hundred and twenty have ended", 90).items()}


@pytest.mark.parametrize("door", ["page", "api", "command", "table"])
@pytest.mark.parametrize("one", THIRTY, ids=lambda one: one.name.rpartition(".")[2])
def test_the_task_is_given_exactly_this(one: Signature, door: str, results: dict[tuple[str, str], list[Any]]) -> None:
    assert results[one.name, door] == ["succeeded", one.expected]


@pytest.mark.parametrize(("one", "bad"), BAD)
def test_the_message_stands_at_its_place(one: Signature, bad: Bad, launcher: Launcher) -> None:
    status, _there, page = launcher.by_page(one, bad.form)
    assert status == 422
    assert f'id="id_{bad.at}_error"' in page
    assert "Traceback" not in page
    if bad.args is not None:
        status, _there, answer = launcher.by_api(one, bad.args)
        assert (status, [fault["loc"] for fault in json.loads(answer)["errors"]]) == (422, [["body", "args", *bad.loc]])
    parameter = bad.at.partition(".")[0]
    code, said = launcher.by_command(one, bad)
    assert (code, {line.strip().partition(":")[0].partition(".")[0] for line in said.splitlines()[1:]}) == (
        2,
        {parameter},
    )
    status, _there, page = launcher.by_table(one, bad)
    cells = re.findall(r'<tr><td>(\d+)</td><td class="code">(.*?)</td>', page)
    # A row in which nothing stands is none.
    is_blank = not any(one.texts(bad, in_table=True).values())
    assert (status, set(cells)) == (422, set() if is_blank else {("2", parameter)})
    assert "Traceback" not in page + said

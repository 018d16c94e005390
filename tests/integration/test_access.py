"""Every page and call, asked by everybody: the table is complete, or the first test fails."""

import inspect
import re
from collections.abc import Iterator
from copy import copy
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.auth.models import Group, Permission
from django.urls import URLPattern, URLResolver, get_resolver
from ninja.operation import PathView

from dashboard import access, queries, shares
from dashboard.models import ApiToken, SavedInputs, SavedSearch, ShareLink
from tasks import catalog, result_files, uploads
from tests.support.cast import EVERYBODY, Cast, in_log, make_cast, new_job, new_schedule

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_server", "static_files")]

ADD = "tasks.samples.arithmetic.add"
LAUNCH = {"task": ADD, "args": {"x": 1, "y": 2}}

# For each route and method: what alice (owner), bob (colleague), charlie (stranger), dora (staff) and anonymous get.
# JOB is alice's job, FILE an upload that she has begun, ORPHAN a job without owner, SCHEDULE is hers, FOREIGN one that
# was made elsewhere, SAVED and SHARED are inputs of hers. 302 of anonymous leads to the sign-in page.
JOB, ORPHAN, FILE = "JOB", "ORPHAN", "FILE"
SCHEDULE, FOREIGN = "SCHEDULE", "FOREIGN"
SAVED, SHARED = "SAVED", "SHARED"
EVERY_HOUR = {"x": "1", "y": "2", "schedule-kind": "interval", "schedule-every": "1"}
TABLE: dict[tuple[str, str], list[tuple[str, Any, tuple[int, int, int, int, int]]]] = {
    ("GET", ""): [("/", None, (200, 200, 200, 200, 302))],
    ("GET", "overview/parts/"): [("/overview/parts/?range=day", None, (200, 200, 200, 200, 302))],
    ("GET", "tasks/"): [("/tasks/", None, (200, 200, 200, 200, 302))],
    ("POST", "tasks/"): [("/tasks/", {"task": ADD, "keep": "1"}, (302, 302, 403, 403, 302))],
    ("GET", "tasks/<str:name>/"): [
        (f"/tasks/{ADD}/", None, (200, 200, 403, 403, 302)),
        ("/tasks/no.such/", None, (404, 404, 404, 404, 302)),
        (f"/tasks/{ADD}/?.saved=SAVED", None, (200, 404, 403, 403, 302)),
        (f"/tasks/{ADD}/?.saved=SHARED", None, (200, 200, 403, 403, 302)),
        # What is asked before a launch is not there for anybody else; tests/integration/test_confirming.py.
        (f"/tasks/{ADD}/?.asked=JOB", None, (302, 302, 403, 403, 302)),
    ],
    ("POST", "tasks/<str:name>/"): [
        (f"/tasks/{ADD}/", {"x": "1", "y": "2"}, (302, 302, 403, 403, 302)),
        (f"/tasks/{ADD}/", {"x": "1", ".do": "save", "saved-name": "n"}, (302, 302, 403, 403, 302)),
        (f"/tasks/{ADD}/", {"x": "1", ".do": "link"}, (200, 200, 403, 403, 302)),
        # Too long for an address: a page on which one signs in.
        (f"/tasks/{ADD}/", {"x": "1" * 9_000, "y": "2"}, (422, 422, 403, 403, 403)),
    ],
    # Who may not launch the task finds nothing, also of the group with which it is shared: charlie is in it too.
    ("GET", "saved/<int:pk>/"): [
        ("/saved/SAVED/", None, (200, 404, 404, 404, 302)),
        ("/saved/SHARED/", None, (200, 403, 404, 404, 302)),
    ],
    ("POST", "saved/<int:pk>/"): [
        ("/saved/SAVED/", {"delete": "yes"}, (302, 404, 404, 404, 302)),
        ("/saved/SHARED/", {"saved-name": "other"}, (302, 403, 404, 404, 302)),
    ],
    ("GET", "tasks/<str:name>/choices/"): [
        (f"/tasks/{ADD}/choices/?.of=x", None, (404, 404, 403, 403, 302)),
        ("/tasks/no.such/choices/", None, (404, 404, 404, 404, 302)),
    ],
    ("GET", "tasks/<str:name>/batch/"): [
        (f"/tasks/{ADD}/batch/", None, (200, 200, 403, 403, 302)),
        ("/tasks/no.such/batch/", None, (404, 404, 404, 404, 302)),
    ],
    ("POST", "tasks/<str:name>/batch/"): [(f"/tasks/{ADD}/batch/", {"table": "x,y\n1,2"}, (302, 302, 403, 403, 302))],
    ("GET", "tasks/<str:name>/batch/template/"): [(f"/tasks/{ADD}/batch/template/", None, (200, 200, 403, 403, 302))],
    ("GET", "jobs/"): [("/jobs/", None, (200, 200, 200, 200, 302))],
    ("GET", "jobs/more/"): [("/jobs/more/?q=state:failed", None, (200, 200, 200, 200, 302))],
    ("GET", "jobs/words/"): [("/jobs/words/", None, (200, 200, 200, 200, 302))],
    ("GET", "jobs/export.<str:kind>"): [
        ("/jobs/export.csv", None, (200, 200, 200, 200, 302)),
        ("/jobs/export.xls", None, (404, 404, 404, 404, 302)),
    ],
    # SEARCH is one that alice has saved.
    ("GET", "jobs/searches/"): [("/jobs/searches/", None, (200, 200, 200, 200, 302))],
    ("POST", "jobs/searches/"): [("/jobs/searches/", {"name": "n", "q": "x"}, (302, 302, 302, 302, 302))],
    ("GET", "jobs/searches/<int:pk>/"): [("/jobs/searches/SEARCH/", None, (200, 404, 404, 404, 302))],
    ("POST", "jobs/searches/<int:pk>/"): [("/jobs/searches/SEARCH/", {"delete": "yes"}, (302, 404, 404, 404, 302))],
    ("GET", "jobs/file-names/"): [("/jobs/file-names/?job=JOB", None, (200, 200, 200, 200, 302))],
    ("GET", "jobs/<uuid:job_id>/"): [
        ("/jobs/JOB/", None, (200, 404, 404, 200, 302)),
        ("/jobs/ORPHAN/", None, (404, 404, 404, 200, 302)),
    ],
    **{
        ("GET", f"jobs/<uuid:job_id>/log/{part}"): [
            (f"/jobs/JOB/log/{part}", None, (200, 404, 404, 200, 302)),
            (f"/jobs/ORPHAN/log/{part}", None, (404, 404, 404, 200, 302)),
        ]
        for part in ("", "lines/", "search/")
    },
    # What the owner gets of an output that there is: tests/integration/test_output_pages.py.
    ("GET", "jobs/<uuid:job_id>/text/<path:name>"): [("/jobs/JOB/text/note", None, (404, 404, 404, 404, 302))],
    ("GET", "jobs/<uuid:job_id>/csv/<path:name>"): [("/jobs/JOB/csv/result", None, (404, 404, 404, 404, 302))],
    ("GET", "jobs/<uuid:job_id>/compare/"): [
        ("/jobs/JOB/compare/", None, (200, 404, 404, 200, 302)),
        ("/jobs/JOB/compare/?with=ORPHAN", None, (404, 404, 404, 200, 302)),
        ("/jobs/ORPHAN/compare/?with=JOB", None, (404, 404, 404, 200, 302)),
    ],
    ("POST", "jobs/<uuid:job_id>/cancel/"): [
        ("/jobs/JOB/cancel/", {}, (302, 404, 404, 302, 302)),
        ("/jobs/ORPHAN/cancel/", {}, (404, 404, 404, 302, 302)),
    ],
    ("GET", "jobs/several/"): [("/jobs/several/", None, (200, 200, 200, 200, 302))],
    ("POST", "jobs/several/"): [("/jobs/several/", {"action": "cancel", "job": "JOB"}, (200, 302, 302, 200, 302))],
    ("GET", "jobs/<uuid:job_id>/tree/"): [
        ("/jobs/JOB/tree/", None, (200, 404, 404, 200, 302)),
        ("/jobs/ORPHAN/tree/", None, (404, 404, 404, 200, 302)),
    ],
    ("GET", "jobs/<uuid:job_id>/children/"): [
        ("/jobs/JOB/children/", None, (200, 404, 404, 200, 302)),
        ("/jobs/ORPHAN/children/", None, (404, 404, 404, 200, 302)),
    ],
    ("GET", "jobs/<uuid:job_id>/failures/"): [
        ("/jobs/JOB/failures/", None, (200, 404, 404, 200, 302)),
        ("/jobs/ORPHAN/failures/", None, (404, 404, 404, 200, 302)),
    ],
    # No child has failed: who may see the job is led back to it.
    ("GET", "jobs/<uuid:job_id>/failures/<str:key>/"): [
        ("/jobs/JOB/failures/none/", None, (302, 404, 404, 302, 302)),
        ("/jobs/ORPHAN/failures/none/", None, (404, 404, 404, 302, 302)),
    ],
    ("POST", "jobs/<uuid:job_id>/failures/<str:key>/"): [
        ("/jobs/JOB/failures/none/", {"action": "retry", "job": "JOB"}, (200, 404, 404, 200, 302)),
    ],
    ("POST", "jobs/<uuid:job_id>/retry/"): [
        ("/jobs/JOB/retry/", {}, (302, 404, 404, 403, 302)),
        ("/jobs/ORPHAN/retry/", {}, (404, 404, 404, 403, 302)),
    ],
    ("GET", "jobs/<uuid:job_id>/share/"): [
        ("/jobs/JOB/share/", None, (200, 404, 404, 200, 302)),
        ("/jobs/ORPHAN/share/", None, (404, 404, 404, 200, 302)),
    ],
    ("POST", "jobs/<uuid:job_id>/share/"): [("/jobs/JOB/share/", {"hours": "1"}, (200, 404, 404, 200, 302))],
    ("POST", "jobs/<uuid:job_id>/share/<int:pk>/revoke/"): [
        ("/jobs/JOB/share/LINK/revoke/", {}, (302, 404, 404, 302, 302)),
        ("/jobs/ORPHAN/share/LINK/revoke/", {}, (404, 404, 404, 404, 302)),
    ],
    # A link asks nobody who he is; what each opens is in tests/integration/test_sharing.py.
    ("GET", "shared/<str:token>/"): [("/shared/SECRET/", None, (200, 200, 200, 200, 200))],
    ("GET", "shared/<str:token>/embed/"): [("/shared/SECRET/embed/", None, (200, 200, 200, 200, 200))],
    ("GET", "shared/<str:token>/job"): [("/shared/SECRET/job", None, (200, 200, 200, 200, 200))],
    # What there is of an output: tests/integration/test_output_pages.py.
    ("GET", "shared/<str:token>/text/<path:name>"): [("/shared/SECRET/text/none", None, (404, 404, 404, 404, 404))],
    ("GET", "shared/<str:token>/csv/<path:name>"): [("/shared/SECRET/csv/none", None, (404, 404, 404, 404, 404))],
    ("GET", "shared/<str:token>/log/"): [("/shared/SECRET/log/", None, (200, 200, 200, 200, 200))],
    ("GET", "shared/<str:token>/log/lines/"): [("/shared/SECRET/log/lines/", None, (200, 200, 200, 200, 200))],
    ("GET", "shared/<str:token>/log/search/"): [("/shared/SECRET/log/search/?q=a", None, (200, 200, 200, 200, 200))],
    ("GET", "shared/<str:token>/events"): [("/shared/SECRET/events", None, (200, 200, 200, 200, 200))],
    ("GET", "shared/<str:token>/files/<path:name>"): [
        ("/shared/SECRET/files/report", None, (200, 200, 200, 200, 200)),
        ("/shared/nonsense/files/report", None, (404, 404, 404, 404, 404)),
    ],
    ("GET", "schedules/"): [("/schedules/", None, (200, 200, 200, 200, 302))],
    ("GET", "schedules/new/"): [
        (f"/schedules/new/?task={ADD}", None, (200, 200, 403, 403, 302)),
        ("/schedules/new/", None, (404, 404, 404, 404, 302)),
    ],
    ("POST", "schedules/new/"): [(f"/schedules/new/?task={ADD}", EVERY_HOUR, (302, 302, 403, 403, 302))],
    ("GET", "schedules/<int:pk>/"): [
        ("/schedules/SCHEDULE/", None, (200, 404, 404, 200, 302)),
        ("/schedules/FOREIGN/", None, (404, 404, 404, 200, 302)),
        ("/schedules/0/", None, (404, 404, 404, 404, 302)),
    ],
    ("GET", "schedules/<int:pk>/change/"): [
        ("/schedules/SCHEDULE/change/", None, (200, 404, 404, 403, 302)),
        ("/schedules/FOREIGN/change/", None, (404, 404, 404, 404, 302)),
    ],
    ("POST", "schedules/<int:pk>/change/"): [
        (f"/schedules/SCHEDULE/change/?task={ADD}", EVERY_HOUR, (302, 404, 404, 403, 302)),
        ("/schedules/FOREIGN/change/", EVERY_HOUR, (404, 404, 404, 404, 302)),
    ],
    ("POST", "schedules/<int:pk>/pause/"): [
        ("/schedules/SCHEDULE/pause/", {}, (302, 404, 404, 302, 302)),
        ("/schedules/FOREIGN/pause/", {}, (404, 404, 404, 302, 302)),
    ],
    ("POST", "schedules/<int:pk>/resume/"): [
        ("/schedules/SCHEDULE/resume/", {}, (302, 404, 404, 302, 302)),
        ("/schedules/FOREIGN/resume/", {}, (404, 404, 404, 302, 302)),
    ],
    ("POST", "schedules/<int:pk>/run/"): [
        ("/schedules/SCHEDULE/run/", {}, (302, 404, 404, 403, 302)),
        ("/schedules/FOREIGN/run/", {}, (404, 404, 404, 403, 302)),
    ],
    ("GET", "schedules/<int:pk>/delete/"): [
        ("/schedules/SCHEDULE/delete/", None, (200, 404, 404, 200, 302)),
        ("/schedules/FOREIGN/delete/", None, (404, 404, 404, 200, 302)),
    ],
    ("POST", "schedules/<int:pk>/delete/"): [
        ("/schedules/SCHEDULE/delete/", {}, (302, 404, 404, 302, 302)),
        ("/schedules/FOREIGN/delete/", {}, (404, 404, 404, 302, 302)),
    ],
    ("GET", "accounts/login/"): [("/accounts/login/", None, (200, 200, 200, 200, 200))],
    ("GET", "workers/"): [("/workers/", None, (200, 200, 200, 200, 302))],
    ("GET", "workers/now/"): [("/workers/now/", None, (200, 200, 200, 200, 302))],
    # No worker of this name runs.
    ("GET", "workers/<str:name>/steer/"): [("/workers/w@a/steer/?do=drain", None, (403, 403, 403, 404, 302))],
    ("POST", "workers/<str:name>/steer/"): [("/workers/w@a/steer/", {"do": "drain"}, (403, 403, 403, 404, 302))],
    ("GET", "queues/<str:name>/pause/"): [("/queues/celery/pause/", None, (403, 403, 403, 200, 302))],
    ("POST", "queues/<str:name>/pause/"): [("/queues/celery/pause/", {}, (403, 403, 403, 302, 302))],
    ("GET", "accounts/tokens/"): [("/accounts/tokens/", None, (200, 200, 200, 200, 302))],
    ("POST", "accounts/tokens/"): [("/accounts/tokens/", {"name": "x"}, (422, 422, 422, 422, 302))],
    ("POST", "accounts/tokens/<int:pk>/revoke/"): [
        ("/accounts/tokens/TOKEN/revoke/", {}, (302, 404, 404, 404, 302)),
    ],
    ("GET", "accounts/notifications/"): [("/accounts/notifications/", None, (200, 200, 200, 200, 302))],
    ("POST", "accounts/notifications/"): [("/accounts/notifications/", {"email": "x"}, (422, 422, 422, 422, 302))],
    ("POST", "accounts/notifications/test/"): [("/accounts/notifications/test/", {}, (302, 302, 302, 302, 302))],
    ("POST", "accounts/logout/"): [("/accounts/logout/", {}, (302, 302, 302, 302, 302))],
    ("GET", "welcome/<str:token>/"): [("/welcome/nonsense/", None, (410, 410, 410, 410, 410))],
    ("POST", "language/"): [("/language/", {"language": "ko"}, (302, 302, 302, 302, 302))],
    # Only with DEBUG: tests/integration/test_gallery.py.
    ("GET", "gallery/"): [("/gallery/", None, (404, 404, 404, 404, 404))],
    ("GET", "gallery/jobs/<str:name>/"): [("/gallery/jobs/failed/", None, (404, 404, 404, 404, 404))],
    ("GET", "gallery/pages/<str:name>/"): [("/gallery/pages/404/", None, (404, 404, 404, 404, 404))],
    ("POST", "theme/"): [("/theme/", {"theme": "dark"}, (302, 302, 302, 302, 302))],
    ("GET", "admin/login/"): [("/admin/login/?next=/admin/", None, (302, 302, 302, 302, 302))],
    ("GET", "admin/"): [
        ("/admin/", None, (302, 302, 302, 200, 302)),
        ("/admin/auth/user/", None, (302, 302, 302, 403, 302)),
        ("/admin/tasks/auditentry/", None, (302, 302, 302, 200, 302)),
        ("/admin/dashboard/savedinputs/", None, (302, 302, 302, 403, 302)),
        ("/admin/tasks/notice/", None, (302, 302, 302, 200, 302)),
    ],
    ("GET", "healthz"): [("/healthz", None, (200, 200, 200, 200, 200))],
    ("GET", "readyz"): [("/readyz", None, (200, 200, 200, 200, 200))],
    ("GET", "metrics"): [("/metrics", None, (401, 401, 401, 200, 401))],
    ("GET", "api/v1/openapi.json"): [("openapi.json", None, (200, 200, 200, 200, 200))],
    ("GET", "api/v1/docs"): [("docs", None, (200, 200, 200, 200, 200))],
    ("GET", "api/v1/"): [("", None, (404, 404, 404, 404, 404))],
    ("GET", "api/v1/tasks"): [("tasks", None, (200, 200, 200, 200, 401))],
    ("GET", "api/v1/tasks/<name>"): [
        (f"tasks/{ADD}", None, (200, 200, 403, 403, 401)),
        ("tasks/no.such", None, (404, 404, 404, 404, 401)),
    ],
    ("POST", "api/v1/jobs"): [
        ("jobs", LAUNCH, (201, 201, 403, 403, 401)),
        ("jobs", {"task": "no.such"}, (404, 404, 404, 404, 401)),
    ],
    ("GET", "api/v1/jobs"): [("jobs", None, (200, 200, 200, 200, 401))],
    ("GET", "api/v1/jobs/<uuidstr:job_id>"): [
        ("jobs/JOB", None, (200, 404, 404, 200, 401)),
        ("jobs/ORPHAN", None, (404, 404, 404, 200, 401)),
    ],
    ("GET", "api/v1/jobs/<uuidstr:job_id>/events"): [
        ("jobs/JOB/events", None, (200, 404, 404, 200, 401)),
        ("jobs/ORPHAN/events", None, (404, 404, 404, 200, 401)),
    ],
    ("GET", "api/v1/jobs/<uuidstr:job_id>/files/<path:name>"): [
        ("jobs/JOB/files/report", None, (200, 404, 404, 200, 401)),
        ("jobs/ORPHAN/files/report", None, (404, 404, 404, 200, 401)),
    ],
    ("POST", "api/v1/jobs/<uuidstr:job_id>/cancel"): [
        ("jobs/JOB/cancel", {}, (202, 404, 404, 202, 401)),
        ("jobs/ORPHAN/cancel", {}, (404, 404, 404, 202, 401)),
    ],
    ("POST", "api/v1/batches"): [
        ("batches", {"task": ADD, "rows": [LAUNCH["args"]]}, (201, 201, 403, 403, 401)),
    ],
    # The job lives: who may retry it hears that.
    ("POST", "api/v1/jobs/<uuidstr:job_id>/retry"): [
        ("jobs/JOB/retry", {}, (409, 404, 404, 403, 401)),
        ("jobs/ORPHAN/retry", {}, (404, 404, 404, 403, 401)),
    ],
    ("POST", "api/v1/uploads"): [("uploads", {"name": "a.csv", "size": 2}, (201, 201, 403, 403, 401))],
    ("GET", "api/v1/uploads/<uuidstr:upload_id>"): [("uploads/FILE", None, (200, 404, 404, 404, 401))],
    ("PUT", "api/v1/uploads/<uuidstr:upload_id>"): [("uploads/FILE?offset=0", 17, (200, 404, 404, 404, 401))],
    ("DELETE", "api/v1/uploads/<uuidstr:upload_id>"): [("uploads/FILE", None, (204, 404, 404, 404, 401))],
    ("POST", "api/v1/queues/<name>/pause"): [("queues/celery/pause", {}, (403, 403, 403, 204, 401))],
    ("POST", "api/v1/queues/<name>/resume"): [("queues/celery/resume", {}, (403, 403, 403, 204, 401))],
    ("GET", "api/v1/workers"): [("workers", None, (200, 200, 200, 200, 401))],
    ("GET", "api/"): [("/api/", None, (404, 404, 404, 404, 404))],
    ("GET", "api/<path:rest>"): [("/api/v2/jobs", None, (404, 404, 404, 404, 404))],
}


def cases() -> Iterator[Any]:
    """Who asks on what: everybody after each other for what only reads, each on data of his own for what changes it."""
    for (method, _route), rows in TABLE.items():
        for path, body, statuses in rows:
            people = list(zip(EVERYBODY, statuses, strict=True))
            for some in [people] if method == "GET" else [[one] for one in people]:
                yield pytest.param(method, path, body, some, id=f"{method} {path} {' '.join(who for who, _ in some)}")


def routes(patterns: list[Any], before: str = "") -> Iterator[tuple[set[str], str]]:
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver) and pattern.namespace == "admin":
            yield set(), route  # Django's own pages, with rights of their own; ours among them are in test_again.py
        elif isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield methods(pattern), route


def methods(pattern: URLPattern) -> set[str]:
    """The methods that a call of the API takes; of a page it is enough that the table knows its address."""
    view = inspect.unwrap(pattern.callback, stop=lambda view: any(is_call(cell) for cell in view.__closure__ or ()))
    for cell in filter(is_call, getattr(view, "__closure__", None) or ()):
        return {method for operation in cell.cell_contents.operations for method in operation.methods}
    return set()


def is_call(cell: Any) -> bool:
    return isinstance(cell.cell_contents, PathView)


def test_the_table_knows_every_address():
    known = {route for _method, route in TABLE}
    found = {route: wanted for wanted, route in routes(get_resolver().url_patterns)}
    assert set(found) == known
    assert any(found.values()), "no call of the API was recognised"
    for route, wanted in found.items():
        assert wanted <= {method for method, other in TABLE if other == route}, route


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def jobs(cast):
    made = {JOB: new_job(cast.users["alice"]), ORPHAN: new_job(None)}
    for job in made.values():
        in_log(job)
        result_files.save(str(job.pk), "report", "file", b"content")
    return made


@pytest.fixture
def schedules(cast):
    return {SCHEDULE: new_schedule(cast.users["alice"]), FOREIGN: new_schedule(None)}


@pytest.fixture
def secret(cast, jobs):
    return shares.make(cast.users["alice"], queries.find(jobs[JOB].pk), timedelta(hours=1))


@pytest.fixture
def saved(cast):
    group = Group.objects.create(name="analysts")
    group.user_set.add(*(cast.users[name] for name in ("alice", "bob", "charlie")))
    shared = {SAVED: None, SHARED: group}
    make = SavedInputs.objects.create
    return {name: make(task=ADD, name=name, owner=cast.users["alice"], group=of) for name, of in shared.items()}


@pytest.mark.parametrize(("method", "path", "body", "people"), list(cases()))
def test_everybody_gets_what_the_table_says(cast, jobs, schedules, saved, secret, method, path, body, people):
    search = SavedSearch.objects.create(owner=cast.users["alice"], name="mine", text="state:failed")
    upload, token = uploads.announce("a.csv", 2, cast.users["alice"]), ApiToken.objects.get(user=cast.users["alice"])
    path = path.replace("SECRET", secret).replace("LINK", str(ShareLink.objects.get().pk))
    for name, row in {**jobs, **schedules, **saved, FILE: upload, "TOKEN": token, "SEARCH": search}.items():
        path = path.replace(name, str(row.pk))
        if isinstance(body, dict):
            body = {key: str(row.pk) if value == name else value for key, value in body.items()}
    for who, status in people:
        check(cast, method, path, body, who, status)


def check(cast, method, path, body, who, status):
    if path.startswith("/"):
        response = getattr(cast.pages(who), method.lower())(path, body)
    else:
        response = cast.api(who, method, path, body)
    content = response.getvalue()  # also closes a file
    assert response.status_code == status, (who, content[:500])
    if status == 302 and who == "anonymous" and path not in ("/accounts/logout/", "/language/", "/theme/"):
        # What is posted comes back to the page with the form.
        page = re.sub(r"share/\d+/revoke/$", "share/", path)
        page = re.sub(r"(cancel|retry|pause|resume|run|test)/$", "", page)
        page = "/workers/" if page.startswith("/queues/") or "/steer/" in page else page
        page = "/accounts/tokens/" if page.endswith("revoke/") else page.removeprefix("/admin/login/?next=")
        sign_in = "/admin/login/" if path.startswith("/admin/") and page == path else "/accounts/login/"
        assert response.headers["Location"].startswith(f"{sign_in}?next={quote(page)}")
    if "/api/" in response.request["PATH_INFO"] and status >= 400:
        assert response.headers["Content-Type"] == "application/problem+json"
        assert response.json()["status"] == status


def test_a_job_of_others_looks_like_one_that_does_not_exist(cast, jobs):
    theirs = cast.api("bob", "GET", f"jobs/{jobs[JOB].pk}")
    nobody = cast.api("bob", "GET", "jobs/00000000-0000-4000-8000-000000000000")
    assert (theirs.status_code, theirs.content) == (nobody.status_code, nobody.content)


@pytest.mark.parametrize("who", EVERYBODY[:4])
def test_lists_hold_what_may_be_seen(cast, jobs, who):
    listed = {job["id"] for job in cast.api(who, "GET", "jobs").json()["jobs"]}
    expected = {"alice": {JOB}, "dora": {JOB, ORPHAN}}.get(who, set())
    assert listed == {str(jobs[name].pk) for name in expected}
    assert {str(pk) for pk in access.jobs_for(cast.users[who]).values_list("pk", flat=True)} == listed


def test_a_catalogue_holds_what_may_be_launched(cast):
    names = [task["name"] for task in cast.api("alice", "GET", "tasks").json()["tasks"]]
    assert ADD in names
    assert cast.api("charlie", "GET", "tasks").json() == {"tasks": []}


def test_who_is_switched_off_may_nothing(cast, jobs):
    alice, dora = cast.users["alice"], cast.users["dora"]
    browser = cast.pages("alice")
    for user in (alice, dora):
        user.is_active = False
        user.save()
    assert cast.api("alice", "GET", f"jobs/{jobs[JOB].pk}").status_code == 401
    assert browser.get(f"/jobs/{jobs[JOB].pk}/").status_code == 302
    assert not access.may_see(alice, alice.pk)
    assert not access.may_see(dora, None)
    assert not access.may_launch(alice, catalog.get(ADD))
    assert not access.jobs_for(alice).exists()


def test_a_task_may_ask_for_a_permission_of_its_own(cast):
    guarded = copy(catalog.get(ADD))
    guarded.permission = "auth.view_user"
    view_user = Permission.objects.get(codename="view_user")
    alice = cast.users["alice"]
    assert not access.may_launch(alice, guarded)
    alice.user_permissions.add(view_user)
    assert access.may_launch(type(alice).objects.get(pk=alice.pk), guarded)
    charlie = cast.users["charlie"]
    charlie.user_permissions.add(view_user)
    assert not access.may_launch(charlie, guarded)


def test_a_superuser_sees_and_launches_all(django_user_model):
    root = django_user_model.objects.create_user("root", is_superuser=True)
    assert access.may_see(root, None)
    assert access.may_launch(root, catalog.get(ADD))

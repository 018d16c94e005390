"""`manage.py launch`, `jobs`, `cancel` and `retry` in this process: what they do, and what they say about mistakes."""

from __future__ import annotations

import io
import json
import os
import pwd
import uuid
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from dashboard.terminal import asking
from tasks import UploadedFile, catalog, eventlog, launchable, uploads
from tasks.launchable import BadArgument
from tasks.models import AuditEntry, Job, Upload
from tests.support import signatures as s
from tests.support.cast import Cast, in_log, make_cast, new_job

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_server")]

ADD = "tasks.samples.arithmetic.add"


@pytest.fixture
def cast() -> Cast:
    eventlog.open_epoch(1)
    return make_cast()


@pytest.fixture
def task():
    """Registers a function as a task for the test; its name."""
    names = []

    def register(function: Any) -> str:
        name = f"tests.terminal.{function.__name__}"
        names.append(name)
        current_app.task(name=name)(function)
        catalog.get(name)
        return name

    yield register
    for name in names:
        current_app.tasks.unregister(name)


def run(*words: str, **options: Any) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command(*words, stdout=out, stderr=err, **options)
    return out.getvalue(), err.getvalue()


def refused(*words: str, code: int = 2) -> str:
    with pytest.raises(CommandError) as error:
        run(*words)
    assert error.value.returncode == code
    return str(error.value)


def launched(*words: str) -> Job:
    out, _ = run("launch", *words)
    (line,) = out.splitlines()
    return Job.objects.get(pk=line)


def test_a_launch_prints_the_id_and_nothing_else(cast: Cast):
    job = launched(ADD, "x=4", "--queue", "slow", "y=5")
    assert (job.args, job.owner, job.queue) == ({"x": 4, "y": 5}, None, "slow")
    assert job.message == {"args": [], "kwargs": {"x": 4, "y": 5}}


def test_with_json_lines_it_prints_the_job(cast: Cast):
    out, _ = run("launch", ADD, "x=4", "y=5", "--json-lines")
    assert json.loads(out)["args"] == {"x": 4, "y": 5}


def test_the_audit_trail_names_the_command_and_the_systems_user(cast: Cast):
    job = launched(ADD, "x=4", "y=5", "--user", "alice")
    entry = AuditEntry.objects.get(job=job.pk)
    assert job.owner == cast.users["alice"]
    assert (entry.action, entry.actor_name) == ("launched", "alice")
    assert entry.detail == f"manage.py, {pwd.getpwuid(os.getuid()).pw_name}"
    run("cancel", str(job.pk))
    assert AuditEntry.objects.get(job=job.pk, action="cancelled").actor_name == ""


def test_a_launch_can_be_put_off(cast: Cast):
    job = launched(ADD, "x=4", "y=5", "--countdown=3600")
    assert job.state == "scheduled"
    assert abs((job.eta - timezone.now()).total_seconds() - 3600) < 30


def test_a_time_without_offset_is_the_instances(cast: Cast, settings: Any):
    eta = (timezone.localtime() + timezone.timedelta(days=2)).replace(tzinfo=None, microsecond=0)
    job = launched(ADD, "x=4", "y=5", "--eta", eta.isoformat())
    assert timezone.localtime(job.eta).replace(tzinfo=None) == eta


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        ([ADD, "x=4"], ["  y: This is required."]),
        ([ADD, "x=a", "y=[]", "z=1"], ["  z: ", "  x: ", "  y: "]),
        ([ADD, "x=4", "y=5", "--countdown=-1"], ["  --countdown: "]),
        ([ADD, "x=4", "y=5", "--eta=soon"], ["  --eta: "]),
        ([ADD, "x=4", "y=5", "--queue=a b"], ["  --queue: "]),
        ([ADD, "x=4", "y=5", "--json=/nowhere/x.json"], ["  --json: /nowhere/x.json cannot be read"]),
    ],
)
def test_what_is_wrong_is_a_line_each_and_launches_nothing(cast: Cast, words: list[str], lines: list[str]):
    told = refused("launch", *words).splitlines()
    assert told[0] == "Nothing was done:"
    assert len(told) == len(lines) + 1
    assert all(line.startswith(begin) for line, begin in zip(told[1:], lines, strict=True))
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("name", "near"),
    [("ad", ADD), ("add", ADD), ("tasks.samples.arithmetic.ad", ADD), ("tasks.sample.arithmetics.add", ADD)],
)
def test_a_task_that_is_not_there_is_told_with_those_near_it(name: str, near: str):
    assert near in refused("launch", name).partition("Did you mean")[2]


def test_a_task_like_no_other_is_told_alone():
    assert refused("launch", "qqqqqq") == "There is no launchable task 'qqqqqq'."


def test_users_that_may_own_nothing_are_refused(cast: Cast):
    assert "no user 'zoe'" in refused("launch", ADD, "x=1", "y=1", "--user=zoe")
    cast.users["bob"].is_active = False
    cast.users["bob"].save()
    assert "switched off" in refused("launch", ADD, "x=1", "y=1", "--user=bob")


def test_arguments_from_a_file_are_json_and_words_go_before_them(cast: Cast, tmp_path: Path):
    path = tmp_path / "a.json"
    path.write_text('{"x": 1, "y": 2}')
    assert launched(ADD, f"--json={path}").args == {"x": 1, "y": 2}
    assert launched(ADD, "y=3", f"--json={path}").args == {"x": 1, "y": 3}
    path.write_text('{"x": "1", "y": 2}')
    assert "leave out the quotes" in refused("launch", ADD, f"--json={path}")


def test_arguments_and_secrets_come_from_standard_input(cast: Cast, task: Any, monkeypatch: pytest.MonkeyPatch):
    def sesame(password: str) -> None: ...

    monkeypatch.setattr("sys.stdin", io.StringIO('{"x": 1, "y": 2}'))
    assert launched(ADD, "--json=-").args == {"x": 1, "y": 2}
    monkeypatch.setattr("sys.stdin", io.StringIO("hunter2\nrest"))
    job = launched(task(sesame), "password=-")
    assert job.args == {"password": catalog.MASK}
    assert job.message["kwargs"] == {"password": "hunter2"}


def test_a_secret_that_is_missing_is_asked_for_where_somebody_is_there(
    cast: Cast, task: Any, monkeypatch: pytest.MonkeyPatch
):
    def sesame_and_more(password: str, x: int = 1) -> None: ...

    name = task(sesame_and_more)
    assert "password: This is required." in refused("launch", name)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr(asking.getpass, "getpass", lambda prompt: f"typed at {prompt}")
    job = launched(name, "x=2")
    assert job.message["kwargs"] == {"password": "typed at Password (password, is not shown): ", "x": 2}
    Job.objects.filter(pk=job.pk).update(state="failed")
    out, _ = run("retry", str(job.pk), "x=3")
    assert Job.objects.get(pk=out.strip()).message["kwargs"]["password"].startswith("typed at")
    monkeypatch.undo()
    assert "password: This is secret and was not kept" in refused("retry", str(job.pk))


def test_a_file_is_uploaded_as_the_users(cast: Cast, task: Any, tmp_path: Path):
    name = task(s.files)
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    one.write_bytes(b"a" * (uploads.FORM_BYTES + 1))  # the form's limit is the form's
    two.write_text("b")
    job = launched(name, f"one=@{one}", f"more=@{two}", "--user=alice")
    first = Upload.objects.get(pk=job.args["one"])
    assert (first.owner, first.name, first.size) == (cast.users["alice"], "one.csv", uploads.FORM_BYTES + 1)
    assert [uploads.open_upload(uuid.UUID(n)).path.read_bytes() for n in job.args["more"]] == [b"b"]
    again, _ = run("retry", str(ended(job).pk), f"one=@{two}", "--user=alice")
    assert Job.objects.get(pk=again.strip()).args["more"] == job.args["more"]


@pytest.mark.parametrize("bad", ["more=x", "hidden=1", "one=@{}/nothing", "one=@{}", "one=@{}/empty"])
def test_a_refused_launch_leaves_no_file_behind(cast: Cast, task: Any, tmp_path: Path, bad: str):
    (tmp_path / "one.csv").write_text("a")
    (tmp_path / "empty").touch()
    words = [bad.format(tmp_path)] + ([] if bad.startswith("one") else [f"one=@{tmp_path}/one.csv"])
    told = refused("launch", task(s.files), *words, "--user=alice")
    assert told.splitlines()[1].startswith(f"  {bad.partition('=')[0]}")
    assert not Upload.objects.exists()


def test_a_check_that_refuses_leaves_no_file_behind(cast: Cast, task: Any, tmp_path: Path):
    def check(file: UploadedFile) -> None:
        raise BadArgument("file", f"it says {file.path.read_bytes()!r}")

    @launchable(check=check)
    def picky(file: UploadedFile) -> None: ...

    (tmp_path / "one.csv").write_text("abc")
    assert "file: it says b'abc'" in refused("launch", task(picky), f"file=@{tmp_path}/one.csv", "--user=alice")
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    ("function", "words", "expected"),
    [
        (s.numbers, ["whole=3", "real=0.25", "money=0.10"], {"whole": 3, "real": 0.25, "money": "0.10"}),
        (s.texts, ["plain= a ", "coded=xy"], {"plain": " a ", "coded": "xy"}),
        (s.choices, ["colour=green", "several=red", "yes=no"], {"colour": "green", "several": ["red"], "yes": False}),
        (s.times, ["day=2026-05-31", "moment=2026-05-31T10:00Z"], {"day": "2026-05-31"}),
        (s.many, ["words=a", "words=b", 'pair=[2, "b"]'], {"words": ["a", "b"], "pair": [2, "b"]}),
        (s.models, ['login={"user": "a", "password": "b"}'], {"login": {"user": "a", "password": catalog.MASK}}),
        (s.untyped, ["x=4", "y=[1]"], {"x": 4, "y": [1]}),
        (s.positional, ["first=1", "rest=7", "rest=8", 'others={"a": 5}'],
         {"first": 1, "rest": [7, 8], "others": {"a": 5}}),
        (s.called_self, ["self=1"], {"self": 1}),
    ],
)  # fmt: skip
def test_every_kind_of_signature_is_launched(
    cast: Cast, task: Any, function: Any, words: list[str], expected: dict[str, Any]
):
    args = launched(task(function), *words).args
    assert {name: args[name] for name in expected} == expected


def ended(job: Job, state: str = "failed") -> Job:
    job.state = state
    job.save()
    return job


def test_jobs_are_found_by_the_beginning_of_their_ids(cast: Cast):
    one = new_job(id=uuid.UUID("abcdef12-0000-4000-8000-000000000001"), state="queued")
    two = new_job(id=uuid.UUID("abcdef13-0000-4000-8000-000000000002"), state="queued")
    in_log(one)
    assert refused("cancel", "abcde") == "abcde: give at least 6 characters of the job's id."
    told = refused("cancel", "abcdef1")
    assert str(one.pk) in told
    assert str(two.pk) in told
    assert refused("cancel", "abcdef12-1") == "There is no job abcdef12-1."
    assert refused("cancel", str(uuid.uuid4())).startswith("There is no job ")
    assert refused("watch", "nonsense") == "'nonsense' is no id of a job."
    assert Job.objects.filter(cancel=None).count() == 2
    out, _ = run("cancel", "ABCDEF12-00")
    assert out == f"{one.pk} cancelled\n"


def test_a_cancel_stops_nothing_where_one_id_is_wrong(cast: Cast):
    job = new_job(state="queued")
    in_log(job)
    refused("cancel", str(job.pk), "abcdef")
    assert eventlog.snapshot(str(job.pk)).job["state"] == "queued"


def test_a_cancel_tells_of_each_job(cast: Cast):
    waiting, running, over = new_job(state="queued"), new_job(state="started"), new_job(state="succeeded")
    for job in (waiting, running, over):
        in_log(job)
    out, err = io.StringIO(), io.StringIO()
    with pytest.raises(SystemExit) as end:
        call_command("cancel", *(str(job.pk) for job in (waiting, over, running)), stdout=out, stderr=err)
    assert end.value.code == 1
    assert out.getvalue().splitlines() == [f"{waiting.pk} cancelled", f"{running.pk} started (asked to stop)"]
    assert err.getvalue() == f"{over.pk}: the job has ended already: it has succeeded\n"


def test_a_retry_is_a_new_job_with_some_arguments_changed(cast: Cast):
    old = new_job(state="failed")
    out, _ = run("retry", str(old.pk)[:8], "y=40")
    new = Job.objects.get(pk=out.strip())
    assert (new.retry_of, new.args) == (old.pk, {"x": 1, "y": 40})
    assert "it is queued" in refused("retry", str(new.pk))
    assert refused("retry", str(old.pk), "z=1").endswith("z: The task has no such parameter.")
    gone = new_job(state="failed", task="gone.task")
    assert "no launchable task 'gone.task'" in refused("retry", str(gone.pk))


def listed(*words: str) -> list[str]:
    out, _ = run("jobs", "--json", *words)
    return [json.loads(line)["id"] for line in out.splitlines()]


def test_jobs_of_somebody_who_is_not_there_are_a_mistake(cast: Cast):
    assert "There is no user 'nobody'." in refused("jobs", "--owner", "nobody")
    cast.users["alice"].is_active = False
    cast.users["alice"].save()
    new_job(cast.users["alice"])
    assert "alice" in run("jobs", "--owner", "alice")[0]


def test_jobs_are_listed_by_the_apis_filters(cast: Cast):
    day = timezone.timedelta(days=1)
    old = new_job(cast.users["alice"], state="failed", created_at=timezone.now() - 3 * day)
    new = new_job(state="succeeded", task="tasks.samples.arithmetic.mul")
    ids = [str(new.pk), str(old.pk)]
    assert listed() == ids
    assert listed("--state=failed", "--state=lost") == ids[1:]
    assert listed("--state=failed", "--state=succeeded", "--limit=1") == ids[:1]
    assert listed("--task", new.task) == ids[:1]
    assert listed("--owner=alice") == ids[1:]
    assert listed("-q", str(old.pk)[:8]) == ids[1:]
    assert listed("--since", timezone.localdate().isoformat()) == ids[:1]
    assert listed("--until", timezone.localdate().isoformat()) == ids[1:]


def test_the_table_has_a_line_for_each_job_and_cuts_nothing_in_a_pipe(cast: Cast):
    progress = {"current": 1, "total": 4, "description": "", "steps": []}
    job = new_job(cast.users["alice"], task="a." + "b" * 200, progress=progress, started_at=timezone.now())
    out, _ = run("jobs")
    head, line = out.splitlines()
    assert head.split() == ["id", "task", "state", "progress", "owner", "created", "ran"]
    assert line.startswith(f"{job.pk}  {job.task}  queued  1 of 4 (25 %)  alice  20")


@pytest.mark.parametrize(
    ("option", "named"),
    [("--limit=0", "--limit"), ("--limit=x", "--limit"), ("--since=soon", "--since"), ("--state=done", "--state")],
)
def test_a_wrong_filter_is_named(option: str, named: str):
    assert named in refused("jobs", option, code=1 if named == "--state" else 2)

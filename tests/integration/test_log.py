"""The log by the numbers of its lines: ranges, search, download; over the archive, the live log and what is between."""

import json
import uuid

import pytest

from dashboard.loglines import Log, Wanted
from tasks import archive, epochs, eventlog, events, recorder
from tasks.eventlog import Change
from tasks.models import Job, JobEvents
from tests.support.cast import make_cast

pytestmark = [
    pytest.mark.database,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("redis_server", "static_files", "open_log"),
]


@pytest.fixture
def open_log(redis_server, transactional_db):
    epochs.ensure_open()


@pytest.fixture
def cast():
    return make_cast()


class Writer:
    """A job that says one thing after the other."""

    def __init__(self, owner):
        self.id = str(uuid.uuid4())
        self.n = self.said = 0
        known = {"task": "t.talk", "owner": owner.get_username(), "created_at": events.now()}
        eventlog.announce(events.blank_job(self.id, **known), owner_id=owner.pk)

    def say(self, *texts, level="info"):
        """Each text as a line, all in one event."""
        lines = [
            {"time": f"2026-01-02T03:04:{n % 60:02}.000000+00:00", "level": level, "text": t}
            for n, t in enumerate(texts)
        ]
        self.append(Change("log", lines=lines))
        self.said += len(texts)

    def count(self, to):
        """An event without lines."""
        self.append(Change("progress", {"progress": {"current": to, "total": None, "description": "", "steps": []}}))

    def append(self, change):
        self.n += 1
        eventlog.append(self.id, [change], writer="w", n=self.n)


def record_all():
    while eventlog.dirty(1):
        recorder.record_once()


@pytest.fixture
def job(cast):
    """Eight hundred lines in many chunks, and the last hundred in the live log alone."""
    writer = Writer(cast.users["alice"])
    # What an event sets may look like lines.
    writer.append(Change("state", {"args": {"lines": [{"time": "t", "level": "info", "text": "none"}]}}))
    for n in range(1, 801, 4):
        writer.say(*(f"line {i}" for i in range(n, n + 4)), level="error" if n == 401 else "info")
        writer.count(n)
        if n % 200 == 1:
            record_all()
    record_all()
    for n in range(801, 901):
        writer.say(f"line {n}")
    return writer


def numbers(lines):
    return [line.number for line in lines]


def assert_numbered(job_id, total=900):
    log = Log(job_id)
    assert log.total == total
    for first, count in ((1, 5), (397, 10), (795, 12), (899, 50), (901, 3)):
        found = log.lines(first, count)
        assert numbers(found) == list(range(first, min(first + count, total + 1)))
        assert [line.text for line in found] == [f"line {line.number}" for line in found]


def test_a_line_is_found_by_its_number_wherever_it_is(job):
    assert JobEvents.objects.filter(job_id=job.id).count() > 3
    assert_numbered(job.id)
    record_all()
    assert_numbered(job.id)
    eventlog.trim(job.id, job.n - 10)
    assert_numbered(job.id)


def test_numbers_survive_the_compaction_of_the_archive(job):
    record_all()
    assert Job.objects.get(pk=job.id).lines == 900
    Job.objects.filter(pk=job.id).update(finished_at="2020-01-01T00:00:00+00:00")
    assert archive.compact_once() == 1
    assert JobEvents.objects.filter(job_id=job.id).count() == 1
    assert_numbered(job.id)


def test_lines_of_an_older_archive_are_counted_when_asked_for_and_recorded_on(job):
    JobEvents.objects.update(before=None, lines=None)
    Job.objects.update(lines=None)
    record_all()  # by a recorder that does not know how many there were
    assert_numbered(job.id)
    job.say("line 901")
    record_all()
    assert_numbered(job.id, 901)
    assert Job.objects.get(pk=job.id).lines == 901


def test_how_many_lines_there_were_up_to_an_event(job):
    log = Log(job.id)
    said = {}
    total = 0
    for event in eventlog.read(job.id, 0, 5000).events:
        total += len(event.get("lines", ()))
        said[event["seq"]] = total
    assert {seq: log.until(seq) for seq in said} == said
    assert log.until(log.seq + 1) is None


def test_search_goes_through_everything_and_on_from_where_it_ended(job, monkeypatch):
    job.say("Ünïcode \x1b[31mre\x1b[0md “quoted”\nsecond line")
    found = Log(job.id).search(Wanted("LINE 40"), 1, keep=3)
    assert found.runs == [(40, 40), (400, 409)]
    assert numbers(found.lines) == [407, 408, 409]
    assert found.next is None
    assert Log(job.id).search(Wanted("line 4", "error"), 1, keep=9).runs == [(401, 404)]
    for words in ("ÜNÏCODE RED", "“quoted”\nSECOND"):
        assert Log(job.id).search(Wanted(words), 1, keep=0).runs == [(901, 901)]
    assert Log(job.id).lines(402, 50, Wanted(level="warning")) == Log(job.id).lines(402, 3)
    monkeypatch.setattr("dashboard.loglines._CHARACTERS", 10)
    first, runs = 1, []
    while first is not None:
        found = Log(job.id).search(Wanted("line"), first, keep=0)
        runs += found.runs
        first = found.next
    assert sum(last - first + 1 for first, last in runs) == 901


def test_the_page_asks_for_lines_and_searches(cast, job):
    browser = cast.pages("alice")
    answer = browser.get(f"/jobs/{job.id}/log/lines/?from=799&count=3").json()
    assert (answer["total"], answer["seq"]) == (900, eventlog.snapshot(job.id).seq)
    assert [(number, level, text) for number, _, level, text in answer["lines"]] == [
        (n, "info", f"line {n}") for n in (799, 800, 801)
    ]
    found = browser.get(f"/jobs/{job.id}/log/search/?q=line+77").json()
    assert found["runs"] == [[77, 77], [770, 779]]
    for query in ("from=0", "from=x", "count=9999", "level=loud", "from=²"):
        answer = browser.get(f"/jobs/{job.id}/log/lines/?{query}")
        assert answer.status_code == 400
        assert answer.json()["detail"].startswith(query.partition("=")[0])
    assert browser.get(f"/jobs/{job.id}/log/search/?q={'x' * 201}").status_code == 400


def test_the_page_has_the_last_lines_with_their_numbers_and_says_how_many_there_are(cast, job):
    page = cast.pages("alice").get(f"/jobs/{job.id}/")
    assert [line["number"] for line in page.context["lines"]] == list(range(701, 901))
    assert page.context["data"]["lines"] == 900
    text = page.content.decode()
    assert 'id="L900"' in text
    assert f'href="/jobs/{job.id}/log/"' in text


def test_the_whole_log_is_a_text_whose_lines_cannot_be_forged(cast, job):
    job.say("a \x1b[32mgreen\x1b[0m\n2026-01-01T00:00:00Z ERROR    forged\r\x07", level="warning")
    answer = cast.pages("alice").get(f"/jobs/{job.id}/log/")
    assert f"t.talk-{job.id}.log" in answer["Content-Disposition"]
    assert answer["Content-Disposition"].startswith("attachment")
    text = b"".join(answer.streaming_content).decode()
    assert text.startswith("2026-01-02T03:04:00.000000+00:00 INFO     line 1\n")
    assert text.endswith(" WARNING  a green\n    2026-01-01T00:00:00Z ERROR    forged\\r\\x07\n")
    assert text.count("\n") == 902


def test_a_log_without_lines(cast):
    writer = Writer(cast.users["alice"])
    writer.count(1)
    log = Log(writer.id)
    assert (log.total, log.lines(1, 5), log.search(Wanted("x"), 1, keep=5).runs) == (0, [], [])
    browser = cast.pages("alice")
    assert b"".join(browser.get(f"/jobs/{writer.id}/log/").streaming_content) == b""
    assert json.loads(browser.get(f"/jobs/{writer.id}/log/lines/?from=7").content)["lines"] == []

"""`manage.py launch` and `watch` against a real worker: exit codes, the law, Ctrl-C, a terminal, a Redis that dies."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.events import fold_all
from tests.support.stack import ROOT, Stack, wait_for

PLAIN = "tests.support.plain_tasks"
WAIT = "tests.support.lasting_tasks.wait_for_file"
APPS = f"{PLAIN},tests.support.lasting_tasks"

_JOBS = """
from tasks.models import Job
answer = [str(pk) for pk in Job.objects.order_by("-created_at").values_list("pk", flat=True)]
"""
_STATE = "from dashboard import queries\nanswer = queries.find(id).job"


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    running = Stack(TASKCAST_APPS=APPS)
    try:
        yield running.up()
    finally:
        running.down()


def start(stack: Stack, *words: str, **options: object) -> subprocess.Popen[str]:
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    command = [sys.executable, str(ROOT / "manage.py"), *words]
    return subprocess.Popen(command, cwd=ROOT, env=stack.env, text=True, **{**pipes, **options})  # type: ignore[call-overload]


def run(stack: Stack, *words: str) -> tuple[int, str, str]:
    process = start(stack, *words)
    out, err = process.communicate(timeout=90)
    return process.returncode, out, err


def job(stack: Stack, job_id: str) -> dict:
    return stack.run(_STATE, id=job_id)


def newest(stack: Stack, before: list[str]) -> str:
    """The id of the first job that was not there before."""
    return wait_for(lambda: [one for one in stack.run(_JOBS) if one not in before], "there is a new job")[0]


def state_is(stack: Stack, job_id: str, state: str, seconds: float = 30) -> None:
    wait_for(lambda: job(stack, job_id)["state"] == state, f"the job is {state}", seconds)


def test_waiting_prints_the_result_alone_and_ends_with_zero(stack: Stack):
    code, out, err = run(stack, "launch", "tasks.samples.arithmetic.add", "x=4", "y=4", "--wait")
    assert (code, out) == (0, "8\n")
    assert re.fullmatch(r"[0-9a-f-]{36} succeeded after \S+ s\n", err)


@pytest.mark.parametrize("how", ["--wait", "--watch"])
def test_a_job_that_failed_ends_with_one_and_says_why(stack: Stack, how: str):
    code, out, err = run(stack, "launch", f"{PLAIN}.fail", "text=[b]oken", how)
    assert code == 1
    assert "failed after" in (err if how == "--wait" else out)
    assert "ValueError: [b]oken" in out + err


def test_a_launch_without_more_does_not_wait(stack: Stack, tmp_path: Path):
    code, out, err = run(stack, "launch", WAIT, f"path={tmp_path}/go")
    (line,) = out.splitlines()
    assert (code, err) == (0, "")
    state_is(stack, line, "started")
    (tmp_path / "go").touch()
    assert run(stack, "watch", line[:8])[0] == 0


def test_a_cancelled_job_ends_with_three(stack: Stack):
    before = stack.run(_JOBS)
    process = start(stack, "launch", f"{PLAIN}.count", "to=100000", "pause=0.05", "--wait")
    job_id = newest(stack, before)
    state_is(stack, job_id, "started")
    code, out, _ = run(stack, "cancel", job_id[:13])
    assert (code, out) == (0, f"{job_id} started on {job(stack, job_id)['worker']} (asked to stop)\n")
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (3, "")
    assert "cancelled after" in err


def test_a_task_that_never_asks_is_ended_by_force_before_the_command_returns(stack: Stack):
    _, out, _ = run(stack, "launch", f"{PLAIN}.deaf", "seconds=90")
    job_id = out.strip()
    state_is(stack, job_id, "started")
    code, out, _ = run(stack, "cancel", job_id, "--force")
    assert code == 0
    assert out.startswith(f"{job_id} cancelled after ")
    assert run(stack, "watch", job_id)[0] == 3


def test_force_says_where_a_pool_can_end_no_job(stack: Stack):
    stack.start("worker2", options=["--pool", "threads", "--queues", "threaded"])
    try:
        _, out, _ = run(stack, "launch", f"{PLAIN}.wait_for_cancel", "--queue", "threaded")
        job_id = out.strip()
        state_is(stack, job_id, "started")
        code, out, err = run(stack, "cancel", job_id, "--force")
        assert (code, out) == (1, "")
        assert "has a pool of the kind “threads”, which cannot end one job by force; nothing was done" in err
        assert job(stack, job_id)["cancel"] is None
        assert run(stack, "cancel", job_id)[0] == 0
        state_is(stack, job_id, "succeeded")  # it looks, and returns
    finally:
        stack.kill("worker2")


def test_the_lines_of_json_obey_the_law(stack: Stack):
    code, out, err = run(
        stack, "launch", f"{PLAIN}.count", "to=200", "pause=0.005", "lines=10", "--watch", "--json-lines"
    )
    assert (code, err) == (0, "")
    first, *events, last = map(json.loads, out.splitlines())
    assert [event["seq"] for event in events] == list(range(first["seq"] + 1, last["seq"] + 1))
    assert fold_all(first, events) == last == job(stack, last["id"])
    assert last["result"] == 200
    texts = [line["text"] for event in events for line in event.get("lines", ())]
    assert texts == [f"at {n}" for n in range(0, 200, 20)]
    code, out, _ = run(stack, "watch", last["id"], "--json")
    assert (code, [json.loads(line) for line in out.splitlines()]) == (0, [last, last])


def test_in_a_pipe_there_are_plain_lines(stack: Stack):
    code, out, err = run(stack, "launch", f"{PLAIN}.count", "to=100", "pause=0.02", "lines=4", "--watch")
    assert (code, err) == (0, "")
    assert "\x1b" not in out
    told = [re.sub(r"^\d\d:\d\d:\d\d\.\d{3} ", "", line) for line in out.splitlines()]
    assert re.fullmatch(rf"{PLAIN}\.count [0-9a-f-]{{36}}", told[0])
    assert [line for line in told if line.startswith("info:")] == [f"info: at {n}" for n in (0, 25, 50, 75)]
    progress = [line for line in told if line.startswith("Counting ")]
    assert 2 < len(progress) <= 14
    assert progress[-1] == "Counting 100 of 100 (100 %)"
    assert told[-1] == "result: 100"
    _, again, _ = run(stack, "watch", re.search(r"[0-9a-f-]{36}", out).group())
    assert [line for line in again.splitlines() if "info:" in line] == [
        line for line in out.splitlines() if "info:" in line
    ]


def test_ctrl_c_leaves_the_job_running_and_says_how_to_come_back(stack: Stack, tmp_path: Path):
    before = stack.run(_JOBS)
    process = start(stack, "launch", WAIT, f"path={tmp_path}/go", "--watch")
    job_id = newest(stack, before)
    assert process.stdout is not None
    while "waiting" not in process.stdout.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err == f"The job goes on. Come back to it: manage.py watch {job_id}\n"
    assert job(stack, job_id)["state"] == "started"
    (tmp_path / "go").touch()
    code, out, _ = run(stack, "watch", job_id)
    assert code == 0
    assert out.splitlines()[1].endswith("info: waiting")
    assert out.splitlines()[-1] == 'result: "it is there"'


class Terminal:
    """A command on a terminal of 100 columns; `screen` is all that it has written."""

    def __init__(self, stack: Stack, *words: str) -> None:
        env = {**stack.env, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"}
        self.pid, self.fd = pty.fork()
        if not self.pid:
            os.chdir(ROOT)
            os.execve(sys.executable, [sys.executable, "manage.py", *words], env)
        self.screen = ""

    def until(self, text: str, seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while text not in self.screen and time.monotonic() < deadline:
            if select.select([self.fd], [], [], 0.1)[0]:
                try:
                    self.screen += os.read(self.fd, 65536).decode(errors="replace")
                except OSError:  # the command has ended
                    break
        assert text in self.screen, self.screen[-2000:]

    def type(self, text: str) -> None:
        os.write(self.fd, text.encode())

    def end(self) -> int:
        """Its exit code."""
        try:
            while chunk := os.read(self.fd, 65536):
                self.screen += chunk.decode(errors="replace")
        except OSError:
            pass
        os.close(self.fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def test_on_a_terminal_bars_move_and_the_log_goes_by(stack: Stack):
    shown = Terminal(stack, "launch", f"{PLAIN}.count", "to=60", "pause=0.03", "lines=3", "--watch")
    shown.until("60 of 60 (100 %)")
    assert shown.end() == 0
    assert "info: at 20" in shown.screen
    assert "━" in shown.screen
    assert "\x1b[1A" in shown.screen  # it is drawn anew in its place
    assert shown.screen.rstrip().endswith("result: 60")
    assert shown.screen.count("\x1b[?25h") == 1  # the cursor is back


def test_ctrl_c_on_a_terminal_gives_the_cursor_back(stack: Stack, tmp_path: Path):
    shown = Terminal(stack, "launch", WAIT, f"path={tmp_path}/go", "--watch")
    shown.until("info: waiting")
    shown.type("\x03")
    assert shown.end() == 130
    assert "\x1b[?25h" in shown.screen
    assert "manage.py watch " in shown.screen
    assert "Traceback" not in shown.screen
    (tmp_path / "go").touch()


def test_a_secret_is_typed_without_echo(stack: Stack):
    shown = Terminal(stack, "launch", f"{PLAIN}.leak", "--wait")
    shown.until("Password (password, is not shown): ")
    shown.type("hunter2\n")
    assert shown.end() == 1
    assert "hunter2" not in shown.screen
    assert "ValueError: no entry with ********" in shown.screen


def test_a_table_on_a_terminal_has_short_ids(stack: Stack):
    shown = Terminal(stack, "jobs", "--limit", "1")
    shown.until("created")
    assert shown.end() == 0
    assert re.search(rf"{stack.run(_JOBS)[0][:8]}\s", shown.screen)


@pytest.mark.timeout(300)  # it starts an instance of its own
def test_nothing_is_lost_where_redis_is_killed_in_the_middle(stack_factory, tmp_path: Path):
    stack = stack_factory(WORKERS="1", TASKCAST_APPS=APPS)
    _, out, _ = run(stack, "launch", f"{PLAIN}.count", "to=4000", "pause=0.005", "lines=100")
    job_id = out.strip()
    files = [tmp_path / "json", tmp_path / "plain"]
    with files[0].open("w") as as_json, files[1].open("w") as plain:
        watching = [
            start(stack, "watch", job_id, "--json", stdout=as_json, stderr=subprocess.STDOUT),
            start(stack, "watch", job_id, stdout=plain, stderr=subprocess.STDOUT),
        ]
    wait_for(lambda: all("at " in file.read_text() for file in files), "both follow it")
    stack.kill("redis")
    wait_for(lambda: all("reconnecting" in file.read_text() for file in files), "both tell that it is away")
    stack.start("redis")
    assert [process.wait(90) for process in watching] == [0, 0]
    said = files[0].read_text().splitlines()
    assert "connected again" in said
    told = [json.loads(line) for line in said if line.startswith("{")]
    folded, texts = told[0], []
    for one in told[1:]:
        folded = one if "id" in one else fold_all(folded, [one])
        texts += [line["text"] for line in one.get("lines", ())]
    assert folded == told[-1] == job(stack, job_id)
    assert folded["result"] == 4000
    every = [f"at {n}" for n in range(0, 4000, 40)]
    assert texts == every[-len(texts) :]
    assert [t.partition("info: ")[2] for t in files[1].read_text().splitlines() if "info: " in t] == every


@pytest.mark.timeout(300)  # it starts an instance of its own
def test_a_lost_job_ends_with_four(stack_factory):
    stack = stack_factory(WORKERS="1", TASKCAST_APPS=APPS)
    process = start(stack, "launch", WAIT, f"path={stack.home}/never", "--wait")
    state_is(stack, newest(stack, []), "started")
    stack.kill("worker")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 4
    assert "lost after" in err


def test_a_job_whose_log_has_expired_is_told_from_the_archive(stack: Stack):
    code, out, _ = run(stack, "launch", f"{PLAIN}.count", "to=10", "lines=2", "--wait", "--json-lines")
    last = json.loads(out)
    assert code == 0
    archived = "from tasks.models import Job\nanswer = Job.objects.get(pk=id).archived"
    wait_for(lambda: stack.run(archived, id=last["id"]) == last["seq"], "it is archived")
    with stack.redis() as client:
        client.delete(f"taskcast:job:{last['id']}", f"taskcast:log:{last['id']}")
    code, out, _ = run(stack, "watch", last["id"])
    assert code == 0
    assert out.count("info: at ") == 2
    assert out.rstrip().endswith("result: 10")


@pytest.mark.timeout(300)  # it starts an instance of its own
def test_redis_or_a_database_that_is_away_is_one_line(stack_factory, tmp_path: Path):
    stack = stack_factory(WORKERS="1")
    stack.kill("redis", signal.SIGTERM)
    code, out, err = run(stack, "launch", "tasks.samples.arithmetic.add", "x=4", "y=4")
    assert (code, len(out.splitlines())) == (0, 1)
    assert err == "the broker does not answer; the job will be sent when it does\n"
    code, table, err = run(stack, "jobs")
    assert (code, err) == (0, "")
    assert out.strip() in table
    code, _, err = run(stack, "cancel", "--force", out.strip())
    assert code == 69
    assert "Redis does not answer" in err
    assert "Traceback" not in err
    stack.env["DATABASE_URL"] = "postgres://nobody@127.0.0.1:1/none"
    for words in (["jobs"], ["launch", "tasks.samples.arithmetic.add", "x=4", "y=4"]):
        code, out, err = run(stack, *words)
        assert (code, out, len(err.splitlines())) == (69, "", 1)
        assert err.startswith("DATABASE_URL: the database does not answer")


def test_who_reads_no_more_ends_the_command(stack: Stack):
    read, write = os.pipe()
    process = start(stack, "jobs", "--json", stdout=write)
    os.close(write)
    os.close(read)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (141, "")

"""`make up` from outside: ready, restarts, refusals, and nothing left behind."""

from __future__ import annotations

import os
import signal
import socket
import stat
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from project import embedded_redis
from project.supervisor import parts
from tests.support.stack import free_port, wait_for
from tests.support.up import Up

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def up() -> Iterator[Callable[..., Up]]:
    """Starts instances that are ended and removed after the test."""
    started: list[Up] = []

    def start(*arguments: object, **options: object) -> Up:
        started.append(Up(*arguments, **options))  # type: ignore[arg-type]
        return started[-1]

    yield start
    for one in started:
        one.remove()


def answers(one: Up) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{one.port}/healthz", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def store(one: Up) -> redis.Redis:
    return redis.Redis(unix_socket_path=str(embedded_redis.socket_path(one.home)), decode_responses=True)


def test_two_instances_run_side_by_side_and_a_second_start_keeps_the_data(up) -> None:
    first, second = up(), up()
    address = first.ready()
    assert address.startswith(f"http://127.0.0.1:{first.port}/welcome/")
    assert second.ready().startswith(f"http://127.0.0.1:{second.port}/welcome/")
    assert answers(first)
    assert answers(second)
    assert stat.S_IMODE(os.stat(first.home / "redis").st_mode) == 0o700
    assert stat.S_IMODE(os.stat(first.home / "secret_key").st_mode) == 0o600
    with store(first) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("appendfsync") == {"appendfsync": "everysec"}
        assert client.config_get("port") == {"port": "0"}
        client.set("kept", "yes")

    first.interrupt()
    first.ended()
    first.gone()
    assert answers(second)  # Ctrl-C ends what it started and nothing else
    second.interrupt()
    second.ended()
    second.gone()

    started = time.monotonic()
    again = up(first.home)
    again.ready()
    assert time.monotonic() - started < 20
    with store(again) as client:
        assert client.get("kept") == "yes"


def test_a_part_that_dies_is_named_and_starts_again(up) -> None:
    one = up()
    one.ready()
    with store(one) as client:
        client.set("kept", "yes")
        wait_for(lambda: client.info("persistence")["aof_pending_bio_fsync"] == 0, "written to disk")
    for name, command in (
        ("daphne", "daphne"),
        ("beat", "project beat"),
        ("worker", "project worker"),
        ("redis", "redis.sock"),
    ):
        old = one.part(command)
        os.kill(old, signal.SIGKILL)
        one.said(f"{name} died (killed by SIGKILL)")
        one.until(lambda command=command, old=old: one.running(command) not in (None, old), f"{name} is back")
    wait_for(lambda: answers(one), "pages are back")
    with store(one) as client:
        assert wait_for(lambda: client.get("kept"), "Redis is back") == "yes"
    assert one.make.poll() is None


def test_five_deaths_in_a_minute_end_everything_with_the_reason(up) -> None:
    one = up()
    one.ready()
    for count in range(1, 6):
        os.kill(one.until(lambda: one.running("-m daphne"), "daphne runs"), signal.SIGKILL)
        one.said("daphne died 5 times" if count == 5 else f"(death {count};")
    assert one.ended() != 0
    assert "daphne died 5 times within a minute, at last killed by SIGKILL" in "".join(one.errors)
    one.gone()


@pytest.mark.parametrize("whom", ["make", "supervisor"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_one_of_them_alone_ends_all(up, whom: str, number: signal.Signals) -> None:
    one = up()
    one.ready()
    os.kill(one.make.pid if whom == "make" else one.part("tools/start.py"), number)
    one.ended()
    one.gone()


def test_it_runs_in_the_background_of_a_script(up) -> None:
    """A shell without job control starts `make up &` with SIGINT ignored: that is no wish to stop."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        one = up()
    finally:
        signal.signal(signal.SIGINT, before)
    one.ready()
    os.kill(one.make.pid, signal.SIGTERM)
    one.ended()
    one.gone()


def test_a_killed_supervisor_leaves_no_orphan(up) -> None:
    one = up()
    one.ready()
    os.kill(one.part("tools/start.py"), signal.SIGKILL)
    assert one.ended() != 0
    one.gone()
    up(one.home, one.port).ready()  # nothing that was left stands in the way


def test_a_home_that_is_in_use_is_refused(up) -> None:
    one = up()
    one.ready()
    other = up(one.home)
    assert other.ended() != 0
    assert [line for line in other.errors if "is in use by the instance with process id" in line], other.told()
    assert one.make.poll() is None
    assert answers(one)


def test_other_allowed_hosts_do_not_keep_it_from_being_ready(up) -> None:
    up(ALLOWED_HOSTS=".example.com", TRUSTED_ORIGINS="https://taskcast.example.com", HOST="0.0.0.0").ready()


def test_who_listens_for_others_learns_of_allowed_hosts(up) -> None:
    one = up(HOST="0.0.0.0")
    assert one.ready().startswith(f"http://127.0.0.1:{one.port}/")
    (warning,) = [line for line in one.lines if "warning: HOST" in line]
    assert "ALLOWED_HOSTS=" in warning
    for path in ("/", "/jobs/"):
        request = urllib.request.Request(f"http://127.0.0.1:{one.port}{path}", headers={"Host": "192.168.0.10"})
        with pytest.raises(urllib.error.HTTPError, match="400"):
            urllib.request.urlopen(request)
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"http://127.0.0.1:{one.port}/nowhere")
    wait_for(lambda: sum("Invalid HTTP_HOST header" in line for line in one.lines) == 2, "one line for each")
    assert "Traceback" not in one.told()
    assert "Not Found" not in one.told()


def test_somebody_elses_worker_on_a_shared_redis_does_not_make_it_ready(up, tmp_path: Path) -> None:
    first = up()
    first.ready()
    (tmp_path / "slow_by_test.py").write_text("import sys, time\nif 'worker' in sys.argv: time.sleep(4)\n")
    shared = f"redis+socket://{embedded_redis.socket_path(first.home)}"
    second = up(REDIS_URL=shared, TASKCAST_APPS="slow_by_test", PYTHONPATH=str(tmp_path))
    second.ready()
    (at,) = [n for n, line in enumerate(second.lines) if "is ready:" in line]
    assert any(parts.WORKER_READY in line for line in second.lines[:at])


def test_a_stop_that_arrives_twice_at_once_is_one_wish(up) -> None:
    """SIGTERM to the whole group: make passes its own on, and nothing may be killed for it."""
    one = up()
    one.ready()
    os.killpg(one.make.pid, signal.SIGTERM)
    one.ended()
    one.gone()
    assert "is killed" not in one.told()
    assert "stopping redis" in one.told()


def test_a_redis_that_was_killed_is_told_in_lines_and_not_in_tracebacks(up) -> None:
    one = up()
    one.ready()
    os.kill(one.part("redis.sock"), signal.SIGKILL)
    one.said("redis died")
    one.until(lambda: one.running("redis.sock"), "Redis is back")
    wait_for(lambda: answers(one), "pages are back")
    assert "Traceback" not in "".join(one.lines)


def test_a_deep_home_gets_a_short_socket(up, tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 60) / ("y" * 60)
    one = up(deep)
    one.ready()
    path = embedded_redis.socket_path(deep)
    assert len(os.fsencode(path)) <= 100
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    one.interrupt()
    one.ended()
    one.gone()
    path.parent.rmdir()


def refused(one: Up, *words: str) -> None:
    """The start ends soon, with one line that holds `words`, without a traceback and without anything left."""
    assert one.ended(60) != 0
    lines = [line for line in one.errors if line.startswith("Taskcast cannot start: ")]
    assert len(lines) == 1, one.told()
    assert all(word in lines[0] for word in words), lines
    assert "Traceback" not in one.told()
    assert not any("is ready" in line for line in one.lines)
    one.gone()


def test_a_port_in_use_is_refused(up) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused(up(port=port), f"PORT {port}", "set PORT")


def test_a_redis_that_does_not_answer_is_refused(up) -> None:
    refused(up(REDIS_URL=f"redis://:secret@127.0.0.1:{free_port()}/0"), "REDIS_URL", "does not answer")


def test_a_redis_that_hangs_is_refused(up) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        refused(up(REDIS_URL=f"redis://127.0.0.1:{silent.getsockname()[1]}/0"), "REDIS_URL", "does not answer")


def test_a_database_that_does_not_answer_is_refused(up) -> None:
    one = up(DATABASE_URL=f"postgres://u:secret@127.0.0.1:{free_port()}/x")
    refused(one, "DATABASE_URL", "does not answer")
    assert "secret" not in one.told()


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"TASKCAST_HOEM": "/tmp/x"}, ["TASKCAST_HOEM", "TASKCAST_HOME"]),
        ({"PORT": "http"}, ["PORT"]),
        ({"TASKCAST_APPS": "no_such_module"}, ["TASKCAST_APPS", "no_such_module"]),
    ],
)
def test_a_wrong_variable_is_refused(up, variables: dict[str, str], words: list[str]) -> None:
    refused(up(**variables), *words)


def test_a_broken_module_of_the_users_is_refused(up, tmp_path: Path) -> None:
    (tmp_path / "broken_by_test.py").write_text("raise RuntimeError('two\\nlines')\n")
    refused(up(TASKCAST_APPS="broken_by_test", PYTHONPATH=str(tmp_path)), "broken_by_test", "RuntimeError: two lines")

"""The keeper alone, with small programs as its parts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from project.supervisor import parts
from project.supervisor.console import Console, Output
from project.supervisor.errors import CannotStart, GaveUp
from project.supervisor.keeper import Keeper, ended
from project.supervisor.lock import lock_redis
from project.supervisor.parts import Part
from tests.support.stack import wait_for


class Lines(Console):
    """Keeps what is said instead of writing it."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def plain(self, line: str) -> None:
        self.said.append(line)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def python(code: str, name: str = "daphne", stop_seconds: float = 5) -> Part:
    return Part(name, [sys.executable, "-u", "-c", code], stop_seconds)


def test_a_crash_loop_backs_off_and_ends_with_the_reason(tmp_path: Path) -> None:
    lines = Lines()
    keeper = Keeper(tmp_path, tmp_path / "logs", lines)
    keeper.add(python("print('first'); print('no \\x1b[31msuch table'); raise SystemExit(3)"))
    with pytest.raises(GaveUp, match=r"daphne died 5 times .* exit code 3; its last words: no \\x1b\[31msuch table"):
        wait_for(lambda: keeper.tick(), "gives up", 30)
    keeper.stop(lambda: False)
    pauses = [line.partition("again in ")[2].split(" s ")[0] for line in lines.said if "starts again" in line]
    assert pauses == ["0.25", "0.5", "1", "2"]
    assert any("daphne died (exit code 3)" in line for line in lines.said)
    assert (tmp_path / "logs" / "daphne.log").read_text().count("first") == 5


def test_stopping_kills_what_does_not_stop_and_its_children(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path, tmp_path / "logs", lines := Lines())
    stubborn = (
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print('child', child.pid)\n"
        "time.sleep(60)\n"
    )
    kept = keeper.add(python(stubborn, stop_seconds=0.5))
    keeper.tick()
    child = wait_for(lambda: next((int(line.split()[-1]) for line in lines.said if "child" in line), None), "child")
    assert kept.process
    main = kept.process.pid
    keeper.stop(lambda: False)
    wait_for(lambda: not alive(main) and not alive(child), "both are gone", 5)


def test_last_words_are_those_of_the_last_seconds(tmp_path: Path) -> None:
    """Killed minutes after it spoke, a part has none: what it said then has nothing to do with its death."""
    output = Output("daphne", Lines(), tmp_path / "logs", clock := Clock())
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as pipe, os.fdopen(writer, "wb", buffering=0) as part:
        output.follow(pipe)
        heard = output.await_text("listening")
        part.write(b"listening\n")
        assert heard.wait(5)
        clock.now += 60
        assert output.last_words() == []
        heard = output.await_text("no such table")
        part.write(b"Traceback:\n  no such table\n")
        assert heard.wait(5)
        clock.now += 1
        assert output.last_words() == ["Traceback:", "  no such table"]
        part.close()
        output.close()


def test_a_swallowed_wish_to_stop_is_said_again(tmp_path: Path) -> None:
    """Beat's handler raises SystemExit wherever it happens to be, in code that swallows it too."""
    code = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\n"
        "try:\n    print('deaf'); time.sleep(60)\nexcept SystemExit:\n    print('swallowed')\n"
        "time.sleep(60)\n"
    )
    keeper = Keeper(tmp_path, tmp_path / "logs", lines := Lines())
    keeper.add(replace(python(code, "beat"), ask_again=parts.beat().ask_again))
    keeper.tick()
    wait_for(lambda: any("deaf" in line for line in lines.said), "it runs")
    keeper.stop(lambda: False)
    assert any("swallowed" in line for line in lines.said)
    assert not any("is killed" in line for line in lines.said)


def test_parts_die_with_whoever_started_them(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path\n"
        "from project.supervisor.spawn import spawn\n"
        "part = spawn([sys.executable, '-c', 'import time; time.sleep(60)'], cwd=Path('.'), out=1)\n"
        "print(part.pid, flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout
        part = int(starter.stdout.readline())
        assert alive(part)
        starter.kill()
    wait_for(lambda: not alive(part), "the part is gone", 5)


def test_the_redis_lock_waits_for_the_last_holder(tmp_path: Path) -> None:
    number = lock_redis(tmp_path)
    with subprocess.Popen(["sleep", "60"], pass_fds=[number]) as holder:
        os.close(number)  # the one who locked is gone, who inherited is not
        with pytest.raises(CannotStart, match="earlier start"):
            lock_redis(tmp_path, seconds=0.2)
        holder.kill()
    os.close(lock_redis(tmp_path, seconds=5))


def test_ends_in_words() -> None:
    assert ended(0) == "exit code 0"
    assert ended(-signal.SIGSEGV) == "killed by SIGSEGV"


def alive(pid: int) -> bool:
    """Whether the process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_console_that_nobody_reads_holds_nobody_up(tmp_path: Path) -> None:
    """Whoever starts `make up` from a program may stop reading after the ready line: the pipe holds 64 KiB."""
    reader, writer = os.pipe()
    keeper = Keeper(tmp_path, tmp_path / "logs", console := Console(writer))
    keeper.add(
        python("for n in range(20_000): print('line', n, 'x' * 100)\nprint('done')\nimport time; time.sleep(60)")
    )
    keeper.tick()
    log = tmp_path / "logs" / "daphne.log"
    wait_for(lambda: log.exists() and log.read_text().endswith("done\n"), "the log file has it all", 20)
    keeper.stop(lambda: False)
    console.close(0.1)
    os.close(reader)
    console.close(5)
    os.close(writer)


def test_output_is_never_waited_for(tmp_path: Path) -> None:
    """A part that writes faster than anyone reads is drained all the same."""
    keeper = Keeper(tmp_path, tmp_path / "logs", lines := Lines())
    keeper.add(python("print('x' * 100_000_0); print('done'); import time; time.sleep(60)"))
    keeper.tick()
    wait_for(lambda: any(line.endswith("| done") for line in lines.said), "drained", 10)
    started = time.monotonic()
    keeper.stop(lambda: False)
    assert time.monotonic() - started < 5

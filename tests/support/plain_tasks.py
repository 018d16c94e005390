"""Tasks of somebody else's: plain Celery, known to Taskcast only by TASKCAST_APPS."""

import logging
import os
import signal
import time
from datetime import date
from typing import Annotated, Literal

from celery import chain, shared_task
from celery.exceptions import Ignore
from pydantic import SecretStr

from tasks import FileRules, UploadedFile, cancelled, launchable, log, progress, publish, track

logger = logging.getLogger("somebody.elses")


@shared_task
def double(x: int) -> int:
    """Twice as much."""
    return 2 * x


@shared_task
def describe(day: date, kind: Literal["a", "b"] = "a", tags: list[str] | None = None) -> str:
    """Say what came in."""
    return f"{type(day).__name__} {day} {kind} {tags}"


@shared_task
def fail(text: str = "broken") -> None:
    """Fail."""
    raise ValueError(text)


@shared_task(bind=True, autoretry_for=(OSError,), retry_kwargs={"max_retries": 2, "countdown": 0})
def flaky(self, until: int = 2) -> int:
    """Succeed at the attempt `until`."""
    log(f"run {self.request.retries}")
    publish({"attempt": self.request.retries}, name=f"attempt-{self.request.retries}")
    if self.request.retries + 1 < until:
        raise OSError("not yet")
    return self.request.retries


@shared_task
def count(to: int, pause: float = 0.0, lines: int = 0) -> int:
    """Count in the open, with a line every so often."""
    done = 0
    for i in track(range(to), "Counting"):
        if lines and i % max(1, to // lines) == 0:
            log(f"at {i}")
        if pause:
            time.sleep(pause)
        done += 1
    return done


@shared_task
def talk() -> None:
    """Speak on every channel there is."""
    logger.warning("by logging: %s", "한글")
    log("by log", level="error")
    with progress(total=2, description="talking") as step:
        step.advance()
        publish([{"a": 1}, {"a": 2}], name="table")
        step.advance()


@shared_task
def wait_for_cancel(seconds: float = 30) -> str:
    """Wait until somebody asks to stop, without track."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if cancelled():
            return "saw it"
        time.sleep(0.02)
    return "nobody asked"


@shared_task
def kill_own_process() -> None:
    """Die as by the kernel's hand."""
    os.kill(os.getpid(), signal.SIGKILL)


@shared_task
def end_own_process(how: str) -> None:
    """End the process in the given way."""
    if how == "exit":
        raise SystemExit(3)
    os.kill(os.getpid(), getattr(signal, how))
    time.sleep(30)


@shared_task
def shout(lines: int, after: str = "") -> None:
    """Write many lines at once, as soon as there is the file `after`."""
    while after and not os.path.exists(after):
        time.sleep(0.02)
    for i in range(lines):
        log(f"{i} {'w' * 200}")


@shared_task
def swell() -> int:
    """Ask for more memory than there is."""
    return len(bytearray(1 << 60))


@shared_task
def ignore() -> None:
    """Ask to be ignored."""
    raise Ignore


@shared_task
def launch_children() -> list[str]:
    """Send a task and a chain from inside a task."""
    alone = double.delay(1)
    linked = chain(double.s(2), double.s()).delay()
    return [alone.id, linked.id, linked.parent.id]


@shared_task
def call_directly() -> int:
    """Call other tasks as functions, and itself eagerly."""
    return double(1) + double.apply(args=(2,)).result


@shared_task
def not_a_number() -> dict:
    """Return what JSON has no word for."""
    return {"nan": float("nan"), "deep": [float("inf")], "text": "\x1b[31m\n"}


@shared_task
def count_against_the_clock(to: int, pause: float) -> float:
    """Count, and return the seconds that it took beyond the pauses."""
    began = time.monotonic()
    for i in track(range(to)):
        if i % 10 == 0:
            log(f"at {i}")
        time.sleep(pause)
    return time.monotonic() - began


@shared_task
def leak(password: SecretStr) -> None:
    """Say the secret on every channel."""
    text = password.get_secret_value() if isinstance(password, SecretStr) else password
    log(f"log {text}")
    logger.warning("logging %s", text)
    publish({"at": text}, name="output")
    with progress(total=1, description=f"with {text}"):
        pass
    raise ValueError(f"no entry with {text}")


@shared_task(autoretry_for=(Exception,), retry_kwargs={"max_retries": 5, "countdown": 0})
def stubborn() -> str:
    """Swallow every exception and retry on every other, as careless code does."""
    for _ in track(range(10_000), "Stubborn"):
        try:
            for _ in track(range(100)):
                time.sleep(0.005)
        except Exception:
            logger.warning("swallowed")
    return "not stopped"


@shared_task
def deaf(seconds: float = 3) -> str:
    """Never ask whether to stop."""
    time.sleep(seconds)
    return "never asked"


@shared_task
def clean_up(seconds: float = 2) -> None:
    """Stop when asked, and take a while to put things away."""
    try:
        for _ in track(range(10_000)):
            time.sleep(0.01)
    finally:
        time.sleep(seconds)


@shared_task(bind=True, autoretry_for=(ValueError,), retry_kwargs={"max_retries": 1, "countdown": 0})
def fail_on_demand(self, path: str) -> int:
    """Fail as soon as there is a file, and succeed when it is tried again."""
    while not self.request.retries and not os.path.exists(path):
        time.sleep(0.05)
    if not self.request.retries:
        raise ValueError("on demand")
    return self.request.retries


@shared_task(bind=True)
def retry_later(self, seconds: float) -> None:
    """Try again, after so long."""
    raise self.retry(countdown=seconds, max_retries=3)


class Speechless(Exception):
    """Cannot say what it is."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


class Escaped(BaseException):
    """No Exception."""


@shared_task
def raise_strangely(what: Literal["speechless", "escaped", "generator"]) -> None:
    """Raise what error handling likes least."""
    raise {"speechless": Speechless, "escaped": Escaped, "generator": GeneratorExit}[what]()


@shared_task
def give_away(password: str) -> dict[str, object]:
    """Return the secret, as a value and as a key, and publish it at length."""
    publish([{"row": n, password: password} for n in range(500)], name="table")
    return {"pw": password, "deep": [f"is {password}"], password: 1}


@shared_task
def dig(depth: int) -> list:
    """Return a list in a list in a list."""
    value: list = []
    for _ in range(depth):
        value = [value]
    return value


@shared_task
def weigh(files: list[Annotated[UploadedFile, FileRules(max_size=5 * 1024**2, types=["text/plain"])]]) -> list[int]:
    """Say how large the files are."""
    return [len(file.path.read_bytes()) for file in files]


@shared_task
@launchable(title="Invite everybody", confirm="This will e-mail 3,000 customers.")
def invite(subject: str, times: int = 1, key: SecretStr | None = None, letter: UploadedFile | None = None) -> str:
    """E-mail nobody."""
    size = len(letter.path.read_bytes()) if letter else 0
    return f"{subject} × {times}, {size} bytes, {len(key.get_secret_value()) if key else 0} characters"

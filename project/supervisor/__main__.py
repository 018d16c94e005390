"""`make up`: start everything, print the ready line, keep everything alive, stop everything."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable

import django
from django.conf import settings

from project import embedded_redis
from project.supervisor import lock, parts, ready
from project.supervisor.console import Console
from project.supervisor.errors import CannotStart, GaveUp
from project.supervisor.keeper import Keeper
from project.supervisor.prepare import prepare
from project.supervisor.stopping import Stopping

READY_SECONDS = 120
TICK_SECONDS = 0.1


class Stopped(Exception):
    """The reader asked to stop before all was ready."""


def main() -> int:
    """Run until asked to stop; returns the exit code."""
    console = Console()
    stopping = Stopping(under_make="--under-make" in sys.argv[1:])
    keeper = Keeper(settings.BASE_DIR, settings.TASKCAST_HOME / "logs", console)
    failure = None
    try:
        _check_outside()
        _start(keeper, console, stopping)
        console.plain(f"Taskcast is ready: {_link()}")
        while not stopping:
            keeper.tick()
            time.sleep(TICK_SECONDS)
    except Stopped:
        pass
    except CannotStart as error:
        failure = f"Taskcast cannot start: {error}"
    except GaveUp as error:
        failure = f"Taskcast stopped: {error}"
    finally:
        keeper.stop(stopping.hurry)
        console.close()
    if failure:
        print(failure, file=sys.stderr, flush=True)
    return 1 if failure else 0


def _check_outside() -> None:
    """Whatever makes a start hopeless is said before anything is started."""
    lock.lock_home(settings.TASKCAST_HOME)
    ready.check_port(settings.HOST, settings.PORT)
    if not settings.EMBEDDED_REDIS:
        ready.check_redis(settings.TASKCAST_REDIS_URL)


def _start(keeper: Keeper, console: Console, stopping: Stopping) -> None:
    """Redis first, then the database and the static files, then all that needs them."""
    url = settings.TASKCAST_REDIS_URL
    if settings.EMBEDDED_REDIS:
        _start_redis(keeper)
        _wait(keeper, stopping, "redis", lambda: ready.redis_answers(url))
    if (policy := ready.check_redis(url)) not in ("noeviction", ""):
        console.say(f"warning: Redis evicts keys ({policy}), queued jobs among them: set maxmemory-policy noeviction")
    if warning := ready.names_warning(settings.HOST, settings.ALLOWED_HOSTS):
        console.say(warning)
    django.setup()
    prepare(console)
    web = keeper.add(parts.daphne(settings.HOST, settings.PORT)).output.await_text(parts.DAPHNE_LISTENS)
    worker = keeper.add(parts.worker(settings.CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT)).output.await_text(
        parts.WORKER_READY
    )
    beat = keeper.add(parts.beat()).output.await_text(parts.BEAT_READY)
    host, name = ready.browser_host(settings.HOST), ready.allowed_name(settings.ALLOWED_HOSTS)
    _wait(keeper, stopping, "beat", beat.is_set)
    _wait(keeper, stopping, "worker", worker.is_set)
    _wait(keeper, stopping, "daphne", lambda: web.is_set() and ready.pages_answer(host, settings.PORT, name))


def _start_redis(keeper: Keeper) -> None:
    home = settings.TASKCAST_HOME
    try:
        command = embedded_redis.command(embedded_redis.find_binary(), home)
    except (embedded_redis.NoRedis, OSError) as error:
        raise CannotStart(f"{error}.") from None
    number = lock.lock_redis(home / "redis")
    keeper.add(parts.redis(command, number))


def _wait(keeper: Keeper, stopping: Stopping, name: str, answers: Callable[[], bool]) -> None:
    """Keep all parts alive until this one answers."""
    deadline = time.monotonic() + READY_SECONDS
    while True:
        if stopping:
            raise Stopped
        keeper.tick()
        if answers():
            return
        if time.monotonic() > deadline:
            raise CannotStart(f"{name} does not answer after {READY_SECONDS} s: its output is above, and in its log.")
        time.sleep(TICK_SECONDS)


def _link() -> str:
    """Where the reader goes: the welcome link while nobody can sign in, else the first page."""
    from dashboard import accounts

    return accounts.welcome_link() or f"{accounts.base_url()}/"


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    sys.exit(main())

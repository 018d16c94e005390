"""The whole of Taskcast as real processes, for tests: Redis, daphne, a worker and, if asked, beat."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import redis

from project import embedded_redis, variables
from project.redis_address import RedisAddress
from project.supervisor import parts
from project.supervisor.spawn import signal_group, spawn
from tasks.leases import is_running
from tests.support.interpreter import Interpreter
from tests.support.laid_out import lay_out

ROOT = Path(__file__).resolve().parents[2]


def wait_for(condition: Callable[[], Any], what: str, seconds: float = 30) -> Any:
    """Poll until `condition()` is true and return its value; raises AssertionError naming `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        if value := condition():
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)


def free_port() -> int:
    """A TCP port of the loopback that nobody listens on now.

    Below the range from which the kernel takes ports for outgoing connections: one of those could have it by the time
    that a killed daphne comes back.
    """
    while True:
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port := random.randrange(12_000, 32_000)))
            return port


def session(leader: int) -> list[int]:
    """The processes of the session that `leader` began, as far as /proc tells."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):
            # state, parent, group, session: behind the name, which may hold anything.
            if path.read_text().rpartition(")")[2].split()[3] == str(leader):
                found.append(int(path.parent.name))
    return found


class Stack:
    """One running instance in a folder of its own.

    `env` is what its processes get; keyword arguments add variables (``Stack(WORKERS="1")``). Attributes: `home`,
    `port`, `url` (http://127.0.0.1:PORT), `ws_url` (ws://127.0.0.1:PORT/ws/), `address` (its Redis). A part may run
    more than once: "worker2" and "daphne2" (at a port of its own, `ports`) are started like the first ones. `env_of`
    has what single parts get besides.
    """

    manager = ROOT / "manage.py"

    def __init__(self, *, beat: bool = False, **variables: str) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="tcs-", dir="/tmp"))
        self.ports = {"daphne": free_port(), "daphne2": free_port()}
        self.port = self.ports["daphne"]
        self.env_of = {"daphne2": {"PORT": str(self.ports["daphne2"])}}
        self.url = f"http://127.0.0.1:{self.port}"
        self.ws_url = f"ws://127.0.0.1:{self.port}/ws/"
        self.env = instance_env(self.home, self.port) | {"WORKERS": "2"} | variables
        self.address = (
            RedisAddress.parse(self.env["REDIS_URL"])
            if "REDIS_URL" in self.env
            else RedisAddress.at_socket(str(embedded_redis.socket_path(self.home)))
        )
        self._wanted = ["redis", "daphne", "worker", *(["beat"] if beat else [])]
        if "REDIS_URL" in self.env:
            self._wanted.remove("redis")
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._from: dict[str, int] = {}
        self._interpreter: Interpreter | None = None

    def up(self) -> Stack:
        """Start everything and return when all of it answers."""
        if "redis" in self._wanted:
            self.start("redis")
        lay_out(self.home, self.env)
        for part in self._wanted:
            if part != "redis":
                self.start(part, wait=False)
        for part in self._wanted:
            self.wait(part)
        return self

    def start(self, part: str, *, wait: bool = True, options: Sequence[str] = ()) -> None:
        """Start `part` ("redis", "daphne", "worker", "worker2", "beat"…) with `options`, and wait until it answers."""
        assert part not in self._running, f"{part} runs already"
        self._log_path(part).parent.mkdir(exist_ok=True)
        with self._log_path(part).open("ab") as out:
            self._from[part] = out.tell()  # what this start says begins here
            spec = self._spec(part)
            env = self.env | self.env_of.get(part, {})
            self._running[part] = spawn(
                [*spec.argv, *options], cwd=ROOT, env=env, out=out, death_signal=spec.death_signal
            )
        if wait:
            self.wait(part)

    def wait(self, part: str) -> None:
        """Wait until `part` answers; raises AssertionError with its last words."""
        process = self._running[part]

        def answers() -> bool:
            if process.poll() is not None:
                raise AssertionError(f"{part} ended with {process.returncode}:\n{self.log(part)[-3000:]}")
            return self._answers(part)

        try:
            wait_for(answers, f"{part} answers", 60)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.log(part)[-3000:]}") from None

    def kill(self, part: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to `part`'s main process and wait for its end; with SIGKILL, for that of all its processes.

        A pool process that was forked while its worker ran has the worker's sockets too: as long as it takes to die,
        Redis may hand it a message that nobody will read.
        """
        process = self._running.pop(part)
        process.send_signal(number)
        process.wait(30)
        if number == signal.SIGKILL:
            signal_group(process, signal.SIGKILL)
            wait_for(lambda: not any(map(is_running, session(process.pid))), f"all processes of {part} end")

    def pause(self, part: str) -> None:
        """Stop `part` where it stands (SIGSTOP, the whole group)."""
        signal_group(self._running[part], signal.SIGSTOP)

    def resume(self, part: str) -> None:
        """Let a paused part go on."""
        signal_group(self._running[part], signal.SIGCONT)

    def pid(self, part: str) -> int:
        """The process id of `part`'s main process."""
        return self._running[part].pid

    def log(self, part: str) -> str:
        """Everything that `part` has written since the stack began."""
        path = self._log_path(part)
        return path.read_text(errors="replace") if path.exists() else ""

    def redis(self) -> redis.Redis:
        """A new client of the stack's Redis."""
        return redis.Redis.from_url(self.address.url, decode_responses=True, socket_timeout=5)

    def manage(self, *arguments: str, check: bool = True) -> str:
        """Run ``manage.py`` as a process and return its standard output; raises AssertionError where it fails."""
        done = subprocess.run(
            [sys.executable, str(self.manager), *arguments],
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=120,
            stdin=subprocess.DEVNULL,
        )
        if check and done.returncode:
            raise AssertionError(f"manage.py {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout

    def run(self, code: str, **names: Any) -> Any:
        """Run Python code in an interpreter set up like ``manage.py shell`` that is kept: milliseconds a call.

        `names` (JSON values) are the code's variables; returns the JSON value of its variable ``answer``.
        """
        if self._interpreter is None:
            self._interpreter = Interpreter(ROOT, self.env)
        return self._interpreter.run(code, names)

    def user(self, name: str, password: str = "correct horse", *, staff: bool = False, launch: bool = False,
             superuser: bool = False) -> None:  # fmt: skip
        """Make or change a user; `launch` grants the permission ``tasks.launch_job``."""
        self.run(_USER, name=name, password=password, staff=staff, launch=launch, superuser=superuser)

    def cookies(self, name: str) -> dict[str, str]:
        """A session cookie that signs `name` in, without the sign-in page."""
        return dict([self.run(_SESSION, name=name)])

    def token(self, name: str) -> str:
        """A new API token of the user `name`."""
        return self.manage("token", name).split()[-1]

    def down(self) -> None:
        """End everything and remove the folder."""
        if self._interpreter:
            self._interpreter.close()
        for part in reversed(list(self._running)):
            self.resume(part)
            self._running[part].terminate()
            with suppress(subprocess.TimeoutExpired):
                self._running[part].wait(3)
            signal_group(self._running[part], signal.SIGKILL)
            self._running[part].wait(10)
        self._running.clear()
        shutil.rmtree(self.home, ignore_errors=True)

    def _spec(self, part: str) -> parts.Part:
        match part.rstrip("2"):
            case "redis":
                return parts.redis(embedded_redis.command(embedded_redis.find_binary(), self.home))
            case "daphne":
                return parts.daphne("127.0.0.1", self.ports[part])
            case "worker":
                spec = parts.worker(5)
                return replace(spec, argv=[*spec.argv, "--hostname", f"{part}@%h"])
            case "beat":
                return parts.beat()
        raise ValueError(part)

    def _answers(self, part: str) -> bool:
        said = self.log(part).encode()[self._from[part] :].decode(errors="replace")
        match part.rstrip("2"):
            case "redis":
                try:
                    with self.redis() as client:
                        return bool(client.ping())
                except redis.RedisError:
                    return False
            case "daphne":
                with socket.socket() as probe:
                    return probe.connect_ex(("127.0.0.1", self.ports[part])) == 0
            case "worker":
                return " ready." in said
            case _:
                return "beat: Starting..." in said

    def _log_path(self, part: str) -> Path:
        return self.home / "logs" / f"{part}.log"


def instance_env(home: Path, port: int) -> dict[str, str]:
    """The caller's environment without any of our variables, and with a home and a port."""
    kept = {k: v for k, v in os.environ.items() if k not in variables.NAMES}
    return kept | {
        "TASKCAST_HOME": str(home),
        "PORT": str(port),
        "DJANGO_SETTINGS_MODULE": "project.settings",
    }


_USER = """
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
user, _ = get_user_model().objects.get_or_create(**{get_user_model().USERNAME_FIELD: name})
user.set_password(password)
user.is_staff, user.is_superuser = staff or superuser, superuser
user.save()
permission = Permission.objects.get(content_type__app_label="tasks", codename="launch_job")
(user.user_permissions.add if launch else user.user_permissions.remove)(permission)
"""

_SESSION = """
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from importlib import import_module
user = get_user_model()._default_manager.get_by_natural_key(name)
session = import_module(settings.SESSION_ENGINE).SessionStore()
session[SESSION_KEY] = str(user.pk)
session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session.save()
answer = [settings.SESSION_COOKIE_NAME, session.session_key]
"""


def megabytes(web: Stack, what: str = "VmRSS") -> int:
    """The memory of its daphne in MiB: now, or (VmHWM) at its peak."""
    with open(f"/proc/{web.pid('daphne')}/status") as status:
        return next(int(line.split()[1]) // 1024 for line in status if line.startswith(what))

"""A real Redis for tests, on a Unix socket in a short folder."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import redis

from project import embedded_redis
from project.redis_address import RedisAddress


class RedisServer:
    """One Redis process with its own folder; `kill` and `start` again keep the data."""

    def __init__(self, home: Path | None = None) -> None:
        self._owns_home = home is None
        self.home = home or Path(tempfile.mkdtemp(prefix="tc-", dir="/tmp"))
        self.address = RedisAddress.at_socket(str(embedded_redis.socket_path(self.home)))
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server and return when it answers; raises RuntimeError with its last words otherwise."""
        command = embedded_redis.command(embedded_redis.find_binary(), self.home)
        log = self.home / "redis.log"
        with log.open("ab") as out:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        client = self.client()
        deadline = time.monotonic() + 20
        while True:
            try:
                client.ping()
                break
            except redis.RedisError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"Redis did not start:\n{log.read_text()[-2000:]}") from None
                time.sleep(0.01)
        client.close()

    def client(self) -> redis.Redis:
        """A new client of this server."""
        return redis.Redis.from_url(self.address.url, decode_responses=True, socket_timeout=5)

    def kill(self) -> None:
        """kill -9, as a crash would."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def stop(self) -> None:
        """End the server and remove its folder, where this object made it."""
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()
            self.process = None
        if self._owns_home:
            shutil.rmtree(self.home, ignore_errors=True)

"""The way of the log's script to Redis: a connection, one command, its answer.

What redis-py does around a command (a pool with its lock, a look whether something is left to be read, retries by way
of closures, measurements for observers) takes three times as long as the command itself, and each job is at least two
of these.
"""

import hashlib
import os
from collections.abc import Sequence
from typing import Any

import redis
from redis.exceptions import ConnectionError, NoScriptError

from tasks.redis_protocol import command, read_answers, without_errors

# What a script is called with: its keys, and its one argument.
Call = tuple[Sequence[str], bytes]

# Connections that nobody uses now. Taking one and giving it back are single operations: no lock.
_idle: dict[tuple[int, int], list[Any]] = {}


class Script:
    """A script that Redis is asked to run; loaded where Redis does not know it (any more)."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._sha = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()

    def __call__(self, client: redis.Redis, calls: Sequence[Call]) -> list[Any]:
        """The script's answers to these calls, in one round trip. Raises redis.RedisError."""
        return Asked(self, client, calls).answers()

    def send(self, connection: Any, calls: Sequence[Call]) -> None:
        """Have Redis run the script, without waiting for the answers. Raises redis.RedisError."""
        commands = [command("EVALSHA", self._sha, str(len(keys)), *keys, argument) for keys, argument in calls]
        connection.send_packed_command([b"".join(commands)], check_health=False)

    def load(self, connection: Any) -> None:
        """Make the script known to Redis. Raises redis.RedisError."""
        connection.send_command("SCRIPT", "LOAD", self._text)
        connection.read_response()


class Asked:
    """Calls that are on their way, and whose `answers` somebody waits for.

    Like redis-py's client, tries once more where a connection turns out to be dead: a call may so come twice. Raises
    redis.RedisError. Whoever does not come for the answers leaves the connection to be closed.
    """

    def __init__(self, script: Script, client: redis.Redis, calls: Sequence[Call]) -> None:
        self._script, self._calls = script, calls
        self._idle = _idle.setdefault((os.getpid(), id(client)), [])
        self._connection = self._idle.pop() if self._idle else client.connection_pool.make_connection()
        try:
            script.send(self._connection, calls)
        except ConnectionError:
            script.send(self._connection, calls)

    def answers(self) -> list[Any]:
        """The script's answers to the calls, in their order."""
        connection = self._connection
        try:
            try:
                return self._answers()
            except ConnectionError:
                connection.disconnect()
                self._script.send(connection, self._calls)
                return self._answers()
        except BaseException:
            # Also a time limit's exception: the next one must not read the answer to this command.
            connection.disconnect()
            raise
        finally:
            self._idle.append(connection)

    def _answers(self) -> list[Any]:
        answers = read_answers(self._connection, len(self._calls))
        if any(isinstance(answer, NoScriptError) for answer in answers):
            self._script.load(self._connection)
            self._script.send(self._connection, self._calls)
            answers = read_answers(self._connection, len(self._calls))
        return without_errors(answers)


class Unanswered:
    """A connection for calls that nobody waits for: their answers are read later, all at once.

    For one thread at a time. After an error any of the calls since the last answers may have arrived, or not.
    """

    def __init__(self, script: Script) -> None:
        self._script = script
        self._connection: Any = None
        self._is_broken = False

    def send(self, client: redis.Redis, call: Call) -> None:
        """Send one more. Raises redis.RedisError."""
        if self._connection is None:
            self._connection = client.connection_pool.make_connection()
        try:
            # On a new connection the answers to what went before would be waited for in vain.
            self._raise_if_broken()
            self._script.send(self._connection, [call])
        except BaseException:
            self._is_broken = True
            raise

    def answers(self, count: int) -> list[Any]:
        """The answers to the `count` calls since the last time, in their order. Raises redis.RedisError."""
        try:
            self._raise_if_broken()
            return without_errors(read_answers(self._connection, count))
        except BaseException:
            self.drop()
            raise

    def drop(self) -> None:
        """Wait for no answer any more."""
        self._is_broken = False
        if self._connection is not None:
            self._connection.disconnect()

    def _raise_if_broken(self) -> None:
        if self._is_broken:
            raise ConnectionError("the connection was lost before the answers were read")

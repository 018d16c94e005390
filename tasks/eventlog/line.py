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
from redis.exceptions import ConnectionError, NoScriptError, ResponseError

# Connections that nobody uses now. Taking one and giving it back are single operations: no lock.
_idle: dict[tuple[int, int], list[Any]] = {}


class Script:
    """A script that Redis is asked to run; loaded where Redis does not know it (any more)."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._sha = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()

    def __call__(self, client: redis.Redis, calls: Sequence[tuple[Sequence[str], str]]) -> list[Any]:
        """The script's answers to these calls (keys, argument), in one round trip. Like `client`, tries once more where
        a connection turns out to be dead: a call may so come twice. Raises redis.RedisError.
        """
        idle = _idle.setdefault((os.getpid(), id(client)), [])
        commands = [_packed("EVALSHA", self._sha, str(len(keys)), *keys, argument) for keys, argument in calls]
        connection = idle.pop() if idle else client.connection_pool.make_connection()
        try:
            try:
                return self._ask(connection, commands)
            except ConnectionError:
                connection.disconnect()
                return self._ask(connection, commands)
        except BaseException:
            # Also a time limit's exception: the next one must not read the answer to this command.
            connection.disconnect()
            raise
        finally:
            idle.append(connection)

    def _ask(self, connection: Any, commands: list[bytes]) -> list[Any]:
        answers = _answers(connection, commands)
        if any(isinstance(answer, NoScriptError) for answer in answers):
            connection.send_command("SCRIPT", "LOAD", self._text)
            connection.read_response()
            answers = _answers(connection, commands)
        for answer in answers:
            if isinstance(answer, ResponseError):
                raise answer
        return answers


def _answers(connection: Any, commands: list[bytes]) -> list[Any]:
    connection.send_packed_command([b"".join(commands)], check_health=False)
    return [_answer(connection) for _ in commands]


def _answer(connection: Any) -> Any:
    """The next answer. Also one that is an error: those after it have to be read before it is raised."""
    try:
        return connection.read_response()
    except ResponseError as error:
        return error


def _packed(*words: str) -> bytes:
    """A command in Redis' protocol."""
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        text = word.encode()
        parts.append(b"$%d\r\n%b\r\n" % (len(text), text))
    return b"".join(parts)

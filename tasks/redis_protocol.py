"""Redis' protocol, written and read off a bare connection: for the few places where redis-py's own way around a command
costs more than the command."""

from typing import Any

from redis.exceptions import ResponseError


def command(*words: str | bytes) -> bytes:
    """One command."""
    return head(len(words)) + packed(*words)


def head(count: int) -> bytes:
    """The begin of a command of so many words."""
    return b"*%d\r\n" % count


def packed(*words: str | bytes) -> bytes:
    """Words of a command."""
    texts = [word if isinstance(word, bytes) else word.encode() for word in words]
    return b"".join([b"$%d\r\n%b\r\n" % (len(text), text) for text in texts])


def read_answers(connection: Any, count: int) -> list[Any]:
    """The next `count` answers, also those that are errors: what comes after them has to be read all the same."""
    return [_answer(connection) for _ in range(count)]


def _answer(connection: Any) -> Any:
    try:
        return connection.read_response()
    except ResponseError as error:
        return error


def without_errors(answers: list[Any]) -> list[Any]:
    """The answers, where none is an error. Raises the first that is one (redis.ResponseError)."""
    for answer in answers:
        if isinstance(answer, ResponseError):
            raise answer
    return answers

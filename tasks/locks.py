"""A lock in Redis for work that one process at a time should do.

It saves double work; it does not make double work safe. Whoever holds it may be frozen and wake up after it
has passed on, so what is done under it is decided once more by the database or by the log's script.
"""

import uuid
from contextlib import suppress

from tasks import eventlog
from tasks.eventlog import LogUnavailable

_HOLD = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) and 1 or 0"""
_KEEP = "return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('PEXPIRE', KEYS[1], ARGV[2]) or 0"
_SET = "return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('SET', KEYS[2], ARGV[2], 'NX') and 1 or 0"
_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"


class Lock:
    """The lock `taskcast:NAME`; it passes on `seconds` after its holder last called `hold`."""

    def __init__(self, name: str, seconds: float) -> None:
        self._key = eventlog.PREFIX + name
        self._token = uuid.uuid4().hex
        self._milliseconds = str(int(seconds * 1000))

    def hold(self) -> bool:
        """Take or keep the lock; False where another has it. Raises LogUnavailable."""
        return self._eval(_HOLD, self._milliseconds)

    def keep(self) -> bool:
        """Keep the lock; False where it was lost, even if nobody has it. Raises LogUnavailable."""
        return self._eval(_KEEP, self._milliseconds)

    def set_once(self, key: str, value: object) -> bool:
        """Set `key` unless it is set; False where it was, or the lock was lost. Raises LogUnavailable."""
        return self._eval(_SET, str(value), key)

    def _eval(self, script: str, argument: str, *keys: str) -> bool:
        names = (self._key, *keys)
        return bool(eventlog.ask(lambda redis_: redis_.eval(script, len(names), *names, self._token, argument)))

    def release(self) -> None:
        """Let the next one have it at once, if it is ours and Redis answers."""
        with suppress(LogUnavailable):  # then it passes on by itself
            eventlog.ask(lambda redis_: redis_.eval(_RELEASE, 1, self._key, self._token))

"""The notes of the messages that a worker has received and not acknowledged: kombu's, written without waiting.

kombu makes a client, a pipeline and a transaction for each of them, and waits for the answer: on the way of every job
two round trips, and a quarter of the processor time of one that does nothing. Here they go out in order over one
connection of their own.
"""

import logging
import time
from threading import Lock
from typing import Any

from kombu.transport import redis, virtual
from kombu.utils.json import dumps
from redis.exceptions import ConnectionError, ResponseError

from tasks.redis_protocol import command, read_answers, without_errors

logger = logging.getLogger(__name__)

_MULTI, _EXEC = command("MULTI"), command("EXEC")


class QoS(redis.QoS):
    """kombu's, with the same keys and values.

    A job whose note Redis refuses, such as a full one, is done all the same; should this worker die, its message is not
    delivered again by the broker. (kombu's consumer gives up, and has taken the message out of the queue by then.)
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._notes = Notes(self.channel)

    def append(self, message: Any, delivery_tag: str) -> None:
        """Note that the message was received."""
        info = message.delivery_info
        note = dumps([message._raw, info["exchange"], info["routing_key"]])
        index, notes = self._keys()
        self._notes.write(
            command("ZADD", index, repr(time.time()), delivery_tag), command("HSET", notes, delivery_tag, note)
        )
        virtual.QoS.append(self, message, delivery_tag)

    def ack(self, delivery_tag: str) -> None:
        """Note that the message is done with."""
        index, notes = self._keys()
        self._notes.write(command("ZREM", index, delivery_tag), command("HDEL", notes, delivery_tag))
        virtual.QoS.ack(self, delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Be done with the message, or give it back."""
        if requeue:
            super().reject(delivery_tag, requeue=True)
        else:
            self.ack(delivery_tag)

    def restore_by_tag(self, tag: str, client: Any = None, leftmost: bool = False) -> None:
        """Give the message back, over another connection: the notes must have arrived."""
        self._notes.settle()
        super().restore_by_tag(tag, client=client, leftmost=leftmost)

    def close(self) -> None:
        """Wait for no answer any more."""
        self._notes.close()

    def _keys(self) -> tuple[str, str]:
        prefix = self.channel.global_keyprefix  # type: ignore[attr-defined]
        return prefix + self.unacked_index_key, prefix + self.unacked_key


class Notes:
    """Transactions that are sent in order, and sent again where the connection was lost before their answers were read.

    Each sets or removes something, so that it may come twice. Jobs in threads acknowledge their messages themselves.
    """

    def __init__(self, channel: Any) -> None:
        self._channel = channel
        self._lock = Lock()
        self._connection: Any = None
        self._unanswered: list[tuple[bytes, int]] = []

    def write(self, *commands: bytes) -> None:
        """Send one more. Raises redis.ConnectionError."""
        transaction = b"".join((_MULTI, *commands, _EXEC)), len(commands) + 2
        with self._lock:
            self._unanswered.append(transaction)
            try:
                self._send(transaction)
            except ConnectionError:
                self._send_again()
            # Those before it have been answered by now: nothing to wait for.
            self._read(leave=1)

    def settle(self) -> None:
        """Wait until Redis has everything. Raises redis.ConnectionError."""
        with self._lock:
            self._read(leave=0)

    def close(self) -> None:
        """Give the connection up."""
        if self._connection is not None:
            self._connection.disconnect()

    def _send(self, *transactions: tuple[bytes, int]) -> None:
        if self._connection is None:
            self._connection = self._channel.pool.make_connection()
        self._connection.send_packed_command([text for text, _ in transactions], check_health=False)

    def _send_again(self) -> None:
        self.close()
        self._send(*self._unanswered)

    def _read(self, leave: int) -> None:
        while len(self._unanswered) > leave:
            _, count = self._unanswered[0]
            try:
                answers = self._answers(count)
            except ConnectionError:
                self._send_again()
                answers = self._answers(count)
            del self._unanswered[0]
            try:
                without_errors(without_errors(answers)[-1])
            except ResponseError as error:
                logger.warning("Redis refused the note of a message, whose job goes on: %s", error)

    def _answers(self, count: int) -> list[Any]:
        try:
            return read_answers(self._connection, count)
        except BaseException:
            self.close()  # a part may have been read: all of it is sent again
            raise

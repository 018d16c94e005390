"""The floor of latency: hears what is published on a Redis channel, and prints how old each message was, in ms.

python -m bench.peers.redis_listener REDIS_URL CHANNEL COUNT

A message is the time at which it was published, by time.monotonic_ns().
"""

import json
import sys
import time

import redis


def listen(url: str, channel: str, count: int) -> list[float]:
    """Milliseconds between the publishing and the hearing of `count` messages."""
    found: list[float] = []
    with redis.Redis.from_url(url).pubsub(ignore_subscribe_messages=True) as subscription:
        subscription.subscribe(channel)
        while len(found) < count:
            if message := subscription.get_message(timeout=10):
                found.append((time.monotonic_ns() - int(message["data"])) / 1e6)
    return found


if __name__ == "__main__":
    print(json.dumps(listen(sys.argv[1], sys.argv[2], int(sys.argv[3]))))

"""One REDIS_URL serves redis-py, kombu and channels-redis."""

from __future__ import annotations

import pytest
from channels.layers import get_channel_layer
from django.conf import settings
from kombu import Connection

from project.redis_address import BadAddress, RedisAddress


@pytest.mark.parametrize(
    ("text", "url", "broker_url"),
    [
        ("redis://h:1/2", "redis://h:1/2", "redis://h:1/2"),
        ("rediss://u:p@h", "rediss://u:p@h", "rediss://u:p@h"),
        ("redis+socket:///a/b.sock", "unix:///a/b.sock?db=0", "redis+socket:///a/b.sock?virtual_host=0"),
        ("redis+socket:///a/b.sock?db=3", "unix:///a/b.sock?db=3", "redis+socket:///a/b.sock?virtual_host=3"),
        ("unix:///a/b.sock?virtual_host=4", "unix:///a/b.sock?db=4", "redis+socket:///a/b.sock?virtual_host=4"),
    ],
)
def test_every_spelling_is_translated(text: str, url: str, broker_url: str) -> None:
    address = RedisAddress.parse(text)
    assert (address.url, address.broker_url) == (url, broker_url)


@pytest.mark.parametrize(
    "text",
    ["", "localhost", "http://h", "redis://", "redis://h:99999", "redis://h/x", "redis+socket://", "unix://a/b"],
)
def test_a_bad_address_says_what_is_wrong(text: str) -> None:
    with pytest.raises(BadAddress):
        RedisAddress.parse(text)


def test_kombu_reaches_the_socket(redis_server) -> None:
    with Connection(settings.CELERY_BROKER_URL) as connection:
        queue = connection.SimpleQueue("address")
        queue.put({"a": 1})
        assert queue.get(timeout=5).payload == {"a": 1}
        queue.close()


async def test_the_channel_layer_reaches_the_socket(redis_server) -> None:
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.send(channel, {"type": "hello"})
    assert await layer.receive(channel) == {"type": "hello"}

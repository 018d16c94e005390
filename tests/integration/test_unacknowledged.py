"""The notes of received messages against a real Redis, beside kombu's own."""

import threading

import pytest
from kombu import Connection, Consumer, Queue
from kombu.transport import redis as kombu_redis

from tasks.transport import Transport
from tasks.unacknowledged import QoS

KEYS = ("unacked", "unacked_index")


@pytest.fixture
def queue(redis_server):
    """How messages are put into a queue, and received by a channel of this transport (ours where none is given)."""
    connections = []

    class Received:
        def __init__(self, transport=Transport, **options):
            address = f"redis+socket://{redis_server.address.socket}"
            self.connection = Connection(address, transport_options=options)
            self.connection.transport_cls = transport
            connections.append(self.connection)
            self.channel = self.connection.default_channel
            self.messages = []
            Consumer(self.channel, [Queue("q", routing_key="q")], on_message=self.messages.append).consume()

        def take(self, *bodies):
            for body in bodies:
                self.connection.Producer().publish(body, exchange="", routing_key="q", delivery_mode=1)
                before = len(self.messages)
                while len(self.messages) == before:
                    self.connection.drain_events(timeout=10)
            return self.messages

    yield Received
    for connection in connections:
        connection.close()


def noted(client, prefix=""):
    tags, index = client.hgetall(prefix + "unacked"), client.zrange(prefix + "unacked_index", 0, -1)
    assert sorted(tags) == sorted(index)
    return tags


def settle(received):
    """Wait until Redis has all notes; kombu's own way has waited already."""
    if isinstance(received.channel.qos, QoS):
        received.channel.qos._notes.settle()


def id_of(connection):
    """The name that Redis has for this connection."""
    connection.send_command("CLIENT", "ID")
    return connection.read_response()


def test_the_notes_are_those_of_kombu(queue, redis_server):
    client = redis_server.client()
    notes = {}
    for transport in (kombu_redis.Transport, Transport):
        received = queue(transport)
        [message] = received.take("hello ä")
        settle(received)
        [(tag, note)] = noted(client).items()
        assert tag == message.delivery_tag
        notes[transport] = note.replace(tag, "TAG").replace(message.headers.get("id") or "ID", "ID")
        message.ack()
        settle(received)
        assert noted(client) == {}
        received.connection.close()
    ours, theirs = notes.values()
    assert ours == theirs


def test_a_prefix_of_keys(queue, redis_server):
    received = queue(global_keyprefix="mine:")
    [message] = received.take("hello")
    settle(received)
    assert list(noted(redis_server.client(), "mine:")) == [message.delivery_tag]
    message.reject()
    settle(received)
    assert noted(redis_server.client(), "mine:") == {}


def test_a_message_that_is_given_back_comes_again(queue, redis_server):
    received = queue()
    [message] = received.take("hello")
    message.requeue()
    while len(received.messages) == 1:
        received.connection.drain_events(timeout=10)
    assert received.messages[1].payload == "hello"


def test_what_was_not_acknowledged_is_given_back_at_the_end(queue, redis_server):
    received = queue()
    received.take("first", "second")[0].ack()
    notes = received.channel.qos._notes
    notes.settle()
    number = id_of(notes._connection)
    received.connection.close()
    client = redis_server.client()
    assert client.llen("q") == 1
    assert noted(client) == {}
    assert str(number) not in {entry["id"] for entry in client.client_list()}


def test_notes_are_repeated_where_their_connection_was_lost(queue, redis_server):
    client = redis_server.client()
    received = queue()
    first, second = received.take("first", "second")
    notes = received.channel.qos._notes
    notes.settle()
    client.client_kill_filter(_id=id_of(notes._connection))
    first.ack()  # into the lost connection, or found to be lost: either way it arrives
    notes.settle()
    assert list(noted(client)) == [second.delivery_tag]
    client.client_kill_filter(_id=id_of(notes._connection))
    second.ack()
    [third] = received.take("third")[2:]
    notes.settle()
    assert list(noted(client)) == [third.delivery_tag]


def test_what_redis_refuses_is_said_and_stops_nobody(queue, redis_server, caplog):
    client = redis_server.client()
    received = queue()
    client.set("unacked", "not a hash")
    first, second = received.take("first", "second")
    assert "refused the note of a message, whose job goes on: WRONGTYPE" in caplog.text
    client.delete(*KEYS)
    first.ack()
    settle(received)
    assert noted(client) == {}
    second.ack()


def test_threads_acknowledge_at_once(queue, redis_server):
    received = queue()
    messages = list(received.take(*map(str, range(40))))
    threads = [threading.Thread(target=message.ack) for message in messages]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    settle(received)
    assert noted(redis_server.client()) == {}

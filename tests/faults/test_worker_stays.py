"""A worker goes on, as the same process, whatever its Redis does: nobody has to start it again."""

import os
import signal
from pathlib import Path

import pytest
import redis
from kombu import Connection, Consumer, Queue

from tasks.events import FINAL
from tasks.transport import Transport
from tests.nemesis.proxy import Proxy
from tests.support.stack import wait_for

PLAIN = "tests.support.plain_tasks"
_LAUNCH = """
from tasks.launching import launch
answer = [str(launch(name, {"to": to, "pause": 0.05}).pk) for _ in range(number)]
"""
_ENDS = """
from tasks.models import Job
answer = {str(job.pk): [job.state, job.reason, job.error and job.error["message"]] for job in Job.objects.all()}
"""


def pool(worker: int) -> list[int]:
    children = Path(f"/proc/{worker}/task/{worker}/children").read_text().split()
    return [int(child) for child in children if "--lease" not in Path(f"/proc/{child}/cmdline").read_text()]


def test_a_full_redis(stack_factory):
    """It gives out messages, and has no room for the note that they were received."""
    stack = stack_factory(TASKCAST_APPS=PLAIN, WORKERS="1")
    client = stack.redis()
    # The first one runs until its process is killed: one that had ended would have told nobody, and be lost as well.
    jobs = stack.run(_LAUNCH, name=f"{PLAIN}.count", number=1, to=2000)
    wait_for(lambda: stack.run(_ENDS)[jobs[0]][0] == "started", "the first one runs")
    jobs += stack.run(_LAUNCH, name=f"{PLAIN}.count", number=7, to=20)
    client.config_set("maxmemory", 1_000_000)
    wait_for(lambda: "OutOfMemoryError" in stack.log("worker"), "the worker feels it")
    for pid in pool(stack.pid("worker")):
        os.kill(pid, signal.SIGKILL)  # its successor takes the next message, and the worker receives one more
    wait_for(lambda: "refused the note of a message" in stack.log("worker"), "a message was received without a note")
    client.config_set("maxmemory", 0)
    jobs += stack.run(_LAUNCH, name=f"{PLAIN}.count", number=1, to=20)
    wait_for(lambda: FINAL.issuperset(state for state, *_ in stack.run(_ENDS).values()), "every job ends", 60)
    ends = stack.run(_ENDS)
    others = [ends[job_id] for job_id in jobs[1:] if ends[job_id][0] != "succeeded"]
    assert not others, "all but that of the killed process"
    assert stack.log("worker").count(" ready.") == 1


def test_what_is_left_of_a_connection_that_was_cut(redis_server):
    """Two channels that wait for messages, of which one has received some: kombu cannot close them any more."""
    proxy = Proxy(redis_server.address.socket)
    connection = Connection(f"redis://127.0.0.1:{proxy.port}/0", transport=Transport)
    channels = [connection.default_channel, connection.channel()]
    received = []
    for channel, name in zip(channels, ("first", "second"), strict=True):
        Consumer(channel, [Queue(name, routing_key=name)], on_message=received.append).consume()
        connection.Producer().publish("hello", exchange="", routing_key=name)
    while len(received) < 2:
        connection.drain_events(timeout=10)
    with pytest.raises(TimeoutError):
        connection.drain_events(timeout=0.3)  # both wait now
    acknowledged, given_back = sorted(received, key=lambda message: message.channel is channels[0])
    given_back.channel.qos._notes.settle()
    finalizers = [channel.qos._on_collect for channel in channels]
    proxy.close()
    connection.collect(socket_timeout=1)
    connection.close()
    with pytest.raises(redis.ConnectionError, match="was lost"):
        given_back.requeue()
    with pytest.raises(redis.ConnectionError, match="refused"):
        acknowledged.ack()
    for finalizer in finalizers:
        finalizer.cancel()  # would try once more when the tests end

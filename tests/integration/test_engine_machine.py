"""The engine as a state machine: whatever is done to a job, in any order, its log says one thing and readers see it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from tasks import eventlog, events
from tasks.eventlog import Change
from tests.support import writing

LEASE = "taskcast:lease:"
ENDS = {"asked": {"cancel": "asked"}, "cancelled": {"state": "cancelled", "cancel": "seen"}}
attempts = st.integers(0, 9)


@dataclass
class Attempt:
    """One run of the job by some worker: what that worker believes, whatever has become of the job."""

    number: int
    token: str
    lease: str
    retries: int
    said: int = 0
    lost_answer: tuple[int, list[Change]] | None = None
    is_over: bool = False


@dataclass
class Reader:
    """A page: what it has folded, and where it stands."""

    job: dict[str, Any] | None = None
    seen: list[int] = field(default_factory=list)


class Engine(RuleBasedStateMachine):
    """One job that is launched, delivered, run, killed, retried, cancelled and read."""

    def __init__(self) -> None:
        super().__init__()
        self.id = str(uuid.uuid4())
        self.redis = eventlog.client()
        self.attempts: list[Attempt] = []
        self.retries = 0
        self.cancel_asked = False
        self.readers = [Reader(), Reader()]
        self.accepted: list[tuple[int, int]] = []  # (attempt, number) of what the log took from attempts

    # --- what happens

    @rule()
    def announce(self) -> None:
        eventlog.announce(events.blank_job(self.id, task="t"))

    @rule(may_rerun=st.booleans(), orphaned=st.booleans())
    def deliver(self, may_rerun: bool, orphaned: bool) -> None:
        """A copy of the message reaches a worker."""
        before = self.job()
        token = uuid.uuid4().hex
        lease = LEASE + token
        self.redis.set(lease, "alive")
        current = self.attempts[-1] if self.attempts else None
        dead = current is not None and not self.redis.exists(current.lease)
        reply = self.start(token, lease, self.retries, may_rerun, current.number if orphaned and current else 0)
        if reply.status != "started":
            return
        assert before is None or before["state"] not in events.FINAL
        assert not self.cancel_asked
        if before is not None and before["state"] == "started":
            # Beside an attempt that runs, only where that one is dead, or by the message of its own retry.
            assert (may_rerun and (dead or orphaned)) or (current and self.retries > current.retries)
        self.attempts.append(Attempt(reply.attempt, token, lease, self.retries))

    def start(self, token: str, lease: str, retries: int, may_rerun: bool, orphaned: int) -> eventlog.Reply:
        return writing.start(
            events.blank_job(self.id, task="t"),
            started={"state": "started", "reason": None, "progress": None},
            cancelled=ENDS["cancelled"],
            lease=lease,
            token=token,
            retries=retries,
            rerun=may_rerun,
            orphaned=orphaned,
        )

    @precondition(lambda self: self.attempts)
    @rule()
    def ask_again_to_start(self) -> None:
        """The answer to a start was lost; the worker repeats the call."""
        before, last = self.job(), self.attempts[-1]
        assert before is not None
        reply = self.start(last.token, last.lease, last.retries, False, 0)
        assert reply.status in ("started", "duplicate", "cancelled")
        if reply.status == "started" and before["state"] == "queued":
            # It was thought dead meanwhile, and its job waits to be started again: by whoever comes first.
            self.attempts.append(Attempt(reply.attempt, last.token, last.lease, last.retries))
        assert reply.attempt == self.attempts[-1].number

    @precondition(lambda self: self.attempts)
    @rule(which=attempts, count=st.integers(1, 3), answer_is_lost=st.booleans())
    def report(self, which: int, count: int, answer_is_lost: bool) -> None:
        """Some attempt, which may long be over, reports progress; or repeats what it did not see acknowledged."""
        attempt = self.attempts[which % len(self.attempts)]
        if attempt.lost_answer:
            n, changes = attempt.lost_answer
        else:
            n = attempt.said + 1
            changes = [Change("progress", {"progress": {"current": n + i}}) for i in range(count)]
        self.write(attempt, n, changes)
        if answer_is_lost:
            attempt.lost_answer = (n, changes)
        else:
            attempt.lost_answer = None
            attempt.said = n + len(changes) - 1

    @precondition(lambda self: self.attempts)
    @rule(which=attempts, state=st.sampled_from(["succeeded", "failed", "retrying", "cancelled"]))
    def end(self, which: int, state: str) -> None:
        """Some attempt tells its end, which may be a retry whose message is out already."""
        attempt = self.attempts[which % len(self.attempts)]
        if attempt.is_over:
            return
        attempt.is_over = True
        attempt.said += 10  # nobody repeats what was said before
        attempt.lost_answer = None
        if state == "retrying" and attempt is self.attempts[-1]:
            self.retries = attempt.retries + 1
        self.write(attempt, attempt.said, [Change("state", {"state": state})])

    def write(self, attempt: Attempt, n: int, changes: list[Change]) -> None:
        before = self.job()
        assert before is not None
        reply = eventlog.append(self.id, changes, writer=f"{attempt.number}.p", n=n, attempt=attempt.number)
        if reply.written:
            assert attempt is self.attempts[-1], "an older attempt has written"
            assert before["state"] not in events.FINAL, "what has ended was changed"
            self.accepted += [(attempt.number, n + i) for i in range(len(changes))][-len(reply.written) :]

    @precondition(lambda self: self.attempts)
    @rule(which=attempts)
    def kill(self, which: int) -> None:
        """A worker dies, and its lease with it."""
        self.redis.delete(self.attempts[which % len(self.attempts)].lease)

    @precondition(lambda self: self.attempts)
    @rule(which=attempts, has_message=st.booleans())
    def watch(self, which: int, has_message: bool) -> None:
        """The watch gives up an attempt whose worker is dead."""
        attempt = self.attempts[which % len(self.attempts)]
        if self.redis.exists(attempt.lease):
            return
        before = self.job()
        assert before is not None
        again = {"state": "queued", "reason": "again"} if has_message else None
        reply = eventlog.orphan(
            self.id, lease=attempt.lease, attempt=attempt.number, again=again, lost={"state": "lost"}
        )
        if reply.status != "moved":
            assert before["state"] == "started"
            assert attempt is self.attempts[-1]

    @rule(text=st.sampled_from(["waiting for a worker", None]))
    def tell_situation(self, text: str | None) -> None:
        before = self.job()
        if before is not None:
            reply = eventlog.append(
                self.id, [Change("state", {"reason": text}, only={"queued"})], writer=f"s.{before['seq']}", n=1
            )
            assert not reply.written or before["state"] == "queued"

    @rule()
    def cancel(self) -> None:
        before = self.job()
        reply = eventlog.cancel(self.id, **ENDS)
        assert (reply.status == "absent") == (before is None)
        assert (reply.status == "final") == (before is not None and before["state"] in events.FINAL)
        self.cancel_asked = self.cancel_asked or reply.status == "ok"

    # --- who looks on

    @rule(which=st.integers(0, 1), limit=st.integers(1, 4))
    def read(self, which: int, limit: int) -> None:
        """A reader reads on; one that comes for the first time takes a snapshot."""
        reader = self.readers[which]
        if reader.job is None:
            reader.job = self.job()
            return
        page = eventlog.read(self.id, reader.job["seq"], limit)
        assert page is not None
        assert page.reaches
        for event in page.events:
            assert event["seq"] == reader.job["seq"] + 1
            reader.job = events.fold(reader.job, event)
            reader.seen.append(event["seq"])

    def job(self) -> dict[str, Any] | None:
        found = eventlog.snapshot(self.id)
        return found and found.job

    # --- what always holds

    @invariant()
    def the_log_says_one_thing(self) -> None:
        now = self.job()
        if now is None:
            return
        stored = eventlog.read(self.id, 0, 100_000)
        assert stored is not None
        assert [event["seq"] for event in stored.events] == list(range(1, now["seq"] + 1))
        assert events.fold_all(events.blank_job(self.id), stored.events) == now
        states = [event["set"]["state"] for event in stored.events if "state" in event.get("set", {})]
        assert sum(state in events.FINAL for state in states) <= 1
        assert states.count("started") == now["attempt"] == len(self.attempts)
        assert len(self.accepted) == len(set(self.accepted)), "something was written twice"
        assert eventlog.running().get(self.id) == (self.attempts[-1].lease if now["state"] == "started" else None)

    def teardown(self) -> None:
        now = self.job()
        for which, reader in enumerate(self.readers):
            if reader.job is not None and now is not None:
                while reader.job["seq"] < now["seq"]:
                    self.read(which, 4)
                assert reader.job == now


@pytest.mark.usefixtures("redis_server")
def test_whatever_happens_in_whatever_order() -> None:
    eventlog.open_epoch(1)
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Engine,
        settings=settings(
            max_examples=150, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )

"""Compares what was acknowledged with the database, and with what every reader was sent."""

from __future__ import annotations

import statistics
from typing import Any

from tests.nemesis.faults import Fault
from tests.nemesis.instance import Instance
from tests.nemesis.load import Launch, Load
from tests.nemesis.readers import Reader, is_final

# Seconds after a fault within which readers have caught up; after one that no connection notices by itself.
CAUGHT_UP = 5.0
CAUGHT_UP_HALF_OPEN = 30.0
_FLUSH = "lose all data of Redis"
_SLOW = ("half-open connections",)

_ROWS = """
from tasks.models import Job
answer = [{**row.as_dict(), "epoch": row.epoch} for row in Job.objects.select_related("owner")]
"""
_EVENTS = """
from dashboard import queries
answer = {}
for id in ids:
    found = queries.find(id)
    page = queries.events(found, 0, 100_000)
    answer[id] = {"seq": page.seq, "job": found.job, "events": page.events}
"""


class Verdict:
    """What was found; `broken` names each promise that was not kept, with examples."""

    def __init__(self) -> None:
        self.broken: dict[str, list[str]] = {}
        self.figures: dict[str, Any] = {}

    def breaks(self, promise: str, example: str) -> None:
        """A promise that was not kept."""
        self.broken.setdefault(promise, []).append(example)


def unfinished(instance: Instance) -> list[dict[str, Any]]:
    """Jobs that are not final."""
    return [job for job in instance.run(_ROWS) if not is_final(job)]


def check(instance: Instance, load: Load, readers: list[Reader], faults: list[Fault]) -> Verdict:
    """The whole comparison, once the last fault is over and everything had time to end."""
    verdict = Verdict()
    rows = {job["id"]: job for job in instance.run(_ROWS)}
    _check_rows(verdict, rows, load)
    _check_logs(verdict, instance, rows, load)
    _check_readers(verdict, rows, readers)
    _check_lags(verdict, readers, faults)
    _check_epochs(verdict, readers, faults)
    _check_requests(verdict, load)
    verdict.figures["jobs"] = len(rows)
    verdict.figures["acknowledged"] = len(load.launched)
    verdict.figures["refused"] = load.refused
    verdict.figures["ends"] = _counts(job["state"] for job in rows.values())
    return verdict


def _check_rows(verdict: Verdict, rows: dict[str, dict[str, Any]], load: Load) -> None:
    for job_id, launch in load.launched.items():
        if job_id not in rows:
            verdict.breaks("no acknowledged job is lost", f"{launch.task} {job_id} has no row")
        elif problem := _wrong_end(launch, rows[job_id]):
            verdict.breaks("a job ends as it should", f"{launch.task} {job_id}: {problem}")
    for job in rows.values():
        if not is_final(job):
            verdict.breaks("no job is stuck", f"{job['task']} {job['id']} is {job['state']}: {job['reason']}")


def _wrong_end(launch: Launch, job: dict[str, Any]) -> str | None:
    """What is wrong with how the job ended, given that its process or worker may have been killed."""
    match job["state"]:
        case "succeeded":
            if launch.error or (launch.result is not ... and job["result"] != launch.result):
                return f"succeeded with {str(job['result'])[:100]}"
        case "failed":
            if job["error"]["type"] not in (launch.error, "WorkerLostError"):
                return f"failed with {job['error']['type']}: {job['error']['message'][:200]}"
        case "lost" if not job["reason"]:
            return "lost without a reason"
        case "cancelled" if not launch.cancelled:
            return f"cancelled by nobody: {job['reason']}"
    return None


def _check_logs(verdict: Verdict, instance: Instance, rows: dict[str, dict[str, Any]], load: Load) -> None:
    ids, events = list(rows), 0
    for start in range(0, len(ids), 50):
        for job_id, found in instance.run(_EVENTS, ids=ids[start : start + 50]).items():
            ends = [e for e in found["events"] if is_final({"state": e.get("set", {}).get("state", "")})]
            if is_final(found["job"]) and len(ends) != 1:
                verdict.breaks("a job has one final event", f"{job_id}: {[e['set']['state'] for e in ends]}")
            numbers = [event["seq"] for event in found["events"]]
            if numbers != sorted(set(numbers)):
                verdict.breaks("numbers ascend", f"{job_id}: {numbers}")
            if found["job"]["state"] != rows[job_id]["state"]:
                verdict.breaks("history and log agree", f"{job_id}: {found['job']['state']}, {rows[job_id]['state']}")
            events += len(numbers)
    verdict.figures["events"] = events


def _check_readers(verdict: Verdict, rows: dict[str, dict[str, Any]], readers: list[Reader]) -> None:
    verdict.figures["ends that Redis lost, seen by who had left"] = 0
    for n, reader in enumerate(readers):
        for text in reader.bad:
            verdict.breaks("readers are sent nothing wrong", f"reader {n}: {text}")
        for job_id, said in reader.transcripts.items():
            for wrong in said.wrong:
                verdict.breaks("readers get every event once, in order", f"reader {n}, {job_id}: {wrong}")
            row = rows.get(job_id)
            if row is None or said.job is None:
                verdict.breaks("readers are answered", f"reader {n}, {job_id}: row {row is not None}")
            elif job_id not in reader.followed and is_final(said.job) and (said.epoch or 0) < row["epoch"]:
                # Redis lost its data after the reader had seen the end and left, and before the end was recorded: the
                # job ran once more. There is nobody who could be told.
                verdict.figures["ends that Redis lost, seen by who had left"] += 1
            elif said.job["state"] != row["state"]:
                verdict.breaks("readers see the end", f"reader {n}, {job_id}: {said.job['state']}, not {row['state']}")
            elif said.job["result"] != row["result"] and "result" not in said.job.get("truncated", ()):
                verdict.breaks("readers see the end", f"reader {n}, {job_id}: another result")
    verdict.figures["transcripts"] = sum(len(reader.transcripts) for reader in readers)
    verdict.figures["events read"] = sum(t.events for reader in readers for t in reader.transcripts.values())
    verdict.figures["connections"] = sum(reader.connections for reader in readers)


def _check_lags(verdict: Verdict, readers: list[Reader], faults: list[Fault]) -> None:
    """An event comes within a moment of its being written, or of the end of the fault that held it up."""
    worst = 0.0
    for n, reader in enumerate(readers):
        for written, came in reader.lags:
            since, allowed, cause = written, CAUGHT_UP, ""
            for fault in faults:
                if fault.began <= came and fault.ended >= written - 1 and fault.ended > since:
                    since, cause = fault.ended, fault.name
                if fault.name in _SLOW and fault.began <= came and fault.ended >= written - CAUGHT_UP_HALF_OPEN:
                    allowed = CAUGHT_UP_HALF_OPEN
            worst = max(worst, came - since)
            if came - since > allowed:
                verdict.breaks(
                    "readers have caught up soon", f"reader {n}: {came - since:.1f} s after {cause or 'it was written'}"
                )
    verdict.figures["caught up after (s)"] = round(worst, 2)


def _check_epochs(verdict: Verdict, readers: list[Reader], faults: list[Fault]) -> None:
    """Whoever follows a job that goes on is sent it anew soon after Redis has lost its data."""
    took = []
    for fault in (fault for fault in faults if fault.name == _FLUSH):
        for n, reader in enumerate(readers):
            before = [e for t in list(reader.transcripts.values()) for at, e in t.snapshots if at < fault.began]
            later = [
                at for t in list(reader.transcripts.values()) for at, e in t.snapshots if e > max(before, default=0)
            ]
            if not before or not later:
                continue  # it followed nothing that went on
            # What was broken next may have held it up.
            since = max([fault.ended, *(other.ended for other in faults if fault.began < other.began < min(later))])
            took.append(min(later) - since)
            if took[-1] > CAUGHT_UP:
                verdict.breaks("another epoch is seen soon", f"reader {n}: {took[-1]:.1f} s after {fault.name}")
    if took:
        verdict.figures["another epoch seen after (s)"] = round(max(took), 2)


def _check_requests(verdict: Verdict, load: Load) -> None:
    seconds = [took for _, took, _ in load.latencies]
    if len(seconds) > 20:
        p99 = statistics.quantiles(seconds, n=100)[98]
        verdict.figures["requests"] = len(seconds)
        verdict.figures["request p50, p99, max (s)"] = [
            round(value, 3) for value in (statistics.median(seconds), p99, max(seconds))
        ]
        if p99 > 0.5:
            slowest = sorted(load.latencies, key=lambda one: -one[1])[:5]
            verdict.breaks(
                "requests are answered soon", f"p99 {p99:.2f} s; {[(p, round(s, 2)) for _, s, p in slowest]}"
            )


def _counts(words: Any) -> dict[str, int]:
    found: dict[str, int] = {}
    for word in words:
        found[word] = found.get(word, 0) + 1
    return found

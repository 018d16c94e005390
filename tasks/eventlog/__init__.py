"""The event log: the truth about a job while it lives, in Redis. The only writer and reader of job streams.

Each job has a stream of events (ids `0-SEQ`) and a hash with the folded job. One Lua script writes both: it assigns
the dense `seq`, knows duplicates by (writer, n), refuses older attempts and changes of final states, and marks the job
dirty for the recorder. Reading is one operation: the events after a cursor, or the snapshot.
"""

from tasks.eventlog.connection import DIRTY, EPOCH, PREFIX, RUNNING, LogUnavailable, ask, client, patience
from tasks.eventlog.keeping import (
    Tail,
    dirty,
    expire,
    open_epoch,
    parents,
    restore,
    running,
    set_children,
    settle,
    tails,
    trim,
)
from tasks.eventlog.reading import (
    Held,
    Page,
    Snapshot,
    aheads,
    aread,
    asnapshot,
    current_epoch,
    decode,
    heads,
    held,
    read,
    reasons,
    snapshot,
    snapshots,
    untold,
)
from tasks.eventlog.writing import Change, Reply, announce, append, cancel, orphan, start, tell_children

__all__ = [
    "DIRTY",
    "EPOCH",
    "PREFIX",
    "RUNNING",
    "Change",
    "Held",
    "LogUnavailable",
    "Page",
    "Reply",
    "Snapshot",
    "Tail",
    "aheads",
    "announce",
    "append",
    "aread",
    "ask",
    "asnapshot",
    "cancel",
    "client",
    "current_epoch",
    "decode",
    "dirty",
    "expire",
    "heads",
    "held",
    "open_epoch",
    "orphan",
    "parents",
    "patience",
    "read",
    "reasons",
    "restore",
    "running",
    "set_children",
    "settle",
    "snapshot",
    "snapshots",
    "start",
    "tails",
    "tell_children",
    "trim",
    "untold",
]
